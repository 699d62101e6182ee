package crash

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// changing are the system calls that change files, or make changes durable.
// unknown are others that would: a trace with one of them in it cannot be used.
var (
	changing = []string{
		"openat", "close", "write", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync",
		"renameat", "renameat2", "unlinkat", "linkat", "rename", "unlink", "link",
	}
	unknown = []string{"writev", "pwritev", "pwritev2", "copy_file_range", "sendfile", "splice", "truncate", "msync", "open", "creat"}
)

// tracer is the command under which a program's changes to files are written to
// a log. It is a Debian package that test/prerequisites installs.
func tracer(t *testing.T, log string) []string {
	t.Helper()
	requireTracer(t)
	return []string{
		"strace", "-f", "--seccomp-bpf", "-ttt", "-y", "-xx", "-s", "67108864", "-o", log,
		"-e", "signal=none", "-e", "trace=" + strings.Join(slices.Concat(changing, unknown), ","),
	}
}

// requireTracer skips a test, aloud, where no process may be traced.
func requireTracer(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: strace does not work here: %v %s", err, out)
	}
}

// call is a system call that succeeded.
type call struct {
	name       string
	begin, end time.Time
	args       []string // as the tracer writes them; texts decoded
	result     int
}

// traced is the record of a program's life: its successful calls in the order
// in which they ended.
type traced []call

// readTrace reads a log of the tracer.
func readTrace(t *testing.T, path string) traced {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var calls traced
	begun := make(map[string]call) // calls that were interrupted by those of other threads, by thread
	for lines := bufio.NewReaderSize(file, 1<<20); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return calls // of a killed program the last line may be cut short
		}
		thread, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		stamp, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
		at := parseStamp(t, stamp)
		c := call{begin: at, end: at}
		if head, interrupted := strings.CutSuffix(rest, " <unfinished ...>"); interrupted {
			c.args = []string{head}
			begun[thread] = c
			continue
		}
		if _, tail, ok := strings.Cut(rest, " resumed>"); ok && strings.HasPrefix(rest, "<... ") {
			c.begin = begun[thread].begin
			rest = begun[thread].args[0] + tail
		}
		if c.parse(t, rest) && c.result >= 0 {
			calls = append(calls, c)
		}
	}
}

// parse reads name(arguments) = result, and reports whether it was that.
func (c *call) parse(t *testing.T, text string) bool {
	t.Helper()
	name, rest, ok := strings.Cut(text, "(")
	end := strings.LastIndex(rest, ") ")
	if !ok || end < 0 || strings.ContainsAny(name, " -+<") {
		return false // the end of a process
	}
	result, ok := strings.CutPrefix(strings.TrimLeft(rest[end+2:], " "), "= ")
	digits := strings.IndexFunc(result, func(r rune) bool { return r != '-' && (r < '0' || r > '9') })
	if digits < 0 {
		digits = len(result)
	}
	n, err := strconv.Atoi(result[:digits])
	if !ok || err != nil {
		return false // a call that was begun again
	}
	c.name, c.args, c.result = name, arguments(t, rest[:end]), n
	return true
}

func parseStamp(t *testing.T, stamp string) time.Time {
	t.Helper()
	seconds, micros, ok := strings.Cut(stamp, ".")
	s, err1 := strconv.ParseInt(seconds, 10, 64)
	us, err2 := strconv.ParseInt(micros, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		t.Fatalf("trace: time %q", stamp)
	}
	return time.Unix(s, us*1000)
}

// arguments splits the arguments of a call: texts are in quotes, and all their
// bytes in hex, so that no separator is inside them.
func arguments(t *testing.T, list string) []string {
	t.Helper()
	args := strings.Split(list, ", ")
	for i, arg := range args {
		if text, ok := strings.CutPrefix(arg, `"`); ok {
			args[i] = decodeText(t, strings.TrimSuffix(text, `"`))
		}
	}
	return args
}

func decodeText(t *testing.T, escaped string) string {
	t.Helper()
	data, err := hex.AppendDecode(nil, bytes.ReplaceAll([]byte(escaped), []byte(`\x`), nil))
	if err != nil {
		t.Fatalf("trace: text %.40q: %v", escaped, err)
	}
	return string(data)
}

// descriptor reads an argument such as 5</data/laurel.db>.
func descriptor(arg string) int {
	digits, _, _ := strings.Cut(arg, "<")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

func integer(t *testing.T, arg string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(arg, 0, 64)
	if err != nil {
		t.Fatalf("trace: number %q", arg)
	}
	return n
}

// step is what a call did to a disk.
type step struct {
	begin, end time.Time
	kind       stepKind
	file       int    // whose content it is about; files are numbered as they come
	name, to   string // of a file or, for syncNames, of nothing
	offset     int64
	data       []byte
}

type stepKind int

const (
	writeData   stepKind = iota // data at offset of file
	setSize                     // offset is the new size of file
	syncData                    // file is durable
	addName                     // name leads to file
	moveName                    // name is called to
	removeName                  // name is gone
	syncNames                   // the names are durable
	steps_count                 // how many there are
)

// descriptorState is an open file of a traced program.
type descriptorState struct {
	file   int // -1 for the directory
	offset int64
	append bool
}

// interpreter turns calls into steps on the files of one directory.
type interpreter struct {
	t         *testing.T
	directory string
	names     map[string]int // files by name
	sizes     []int64
	open      map[int]*descriptorState
	steps     []step
}

// interpret reads what was done to the files of a directory that held a disk at
// the beginning.
func (calls traced) interpret(t *testing.T, directory string, start *disk) []step {
	t.Helper()
	i := &interpreter{t: t, directory: directory, names: make(map[string]int), open: make(map[int]*descriptorState)}
	for name, file := range start.names {
		i.names[name] = file
	}
	for _, content := range start.files {
		i.sizes = append(i.sizes, content.size)
	}
	for _, c := range calls {
		i.call(c)
	}
	return i.steps
}

// inside gives the name of a path in the directory, "." for itself.
func (i *interpreter) inside(path string) (string, bool) {
	name, err := filepath.Rel(i.directory, path)
	return name, err == nil && name != ".." && !strings.HasPrefix(name, "../")
}

func (i *interpreter) call(c call) {
	switch c.name {
	case "openat":
		i.openat(c)
	case "close":
		delete(i.open, descriptor(c.args[0]))
	case "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat":
		i.name(c)
	default:
		if at := i.open[descriptor(c.args[0])]; at != nil {
			i.content(c, at)
		}
	}
}

func (i *interpreter) add(c call, s step) {
	s.begin, s.end = c.begin, c.end
	i.steps = append(i.steps, s)
}

func (i *interpreter) openat(c call) {
	name, ok := i.inside(c.args[1])
	if !ok || name == "." {
		if ok {
			i.open[c.result] = &descriptorState{file: -1}
		}
		return
	}
	file, known := i.names[name]
	if !known {
		file = len(i.sizes)
		i.sizes = append(i.sizes, 0)
		i.names[name] = file
		i.add(c, step{kind: addName, file: file, name: name})
	} else if strings.Contains(c.args[2], "O_TRUNC") {
		i.sizes[file] = 0
		i.add(c, step{kind: setSize, file: file})
	}
	i.open[c.result] = &descriptorState{file: file, append: strings.Contains(c.args[2], "O_APPEND")}
}

// content interprets a call about an open file.
func (i *interpreter) content(c call, at *descriptorState) {
	if slices.Contains(unknown, c.name) {
		i.t.Fatalf("trace: %s on a file of the data directory cannot be interpreted", c.name)
	}
	if at.file < 0 {
		if c.name == "fsync" || c.name == "fdatasync" {
			i.add(c, step{kind: syncNames})
		}
		return
	}
	size := &i.sizes[at.file]
	switch c.name {
	case "fsync", "fdatasync":
		i.add(c, step{kind: syncData, file: at.file})
	case "write":
		if at.append {
			at.offset = *size
		}
		i.write(c, at.file, at.offset)
		at.offset += int64(c.result)
	case "pwrite64":
		i.write(c, at.file, integer(i.t, c.args[3]))
	case "ftruncate":
		*size = integer(i.t, c.args[1])
		i.add(c, step{kind: setSize, file: at.file, offset: *size})
	case "fallocate":
		if end := integer(i.t, c.args[2]) + integer(i.t, c.args[3]); end > *size && c.args[1] == "0" {
			*size = end
			i.add(c, step{kind: setSize, file: at.file, offset: end})
		}
	}
}

func (i *interpreter) write(c call, file int, offset int64) {
	data := []byte(c.args[1])[:c.result]
	i.sizes[file] = max(i.sizes[file], offset+int64(len(data)))
	i.add(c, step{kind: writeData, file: file, offset: offset, data: data})
}

// name interprets a call about names. The paths are the texts among its
// arguments that are no descriptors.
func (i *interpreter) name(c call) {
	var paths []string
	for _, arg := range c.args {
		if strings.HasPrefix(arg, "/") {
			paths = append(paths, arg)
		}
	}
	if len(paths) == 0 {
		return // below a working directory: not ours, whose paths are absolute
	}
	name, ok := i.inside(paths[0])
	file, known := i.names[name]
	if !ok || !known {
		return // of another directory, or a socket
	}
	if strings.HasPrefix(c.name, "unlink") {
		delete(i.names, name)
		i.add(c, step{kind: removeName, name: name})
		return
	}
	to, ok := i.inside(paths[1])
	if !ok {
		i.t.Fatalf("trace: %s out of the data directory", c.name)
	}
	i.names[to] = file
	if strings.HasPrefix(c.name, "link") {
		i.add(c, step{kind: addName, file: file, name: to})
		return
	}
	delete(i.names, name)
	i.add(c, step{kind: moveName, name: name, to: to})
}

// String says what a step did, for a report.
func (s step) String() string {
	kind := [steps_count]string{"write", "resize", "sync", "create", "rename", "remove", "sync directory"}[s.kind]
	return fmt.Sprintf("%s file %d %s %s at %d, %d bytes", kind, s.file, s.name, s.to, s.offset, len(s.data))
}
