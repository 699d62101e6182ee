// Package bbs is the BBS signature scheme with the ciphersuite
// BLS12-381-SHA-256: an issuer signs a list of messages at once, and a holder
// proves to have such a signature while showing only some of the messages, with
// a proof that cannot be told from any other proof over the same messages
// (draft-irtf-cfrg-bbs-signatures, "the draft" in this package).
//
// It is the primitive under the cryptosuite bbs-2023 and knows nothing of
// credentials. The operations are those of the draft's interface with messages
// hashed to scalars (H2G_HM2S_): [KeyGen], [PrivateKey.Sign],
// [PublicKey.Verify], [PublicKey.ProofGen] and [PublicKey.ProofVerify].
//
// Points and scalars that come from outside are held to one encoding, to the
// subgroup of prime order and to their range; the identity and zero are
// refused. Every input is answered with a result or an error, never a panic,
// in time linear in its size, and lists are bounded by [MaxMessages].
//
// A proof is bound to nothing but its presentation header: whoever is handed a
// proof can hand it on. Whether that header is the one that was asked for is
// for the caller to check.
package bbs

import "errors"

// Ciphersuite is the identifier of the ciphersuite (the draft, §7.2.2).
const Ciphersuite = "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_"

// The interface of the draft's §4.2 that this package follows, and the domains
// of its hashes (§4.1.1, §4.1.2, §3.6).
const (
	api             = Ciphersuite + "H2G_HM2S_"
	domainScalar    = api + "H2S_"
	domainMessage   = api + "MAP_MSG_TO_SCALAR_AS_HASH_"
	domainSeed      = api + "SIG_GENERATOR_SEED_"
	domainGenerator = api + "SIG_GENERATOR_DST_"
	domainKeyGen    = Ciphersuite + "KEYGEN_DST_"
	generatorSeed   = api + "MESSAGE_GENERATOR_SEED"
	basePointSeed   = api + "BP_MESSAGE_GENERATOR_SEED"
)

var (
	// ErrKey reports octets that are no key.
	ErrKey = errors.New("not a BBS key")
	// ErrEncoding reports a signature or proof that is not well formed: a
	// wrong length, a point outside the group, a scalar out of range.
	ErrEncoding = errors.New("malformed BBS signature or proof")
	// ErrSignature reports a signature or proof that is well formed and does
	// not belong to this key, these headers and these messages.
	ErrSignature = errors.New("BBS signature or proof does not match")
	// ErrInput reports arguments that fit no signature: an index that is out of
	// order or out of range, messages that are more or fewer than their
	// indexes, no key.
	ErrInput = errors.New("unfit input for BBS")
	// ErrLimit reports more than MaxMessages messages. The signature may be
	// good; it is not looked at.
	ErrLimit = errors.New("too many messages for BBS")
)
