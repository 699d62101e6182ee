//go:build race

package schema

// The race detector has nothing to find in comparing verdicts and makes it
// eight times slower, so only a part is compared with it.
func init() { compareEvery = 8 }
