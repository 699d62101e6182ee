package dataintegrity

// Ed25519Signature2020 is the type of the older proofs of VC Data Integrity
// EdDSA 1.0 §A.2 (Ed25519Signature2020): Ed25519 over RDFC-1.0 with SHA-256.
// Such a proof has no cryptosuite; in Options.Cryptosuite the type stands for
// it.
const Ed25519Signature2020 = "Ed25519Signature2020"

// ed25519Context defines the terms of such proofs, which no version of the
// credentials context does.
const ed25519Context = "https://w3id.org/security/suites/ed25519-2020/v1"

var ed25519Signature2020 = cryptosuite{
	isType: true,
	hash:   hashForEd25519,
	sign:   signEd25519,
	verify: verifyEd25519,
	keys:   []string{KeyEd25519},
}
