// Package testdata finds the official vectors that tests read in place.
//
// The vectors lie outside the repository, in a folder named shared beside it
// (or where LAUREL_SHARED says), because nothing of them is copied into the
// project. A machine without them skips those tests, and says so; with
// LAUREL_REQUIRE_SHARED=1, as in CI, a missing folder is a failure.
package testdata

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared returns the path of a file or folder among the shared data, given by
// its path elements below shared/data.
func Shared(t testing.TB, path ...string) string {
	t.Helper()
	root := os.Getenv("LAUREL_SHARED")
	if root == "" {
		root = filepath.Join(filepath.Dir(repository(t)), "shared", "data")
	}
	name := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(name); err != nil {
		if os.Getenv("LAUREL_REQUIRE_SHARED") == "1" {
			t.Fatalf("shared test data is required here and missing: %v", filepath.Join(path...))
		}
		t.Skipf("SKIPPED: the shared test data is not beside the repository: %v", filepath.Join(path...))
	}
	return name
}

// Read returns the bytes of one file among the shared data.
func Read(t testing.TB, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(Shared(t, path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// repository returns the folder that holds go.mod, looking upwards from the
// package under test.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && isRootModule(data) {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod of module laurel above the test's folder")
		}
		dir = parent
	}
}

// isRootModule tells the module laurel from the nested modules test and bench.
func isRootModule(goMod []byte) bool {
	const want = "module laurel\n"
	return len(goMod) >= len(want) && string(goMod[:len(want)]) == want
}
