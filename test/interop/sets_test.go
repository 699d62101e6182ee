package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"laurel/credential/dataintegrity"
)

// setRequest is what the foreign client for cryptosuites is asked of sets of
// proofs.
type setRequest struct {
	Do       string          `json:"do"`
	Suite    []string        `json:"suite"`
	Curve    string          `json:"curve,omitempty"`
	Document json.RawMessage `json:"document"`
}

// withProofs is a document with other proofs.
func withProofs(t *testing.T, document []byte, change func(proofs []map[string]any) []map[string]any) []byte {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(document, &members); err != nil {
		t.Fatal(err)
	}
	var proofs []map[string]any
	for _, proof := range members["proof"].([]any) {
		proofs = append(proofs, proof.(map[string]any))
	}
	members["proof"] = change(proofs)
	data, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// setCases are a document with two good proofs, and what is wrong with one of
// them or with both.
func setCases(t *testing.T, name string, document []byte) []shown {
	t.Helper()
	all := []shown{
		{name, document, true},
		{name + ", changed", bytes.Replace(document, []byte(`"N"`), []byte(`"M"`), 1), false},
	}
	for i := range 2 {
		change := func(what string, at func(proof, other map[string]any)) {
			all = append(all, shown{fmt.Sprintf("%s, proof %d: %s", name, i, what), withProofs(t, document, func(p []map[string]any) []map[string]any {
				at(p[i], p[1-i])
				return p
			}), false})
		}
		change("another time", func(proof, _ map[string]any) { proof["created"] = "2025-01-01T00:00:00Z" })
		change("the value of the other", func(proof, other map[string]any) { proof["proofValue"] = other["proofValue"] })
		change("another last letter", func(proof, _ map[string]any) {
			value := []byte(proof["proofValue"].(string))
			value[len(value)-1] = map[bool]byte{true: '3', false: '2'}[value[len(value)-1] == '2']
			proof["proofValue"] = string(value)
		})
	}
	return all
}

// TestProofSets: sets of two proofs that either side made, of suites that both
// have, are verified by both; with one of the proofs changed, by neither.
func TestProofSets(t *testing.T) {
	t.Parallel()
	s := cryptosuites(t)
	for _, set := range []struct {
		kind   string
		suites []string
	}{
		{dataintegrity.KeyEd25519, []string{dataintegrity.Ed25519Signature2020, dataintegrity.EdDSARDFC2022}},
		{dataintegrity.KeyEd25519, []string{dataintegrity.EdDSARDFC2022, dataintegrity.EdDSAJCS2022}},
		{dataintegrity.KeyP256, []string{dataintegrity.ECDSARDFC2019, dataintegrity.ECDSAJCS2019}},
		{dataintegrity.KeyP384, []string{dataintegrity.ECDSAJCS2019, dataintegrity.ECDSARDFC2019}},
	} {
		t.Run(set.kind+" "+strings.Join(set.suites, " "), func(t *testing.T) {
			issuer := newHolder(t, set.kind)
			here := []byte(strings.Replace(shapes["minimal"], `"issuer": {"id": ""`, `"issuer": {"id": "`+issuer.did+`"`, 1))
			for _, suite := range set.suites {
				here = issuer.sign(t, s, here, dataintegrity.Options{Cryptosuite: suite})
			}
			there := ask[setRequest, kitAnswer](t, "suites.mjs", []setRequest{{"issue", set.suites, set.kind, json.RawMessage(shapes["minimal"])}})[0]
			if there.Error != "" {
				t.Fatalf("issuing there: %s", there.Error)
			}
			all := append(setCases(t, "from here", here), setCases(t, "from there", there.Document)...)
			requests := make([]setRequest, len(all))
			for i, one := range all {
				requests[i] = setRequest{"verify", set.suites, set.kind, one.document}
			}
			for i, there := range ask[setRequest, kitAnswer](t, "suites.mjs", requests) {
				if err := verifiedHere(t, s, all[i].document); (err == nil) != all[i].good {
					t.Errorf("%s: here: %v", all[i].name, err)
				}
				if there.Verified != all[i].good {
					t.Errorf("%s: there: %v %s\n%s", all[i].name, there.Verified, there.Error, all[i].document)
				}
			}
		})
	}
}

// TestProofChains: a chain of proofs that is made here is verified by
// LearnCard's kit, the one here that knows previousProof, and by us; a chain
// with a link changed or missing, by neither.
func TestProofChains(t *testing.T) {
	t.Parallel()
	s := cryptosuites(t)
	const first, second = "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544", "urn:uuid:8cc9022b-6b14-4cf3-8571-74972c5feb54"
	issuer, other := newHolder(t, dataintegrity.KeyEd25519), newHolder(t, dataintegrity.KeyEd25519)
	chain := []byte(strings.Replace(shapes["minimal"], `"issuer": {"id": ""`, `"issuer": {"id": "`+issuer.did+`"`, 1))
	chain = issuer.sign(t, s, chain, dataintegrity.Options{ID: first})
	chain = issuer.sign(t, s, chain, dataintegrity.Options{ID: second, PreviousProof: []string{first}})
	stranger := other.sign(t, s, chain, dataintegrity.Options{PreviousProof: []string{first, second}})
	all := append(setCases(t, "chain", chain), shown{"chain of three", stranger, true})
	for what, change := range map[string]func(p []map[string]any) []map[string]any{
		"without the first": func(p []map[string]any) []map[string]any { return p[1:] },
		"not chained":       func(p []map[string]any) []map[string]any { delete(p[1], "previousProof"); return p },
		"a circle":          func(p []map[string]any) []map[string]any { p[0]["previousProof"] = second; return p },
		"chained to itself": func(p []map[string]any) []map[string]any { p[1]["previousProof"] = second; return p },
		"a name changed":    func(p []map[string]any) []map[string]any { p[0]["id"] = "urn:uuid:1"; return p },
	} {
		all = append(all, shown{what, withProofs(t, chain, change), false})
	}
	all = append(all, shown{"in another order", withProofs(t, chain, func(p []map[string]any) []map[string]any { slices.Reverse(p); return p }), true})
	documents := make([]json.RawMessage, len(all))
	for i, one := range all {
		documents[i] = one.document
	}
	for i, there := range askLearnCard(t, verifying(documents)) {
		if err := verifiedHere(t, s, all[i].document); (err == nil) != all[i].good {
			t.Errorf("%s: here: %v", all[i].name, err)
		}
		if there.Verified != all[i].good {
			t.Errorf("%s: there: %v %s\n%s", all[i].name, there.Verified, there.Error, all[i].document)
		}
	}
}
