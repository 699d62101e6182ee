package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/internal/keys/filekeys"
	"laurel/test/figures"
	"laurel/test/program"
)

// binaryOneIn is how many images there are for one that is not only opened and
// inspected, but also served from, with every request that had no answer sent
// again.
const binaryOneIn = 100

// recording is a server's life under the tracer, from the start of the process
// on.
type recording struct {
	registry *registry
	start    *disk  // before it
	steps    []step // what it did to the files
	// reference is what is there at the end.
	reference *inspection
	lock      filekeys.Lock
}

// recordLife lets clients work with a traced server for a while, and has it make
// a new key in the midst of it.
func recordLife(t *testing.T, work time.Duration, seed uint64) *recording {
	t.Helper()
	log := filepath.Join(t.TempDir(), "trace")
	under := tracer(t, log)
	registry, server := newRegistry(t)
	if code := server.Stop(); code != 0 {
		t.Fatalf("exit %d\n%s", code, server.Stderr())
	}
	data := registry.institution.Data
	r := &recording{registry: registry, start: readDisk(t, data)}
	server, err := program.Launch{Under: under}.Serve(t, registry.institution, proxy...)
	if err != nil {
		t.Fatalf("starting server: %v\n%s", err, server.Stderr())
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), work/2)
		registry.work(ctx, server, seed)
		cancel()
		registry.mayRotate() // counts it
		if _, ok := registry.send(t.Context(), server, entry{Op: rotate, Key: registry.nextKey(rotate)}); !ok {
			t.Fatalf("making a key: no answer\n%s", server.Stderr())
		}
	}
	newChecker(registry).check(t, server, rand.New(rand.NewPCG(seed, 1)), true)
	if code := server.Stop(); code != 0 {
		t.Fatalf("exit %d\n%s", code, server.Stderr())
	}
	if len(registry.faults) > 0 {
		t.Fatalf("while nothing was wrong:\n%s", some(registry.faults))
	}
	r.steps = readTrace(t, log).interpret(t, data, r.start)
	r.reference = inspect(t.Context(), data)
	r.reference.compareRecord(registry.journal.read(t), nil)
	if r.lock, err = filekeys.Identity(keyFile(registry.institution), data); err != nil {
		t.Fatal(err)
	}
	if len(r.reference.faults) > 0 {
		t.Fatalf("at the end:\n%s", some(r.reference.faults))
	}
	return r
}

func keyFile(i program.Institution) string { return i.Data + ".key" }

// TestPowerLoss makes the images that power failures could have left at any
// moment of a server's life, and looks into each.
func TestPowerLoss(t *testing.T) {
	count := int(number(t, "LAUREL_IMAGES", 200))
	seed := number(t, "LAUREL_SEED", uint64(time.Now().UnixNano()))
	t.Logf("LAUREL_SEED=%d", seed)
	work := 2*time.Second + time.Duration(count)*time.Second/2000
	r := recordLife(t, work, seed)
	p := &powerLoss{recording: r, t: t, random: rand.New(rand.NewPCG(seed, 2))}
	p.run(count)
	if len(p.faults) > 0 {
		t.Fatalf("%d images of %d are wrong, such as:\n%s", len(p.faults), p.made, some(p.faults))
	}
	table := figures.New("images")
	table.Hold("different images", fmt.Sprint(count), p.made >= count*9/10, "%d, of %d moments", p.made, p.moments)
	for kind, n := range p.kinds {
		table.Note(losses[kind], "%d", n)
	}
	table.Hold("images that do not open, lack what was acknowledged, or contradict themselves", "0", len(p.faults) == 0, "%d", len(p.faults))
	table.Note("images that a server was started on, and every request without an answer repeated", "%d", p.served)
	table.Note("badges in the last image; awards half done in one, at most", "%d; %d", len(r.reference.credentials), p.unfinished)
	table.Note("one image, made, opened and inspected", "%v", (p.took / time.Duration(max(1, p.made))).Round(100*time.Microsecond))
	table.Finish(t)
}

// powerLoss makes images and has them looked into by several workers.
type powerLoss struct {
	*recording
	t      *testing.T
	random *rand.Rand

	moments int
	kinds   [lossesKind]int
	made    int
	took    time.Duration

	mu                 sync.Mutex // guards what follows
	faults             []string
	unfinished, served int
}

// failure is an image with what has to be in it.
type failure struct {
	image
	number int
	record record
	what   string
}

// run makes about as many images as are wanted, spread over all the moments.
func (p *powerLoss) run(count int) {
	p.t.Helper()
	begun := time.Now()
	folder := scratch(p.t)
	queue := make(chan failure)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for f := range queue {
				p.look(f, filepath.Join(folder, fmt.Sprint(f.number)))
			}
		})
	}
	p.makeAll(count, queue)
	close(queue)
	group.Wait()
	p.took = time.Since(begun)
}

// scratch is a directory in memory, where there is one.
func scratch(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "laurel-crash-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// makeAll walks through the life of the server. At each moment the disk holds
// what was made durable, and a power failure may lose the rest in several ways.
func (p *powerLoss) makeAll(count int, queue chan<- failure) {
	journal := p.registry.journal.entries(p.t)
	known := reading{requests: make(map[string]*request), badges: make(map[string]*badge)}
	d, seen := p.start, make(map[string]bool)
	debt := 0.0 // images that are still owed by the moments so far
	each := float64(count) / float64(len(p.steps))
	for n, s := range p.steps {
		d.take(s)
		// Whatever was acknowledged before the next step began has to be there.
		until := time.Now()
		if n+1 < len(p.steps) {
			until = p.steps[n+1].begin
		}
		for len(journal) > 0 && journal[0].Time.Before(until) {
			known.add(journal[0])
			journal = journal[1:]
		}
		p.moments++
		debt += each
		for tries := 0; debt >= 1 && tries < 20; tries++ {
			kind := loss(p.random.IntN(int(lossesKind)))
			made := d.fail(kind, p.random)
			if seen[made.signature] {
				continue
			}
			seen[made.signature] = true
			p.made++
			p.kinds[kind]++
			debt--
			queue <- failure{made, p.made, known.copy(), fmt.Sprintf("after step %d of %d (%v), loss %d", n, len(p.steps), s, kind)}
			if p.made%1000 == 0 {
				progress("%d of %d images", p.made, count)
			}
			if len(p.snapshotFaults()) > 20 {
				return
			}
		}
	}
}

func (p *powerLoss) snapshotFaults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

// look looks into one image.
func (p *powerLoss) look(f failure, directory string) {
	defer os.RemoveAll(directory) //nolint:errcheck // it lies in a temporary directory
	if err := f.write(directory); err != nil {
		p.note(f, []string{err.Error()}, nil)
		return
	}
	i := inspect(context.Background(), directory)
	if i.store != nil {
		i.compareRecord(f.record, p.reference)
		i.compareKeyFile(context.Background(), directory, p.lock)
	}
	p.note(f, i.faults, i)
	if len(i.faults) == 0 && f.number%binaryOneIn == 0 {
		p.note(f, p.serve(f, directory), nil)
		p.mu.Lock()
		p.served++
		p.mu.Unlock()
	}
}

func (p *powerLoss) note(f failure, faults []string, i *inspection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i != nil {
		p.unfinished = max(p.unfinished, i.unfinished)
	}
	if len(faults) > 0 {
		p.faults = append(p.faults, fmt.Sprintf("image %d, %s: %s", f.number, f.what, strings.Join(faults[:min(3, len(faults))], "; ")))
	}
}

// serve starts a server on an image and has every request without an answer
// answered.
func (p *powerLoss) serve(f failure, directory string) []string {
	institution := p.registry.institution
	institution.Data = directory
	server, err := program.Launch{}.Serve(p.t, institution, append([]string{"--key-file", keyFile(p.registry.institution)}, proxy...)...)
	if err != nil {
		return []string{fmt.Sprintf("starting server: %v %s", err, server.Stderr())}
	}
	defer server.Kill()
	image := &registry{institution: institution, achievement: p.registry.achievement, journal: newJournal(p.t, directory+".journal")}
	defer os.Remove(directory + ".journal") //nolint:errcheck // it lies in a temporary directory
	for _, e := range p.registry.journal.entries(p.t) {
		if e.Time.After(f.record.until) {
			break
		}
		if err := image.journal.append(e); err != nil {
			return []string{err.Error()}
		}
	}
	newChecker(image).check(p.t, server, rand.New(rand.NewPCG(1, uint64(f.number))), true)
	return image.faults
}

// TestPowerLossIsFound is the test of the test: a store that does not wait for
// the disk loses what it acknowledged.
func TestPowerLossIsFound(t *testing.T) {
	r := recordLife(t, time.Second, 1)
	synced := 0
	r.steps = slices.DeleteFunc(r.steps, func(s step) bool {
		if s.kind == syncData {
			synced++
		}
		return s.kind == syncData && synced > 20
	})
	p := &powerLoss{recording: r, t: t, random: rand.New(rand.NewPCG(1, 2))}
	p.run(100)
	for _, fault := range p.faults {
		if strings.Contains(fault, "is lost") {
			return
		}
	}
	t.Errorf("no image without fsync lacks what was acknowledged; %d faults:\n%s", len(p.faults), some(p.faults))
}
