// Package kmskeys keeps private keys in the key management service of AWS, which
// signs with them and does not hand them out. It is in programs that were built
// with the tag awskms, and empty in others.
//
// It uses Amazon's own client and has been run against an imitation of the service
// in its tests, not against AWS.
package kmskeys
