package crash

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"laurel/test/program"
)

// A kill point is a place before a statement of the product at which a test can
// have the process die, a function panic, or an error come up. The product has
// none of them: the compiler is given other text in the place of its files
// (-overlay).

//go:embed testdata/killpoint.go.txt
var killPointSource string

const (
	root             = "../.."
	killPointPackage = "internal/killpoint"
	killPointFile    = "LAUREL_KILLPOINTS"
)

// What happens at a kill point.
const (
	pointKill  = 1 // the process is gone
	pointPanic = 2
	pointError = 3 // the function returns an error, if it can
)

var pointModes = map[byte]string{pointKill: "killed", pointPanic: "panic", pointError: "error"}

var builtWithPoints string

// buildWithPoints builds the program, once, with kill points before every
// statement of the files of all acts and deeds.
func buildWithPoints(t *testing.T) (binary string) {
	t.Helper()
	if builtWithPoints != "" {
		return builtWithPoints
	}
	patterns := slices.Clone(storeFiles)
	for _, a := range acts {
		patterns = append(patterns, a.files...)
	}
	for _, d := range deeds {
		patterns = append(patterns, d.files...)
	}
	folder := t.TempDir()
	replace := make(map[string]string)
	put := func(file string, text []byte) {
		original, err := filepath.Abs(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		changed := filepath.Join(folder, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(changed, text, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[original] = changed
	}
	put(killPointPackage+"/killpoint.go", []byte(killPointSource))
	for _, file := range productFiles(t, patterns) {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		put(file, withPoints(t, file, text))
	}
	overlay := filepath.Join(folder, "overlay.json")
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err == nil {
		err = os.WriteFile(overlay, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(filepath.Dir(program.Path(t)), "laurel-with-points") // goes with the other
	command := exec.Command("go", "build", "-buildvcs=false", "-overlay", overlay, "-o", binary, "laurel/cmd/laurel")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("building with kill points: %v\n%s", err, out)
	}
	builtWithPoints = binary
	return binary
}

// productFiles are the files of patterns, without tests. A pattern that fits
// nothing is a mistake: what it named was moved.
func productFiles(t *testing.T, patterns []string) (files []string) {
	t.Helper()
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		n := len(files)
		for _, path := range found {
			file, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") {
				files = append(files, filepath.ToSlash(file))
			}
		}
		if len(files) == n {
			t.Fatalf("no file is called %s any more", pattern)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// insertion is text that is put into a file.
type insertion struct {
	at   int
	text string
}

// withPoints puts a kill point before every statement of a file.
func withPoints(t *testing.T, file string, text []byte) []byte {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	p := &pointer{file: file, text: text, set: set}
	for _, declaration := range parsed.Decls {
		if function, ok := declaration.(*ast.FuncDecl); ok && function.Body != nil {
			p.function = function.Name.Name
			p.statements(function.Body.List, function.Type)
		}
	}
	if len(p.insertions) == 0 {
		return text
	}
	p.insertions = append(p.insertions, insertion{set.Position(parsed.Name.End()).Offset, `; import "laurel/` + killPointPackage + `"`})
	slices.SortStableFunc(p.insertions, func(a, b insertion) int { return a.at - b.at })
	var changed bytes.Buffer
	at := 0
	for _, i := range p.insertions {
		changed.Write(text[at:i.at])
		changed.WriteString(i.text)
		at = i.at
	}
	changed.Write(text[at:])
	return changed.Bytes()
}

// pointer finds the places for kill points.
type pointer struct {
	file, function string
	text           []byte
	set            *token.FileSet
	insertions     []insertion
}

func (p *pointer) statements(list []ast.Stmt, function *ast.FuncType) {
	for _, statement := range list {
		position := p.set.Position(statement.Pos())
		name := fmt.Sprintf("%s:%d %s", p.file, position.Line, p.function)
		p.insertions = append(p.insertions, insertion{position.Offset, p.hit(name, function)})
		p.within(statement, function)
	}
}

// hit is the call of a kill point, in a function of this type.
func (p *pointer) hit(name string, function *ast.FuncType) string {
	call := fmt.Sprintf("killpoint.Hit(%q)", name)
	values, ok := p.zeros(function)
	if !ok {
		return "_ = " + call + "; "
	}
	return fmt.Sprintf("if err := %s; err != nil { return %serr }; ", call, values)
}

// zeros are what a function returns beside an error; ok is false for one that
// returns none.
func (p *pointer) zeros(function *ast.FuncType) (values string, ok bool) {
	if function.Results == nil {
		return "", false
	}
	var types []string
	for _, field := range function.Results.List {
		of := string(p.text[p.set.Position(field.Type.Pos()).Offset:p.set.Position(field.Type.End()).Offset])
		for range max(1, len(field.Names)) {
			types = append(types, of)
		}
	}
	if types[len(types)-1] != "error" {
		return "", false
	}
	for _, of := range types[:len(types)-1] {
		values += "*new(" + of + "), "
	}
	return values, true
}

// within finds the statements inside a statement, those of function literals
// too.
func (p *pointer) within(node ast.Node, function *ast.FuncType) {
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			p.statements(n.Body.List, n.Type)
		case *ast.BlockStmt:
			p.statements(n.List, function)
		case *ast.CaseClause:
			for _, e := range n.List {
				p.within(e, function)
			}
			p.statements(n.Body, function)
		case *ast.CommClause:
			p.statements(n.Body, function)
		case *ast.SwitchStmt:
			p.clauses(n.Body, function)
		case *ast.TypeSwitchStmt:
			p.clauses(n.Body, function)
		case *ast.SelectStmt:
			p.clauses(n.Body, function)
		default:
			return true
		}
		return false
	})
}

func (p *pointer) clauses(body *ast.BlockStmt, function *ast.FuncType) {
	for _, clause := range body.List {
		p.within(clause, function)
	}
}

// points arms and records the kill points of processes, in memory that they
// share with the test.
type points struct {
	t      *testing.T
	path   string
	memory []byte
}

// The shared memory: what happens at the armed point, whether it did, whether
// points are recorded, and the name of the armed point up to a zero byte.
const (
	pointMode   = 0
	pointFired  = 1
	pointRecord = 2
	pointName   = 8
	pointSize   = 4096
)

func newPoints(t *testing.T) *points {
	t.Helper()
	p := &points{t: t, path: filepath.Join(t.TempDir(), "points")}
	file, err := os.OpenFile(p.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(pointSize); err != nil {
		t.Fatal(err)
	}
	p.memory, err = syscall.Mmap(int(file.Fd()), 0, pointSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(p.memory) })
	return p
}

// environment has a process look there.
func (p *points) environment() []string { return []string{killPointFile + "=" + p.path} }

// arm has something happen when a point is next reached.
func (p *points) arm(name string, mode byte) {
	p.memory[pointFired] = 0
	copy(p.memory[pointName:], name+"\x00")
	p.memory[pointMode] = mode
}

// disarm reports whether it has happened.
func (p *points) disarm() bool {
	p.memory[pointMode] = 0
	return p.memory[pointFired] == 1
}

// record returns the points that are reached meanwhile, in order.
func (p *points) record(do func()) []string {
	p.t.Helper()
	_ = os.Remove(p.path + ".reached")
	p.memory[pointRecord]++
	do()
	p.memory[pointRecord]++
	data, err := os.ReadFile(p.path + ".reached")
	if err != nil {
		p.t.Fatalf("no kill point was reached: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// TestPointsAreBeforeStatements is the test of where kill points are put.
func TestPointsAreBeforeStatements(t *testing.T) {
	text := `package a

func f() (int, error) {
	switch x := g(); {
	case x > 1:
		return 1, nil
	}
	return 0, nil
}

func g() int {
	h(func() error { return nil })
	return 1
}
`
	got := string(withPoints(t, "a.go", []byte(text)))
	for _, want := range []string{
		`package a; import "laurel/internal/killpoint"`,
		`if err := killpoint.Hit("a.go:4 f"); err != nil { return *new(int), err }; switch x := g(); {`,
		`if err := killpoint.Hit("a.go:6 f"); err != nil { return *new(int), err }; return 1, nil`,
		`_ = killpoint.Hit("a.go:12 g"); h(func() error { if err := killpoint.Hit("a.go:12 g"); err != nil { return err }; return nil })`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "killpoint.Hit"); n != 6 {
		t.Errorf("%d kill points, want 6", n)
	}
}
