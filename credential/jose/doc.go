// Package jose holds what Laurel takes from JSON Object Signing and Encryption:
// public keys as JSON Web Keys (RFC 7517, RFC 7518, RFC 8037) and their
// thumbprints (RFC 7638); JSON Web Signatures in compact serialisation (RFC
// 7515); and the three ways in which a JWT holds a credential or a presentation.
//
// A caller goes three steps. Open (or Parse, for a JWS that holds something
// else) lets only well-formed input in and says what it claims to be. The caller
// finds a key: one that the DID document, the profile or the JWK Set of the
// issuer of Token.Document holds. Header.KeyID and Header.Key help to find it
// there, and are never reason enough to believe it. JWS.Verify then checks the
// signature.
//
// Signatures are checked and made with the standard library, over the bytes that
// the gate has read: what is left to do after the gate is one call, and a second
// parser could only read something else. Keys go through jwx.
//
// The package is the only importer of github.com/lestrrat-go/jwx/v2. That library is
// required by the product's owner although its author has ended the v2 line; it
// stays inside this package so that a move to another line touches one package.
// Known faults of v2.1.7, and what stands in front of them here:
//
//   - a short OKP key parses and makes crypto/ed25519 panic later: every
//     coordinate has its exact length before the library is called
//   - points off the curve, short coordinates and RSA keys of any size are
//     accepted: curve, size, parity and exponent are checked on both sides
//   - padded, standard-alphabet and non-canonical base64 is accepted: a value
//     must be the one encoding of its bytes
//   - duplicate members are accepted, the last one wins: input arrives through
//     strictjson, which refuses them
//   - names of members are not escaped (GHSA-4cf7-xm37-g63h): callers choose no
//     names, only values
//   - panics on hostile input: no panic of the library leaves this package
//
// The library only ever sees a key that this package has rebuilt from checked
// values, never the bytes that came from outside.
package jose
