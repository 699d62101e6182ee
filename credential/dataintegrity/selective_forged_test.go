package dataintegrity

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"laurel/credential/bbs"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// setProofValue replaces the proof value of a document that has one proof.
func setProofValue(t testing.TB, document []byte, value string) []byte {
	t.Helper()
	old := parse(t, document).Get("proof").Get("proofValue").Text()
	return bytes.Replace(document, []byte(old), []byte(value), 1)
}

// valueOf takes the content of a proof value.
func valueOf[T any](t testing.TB, document []byte) *T {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(parse(t, document).Get("proof").Get("proofValue").Text()[1:])
	if err != nil {
		t.Fatal(err)
	}
	content := new(T)
	if err := cbor.Unmarshal(data[3:], content); err != nil {
		t.Fatal(err)
	}
	return content
}

// withValue puts a changed content into a document.
func withValue[T any](t testing.TB, document []byte, kind byte, change func(content *T)) []byte {
	t.Helper()
	content := valueOf[T](t, document)
	change(content)
	value, err := encodeProofValue(kind, content)
	if err != nil {
		t.Fatal(err)
	}
	return setProofValue(t, document, value)
}

func TestRefusesForgedECDSA(t *testing.T) {
	s := closed(t)
	base := signBase(t, s, ECDSASD2023, people, mandatoryPeople)
	good := derive(t, s, base, "/credentialSubject/result", "/credentialSubject/role")
	other := derive(t, s, signBase(t, s, ECDSASD2023, people, mandatoryPeople), "/credentialSubject/result", "/credentialSubject/role")
	narrow := derive(t, s, base, "/credentialSubject/role")
	change := func(change func(p *ecdsaDerivedProof)) []byte { return withValue(t, good, ecdsaDerived, change) }
	foreign := valueOf[ecdsaDerivedProof](t, other)
	for name, c := range map[string]struct {
		document []byte
		want     error
	}{
		"signatures of another proof":   {change(func(p *ecdsaDerivedProof) { p.Signatures = foreign.Signatures }), ErrSignature},
		"the key of another proof":      {change(func(p *ecdsaDerivedProof) { p.PublicKey, p.Signatures = foreign.PublicKey, foreign.Signatures }), ErrSignature},
		"the base signature of another": {change(func(p *ecdsaDerivedProof) { p.BaseSignature = foreign.BaseSignature }), ErrSignature},
		"signatures in another order":   {change(func(p *ecdsaDerivedProof) { slices.Reverse(p.Signatures) }), ErrSignature},
		"a signature less":              {change(func(p *ecdsaDerivedProof) { p.Signatures = p.Signatures[1:] }), ErrSignature},
		"a signature more":              {change(func(p *ecdsaDerivedProof) { p.Signatures = append(p.Signatures, p.Signatures[0]) }), ErrSignature},
		"no signatures":                 {change(func(p *ecdsaDerivedProof) { p.Signatures = [][]byte{} }), ErrSignature},
		"a zero signature":              {change(func(p *ecdsaDerivedProof) { p.Signatures[0] = make([]byte, 64) }), ErrSignature},
		"a signature of 63 bytes":       {change(func(p *ecdsaDerivedProof) { p.Signatures[0] = p.Signatures[0][:63] }), ErrMalformedProof},
		"a base signature of 65 bytes":  {change(func(p *ecdsaDerivedProof) { p.BaseSignature = append(p.BaseSignature, 0) }), ErrMalformedProof},
		"all statements mandatory": {change(func(p *ecdsaDerivedProof) {
			p.MandatoryIndexes, p.Signatures = append(p.MandatoryIndexes, 40, 41), [][]byte{}
		}), ErrSignature},
		"no statement mandatory":          {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = []uint64{} }), ErrSignature},
		"one mandatory statement less":    {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = p.MandatoryIndexes[1:] }), ErrSignature},
		"an index twice":                  {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes[1] = p.MandatoryIndexes[0] }), ErrMalformedProof},
		"indexes in another order":        {change(func(p *ecdsaDerivedProof) { slices.Reverse(p.MandatoryIndexes) }), ErrMalformedProof},
		"an index too large":              {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = append(p.MandatoryIndexes, 5000) }), ErrSignature},
		"an index far too large":          {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = append(p.MandatoryIndexes, 1<<63) }), jsonld.ErrLimit},
		"a label less":                    {change(func(p *ecdsaDerivedProof) { delete(p.Labels, 0) }), ErrMalformedProof},
		"a label more":                    {change(func(p *ecdsaDerivedProof) { p.Labels[99] = make([]byte, 32) }), ErrMalformedProof},
		"labels exchanged":                {change(func(p *ecdsaDerivedProof) { p.Labels[0], p.Labels[1] = p.Labels[1], p.Labels[0] }), ErrSignature},
		"a label twice":                   {change(func(p *ecdsaDerivedProof) { p.Labels[0] = p.Labels[1] }), ErrMalformedProof},
		"a label of 31 bytes":             {change(func(p *ecdsaDerivedProof) { p.Labels[0] = p.Labels[0][:31] }), ErrMalformedProof},
		"a key off the curve":             {change(func(p *ecdsaDerivedProof) { copy(p.PublicKey[3:], bytes.Repeat([]byte{0xff}, 32)) }), ErrMalformedProof},
		"a key of another curve":          {change(func(p *ecdsaDerivedProof) { p.PublicKey[0] = 0x81 }), ErrMalformedProof},
		"null for signatures":             {change(func(p *ecdsaDerivedProof) { p.Signatures = nil }), ErrMalformedProof},
		"null for labels":                 {change(func(p *ecdsaDerivedProof) { p.Labels = nil }), ErrMalformedProof},
		"null for indexes":                {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = nil }), ErrMalformedProof},
		"no key":                          {change(func(p *ecdsaDerivedProof) { p.PublicKey = nil }), ErrMalformedProof},
		"the proof of a narrower part":    {setProofValue(t, good, parse(t, narrow).Get("proof").Get("proofValue").Text()), ErrMalformedProof},
		"the proof of another derivation": {setProofValue(t, good, parse(t, other).Get("proof").Get("proofValue").Text()), nil},
		"another purpose":                 {bytes.Replace(good, []byte(`"proofPurpose":"assertionMethod"`), []byte(`"proofPurpose":"authentication"`), 1), ErrPurpose},
		"another time":                    {bytes.Replace(good, []byte(`"created":"2026-`), []byte(`"created":"2025-`), 1), ErrSignature},
		"a mandatory member is gone":      {bytes.Replace(good, []byte(`"validUntil":"2096-01-01T00:00:00Z",`), nil, 1), ErrSignature},
		"an undefined term":               {bytes.Replace(good, []byte(`"role":`), []byte(`"grade": "A", "role":`), 1), jsonld.ErrDataLoss},
		"a chain":                         {bytes.Replace(good, []byte(`"type":"DataIntegrityProof"`), []byte(`"previousProof":"urn:x:1","type":"DataIntegrityProof"`), 1), ErrMalformedProof},
	} {
		if err := verifySelective(t, s, c.document); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestRefusesSplitNode: what was signed of one thing cannot be shown as said of
// two, by giving both the label of the one.
func TestRefusesSplitNode(t *testing.T) {
	s := closed(t)
	const whole, parts = `{"type":["Result"],"value":"2","status":"Completed"}`, `{"type":["Result"],"value":"2"},{"type":["Result"],"status":"Completed"}`
	base := signBase(t, s, ECDSASD2023, people, []string{"/issuer"})
	good := derive(t, s, base, "/credentialSubject/result/1/value", "/credentialSubject/result/1/status")
	if !bytes.Contains(good, []byte(whole)) {
		t.Fatalf("not as expected: %s", good)
	}
	split := bytes.Replace(good, []byte(whole), []byte(parts), 1)
	// The signatures that go with the statements, those of type and tie twice.
	proof, err := readECDSADerived(parse(t, good).Get("proof").Get("proofValue").Text())
	if err != nil {
		t.Fatal(err)
	}
	signed := proof.(*ecdsaDerivedProof)
	own, err := parseOwnKey(signed.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := s.processor.Canonicalize(ctx, documentSource(parse(t, split)), nil, rdfc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	label := ecdsaLabel(signed.Labels[0])
	lines, err := relabel(canonical.NQuads, []string{label, label})
	if err != nil {
		t.Fatal(err)
	}
	for name, lines := range map[string][][]byte{"repeated": lines, "once": slices.CompactFunc(slices.Clone(lines), bytes.Equal)} {
		forged := withValue(t, split, ecdsaDerived, func(p *ecdsaDerivedProof) {
			p.Labels[1] = p.Labels[0]
			p.Signatures, p.MandatoryIndexes = [][]byte{}, []uint64{}
			for i, line := range lines {
				at := slices.IndexFunc(signed.Signatures, func(signature []byte) bool { return verifyP256(own, line, signature) })
				if at < 0 {
					p.MandatoryIndexes = append(p.MandatoryIndexes, uint64(i))
					continue
				}
				p.Signatures = append(p.Signatures, signed.Signatures[at])
			}
		})
		if err := verifySelective(t, s, forged); !errors.Is(err, ErrMalformedProof) {
			t.Errorf("two objects with one label, with statements %s: %v", name, err)
		}
	}
}

func TestRefusesForgedBBS(t *testing.T) {
	s := closed(t)
	base := signBase(t, s, BBS2023, people, mandatoryPeople)
	good, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: []string{"/credentialSubject/result", "/credentialSubject/role"}, PresentationHeader: []byte("nonce")})
	if err != nil {
		t.Fatal(err)
	}
	if err := verifySelective(t, s, good); err != nil {
		t.Fatal(err)
	}
	change := func(change func(p *bbsDerivedProof)) []byte { return withValue(t, good, bbsDerived, change) }
	for name, c := range map[string]struct {
		document []byte
		want     error
	}{
		"another presentation header": {change(func(p *bbsDerivedProof) { p.PresentationHeader = []byte("other") }), ErrSignature},
		"no presentation header":      {change(func(p *bbsDerivedProof) { p.PresentationHeader = []byte{} }), ErrSignature},
		"a byte of the proof":         {change(func(p *bbsDerivedProof) { p.Proof[150]++ }), ErrSignature},
		"an empty proof":              {change(func(p *bbsDerivedProof) { p.Proof = []byte{} }), ErrMalformedProof},
		"a proof without a scalar":    {change(func(p *bbsDerivedProof) { p.Proof = p.Proof[:len(p.Proof)-32] }), ErrSignature},
		"another index":               {change(func(p *bbsDerivedProof) { p.SelectiveIndexes[0]++ }), ErrMalformedProof},
		"an index less":               {change(func(p *bbsDerivedProof) { p.SelectiveIndexes = p.SelectiveIndexes[1:] }), ErrSignature},
		"an index too large":          {change(func(p *bbsDerivedProof) { p.SelectiveIndexes[len(p.SelectiveIndexes)-1] = 399 }), ErrSignature},
		"an index far too large":      {change(func(p *bbsDerivedProof) { p.SelectiveIndexes[len(p.SelectiveIndexes)-1] = 1 << 40 }), jsonld.ErrLimit},
		"no statement mandatory":      {change(func(p *bbsDerivedProof) { p.MandatoryIndexes = []uint64{} }), ErrSignature},
		"all statements mandatory": {change(func(p *bbsDerivedProof) {
			p.MandatoryIndexes, p.SelectiveIndexes = append(p.MandatoryIndexes, p.MandatoryIndexes[len(p.MandatoryIndexes)-1]+1), p.SelectiveIndexes[1:]
		}), ErrSignature},
		"null for the header":        {change(func(p *bbsDerivedProof) { p.PresentationHeader = nil }), ErrMalformedProof},
		"null for the selection":     {change(func(p *bbsDerivedProof) { p.SelectiveIndexes = nil }), ErrMalformedProof},
		"null for the proof":         {change(func(p *bbsDerivedProof) { p.Proof = nil }), ErrMalformedProof},
		"a label less":               {change(func(p *bbsDerivedProof) { delete(p.Labels, 0) }), ErrMalformedProof},
		"a label twice":              {change(func(p *bbsDerivedProof) { p.Labels[0] = p.Labels[1] }), ErrMalformedProof},
		"another label":              {change(func(p *bbsDerivedProof) { p.Labels[0] = 77 }), ErrSignature},
		"another issuer":             {bytes.Replace(good, []byte(`"name": "I"`), []byte(`"name": "J"`), 1), ErrSignature},
		"a mandatory member is gone": {bytes.Replace(good, []byte(`"validUntil":"2096-01-01T00:00:00Z",`), nil, 1), ErrSignature},
	} {
		if err := verifySelective(t, s, c.document); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	root := parse(t, good)
	proofs, err := Proofs(root)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := s.Verify(ctx, root, proofs[0], selectiveSigners(t)[BBS2023].Public(), Expect{Now: now})
	if err != nil || string(verified.PresentationHeader) != "nonce" || verified.General || len(verified.Contexts) != 2 {
		t.Errorf("got %+v, %v", verified, err)
	}
	for name, key := range map[string]crypto.PublicKey{"another kind": selectiveSigners(t)[ECDSASD2023].Public(), "none": nil, "nil": (*bbs.PublicKey)(nil)} {
		if _, err := s.Verify(ctx, root, proofs[0], key, Expect{Now: now}); !errors.Is(err, ErrKeyType) {
			t.Errorf("a key of %s: %v", name, err)
		}
	}
	if _, err := s.Verify(ctx, root, proofs[0], new(bbs.PublicKey), Expect{Now: now}); !errors.Is(err, ErrSignature) {
		t.Errorf("the zero key: %v", err)
	}
}

// TestRefusesProofValues: a value has one encoding.
func TestRefusesProofValues(t *testing.T) {
	s := closed(t)
	for suite, read := range map[string]func(string) (derivedProof, error){ECDSASD2023: readECDSADerived, BBS2023: readBBSDerived} {
		good := parse(t, derive(t, s, signBase(t, s, suite, people, mandatoryPeople), "/credentialSubject/result")).Get("proof").Get("proofValue").Text()
		if _, err := read(good); err != nil {
			t.Fatal(err)
		}
		data, err := base64.RawURLEncoding.DecodeString(good[1:])
		if err != nil {
			t.Fatal(err)
		}
		encode := func(data ...[]byte) string {
			return "u" + base64.RawURLEncoding.EncodeToString(slices.Concat(data...))
		}
		kind := func(kind byte) string { return encode(data[:2], []byte{kind}, data[3:]) }
		// The byte string at the front, with its length in more bytes.
		long := slices.Concat(data[:4], []byte{0x59, 0x00, 0x40}, data[6:])
		if suite == BBS2023 {
			long = slices.Concat(data[:4], []byte{0x5a, 0x00, 0x00}, data[5:])
		}
		for name, value := range map[string]string{
			"nothing":                  "",
			"only the multibase":       "u",
			"another multibase":        "z" + good[1:],
			"padding":                  good + "=",
			"a line break":             good[:9] + "\n" + good[9:],
			"the standard alphabet":    "u" + strings.NewReplacer("-", "+", "_", "/").Replace(good[1:]) + "+",
			"only the prefix":          encode(data[:3]),
			"half the prefix":          encode(data[:2]),
			"another prefix":           encode([]byte{0xd9, 0x5c}, data[2:]),
			"a kind that is not known": kind(0x20),
			"trailing data":            encode(data, []byte{0}),
			"cut short":                encode(data[:len(data)-1]),
			"an array of one more":     encode(data[:3], []byte{data[3] + 1}, data[4:], []byte{0}),
			"a tag":                    encode(data[:4], []byte{0xd8, 0x40}, data[4:]),
			"an indefinite array":      encode(data[:3], []byte{0x9f}, data[4:], []byte{0xff}),
			"a longer length":          encode(long),
			"a map":                    encode(data[:3], []byte{0xa0}),
			"null":                     encode(data[:3], []byte{0xf6}),
			"nested arrays":            encode(data[:3], bytes.Repeat([]byte{0x81}, 5000)),
			"a huge array":             encode(data[:3], []byte{0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
			"a huge string":            encode(data[:4], []byte{0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
			"too long":                 "u" + strings.Repeat("A", maxProofValue),
		} {
			if _, err := read(value); !errors.Is(err, ErrMalformedProof) {
				t.Errorf("%s: %s: %v", suite, name, err)
			}
		}
		if _, err := read(kind(0x05)); suite == BBS2023 && !errors.Is(err, ErrUnsupportedProof) {
			t.Errorf("a feature of bbs-2023: %v", err)
		}
	}
	duplicate := slices.Concat([]byte{0xd9, 0x5d, 3, 0x85, 0x40, 0xa2, 0, 0, 0, 1, 0x80, 0x80, 0x40})
	if _, err := readBBSDerived("u" + base64.RawURLEncoding.EncodeToString(duplicate)); !errors.Is(err, ErrMalformedProof) {
		t.Errorf("a label map with a name twice: %v", err)
	}
}

// FuzzProofValue: whatever is read is written as the same text.
func FuzzProofValue(f *testing.F) {
	s := closed(f)
	for _, suite := range []string{ECDSASD2023, BBS2023} {
		base := signBase(f, s, suite, people, mandatoryPeople)
		for _, document := range [][]byte{base, derive(f, s, base, "/credentialSubject/result")} {
			f.Add(parse(f, document).Get("proof").Get("proofValue").Text())
		}
	}
	f.Add("u")
	f.Add("u2V0DhUCg")
	f.Fuzz(func(t *testing.T, value string) {
		check := func(kind byte, content any, err error) {
			if err != nil {
				if !errors.Is(err, ErrMalformedProof) && !errors.Is(err, ErrUnsupportedProof) && !errors.Is(err, jsonld.ErrLimit) {
					t.Errorf("reading: %v", err)
				}
				return
			}
			if again, err := encodeProofValue(kind, content); err != nil || again != value {
				t.Errorf("%q is written %q, %v", value, again, err)
			}
		}
		ecdsaBaseRead, err := readECDSABase(value)
		check(ecdsaBase, ecdsaBaseRead, err)
		ecdsaRead, err := readECDSADerived(value)
		check(ecdsaDerived, ecdsaRead, err)
		bbsBaseRead, err := readBBSBase(value)
		check(bbsBase, bbsBaseRead, err)
		bbsRead, err := readBBSDerived(value)
		check(bbsDerived, bbsRead, err)
	})
}

// TestRefusesEveryChange: no bit of a derived document can be changed.
func TestRefusesEveryChange(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes its own time")
	}
	s := closed(t)
	for suite, step := range map[string]int{ECDSASD2023: 3, BBS2023: 11} {
		derived := derive(t, s, signBase(t, s, suite, people, mandatoryPeople), "/credentialSubject/result", "/credentialSubject/role")
		if err := verifySelective(t, s, derived); err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(derived); at += step {
			changed := bytes.Clone(derived)
			changed[at] ^= 1 << (at % 7)
			if strings.TrimSpace(string(changed[at:at+1])) == "" && strings.TrimSpace(string(derived[at:at+1])) == "" {
				continue
			}
			if verifyAnySelective(t, s, suite, changed) == nil {
				t.Errorf("%s: byte %d can be changed: %s", suite, at, changed[max(at-20, 0):at+1])
			}
		}
	}
}

// verifyAnySelective is verifySelective for documents that may have any
// cryptosuite, with the key of one.
func verifyAnySelective(t testing.TB, s *Suites, suite string, document []byte) error {
	t.Helper()
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return err
	}
	key := selectiveSigners(t)[suite].Public()
	_, err = s.VerifyAll(ctx, parsed.Root(), func(context.Context, Proof) (crypto.PublicKey, error) { return key, nil }, Expect{Now: now})
	return err
}
