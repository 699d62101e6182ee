package dataintegrity

// EdDSA2022 is the name that EdDSARDFC2022 had in drafts until 2023. Such
// proofs are verified, and none are made.
const EdDSA2022 = "eddsa-2022"

var eddsa2022 = cryptosuite{
	verifyOnly: true,
	hash:       hashForEd25519,
	sign:       signEd25519,
	verify:     verifyEd25519,
	keys:       []string{KeyEd25519},
}
