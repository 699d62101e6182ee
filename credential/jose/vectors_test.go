package jose

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"laurel/credential"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// The VC-JWT vectors of the JWS Test Suite: ES256 and PS256, VCDM 1.1.
func TestVectorsOfVCJWT(t *testing.T) {
	var file struct {
		Vectors []struct {
			Algorithm string          `json:"alg"`
			KeyID     string          `json:"kid"`
			Key       json.RawMessage `json:"publicKeyJwk"`
			JWT       string          `json:"jwt"`
			Verified  bool            `json:"verified"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal(testdata.Read(t, "w3c", "vc-jwt-1.1", "afgo-credential-0.json"), &file); err != nil {
		t.Fatal(err)
	}
	for _, vector := range file.Vectors {
		token, err := OpenCredential([]byte(vector.JWT), Options{})
		if err != nil {
			t.Errorf("%s: %v", vector.Algorithm, err)
			continue
		}
		key, err := parse(t, string(vector.Key))
		if err != nil {
			t.Fatal(err)
		}
		if err := token.JWS.Verify(key); (err == nil) != vector.Verified {
			t.Errorf("%s: %v", vector.Algorithm, err)
		}
		if token.Profile != ProfileVCJWT || token.JWS.Header.KeyID != vector.KeyID {
			t.Errorf("%s: read as %s of %s", vector.Algorithm, token.Profile, token.JWS.Header.KeyID)
		}
		parsed, err := credential.Parse(token.Document)
		if err != nil || !parsed.Value().Get("issuer").Is("did:example:123") {
			t.Errorf("%s: the document does not read as a credential of its issuer: %v", vector.Algorithm, err)
		}
	}
	if len(file.Vectors) != 2 {
		t.Errorf("%d vectors, not 2", len(file.Vectors))
	}
}

// The samples of 1EdTech carry their key in the header; that is enough to show
// that they are read and verified, and for nothing else.
func TestSamplesOfOpenBadges(t *testing.T) {
	for _, sample := range []struct {
		path    []string
		profile Profile
		missing []string
	}{
		{[]string{"derived", "vectors", "ob30-simple-jwt-png.jws"}, ProfileOpenBadges, []string{"sub"}},
		{[]string{"derived", "vectors", "ob30-simple-jwt-svg.jws"}, ProfileOpenBadges, []string{"sub"}},
		{[]string{"derived", "vectors", "ob30-simple-jwt_v1-png.jws"}, ProfileVCJWT, nil},
		{[]string{"derived", "vectors", "ob30-simple-jwt_v1-svg.jws"}, ProfileVCJWT, nil},
		{[]string{"1EdTech+digital-credentials-public-validator", "inspector-clr", "src", "test", "resources", "clr20", "simple.jwt"}, "", nil},
	} {
		name := sample.path[len(sample.path)-1]
		data := strings.TrimSpace(string(testdata.Read(t, append([]string{"openbadges"}, sample.path...)...)))
		token, err := OpenCredential([]byte(data), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if sample.profile != "" && token.Profile != sample.profile || !slices.Equal(token.Missing, sample.missing) {
			t.Errorf("%s: %s, without %v", name, token.Profile, token.Missing)
		}
		if err := token.JWS.Verify(token.JWS.Header.Key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := credential.Parse(token.Document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The signed badges of Open Badges 2.0 pass the gate, and are no credentials.
func TestSignedBadgeOfVersion2IsNoCredential(t *testing.T) {
	for _, name := range []string{"simple.jwt", "simple-not-revoked.jwt", "simple-revoked.jwt"} {
		data := strings.TrimSpace(string(testdata.Read(t, "openbadges", "1EdTech+digital-credentials-public-validator", "inspector-vc", "src", "test", "resources", "ob20", name)))
		if j, err := Parse([]byte(data)); err != nil || j.Object.Kind() != strictjson.Object {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := OpenCredential([]byte(data), Options{}); err == nil {
			t.Errorf("%s was opened as a credential", name)
		}
	}
}
