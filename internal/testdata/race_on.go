//go:build race

package testdata

// slowdown is that of the race detector.
const slowdown = 10
