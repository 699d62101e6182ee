package testdata

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// OpenBadges reads every JSON document of Open Badges 3.0 among the shared data,
// by a short name.
func OpenBadges(t testing.TB) map[string][]byte {
	t.Helper()
	root := Shared(t, "openbadges")
	found := make(map[string][]byte)
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if err != nil || entry.IsDir() || !strings.Contains(name, "/ob30/") && !strings.HasPrefix(name, "derived/") {
			return err
		}
		if ext := filepath.Ext(name); ext == ".json" || ext == ".1ob" || ext == "" {
			if at := strings.Index(name, "/ob30/"); at >= 0 {
				name = name[at+1:]
			}
			if found[name] != nil {
				t.Fatalf("two samples named %s", name)
			}
			found[name], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 50 {
		t.Fatalf("only %d samples found", len(found))
	}
	return found
}
