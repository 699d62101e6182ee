package figures

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteReplacesItsSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "document.md")
	const text = "# A\n<!-- begin x -->\nold\n<!-- end x -->\nB\n<!-- begin y -->\nkept\n<!-- end y -->\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	table := New("x")
	table.Note("speed", "%d", 3)
	table.Hold("size", "less than 2", false, "%d", 5)
	if len(table.missed) != 1 {
		t.Errorf("missed %q, want one", table.missed)
	}
	for range 2 { // twice is once
		if err := table.write(path, table.text()); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := string(data)
	if strings.Contains(got, "old") || !strings.Contains(got, "kept") || strings.Count(got, "| speed | 3 |") != 1 || !strings.Contains(got, "| size | 5 (**missed**) | less than 2 |") {
		t.Errorf("wrote\n%s", got)
	}
	if err := New("z").write(path, ""); err == nil {
		t.Error("a section that is not there was written")
	}
}
