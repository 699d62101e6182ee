// Package hsmkeys keeps private keys in a hardware security module, or whatever
// else speaks PKCS #11 (v2.40 with the Edwards curves of v3.0). It is in programs
// that were built with the tag pkcs11 and with cgo, and empty in others.
//
// The keys are made in the token, cannot be taken out of it, and are asked to
// sign. It has been run against SoftHSM 2.6 and no other token.
package hsmkeys
