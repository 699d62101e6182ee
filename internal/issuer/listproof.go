package issuer

import (
	"context"
	"crypto"
	"fmt"

	"laurel/credential/dataintegrity"
	"laurel/credential/strictjson"
	"laurel/storage"
)

// CheckSignedList verifies the proof of a stored status list with the key that
// it was signed with. What the list says is not looked at.
func (s *Service) CheckSignedList(ctx context.Context, list storage.StatusList) error {
	tenant, err := s.store.Tenant(ctx, list.Tenant)
	if err != nil {
		return fmt.Errorf("checking status list: %w", err)
	}
	key, err := s.ring.Key(ctx, list.Tenant, list.Key)
	if err != nil {
		return fmt.Errorf("checking status list: %w", err)
	}
	document, err := strictjson.Parse(list.Signed)
	if err != nil {
		return fmt.Errorf("checking status list: %w", err)
	}
	own := func(_ context.Context, proof dataintegrity.Proof) (crypto.PublicKey, error) {
		if proof.VerificationMethod != tenant.DID+"#"+key.Fragment {
			return nil, fmt.Errorf("proof of another key: %w", storage.ErrConflict)
		}
		return key.PublicKey, nil
	}
	if _, err := s.suites.VerifyAll(ctx, document.Root(), own, dataintegrity.Expect{Now: s.clock()}); err != nil {
		return fmt.Errorf("checking status list: %w", err)
	}
	return nil
}
