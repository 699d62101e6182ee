package testdata

import (
	"testing"
	"time"
)

// recorder counts failures instead of failing.
type recorder struct {
	testing.TB
	failures int
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failures++ }

var sink []byte

func TestBounded(t *testing.T) {
	calls := 0
	for name, test := range map[string]struct {
		do              func()
		failures, calls int
	}{
		"little":       {func() { calls++; sink = make([]byte, 1<<10) }, 0, 1},
		"much":         {func() { calls++; sink = make([]byte, MostMemory+1) }, 1, 2},
		"much at once": {func() { calls++; sink = make([]byte, (3-calls)*MostMemory*3/4) }, 0, 2},
		"slow":         {func() { calls++; time.Sleep(250 * time.Millisecond) }, 1, 2},
		"slow at once": {func() { calls++; time.Sleep(time.Duration(2-calls) * 250 * time.Millisecond) }, 0, 2},
	} {
		r := &recorder{TB: t}
		calls = 0
		bounded(r, 200*time.Millisecond, test.do)
		if r.failures != test.failures || calls != test.calls {
			t.Errorf("%s: %d failures in %d calls, want %d in %d", name, r.failures, calls, test.failures, test.calls)
		}
	}
}
