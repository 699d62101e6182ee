//go:build race

package dataintegrity

const raceEnabled = true
