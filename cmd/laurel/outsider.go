package main

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/did"
	"laurel/verifier"
)

// outsider is somebody who knows an address and an API key, and nothing of the
// store: all it learns, it learns over HTTP.
type outsider struct {
	client    *http.Client
	suites    *dataintegrity.Suites
	verifier  *verifier.Verifier
	publicURL string
	apiKey    string

	achievement string // id
	award       issued
	document    *did.Document
	badge       []byte
	tampered    []byte
}

// newOutsider connects to the demo's address whatever this machine takes
// localhost for.
func newOutsider(d *demo) (*outsider, error) {
	set, err := contexts.Embedded()
	if err != nil {
		return nil, fmt.Errorf("loading contexts: %w", err)
	}
	processor := jsonld.New(set, jsonld.Options{})
	address := d.listeners[0].Addr().String()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	o := &outsider{
		client: &http.Client{Transport: transport, Timeout: 10 * time.Second}, suites: dataintegrity.New(processor),
		publicURL: d.publicURL, apiKey: d.apiKey,
	}
	o.verifier = verifier.New(verifier.Config{Contexts: set, JSONLD: processor, Suites: o.suites, Resolver: o, Documents: o})
	return o, nil
}

// leg is a step to be made. needed says that nothing can follow a failure.
type leg struct {
	name   string
	needed bool
	do     func(context.Context) (detail string, err error)
}

func (o *outsider) journey() []leg {
	return []leg{
		{"Find an achievement with the operators' API", true, o.findAchievement},
		{"Award it", true, o.issue},
		{"Fetch the issuer's DID document", true, o.fetchDocument},
		{"Fetch the badge by its address", true, o.fetchBadge},
		{"Open its page", false, o.openPage},
		{"Check it here, with the key of that document", false, o.checkHere},
		{"Have it checked by the server", false, o.checkThere},
		{"Change one character: refused here", false, o.tamperHere},
		{"Change one character: refused by the server", false, o.tamperThere},
		{"Revoke it", true, o.revoke},
		{"See it in the signed status list", false, o.seeInList},
		{"Check it here again: refused", false, o.revokedHere},
		{"Have it checked by the server again: refused", false, o.revokedThere},
	}
}

// get fetches something of the demo's, without the API key.
func (o *outsider) get(ctx context.Context, address, accept string) ([]byte, error) {
	return exchange(ctx, o.client, http.MethodGet, address, http.Header{"Accept": {accept}}, nil)
}

// operate calls the operators' API.
func (o *outsider) operate(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	header := http.Header{"Authorization": {"Bearer " + o.apiKey}, "Content-Type": {"application/json"}}
	answer, err := exchange(ctx, o.client, method, o.publicURL+path, header, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

func (o *outsider) findAchievement(ctx context.Context) (string, error) {
	var list struct {
		Items []achievement `json:"items"`
	}
	if err := o.operate(ctx, http.MethodGet, "/api/v1/achievements", nil, &list); err != nil {
		return "", err
	}
	if len(list.Items) == 0 {
		return "", errors.New("there is none")
	}
	chosen := list.Items[0]
	o.achievement = chosen.ID
	return chosen.name(), nil
}

func (o *outsider) issue(ctx context.Context) (string, error) {
	request := map[string]any{
		"achievement": o.achievement,
		"recipient":   map[string]string{"email": "outsider@alder-hill.example", "name": "Olu Outsider"},
	}
	if err := o.operate(ctx, http.MethodPost, "/api/v1/credentials", request, &o.award); err != nil {
		return "", err
	}
	return o.award.URL, nil
}

// documentURL is where the did:web DID of the demo has its document, were it
// not that did:web is https alone.
func (o *outsider) documentURL() string { return o.publicURL + "/.well-known/did.json" }

func (o *outsider) fetchDocument(ctx context.Context) (string, error) {
	data, err := o.get(ctx, o.documentURL(), "application/did+json, application/did+ld+json, application/json")
	if err != nil {
		return "", err
	}
	if o.document, err = did.ParseDocument(data); err != nil {
		return "", err
	}
	address, err := url.Parse(o.publicURL)
	if err != nil {
		return "", err
	}
	if want := "did:web:" + strings.ReplaceAll(address.Host, ":", "%3A"); o.document.ID != want {
		return "", fmt.Errorf("the document is not that of %s", want)
	}
	return fmt.Sprintf("%s with %d key(s)", o.document.ID, len(o.document.VerificationMethods)), nil
}

func (o *outsider) fetchBadge(ctx context.Context) (string, error) {
	var err error
	if o.badge, err = o.get(ctx, o.award.URL, "application/vc, application/vc+ld+json, application/json"); err != nil {
		return "", err
	}
	parsed, err := strictjson.Parse(o.badge)
	if err != nil {
		return "", err
	}
	if id := parsed.Root().Get("id").Text(); id != o.award.URL {
		return "", errors.New("its id is not its address")
	}
	o.tampered, err = tamper(parsed.Root())
	return fmt.Sprintf("%d bytes of JSON", len(o.badge)), err
}

// tamper changes one letter in the name of the achievement.
func tamper(badge strictjson.Value) ([]byte, error) {
	name := badge.Get("credentialSubject").Get("achievement").Get("name")
	if name.Kind() != strictjson.String || len(name.Text()) == 0 {
		return nil, errors.New("the badge names no achievement")
	}
	changed := bytes.Clone(badge.Raw())
	at := name.Start() - badge.Start() + 1 // after the quotation mark
	if changed[at]++; changed[at] == '"' || changed[at] == '\\' {
		changed[at]++
	}
	return changed, nil
}

func (o *outsider) openPage(ctx context.Context) (string, error) {
	page, err := o.get(ctx, o.award.URL, "text/html")
	if err != nil {
		return "", err
	}
	if !bytes.Contains(bytes.ToLower(page), []byte("<html")) {
		return "", errors.New("what came is not a page")
	}
	return "", nil
}

// Resolve implements did.Resolver with the one document that was fetched.
func (o *outsider) Resolve(_ context.Context, d did.DID) (*did.Document, error) {
	if d.String() != o.document.ID {
		return nil, did.ErrNotFound
	}
	return o.document, nil
}

// Document implements verifier.Documents. Status lists come over HTTP, from the
// demo and from nowhere else.
func (o *outsider) Document(ctx context.Context, address string, kind verifier.Kind) ([]byte, error) {
	if !strings.HasPrefix(address, o.publicURL+"/") {
		return nil, errors.New("not an address of the demo")
	}
	return o.get(ctx, address, strings.Join(kind.MediaTypes(), ", "))
}

// here checks with the library and what was fetched.
func (o *outsider) here(ctx context.Context, badge []byte) (*verifier.Report, error) {
	return o.verifier.Verify(ctx, badge, verifier.Expect{})
}

// there has the server check.
func (o *outsider) there(ctx context.Context, badge []byte) (*verifier.Report, error) {
	answer, err := exchange(ctx, o.client, http.MethodPost, o.publicURL+"/verify", http.Header{"Content-Type": {"application/json"}}, badge)
	if err != nil {
		return nil, err
	}
	var report verifier.Report
	return &report, json.Unmarshal(answer, &report)
}

// expect compares a report with a verdict and, unless it is "", the code of
// the check that must have decided.
func expect(report *verifier.Report, err error, verdict verifier.Verdict, code verifier.Code) (string, error) {
	if err != nil {
		return "", err
	}
	decisive, _ := report.Decisive()
	said := fmt.Sprintf("%s: %s", report.Verdict, decisive.Message)
	if report.Verdict != verdict || code != "" && decisive.Code != code {
		return "", fmt.Errorf("%s (%s)", said, decisive.Code)
	}
	return said, nil
}

func (o *outsider) checkHere(ctx context.Context) (string, error) {
	report, err := o.here(ctx, o.badge)
	return expect(report, err, verifier.VerdictValid, "")
}

func (o *outsider) checkThere(ctx context.Context) (string, error) {
	report, err := o.there(ctx, o.badge)
	return expect(report, err, verifier.VerdictValid, "")
}

func (o *outsider) tamperHere(ctx context.Context) (string, error) {
	report, err := o.here(ctx, o.tampered)
	return expect(report, err, verifier.VerdictInvalid, verifier.CodeSignatureInvalid)
}

func (o *outsider) tamperThere(ctx context.Context) (string, error) {
	report, err := o.there(ctx, o.tampered)
	return expect(report, err, verifier.VerdictInvalid, verifier.CodeSignatureInvalid)
}

func (o *outsider) revoke(ctx context.Context) (string, error) {
	change := map[string]string{"action": "revoke", "reason": "demo"}
	err := o.operate(ctx, http.MethodPost, "/api/v1/credentials/"+o.award.ID+"/status", change, &o.award)
	if err == nil && o.award.State != "revoked" {
		err = fmt.Errorf("its state is %s", o.award.State)
	}
	return "", err
}

// seeInList reads the badge's entry and looks at that place of the list.
func (o *outsider) seeInList(ctx context.Context) (string, error) {
	badge, err := strictjson.Parse(o.badge)
	if err != nil {
		return "", err
	}
	entries, err := statuslist.ParseEntry(badge.Root().Get("credentialStatus"))
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if entry.StatusPurpose != statuslist.Revocation {
			continue
		}
		return o.lookUp(ctx, entry)
	}
	return "", errors.New("the badge has no entry for revocation")
}

func (o *outsider) lookUp(ctx context.Context, entry statuslist.Entry) (string, error) {
	data, err := o.Document(ctx, entry.StatusListCredential, verifier.KindStatusList)
	if err != nil {
		return "", err
	}
	parsed, err := strictjson.Parse(data)
	if err != nil {
		return "", err
	}
	key := func(_ context.Context, proof dataintegrity.Proof) (crypto.PublicKey, error) {
		method, err := o.document.Method(proof.VerificationMethod, did.AssertionMethod)
		return method.PublicKey, err
	}
	if _, err := o.suites.VerifyAll(ctx, parsed.Root(), key, dataintegrity.Expect{Now: time.Now()}); err != nil {
		return "", err
	}
	list, err := statuslist.ParseListCredential(parsed.Root())
	if err != nil {
		return "", err
	}
	status, err := list.Status(entry)
	if err == nil && !status.Set() {
		err = errors.New("its place in the list is not set")
	}
	return fmt.Sprintf("place %d of %d is set; the list's own signature is good", entry.StatusListIndex, list.List.Len()), err
}

func (o *outsider) revokedHere(ctx context.Context) (string, error) {
	report, err := o.here(ctx, o.badge)
	return expect(report, err, verifier.VerdictInvalid, verifier.CodeRevoked)
}

func (o *outsider) revokedThere(ctx context.Context) (string, error) {
	report, err := o.there(ctx, o.badge)
	return expect(report, err, verifier.VerdictInvalid, verifier.CodeRevoked)
}
