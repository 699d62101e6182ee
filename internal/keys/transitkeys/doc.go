// Package transitkeys keeps private keys in the transit engine of a Vault or
// OpenBao server, which signs with them and does not hand them out. It is in
// programs that were built with the tag transit, and empty in others.
//
// It speaks the documented HTTP API and has been run against an imitation of it in
// its tests, not against a real server.
package transitkeys
