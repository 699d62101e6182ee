package dataintegrity

// EdDSAJCS2022 is the cryptosuite of VC Data Integrity EdDSA 1.0 §3.3: Ed25519
// over the JSON Canonicalization Scheme with SHA-256.
const EdDSAJCS2022 = "eddsa-jcs-2022"

var eddsaJCS2022 = cryptosuite{
	jcs:    true,
	hash:   hashForEd25519,
	sign:   signEd25519,
	verify: verifyEd25519,
	keys:   []string{KeyEd25519},
}
