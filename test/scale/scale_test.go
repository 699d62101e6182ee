// Package scale holds the tests of large amounts: a file of a hundred thousand
// people, a store of a million badges. make scale runs them; they print what
// they measure, and fail when a figure is missed.
//
//	LAUREL_SCALE  "1" runs them, "small" runs them with a hundredth of the
//	              amounts and holds counts only, which shows that they work
package scale

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"laurel/test/figures"
	"laurel/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// amounts are how much is done.
type amounts struct {
	people, dryRun, stored int
	kill                   time.Duration // between two kills
	strict                 bool          // times and sizes are held too
}

func amountsOf(t *testing.T) amounts {
	t.Helper()
	switch os.Getenv("LAUREL_SCALE") {
	case "1":
		return amounts{100_000, 10_000, 1_000_000, 10 * time.Second, true}
	case "small":
		return amounts{1_000, 100, 10_000, 400 * time.Millisecond, false}
	}
	t.Skip("LAUREL_SCALE is not set: make scale runs this")
	return amounts{}
}

// institution is one with an achievement.
type institution struct {
	program.Institution
	achievement string
}

func newInstitution(t *testing.T) institution {
	t.Helper()
	i := institution{Institution: program.Init(t, "https://badges.example.ac.uk")}
	server := program.Serve(t, i.Institution)
	document := []byte(`{"name": "One of many", "description": "Was awarded with a hundred thousand others.", "criteria": {"narrative": "Be in the file."}}`)
	answer, err := server.Operate(t.Context(), http.MethodPost, "/api/v1/achievements", "", document)
	var made struct{ ID string }
	if err != nil || answer.Status != http.StatusCreated || json.Unmarshal(answer.Body, &made) != nil {
		t.Fatalf("creating achievement: %d %s %v", answer.Status, answer.Body, err)
	}
	if code := server.Stop(); code != 0 {
		t.Fatalf("stopping server: exit %d", code)
	}
	i.achievement = made.ID
	return i
}

// people writes a file of so many of them.
func people(t *testing.T, n int) string {
	t.Helper()
	var file bytes.Buffer
	file.WriteString("Name,E-mail\n")
	for k := range n {
		fmt.Fprintf(&file, "Learner %d Example,learner-%d@students.example.ac.uk\n", k, k)
	}
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ran is how a command went.
type ran struct {
	took   time.Duration
	memory int64 // most anonymous memory, in bytes
	code   int   // -1 when it was killed
	output string
}

// run runs laurel and looks at its memory meanwhile. A command that is not done
// after a while is killed, unless that is zero.
func run(t *testing.T, kill time.Duration, args ...string) ran {
	t.Helper()
	command := exec.Command(program.Path(t), args...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	begun := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = command.Wait() // its code says it
	}()
	if kill == 0 {
		kill = 20 * time.Minute
	}
	deadline := time.After(kill)
	var r ran
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		case <-deadline:
			_ = command.Process.Signal(syscall.SIGKILL)
			<-done
			ended = true
		case <-time.After(50 * time.Millisecond):
			r.memory = max(r.memory, anonymousMemory(command.Process.Pid))
		}
	}
	r.took, r.code, r.output = time.Since(begun), command.ProcessState.ExitCode(), output.String()
	return r
}

// anonymousMemory is what a process has in memory that no file backs; 0 when it
// is gone.
func anonymousMemory(pid int) int64 {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "RssAnon:" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err == nil {
				return n << 10
			}
		}
	}
	return 0
}

func (i institution) award(t *testing.T, kill time.Duration, file string, flags ...string) ran {
	t.Helper()
	args := append([]string{"award", file, "--data", i.Data, "--achievement", i.achievement}, flags...)
	return run(t, kill, args...)
}

// count is how many badges fsck opens and finds to be those that were issued;
// deep says that it verifies all their signatures too.
func (i institution) count(t *testing.T, deep bool) int {
	t.Helper()
	args := []string{"fsck", "--json", "--data", i.Data}
	if deep {
		args = append(args, "--deep")
	}
	r := run(t, 0, args...)
	start := strings.Index(r.output, "{")
	var report struct {
		Credentials int `json:"credentials"`
		Signatures  int `json:"signatures"`
	}
	if r.code != 0 || start < 0 || json.Unmarshal([]byte(r.output[start:]), &report) != nil {
		t.Fatalf("laurel fsck: exit %d\n%s", r.code, r.output)
	}
	if deep && report.Signatures < report.Credentials {
		t.Errorf("fsck opened %d badges and verified the signatures of %d", report.Credentials, report.Signatures)
	}
	return report.Credentials
}

// TestAwardFile awards a badge to the people of one file, in one go and with the
// process killed again and again.
func TestAwardFile(t *testing.T) {
	a := amountsOf(t)
	table := figures.New("awards")
	file := people(t, a.people)

	whole := newInstitution(t)
	r := whole.award(t, 0, file, "--yes")
	if r.code != 0 {
		t.Fatalf("laurel award: exit %d\n%s", r.code, r.output)
	}
	table.Hold(fmt.Sprintf("%d awards from one CSV file, `laurel award --yes`", a.people), "≤ 60 s", !a.strict || r.took <= time.Minute, "%.1f s, %.0f/s", r.took.Seconds(), float64(a.people)/r.took.Seconds())
	table.Hold("anonymous memory meanwhile, at most", "≤ 300 MB", !a.strict || r.memory <= 300e6, "%.0f MB", float64(r.memory)/1e6)
	progress("%d awards took %v", a.people, r.took)
	n := whole.count(t, false)
	table.Hold("badges afterwards (`laurel fsck`)", fmt.Sprint(a.people), n == a.people, "%d", n)
	again := whole.award(t, 0, file, "--yes")
	table.Note("the same file again", "%.1f s, exit %d", again.took.Seconds(), again.code)
	size(t, whole, a, table)
	n = whole.count(t, false)
	table.Hold("badges after the file was given again", fmt.Sprint(a.people), n == a.people, "%d", n)

	killed := newInstitution(t)
	kills, begun := 0, time.Now()
	for {
		r = killed.award(t, a.kill, file, "--yes")
		if r.code >= 0 {
			break
		}
		if kills++; kills > 60 {
			t.Fatalf("it does not come to an end:\n%s", r.output)
		}
		progress("kill %d", kills)
		if !a.strict { // few rows are done between two kills on a machine that is busy
			a.kill += a.kill / 4
		}
	}
	if r.code != 0 {
		t.Fatalf("laurel award: exit %d\n%s", r.code, r.output)
	}
	took := time.Since(begun)
	n = killed.count(t, true)
	table.Hold(fmt.Sprintf("badges of the same file with a kill every %v, the signatures of all verified (`laurel fsck --deep`)", a.kill), fmt.Sprint(a.people), n == a.people && kills > 0, "%d after %d kills, %.1f s", n, kills, took.Seconds())

	dry := newInstitution(t)
	r = dry.award(t, 0, people(t, a.dryRun), "--dry-run")
	table.Hold(fmt.Sprintf("dry run of %d rows", a.dryRun), "≤ 3 s", r.code == 0 && (!a.strict || r.took <= 3*time.Second), "%.2f s, exit %d", r.took.Seconds(), r.code)
	table.Finish(t)
}

// size compacts a store and compares its size with what it holds.
func size(t *testing.T, i institution, a amounts, table *figures.Table) {
	t.Helper()
	r := run(t, 0, "compact", "--data", i.Data)
	if r.code != 0 {
		t.Errorf("laurel compact: exit %d\n%s", r.code, r.output)
		return
	}
	info, err := os.Stat(filepath.Join(i.Data, "laurel.db"))
	if err != nil {
		t.Fatal(err)
	}
	signed := signedBytes(t, i)
	each := float64(info.Size()) / float64(a.people)
	limit := signed*1.3 + 1536
	table.Hold("disk for each badge after `laurel compact`", fmt.Sprintf("≤ %.0f B, its %.0f signed bytes × 1.3 + 1.5 KB", limit, signed), !a.strict || each <= limit, "%.0f B", each)
	table.Note("`laurel compact`", "%.1f s", r.took.Seconds())
}

// signedBytes is the mean size of badges.
func signedBytes(t *testing.T, i institution) float64 {
	t.Helper()
	server := program.Serve(t, i.Institution)
	defer server.Stop()
	answer, err := server.Operate(t.Context(), http.MethodGet, "/api/v1/credentials?limit=50", "", nil)
	var page struct{ Items []struct{ URL string } }
	if err != nil || json.Unmarshal(answer.Body, &page) != nil || len(page.Items) == 0 {
		t.Fatalf("listing: %v %s", err, answer.Body)
	}
	sum := 0
	for _, item := range page.Items {
		badge, err := server.Get(context.Background(), item.URL, "application/vc")
		if err != nil || badge.Status != http.StatusOK {
			t.Fatalf("GET %s: %d %v", item.URL, badge.Status, err)
		}
		sum += len(badge.Body)
	}
	return float64(sum) / float64(len(page.Items))
}

// progress tells whoever waits how far it is.
func progress(format string, args ...any) {
	if os.Getenv("LAUREL_PROGRESS") != "" {
		fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
	}
}
