package issuer

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential"
	"laurel/storage"
	"laurel/verifier"
)

// verdict verifies a badge as this installation's verifier does.
func (w *world) verdict(signed []byte) verifier.Verdict {
	w.Helper()
	report, err := w.verifier.Verify(w.Context(), signed, verifier.Expect{})
	if err != nil {
		w.Fatal(err)
	}
	if check, ok := report.Decisive(); ok && report.Verdict != verifier.VerdictValid {
		w.Logf("%s: %s at %q", check.Code, check.Message, check.Path)
	}
	return report.Verdict
}

func (w *world) badge(id string) Credential {
	w.Helper()
	c, err := w.Credential(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func TestAward(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	request.Evidence = []json.RawMessage{json.RawMessage(`{"id":"https://example.org/e/1","name":"Log book"}`)}
	request.ValidUntil = w.clockNow().Add(365 * 24 * time.Hour)
	request.AwardedDate = w.clockNow().Add(-time.Hour)
	made := w.award(request)
	if made.State != storage.StateIssued || made.URL != testURL+"/credentials/"+made.ID || len(made.ID) != 26 {
		t.Errorf("answer %+v", made)
	}
	c := w.badge(made.ID)
	if got := w.verdict(c.Signed); got != verifier.VerdictValid {
		t.Fatalf("verdict %s of %s", got, c.Signed)
	}
	if c.State != storage.StateIssued || c.Visibility != storage.VisibilityLink || c.Achievement != request.Achievement {
		t.Errorf("record %+v", c)
	}

	var badge map[string]any
	if err := json.Unmarshal(c.Signed, &badge); err != nil {
		t.Fatal(err)
	}
	subject := badge["credentialSubject"].(map[string]any)
	if ok, _ := regexp.MatchString(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, subject["id"].(string)); !ok {
		t.Errorf("subject id %v", subject["id"])
	}
	status := badge["credentialStatus"].(map[string]any)
	record, err := w.store.Credential(t.Context(), DefaultSlug, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	list := testURL + "/status/" + record.Status[0].List
	index := decimal(record.Status[0].Index)
	for name, pair := range map[string][2]any{
		"contexts":    {badge["@context"], []any{credential.ContextV2, credential.ContextOpenBadges}},
		"id":          {badge["id"], made.URL},
		"type":        {badge["type"], []any{"VerifiableCredential", "OpenBadgeCredential"}},
		"name":        {badge["name"], "Peer mentor"},
		"validFrom":   {badge["validFrom"], "2026-03-14T15:09:26Z"},
		"validUntil":  {badge["validUntil"], "2027-03-14T15:09:26Z"},
		"awardedDate": {badge["awardedDate"], "2026-03-14T14:09:26Z"},
		"issuer": {badge["issuer"], map[string]any{
			"id": "did:web:badges.example.ac.uk", "type": []any{"Profile"}, "name": "Example University",
			"url": "https://example.ac.uk", "email": "badges@example.ac.uk",
		}},
		"evidence": {badge["evidence"], []any{map[string]any{"type": []any{"Evidence"}, "id": "https://example.org/e/1", "name": "Log book"}}},
		"status": {status, map[string]any{
			"id": list + "#" + index, "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
			"statusListIndex": index, "statusListCredential": list,
		}},
		"achievement id": {subject["achievement"].(map[string]any)["id"], testURL + "/achievements/" + request.Achievement},
		"verification":   {badge["proof"].(map[string]any)["verificationMethod"], "did:web:badges.example.ac.uk#key-1"},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	identifiers := credential.Decode[credential.AchievementSubject](parse(t, c.Signed).Get("credentialSubject")).Identifier
	if len(identifiers) != 2 || len(identifiers[0].Salt) != 32 || identifiers[1].Hashed || identifiers[1].Salt != "" {
		t.Fatalf("identifiers %+v", identifiers)
	}
	if got := credential.MatchIdentity(identifiers[0], "ada.lovelace@example.org", "emailAddress"); got != credential.ExactMatch {
		t.Errorf("e-mail address matches %v", got)
	}
	if got := credential.MatchIdentity(identifiers[1], "Ada King Lovelace", "name"); got != credential.ExactMatch {
		t.Errorf("name matches %v", got)
	}
	if text := strings.ToLower(string(c.Signed)); strings.Contains(text, "ada.lovelace") || strings.Contains(text, "@example.org") {
		t.Error("the badge tells its recipient's address")
	}
	forged := bytes.Replace(c.Signed, []byte("Peer mentor"), []byte("Peer menter"), 1)
	if got := w.verdict(forged); got != verifier.VerdictInvalid {
		t.Errorf("a forged badge is %s", got)
	}
}

func TestAwardByID(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Suspension = true })
	achievement := w.mentor()
	holder := "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	made := w.award(Request{Achievement: achievement.URL, Recipient: Recipient{ID: holder}, Visibility: storage.VisibilityPublic})
	c := w.badge(made.ID)
	if got := w.verdict(c.Signed); got != verifier.VerdictValid {
		t.Fatalf("verdict %s", got)
	}
	root := parse(t, c.Signed)
	if got := root.Get("credentialSubject").Get("id").Text(); got != holder {
		t.Errorf("subject %s", got)
	}
	if root.Get("credentialSubject").Get("identifier").Exists() {
		t.Error("an identifier of a recipient that is known by an id")
	}
	var purposes []string
	for entry := range root.Get("credentialStatus").Elements() {
		purposes = append(purposes, entry.Get("statusPurpose").Text())
	}
	if diff := cmp.Diff([]string{"revocation", "suspension"}, purposes); diff != "" {
		t.Error(diff)
	}
	again := w.award(Request{Achievement: achievement.ID, Recipient: Recipient{ID: holder}})
	first, err := w.store.Credential(t.Context(), DefaultSlug, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.store.Credential(t.Context(), DefaultSlug, again.ID)
	if err != nil {
		t.Fatal(err)
	}
	if first.Subject != second.Subject {
		t.Error("one person has two data keys")
	}
}

func TestAwardInTheFuture(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	request.ValidFrom = w.clockNow().Add(48 * time.Hour)
	made := w.award(request)
	if got := w.verdict(w.badge(made.ID).Signed); got != verifier.VerdictInvalid {
		t.Errorf("before its time a badge is %s", got)
	}
	w.pass(49 * time.Hour)
	if got := w.verdict(w.badge(made.ID).Signed); got != verifier.VerdictValid {
		t.Errorf("in its time a badge is %s", got)
	}
}

func TestAwardRefuses(t *testing.T) {
	w := newWorld(t, nil)
	achievement := w.mentor()
	good := ada(achievement)
	for name, test := range map[string]struct {
		change     func(*Request)
		path, code string
	}{
		"no recipient":         {func(r *Request) { r.Recipient = Recipient{Name: "x"} }, "/recipient", "recipient_missing"},
		"two recipients":       {func(r *Request) { r.Recipient.ID = "did:example:1" }, "/recipient", "recipient_ambiguous"},
		"no e-mail address":    {func(r *Request) { r.Recipient.Email = "ada" }, "/recipient/email", "email_malformed"},
		"two addresses":        {func(r *Request) { r.Recipient.Email = "a@b.c, d@e.f" }, "/recipient/email", "email_malformed"},
		"relative id":          {func(r *Request) { r.Recipient = Recipient{ID: "users/7"} }, "/recipient/id", "uri_malformed"},
		"address as id":        {func(r *Request) { r.Recipient = Recipient{ID: "MAILTO:ada@example.org"} }, "/recipient/id", "recipient_exposed"},
		"invisible in address": {func(r *Request) { r.Recipient.Email = "ada@b\u202emoc.c" }, "/recipient/email", "email_malformed"},
		"invisible name":       {func(r *Request) { r.Recipient.Name = "\u200b\u200b" }, "/recipient/name", "name_malformed"},
		"year of five digits":  {func(r *Request) { r.ValidFrom = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "/validFrom", "date_time_malformed"},
		"name with controls":   {func(r *Request) { r.Recipient.Name = "a\x00b" }, "/recipient/name", "name_malformed"},
		"validity past":        {func(r *Request) { r.ValidUntil = w.clockNow() }, "/validUntil", "period_past"},
		"validity reversed": {func(r *Request) {
			r.ValidFrom, r.ValidUntil = w.clockNow().Add(2*time.Hour), w.clockNow().Add(time.Hour)
		}, "/validUntil", "period_reversed"},
		"visibility": {func(r *Request) { r.Visibility = "secret" }, "/visibility", "visibility_unknown"},
		"evidence is text": {func(r *Request) {
			r.Evidence = []json.RawMessage{json.RawMessage(`"https://example.org"`)}
		}, "/evidence/0", "object_expected"},
		"evidence with relative id": {func(r *Request) {
			r.Evidence = []json.RawMessage{json.RawMessage(`{"name":"a"}`), json.RawMessage(`{"id":"e/1"}`)}
		}, "/evidence/1/id", "uri_malformed"},
		"evidence with an unknown term": {func(r *Request) {
			r.Evidence = []json.RawMessage{json.RawMessage(`{"name":"a","grade":"A"}`)}
		}, "/evidence/0/grade", "not_covered"},
		"evidence twice the name": {func(r *Request) {
			r.Evidence = []json.RawMessage{json.RawMessage(`{"name":"a","name":"b"}`)}
		}, "/evidence/0/name", "json_malformed"},
	} {
		request := good
		test.change(&request)
		_, err := w.Award(t.Context(), caller, request)
		violationIs(t, name, err, test.path, test.code)
	}
	other := good
	other.Achievement = "nothing"
	if _, err := w.Award(t.Context(), caller, other); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown achievement: %v", err)
	}
	if _, err := w.CreateIssuer(t.Context(), "cli", "other", Institution{Name: "Other"}); err != nil {
		t.Fatal(err)
	}
	stranger := caller
	stranger.Tenant = "other"
	if _, err := w.Award(t.Context(), stranger, good); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("achievement of another tenant: %v", err)
	}
	if left, _, err := w.Credentials(t.Context(), DefaultSlug, storage.CredentialFilter{}, storage.Page{}); err != nil || len(left) != 0 {
		t.Errorf("refused requests left %d records, %v", len(left), err)
	}
}

func violationIs(t *testing.T, name string, err error, path, code string) {
	t.Helper()
	var invalid *InvalidError
	if !errors.As(err, &invalid) || !errors.Is(err, ErrInvalid) {
		t.Errorf("%s: error %v, want an InvalidError", name, err)
		return
	}
	for _, v := range invalid.Violations {
		if v.Message == "" {
			t.Errorf("%s: no message for %s", name, v.Code)
		}
		if v.Path == path && v.Code == code {
			return
		}
	}
	t.Errorf("%s: %+v, want %s at %s", name, invalid.Violations, code, path)
}

func TestIdempotency(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	request.ValidUntil = w.clockNow().Add(time.Hour)
	first, err := w.Award(t.Context(), with("k", 1), request)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(2 * time.Hour) // what would be refused now was right then
	again, err := w.Award(t.Context(), with("k", 1), request)
	if err != nil || again != first {
		t.Errorf("replay %+v, %v; want %+v", again, err, first)
	}
	request.ValidUntil = time.Time{}
	if _, err := w.Award(t.Context(), with("k", 2), request); !errors.Is(err, storage.ErrMismatch) {
		t.Errorf("another body: %v", err)
	}
	w.pass(23 * time.Hour)
	fresh, err := w.Award(t.Context(), with("k", 2), request)
	if err != nil || fresh.ID == first.ID {
		t.Errorf("after a day: %+v, %v", fresh, err)
	}
	a, err := w.CreateAchievement(t.Context(), with("a", 1), []byte(mentor))
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.CreateAchievement(t.Context(), with("a", 1), []byte(mentor))
	if diff := cmp.Diff(a, b); err != nil || diff != "" {
		t.Errorf("replayed achievement: %v\n%s", err, diff)
	}
}

func TestConcurrentAwards(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	const n = 64
	ids, errs := make(chan string, n), make(chan error, n)
	for range n {
		go func() {
			made, err := w.Award(background, caller, request)
			ids <- made.ID
			errs <- err
		}()
	}
	indexes := map[storage.StatusEntry]bool{}
	subjects := map[string]bool{}
	for range n {
		id := <-ids
		if err := <-errs; err != nil {
			t.Error(err)
			continue
		}
		c, err := w.store.Credential(t.Context(), DefaultSlug, id)
		if err != nil {
			t.Error(err)
			continue
		}
		if indexes[c.Status[0]] {
			t.Errorf("index %d used twice", c.Status[0].Index)
		}
		indexes[c.Status[0]], subjects[c.Subject] = true, true
		if got := w.verdict(w.badge(id).Signed); got != verifier.VerdictValid {
			t.Errorf("%s: %s", id, got)
		}
	}
	if len(indexes) != n || len(subjects) != 1 {
		t.Errorf("%d indexes of %d, %d subjects of 1", len(indexes), n, len(subjects))
	}
}

// TestDirectoryTellsNothing: neither people's data nor private keys lie in the
// data directory in any form.
func TestDirectoryTellsNothing(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	request.Evidence = []json.RawMessage{json.RawMessage(`{"narrative":"Canary-narrative"}`)}
	made := w.award(request)
	if _, err := w.SetStatus(t.Context(), caller, made.ID, Change{State: storage.StateRevoked, Reason: "error"}); err != nil {
		t.Fatal(err)
	}
	token, _, err := w.CreateAPIKey(t.Context(), caller, NewAPIKey{Name: "test", Scopes: []string{ScopeAdmin}})
	if err != nil {
		t.Fatal(err)
	}
	signed := w.badge(made.ID).Signed
	hash := parse(t, signed).Get("credentialSubject").Get("identifier")
	var canaries [][]byte
	for element := range hash.Elements() {
		for _, name := range []string{"identityHash", "salt"} {
			if text := element.Get(name).Text(); text != "" {
				canaries = append(canaries, []byte(text))
			}
		}
	}
	canaries = append(canaries, []byte("lovelace"), []byte("canary-narrative"), []byte("example.org"), []byte(token[len("laurel_")+17:]))
	canaries = append(canaries, privateForms(w)...)
	files := 0
	err = filepath.WalkDir(w.directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		lower := bytes.ToLower(data)
		for _, canary := range canaries {
			if bytes.Contains(data, canary) || bytes.Contains(lower, bytes.ToLower(canary)) && len(canary) < 40 {
				t.Errorf("%s holds %q", filepath.Base(path), canary)
			}
		}
		return err
	})
	if err != nil || files != 2 {
		t.Errorf("%d files, %v", files, err)
	}
}
