// Package schema holds the rules of Verifiable Credentials Data Model 2.0 and
// 1.1 and of Open Badges 3.0 as one compiled validator over the strict reader.
//
// The rules are one table of classes and properties (classes.go), and a few
// functions for what a table cannot say (rules.go). The table is compiled once,
// when the program starts: members are found by the length of their name, what
// a class requires is one word of bits. A document that is well formed is
// walked once, without copying any of it; a JSON Pointer is written only for
// what is wrong. The JSON Schemas that 1EdTech and W3C publish are the oracle of
// the tests, not part of the program.
//
// The package knows nothing of proofs, time, networks or stores: whether a
// credential is genuine and current is decided elsewhere.
package schema
