//go:build race

package award

const raceEnabled = true
