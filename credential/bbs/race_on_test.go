//go:build race

package bbs

const raceEnabled = true
