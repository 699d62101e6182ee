// Package verifier decides, check by check, whether a credential holds.
//
// It answers with a Report: a list of checks, each passed, failed, skipped or
// indeterminate, and one verdict that follows from them by a fixed rule. The
// package fails closed: a credential is valid only when every check that
// matters was made and passed. No proof, a key or a status list that could not
// be had, or a kind of proof that is not known here never ends in valid.
//
// A key counts only when the document of the issuer's own identifier lists it
// under assertionMethod. The fragment of a URL names a key and is never taken
// for one.
//
// What a report quotes comes from bytes whose proof passed. Before that it
// holds only places in the document (JSON Pointers), our own words, and the
// domain that the document claims to come from, marked as claimed.
//
// Nothing here speaks to the network: key documents and status lists come
// through the interfaces of Config, at most MaxFetches a verification.
package verifier
