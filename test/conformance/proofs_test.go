package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"laurel/internal/testdata"
)

// suites are the instances by what their proofs are.
var suites = []struct {
	name, kind, cryptosuite, prefix, key string
	length                               int // of a proof value, 0 for one that varies
}{
	{"eddsa-rdfc-2022", "DataIntegrityProof", "eddsa-rdfc-2022", "z", "z6Mk", 64},
	{"eddsa-jcs-2022", "DataIntegrityProof", "eddsa-jcs-2022", "z", "z6Mk", 64},
	{"ecdsa-rdfc-2019-p256", "DataIntegrityProof", "ecdsa-rdfc-2019", "z", "zDn", 64},
	{"ecdsa-rdfc-2019-p384", "DataIntegrityProof", "ecdsa-rdfc-2019", "z", "z82", 96},
	{"ecdsa-jcs-2019-p256", "DataIntegrityProof", "ecdsa-jcs-2019", "z", "zDn", 64},
	{"ecdsa-jcs-2019-p384", "DataIntegrityProof", "ecdsa-jcs-2019", "z", "z82", 96},
	{"ecdsa-sd-2023", "DataIntegrityProof", "ecdsa-sd-2023", "u", "zDn", 0},
	{"bbs-2023", "DataIntegrityProof", "bbs-2023", "u", "zUC7", 0},
	{"ed25519-2020", "Ed25519Signature2020", "", "z", "z6Mk", 64},
}

// versions are the credentials that the suites have issued, by the version of
// the data model.
func versions(issuer string) map[string]object {
	return map[string]object{
		"2.0": {
			"@context": array{contextV2}, "type": array{"VerifiableCredential"}, "id": "urn:uuid:5b0d9d27-9fc5-4a3f-8f0a-6d2a7b9d8a10",
			"issuer": issuer, "credentialSubject": object{"name": "Alice"},
		},
		"1.1": {
			"@context": array{contextV1}, "type": array{"VerifiableCredential"}, "id": "urn:uuid:5b0d9d27-9fc5-4a3f-8f0a-6d2a7b9d8a11",
			"issuer": issuer, "issuanceDate": "2024-02-03T04:05:06Z", "credentialSubject": object{"id": "did:example:alice"},
		},
	}
}

func testCreatedProofs(t *testing.T, lab laboratory) {
	for _, suite := range suites {
		i := lab.at(t, suite.name)
		for version, credential := range versions(i.IssuerDID) {
			t.Run(suite.name+"/"+version, func(t *testing.T) {
				issued := i.issued(t, credential, nil)
				proof, _ := issued["proof"].(object)
				if proof == nil {
					t.Fatalf("there is no one proof: %v", issued)
				}
				if proof["type"] != suite.kind {
					t.Errorf("type %v", proof["type"])
				}
				if cryptosuite, _ := proof["cryptosuite"].(string); cryptosuite != suite.cryptosuite {
					t.Errorf("cryptosuite %v", proof["cryptosuite"])
				}
				if proof["proofPurpose"] != "assertionMethod" || proof["verificationMethod"] != i.VerificationMethod {
					t.Errorf("purpose %v, key %v", proof["proofPurpose"], proof["verificationMethod"])
				}
				if !strings.Contains(i.VerificationMethod, "#"+suite.key) {
					t.Errorf("the key is %s", i.VerificationMethod)
				}
				checkProofValue(t, proof["proofValue"], suite.prefix, suite.length)
				contexts, _ := issued["@context"].(array)
				needed := "https://w3id.org/security/data-integrity/v2"
				if suite.cryptosuite == "" {
					needed = "https://w3id.org/security/suites/ed25519-2020/v1"
				} else if version == "2.0" {
					needed = contextV2
				}
				if !slices.Contains(contexts, any(needed)) {
					t.Errorf("the contexts are %v, without %s", contexts, needed)
				}
				for name, value := range credential {
					if name != "@context" && !sameJSON(t, value, issued[name]) {
						t.Errorf("%s became %v", name, issued[name])
					}
				}
			})
		}
	}
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(one) == string(other)
}

// checkProofValue holds a proof value to its encoding and length.
func checkProofValue(t *testing.T, value any, prefix string, length int) {
	t.Helper()
	text, _ := value.(string)
	encoded, ok := strings.CutPrefix(text, prefix)
	if !ok {
		t.Fatalf("proofValue %v does not begin with %s", value, prefix)
	}
	var raw []byte
	var err error
	if prefix == "z" {
		raw, err = base58.Decode(encoded)
	} else {
		raw, err = base64.RawURLEncoding.DecodeString(encoded)
	}
	if err != nil || length > 0 && len(raw) != length || length == 0 && (len(raw) < 3 || raw[0] != 0xd9 || raw[1] != 0x5d) {
		t.Errorf("proofValue has %d bytes, %v", len(raw), err)
	}
}

// secured returns a credential of an instance that verifies: a derived one
// where the suite derives.
func secured(t *testing.T, i *instance, credential object) object {
	t.Helper()
	issued := i.issued(t, credential, nil)
	if i.Endpoints["derive"] == "" {
		return issued
	}
	return derived(t, i, issued, "/credentialSubject")
}

// changedProofs are what may be wrong with a proof after the fact.
var changedProofs = []struct {
	what   string
	change object
}{
	{"no type", object{"type": removed{}}},
	{"another type", object{"type": "UnknownProofType"}},
	{"a type that is no text", object{"type": array{"DataIntegrityProof"}}},
	{"another cryptosuite", object{"cryptosuite": "UnknownCryptosuite"}},
	{"a cryptosuite that is a number", object{"cryptosuite": 4}},
	{"no key", object{"verificationMethod": removed{}}},
	{"a key that is none", object{"verificationMethod": "did:key:invalidVm"}},
	{"a key that is an object", object{"verificationMethod": object{"id": "did:key:z6Mk"}}},
	{"no purpose", object{"proofPurpose": removed{}}},
	{"a purpose that nobody knows", object{"proofPurpose": "invalidPurpose"}},
	{"another purpose", object{"proofPurpose": "authentication"}},
	{"no value", object{"proofValue": removed{}}},
	{"a value that is null", object{"proofValue": nil}},
	{"a value in nothing known", object{"proofValue": "a"}},
	{"a created that is no date", object{"created": "invalidDate"}},
	{"an expires that is no date", object{"expires": "invalidDate"}},
	{"a previous proof that is not there", object{"previousProof": "urn:uuid:30c40c2b-9a51-4c3c-b1a0-5e3b8e1d4a55"}},
	{"a previous proof that is a number", object{"previousProof": 4}},
	{"a member that no proof has", object{"unknownMember": "x"}},
}

func testVerifiedProofs(t *testing.T, lab laboratory) {
	for _, suite := range suites {
		i := lab.at(t, suite.name)
		for version, credential := range versions(i.IssuerDID) {
			t.Run(suite.name+"/"+version, func(t *testing.T) {
				good := secured(t, i, credential)
				accepts(t, "what was issued", i.verify(t, good, nil))
				accepts(t, "what was issued, elsewhere", lab.at(t, "vc-api").verify(t, good, nil))
				proof, _ := good["proof"].(object)
				for _, row := range changedProofs {
					refuses(t, row.what, i.verify(t, with(t, good, object{"proof": with(t, proof, row.change)}), nil))
				}
				value, _ := proof["proofValue"].(string)
				refuses(t, "a value without its multibase", i.verify(t, with(t, good, object{"proof": with(t, proof, object{"proofValue": value[1:]})}), nil))
				refuses(t, "a longer value", i.verify(t, with(t, good, object{"proof": with(t, proof, object{"proofValue": value + "2222"})}), nil))
				refuses(t, "no proof", i.verify(t, with(t, good, object{"proof": removed{}}), nil))
				for _, none := range []any{nil, array{}, object{}, "proof", 4, true} {
					refuses(t, "a proof that is none", i.verify(t, with(t, good, object{"proof": none}), nil))
				}
				refuses(t, "a good proof beside an unknown one", i.verify(t, with(t, good, object{"proof": array{proof, with(t, proof, object{"cryptosuite": "UnknownCryptosuite"})}}), nil))
				refuses(t, "another subject", i.verify(t, with(t, good, object{"credentialSubject": object{"id": "urn:invalid"}}), nil))
				refuses(t, "a further type", i.verify(t, with(t, good, object{"type": array{"VerifiableCredential", "UndefinedType"}}), nil))
				refuses(t, "an undefined term", i.verify(t, with(t, good, object{"undefinedTerm": "IfDroppedWillVerify"}), nil))
				refuses(t, "another expected purpose", i.verify(t, good, object{"expectedProofPurpose": "authentication"}))
				refuses(t, "an expected domain", i.verify(t, good, object{"domain": "domain.example"}))
				refuses(t, "an expected challenge", i.verify(t, good, object{"challenge": "1235abcd6789"}))
			})
		}
	}
}

// testProofOptions sends proofs that are well signed and wrong in what they say.
func testProofOptions(t *testing.T, lab laboratory) {
	i, issuer := lab.at(t, "eddsa-jcs-2022"), newSigner(t)
	for _, row := range []struct {
		what     string
		proof    object
		options  object
		accepted bool
	}{
		{"a proof", nil, nil, true},
		{"without created", object{"created": removed{}}, nil, true},
		{"created a year ago with an offset", object{"created": "2023-02-03T04:05:06+02:00"}, nil, true},
		{"created without an offset, which is UTC", object{"created": "2024-02-03T04:05:06"}, nil, true},
		{"created that is no date", object{"created": "invalidDate"}, nil, false},
		{"created in the future", object{"created": "9024-02-03T04:05:06Z"}, nil, false},
		{"expired", object{"expires": "2024-02-03T04:05:06Z"}, nil, false},
		{"expired, without an offset", object{"expires": "2024-02-03T04:05:06"}, nil, false},
		{"not expired", object{"expires": "9024-02-03T04:05:06Z"}, nil, true},
		{"an unknown type", object{"type": "UnknownProofType"}, nil, false},
		{"an empty type", object{"type": ""}, nil, false},
		{"no type", object{"type": removed{}}, nil, false},
		{"an unknown cryptosuite", object{"cryptosuite": "UnknownCryptosuite"}, nil, false},
		{"another cryptosuite", object{"cryptosuite": "eddsa-rdfc-2022"}, nil, false},
		{"no cryptosuite", object{"cryptosuite": removed{}}, nil, false},
		{"no key", object{"verificationMethod": removed{}}, nil, false},
		{"no purpose", object{"proofPurpose": removed{}}, nil, false},
		{"an unknown purpose", object{"proofPurpose": "invalidPurpose"}, nil, false},
		{"a purpose that the key is not for", object{"proofPurpose": "keyAgreement"}, object{"expectedProofPurpose": "keyAgreement"}, false},
		{"the purpose that is expected", object{"proofPurpose": "authentication"}, object{"expectedProofPurpose": "authentication"}, true},
		{"the domain that is expected", object{"domain": "domain.example"}, object{"domain": "domain.example"}, true},
		{"the domains that are expected", object{"domain": array{"a.example", "b.example"}}, object{"domain": array{"b.example", "a.example"}}, true},
		{"another domain", object{"domain": "invalid.example"}, object{"domain": "domain.example"}, false},
		{"the challenge that is expected", object{"domain": "domain.example", "challenge": "1235abcd6789"}, object{"domain": "domain.example", "challenge": "1235abcd6789"}, true},
		{"another challenge", object{"domain": "domain.example", "challenge": "invalid"}, object{"domain": "domain.example", "challenge": "1235abcd6789"}, false},
		{"an id", object{"id": "urn:uuid:7f4a2b4c-5dd3-4a5e-8d8c-1d2f3a4b5c6d"}, nil, true},
		{"an id that is no URL", object{"id": "not-a-url"}, nil, false},
		{"a nonce", object{"nonce": "abc"}, nil, true},
		{"a nonce that is a number", object{"nonce": 4}, nil, false},
		{"a previous proof that is not there", object{"previousProof": "urn:uuid:30c40c2b-9a51-4c3c-b1a0-5e3b8e1d4a55"}, nil, false},
		{"an unknown member", object{"unknownMember": "x"}, nil, false},
	} {
		t.Run(row.what, func(t *testing.T) {
			answer := i.verify(t, issuer.sign(t, minimal(issuer.did), row.proof), row.options)
			if row.accepted {
				accepts(t, row.what, answer)
			} else {
				refuses(t, row.what, answer)
			}
		})
	}
	// JCS signs whatever it is given; the data model does not let it through.
	refuses(t, "a well-signed undefined term", i.verify(t, issuer.credential(t, object{"undefinedTerm": "x"}), nil))
	refuses(t, "a well-signed undefined type", i.verify(t, issuer.credential(t, object{"type": array{"VerifiableCredential", "UndefinedType"}}), nil))
	refuses(t, "a well-signed empty subject", i.verify(t, issuer.credential(t, object{"credentialSubject": object{}}), nil))
	refuses(t, "a well-signed wrong order of contexts", i.verify(t, issuer.credential(t, object{"@context": array{contextExamples, contextV2}}), nil))
	refuses(t, "a well-signed related resource with another digest", i.verify(t, issuer.credential(t, object{
		"relatedResource": object{"id": contextV2, "digestSRI": "sha256-IwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls="},
	}), nil))
}

// testVectors sends the official vectors.
func testVectors(t *testing.T, lab laboratory) {
	i := lab.at(t, "vc-api")
	for _, path := range []string{
		"vc-di-eddsa/eddsa-rdfc-2022/signedDataInt.json", "vc-di-eddsa/eddsa-rdfc-2022/employ/signedDataInt.json",
		"vc-di-eddsa/eddsa-jcs-2022/signedJCS.json", "vc-di-eddsa/Ed25519Signature2020/signedEdSig.json",
		"vc-di-eddsa/proof-set-chain/signedProofSet1.json", "vc-di-eddsa/proof-set-chain/signedProofSet2.json",
		"vc-di-eddsa/proof-set-chain/signedProofChain1.json", "vc-di-eddsa/proof-set-chain/signedProofChain2.json",
		"vc-di-ecdsa/ecdsa-rdfc-2019-p256/employ/signedECDSAP256.json", "vc-di-ecdsa/ecdsa-rdfc-2019-p384/signedECDSAP384.json",
		"vc-di-ecdsa/ecdsa-rdfc-2019-p384/employ/signedECDSAP384.json", "vc-di-ecdsa/ecdsa-jcs-2019-p256/signedJCSECDSAP256.json",
		"vc-di-ecdsa/ecdsa-jcs-2019-p384/signedJCSECDSAP384.json", "vc-di-ecdsa/ecdsa-sd-2023/employ/derivedRevealDocument.json",
		"vc-di-ecdsa/ecdsa-sd-2023/prc/derivedRevealDocument.json", "vc-di-bbs/derivedRevealDocument.json",
	} {
		t.Run(path, func(t *testing.T) {
			var vector object
			if err := json.Unmarshal(testdata.Read(t, "w3c", path), &vector); err != nil {
				t.Fatal(err)
			}
			accepts(t, path, i.verify(t, vector, nil))
			vector["issuer"] = "did:example:somebody-else"
			answer := i.verify(t, vector, nil)
			if answer.status != http.StatusBadRequest {
				t.Errorf("with another issuer it is answered with %d", answer.status)
			}
		})
	}
}
