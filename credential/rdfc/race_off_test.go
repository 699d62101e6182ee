//go:build !race

package rdfc_test

// slowdown is what the race detector costs, for tests of time.
const slowdown = 1
