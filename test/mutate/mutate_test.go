// Package mutate tests the tests: it takes one defence after the other out of
// the product and holds that a named test notices.
//
// A mutant is a change of the text of one file. The file as it stands is never
// touched: the compiler is given the changed text in its place (-overlay), so
// that no switch that turns a defence off exists in the product.
package mutate

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mutant is a defence that is taken out.
type mutant struct {
	// defence is what goes.
	defence string
	// file is where it stands, old what is replaced with new. old must be there
	// exactly once.
	file, old, new string
	// caught is the test that must fail, in a package.
	caught, in string
	// family, for TestCorpus, is the family of cases that are judged.
	family string
}

// often is how many of the mutants, the first ones, are tried with every test of
// the product. They are the ones whose tests are built soonest.
const often = 5

// TestDefencesAreThere holds that what the mutants replace is still in the
// product, once: a mutant that changes nothing would prove nothing.
func TestDefencesAreThere(t *testing.T) {
	if len(mutants) < 25 {
		t.Errorf("%d mutants, want 25", len(mutants))
	}
	for _, m := range mutants {
		if _, err := os.Stat(filepath.Join(root, m.in)); err != nil {
			t.Errorf("%s: %v", m.defence, err)
		}
		m.text(t)
	}
}

// root is the folder of the module.
const root = "../.."

// text is the file without the defence.
func (m *mutant) text(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), m.old); n != 1 {
		t.Errorf("%s: what is to be replaced is %d times in %s, want once: %q", m.defence, n, m.file, m.old)
	}
	return strings.Replace(string(data), m.old, m.new, 1)
}

// TestMutants runs as many mutants as LAUREL_MUTANTS says, or "all".
func TestMutants(t *testing.T) {
	count := len(mutants)
	switch wanted := os.Getenv("LAUREL_MUTANTS"); wanted {
	case "":
		t.Skip("LAUREL_MUTANTS is not set: make mutate runs all, make test the first of them")
	case "all":
	default:
		n, err := strconv.Atoi(wanted)
		if err != nil || n < 1 || n > often {
			t.Fatalf("LAUREL_MUTANTS is %q, want a number to %d or all", wanted, often)
		}
		count = n
	}
	for _, m := range mutants[:count] {
		t.Run(m.defence, func(t *testing.T) {
			begun := time.Now()
			if output, ok := m.run(t); !ok {
				t.Errorf("not caught by %s in %s\n%s", m.caught, m.in, tail(output))
			}
			t.Logf("%s in %s, %v", m.caught, m.in, time.Since(begun).Round(100*time.Millisecond))
		})
	}
}

// run builds and runs the test without the defence. It is caught when that test
// itself fails: not when nothing could be built, and not when it panics.
func (m *mutant) run(t *testing.T) (output string, caught bool) {
	t.Helper()
	folder := t.TempDir()
	changed := filepath.Join(folder, filepath.Base(m.file))
	if err := os.WriteFile(changed, []byte(m.text(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(overlay, data, 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"test", "-overlay", overlay, "-vet=off", "-count=1", "-timeout", "3m", "-run", "^" + m.caught + "$", "./" + m.in}
	if m.family != "" {
		arguments = append(arguments, "-args", "-family", m.family)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = root
	out, err := command.CombinedOutput()
	if err == nil {
		return string(out), false
	}
	return string(out), strings.Contains(string(out), "--- FAIL: "+m.caught) && !strings.Contains(string(out), "panic:")
}

func tail(output string) string {
	const most = 1500
	return output[max(0, len(output)-most):]
}
