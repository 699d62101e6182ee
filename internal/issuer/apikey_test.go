package issuer

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/storage"
)

func TestAPIKeys(t *testing.T) {
	w := newWorld(t, nil)
	token, made, err := w.CreateAPIKey(t.Context(), caller, NewAPIKey{Name: "registry", Scopes: []string{ScopeCredentials}, Expires: w.clockNow().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(token, "laurel_"+made.ID+"_") || len(token) != len("laurel__")+16+43 {
		t.Errorf("token of %d characters", len(token))
	}
	got, err := w.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, got); diff != "" {
		t.Error(diff)
	}
	if !got.Allows(ScopeCredentials) || got.Allows(ScopeAchievements) || got.Allows(ScopeAdmin) || got.Allows("") {
		t.Errorf("scopes %v", got.Scopes)
	}
	other, _, err := w.CreateAPIKey(t.Context(), caller, NewAPIKey{Name: "other", Scopes: []string{ScopeAdmin}})
	if err != nil {
		t.Fatal(err)
	}
	swapped := []byte(token)
	last := swapped[len(swapped)-2]
	swapped[len(swapped)-2] = map[bool]byte{true: 'B', false: 'A'}[last == 'A']
	for name, bad := range map[string]string{
		"empty":           "",
		"changed":         string(swapped),
		"another's id":    other[:23] + token[23:],
		"short":           token[:len(token)-1],
		"long":            token + "A",
		"upper case":      strings.ToUpper(token),
		"unknown id":      "laurel_0000000000000000_" + token[24:],
		"id with a slash": "laurel_../../../../../_" + token[24:],
		"space":           " " + token,
	} {
		if _, err := w.Authenticate(t.Context(), bad); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.pass(time.Hour)
	if _, err := w.Authenticate(t.Context(), token); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("expired: %v", err)
	}
	admin, err := w.Authenticate(t.Context(), other)
	if err != nil || !admin.Allows(ScopeCredentials) {
		t.Fatalf("%+v, %v", admin, err)
	}
	if err := w.RevokeAPIKey(t.Context(), Caller{Tenant: "law", Actor: "cli"}, admin.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("revoked by a stranger: %v", err)
	}
	if err := w.RevokeAPIKey(t.Context(), caller, admin.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Authenticate(t.Context(), other); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("revoked: %v", err)
	}
	if list, err := w.APIKeys(t.Context(), DefaultSlug); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
	_, _, err = w.CreateAPIKey(t.Context(), caller, NewAPIKey{Name: "x", Scopes: []string{"root"}})
	violationIs(t, "scope", err, "/scopes/0", "scope_unknown")
	_, _, err = w.CreateAPIKey(t.Context(), caller, NewAPIKey{})
	violationIs(t, "name", err, "/name", "name_malformed")
}
