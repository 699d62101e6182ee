package fsck_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/internal/audit"
	"laurel/internal/fsck"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
	"laurel/verifier"
)

const kept = "../../storage/testdata/v1"

// world is the installation that storage/testdata keeps, some time after.
type world struct {
	store   *boltstore.Store
	service *issuer.Service
	config  fsck.Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	directory := t.TempDir()
	packed, err := os.Open(filepath.Join(kept, "laurel.db.gz"))
	must(t, err)
	defer packed.Close() //nolint:errcheck // only read
	reader, err := gzip.NewReader(packed)
	must(t, err)
	data, err := io.ReadAll(reader)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(directory, "laurel.db"), data, 0o600))
	sealed, err := os.ReadFile(filepath.Join(kept, filekeys.Name))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(directory, filekeys.Name), sealed, 0o600))
	lock, err := filekeys.Identity(filepath.Join(kept, "identity.txt"), directory)
	must(t, err)
	file, err := filekeys.Open(filepath.Join(directory, filekeys.Name), lock, nil)
	must(t, err)
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(directory, "laurel.db")})
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	set, err := contexts.Embedded()
	must(t, err)
	clock := func() time.Time { return time.Date(2026, 3, 14, 16, 0, 0, 0, time.UTC) }
	service, err := issuer.New(issuer.Config{
		Store: store, Contexts: set, PublicURL: "https://badges.example.ac.uk", Suspension: true,
		Ring:            keys.New(keys.Config{Store: store, Backends: map[string]keys.Backend{"file": file}, Default: "file"}),
		InstallationKey: file.InstallationKey(), Clock: clock,
	})
	must(t, err)
	record, err := audit.New(audit.Config{Store: store, InstallationKey: file.InstallationKey(), Clock: clock})
	must(t, err)
	processor := jsonld.New(set, jsonld.Options{})
	return &world{store: store, service: service, config: fsck.Config{
		Store: store, Badges: service, Record: record, Directory: directory, Secrets: [][]byte{file.InstallationKey()},
		Verifier: verifier.New(verifier.Config{
			Contexts: set, JSONLD: processor, Suites: dataintegrity.New(processor),
			Resolver: service.Resolver(nil), Documents: service.Documents(nil), Clock: clock,
		}),
	}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run gives the outcome and the faults, each as "I1 code object".
func (w *world) run(t *testing.T) (report *fsck.Report, faults []string) {
	t.Helper()
	report, err := fsck.Run(t.Context(), w.config)
	must(t, err)
	for _, fault := range report.Faults {
		faults = append(faults, fault.Invariant+" "+fault.Code+" "+fault.Object)
		if fault.Message == "" || fault.Advice == "" || strings.Contains(fault.Message, "something is wrong: ") {
			t.Errorf("fault without words: %+v", fault)
		}
	}
	if len(report.Checks) != len(storage.Invariants) {
		t.Errorf("%d checks", len(report.Checks))
	}
	return report, faults
}

func TestSound(t *testing.T) {
	w := newWorld(t)
	report, faults := w.run(t)
	if report.Outcome() != fsck.Passed || len(faults) > 0 || report.Credentials < 15 || report.Signatures != 0 {
		t.Errorf("%s, %d badges, %q", report.Outcome(), report.Credentials, faults)
	}
	w.config.Deep = true
	report, faults = w.run(t)
	if report.Outcome() != fsck.Passed || len(faults) > 0 || report.Signatures != report.Credentials-1 { // one key is compromised
		t.Errorf("%s, %d of %d signatures, %q", report.Outcome(), report.Signatures, report.Credentials, faults)
	}
}

// TestWithoutKeys: what could not be checked has not passed.
func TestWithoutKeys(t *testing.T) {
	w := newWorld(t)
	w.config.Badges, w.config.Verifier, w.config.Record = nil, nil, nil
	report, _ := w.run(t)
	skipped := 0
	for _, check := range report.Checks {
		if check.Outcome == fsck.Skipped && check.Skipped != "" {
			skipped++
		}
	}
	if report.Outcome() != fsck.Skipped || skipped != 3 {
		t.Errorf("%s, %d skipped", report.Outcome(), skipped)
	}
	w.config.Directory = ""
	if report, _ := w.run(t); report.Checks[9].Outcome != fsck.Skipped {
		t.Errorf("I10 without a directory: %+v", report.Checks[9])
	}
}

// alteredBadges gives out one badge otherwise than it was issued.
type alteredBadges struct {
	*issuer.Service
	id    string
	alter func(issuer.Credential) (issuer.Credential, error)
	// recipient is what is wrong with its recipient.
	recipient error
}

func (a alteredBadges) CheckRecipient(ctx context.Context, tenant, id string) error {
	if err := a.Service.CheckRecipient(ctx, tenant, id); err != nil || id != a.id {
		return err
	}
	return a.recipient
}

func (a alteredBadges) OperatorCredential(ctx context.Context, tenant, id string) (issuer.Credential, error) {
	c, err := a.Service.OperatorCredential(ctx, tenant, id)
	if err == nil && id == a.id && a.alter != nil {
		return a.alter(c)
	}
	return c, err
}

// alteredLists is a store in which something is wrong with lists.
type alteredLists struct {
	*boltstore.Store
	list string
	sign func([]byte) []byte
	bits func([]int) []int
}

func (a alteredLists) StatusList(ctx context.Context, tenant, id string) (storage.StatusList, error) {
	list, err := a.Store.StatusList(ctx, tenant, id)
	if id == a.list && a.sign != nil {
		list.Signed = a.sign(list.Signed)
	}
	return list, err
}

func (a alteredLists) StatusBits(ctx context.Context, tenant, id string) (storage.StatusList, []int, error) {
	list, set, err := a.Store.StatusBits(ctx, tenant, id)
	if id == a.list && a.bits != nil {
		set = a.bits(set)
	}
	return list, set, err
}

// TestKeyed plants what only the holder of the keys can find.
func TestKeyed(t *testing.T) {
	first := func(t *testing.T, w *world) storage.Credential {
		issued, _, err := w.store.ListCredentials(t.Context(), issuer.DefaultSlug, storage.CredentialFilter{State: storage.StateIssued}, storage.Page{})
		must(t, err)
		return issued[slices.IndexFunc(issued, func(c storage.Credential) bool { return c.Erased.IsZero() })]
	}
	list := func(t *testing.T, w *world) storage.StatusList { // one that is published as it is
		must(t, w.service.RenewStatusLists(t.Context()))
		lists, err := w.store.ListStatusLists(t.Context(), issuer.DefaultSlug)
		must(t, err)
		return lists[0]
	}
	for _, test := range []struct {
		name  string
		plant func(t *testing.T, w *world) (want string)
	}{
		{"badge that does not open", func(t *testing.T, w *world) string {
			c := first(t, w)
			w.config.Badges = alteredBadges{Service: w.service, id: c.ID, alter: func(issuer.Credential) (issuer.Credential, error) {
				return issuer.Credential{}, fmt.Errorf("opening: %w", storage.ErrCorrupt)
			}}
			return "I1 badge_unopenable credential/" + c.ID
		}},
		{"recipient that does not open", func(t *testing.T, w *world) string {
			c := first(t, w)
			w.config.Badges = alteredBadges{Service: w.service, id: c.ID, recipient: fmt.Errorf("opening: %w", storage.ErrCorrupt)}
			return "I1 recipient_unopenable credential/" + c.ID
		}},
		{"signature that does not hold", func(t *testing.T, w *world) string {
			c := first(t, w)
			w.config.Deep = true
			w.config.Badges = alteredBadges{Service: w.service, id: c.ID, alter: func(c issuer.Credential) (issuer.Credential, error) {
				c.Signed = bytes.Replace(c.Signed, []byte("Senior"), []byte("Junior"), 1)
				return c, nil
			}}
			return "I1 signature_invalid credential/" + c.ID
		}},
		{"list with another signature", func(t *testing.T, w *world) string {
			l := list(t, w)
			w.config.Store = alteredLists{Store: w.store, list: l.ID, sign: func(signed []byte) []byte {
				return bytes.Replace(signed, []byte(`"statusPurpose":"`), []byte(`"statusPurpose":"x`), 1)
			}}
			return "I4 list_signature_invalid statuslist/" + l.ID
		}},
		{"published list that lacks a revocation", func(t *testing.T, w *world) string {
			l := list(t, w)
			w.config.Store = alteredLists{Store: w.store, list: l.ID, bits: func(set []int) []int { return append(set, 7) }}
			return "I4 list_differs statuslist/" + l.ID
		}},
		{"published list with one too many", func(t *testing.T, w *world) string {
			l := list(t, w)
			w.config.Store = alteredLists{Store: w.store, list: l.ID, bits: func(set []int) []int { return set[1:] }}
			return "I4 list_differs statuslist/" + l.ID
		}},
		{"checkpoint of another key", func(t *testing.T, w *world) string {
			log, err := audit.New(audit.Config{Store: w.store, InstallationKey: bytes.Repeat([]byte{1}, 32)})
			must(t, err)
			_, _, err = log.Checkpoint(t.Context())
			must(t, err)
			return "I5 checkpoint_forged audit/0"
		}},
		{"key in the clear", func(t *testing.T, w *world) string {
			must(t, os.WriteFile(filepath.Join(w.config.Directory, "notes.txt"), append(make([]byte, 5<<20), "AGE-SECRET-KEY-1"...), 0o600))
			return "I10 secret_exposed file/notes.txt"
		}},
		{"installation key in the clear", func(t *testing.T, w *world) string {
			text := append(bytes.Repeat([]byte("."), 4<<20-9), w.config.Secrets[0]...) // over the edge of what is read at once
			must(t, os.WriteFile(filepath.Join(w.config.Directory, "dump"), text, 0o600))
			return "I10 secret_exposed file/dump"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			want := test.plant(t, w)
			report, faults := w.run(t)
			if !slices.Contains(faults, want) || report.Outcome() != fsck.Failed {
				t.Errorf("%q was not named, but %q", want, faults)
			}
		})
	}
}

// TestUnopened reports on a file that is no store.
func TestUnopened(t *testing.T) {
	report := fsck.Unopened(errors.New("no store"))
	if report.Outcome() != fsck.Failed || len(report.Faults) != 1 || report.Checks[0].Outcome != fsck.Skipped {
		t.Errorf("%+v", report)
	}
}

// TestWords: there are words for every fault that the store can report.
func TestWords(t *testing.T) {
	files, err := filepath.Glob("../../storage/boltstore/inspect*.go")
	must(t, err)
	code := regexp.MustCompile(`(?:storage\.Invariant[A-Za-z]+, |report\()"([a-z_]+)"`)
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		must(t, err)
		for _, match := range code.FindAllSubmatch(data, -1) {
			seen++
			if !fsck.Known(string(match[1])) {
				t.Errorf("%s: no words for %s", filepath.Base(file), match[1])
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d codes found", seen)
	}
	for _, invariant := range storage.Invariants {
		if fsck.Claim(invariant) == "" {
			t.Errorf("no claim for %s", invariant)
		}
	}
}
