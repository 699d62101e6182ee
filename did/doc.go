// Package did reads decentralized identifiers (DID Core 1.0), the documents
// they resolve to and the keys in those documents. It does no I/O: did:key and
// did:jwk are computed, other methods are supplied as a Resolver.
//
// The same Document reads what an https identifier serves, a controlled
// identifier document (CID 1.0), which is also the form of an Open Badges
// Profile that publishes its keys.
//
// A key is obtained only through (*Document).Method, which applies the rules of
// CID 1.0 §3.3: the document lists the method under the wanted relationship and
// controls it. The fragment of a URL only names a method; it is never decoded
// as a key.
package did
