package issuer

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/jsonld"
	"laurel/storage"
)

func TestAchievementRefuses(t *testing.T) {
	w := newWorld(t, nil)
	edit := func(change func(map[string]any)) string {
		var document map[string]any
		if err := json.Unmarshal([]byte(mentor), &document); err != nil {
			t.Fatal(err)
		}
		change(document)
		text, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	set := func(name string, value any) string {
		return edit(func(document map[string]any) { document[name] = value })
	}
	for name, test := range map[string]struct{ document, path, code string }{
		"nothing":              {"", "", "json_malformed"},
		"not an object":        {"[]", "", "object_expected"},
		"a name twice":         {`{"name":"a","name":"b"}`, "/name", "json_malformed"},
		"no name":              {edit(func(d map[string]any) { delete(d, "name") }), "/name", "property_missing"},
		"empty name":           {set("name", ""), "/name", "empty_text"},
		"no criteria":          {edit(func(d map[string]any) { delete(d, "criteria") }), "/criteria", "property_missing"},
		"empty criteria":       {set("criteria", map[string]any{}), "/criteria", "criteria_empty"},
		"relative criteria id": {set("criteria", map[string]any{"id": "criteria/1"}), "/criteria/id", "uri_malformed"},
		"own id":               {set("id", "https://elsewhere.example/a"), "/id", "id_assigned"},
		"own context":          {set("@context", "https://schema.org/"), "/@context", "context_not_allowed"},
		"context inside":       {set("criteria", map[string]any{"narrative": "a", "@context": map[string]any{"b": "urn:b"}}), "/criteria/@context", "context_not_allowed"},
		"undefined term":       {set("difficulty", "hard"), "/difficulty", "not_covered"},
		"undefined term below": {set("criteria", map[string]any{"narrative": "a", "minutes": 5}), "/criteria/minutes", "not_covered"},
		"undefined type":       {set("type", []string{"Achievement", "Course101"}), "/type/1", "not_covered"},
		"wrong type":           {set("type", []string{"Assertion"}), "/type", "type_mismatch"},
		"null":                 {set("tag", nil), "/tag", "null_value"},
		"empty array":          {set("tag", []string{}), "/tag", "empty_array"},
		"tag is no array":      {set("tag", "a"), "/tag", "array_expected"},
		"unknown kind":         {set("achievementType", "Medal"), "/achievementType", "term_unknown"},
		"image is text":        {set("image", "https://example.org/i.png"), "/image", "wrong_type"},
		"script":               {set("criteria", map[string]any{"id": "javascript:alert(1)"}), "/criteria/id", "uri_unsafe"},
		"too large":            {set("description", strings.Repeat("a", maxAchievement)), "", "too_large"},
	} {
		_, err := w.CreateAchievement(t.Context(), caller, []byte(test.document))
		violationIs(t, name, err, test.path, test.code)
	}
	if _, err := w.CreateAchievement(t.Context(), Caller{Tenant: "nobody", Actor: "cli"}, []byte(mentor)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown tenant: %v", err)
	}
	if left, _, err := w.Achievements(t.Context(), DefaultSlug, storage.Page{}); err != nil || len(left) != 0 {
		t.Errorf("%d achievements, %v", len(left), err)
	}
}

func TestAchievementVersions(t *testing.T) {
	w := newWorld(t, nil)
	first := w.mentor()
	if first.Version != 1 || first.URL != testURL+"/achievements/"+first.ID {
		t.Errorf("%+v", first)
	}
	want := `{"id":"` + first.URL + `","type":["Achievement"],` + mentor[1:]
	if string(first.Document) != want {
		t.Errorf("document\n%s\nwant\n%s", first.Document, want)
	}
	made := w.award(ada(first))
	changed := strings.Replace(string(first.Document), "Ten", "Twelve", 1) // with its own id and type
	second, err := w.UpdateAchievement(t.Context(), with("u", 1), first.ID, []byte(changed))
	if err != nil || second.Version != 2 {
		t.Fatalf("%+v, %v", second, err)
	}
	replay, err := w.UpdateAchievement(t.Context(), with("u", 1), first.ID, []byte(changed))
	if diff := cmp.Diff(second, replay); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if !bytes.Contains(w.badge(made.ID).Signed, []byte("Ten *sessions*")) {
		t.Error("the badge lost its text")
	}
	later := w.award(ada(first))
	if !bytes.Contains(w.badge(later.ID).Signed, []byte("Twelve *sessions*")) {
		t.Error("a later badge has the old text")
	}
	for version, text := range map[int]string{0: "Twelve", 1: "Ten", 2: "Twelve"} {
		a, err := w.Achievement(t.Context(), first.ID, version)
		if err != nil || !bytes.Contains(a.Document, []byte(text)) {
			t.Errorf("version %d: %v", version, err)
		}
		if a.Decode().Name != "Peer mentor" {
			t.Errorf("decoded %+v", a.Decode())
		}
		if _, err := w.processor.Dataset(t.Context(), jsonld.Source{Object: parse(t, a.JSONLD())}); err != nil {
			t.Errorf("as JSON-LD: %v", err)
		}
	}
	if _, err := w.Achievement(t.Context(), first.ID, 3); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("version 3: %v", err)
	}
	if _, err := w.UpdateAchievement(t.Context(), Caller{Tenant: "law", Actor: "cli"}, first.ID, []byte(mentor)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a stranger's change: %v", err)
	}
	list, next, err := w.Achievements(t.Context(), DefaultSlug, storage.Page{})
	if err != nil || len(list) != 1 || list[0].Version != 2 || next != "" {
		t.Errorf("list %v, %q, %v", list, next, err)
	}
}

func TestVisibility(t *testing.T) {
	w := newWorld(t, nil)
	made := w.award(ada(w.mentor()))
	if err := w.SetVisibility(t.Context(), caller, made.ID, storage.VisibilityOff); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Credential(t.Context(), made.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("visible to the public: %v", err)
	}
	if c, err := w.OperatorCredential(t.Context(), DefaultSlug, made.ID); err != nil || c.Signed == nil {
		t.Errorf("to the operator: %v", err)
	}
	if _, err := w.OperatorCredential(t.Context(), "law", made.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("to another operator: %v", err)
	}
	violationIs(t, "visibility", w.SetVisibility(t.Context(), caller, made.ID, "all"), "/visibility", "visibility_unknown")
}

func TestErasure(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	made := w.award(request)
	record, err := w.store.Credential(t.Context(), DefaultSlug, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.EraseSubject(t.Context(), w.act(), DefaultSlug, record.Subject); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Credential(t.Context(), made.ID); !errors.Is(err, storage.ErrErased) {
		t.Errorf("erased: %v", err)
	}
	if c, err := w.OperatorCredential(t.Context(), DefaultSlug, made.ID); err != nil || c.Signed != nil || c.Erased.IsZero() {
		t.Errorf("to the operator: %+v, %v", c, err)
	}
	again := w.award(request)
	other, err := w.store.Credential(t.Context(), DefaultSlug, again.ID)
	if err != nil || other.Subject == record.Subject {
		t.Errorf("awarded again under the erased subject, %v", err)
	}
}

// TestSwappedRecords: bytes that were moved between records do not open.
func TestSwappedRecords(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	one, err := w.store.Credential(t.Context(), DefaultSlug, w.award(request).ID)
	if err != nil {
		t.Fatal(err)
	}
	two, err := w.store.Credential(t.Context(), DefaultSlug, w.award(request).ID)
	if err != nil {
		t.Fatal(err)
	}
	one.Signed = two.Signed
	if _, err := w.openSigned(t.Context(), one); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("opened another badge's bytes: %v", err)
	}
}
