package issuer

import (
	"bytes"
	"context"
	"strings"

	"laurel/credential/jcs"
	"laurel/credential/strictjson"
	"laurel/verifier"
)

// Vouch implements verifier.Register. It vouches for a badge that is in the
// store, was stored before its key was compromised, and says exactly what is
// stored: byte for byte, or written another way as JSON. The time is that of the
// store; whoever has the key can write any into a badge, but not into that.
func (s *Service) Vouch(ctx context.Context, claim verifier.Claim) (verifier.Vouched, bool) {
	slug, own := s.base.slugOf(claim.Issuer)
	fragment, named := strings.CutPrefix(claim.VerificationMethod, claim.Issuer+"#")
	path, here := s.base.pathOf(claim.ID)
	id, credential := strings.CutPrefix(path, "/credentials/")
	if !own || !named || !here || !credential {
		return verifier.Vouched{}, false
	}
	tenant, err := s.tenant(ctx, slug)
	if err != nil || tenant.DID != claim.Issuer {
		return verifier.Vouched{}, false
	}
	key, err := s.ring.Key(ctx, tenant.Slug, strings.TrimSuffix(fragment, jwkSuffix))
	if err != nil || key.CompromisedSince.IsZero() {
		return verifier.Vouched{}, false
	}
	record, err := s.store.Credential(ctx, tenant.Slug, id)
	if err != nil || record.Key != key.Fragment || record.Signed == nil || !vouchedBy(record, key) {
		return verifier.Vouched{}, false
	}
	signed, err := s.openSigned(ctx, record)
	if err != nil || !sameJSON(signed, claim.Document) {
		return verifier.Vouched{}, false
	}
	return verifier.Vouched{PublicKey: key.PublicKey, Stored: record.Issued, Compromised: key.CompromisedSince}, true
}

// sameJSON reports whether two documents have the same canonical form (RFC 8785).
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	first, err := strictjson.Parse(a)
	if err != nil {
		return false
	}
	second, err := strictjson.Parse(b)
	if err != nil {
		return false
	}
	if jcs.LossyNumber(first.Root()).Exists() || jcs.LossyNumber(second.Root()).Exists() {
		return false
	}
	return bytes.Equal(jcs.Append(nil, first.Root()), jcs.Append(nil, second.Root()))
}
