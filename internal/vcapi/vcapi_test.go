package vcapi

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/did"
	"laurel/internal/keys"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// newIssuer makes an issuer with a did:key.
func newIssuer(t testing.TB, algorithm string) (issuer, method string, signer crypto.Signer) {
	t.Helper()
	secret, err := keys.Generate(rand.Reader, algorithm)
	if err != nil {
		t.Fatal(err)
	}
	if signer, err = keys.Signer(algorithm, secret); err != nil {
		t.Fatal(err)
	}
	multikey, err := did.EncodeMultikey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	issuer = "did:key:" + multikey
	return issuer, issuer + "#" + multikey, signer
}

// newInstance makes an instance of eddsa-rdfc-2022 with a policy.
func newInstance(t testing.TB, policy Policy) *Instance {
	t.Helper()
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	issuer, method, signer := newIssuer(t, keys.Ed25519)
	i, err := New(Config{
		URL: "https://lab.example/vc-api/one", Issuer: issuer, Policy: policy,
		Proofs: []Proof{{Cryptosuite: dataintegrity.EdDSARDFC2022, Signer: signer, VerificationMethod: method}},
		JSONLD: jsonld.New(set, jsonld.Options{}), Contexts: set,
		Resolver: did.Methods{"key": did.KeyResolver{}}, Clock: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// credentialOf writes a minimal credential by an issuer, with more members.
func credentialOf(issuer, more string) string {
	return `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"` + issuer + `","credentialSubject":{"id":"did:example:s","name":"Alice"}` + more + `}`
}

func issue(t testing.TB, i *Instance, credential, options string) string {
	t.Helper()
	secured, err := i.Issue(context.Background(), []byte(`{"credential":`+credential+`,"options":`+options+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return string(secured)
}

func verify(t testing.TB, i *Instance, credential, options string) *Verification {
	t.Helper()
	v, err := i.Verify(context.Background(), []byte(`{"verifiableCredential":`+credential+`,"options":`+options+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// typesOf are the types of problems, without what they begin with.
func typesOf(problems []Problem) []string {
	var types []string
	for _, p := range problems {
		_, code, _ := strings.Cut(p.Type, "#")
		types = append(types, code)
	}
	return types
}

// refused returns the types of the problems for which a request was refused.
func refused(t *testing.T, err error, sentinel error) []string {
	t.Helper()
	var refusal *Error
	if !errors.As(err, &refusal) || !errors.Is(err, sentinel) || len(refusal.Problems) == 0 {
		t.Fatalf("error %v, want one that is %v", err, sentinel)
	}
	return typesOf(refusal.Problems)
}

func TestIssuedIsVerified(t *testing.T) {
	i := newInstance(t, Policy{})
	issued := issue(t, i, credentialOf(i.config.Issuer, ""), `{}`)
	v := verify(t, i, issued, `{"returnCredential":true}`)
	if !v.Verified || len(v.Problems) != 0 || string(v.Credential) != issued || len(v.Results.Proofs) != 1 || !v.Results.Proofs[0].Verified {
		t.Errorf("%+v", v)
	}
	tampered := strings.Replace(issued, "Alice", "Mallory", 1)
	v = verify(t, i, tampered, `{"returnCredential":true}`)
	if v.Verified || v.Credential != nil || !slices.Contains(typesOf(v.Problems), "PROOF_VERIFICATION_ERROR") || v.Results.Proofs[0].Verified {
		t.Errorf("tampered: %+v", v)
	}
}

// What ends a credential cannot be left out by its holder, unless the request
// that it was issued for says so.
func TestHoldersCannotHideTheEnd(t *testing.T) {
	i := newInstance(t, Policy{})
	issuer, method, signer := newIssuer(t, keys.P256)
	i.config.Issuer = issuer
	i.config.Proofs = []Proof{{
		Cryptosuite: dataintegrity.ECDSASD2023, Signer: signer, VerificationMethod: method,
		MandatoryPointers: []string{"/issuer", "/validUntil"},
	}}
	credential := credentialOf(issuer, `,"validFrom":"2020-01-01T00:00:00Z","validUntil":"2120-01-01T00:00:00Z"`)
	for options, shown := range map[string]bool{`{}`: true, `{"mandatoryPointers":["/issuer"]}`: false} {
		base := issue(t, i, credential, options)
		derived, err := i.Derive(t.Context(), []byte(`{"verifiableCredential":`+base+`,"options":{"selectivePointers":["/credentialSubject"]}}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range []string{"validFrom", "validUntil"} {
			if strings.Contains(string(derived), `"`+member+`"`) != shown {
				t.Errorf("options %s: %s is shown: %t", options, member, !shown)
			}
		}
	}
}

func TestPolicyBindsTheIssuer(t *testing.T) {
	free, bound := newInstance(t, Policy{}), newInstance(t, Policy{BindIssuer: true})
	stranger := issue(t, free, credentialOf("did:example:somebody", ""), `{}`)
	if v := verify(t, free, stranger, `{}`); !v.Verified {
		t.Errorf("without binding: %+v", v)
	}
	if v := verify(t, bound, stranger, `{}`); v.Verified {
		t.Errorf("with binding: %+v", v)
	}
	if v := verify(t, bound, issue(t, free, credentialOf(free.config.Issuer, ""), `{}`), `{}`); !v.Verified {
		t.Errorf("an issuer's own key: %+v", v)
	}
	_, err := bound.Issue(t.Context(), []byte(`{"credential":`+credentialOf("did:example:somebody", "")+`}`))
	if got := refused(t, err, ErrInvalid); !slices.Contains(got, "PROOF_GENERATION_ERROR") {
		t.Errorf("issuing for another: %v", got)
	}
}

func TestPolicyOfOptions(t *testing.T) {
	tolerant, strict := newInstance(t, Policy{}), newInstance(t, Policy{StrictOptions: true})
	credential := credentialOf("did:example:somebody", "")
	issued := issue(t, tolerant, credential, `{"anything":1}`)
	if v := verify(t, tolerant, issued, `{"checks":["proof"]}`); !v.Verified {
		t.Errorf("%+v", v)
	}
	_, err := strict.Issue(t.Context(), []byte(`{"credential":`+credential+`,"options":{"anything":1}}`))
	if got := refused(t, err, ErrInvalid); !slices.Equal(got, []string{"UNKNOWN_OPTION_PROVIDED"}) {
		t.Errorf("issuing: %v", got)
	}
	_, err = strict.Verify(t.Context(), []byte(`{"verifiableCredential":`+issued+`,"options":{"checks":[]}}`))
	if got := refused(t, err, ErrInvalid); !slices.Equal(got, []string{"UNKNOWN_OPTION_PROVIDED"}) {
		t.Errorf("verifying: %v", got)
	}
	_, err = strict.Issue(t.Context(), []byte(`{"credential":`+credential+`,"options":{"mandatoryPointers":["/issuer"]}}`))
	if got := refused(t, err, ErrInvalid); !slices.Equal(got, []string{"PROOF_GENERATION_ERROR"}) {
		t.Errorf("pointers for a suite without them: %v", got)
	}
	issue(t, strict, credential, `{"credentialId":"mine"}`)
	if _, err := strict.Credential(t.Context(), "mine"); err != nil {
		t.Error(err)
	}
}

func TestPolicyOfProofsThatAreThere(t *testing.T) {
	set, refusing := newInstance(t, Policy{}), newInstance(t, Policy{RefuseProofs: true})
	once := issue(t, set, credentialOf("did:example:somebody", ""), `{}`)
	twice := issue(t, set, once, `{}`)
	if v := verify(t, set, twice, `{}`); !v.Verified || len(v.Results.Proofs) != 2 {
		t.Errorf("a set of two: %+v", v)
	}
	_, err := refusing.Issue(t.Context(), []byte(`{"credential":`+once+`}`))
	if got := refused(t, err, ErrInvalid); !slices.Contains(got, "PROOF_GENERATION_ERROR") {
		t.Errorf("%v", got)
	}
}

func TestChainedProofs(t *testing.T) {
	set, chaining := newInstance(t, Policy{}), newInstance(t, Policy{ChainProofs: true})
	one := issue(t, chaining, credentialOf("did:example:somebody", ""), `{}`)
	two := issue(t, chaining, one, `{}`)
	three := issue(t, chaining, two, `{}`)
	if v := verify(t, set, three, `{}`); !v.Verified || len(v.Results.Proofs) != 3 {
		t.Errorf("a chain of three: %+v", v)
	}
	var signed struct {
		Proof []struct {
			ID            string `json:"id"`
			PreviousProof any    `json:"previousProof"`
			ProofValue    string `json:"proofValue"`
		} `json:"proof"`
	}
	if err := json.Unmarshal([]byte(three), &signed); err != nil {
		t.Fatal(err)
	}
	if len(signed.Proof) != 3 || signed.Proof[0].PreviousProof != nil || signed.Proof[1].PreviousProof != signed.Proof[0].ID {
		t.Fatalf("the chain is %+v", signed.Proof)
	}
	if got, ok := signed.Proof[2].PreviousProof.([]any); !ok || len(got) != 2 || got[0] != signed.Proof[0].ID || got[1] != signed.Proof[1].ID {
		t.Errorf("the third follows %v", signed.Proof[2].PreviousProof)
	}
	for name, forged := range map[string]string{
		"a proof before the last is another": strings.Replace(three, signed.Proof[0].ProofValue, signed.Proof[1].ProofValue, 1),
		"a name is another":                  strings.Replace(three, `"id":"`+signed.Proof[0].ID, `"id":"urn:uuid:00000000-0000-4000-8000-000000000000`, 1),
		"the content is another":             strings.Replace(three, "Alice", "Mallory", 1),
	} {
		if v := verify(t, set, forged, `{}`); v.Verified || forged == three {
			t.Errorf("%s: verified", name)
		}
	}
	unnamed := issue(t, set, credentialOf("did:example:somebody", ""), `{}`)
	_, err := chaining.Issue(t.Context(), []byte(`{"credential":`+unnamed+`}`))
	if got := refused(t, err, ErrInvalid); !slices.Contains(got, "PROOF_GENERATION_ERROR") {
		t.Errorf("%v", got)
	}
}

func TestPolicyOfStatus(t *testing.T) {
	for _, decides := range []bool{false, true} {
		i := newInstance(t, Policy{StatusPurposes: []string{"revocation", "suspension"}, StatusDecides: decides})
		issued := issue(t, i, credentialOf(i.config.Issuer, `,"id":"urn:uuid:1"`), `{}`)
		if v := verify(t, i, issued, `{}`); !v.Verified || len(v.Problems) != 0 || len(v.Results.Status) != 2 {
			t.Fatalf("%+v", v)
		}
		change := func(purpose, status string) error {
			return i.SetStatus(t.Context(), []byte(`{"credentialId":"urn:uuid:1","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"`+purpose+`"},"status":`+status+`}`))
		}
		for _, step := range []struct {
			purpose, status string
			good            bool
		}{{"suspension", "true", false}, {"suspension", "false", true}, {"revocation", "true", false}} {
			if err := change(step.purpose, step.status); err != nil {
				t.Fatal(err)
			}
			v := verify(t, i, issued, `{}`)
			if warned := slices.Contains(typesOf(v.Problems), "STATUS_VERIFICATION_ERROR"); warned == step.good || v.Verified != (step.good || !decides) {
				t.Errorf("decides %v, %s %s: %+v", decides, step.purpose, step.status, v)
			}
		}
		if got := refused(t, change("revocation", "false"), ErrInvalid); len(got) == 0 {
			t.Error("what was revoked is reinstated")
		}
		if err := i.Delete(t.Context(), "urn:uuid:1"); err != nil {
			t.Fatal(err)
		}
		_, err := i.Credential(t.Context(), "urn:uuid:1")
		refused(t, err, ErrDeleted)
		if err := change("suspension", "true"); err != nil {
			t.Errorf("a deleted credential has no status any more: %v", err)
		}
	}
}

func TestStatusListsAreVerified(t *testing.T) {
	i := newInstance(t, Policy{StatusPurposes: []string{"revocation"}, StatusDecides: true})
	other := newInstance(t, Policy{StatusDecides: true})
	issued := issue(t, i, credentialOf(i.config.Issuer, ""), `{}`)
	list, err := i.StatusList(t.Context(), "revocation")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		lists fixedList
		want  string
	}{
		"the list":           {fixedList(list), ""},
		"no list":            {nil, "STATUS_RETRIEVAL_ERROR"},
		"a tampered list":    {fixedList(strings.Replace(string(list), `"encodedList":"uH4s`, `"encodedList":"uH5s`, 1)), "STATUS_VERIFICATION_ERROR"},
		"no credential":      {fixedList(`{}`), "STATUS_VERIFICATION_ERROR"},
		"another credential": {fixedList(issued), "MALFORMED_VALUE_ERROR"},
		"an unsigned list":   {fixedList(credentialOf(i.config.Issuer, "")), "STATUS_VERIFICATION_ERROR"},
		"nothing like JSON":  {fixedList(`<html>`), "STATUS_VERIFICATION_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			other.config.Lists = test.lists
			v := verify(t, other, issued, `{}`)
			if got := strings.Join(typesOf(v.Problems), " "); got != test.want || v.Verified != (test.want == "") {
				t.Errorf("problems %q, want %q", got, test.want)
			}
		})
	}
}

// fixedList is the list at every URL, none when it is nil.
type fixedList []byte

func (l fixedList) StatusList(context.Context, string) ([]byte, error) {
	if l == nil {
		return nil, errors.New("no answer")
	}
	return l, nil
}

func TestNewNamesTheFieldAtFault(t *testing.T) {
	good := newInstance(t, Policy{}).config
	for field, change := range map[string]func(*Config){
		"JSONLD":         func(c *Config) { c.JSONLD = nil },
		"Issuer":         func(c *Config) { c.Issuer = "" },
		"Envelope":       func(c *Config) { c.Envelope = &Envelope{} },
		"StatusPurposes": func(c *Config) { c.Proofs, c.Policy.StatusPurposes = nil, []string{"revocation"} },
	} {
		config := good
		change(&config)
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s, err := newMemory("", nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range maxIssued + 10 {
		id := strings.Repeat("x", n%7) + string(rune('a'+n%26)) + time.Duration(n).String()
		name, _, err := s.Reserve(t.Context(), "", id, nil)
		if err == nil {
			err = s.Commit(t.Context(), "", name, "", nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(s.records) > maxIssued || len(s.order) > maxIssued {
		t.Errorf("%d credentials are remembered", len(s.records))
	}
	i := newInstance(t, Policy{})
	for range maxChallenges + 10 {
		if _, err := i.Challenge(); err != nil {
			t.Fatal(err)
		}
	}
	if len(i.challenges.known) > maxChallenges {
		t.Errorf("%d challenges are remembered", len(i.challenges.known))
	}
}

func TestChallengesEnd(t *testing.T) {
	i := newInstance(t, Policy{})
	text, err := i.Challenge()
	if err != nil {
		t.Fatal(err)
	}
	if ours, fresh := i.challenges.use(text, noon.Add(challengeLife)); !ours || fresh {
		t.Errorf("after its time: ours %v, fresh %v", ours, fresh)
	}
	if ours, _ := i.challenges.use("somebody's", noon); ours {
		t.Error("a challenge of somebody else is ours")
	}
}

// FuzzRequests: whatever is sent is answered with a result or an *Error, and
// what is called verified is what was signed.
func FuzzRequests(f *testing.F) {
	i := newInstance(f, Policy{StatusPurposes: []string{"revocation"}, StatusDecides: true})
	issued := issue(f, i, credentialOf(i.config.Issuer, `,"id":"urn:uuid:1"`), `{}`)
	for _, seed := range []string{
		`{"credential":` + credentialOf(i.config.Issuer, "") + `}`,
		`{"verifiableCredential":` + issued + `,"options":{"checks":["proof"],"returnCredential":true}}`,
		`{"presentation":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiablePresentation","verifiableCredential":[` + issued + `]},"options":{"domain":["a"],"challenge":"b"}}`,
		`{"verifiablePresentation":"a.b.c"}`, `{"credentialId":"urn:uuid:1","credentialStatus":{"statusPurpose":"revocation"},"status":true}`, `{}`, `[`,
	} {
		f.Add([]byte(seed))
	}
	var original any
	if err := json.Unmarshal([]byte(issued), &original); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		check := func(err error) {
			var refusal *Error
			if err != nil && (!errors.As(err, &refusal) || len(refusal.Problems) == 0) {
				t.Errorf("error %v", err)
			}
		}
		ctx := context.Background()
		_, err := i.Issue(ctx, body)
		check(err)
		_, err = i.Derive(ctx, body)
		check(err)
		_, err = i.Present(ctx, body)
		check(err)
		check(i.SetStatus(ctx, body))
		v, err := i.VerifyPresentation(ctx, body)
		check(err)
		if v != nil && v.Verified && len(v.Problems) > 0 && v.Results == nil {
			t.Errorf("%+v", v)
		}
		v, err = i.Verify(ctx, body)
		check(err)
		if v != nil && v.Verified && len(v.Credential) > 0 && !strings.Contains(string(body), "proofValue") {
			t.Errorf("verified without a proof: %s", body)
		}
		if v != nil && !v.Verified && len(v.Problems) == 0 {
			t.Errorf("not verified for no reason: %s", body)
		}
	})
}
