package dataintegrity

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"

	"github.com/fxamacker/cbor/v2"
)

// The proof values of cryptosuites with selective disclosure: multibase of
// three bytes, which tell the cryptosuite and what kind of proof it is, and a
// CBOR array (VC Data Integrity ECDSA §3.5.2, BBS §3.3.3).

// maxProofValue bounds such a value, in characters.
const maxProofValue = 256 << 10

// The kinds of proof value, by their third byte.
const (
	ecdsaBase    = 0x00
	ecdsaDerived = 0x01
	bbsBase      = 0x02
	bbsDerived   = 0x03
	// 4 to 9 are the optional features of bbs-2023: anonymous holder binding
	// and pseudonyms.
	lastFeature = 0x09
)

// errBase is for a base proof where a derived one is asked for.
var errBase = fmt.Errorf("%w: it is a base proof, from which the holder derives others", ErrMalformedProof)

func malformedValue(reason string) error { return fmt.Errorf("%w: %s", ErrMalformedProof, reason) }

// The one encoding of a value that is accepted. Whatever has another could be
// changed by anybody without an effect on the proof.
var (
	proofValueEncoding = func() cbor.EncMode {
		mode, err := cbor.CoreDetEncOptions().EncMode()
		if err != nil {
			panic(err)
		}
		return mode
	}()
	proofValueDecoding = func() cbor.DecMode {
		mode, err := cbor.DecOptions{
			DupMapKey:        cbor.DupMapKeyEnforcedAPF,
			IndefLength:      cbor.IndefLengthForbidden,
			TagsMd:           cbor.TagsForbidden,
			UTF8:             cbor.UTF8RejectInvalid,
			MaxNestedLevels:  4,
			MaxArrayElements: MaxStatements + maxMandatory,
			MaxMapPairs:      maxLabels,
		}.DecMode()
		if err != nil {
			panic(err)
		}
		return mode
	}()
)

// maxMandatory bounds the mandatory statements of a derived proof, and
// maxLabels its blank nodes.
const (
	maxMandatory = 20_000
	maxLabels    = 2_000
)

// encodeProofValue writes a value.
func encodeProofValue(kind byte, content any) (string, error) {
	data, err := proofValueEncoding.Marshal(content)
	if err != nil {
		return "", err
	}
	value := "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0xd9, 0x5d, kind}, data...))
	if len(value) > maxProofValue {
		return "", malformedValue("its value would be too long")
	}
	return value, nil
}

// decodeProofValue reads a value of the given kind into content. base is the
// kind of base proofs where that of derived ones is asked for.
func decodeProofValue(value string, kind, base byte, content any) error {
	if len(value) > maxProofValue || value == "" || value[0] != 'u' {
		return malformedValue("its value is not base64url, or too long")
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(value[1:])
	// The decoder steps over line breaks.
	if err != nil || base64.RawURLEncoding.EncodedLen(len(data)) != len(value)-1 {
		return malformedValue("its value is not base64url")
	}
	const prefix = 3
	switch {
	case len(data) < prefix || data[0] != 0xd9 || data[1] != 0x5d:
		return malformedValue("its value is not one of the cryptosuite")
	case data[2] == kind:
	case data[2] == base:
		return errBase
	case base == bbsBase && data[2] > bbsDerived && data[2] <= lastFeature:
		return fmt.Errorf("%w: it has a feature of bbs-2023 that is not known here", ErrUnsupportedProof)
	default:
		return malformedValue("its value is of another kind")
	}
	if err := proofValueDecoding.Unmarshal(data[prefix:], content); err != nil {
		return malformedValue("its value is not well formed")
	}
	again, err := proofValueEncoding.Marshal(content)
	if err != nil || !bytes.Equal(again, data[prefix:]) {
		return malformedValue("its value is not in the deterministic form")
	}
	return nil
}

// ascending turns the indexes of a value into those of a slice of fewer than
// limit elements.
func ascending(indexes []uint64, limit int) ([]int, error) {
	out := make([]int, len(indexes))
	for i, index := range indexes {
		switch {
		case i > 0 && index <= indexes[i-1]:
			return nil, malformedValue("its indexes are not ascending")
		case index >= uint64(limit):
			return nil, errStatements
		}
		out[i] = int(index)
	}
	return out, nil
}

// unsigned turns indexes into those of a value.
func unsigned(indexes []int) []uint64 {
	out := make([]uint64, len(indexes))
	for i, index := range indexes {
		out[i] = uint64(index)
	}
	return out
}

// checkPointers checks the mandatory pointers of a value.
func checkPointers(pointers []string) error {
	if len(pointers) > MaxPointers || slices.ContainsFunc(pointers, func(p string) bool { return len(p) > maxPointer }) {
		return malformedValue("its pointers are too many or too long")
	}
	return nil
}

// labelsOf reads a label map: from the number of each blank node to what label
// makes of its value. All must be there, no others, and all different: two
// objects with one label would be one in what was signed.
func labelsOf[T any](labels map[uint64]T, count int, label func(T) string) ([]string, bool) {
	if len(labels) != count {
		return nil, false
	}
	out := make([]string, count)
	seen := make(map[string]bool, count)
	for n := range out {
		value, ok := labels[uint64(n)]
		if !ok {
			return nil, false
		}
		out[n] = label(value)
		if seen[out[n]] {
			return nil, false
		}
		seen[out[n]] = true
	}
	return out, true
}

func bbsLabel(n uint64) string { return "b" + strconv.FormatUint(n, 10) }

func ecdsaLabel(mac []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(mac) }
