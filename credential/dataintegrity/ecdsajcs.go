package dataintegrity

// ECDSAJCS2019 is the cryptosuite of VC Data Integrity ECDSA 1.0 §3.3: P-256
// with SHA-256 or P-384 with SHA-384, over the JSON Canonicalization Scheme.
const ECDSAJCS2019 = "ecdsa-jcs-2019"

var ecdsaJCS2019 = cryptosuite{
	jcs:    true,
	hash:   hashForECDSA,
	sign:   signECDSA,
	verify: verifyECDSA,
	keys:   []string{KeyP256, KeyP384},
}
