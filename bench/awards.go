package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"laurel/internal/issuer"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// How awards are measured.
const (
	awardCallers = 64
	awardCount   = 20_000
)

// madeAwards is what a number of awards took, each made by a caller who waited for
// it to be on disk before he asked for the next. Everything runs as in a
// deployment: on all processors, and with two commits for each award.
type madeAwards struct {
	Count     int     `json:"count"`
	Callers   int     `json:"callers"`
	PerSecond float64 `json:"perSecond"`
	// Processor is the CPU time of one award, and Cryptography that of a
	// signature and its verification with the hashes, in microseconds.
	Processor    float64 `json:"processor"`
	Cryptography float64 `json:"cryptography"`
	// Median and P99 are how long a caller waited, in milliseconds.
	Median float64 `json:"median"`
	P99    float64 `json:"p99"`
	// Signed is the length of a signed badge, Stored what its award takes on
	// disk after compaction, both in bytes and on average.
	Signed float64 `json:"signed"`
	Stored float64 `json:"stored"`
}

// measureAwards has this program measure awards in a process of its own.
func measureAwards(dir string, count int) (madeAwards, error) {
	self, err := os.Executable()
	if err != nil {
		return madeAwards{}, err
	}
	command := exec.Command(self, "awards", dir, strconv.Itoa(count))
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return madeAwards{}, fmt.Errorf("measuring awards: %w", err)
	}
	var made madeAwards
	return made, json.Unmarshal(out, &made)
}

// runAwards makes awards in a directory and prints what they took.
func runAwards(dir, count string, out io.Writer) error {
	n, err := strconv.Atoi(count)
	if err != nil || n < awardCallers {
		return fmt.Errorf("%q is not a number of awards", count)
	}
	runtime.GOMAXPROCS(runtime.NumCPU())
	made, err := makeAwards(context.Background(), dir, n)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(made)
}

func makeAwards(ctx context.Context, dir string, count int) (made madeAwards, err error) {
	made = madeAwards{Count: count, Callers: awardCallers}
	i, err := createInstallation(dir)
	if err != nil {
		return made, err
	}
	said := new(ready)
	_, err = setUp(ctx, i.service, said)
	before, err := i.compacted(ctx, dir, err)
	if err != nil {
		return made, err
	}
	if err := i.open(dir); err != nil {
		return made, err
	}
	crypto := cryptography()
	var latencies []float64
	used, begin := processorTime(), time.Now()
	if latencies, err = awardMany(ctx, i.service, said.Achievement, count); err == nil {
		made.PerSecond = float64(count) / time.Since(begin).Seconds()
		made.Processor = float64(processorTime()-used) / float64(count) / 1e3
		made.Cryptography = min(crypto, cryptography())
		made.Median, made.P99 = median(latencies)/1e6, quantile(latencies, 0.99)/1e6
		made.Signed, err = meanBadge(ctx, i.service)
	}
	after, err := i.compacted(ctx, dir, err)
	made.Stored = float64(after-before) / float64(count)
	return made, err
}

// compacted closes an installation and says how large its store is at the least.
func (i *installation) compacted(ctx context.Context, dir string, err error) (int64, error) {
	if err = errors.Join(err, i.store.Close()); err != nil {
		return 0, err
	}
	done, err := boltstore.Compact(ctx, storePlace(dir))
	return done.After, err
}

// awardMany makes awards, each to somebody else, and says how long each took.
func awardMany(ctx context.Context, service *issuer.Service, achievement string, count int) ([]float64, error) {
	latencies := make([]float64, count)
	failures := make([]error, awardCallers)
	caller := issuer.Caller{Tenant: issuer.DefaultSlug, Actor: "bench"}
	var next atomic.Int64
	var wait sync.WaitGroup
	for c := range awardCallers {
		wait.Go(func() {
			for n := next.Add(1); n <= int64(count); n = next.Add(1) {
				start := time.Now()
				_, failures[c] = service.Award(ctx, caller, issuer.Request{Achievement: achievement, Recipient: issuer.Recipient{
					Email: fmt.Sprintf("student-%d@highvalley.example", n), Name: fmt.Sprintf("Student %d", n),
				}})
				if failures[c] != nil {
					return
				}
				latencies[n-1] = float64(time.Since(start))
			}
		})
	}
	wait.Wait()
	return latencies, errors.Join(failures...)
}

// meanBadge is the mean length of the newest badges.
func meanBadge(ctx context.Context, service *issuer.Service) (float64, error) {
	list, _, err := service.Credentials(ctx, issuer.DefaultSlug, storage.CredentialFilter{}, storage.Page{})
	total := 0
	for _, one := range list {
		badge, fault := service.OperatorCredential(ctx, issuer.DefaultSlug, one.ID)
		total, err = total+len(badge.Signed), errors.Join(err, fault)
	}
	return float64(total) / float64(len(list)), err
}

// cryptography is what nobody can do without of an award: a badge of ordinary
// length and its proof options are hashed and signed, and both are hashed again
// and the signature verified. In microseconds.
func cryptography() float64 {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // the system's randomness does not fail
	}
	canonical, options, hashed := make([]byte, 7500), make([]byte, 400), make([]byte, 0, 64)
	hash := func() []byte {
		one, two := sha256.Sum256(options), sha256.Sum256(canonical)
		return append(append(hashed[:0], one[:]...), two[:]...)
	}
	const runs = 1000
	used := processorTime()
	for range runs {
		signature := ed25519.Sign(private, hash())
		if !ed25519.Verify(public, hash(), signature) {
			panic("a signature that was just made is wrong")
		}
	}
	return float64(processorTime()-used) / runs / 1e3
}
