package sdjwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

var (
	issuer = key("issuer")
	holder = key("holder")
	now    = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// signed makes an SD-JWT of any payload and disclosures, past every check.
func signed(payload string, disclosures ...string) string {
	input := b64(`{"alg":"EdDSA","typ":"vc+sd-jwt"}`) + "." + b64(payload)
	token := input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(issuer, []byte(input))) + "~"
	for _, d := range disclosures {
		token += d + "~"
	}
	return token
}

// sum is the SHA-256 digest of a disclosure.
func sum(disclosure string) string { return digest(crypto.SHA256, disclosure) }

// The two disclosures whose digests RFC 9901 §4.2.3 and §4.2.4.2 print.
const (
	rfcMember        = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
	rfcMemberDigest  = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
	rfcElement       = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"
	rfcElementDigest = "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"
)

func TestVectorsOfRFC9901(t *testing.T) {
	payload := `{"_sd":["` + rfcMemberDigest + `"],"nationalities":["DE",{"...":"` + rfcElementDigest + `"},"US"],"_sd_alg":"sha-256"}`
	token, err := Parse([]byte(signed(payload, rfcElement, rfcMember)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"nationalities":["DE","FR","US"],"family_name":"Möbius"}`, string(token.Payload)); diff != "" {
		t.Error(diff)
	}
	if token.Disclosures[0].Pointer != "/nationalities/1" || token.Disclosures[1].Pointer != "/family_name" || token.Withheld != 0 {
		t.Errorf("got %+v", token)
	}
	token, err = Parse([]byte(signed(payload)))
	if err != nil || string(token.Payload) != `{"nationalities":["DE","US"]}` || token.Withheld != 2 {
		t.Errorf("without disclosures: %s, %v", token.Payload, err)
	}
}

func TestParseRefuses(t *testing.T) {
	a, b := b64(`["salt","a",1]`), b64(`["salt","b",2]`)
	element := b64(`["salt",1]`)
	sd := func(digests ...string) string { return `"_sd":["` + strings.Join(digests, `","`) + `"]` }
	good := signed(`{`+sd(sum(a), sum(b))+`}`, a, b)
	if token, err := Parse([]byte(good)); err != nil || string(token.Payload) != `{"a":1,"b":2}` {
		t.Fatalf("the sibling of every case: %v", err)
	}
	nested := func(depth int) string {
		inner := b64(`["salt","a",1]`)
		all := []string{inner}
		for range depth {
			inner = b64(`["salt","a",{"_sd":["` + sum(inner) + `"]}]`)
			all = append(all, inner)
		}
		return signed(`{`+sd(sum(inner))+`}`, all...)
	}
	if _, err := Parse([]byte(nested(20))); err != nil {
		t.Errorf("20 disclosures inside each other: %v", err)
	}
	for name, test := range map[string]struct {
		token string
		want  error
	}{
		"no tilde":                        {strings.TrimRight(signed(`{}`), "~"), ErrMalformed},
		"empty":                           {"", ErrMalformed},
		"no final tilde":                  {strings.TrimSuffix(good, "~"), jose.ErrMalformed},
		"two tildes":                      {signed(`{}`) + "~", ErrMalformed},
		"leading tilde":                   {"~" + good, jose.ErrMalformed},
		"newline at the end":              {good + "\n", jose.ErrMalformed},
		"space before a disclosure":       {strings.Replace(good, "~", " ~", 1), jose.ErrMalformed},
		"disclosure with padding":         {signed(`{`+sd(sum(element+"="))+`}`, element+"="), ErrMalformed},
		"disclosure in standard alphabet": {signed(`{}`, "+/+/"), ErrMalformed},
		"disclosure not JSON":             {signed(`{}`, b64(`[`)), ErrMalformed},
		"disclosure with something after": {signed(`{}`, b64(`["s","a",1] x`)), ErrMalformed},
		"disclosure an object":            {signed(`{}`, b64(`{"a":1}`)), ErrMalformed},
		"disclosure of one":               {signed(`{}`, b64(`["s"]`)), ErrMalformed},
		"disclosure of four":              {signed(`{}`, b64(`["s","a",1,2]`)), ErrMalformed},
		"salt a number":                   {signed(`{}`, b64(`[1,"a",1]`)), ErrMalformed},
		"name a number":                   {signed(`{}`, b64(`["s",1,1]`)), ErrMalformed},
		"value with a name twice":         {signed(`{}`, b64(`["s","a",{"b":1,"b":2}]`)), ErrMalformed},
		"name _sd":                        {signed(`{`+sd(sum(b64(`["s","_sd",["x"]]`)))+`}`, b64(`["s","_sd",["x"]]`)), ErrDisclosure},
		"name ...":                        {signed(`{`+sd(sum(b64(`["s","...","x"]`)))+`}`, b64(`["s","...","x"]`)), ErrDisclosure},
		"name _sd_alg":                    {signed(`{`+sd(sum(b64(`["s","_sd_alg","sha-256"]`)))+`}`, b64(`["s","_sd_alg","sha-256"]`)), ErrDisclosure},
		"no digest for a disclosure":      {signed(`{`+sd(sum(a))+`}`, a, b), ErrDisclosure},
		"no digests at all":               {signed(`{}`, a), ErrDisclosure},
		"same disclosure twice":           {signed(`{`+sd(sum(a))+`}`, a, a), ErrDisclosure},
		"digest twice in one place":       {signed(`{`+sd(sum(a), sum(a))+`}`, a), ErrDisclosure},
		"digest twice in two places":      {signed(`{`+sd(sum(a))+`,"x":{`+sd(sum(a))+`}}`, a), ErrDisclosure},
		"unknown digest twice":            {signed(`{` + sd("A", "A") + `}`), ErrDisclosure},
		"digest in itself":                {signed(`{`+sd("x")+`}`, b64(`["s","a",{"_sd":["x"]}]`)), ErrDisclosure},
		"name is there":                   {signed(`{"a":0,`+sd(sum(a))+`}`, a), ErrDisclosure},
		"name is there by another":        {signed(`{`+sd(sum(a), sum(b64(`["other","a",1]`)))+`}`, a, b64(`["other","a",1]`)), ErrDisclosure},
		"element as a member":             {signed(`{`+sd(sum(element))+`}`, element), ErrDisclosure},
		"member as an element":            {signed(`{"x":[{"...":"`+sum(a)+`"}]}`, a), ErrDisclosure},
		"element with more":               {signed(`{"x":[{"...":"`+sum(element)+`","y":1}]}`, element), ErrDisclosure},
		"... outside an array":            {signed(`{"x":{"...":"`+sum(element)+`"}}`, element), ErrDisclosure},
		"... at the top":                  {signed(`{"...":"` + sum(element) + `"}`), ErrDisclosure},
		"... a number":                    {signed(`{"x":[{"...":1}]}`), ErrDisclosure},
		"_sd a string":                    {signed(`{"_sd":"x"}`), ErrDisclosure},
		"_sd null":                        {signed(`{"_sd":null}`), ErrDisclosure},
		"_sd with a number":               {signed(`{"_sd":[1]}`), ErrDisclosure},
		"_sd_alg inside":                  {signed(`{"x":{"_sd_alg":"sha-256"}}`), ErrDisclosure},
		"_sd_alg in a disclosure":         {signed(`{`+sd(sum(b64(`["s","a",{"_sd_alg":"sha-256"}]`)))+`}`, b64(`["s","a",{"_sd_alg":"sha-256"}]`)), ErrDisclosure},
		"_sd_alg unknown":                 {signed(`{"_sd_alg":"md5"}`), ErrHash},
		"_sd_alg in capitals":             {signed(`{"_sd_alg":"SHA-256"}`), ErrHash},
		"_sd_alg null":                    {signed(`{"_sd_alg":null}`), ErrHash},
		"_sd_alg list":                    {signed(`{"_sd_alg":["sha-256"]}`), ErrHash},
		"_sd_alg short":                   {signed(`{"_sd_alg":"sha-256-128"}`), ErrHash},
		"digest by another hash":          {signed(`{"_sd_alg":"sha-512",`+sd(sum(a))+`}`, a), ErrDisclosure},
		"80 inside each other":            {nested(80), ErrDisclosure},
		"too many":                        {signed(`{}`, slices.Repeat([]string{a}, maxDisclosures+1)...), ErrMalformed},
		"too long":                        {strings.Repeat("~", MaxSize+1), ErrMalformed},
		"JSON serialisation":              {`{"payload":"e30","protected":"e30","signature":"AA","header":{"disclosures":[]}}`, ErrMalformed},
		"key binding without typ":         {signed(`{}`) + strings.TrimSuffix(signed(`{}`), "~"), ErrKeyBinding},
		"key binding not a JWT":           {signed(`{}`) + "x", jose.ErrMalformed},
		"alg none":                        {b64(`{"alg":"none"}`) + "." + b64(`{}`) + ".AA~", jose.ErrAlgorithm},
	} {
		if _, err := Parse([]byte(test.token)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestManyDigestsAreCheap(t *testing.T) {
	digests := make([]string, maxDigests+1)
	for i := range digests {
		digests[i] = fmt.Sprintf("%043d", i)
	}
	start := time.Now()
	_, err := Parse([]byte(signed(`{"_sd":["` + strings.Join(digests, `","`) + `"]}`)))
	if !errors.Is(err, ErrDisclosure) || time.Since(start) > 250*time.Millisecond {
		t.Errorf("took %v: %v", time.Since(start), err)
	}
	if _, err := Parse([]byte(signed(`{"_sd":["` + strings.Join(digests[:maxDigests], `","`) + `"]}`))); err != nil {
		t.Error(err)
	}
}

const badge = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:1","type":["VerifiableCredential"],"issuer":"did:example:i",` +
	`"credentialSubject":{"id":"did:example:s","name":"N","address":{"street":"S","city":"C"},"phones":["1","2",{"n":"3"}]}}`

func issueBadge(t testing.TB, options IssueOptions) string {
	t.Helper()
	options.Random, options.Signing.Random = rand.Reader, rand.Reader
	token, err := Issue([]byte(badge), issuer, options)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func parse(t testing.TB, token string) *Token {
	t.Helper()
	parsed, err := Parse([]byte(token))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// same reports whether two JSON texts say the same.
func same(t testing.TB, a, b []byte) bool {
	t.Helper()
	var values [2]any
	for i, data := range [][]byte{a, b} {
		if err := json.Unmarshal(data, &values[i]); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
	}
	return cmp.Equal(values[0], values[1])
}

func TestIssueAndPresent(t *testing.T) {
	for _, hash := range []string{"", "sha-256", "sha-384", "sha-512"} {
		token := parse(t, issueBadge(t, IssueOptions{
			Hash: hash, Decoys: 3,
			Disclose: []string{
				"/credentialSubject/name", "/credentialSubject/address", "/credentialSubject/address/street", "/credentialSubject/phones/0",
				"/credentialSubject/phones/2", "/credentialSubject/phones/2/n", "/id",
			},
		}))
		if err := token.JWS.Verify(issuer.Public()); err != nil {
			t.Fatal(err)
		}
		if !same(t, token.Payload, []byte(badge)) || token.Withheld != 12 || len(token.Disclosures) != 7 || token.JWS.Header.Type != TypeCredential {
			t.Errorf("%s: %d withheld, %d disclosures, %s", hash, token.Withheld, len(token.Disclosures), token.Payload)
		}
		for name, test := range map[string]struct {
			show []string
			want string
		}{
			"nothing": {nil, `{"address":null}`},
			"street brings address": {
				[]string{"/credentialSubject/address/street"}, `"address":{"street":"S","city":"C"},"phones":["2"]`,
			},
			"address without street": {[]string{"/credentialSubject/address"}, `"address":{"city":"C"},"phones":["2"]`},
			"element":                {[]string{"/credentialSubject/phones/2/n"}, `"phones":["2",{"n":"3"}]`},
		} {
			presented, err := token.Present(test.show, nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			shown := parse(t, presented)
			if name == "nothing" {
				test.want = `"phones":["2"]`
			}
			want := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"did:example:i","credentialSubject":{"id":"did:example:s",` + test.want + `}}`
			if !same(t, shown.Payload, []byte(want)) || shown.JWS.Verify(issuer.Public()) != nil {
				t.Errorf("%s: %s", name, shown.Payload)
			}
		}
		if _, err := token.Present([]string{"/issuer"}, nil); !errors.Is(err, ErrDisclosure) {
			t.Errorf("presenting what has no disclosure: %v", err)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		payload string
		options IssueOptions
		want    error
	}{
		"nothing there":          {badge, IssueOptions{Disclose: []string{"/credentialSubject/shoe"}}, ErrDisclosure},
		"element not there":      {badge, IssueOptions{Disclose: []string{"/credentialSubject/phones/3"}}, ErrDisclosure},
		"not a pointer":          {badge, IssueOptions{Disclose: []string{"credentialSubject.name"}}, ErrDisclosure},
		"@context":               {badge, IssueOptions{Disclose: []string{"/@context"}}, ErrDisclosure},
		"type":                   {badge, IssueOptions{Disclose: []string{"/type"}}, ErrDisclosure},
		"element of type":        {badge, IssueOptions{Disclose: []string{"/type/0"}}, ErrDisclosure},
		"credentialStatus":       {badge, IssueOptions{Disclose: []string{"/credentialStatus"}}, ErrDisclosure},
		"exp":                    {`{"exp":1}`, IssueOptions{Disclose: []string{"/exp"}}, ErrDisclosure},
		"hash":                   {badge, IssueOptions{Hash: "md5"}, ErrHash},
		"reserved name":          {`{"a":{"_sd":[]}}`, IssueOptions{}, ErrDisclosure},
		"reserved element":       {`{"a":[{"...":"x"}]}`, IssueOptions{}, ErrDisclosure},
		"not an object":          {`[]`, IssueOptions{}, jose.ErrMalformed},
		"not JSON":               {`{`, IssueOptions{}, jose.ErrMalformed},
		"cnf of its own as well": {`{"cnf":{}}`, IssueOptions{Holder: holder.Public()}, jose.ErrMalformed},
		"holder key of no kind":  {`{}`, IssueOptions{Holder: []byte{1}}, jose.ErrUnsupportedKey},
	} {
		test.options.Random = rand.Reader
		if token, err := Issue([]byte(test.payload), issuer, test.options); token != "" || !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	if _, err := Issue([]byte(badge), issuer, IssueOptions{Disclose: []string{"/id"}}); err == nil {
		t.Error("made a salt without randomness")
	}
}

func TestSaltsDiffer(t *testing.T) {
	token := parse(t, issueBadge(t, IssueOptions{Disclose: []string{"/credentialSubject/phones/0", "/credentialSubject/phones/1", "/id"}}))
	salts := map[string]bool{}
	for _, d := range token.Disclosures {
		decoded, _ := base64.RawURLEncoding.DecodeString(d.Encoded)
		var parts []any
		if err := json.Unmarshal(decoded, &parts); err != nil {
			t.Fatal(err)
		}
		salt := parts[0].(string)
		if raw, err := base64.RawURLEncoding.DecodeString(salt); err != nil || len(raw) != 16 || salts[salt] {
			t.Errorf("salt %q", salt)
		}
		salts[salt] = true
	}
}

func TestKeyBinding(t *testing.T) {
	token := parse(t, issueBadge(t, IssueOptions{Holder: holder.Public(), Disclose: []string{"/credentialSubject/name", "/id"}}))
	binding := &Binding{Signer: holder, Nonce: "n-1", Audience: "https://verifier.example", IssuedAt: now}
	presented, err := token.Present([]string{"/id"}, binding)
	if err != nil {
		t.Fatal(err)
	}
	expect := Expect{Nonce: "n-1", Audience: "https://verifier.example", Now: now}
	shown := parse(t, presented)
	named, err := shown.HolderKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := shown.VerifyKeyBinding(named, expect); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Expect){
		"nonce":        func(e *Expect) { e.Nonce = "n-2" },
		"audience":     func(e *Expect) { e.Audience = "https://other.example" },
		"one of them":  func(e *Expect) { e.Nonce, e.Audience = "", "https://other.example" },
		"too late":     func(e *Expect) { e.Now = now.Add(7 * time.Minute) },
		"too early":    func(e *Expect) { e.Now = now.Add(-2 * time.Minute) },
		"shorter age":  func(e *Expect) { e.Now, e.MaxAge = now.Add(3*time.Minute), time.Minute },
		"no clock":     func(e *Expect) { e.Now = time.Time{} },
		"zero request": func(e *Expect) { *e = Expect{} },
	} {
		e := expect
		change(&e)
		if err := shown.VerifyKeyBinding(named, e); !errors.Is(err, ErrKeyBinding) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, change := range map[string]func(*Expect){
		"no nonce": func(e *Expect) { e.Nonce = "" }, "no audience": func(e *Expect) { e.Audience = "" },
	} {
		e := expect
		change(&e)
		if err := shown.VerifyKeyBinding(named, e); err != nil {
			t.Errorf("%s asked for: %v", name, err)
		}
	}
	if err := shown.VerifyKeyBinding(issuer.Public(), expect); !errors.Is(err, jose.ErrSignature) {
		t.Errorf("key of the issuer: %v", err)
	}
	if err := token.VerifyKeyBinding(named, expect); !errors.Is(err, ErrKeyBinding) {
		t.Errorf("without key binding: %v", err)
	}
	// A disclosure more or less, under the same key binding.
	cut := strings.LastIndexByte(presented, '~')
	jwt, _, _ := strings.Cut(presented, "~")
	for name, changed := range map[string]string{
		"one less": jwt + "~" + presented[cut+1:],
		"one more": presented[:cut+1] + token.Disclosures[slices.IndexFunc(token.Disclosures, func(d Disclosure) bool { return d.Name == "name" })].Encoded + "~" + presented[cut+1:],
	} {
		other := parse(t, changed)
		if err := other.VerifyKeyBinding(named, expect); !errors.Is(err, ErrKeyBinding) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, b := range map[string]*Binding{
		"another key": {Signer: issuer, Nonce: "n", Audience: "a", IssuedAt: now},
		"no nonce":    {Signer: holder, Audience: "a", IssuedAt: now},
		"no time":     {Signer: holder, Nonce: "n", Audience: "a"},
	} {
		if _, err := token.Present(nil, b); !errors.Is(err, ErrKeyBinding) {
			t.Errorf("presenting with %s: %v", name, err)
		}
	}
	unbound := parse(t, issueBadge(t, IssueOptions{}))
	if _, err := unbound.HolderKey(); !errors.Is(err, ErrKeyBinding) {
		t.Errorf("no cnf: %v", err)
	}
}

// What a holder can write into the key binding, and must not get past.
func TestKeyBindingClaims(t *testing.T) {
	token := issueBadge(t, IssueOptions{Holder: holder.Public()})
	good := fmt.Sprintf(`"aud":"a","nonce":"n","iat":%d,"sd_hash":"%s"`, now.Unix(), sum(token))
	for name, test := range map[string]struct {
		header, payload string
		fine            bool
	}{
		"as it should be": {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + good + `}`, true},
		"two audiences":   {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + strings.Replace(good, `"a"`, `["a","b"]`, 1) + `}`, false},
		"no iat":          {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + strings.Replace(good, `"iat"`, `"at"`, 1) + `}`, false},
		"iat as text":     {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + strings.Replace(good, fmt.Sprint(now.Unix()), `"now"`, 1) + `}`, false},
		"no sd_hash":      {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + strings.Replace(good, `"sd_hash"`, `"hash"`, 1) + `}`, false},
		"sd_hash empty":   {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + strings.Replace(good, sum(token), ``, 1) + `}`, false},
		"exp past":        {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + good + fmt.Sprintf(`,"exp":%d}`, now.Unix()), false},
		"nbf ahead":       {`{"alg":"EdDSA","typ":"kb+jwt"}`, `{` + good + fmt.Sprintf(`,"nbf":%d}`, now.Unix()+3600), false},
		"typ JWT":         {`{"alg":"EdDSA","typ":"JWT"}`, `{` + good + `}`, false},
	} {
		input := b64(test.header) + "." + b64(test.payload)
		parsed, err := Parse([]byte(token + input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(holder, []byte(input)))))
		if err == nil {
			err = parsed.VerifyKeyBinding(holder.Public(), Expect{Nonce: "n", Audience: "a", Now: now})
		}
		if (err == nil) != test.fine {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDocument(t *testing.T) {
	const v2 = `"@context":["https://www.w3.org/ns/credentials/v2"]`
	a := b64(`["salt","iss","did:example:i"]`)
	for name, test := range map[string]struct {
		typ, payload string
		disclosures  []string
		document     string
		want         error
	}{
		"credential":         {"vc+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential","iat":1}`, nil, `{` + v2 + `,"type":"VerifiableCredential"}`, nil},
		"presentation":       {"vp+sd-jwt", `{` + v2 + `,"type":"VerifiablePresentation"}`, nil, `{` + v2 + `,"type":"VerifiablePresentation"}`, nil},
		"SD-JWT VC":          {"dc+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential","vct":"https://a.example/t","cnf":{}}`, nil, `{` + v2 + `,"type":"VerifiableCredential"}`, nil},
		"SD-JWT VC, no vct":  {"dc+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential"}`, nil, "", jose.ErrClaims},
		"SD-JWT VC, hidden":  {"dc+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential","vct":"t","_sd":["` + sum(a) + `"]}`, []string{a}, "", ErrDisclosure},
		"SD-JWT VC alone":    {"dc+sd-jwt", `{"vct":"https://a.example/t","iss":"https://i.example"}`, nil, "", jose.ErrType},
		"other typ":          {"bad+typ", `{` + v2 + `,"type":"VerifiableCredential"}`, nil, "", jose.ErrType},
		"no typ":             {"", `{` + v2 + `,"type":"VerifiableCredential"}`, nil, "", jose.ErrType},
		"vc+jwt":             {"vc+jwt", `{` + v2 + `,"type":"VerifiableCredential"}`, nil, "", jose.ErrType},
		"typ of the other":   {"vp+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential"}`, nil, "", jose.ErrType},
		"claim vc":           {"vc+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential","vc":{}}`, nil, "", jose.ErrClaims},
		"iss of another":     {"vc+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential","issuer":"did:example:x","_sd":["` + sum(a) + `"]}`, []string{a}, "", jose.ErrClaims},
		"iss as the issuer":  {"vc+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential","issuer":"did:example:i","_sd":["` + sum(a) + `"]}`, []string{a}, `{` + v2 + `,"type":"VerifiableCredential","issuer":"did:example:i"}`, nil},
		"version 1.1":        {"vc+sd-jwt", `{"@context":["https://www.w3.org/2018/credentials/v1"],"type":"VerifiableCredential"}`, nil, "", jose.ErrType},
		"cty of another":     {"vc+sd-jwt\",\"cty\":\"bad+cty", `{` + v2 + `,"type":"VerifiableCredential"}`, nil, "", jose.ErrType},
		"claim exp as text":  {"vc+sd-jwt", `{` + v2 + `,"type":"VerifiableCredential","exp":"1"}`, nil, "", jose.ErrClaims},
		"context undeclared": {"vc+sd-jwt", `{"type":"VerifiableCredential"}`, nil, "", jose.ErrType},
	} {
		header := `{"alg":"EdDSA","typ":"` + test.typ + `"}`
		if test.typ == "" {
			header = `{"alg":"EdDSA"}`
		}
		token := b64(header) + "." + b64(test.payload) + "." + b64("x") + "~"
		for _, d := range test.disclosures {
			token += d + "~"
		}
		parsed, err := Parse([]byte(token))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		document, err := parsed.Document(jose.Options{})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
			continue
		}
		if err == nil && string(document.Bytes) != test.document {
			t.Errorf("%s: %s", name, document.Bytes)
		}
	}
}

// Whatever is issued and whatever of it is shown reads back as just that.
func TestAnySelection(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{
		"/id", "/issuer", "/credentialSubject/id", "/credentialSubject/name", "/credentialSubject/address", "/credentialSubject/address/street",
		"/credentialSubject/address/city", "/credentialSubject/phones", "/credentialSubject/phones/0", "/credentialSubject/phones/1", "/credentialSubject/phones/2/n",
	}
	rapid.Check(t, func(r *rapid.T) {
		hidden := rapid.SliceOfDistinct(rapid.SampledFrom(all), func(s string) string { return s }).Draw(r, "hidden")
		token, err := Issue([]byte(badge), ec, IssueOptions{
			Disclose: hidden, Random: rand.Reader, Decoys: rapid.IntRange(0, 3).Draw(r, "decoys"), Signing: jose.SigningOptions{Random: rand.Reader},
		})
		if err != nil {
			r.Fatal(err)
		}
		whole, err := Parse([]byte(token))
		if err != nil || !same(t, whole.Payload, []byte(badge)) {
			r.Fatalf("%v: %s", err, whole.Payload)
		}
		var show []string
		for _, d := range whole.Disclosures {
			if rapid.Bool().Draw(r, d.Pointer) {
				show = append(show, d.Pointer)
			}
		}
		presented, err := whole.Present(show, nil)
		if err != nil {
			r.Fatal(err)
		}
		part, err := Parse([]byte(presented))
		if err != nil || part.JWS.Verify(ec.Public()) != nil {
			r.Fatal(err)
		}
		if len(part.Disclosures) < len(show) || len(show) == 0 && len(part.Disclosures) > 0 {
			r.Fatalf("showed %v, got %d", show, len(part.Disclosures))
		}
	})
}

// Any change of a letter outside the key binding is noticed.
func TestNoByteCanChange(t *testing.T) {
	good := []byte(issueBadge(t, IssueOptions{Disclose: []string{"/id", "/credentialSubject/phones/0"}}))
	for i := range good {
		for _, flip := range []byte{1, 2, 32} {
			changed := slices.Clone(good)
			changed[i] ^= flip
			if parsed, err := Parse(changed); err == nil && parsed.JWS.Verify(issuer.Public()) == nil {
				t.Fatalf("byte %d changed from %q to %q and still verifies", i, good[i], changed[i])
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	a := b64(`["salt","a",{"_sd":["x"]}]`)
	f.Add([]byte(signed(`{"_sd":["`+sum(a)+`"],"x":[{"...":"y"}]}`, a)))
	f.Add([]byte(signed(`{"_sd":["`+rfcMemberDigest+`"],"n":[{"...":"`+rfcElementDigest+`"}]}`, rfcMember, rfcElement)))
	f.Fuzz(func(t *testing.T, data []byte) {
		token, err := Parse(data)
		if err != nil {
			return
		}
		doc, err := strictjson.Parse(token.Payload)
		if err != nil {
			t.Fatalf("the payload is not strict JSON: %v", err)
		}
		checkNoReserved(t, doc.Root())
		_, _ = token.Document(jose.Options{})
		again, err := token.Present(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse([]byte(again)); err != nil {
			t.Fatalf("without its disclosures: %v", err)
		}
	})
}

// FuzzDisclosures feeds what an issuer could sign.
func FuzzDisclosures(f *testing.F) {
	f.Add(`{"a":1}`, `["s","b",1]`, `["s",2]`)
	f.Fuzz(func(t *testing.T, payload, one, two string) {
		one, two = b64(one), b64(two)
		payload = strings.NewReplacer("ONE", sum(one), "TWO", sum(two)).Replace(payload)
		token, err := Parse([]byte(signed(payload, one, two)))
		if err != nil {
			return
		}
		doc, err := strictjson.Parse(token.Payload)
		if err != nil {
			t.Fatalf("the payload is not strict JSON: %v", err)
		}
		checkNoReserved(t, doc.Root())
	})
}

func checkNoReserved(t *testing.T, v strictjson.Value) {
	for name, value := range v.Members() {
		if reserved(name) {
			t.Fatalf("%q is left over", name)
		}
		checkNoReserved(t, value)
	}
	if v.Kind() == strictjson.Array {
		for element := range v.Elements() {
			checkNoReserved(t, element)
		}
	}
}
