package issuer

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential"
	"laurel/storage"
	"laurel/verifier"
)

func (w *world) parsed(id string) *credential.Credential {
	w.Helper()
	badge, err := credential.Parse(w.badge(id).Signed)
	if err != nil {
		w.Fatal(err)
	}
	return badge
}

func (w *world) reissue(id string, request Reissue) Award {
	w.Helper()
	made, err := w.Reissue(w.Context(), caller, id, request)
	if err != nil {
		w.Fatal(err)
	}
	return made
}

func TestRenew(t *testing.T) {
	w := newWorld(t, nil)
	achievement := w.mentor()
	request := ada(achievement)
	request.ValidUntil = w.clockNow().AddDate(1, 0, 0)
	request.AwardedDate = w.clockNow().AddDate(0, -1, 0)
	request.Evidence = []json.RawMessage{[]byte(`{"id":"https://example.org/report","name":"Report"}`)}
	request.RefreshService = true
	old := w.award(request)
	if _, err := w.UpdateAchievement(t.Context(), caller, achievement.ID, []byte(`{"name":"Other","description":"Other.","criteria":{"narrative":"Other."}}`)); err != nil {
		t.Fatal(err)
	}
	w.pass(11 * 30 * 24 * time.Hour)
	until := w.clockNow().AddDate(2, 0, 0)
	renewed := w.reissue(old.ID, Reissue{ValidUntil: until})

	was, is := w.parsed(old.ID), w.parsed(renewed.ID)
	for _, member := range []string{"awardedDate", "evidence", "name", "issuer", "@context", "type"} {
		if diff := cmp.Diff(string(was.Value().Get(member).Raw()), string(is.Value().Get(member).Raw())); diff != "" {
			t.Errorf("%s changed (-old +new):\n%s", member, diff)
		}
	}
	for _, member := range []string{"id", "achievement"} {
		if string(was.Value().Get("credentialSubject").Get(member).Raw()) != string(is.Value().Get("credentialSubject").Get(member).Raw()) {
			t.Errorf("the subject's %s changed", member)
		}
	}
	if got, err := is.ValidUntil(); err != nil || !got.Equal(until.Truncate(time.Second)) {
		t.Errorf("it ends %s, %v", got, err)
	}
	if got := is.Value().Get("refreshService"); got.Get("id").Text() != renewed.URL+"/refresh" || !got.Get("type").Is("1EdTechCredentialRefresh") {
		t.Errorf("refresh service %s", got.Raw())
	}
	before, after := w.badge(old.ID), w.badge(renewed.ID)
	if before.ReplacedBy != renewed.ID || after.Replaces != old.ID || !after.Linked || before.State != storage.StateIssued {
		t.Errorf("old %+v, new %+v", before, after)
	}
	for _, id := range []string{old.ID, renewed.ID} {
		if got := w.verdict(w.badge(id).Signed); got != verifier.VerdictValid {
			t.Errorf("%s is %s", id, got)
		}
	}
	current, err := w.CurrentCredential(t.Context(), old.ID)
	if err != nil || current.ID != renewed.ID {
		t.Errorf("current: %s, %v", current.ID, err)
	}
	older, _, err := w.Neighbours(t.Context(), after)
	_, newer, err2 := w.Neighbours(t.Context(), before)
	if older != old.URL || newer != renewed.URL || err != nil || err2 != nil {
		t.Errorf("neighbours %q, %q, %v, %v", older, newer, err, err2)
	}

	// Once is enough, and the chain goes on from its end.
	if _, err := w.Reissue(t.Context(), caller, old.ID, Reissue{}); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("replacing twice: %v", err)
	}
	later := w.reissue(renewed.ID, Reissue{ValidFrom: until.AddDate(0, 0, -1), ValidUntil: until.AddDate(1, 0, 0)})
	if current, err := w.CurrentCredential(t.Context(), old.ID); err != nil || current.ID != renewed.ID {
		t.Errorf("current, before the validity of the next begins: %s, %v", current.ID, err)
	}
	w.pass(until.Sub(w.clockNow()))
	if current, err := w.CurrentCredential(t.Context(), old.ID); err != nil || current.ID != later.ID {
		t.Errorf("current, after: %s, %v", current.ID, err)
	}
	if err := w.SetVisibility(t.Context(), caller, later.ID, storage.VisibilityOff); err != nil {
		t.Fatal(err)
	}
	if current, err := w.CurrentCredential(t.Context(), old.ID); err != nil || current.ID != renewed.ID {
		t.Errorf("current, when the last is not shown: %s, %v", current.ID, err)
	}
	if err := w.SetVisibility(t.Context(), caller, old.ID, storage.VisibilityOff); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CurrentCredential(t.Context(), old.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("current of what is not shown: %v", err)
	}
}

func TestReissueCorrects(t *testing.T) {
	w := newWorld(t, nil)
	achievement := w.mentor()
	old := w.award(ada(achievement))
	changed, err := w.UpdateAchievement(t.Context(), caller, achievement.ID, []byte(`{"name":"Senior mentor","description":"Mentored.","criteria":{"narrative":"More."}}`))
	if err != nil {
		t.Fatal(err)
	}
	by := with("correct", 1)
	correction := Reissue{
		AchievementVersion: changed.Version,
		Recipient:          &Recipient{Email: "ada@example.com", Name: "Ada Lovelace"},
		Revoke:             &Change{Reason: "wrong-address", Wording: "Replaced."},
	}
	made, err := w.Reissue(t.Context(), by, old.ID, correction)
	if err != nil {
		t.Fatal(err)
	}
	again := with("correct", 1)
	if same, err := w.Reissue(t.Context(), again, old.ID, correction); err != nil || same != made || !again.Idempotency.Replayed {
		t.Errorf("the same request again: %+v, %v", same, err)
	}
	before, after := w.badge(old.ID), w.badge(made.ID)
	if before.State != storage.StateRevoked || before.Reason != "wrong-address" || before.Wording != "Replaced." || before.ReplacedBy != made.ID ||
		after.Replaces != old.ID || after.AchievementVersion != changed.Version || after.Linked {
		t.Errorf("old %+v, new %+v", before, after)
	}
	if got := w.verdict(before.Signed); got != verifier.VerdictInvalid {
		t.Errorf("the old one is %s", got)
	}
	if got := w.verdict(after.Signed); got != verifier.VerdictValid {
		t.Errorf("the new one is %s", got)
	}
	if w.parsed(old.ID).AchievementCredential().CredentialSubject.ID == w.parsed(made.ID).AchievementCredential().CredentialSubject.ID {
		t.Error("another address has the same subject")
	}
	// Nobody is led to another person's badge.
	if current, err := w.CurrentCredential(t.Context(), old.ID); err != nil || current.ID != old.ID {
		t.Errorf("current: %s, %v", current.ID, err)
	}
	older, newer, err := w.Neighbours(t.Context(), before)
	older2, newer2, err2 := w.Neighbours(t.Context(), after)
	if older+newer+older2+newer2 != "" || err != nil || err2 != nil {
		t.Errorf("neighbours %q, %q, %q, %q", older, newer, older2, newer2)
	}
	entries, _, err := w.store.ListAudit(t.Context(), DefaultSlug, storage.Page{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, entry := range entries[len(entries)-4:] {
		acts = append(acts, entry.Action)
	}
	if diff := cmp.Diff([]string{storage.ActionReserve, storage.ActionReplace, storage.ActionRevoke, storage.ActionIssue}, acts); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}

func TestReissueRefused(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	old := w.award(request)
	for path, test := range map[string]struct {
		request Reissue
		code    string
	}{
		"/achievementVersion": {Reissue{AchievementVersion: 7}, "version_unknown"},
		"/recipient":          {Reissue{Recipient: &Recipient{}}, "recipient_missing"},
		"/validUntil":         {Reissue{ValidUntil: w.clockNow().AddDate(-1, 0, 0)}, "period_past"},
		"/visibility":         {Reissue{Visibility: "all"}, "visibility_unknown"},
		"/revoke/reason":      {Reissue{Revoke: &Change{Reason: "No!"}}, "reason_malformed"},
	} {
		_, err := w.Reissue(t.Context(), caller, old.ID, test.request)
		violationIs(t, path, err, path, test.code)
	}
	if got := w.badge(old.ID); got.ReplacedBy != "" || got.State != storage.StateIssued {
		t.Errorf("after refusals: %+v", got)
	}
	stranger := Caller{Tenant: "law", Actor: "cli"}
	if _, err := w.Reissue(t.Context(), stranger, old.ID, Reissue{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := w.SetStatus(t.Context(), caller, old.ID, Change{State: storage.StateRevoked}); err != nil {
		t.Fatal(err)
	}
	w.reissue(old.ID, Reissue{}) // what was revoked by mistake can be replaced

	record, err := w.store.Credential(t.Context(), DefaultSlug, old.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.EraseSubject(t.Context(), w.act(), DefaultSlug, record.Subject); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Reissue(t.Context(), caller, old.ID, Reissue{}); !errors.Is(err, storage.ErrErased) {
		t.Errorf("what was erased: %v", err)
	}
}

// TestReissueAfterCrash: whoever asks again with the same idempotency key gets
// one new badge, and until it is there the old one is untouched.
func TestReissueAfterCrash(t *testing.T) {
	w := newWorld(t, nil)
	old := w.award(ada(w.mentor()))
	revoking := Reissue{Revoke: &Change{Reason: "error"}}
	w.config.Store = noAbandon{noCommit{w.store}}
	w.rebuild()
	if _, err := w.Reissue(t.Context(), with("k", 1), old.ID, revoking); !errors.Is(err, errDied) {
		t.Fatalf("error %v", err)
	}
	w.restart()
	if got := w.badge(old.ID); got.State != storage.StateIssued || got.ReplacedBy != "" {
		t.Errorf("before it is complete: %+v", got)
	}
	made, err := w.Reissue(t.Context(), with("k", 1), old.ID, revoking)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.badge(old.ID); got.State != storage.StateRevoked || got.ReplacedBy != made.ID {
		t.Errorf("afterwards: %+v", got)
	}
	all, _, err := w.Credentials(t.Context(), DefaultSlug, storage.CredentialFilter{}, storage.Page{})
	if err != nil || len(all) != 2 {
		t.Errorf("%d badges, %v", len(all), err)
	}
}
