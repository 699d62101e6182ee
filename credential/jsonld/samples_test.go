package jsonld

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"laurel/internal/testdata"
)

// sampleDocuments returns the JSON documents with an @context among the
// published samples and examples of Open Badges.
func sampleDocuments(t testing.TB) map[string]string {
	t.Helper()
	documents := make(map[string]string)
	root := testdata.Shared(t, "openbadges")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, "contexts") {
			return err
		}
		extension := filepath.Ext(path)
		if extension != ".json" && extension != ".1ob" && extension != "" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(strings.TrimSpace(string(data)), "{") && strings.Contains(string(data), `"@context"`) {
			name, _ := filepath.Rel(root, path)
			documents[name] = string(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return documents
}
