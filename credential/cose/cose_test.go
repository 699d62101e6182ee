package cose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"laurel/credential/jose"
)

func testKey() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("laurel"))
	return ed25519.NewKeyFromSeed(seed[:])
}

const (
	vc = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"did:example:i","credentialSubject":{"id":"did:example:s"}}`
	vp = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiablePresentation","holder":"did:example:h"}`
)

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// message makes a signed message of any protected header, past every check.
func message(t testing.TB, protected, unprotected []byte, payload string) []byte {
	t.Helper()
	toBeSigned := encode(t, []any{"Signature1", protected, []byte{}, []byte(payload)})
	return encode(t, []any{protected, cbor.RawMessage(unprotected), []byte(payload), ed25519.Sign(testKey(), toBeSigned)})
}

var emptyMap = []byte{0xa0}

func header(t testing.TB, more map[int64]any) []byte {
	t.Helper()
	h := map[int64]any{1: -8, 3: "application/vc", 16: "application/vc+cose"}
	for label, value := range more {
		h[label] = value
		if value == nil {
			delete(h, label)
		}
	}
	return encode(t, h)
}

func TestSignAndVerify(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p521, _ := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]crypto.Signer{"EdDSA": testKey(), "ES256": p256, "ES384": p384, "ES512": p521, "RS256": rs}
	for alg, key := range keys {
		for document, presentation := range map[string]bool{vc: false, vp: true} {
			data, err := Sign([]byte(document), key, SignOptions{KeyID: "did:example:i#1", Random: rand.Reader})
			if err != nil {
				t.Errorf("%s: %v", alg, err)
				continue
			}
			m, err := Parse(data)
			if err != nil || m.Algorithm != alg || string(m.KeyID) != "did:example:i#1" {
				t.Errorf("%s: %+v, %v", alg, m, err)
				continue
			}
			if got, _, err := m.Document(presentation, jose.Options{}); err != nil || string(got) != document {
				t.Errorf("%s: %s, %v", alg, got, err)
			}
			if _, _, err := m.Document(!presentation, jose.Options{}); !errors.Is(err, jose.ErrType) {
				t.Errorf("%s: taken for the other kind: %v", alg, err)
			}
			for other, otherKey := range keys {
				if err := m.Verify(otherKey.Public()); other == alg && err != nil || other != alg && !errors.Is(err, jose.ErrAlgorithm) {
					t.Errorf("%s with a key for %s: %v", alg, other, err)
				}
			}
			untagged, err := Parse(data[1:])
			if err != nil || untagged.Verify(key.Public()) != nil {
				t.Errorf("%s without tag: %v", alg, err)
			}
		}
	}
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	data, _ := Sign([]byte(vc), p256, SignOptions{Random: rand.Reader})
	m, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Verify(other.Public()); !errors.Is(err, jose.ErrSignature) {
		t.Errorf("another key: %v", err)
	}
	if err := m.Verify(nil); err == nil {
		t.Error("verified without a key")
	}
}

func TestParseRefuses(t *testing.T) {
	good := message(t, header(t, nil), emptyMap, vc)
	if m, err := Parse(good); err != nil || m.Verify(testKey().Public()) != nil {
		t.Fatalf("the sibling of every case: %v", err)
	}
	if m, err := Parse(message(t, header(t, nil), encode(t, map[int]any{4: []byte("k")}), vc)); err != nil || string(m.KeyID) != "k" {
		t.Errorf("kid in the unprotected header: %v", err)
	}
	protected := header(t, nil)
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	deep := bytes.Repeat([]byte{0x81}, 1000)
	signature := make([]byte, 64)
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"empty":                      {nil, ErrMalformed},
		"one byte":                   {[]byte{0xd2}, ErrMalformed},
		"JSON":                       {[]byte(vc), ErrMalformed},
		"hexadecimal text":           {[]byte(hex.EncodeToString(good)), ErrMalformed},
		"cut":                        {good[:len(good)-1], ErrMalformed},
		"something after":            {append(bytes.Clone(good), 0), ErrMalformed},
		"twice":                      {append(bytes.Clone(good), good...), ErrMalformed},
		"tagged twice":               {append([]byte{0xd2, 0xd2}, good...), ErrMalformed},
		"tag of COSE_Sign":           {append([]byte{0xd8, 98}, good...), ErrMalformed},
		"tag of COSE_Mac0":           {append([]byte{0xd1}, good...), ErrMalformed},
		"tag in more bytes":          {append([]byte{0xd8, 18}, good...), ErrMalformed},
		"array of three":             {encode(t, []any{protected, map[int]int{}, []byte(vc)}), ErrMalformed},
		"array of five":              {encode(t, []any{protected, map[int]int{}, []byte(vc), signature, 1}), ErrMalformed},
		"map":                        {encode(t, map[int]int{1: 1}), ErrMalformed},
		"indefinite array":           {append(append([]byte{0x9f}, good[1:]...), 0xff), ErrMalformed},
		"indefinite payload":         {encode(t, []any{protected, map[int]int{}, cbor.RawMessage(unhex("5f 427b7d ff")), signature}), ErrMalformed},
		"indefinite header":          {message(t, unhex("bf 01 27 ff"), emptyMap, vc), ErrMalformed},
		"detached payload":           {encode(t, []any{protected, map[int]int{}, nil, signature}), ErrMalformed},
		"payload undefined":          {encode(t, []any{protected, map[int]int{}, cbor.RawMessage{0xf7}, signature}), ErrMalformed},
		"payload empty":              {message(t, protected, emptyMap, ""), ErrMalformed},
		"payload a text":             {encode(t, []any{protected, map[int]int{}, vc, signature}), ErrMalformed},
		"payload an array of bytes":  {encode(t, []any{protected, map[int]int{}, []int{123, 125}, signature}), ErrMalformed},
		"payload tagged":             {encode(t, []any{protected, map[int]int{}, cbor.Tag{Number: 24, Content: []byte(vc)}, signature}), ErrMalformed},
		"payload not JSON":           {message(t, protected, emptyMap, "x"), ErrMalformed},
		"payload not an object":      {message(t, protected, emptyMap, "[]"), ErrMalformed},
		"payload with a name twice":  {message(t, protected, emptyMap, `{"a":1,"a":2}`), ErrMalformed},
		"payload with garbage":       {message(t, protected, emptyMap, `{} x`), ErrMalformed},
		"signature null":             {encode(t, []any{protected, map[int]int{}, []byte(vc), nil}), ErrMalformed},
		"signature empty":            {encode(t, []any{protected, map[int]int{}, []byte(vc), []byte{}}), ErrMalformed},
		"signature a text":           {encode(t, []any{protected, map[int]int{}, []byte(vc), "x"}), ErrMalformed},
		"protected a map":            {encode(t, []any{map[int]int{1: -8}, map[int]int{}, []byte(vc), signature}), ErrMalformed},
		"protected empty":            {message(t, []byte{}, emptyMap, vc), ErrMalformed},
		"protected an array":         {message(t, unhex("80"), emptyMap, vc), ErrMalformed},
		"protected with more":        {message(t, append(bytes.Clone(protected), 0), emptyMap, vc), ErrMalformed},
		"label twice":                {message(t, unhex("a2 01 27 01 26"), emptyMap, vc), ErrMalformed},
		"label twice, longer form":   {message(t, unhex("a2 01 27 1801 26"), emptyMap, vc), ErrMalformed},
		"label a byte string":        {message(t, unhex("a2 01 27 4101 01"), emptyMap, vc), ErrMalformed},
		"label a float":              {message(t, unhex("a2 01 27 f93c00 01"), emptyMap, vc), ErrMalformed},
		"tag in a header":            {message(t, unhex("a1 01 c0 27"), emptyMap, vc), ErrMalformed},
		"bad UTF-8 in a header":      {message(t, unhex("a2 01 27 10 61ff"), emptyMap, vc), ErrMalformed},
		"deep":                       {append(deep, 0x80), ErrMalformed},
		"deep header":                {message(t, append(unhex("a2 01 27 18 64"), append(bytes.Clone(deep), 0)...), emptyMap, vc), ErrMalformed},
		"unprotected a byte string":  {message(t, protected, unhex("41a0"), vc), ErrMalformed},
		"unprotected null":           {message(t, protected, unhex("f6"), vc), ErrMalformed},
		"unprotected label twice":    {message(t, protected, unhex("a2 04 4101 04 4102"), vc), ErrMalformed},
		"empty map as protected":     {message(t, emptyMap, emptyMap, vc), jose.ErrAlgorithm},
		"alg unprotected":            {message(t, header(t, map[int64]any{1: nil}), encode(t, map[int]any{1: -8}), vc), ErrHeader},
		"alg in both":                {message(t, protected, encode(t, map[int]any{1: -7}), vc), ErrHeader},
		"typ unprotected":            {message(t, protected, encode(t, map[int]any{16: "application/vc+cose"}), vc), ErrHeader},
		"unknown unprotected":        {message(t, protected, encode(t, map[string]any{"x": 1}), vc), ErrHeader},
		"countersignature":           {message(t, protected, encode(t, map[int]any{12: []byte{1}}), vc), ErrHeader},
		"crit":                       {message(t, header(t, map[int64]any{2: []int{16}}), emptyMap, vc), ErrHeader},
		"crit empty":                 {message(t, header(t, map[int64]any{2: []int{}}), emptyMap, vc), ErrHeader},
		"crit unprotected":           {message(t, protected, encode(t, map[int]any{2: []int{16}}), vc), ErrHeader},
		"x5chain":                    {message(t, header(t, map[int64]any{33: []byte{1}}), emptyMap, vc), ErrHeader},
		"x5chain unprotected":        {message(t, protected, encode(t, map[int]any{33: []byte{1}}), vc), ErrHeader},
		"x5bag":                      {message(t, header(t, map[int64]any{32: []byte{1}}), emptyMap, vc), ErrHeader},
		"x5t":                        {message(t, header(t, map[int64]any{34: []byte{1}}), emptyMap, vc), ErrHeader},
		"x5u":                        {message(t, header(t, map[int64]any{35: "https://evil.example"}), emptyMap, vc), ErrHeader},
		"kid in both":                {message(t, header(t, map[int64]any{4: []byte("k")}), encode(t, map[int]any{4: []byte("k")}), vc), ErrHeader},
		"kid a text":                 {message(t, header(t, map[int64]any{4: "k"}), emptyMap, vc), ErrHeader},
		"kid empty":                  {message(t, header(t, map[int64]any{4: []byte{}}), emptyMap, vc), ErrHeader},
		"kid long":                   {message(t, header(t, map[int64]any{4: make([]byte, 513)}), emptyMap, vc), ErrHeader},
		"typ a number":               {message(t, header(t, map[int64]any{16: 1}), emptyMap, vc), ErrHeader},
		"content type a number":      {message(t, header(t, map[int64]any{3: 50}), emptyMap, vc), ErrHeader},
		"content type empty":         {message(t, header(t, map[int64]any{3: ""}), emptyMap, vc), ErrHeader},
		"CWT claims a text":          {message(t, header(t, map[int64]any{15: "x"}), emptyMap, vc), ErrHeader},
		"iss a number":               {message(t, header(t, map[int64]any{15: map[int]any{1: 1}}), emptyMap, vc), ErrHeader},
		"alg missing":                {message(t, header(t, map[int64]any{1: nil}), emptyMap, vc), jose.ErrAlgorithm},
		"alg a text":                 {message(t, header(t, map[int64]any{1: "EdDSA"}), emptyMap, vc), jose.ErrAlgorithm},
		"alg none":                   {message(t, header(t, map[int64]any{1: 0}), emptyMap, vc), jose.ErrAlgorithm},
		"alg HMAC 256":               {message(t, header(t, map[int64]any{1: 5}), emptyMap, vc), jose.ErrAlgorithm},
		"alg ES256K":                 {message(t, header(t, map[int64]any{1: -47}), emptyMap, vc), jose.ErrAlgorithm},
		"alg RS1":                    {message(t, header(t, map[int64]any{1: -65535}), emptyMap, vc), jose.ErrAlgorithm},
		"alg beyond 64 bits":         {message(t, header(t, map[int64]any{1: new(big.Int).Lsh(big.NewInt(1), 63).Uint64()}), emptyMap, vc), ErrMalformed},
		"longer than the limit":      {make([]byte, MaxSize+1), ErrMalformed},
		"promises a gigabyte":        {unhex("84 5a 40000000"), ErrMalformed},
		"promises a billion members": {unhex("84 41a0 ba 40000000"), ErrMalformed},
	} {
		if _, err := Parse(test.data); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestDocumentRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		header  map[int64]any
		payload string
		want    error
	}{
		"as it should be":     {nil, vc, nil},
		"no typ":              {map[int64]any{16: nil, 3: nil}, vc, nil},
		"typ in capitals":     {map[int64]any{16: "Application/VC+COSE", 3: "APPLICATION/vc"}, vc, nil},
		"iss of the header":   {map[int64]any{15: map[int]any{1: "did:example:i"}}, vc, nil},
		"really bad typ":      {map[int64]any{16: "really/bad", 3: "very/bad"}, vc, jose.ErrType},
		"bad typ":             {map[int64]any{16: "really/bad"}, vc, jose.ErrType},
		"bad content type":    {map[int64]any{3: "very/bad"}, vc, jose.ErrType},
		"typ of a JWT":        {map[int64]any{16: "application/vc+jwt"}, vc, jose.ErrType},
		"typ of a VP":         {map[int64]any{16: "application/vp+cose", 3: "application/vp"}, vc, jose.ErrType},
		"VP inside":           {nil, vp, jose.ErrType},
		"VP inside, no typ":   {map[int64]any{16: nil, 3: nil}, vp, jose.ErrType},
		"another iss":         {map[int64]any{15: map[int]any{1: "did:example:x"}}, vc, jose.ErrClaims},
		"claim vc":            {nil, strings.Replace(vc, `"issuer"`, `"vc":{},"issuer"`, 1), jose.ErrClaims},
		"version 1.1":         {nil, strings.Replace(vc, "ns/credentials/v2", "2018/credentials/v1", 1), jose.ErrType},
		"another iss payload": {nil, strings.Replace(vc, `"issuer"`, `"iss":"did:example:x","issuer"`, 1), jose.ErrClaims},
	} {
		m, err := Parse(message(t, header(t, test.header), emptyMap, test.payload))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, _, err := m.Document(false, jose.Options{}); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	for name, document := range map[string]string{
		"not JSON": "x", "no credential": "{}", "claim vc": strings.Replace(vc, `"issuer"`, `"vc":{},"issuer"`, 1),
		"version 1.1": strings.Replace(vc, "ns/credentials/v2", "2018/credentials/v1", 1),
	} {
		if data, err := Sign([]byte(document), testKey(), SignOptions{}); data != nil || err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	if _, err := Sign([]byte(vc), nil, SignOptions{}); err == nil {
		t.Error("signed without a key")
	}
	if _, err := Sign([]byte(vc), testKey(), SignOptions{Issuer: "did:example:x"}); !errors.Is(err, jose.ErrClaims) {
		t.Errorf("signed for another issuer: %v", err)
	}
}

// Any change of a byte makes a message that is refused or does not verify.
func TestNoByteCanChange(t *testing.T) {
	good, err := Sign([]byte(vc), testKey(), SignOptions{KeyID: "k"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for flip := 1; flip < 256; flip <<= 1 {
			changed := bytes.Clone(good)
			changed[i] ^= byte(flip)
			if m, err := Parse(changed); err == nil && m.Verify(testKey().Public()) == nil {
				t.Fatalf("byte %d changed from %#x to %#x and still verifies", i, good[i], changed[i])
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	good, err := Sign([]byte(vc), testKey(), SignOptions{KeyID: "k", Issuer: "did:example:i"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[1:])
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		_, _, _ = m.Document(false, jose.Options{})
		if m.Verify(testKey().Public()) == nil && string(m.Payload) != vc {
			t.Fatalf("verifies: %x", data)
		}
	})
}
