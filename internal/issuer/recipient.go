package issuer

import (
	"strings"

	"laurel/credential"
)

// normalizeRecipient puts a recipient into the form that is hashed and looked up.
func normalizeRecipient(r Recipient) (Recipient, error) {
	switch {
	case r.Email == "" && r.ID == "":
		return r, fault("/recipient", "recipient_missing")
	case r.Email != "" && r.ID != "":
		return r, fault("/recipient", "recipient_ambiguous")
	}
	scheme, _, _ := strings.Cut(r.ID, ":")
	if strings.EqualFold(scheme, "mailto") || strings.EqualFold(scheme, "tel") {
		return r, fault("/recipient/id", "recipient_exposed")
	}
	if r.Email != "" {
		if r.Email = normalizeEmail(r.Email); r.Email == "" {
			return r, fault("/recipient/email", "email_malformed")
		}
	}
	if r.Name != "" {
		if !plainText(r.Name, 200) {
			return r, fault("/recipient/name", "name_malformed")
		}
		r.Name = normalizeName(r.Name)
	}
	return r, nil
}

// identifiers are what the badge says of its recipient. An address is hashed
// with a salt of its own. A name stands as it is: whoever gives one wants the
// badge to say whose it is, and a reader must be able to see it. It is sealed
// in the store like the rest of the badge.
func (s *Service) identifiers(r Recipient) ([]credential.IdentityObject, error) {
	var identifiers []credential.IdentityObject
	if r.Email != "" {
		salt, err := s.newSalt()
		if err != nil {
			return nil, err
		}
		identifiers = append(identifiers, credential.IdentityObject{
			Hashed: true, IdentityHash: credential.IdentityHash(r.Email, salt), IdentityType: "emailAddress", Salt: salt,
		})
	}
	if r.Name != "" {
		identifiers = append(identifiers, credential.IdentityObject{IdentityHash: r.Name, IdentityType: "name"})
	}
	return identifiers, nil
}
