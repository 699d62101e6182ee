// Package figures writes what long tests have measured into the documentation,
// between markers, and fails a test whose figures are not what they have to be.
package figures

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// document is the file with the figures, from the folder of a test package that
// lies two below the module's.
const document = "../../docs/reliability.md"

// Table is a section of the document.
type Table struct {
	section string
	rows    []row
	missed  []string
}

type row struct{ what, measured, wanted string }

// New makes an empty table for a section: what stands between <!-- begin
// SECTION --> and <!-- end SECTION -->.
func New(section string) *Table { return &Table{section: section} }

// Note adds a figure that nothing is required of.
func (f *Table) Note(what, format string, args ...any) {
	f.rows = append(f.rows, row{what, fmt.Sprintf(format, args...), ""})
}

// Hold adds a figure, and remembers when it is not what it has to be.
func (f *Table) Hold(what, wanted string, ok bool, format string, args ...any) {
	r := row{what, fmt.Sprintf(format, args...), wanted}
	if !ok {
		r.measured += " (**missed**)"
		f.missed = append(f.missed, fmt.Sprintf("%s: %s, want %s", what, r.measured, wanted))
	}
	f.rows = append(f.rows, r)
}

// Finish prints the table, fails the test for figures that were missed, and,
// when LAUREL_FIGURES is set, writes the table into the document.
func (f *Table) Finish(t testing.TB) {
	t.Helper()
	text := f.text()
	t.Logf("\n%s", text)
	for _, missed := range f.missed {
		t.Error(missed)
	}
	if os.Getenv("LAUREL_FIGURES") == "" {
		return
	}
	if err := f.write(document, text); err != nil {
		t.Errorf("writing figures: %v", err)
	}
}

func (f *Table) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s on %s.\n\n", time.Now().UTC().Format(time.DateOnly), machine())
	fmt.Fprintf(&b, "| What | Measured | Required |\n|---|---|---|\n")
	for _, r := range f.rows {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.what, r.measured, r.wanted)
	}
	return b.String()
}

func (f *Table) write(path, text string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- begin "+f.section+" -->\n", "<!-- end "+f.section+" -->"
	before, rest, ok := bytes.Cut(data, []byte(begin))
	_, after, found := bytes.Cut(rest, []byte(end))
	if !ok || !found {
		return fmt.Errorf("%s has no section %s", filepath.Base(path), f.section)
	}
	data = append(append(append(bytes.Clone(before), begin+"\n"+text+"\n"+end...), after...), nil...)
	return os.WriteFile(path, data, 0o644) //nolint:gosec // a document
}

// machine is the kind of machine, without its name.
func machine() string {
	kind := "a processor of unknown kind"
	data, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(data)) {
			name, value, _ := strings.Cut(line, ":")
			if strings.TrimSpace(name) == "model name" {
				words := strings.Fields(value)
				kind = strings.Join(words[:min(2, len(words))], " ")
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s", kind, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
