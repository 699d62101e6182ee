//go:build !race

package testdata

// slowdown is that of the race detector, which is off.
const slowdown = 1
