//go:build !linux

package demo

// runWithoutNetwork does nothing where there are no network namespaces.
func runWithoutNetwork() {}
