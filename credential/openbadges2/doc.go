// Package openbadges2 holds the rules of Open Badges 2.0, of which there are
// many badges about: what an Assertion, a BadgeClass, an issuer's Profile and a
// RevocationList must have, and when an issuer answers for an address. Such
// badges are checked, never issued.
//
// The package decides what documents say and nothing else: it fetches nothing
// and checks no signature. Nothing in an Assertion that somebody shows is to be
// believed but, of a hosted one, where to look for it.
package openbadges2
