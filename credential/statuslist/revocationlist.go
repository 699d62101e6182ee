package statuslist

import (
	"laurel/credential/strictjson"
)

// RevokedCredentials is a 1EdTechRevocationList (Verifiable Credentials
// Revocation List 1.0), the deprecated list of Open Badges 3.0: a plain document
// that nobody signs. It is read, never written here.
type RevokedCredentials struct {
	// ID and Issuer are "" where the list does not tell.
	ID, Issuer string

	entries strictjson.Value
}

// ParseRevocationList reads a 1EdTechRevocationList of at most 1 MiB. Early
// software wrote revokedCredentials for revokedCredential; both count. Errors are
// of type *strictjson.Error or *MalformedError.
func ParseRevocationList(data []byte) (*RevokedCredentials, error) {
	document, err := strictjson.Parse(data)
	if err != nil {
		return nil, err
	}
	root := document.Root()
	entries, ok := root.Member("revokedCredential")
	older, alsoOlder := root.Member("revokedCredentials")
	switch {
	case ok && alsoOlder:
		return nil, &MalformedError{Path: older.Pointer(), Reason: "the list is there under two names"}
	case alsoOlder:
		entries = older
	case !ok:
		return nil, &MalformedError{Path: "/revokedCredential", Reason: "missing"}
	}
	list := &RevokedCredentials{ID: root.Get("id").Text(), Issuer: root.Get("issuer").Text(), entries: entries}
	if issuer := root.Get("issuer"); issuer.Kind() == strictjson.Object {
		list.Issuer = issuer.Get("id").Text()
	}
	for entry := range entries.OneOrMany() {
		if id := entry.Get("id"); id.Kind() != strictjson.String {
			return nil, &MalformedError{Path: entry.Pointer(), Reason: "an entry without the id of a credential"}
		}
		if revoked, given := entry.Member("revoked"); given && revoked.Kind() != strictjson.Bool {
			return nil, &MalformedError{Path: revoked.Pointer(), Reason: "neither true nor false"}
		}
	}
	return list, nil
}

// Revoked reports whether a credential is on the list, and the issuer's reason,
// "" when none is given. An entry counts unless it says revoked: false.
func (l *RevokedCredentials) Revoked(id string) (reason string, revoked bool) {
	for entry := range l.entries.OneOrMany() {
		if !entry.Get("id").Is(id) || id == "" {
			continue
		}
		if state, given := entry.Member("revoked"); given && !state.Bool() {
			continue
		}
		return entry.Get("revocationReason").Text(), true
	}
	return "", false
}
