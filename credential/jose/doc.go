// Package jose holds what Laurel takes from JSON Object Signing and Encryption:
// public keys as JSON Web Keys (RFC 7517, RFC 7518, RFC 8037) and their
// thumbprints (RFC 7638). Compact JWS joins them here.
//
// It is the only importer of github.com/lestrrat-go/jwx/v2. That library is
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
