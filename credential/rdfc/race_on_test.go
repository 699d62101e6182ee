//go:build race

package rdfc_test

const slowdown = 20
