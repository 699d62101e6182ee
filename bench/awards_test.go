package main

import (
	"testing"
)

// What an award takes on disk does not depend on how fast the machine is.
func TestAwardsAreSmall(t *testing.T) {
	made, err := makeAwards(t.Context(), t.TempDir(), 512)
	if err != nil {
		t.Fatal(err)
	}
	if made.PerSecond <= 0 || made.Processor <= 0 || made.P99 < made.Median || made.Median <= 0 {
		t.Errorf("%+v", made)
	}
	if most := made.Signed*1.3 + 1500; made.Signed < 1500 || made.Stored <= 0 || made.Stored > most {
		t.Errorf("an award of a badge of %.0f bytes takes %.0f on disk, and not at most %.0f", made.Signed, made.Stored, most)
	}
}
