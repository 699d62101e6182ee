//go:build race

package verifier

const raceDetector = true
