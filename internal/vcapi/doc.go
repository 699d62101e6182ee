// Package vcapi answers the requests of VCALM 1.0, the "VC API for Lifecycle
// Management": issue, derive, verify, present, and change a status. It knows no
// HTTP; a server gives it the body of a request and writes what it returns.
//
// An [Instance] is one configuration: whose keys sign, with what, and by which
// policy something is verified. Its credentials may be of any kind, not badges
// alone, and are held to VC Data Model 2.0 or 1.1. What it issued is in
// its [Ledger]; without one it is remembered in memory and within bounds, as is
// right for laboratories.
//
// Verification here is that of the specification, which answers with what is
// wrong as a list of problems under the specification's own URLs. Whether a badge
// is good is the question of package verifier, which binds the issuer to the key
// whatever the configuration says.
package vcapi
