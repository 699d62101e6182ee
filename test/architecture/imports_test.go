// Package architecture holds the tests of the house itself: who may import
// whom, and which package alone may touch which library.
package architecture

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed lists, for each package, the packages of this module that its
// non-test code may import. A package that is not listed fails the test: add
// it here on purpose. cmd/laurel is the wiring and may import all.
var allowed = map[string][]string{
	"contexts":                 {},
	"credential":               {"credential/schema", "credential/strictjson"},
	"credential/bake":          {"credential/strictjson"},
	"credential/bbs":           {},
	"credential/cose":          {"credential/jose", "credential/strictjson"},
	"credential/dataintegrity": {"contexts", "credential/bbs", "credential/jcs", "credential/jsonld", "credential/rdfc", "credential/strictjson", "credential"},
	"credential/jcs":           {"credential/strictjson"},
	"credential/jose":          {"credential", "credential/strictjson"},
	"credential/jsonschema":    {"credential/jcs", "credential/strictjson"},
	"credential/jsonld":        {"contexts", "credential/jcs", "credential/rdfc", "credential/strictjson"},
	"credential/openbadges2":   {"credential/schema", "credential/strictjson"},
	"credential/rdfc":          {},
	"credential/schema":        {"credential/strictjson"},
	"credential/sdjwt":         {"credential/jose", "credential/strictjson"},
	"credential/statuslist":    {"credential", "credential/strictjson"},
	"credential/strictjson":    {},
	"did":                      {"credential/bbs", "credential/jose", "credential/strictjson"},
	"did/didweb":               {"did"},
	"did/didwebvh":             {"credential/jcs", "credential/strictjson", "did", "did/didweb"},
	"verifier": {
		"contexts", "credential", "credential/bake", "credential/cose", "credential/dataintegrity", "credential/jose", "credential/jsonld", "credential/jsonschema",
		"credential/openbadges2", "credential/rdfc", "credential/sdjwt", "credential/statuslist", "credential/strictjson", "did",
	},
	"storage":             {},
	"storage/boltstore":   {"storage"},
	"storage/storagetest": {"storage"},
	"internal/audit":      {"storage"},
	"internal/mail":       {"internal/outbox"},
	"internal/outbox":     {"internal/envelope", "internal/fetch", "storage"},
	"internal/testdata":   {},
	"internal/config":     {},
	"internal/delta":      {},
	"internal/envelope":   {},
	"internal/fetch":      {},
	"internal/fsck": {
		"credential/statuslist", "credential/strictjson", "internal/audit", "internal/issuer", "storage", "verifier",
	},
	"internal/josecose": {
		"contexts", "credential", "credential/cose", "credential/jose", "credential/jsonld", "credential/sdjwt", "credential/strictjson",
	},
	"internal/keys":             {"credential/bbs", "credential/jose", "credential/strictjson", "did", "storage"},
	"internal/keys/filekeys":    {"internal/keys"},
	"internal/keys/hsmkeys":     {"internal/keys"},
	"internal/keys/kmskeys":     {"internal/keys"},
	"internal/keys/transitkeys": {"internal/keys"},
	"internal/keys/keystest":    {"credential/jose", "internal/keys"},
	"internal/issuer": {
		"contexts", "credential", "credential/dataintegrity", "credential/jcs", "credential/jose", "credential/jsonld", "credential/statuslist",
		"credential/strictjson", "did", "did/didweb", "internal/delta", "internal/envelope", "internal/keys", "storage", "verifier",
	},
	"internal/vcapi": {
		"contexts", "credential/cose", "credential/dataintegrity", "credential/jcs", "credential/jose", "credential/jsonld",
		"credential/rdfc", "credential/schema", "credential/sdjwt", "credential/statuslist", "credential/strictjson", "did", "storage", "verifier",
	},
	"internal/award": {"internal/envelope", "internal/issuer", "internal/keys", "storage"},
	"internal/web":   {"credential", "credential/strictjson", "verifier"},
	"internal/server": {
		"credential", "credential/bake", "credential/strictjson", "did", "internal/audit", "internal/award", "internal/issuer", "internal/keys", "internal/outbox",
		"internal/vcapi", "internal/web", "storage", "verifier",
	},
}

// owners lists the libraries that exactly one package may import, tests
// included; of one, two packages, each for its own kind of file.
var owners = map[string]string{
	"github.com/cloudflare/circl":   "credential/bbs",
	"encoding/xml":                  "credential/bake internal/award", // pictures, workbooks
	"github.com/gin-gonic/gin":      "internal/server",
	"go.etcd.io/bbolt":              "storage/boltstore",
	"github.com/piprate/json-gold":  "credential/jsonld",
	"github.com/lestrrat-go/jwx/v2": "credential/jose",
	"github.com/miekg/pkcs11":       "internal/keys/hsmkeys",
	"github.com/aws":                "internal/keys/kmskeys",
	"filippo.io/age":                "internal/keys/filekeys",
	"github.com/veraison/go-cose":   "credential/cose",
	"github.com/wneessen/go-mail":   "internal/mail",
	"github.com/xuri/excelize/v2":   "internal/award",
}

// httpUsers may import net/http outside tests.
var httpUsers = []string{"internal/fetch", "internal/server", "cmd/laurel"}

const module = "laurel/"

type listed struct {
	ImportPath, Name                   string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	// With the parts that are built under tags only.
	out, err := exec.Command("go", "list", "-tags=nomsgpack,pkcs11,awskms,transit", "-json=ImportPath,Name,Imports,TestImports,XTestImports", module+"...").Output()
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p listed
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
	if len(all) < 15 {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath == "cmd/laurel" || strings.HasPrefix(p.ImportPath, "test/") || strings.HasPrefix(p.ImportPath, "bench") {
			continue
		}
		may, known := allowed[p.ImportPath]
		if !known {
			t.Errorf("package %s is not in the table of who may import whom", p.ImportPath)
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			if isOurs && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s", p.ImportPath, ours)
			}
		}
	}
}

func TestOnePackageForEachLibrary(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		every := slices.Concat(p.Imports, p.TestImports, p.XTestImports)
		for _, imported := range every {
			for library, owner := range owners {
				if imported != library && !strings.HasPrefix(imported, library+"/") {
					continue
				}
				used[library] = true
				if !slices.Contains(strings.Fields(owner), p.ImportPath) && !strings.HasPrefix(p.ImportPath, "bench") {
					t.Errorf("%s imports %s, which belongs to %s", p.ImportPath, imported, owner)
				}
			}
		}
		if slices.Contains(p.Imports, "net/http") && !slices.Contains(httpUsers, p.ImportPath) && !strings.HasPrefix(p.ImportPath, "test/") && !strings.HasPrefix(p.ImportPath, "bench") {
			t.Errorf("%s imports net/http", p.ImportPath)
		}
		for _, forbidden := range []string{"database/sql"} {
			if slices.Contains(p.Imports, forbidden) {
				t.Errorf("%s imports %s, which has no owner yet", p.ImportPath, forbidden)
			}
		}
	}
	for library, owner := range owners {
		if !used[library] {
			t.Errorf("%s is not used by %s", library, owner)
		}
	}
}
