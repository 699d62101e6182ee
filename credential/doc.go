// Package credential is the model of Verifiable Credentials Data Model 2.0 and
// Open Badges 3.0: it reads, validates and writes credentials, and knows
// nothing of proofs, networks or stores.
//
// Reading and writing are two things. Parse keeps the bytes it was given and a
// strict tree over them (package strictjson); what was signed is never written
// anew from the model. Validate holds that tree against the rules of the data
// model (package schema) and reports every fault with its JSON Pointer. The
// structs, such as AchievementCredential, are for issuing, where Marshal writes
// their members in a stable order, and for showing, where Decode fills them
// from a tree.
//
// A credential that validates is well formed; whether it is genuine, current
// and the issuer's own is decided by package verifier.
package credential
