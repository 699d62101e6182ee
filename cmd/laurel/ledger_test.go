package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"laurel/internal/keys"
)

const everySuite = `vc-api:
  - {name: eddsa-rdfc, suites: [eddsa-rdfc-2022], status: suspension}
  - {name: eddsa-jcs, suites: [eddsa-jcs-2022], status: revocation}
  - {name: ed25519, suites: [Ed25519Signature2020], status: revocation}
  - {name: p256, suites: [ecdsa-rdfc-2019, ecdsa-jcs-2019], status: revocation}
  - {name: p384, suites: [ecdsa-rdfc-2019], algorithm: P-384, status: revocation}
  - {name: sd, suites: [ecdsa-sd-2023], status: revocation}
  - {name: bbs, suites: [bbs-2023], status: revocation}
  - {name: token, suites: [vc-jwt], status: revocation}
  - {name: rsa, suites: [vc-jwt], algorithm: RSA-2048, status: revocation}
  - {name: plain, suites: [eddsa-jcs-2022]}
`

// lifecycle is a client of the instances of a server.
type lifecycle struct {
	*testing.T
	address, key string
}

func (l lifecycle) do(method, path, body string) (int, string) {
	l.Helper()
	request, err := http.NewRequestWithContext(l.Context(), method, l.address+"/vc-api/"+path, strings.NewReader(body))
	if err != nil {
		l.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+l.key)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		l.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		l.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(answer))
}

// want makes a request and compares the answer.
func (l lifecycle) want(method, path, body string, status int, holds string) string {
	l.Helper()
	got, answer := l.do(method, path, body)
	if got != status || !strings.Contains(answer, holds) {
		l.Errorf("%s %s: %d %.600s, want %d and %s", method, path, got, answer, status, holds)
	}
	return answer
}

// TestLedger issues with every suite by instances of the settings file, withdraws,
// and starts anew.
func TestLedger(t *testing.T) {
	dir := t.TempDir()
	data, config := filepath.Join(dir, "data"), filepath.Join(dir, "laurel.yaml")
	key := member(t, laurel(t, exitFine, "init", "--json", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "Example University"), "apiKey")
	for _, kind := range keys.Algorithms[1:] {
		laurel(t, exitFine, "keys", "create", "--kind", kind, "--data", data)
	}
	if err := os.WriteFile(config, []byte(everySuite), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"eddsa-rdfc", "eddsa-jcs", "ed25519", "p256", "p384", "sd", "bbs", "token", "rsa", "plain"}
	const id = "https://badges.example.ac.uk/students/4711/degree"
	plain := func(members string) string {
		return `{"credential":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],` + members +
			`"issuer":"did:web:badges.example.ac.uk","credentialSubject":{"id":"did:example:s","name":"Margarethe Mustermann"}}}`
	}
	status := func(purpose, value string) string {
		return `{"credentialId":"` + id + `","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"` + purpose + `"},"status":` + value + `}`
	}
	issued := map[string]string{}
	serve := func(t *testing.T) lifecycle {
		return lifecycle{t, start(t, "serve", "--json", "--data", data, "--listen", "127.0.0.1:0", "--config", config).Address, key}
	}
	verifiable := func(l lifecycle, name string) string {
		if name != "sd" && name != "bbs" {
			return issued[name]
		}
		return l.want("POST", name+"/credentials/derive", strings.TrimSuffix(issued[name], "}")+`,"options":{"selectivePointers":["/credentialSubject"]}}`, 201, "proof")
	}
	t.Run("issuing", func(t *testing.T) {
		l := serve(t)
		for _, name := range names {
			issued[name] = l.want("POST", name+"/credentials/issue", plain(`"id":"`+id+`",`), 201, `"verifiableCredential"`)
			l.want("POST", name+"/credentials/issue", plain(`"id":"`+id+`",`), 409, "already")
			l.want("POST", "plain/credentials/verify", verifiable(l, name), 200, `"verified":true`)
		}
		for name, method := range map[string]string{"p256": "#key-2", "p384": "#key-3", "bbs": "#key-5"} {
			if !strings.Contains(issued[name], `"did:web:badges.example.ac.uk`+method+`"`) {
				t.Errorf("%s is not signed with %s: %s", name, method, issued[name])
			}
		}
		l.want("POST", "plain/credentials/status", status("revocation", "true"), 400, "no status of this purpose")
		l.want("POST", "eddsa-jcs/credentials/status", status("suspension", "true"), 400, "no status of this purpose")
		// What has no id is given one by which to withdraw it.
		named := l.want("POST", "eddsa-jcs/credentials/issue", plain(""), 201, `"id":"urn:uuid:`)
		own := "urn:uuid:" + strings.SplitN(strings.SplitN(named, `"id":"urn:uuid:`, 2)[1], `"`, 2)[0]
		l.want("GET", "eddsa-jcs/credentials/"+own, "", 200, own)
		if _, answer := l.do("POST", "plain/credentials/issue", plain("")); strings.Contains(answer, "urn:uuid:") {
			t.Errorf("an id without need: %s", answer)
		}
	})
	t.Run("after a restart", func(t *testing.T) {
		l := serve(t)
		for _, name := range names {
			if got := l.want("GET", name+"/credentials/"+url.PathEscape(id), "", 200, "verifiableCredential"); got != issued[name] {
				t.Errorf("%s: %s, was issued as %s", name, got, issued[name])
			}
			if name == "plain" {
				continue
			}
			shown := verifiable(l, name)
			l.want("POST", name+"/credentials/status", status("revocation", "false"), 400, "stays revoked")
			if name == "eddsa-rdfc" {
				l.want("POST", name+"/credentials/status", status("suspension", "true"), 200, "{}")
				l.want("POST", "plain/credentials/verify", shown, 200, `"verified":false`)
				l.want("POST", name+"/credentials/status", status("suspension", "false"), 200, "{}")
			}
			l.want("POST", "plain/credentials/verify", shown, 200, `"verified":true`)
			l.want("POST", name+"/credentials/status", status("revocation", "true"), 200, "{}")
			l.want("POST", name+"/credentials/status", status("revocation", "true"), 200, "{}")
			l.want("POST", "plain/credentials/verify", shown, 200, `"verified":false`)
		}
		l.want("GET", "plain/credentials/none", "", 404, "no credential")
		l.want("DELETE", "token/credentials/"+url.PathEscape(id), "", 202, "")
		l.want("GET", "token/credentials/"+url.PathEscape(id), "", 410, "deleted")
		l.want("DELETE", "token/credentials/"+url.PathEscape(id), "", 410, "deleted")
		l.want("POST", "token/credentials/issue", plain(`"id":"`+id+`",`), 409, "already")
		l.want("POST", "token/credentials/status", status("revocation", "true"), 200, "{}")
		if list := laurel(t, exitFine, "keys", "affected", "key-5", "--data", data); !strings.Contains(list, "1 badges were signed with key-5") {
			t.Error(list)
		}
	})
	t.Run("after another", func(t *testing.T) {
		l := serve(t)
		for _, name := range names[:9] {
			l.want("POST", "plain/credentials/verify", verifiable(l, name), 200, `"verified":false`)
		}
		l.want("POST", "plain/credentials/verify", issued["plain"], 200, `"verified":true`)
		l.want("GET", "token/credentials/"+url.PathEscape(id), "", 410, "deleted")
	})
	// Whom it is about stands nowhere in the clear.
	var all []byte
	for _, name := range []string{storeName, settingsName} {
		contents, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, contents...)
	}
	for _, word := range []string{"Mustermann", "students/4711", "did:example:s"} {
		if strings.Contains(string(all), word) {
			t.Errorf("%q is in the data directory in the clear", word)
		}
	}
}
