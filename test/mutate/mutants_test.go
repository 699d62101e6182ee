package mutate

const corpus = "test/negative"

// mutants are the defences, those that are tried most often first.
var mutants = []mutant{
	{"a name twice in an object", "credential/strictjson/parser.go", "if i := p.doc.duplicate(at); i >= 0 {", "if i := p.doc.duplicate(at); i >= 0 && false {", "TestParseRefuses", "credential/strictjson", ""},
	{"data after the value", "credential/strictjson/parser.go", "if p.at < len(p.data) {\n\t\treturn p.fail(CodeTrailing", "if false {\n\t\treturn p.fail(CodeTrailing", "TestParseRefuses", "credential/strictjson", ""},
	{"keys of small order", "credential/jose/publickey.go", "if xx.Sign() == 0 || yy.Sign() == 0 || sum.Sign() == 0 {", "if false {", "TestCheckEd25519Refuses", "credential/jose", ""},
	{"header parameters that change what is signed", "credential/jose/jws.go", "if reason, ok := refused[name]; ok {", "if reason, ok := refused[name]; ok && false {", "TestParseRefuses", "credential/jose", ""},
	{"keys that are not listed for assertions", "did/document.go", "if !d.authorizes(id, relationship) {", "if false {", "TestMethodRefuses", "did", ""},

	{"the key is the issuer's", "verifier/issuer.go", "case base != id:", "case base != id && false:", "TestCorpus", corpus, "key"},
	{"the purpose of a proof", "credential/dataintegrity/verify.go", "case p.ProofPurpose != purpose:", "case p.ProofPurpose != purpose && false:", "TestCorpus", corpus, "proof"},
	{"the end of a proof", "credential/dataintegrity/verify.go", "case p.Expires != \"\" && (expect.Now.IsZero()", "case false && (expect.Now.IsZero()", "TestCorpus", corpus, "proof"},
	{"members of a proof that nothing defines", "credential/dataintegrity/parse.go", "case reason == \"\", !strict:", "case reason == \"\", reason == undefinedMember, !strict:", "TestCorpus", corpus, "proof"},
	{"proofs that are chained in a circle", "credential/dataintegrity/chain.go", "if len(p.PreviousProof) > 0 && leadsTo(proofs, p, i) {", "if false && leadsTo(proofs, p, i) {", "TestCorpus", corpus, "chain"},
	{"Ed25519 signatures of documents", "credential/dataintegrity/eddsa.go", "if !ok || !ed25519.Verify(public, data, signature) {", "if !ok || !ed25519.Verify(public, data, signature) && false {", "TestCorpus", corpus, "content"},
	{"terms without a meaning", "credential/jsonld/node.go", "return loss(v, word, reason)\n\t}\n\tiri :=", "return nil\n\t}\n\tiri :=", "TestCorpus", corpus, "loss"},
	{"contexts inside a document", "credential/jsonld/list.go", "if kind == noCredential && !types.Is(proofWithContext) {", "if false {", "TestCorpus", corpus, "json-ld"},
	{"who controls a key", "did/document.go", "if method.Controller != d.ID {", "if false {", "TestCorpus", corpus, "key"},
	{"keys that are revoked", "did/method.go", "if !m.Revoked.IsZero() && !now.Before(m.Revoked) {", "if false {", "TestCorpus", corpus, "key"},
	{"the end of a badge", "verifier/content.go", "case !isBegin && e.now.After(moment):", "case !isBegin && e.now.After(moment) && false:", "TestCorpus", corpus, "date"},
	{"that a badge is revoked", "verifier/status.go", "set := fault == nil && status.Set()", "set := fault == nil && status.Set() && false", "TestCorpus", corpus, "status"},
	{"whose the status list is", "verifier/status.go", "case c.IssuerID() != e.issuerID:", "case false:", "TestCorpus", corpus, "status"},
	{"a status list that cannot be had", "verifier/status.go", "e.note(*fault)\n\tcase set", "e.add(CodeStatus, Passed, path, params)\n\tcase set", "TestCorpus", corpus, "status"},
	{"signatures of tokens", "credential/jose/algorithm.go", "if !a.verify(key, a.digest(message), signature) {", "if !a.verify(key, a.digest(message), signature) && false {", "TestCorpus", corpus, "token"},
	{"algorithms for another kind of key", "credential/jose/algorithm.go", "if !a.fits(key) {", "if false {", "TestCorpus", corpus, "token"},
	{"keys that a token brings along", "verifier/token.go", "if key != nil && !sameKey(method.PublicKey, key) {\n\t\t\tcontinue\n\t\t}\n\t\tfound = append(found, method)", "if key != nil {\n\t\t\tmethod.PublicKey = key\n\t\t}\n\t\tfound = append(found, method)", "TestCorpus", corpus, "token"},
	{"claims that contradict the badge", "credential/jose/claims.go", "contradicts := &ClaimError{Claim: p.claim, Path: p.path, Reason: \"contradicts the credential\"}", "var contradicts error", "TestCorpus", corpus, "claim"},
	{"two badges in one picture", "credential/bake/bake.go", "return Baked{}, ErrAmbiguous\n\t\t\tcase", "continue\n\t\t\tcase", "TestCorpus", corpus, "picture"},
	{"the challenge of a presentation", "credential/dataintegrity/verify.go", "case expect.Challenge != \"\" && p.Challenge != expect.Challenge:", "case false:", "TestCorpus", corpus, "presentation"},
	{"who the recipient is", "verifier/recipient.go", "e.add(CodeRecipientMismatch, Failed, path, params)", "e.add(CodeRecipient, Passed, path, params)", "TestCorpus", corpus, "recipient"},
}
