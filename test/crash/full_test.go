package crash

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laurel/test/program"
)

// smallDisk is a file system of its own, in memory, that holds the data of an
// institution. It is mounted for the processes that are run under it alone.
type smallDisk struct {
	t      *testing.T
	inside string   // path of the data directory for those processes
	path   string   // the same for this one
	under  []string // runs a process there
}

// newSmallDisk moves the data of an institution to a file system of so many
// bytes.
func newSmallDisk(t *testing.T, institution program.Institution, size int) *smallDisk {
	t.Helper()
	if out, err := exec.Command("unshare", "-rm", "true").CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: no file system can be mounted here: %v %s", err, out)
	}
	const script = `set -e
mkdir "$1.small"
mount -t tmpfs -o size=$2 tmpfs "$1.small"
cp -a --sparse=always "$1/." "$1.small/"
mount --bind "$1.small" "$1"
echo ready
exec sleep 600`
	holder := exec.Command("unshare", "-rm", "sh", "-c", script, "sh", institution.Data, fmt.Sprint(size))
	var stdout, stderr bytes.Buffer
	holder.Stdout, holder.Stderr = &stdout, &stderr
	reader, err := holderOutput(holder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	line := make([]byte, 6)
	if _, err := reader.Read(line); err != nil || string(line) != "ready\n" {
		t.Skipf("NOT RUN: no file system can be mounted here: %v %s", err, stderr.Bytes())
	}
	pid := fmt.Sprint(holder.Process.Pid)
	return &smallDisk{
		t: t, inside: institution.Data, path: "/proc/" + pid + "/root" + institution.Data,
		under: []string{"nsenter", "--target", pid, "--user", "--mount", "--preserve-credentials"},
	}
}

func holderOutput(holder *exec.Cmd) (*os.File, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	holder.Stdout = writer
	err = holder.Start()
	_ = writer.Close() // the process has its own
	return reader, err
}

// fill leaves so many bytes free; free gives all others back.
func (d *smallDisk) fill(leave int) {
	d.t.Helper()
	file, err := os.OpenFile(filepath.Join(d.path, "filler"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	page := make([]byte, 4096)
	size := int64(0)
	for {
		if _, err := file.Write(page); err != nil {
			break
		}
		size += int64(len(page))
	}
	if err := file.Truncate(max(0, size-int64(leave))); err != nil {
		d.t.Fatal(err)
	}
}

func (d *smallDisk) free() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.path, "filler")); err != nil {
		d.t.Fatal(err)
	}
}

// TestDiskFull fills the disk under a server. Awards are refused, what there is
// is served on, badges can be revoked all the same, and once there is room again
// everything goes on by itself.
func TestDiskFull(t *testing.T) {
	registry, server := newRegistry(t)
	random := rand.New(rand.NewPCG(1, 6))
	for range 60 {
		registry.act(t.Context(), server, random)
	}
	server.Stop()
	// A store without free pages of its own has nothing to write to but the disk.
	if result := program.Run(t, nil, "compact", "--data", registry.institution.Data); result.Code != 0 {
		t.Fatalf("laurel compact: exit %d\n%s", result.Code, result.Stderr)
	}
	disk := newSmallDisk(t, registry.institution, 96<<20)
	launch := program.Launch{Under: disk.under}
	server, err := launch.Serve(t, registry.institution, proxy...)
	if err != nil {
		t.Fatalf("starting server: %v\n%s", err, server.Stderr())
	}
	disk.fill(0)
	refused := awardUntilRefused(t, registry, server)
	revocations := revokeAll(t, registry, server, random)
	if revocations < 10 {
		t.Errorf("%d revocations are too few to show anything", revocations)
	}
	if server.Ended(0) {
		t.Fatalf("the server ended: %d\n%s", server.Code(), server.Stderr())
	}
	disk.free()
	status := 0
	for end := time.Now().Add(10 * time.Second); status != http.StatusCreated && time.Now().Before(end); {
		_, status = registry.attempt(t.Context(), server, refused)
		time.Sleep(100 * time.Millisecond)
	}
	if status != http.StatusCreated {
		t.Fatalf("the award that was refused, with room again: %d", status)
	}
	for range 30 {
		registry.act(t.Context(), server, random)
	}
	newChecker(registry).check(t, server, random, true)
	if code := server.Stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, server.Stderr())
	}
	i := inspect(t.Context(), disk.path)
	i.compareRecord(registry.journal.read(t), nil)
	if result := launch.Run(t, "fsck", "--data", registry.institution.Data); result.Code != 0 {
		t.Errorf("laurel fsck: exit %d\n%s%s", result.Code, result.Stdout, result.Stderr)
	}
	if faults := append(registry.faults, i.faults...); len(faults) > 0 {
		t.Errorf("faults:\n%s", some(faults))
	}
	t.Logf("%d badges, %d revocations while the disk was full", len(i.credentials), revocations)
}

// revokeAll revokes up to twenty badges and sees that everybody knows.
func revokeAll(t *testing.T, registry *registry, server *program.Server, random *rand.Rand) (revocations int) {
	t.Helper()
	for range 20 {
		b, ok := registry.take(random)
		if !ok {
			break
		}
		e := entry{Op: revoke, Key: registry.nextKey(revoke), ID: b.id}
		if done, ok := registry.send(t.Context(), server, e); !ok || done.id == "" {
			t.Fatalf("revoking while the disk is full, after %d times: %v\n%s", revocations, registry.faults, some(server.Errors()))
		}
		b.state = revoked
		registry.awaitChange(t.Context(), server, &b)
		revocations++
	}
	return revocations
}

// awardUntilRefused awards until there is no room, and returns the request that
// was refused.
func awardUntilRefused(t *testing.T, registry *registry, server *program.Server) entry {
	t.Helper()
	for range 2000 {
		e := registry.awardEntry()
		e.Event = sent
		if err := registry.journal.write(e); err != nil {
			t.Fatal(err)
		}
		b, status := registry.attempt(t.Context(), server, e)
		switch status {
		case http.StatusCreated:
			registry.putBack(b)
		case http.StatusInsufficientStorage, http.StatusServiceUnavailable:
			return e
		default:
			t.Fatalf("an award on a full disk: %d\n%s", status, server.Stderr())
		}
	}
	t.Fatal("the disk does not get full")
	return entry{}
}

// TestDiskReadOnly has the program meet data that cannot be written. It says so,
// and changes nothing.
func TestDiskReadOnly(t *testing.T) {
	registry, server := newRegistry(t)
	server.Stop()
	disk := newSmallDisk(t, registry.institution, 64<<20)
	words := append(disk.under, "mount", "-o", "remount,bind,ro", disk.inside)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v %s", words, err, out)
	}
	before, err := os.ReadFile(filepath.Join(disk.path, "laurel.db"))
	if err != nil {
		t.Fatal(err)
	}
	launch := program.Launch{Under: disk.under}
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0"},
		{"keys", "rotate"},
		{"compact"},
		{"status", "revoke", strings.Repeat("a", 26), "--reason", "test"},
	} {
		begun := time.Now()
		result := launch.Run(t, append(args, "--data", registry.institution.Data)...)
		said := string(result.Stderr)
		if result.Code != 2 || !strings.Contains(said, "read-only") || strings.Contains(said, "goroutine") {
			t.Errorf("laurel %s: exit %d after %v\n%s", args[0], result.Code, time.Since(begun), said)
		}
	}
	after, err := os.ReadFile(filepath.Join(disk.path, "laurel.db"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the data changed: %v", err)
	}
	if result := launch.Run(t, "fsck", "--data", registry.institution.Data); result.Code != 0 {
		t.Errorf("laurel fsck, which only reads: exit %d\n%s%s", result.Code, result.Stdout, result.Stderr)
	}
}
