package jose

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/strictjson"
)

const (
	v2 = `"@context":["https://www.w3.org/ns/credentials/v2"]`
	v1 = `"@context":["https://www.w3.org/2018/credentials/v1"]`
	// badge has what every claim of Open Badges repeats.
	badge = v2 + `,"id":"urn:uuid:1","type":["VerifiableCredential"],"issuer":{"id":"did:example:i","name":"I"},` +
		`"validFrom":"2024-01-01T00:00:00Z","validUntil":"2030-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s","name":"S"}`
	claims   = `"iss":"did:example:i","sub":"did:example:s","jti":"urn:uuid:1","nbf":1704067200,"exp":1893456000`
	badgeOf1 = v1 + `,"id":"urn:uuid:1","type":["VerifiableCredential"],"issuer":{"id":"did:example:i"},` +
		`"issuanceDate":"2024-01-01T00:00:00Z","expirationDate":"2030-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s"}`
	presentation = v2 + `,"type":"VerifiablePresentation","holder":"did:example:h"`
)

func openTest(header, payload string, options Options) (*Token, error) {
	return Open([]byte(signRaw(header, payload)), options)
}

const (
	typeJWT = `{"alg":"EdDSA","typ":"JWT"}`
	typeNo  = `{"alg":"EdDSA"}`
	typeVC  = `{"alg":"EdDSA","typ":"vc+jwt","cty":"vc"}`
	typeVP  = `{"alg":"EdDSA","typ":"application/VP+JWT","cty":"vp"}`
)

func TestOpen(t *testing.T) {
	tests := map[string]struct {
		header, payload string
		profile         Profile
		presentation    bool
		document        string // "": the payload
		missing         []string
	}{
		"Open Badges": {
			header: typeJWT, payload: "{" + badge + "," + claims + "}", profile: ProfileOpenBadges, document: "{" + badge + "}",
		},
		"Open Badges, no typ, claims first": {
			header: typeNo, payload: "{" + claims + "," + badge + "}", profile: ProfileOpenBadges, document: "{" + badge + "}",
		},
		"Open Badges without sub and exp": {
			header: typeJWT, payload: "{" + badge + `,"iss":"did:example:i","aud":"https://a.example","jti":"urn:uuid:1","nbf":1704067200}`,
			profile: ProfileOpenBadges, document: "{" + badge + "}", missing: []string{"sub", "exp"},
		},
		"Open Badges without claims": {
			header: typeJWT, payload: "{" + badge + "}", profile: ProfileOpenBadges, missing: []string{"iss", "sub", "jti", "nbf", "exp"},
		},
		"issuer as text": {
			header: typeJWT, payload: "{" + v2 + `,"type":"VerifiableCredential","issuer":"did:example:i","iss":"did:example:i"}`,
			profile: ProfileOpenBadges, document: "{" + v2 + `,"type":"VerifiableCredential","issuer":"did:example:i"}`, missing: []string{"sub", "jti", "nbf"},
		},
		"VC-JOSE-COSE": {header: typeVC, payload: "{" + badge + "}", profile: ProfileVCJOSECOSE},
		"VC-JOSE-COSE, exp about the signature": {
			header: typeVC, payload: "{" + badge + `,"iat":1,"exp":2}`, profile: ProfileVCJOSECOSE, document: "{" + badge + "}",
		},
		"VC-JOSE-COSE, unknown parameters and claims": {
			header:  `{"alg":"EdDSA","typ":"vc+jwt","iss":"did:example:i","x":1}`,
			payload: "{" + badge + `,"zoneinfo":"UTC"}`, profile: ProfileVCJOSECOSE,
		},
		"draft typ":    {header: `{"alg":"EdDSA","typ":"vc+ld+json+jwt","cty":"vc+ld+json"}`, payload: "{" + badge + "}", profile: ProfileVCJOSECOSE},
		"presentation": {header: typeVP, payload: "{" + presentation + "}", profile: ProfileVCJOSECOSE, presentation: true},
		"presentation, no typ": {
			header: typeNo, payload: "{" + presentation + `,"iss":"did:example:h","nonce":"n"}`, profile: ProfileVCJOSECOSE, presentation: true,
			document: "{" + presentation + "}",
		},
		"VC-JWT 1.1": {
			header: typeJWT, payload: `{"vc":{` + badgeOf1 + "}," + claims + "}", profile: ProfileVCJWT, document: "{" + badgeOf1 + "}",
		},
		"VC-JWT 1.1, everything in claims": {
			header: typeNo, payload: `{"vc":{` + v1 + `,"type":["VerifiableCredential"],"credentialSubject":{"a":1}},` + claims + "}", profile: ProfileVCJWT,
			document: "{" + v1 + `,"type":["VerifiableCredential"],"credentialSubject":{"a":1,"id":"did:example:s"},"issuer":"did:example:i","id":"urn:uuid:1",` +
				`"issuanceDate":"2024-01-01T00:00:00Z","expirationDate":"2030-01-01T00:00:00Z"}`,
		},
		"VC-JWT 1.1, id of an issuer object and of a listed subject": {
			header: typeJWT, payload: `{"vc":{` + v1 + `,"type":"VerifiableCredential","issuer":{"name":"I"},"credentialSubject":[{"a":1}]},` + claims + "}", profile: ProfileVCJWT,
			document: "{" + v1 + `,"type":"VerifiableCredential","issuer":{"name":"I","id":"did:example:i"},"credentialSubject":{"a":1,"id":"did:example:s"},` +
				`"id":"urn:uuid:1","issuanceDate":"2024-01-01T00:00:00Z","expirationDate":"2030-01-01T00:00:00Z"}`,
		},
		"VP-JWT 1.1": {
			header: typeJWT, payload: `{"vp":{` + v1 + `,"type":"VerifiablePresentation"},"iss":"did:example:h","jti":"urn:uuid:9","aud":["a","b"],"nonce":"n"}`,
			profile: ProfileVCJWT, presentation: true,
			document: "{" + v1 + `,"type":"VerifiablePresentation","holder":"did:example:h","id":"urn:uuid:9"}`,
		},
	}
	for name, test := range tests {
		token, err := openTest(test.header, test.payload, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := test.document
		if want == "" {
			want = test.payload
		}
		got := struct {
			Profile      Profile
			Presentation bool
			Document     string
			Missing      []string
		}{token.Profile, token.Presentation, string(token.Document), token.Missing}
		if diff := cmp.Diff(struct {
			Profile      Profile
			Presentation bool
			Document     string
			Missing      []string
		}{test.profile, test.presentation, want, test.missing}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if _, err := strictjson.Parse(token.Document); err != nil {
			t.Errorf("%s: the document is not strict JSON: %v", name, err)
		}
		_, errCredential := OpenCredential([]byte(signRaw(test.header, test.payload)), Options{})
		_, errPresentation := OpenPresentation([]byte(signRaw(test.header, test.payload)), Options{})
		if errors.Is(errCredential, ErrType) != test.presentation || errors.Is(errPresentation, ErrType) == test.presentation {
			t.Errorf("%s: opened as a credential: %v, as a presentation: %v", name, errCredential, errPresentation)
		}
	}
}

func TestOpenRefusesContradictions(t *testing.T) {
	const plain = `"iss":"did:example:i","sub":"did:example:s","jti":"urn:uuid:1","nbf":1704067200`
	tests := map[string]struct {
		header, payload string
		claim, path     string
	}{
		"iss, issuer object":              {typeJWT, "{" + badge + `,"iss":"did:example:x"}`, "iss", "/issuer/id"},
		"iss, issuer text":                {typeJWT, "{" + v2 + `,"type":"VerifiableCredential","issuer":"did:example:i","iss":"did:example:x"}`, "iss", "/issuer"},
		"iss, issuer is a number":         {typeJWT, "{" + v2 + `,"type":"VerifiableCredential","issuer":1,"iss":"did:example:x"}`, "iss", "/issuer"},
		"iss in other case":               {typeJWT, "{" + badge + `,"iss":"did:example:I"}`, "iss", "/issuer/id"},
		"iss with slash":                  {typeJWT, "{" + badge + `,"iss":"did:example:i/"}`, "iss", "/issuer/id"},
		"iss, vc+jwt":                     {typeVC, "{" + badge + `,"iss":"did:example:x"}`, "iss", "/issuer/id"},
		"iss of header":                   {`{"alg":"EdDSA","typ":"vc+jwt","iss":"did:example:x"}`, "{" + badge + `}`, "iss", "/issuer/id"},
		"iss of header and claim":         {`{"alg":"EdDSA","typ":"vc+jwt","iss":"did:example:x"}`, "{" + badge + `,"iss":"did:example:i"}`, "iss", ""},
		"iss of vp":                       {typeVP, "{" + presentation + `,"iss":"did:example:x"}`, "iss", "/holder"},
		"iss of vp claim":                 {typeJWT, `{"vp":{` + v1 + `,"type":"VerifiablePresentation","holder":{"id":"did:example:h"}},"iss":"did:example:x"}`, "iss", "/holder/id"},
		"jti":                             {typeJWT, "{" + badge + `,"jti":"urn:uuid:2"}`, "jti", "/id"},
		"jti, vc+jwt":                     {typeVC, "{" + badge + `,"jti":"urn:uuid:2"}`, "jti", "/id"},
		"sub":                             {typeJWT, "{" + badge + `,"sub":"did:example:x"}`, "sub", "/credentialSubject/id"},
		"sub, vc+jwt":                     {typeVC, "{" + badge + `,"sub":"did:example:x"}`, "sub", "/credentialSubject/id"},
		"sub, none of two":                {typeJWT, "{" + v2 + `,"type":"VerifiableCredential","credentialSubject":[{"id":"a:1"},{"id":"a:2"}],"sub":"a:3"}`, "sub", "/credentialSubject/1/id"},
		"sub, no id":                      {typeJWT, "{" + v2 + `,"type":"VerifiableCredential","credentialSubject":{"name":"x"},"sub":"a:3"}`, "sub", "/credentialSubject"},
		"sub, no subject":                 {typeJWT, `{"vc":{` + v1 + `,"type":"VerifiableCredential"},"sub":"a:3"}`, "sub", "/credentialSubject"},
		"sub, two without id":             {typeJWT, `{"vc":{` + v1 + `,"type":"VerifiableCredential","credentialSubject":[{"a":1},{"b":1}]},"sub":"a:3"}`, "sub", "/credentialSubject"},
		"nbf a second early":              {typeJWT, "{" + badge + `,"nbf":1704067199}`, "nbf", "/validFrom"},
		"nbf a second late":               {typeJWT, "{" + badge + `,"nbf":1704067201}`, "nbf", "/validFrom"},
		"nbf, validFrom no date":          {typeJWT, "{" + v2 + `,"type":"VerifiableCredential","validFrom":"yesterday","nbf":1}`, "nbf", "/validFrom"},
		"nbf, validFrom a number":         {typeJWT, "{" + v2 + `,"type":"VerifiableCredential","validFrom":1,"nbf":1}`, "nbf", "/validFrom"},
		"exp":                             {typeJWT, "{" + badge + `,"exp":1893456001}`, "exp", "/validUntil"},
		"exp, 1.1":                        {typeJWT, `{"vc":{` + badgeOf1 + `},"exp":1893456001}`, "exp", "/expirationDate"},
		"nbf, 1.1":                        {typeJWT, `{"vc":{` + badgeOf1 + `},"nbf":1}`, "nbf", "/issuanceDate"},
		"jti, 1.1":                        {typeJWT, `{"vc":{` + badgeOf1 + `},"jti":"urn:uuid:2"}`, "jti", "/id"},
		"iss, 1.1":                        {typeJWT, `{"vc":{` + badgeOf1 + `},"iss":"did:example:x"}`, "iss", "/issuer/id"},
		"sub, 1.1":                        {typeJWT, `{"vc":{` + badgeOf1 + `},"sub":"did:example:x"}`, "sub", "/credentialSubject/id"},
		"nbf after exp":                   {typeVC, "{" + badge + `,"nbf":3,"exp":2}`, "exp", ""},
		"vc beside a credential":          {typeJWT, "{" + badge + "," + plain + `,"vc":{` + badgeOf1 + "}}", "vc", ""},
		"vc beside a context":             {typeJWT, "{" + v2 + `,"vc":{` + badgeOf1 + "}}", "vc", ""},
		"vc beside a subject":             {typeJWT, `{"credentialSubject":{},"vc":{` + badgeOf1 + "}}", "vc", ""},
		"another issuer beside vc":        {typeJWT, `{"issuer":{"id":"did:example:x"},"iss":"did:example:i","vc":{` + badgeOf1 + "}}", "iss", ""},
		"another issuer beside vc alone":  {typeJWT, `{"issuer":"did:example:x","vc":{` + badgeOf1 + "}}", "iss", ""},
		"vc and vp":                       {typeJWT, `{"vp":{` + v1 + `,"type":"VerifiablePresentation"},"vc":{` + badgeOf1 + "}}", "vp", ""},
		"vc under vc+jwt":                 {typeVC, `{"vc":{` + badgeOf1 + "}}", "vc", ""},
		"vc as text in a vc+jwt":          {typeVC, "{" + badge + `,"vc":"oops","vp":"nooo"}`, "vp", ""},
		"vp under vp+jwt":                 {typeVP, `{"vp":{` + v1 + `,"type":"VerifiablePresentation"}}`, "vp", ""},
		"vc is text":                      {typeJWT, `{"vc":"x"}`, "vc", ""},
		"vc is null":                      {typeJWT, `{"vc":null}`, "vc", ""},
		"vc is a list":                    {typeJWT, `{"vc":[{` + badgeOf1 + "}]}", "vc", ""},
		"iss null":                        {typeJWT, "{" + badge + `,"iss":null}`, "iss", ""},
		"iss empty":                       {typeJWT, "{" + badge + `,"iss":""}`, "iss", ""},
		"iss object":                      {typeJWT, "{" + badge + `,"iss":{"id":"did:example:i"}}`, "iss", ""},
		"iss list":                        {typeJWT, "{" + badge + `,"iss":["did:example:i"]}`, "iss", ""},
		"sub number":                      {typeJWT, "{" + badge + `,"sub":1}`, "sub", ""},
		"jti number":                      {typeJWT, "{" + badge + `,"jti":1}`, "jti", ""},
		"nonce number":                    {typeJWT, "{" + badge + `,"nonce":1}`, "nonce", ""},
		"aud number":                      {typeJWT, "{" + badge + `,"aud":1}`, "aud", ""},
		"aud list with number":            {typeJWT, "{" + badge + `,"aud":["a",1]}`, "aud", ""},
		"aud empty":                       {typeJWT, "{" + badge + `,"aud":""}`, "aud", ""},
		"aud null":                        {typeJWT, "{" + badge + `,"aud":null}`, "aud", ""},
		"iat a date":                      {typeVC, "{" + badge + `,"iat":"2010-01-01T19:23:24Z"}`, "iat", ""},
		"exp a date in vc-jwt":            {typeJWT, `{"vc":{` + badgeOf1 + `},"exp":"2030-01-01T00:00:00Z"}`, "exp", ""},
		"validFrom fraction, nbf too far": {typeJWT, "{" + v2 + `,"type":"VerifiableCredential","validFrom":"2024-01-01T00:00:00.5Z","nbf":1704067202}`, "nbf", "/validFrom"},
	}
	for _, name := range []string{"exp", "nbf", "iat"} {
		for _, value := range []string{
			`"1"`, `null`, `true`, `[]`, `{}`, `-1`, `-0`, `1e-3`, `1e9`, `1E9`, `1.0`, `1.5`, `0.1`, `1704067200.0`, `253402300800`, `9007199254740991`, `1e19`,
			`"Infinity"`, `"2030-01-01t00:00:00z"`, `""`,
		} {
			tests[name+" "+value] = struct{ header, payload, claim, path string }{typeJWT, "{" + badge + `,"` + name + `":` + value + "}", name, ""}
		}
	}
	for name, test := range tests {
		token, err := openTest(test.header, test.payload, Options{})
		var fault *ClaimError
		if token != nil || !errors.Is(err, ErrClaims) || !errors.As(err, &fault) {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if fault.Claim != test.claim || fault.Path != test.path {
			t.Errorf("%s: claim %s at %q, want %s at %q", name, fault.Claim, fault.Path, test.claim, test.path)
		}
	}
}

// Numbers that no reader keeps exactly do not even reach the claims.
func TestOpenRefusesNumbersThatChange(t *testing.T) {
	for _, value := range []string{"9007199254740993", "1e400", "12345678901234567890"} {
		if _, err := openTest(typeJWT, "{"+badge+`,"exp":`+value+"}", Options{}); !errors.Is(err, ErrMalformed) {
			t.Errorf("exp %s: %v", value, err)
		}
	}
}

func TestOpenAcceptsWhatAgrees(t *testing.T) {
	for name, payload := range map[string]string{
		"validFrom with a fraction": "{" + v2 + `,"type":"VerifiableCredential","validFrom":"2024-01-01T00:00:00.999Z","nbf":1704067200}`,
		"validFrom with an offset":  "{" + v2 + `,"type":"VerifiableCredential","validFrom":"2024-01-01T02:00:00+02:00","nbf":1704067200}`,
		"second of two subjects":    "{" + v2 + `,"type":"VerifiableCredential","credentialSubject":[{"id":"a:1"},{"id":"a:2"}],"sub":"a:2"}`,
		"year 9999":                 "{" + v2 + `,"type":"VerifiableCredential","validUntil":"9999-12-31T23:59:59Z","exp":253402300799}`,
		"1970":                      "{" + v2 + `,"type":"VerifiableCredential","validFrom":"1970-01-01T00:00:00Z","nbf":0}`,
		"exp sets validUntil":       "{" + v2 + `,"type":"VerifiableCredential","exp":1893456000}`,
	} {
		if _, err := openTest(typeJWT, payload, Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The matrix of typ: what is made for one place is refused in every other.
func TestOpenRefusesTypes(t *testing.T) {
	for name, test := range map[string][2]string{
		"kb+jwt":                      {`{"alg":"EdDSA","typ":"kb+jwt"}`, "{" + badge + "}"},
		"openid4vci-proof+jwt":        {`{"alg":"EdDSA","typ":"openid4vci-proof+jwt"}`, "{" + badge + "}"},
		"statuslist+jwt":              {`{"alg":"EdDSA","typ":"statuslist+jwt"}`, "{" + badge + "}"},
		"at+jwt":                      {`{"alg":"EdDSA","typ":"at+jwt"}`, "{" + badge + "}"},
		"dc+sd-jwt":                   {`{"alg":"EdDSA","typ":"dc+sd-jwt"}`, "{" + badge + "}"},
		"vc+sd-jwt":                   {`{"alg":"EdDSA","typ":"vc+sd-jwt"}`, "{" + badge + "}"},
		"vc+cose":                     {`{"alg":"EdDSA","typ":"vc+cose"}`, "{" + badge + "}"},
		"text/vc+jwt":                 {`{"alg":"EdDSA","typ":"text/vc+jwt"}`, "{" + badge + "}"},
		"bad+typ":                     {`{"alg":"EdDSA","typ":"bad+typ","cty":"bad+cty"}`, "{" + badge + "}"},
		"bad cty":                     {`{"alg":"EdDSA","typ":"vc+jwt","cty":"bad+cty"}`, "{" + badge + "}"},
		"cty of a presentation":       {`{"alg":"EdDSA","typ":"vc+jwt","cty":"vp"}`, "{" + badge + "}"},
		"presentation as vc+jwt":      {typeVC, "{" + presentation + "}"},
		"credential as vp+jwt":        {typeVP, "{" + badge + "}"},
		"both types":                  {typeVC, "{" + v2 + `,"type":["VerifiableCredential","VerifiablePresentation"]}`},
		"neither type":                {typeVC, "{" + v2 + `,"type":["Thing"]}`},
		"type with the wrong kind":    {typeVC, "{" + v2 + `,"type":1}`},
		"id token":                    {typeJWT, `{"iss":"https://i.example","sub":"s","aud":"c","exp":2,"iat":1,"nonce":"n"}`},
		"no context":                  {typeJWT, `{"type":"VerifiableCredential"}`},
		"version 1.1 as payload":      {typeJWT, "{" + badgeOf1 + "}"},
		"version 1.1 as vc+jwt":       {typeVC, "{" + badgeOf1 + "}"},
		"version 2.0 in vc":           {typeJWT, `{"vc":{` + badge + "}}"},
		"version 2.0 second":          {typeJWT, `{"@context":["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json","https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential"}`},
		"presentation in vc":          {typeJWT, `{"vc":{` + v1 + `,"type":"VerifiablePresentation"}}`},
		"credential in vp":            {typeJWT, `{"vp":{` + badgeOf1 + "}}"},
		"signed badge of version 2.0": {typeNo, `{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://a.example/1"}`},
	} {
		if token, err := openTest(test[0], test[1], Options{}); token != nil || !errors.Is(err, ErrType) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOpenBadgesAllowsNoFurtherParameters(t *testing.T) {
	header := `{"alg":"EdDSA","typ":"JWT","nonsense":1}`
	if _, err := openTest(header, "{"+badge+","+claims+"}", Options{}); !errors.Is(err, ErrHeader) {
		t.Errorf("got %v", err)
	}
	if _, err := openTest(header, `{"vc":{`+badgeOf1+"}}", Options{}); err != nil {
		t.Errorf("under version 1.1: %v", err)
	}
}

func TestOptions(t *testing.T) {
	token, err := openTest(typeJWT, `{"vc":{`+v2+`,"type":"VerifiableCredential","credentialSubject":{"a":1}},`+claims+"}", Options{VC2InClaim: true})
	if err != nil {
		t.Fatal(err)
	}
	want := "{" + v2 + `,"type":"VerifiableCredential","credentialSubject":{"a":1,"id":"did:example:s"},"issuer":"did:example:i","id":"urn:uuid:1",` +
		`"validFrom":"2024-01-01T00:00:00Z","validUntil":"2030-01-01T00:00:00Z"}`
	if diff := cmp.Diff(want, string(token.Document)); diff != "" {
		t.Error(diff)
	}
	token, err = openTest(typeVC, "{"+badge+`,"iat":"2010-01-01T19:23:24Z"}`, Options{DateTimeClaims: true})
	if err != nil || !token.Claims.IssuedAt.Equal(time.Date(2010, 1, 1, 19, 23, 24, 0, time.UTC)) {
		t.Errorf("got %+v, %v", token, err)
	}
	if _, err := openTest(typeVC, "{"+badge+`,"iat":"soon"}`, Options{DateTimeClaims: true}); !errors.Is(err, ErrClaims) {
		t.Errorf("got %v", err)
	}
}

// A key of the attacker in the header, under the name of the victim: reading
// gives the facts, and a caller that takes the key from the issuer is not
// fooled.
func TestKeyInTheHeaderProvesNothing(t *testing.T) {
	attacker, victim := testSigners()["EdDSA"], testSigners()["ES256"]
	jwk, err := MarshalJWK(attacker.Public())
	if err != nil {
		t.Fatal(err)
	}
	token, err := openTest(`{"alg":"EdDSA","typ":"JWT","jwk":`+string(jwk)+`}`, "{"+badge+","+claims+"}", Options{})
	if err != nil {
		t.Fatal(err)
	}
	inHeader, _ := Thumbprint(token.JWS.Header.Key)
	want, _ := Thumbprint(attacker.Public())
	if inHeader != want {
		t.Errorf("the key of the header is not reported")
	}
	if err := token.JWS.Verify(victim.Public()); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("with the key of the issuer: %v", err)
	}
}

func TestSignOpenBadge(t *testing.T) {
	for alg, signer := range testSigners() {
		signed, err := SignOpenBadge([]byte("{"+badge+"}"), signer, SigningOptions{KeyID: "https://i.example/keys/1", Random: rand.Reader})
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		token, err := OpenCredential([]byte(signed), Options{})
		if err != nil || token.JWS.Verify(signer.Public()) != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		if token.Profile != ProfileOpenBadges || len(token.Missing) > 0 || string(token.Document) != "{"+badge+"}" {
			t.Errorf("%s: %s, missing %v, %s", alg, token.Profile, token.Missing, token.Document)
		}
		var payload map[string]any
		if err := json.Unmarshal(token.JWS.Payload, &payload); err != nil || payload["nbf"] != 1704067200.0 || payload["exp"] != 1893456000.0 {
			t.Errorf("%s: %s", alg, token.JWS.Payload)
		}
	}
	for name, document := range map[string]string{
		"no id": strings.Replace(badge, `"id":"urn:uuid:1",`, "", 1), "no issuer": strings.Replace(badge, `"issuer"`, `"publisher"`, 1),
		"no subject id": strings.Replace(badge, `"id":"did:example:s",`, "", 1), "no validFrom": strings.Replace(badge, "validFrom", "since", 1),
		"validUntil no date": strings.Replace(badge, "2030-01-01T00:00:00Z", "later", 1), "before 1970": strings.Replace(badge, "2024-", "1924-", 1),
	} {
		if _, err := SignOpenBadge([]byte("{"+document+"}"), testSigners()["EdDSA"], SigningOptions{}); !errors.Is(err, ErrClaims) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SignOpenBadge([]byte("{"+badgeOf1+"}"), testSigners()["EdDSA"], SigningOptions{}); err == nil {
		t.Error("signed a credential of version 1.1")
	}
}

func TestSignVC(t *testing.T) {
	for document, typ := range map[string]string{"{" + badge + "}": "vc+jwt", "{" + presentation + "}": "vp+jwt"} {
		signed, err := SignVC([]byte(document), testSigners()["EdDSA"], SigningOptions{KeyID: "did:example:i#1"})
		if err != nil {
			t.Fatal(err)
		}
		token, err := Open([]byte(signed), Options{})
		if err != nil || token.JWS.Verify(testSigners()["EdDSA"].Public()) != nil || string(token.Document) != document || token.JWS.Header.Type != typ {
			t.Errorf("%s: %v", typ, err)
		}
	}
	for name, document := range map[string]string{
		"version 1.1": "{" + badgeOf1 + "}", "claim vc": "{" + badge + `,"vc":{}}`, "iss of another": "{" + badge + `,"iss":"did:example:x"}`, "no JSON": "x",
	} {
		if _, err := SignVC([]byte(document), testSigners()["EdDSA"], SigningOptions{}); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func TestErrorsShowNoValues(t *testing.T) {
	_, err := openTest(typeJWT, "{"+badge+`,"sub":"did:example:secret-person"}`, Options{})
	if err == nil || strings.Contains(err.Error(), "secret-person") || strings.Contains(err.Error(), "did:example:s") {
		t.Errorf("got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(typeJWT, "{"+badge+","+claims+"}")
	f.Add(typeVC, "{"+badge+`,"iat":1}`)
	f.Add(typeJWT, `{"vc":{`+v1+`,"type":"VerifiableCredential","credentialSubject":[{"a":1}]},`+claims+"}")
	f.Add(typeVP, "{"+presentation+"}")
	f.Fuzz(func(t *testing.T, header, payload string) {
		token, err := openTest(header, payload, Options{VC2InClaim: true, DateTimeClaims: true})
		if err != nil {
			return
		}
		doc, err := strictjson.Parse(token.Document)
		if err != nil {
			t.Fatalf("the document is not strict JSON: %v: %s", err, token.Document)
		}
		issuer, _ := identified(doc.Root().Get("issuer"), "")
		if !token.Presentation && token.Claims.Issuer != "" && issuer.Exists() && !issuer.Is(token.Claims.Issuer) {
			t.Fatalf("iss %q beside issuer %s", token.Claims.Issuer, issuer.Raw())
		}
	})
}
