// Package fsck checks whether an installation is whole: that everything that
// must hold of its records does, after crashes, failing disks and mistakes of
// its own programs. It changes nothing and needs the data to itself.
//
// What must hold is the list of storage.Invariants. Most of it the store can
// tell by itself (see boltstore's Inspect); what takes keys is done here: that
// every badge opens and is the one that was issued, that published lists say
// what the store does, that nothing secret lies about in the clear. A check
// that could not be made is reported as skipped, never as passed.
package fsck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"laurel/internal/audit"
	"laurel/internal/issuer"
	"laurel/storage"
	"laurel/verifier"
)

// Store is what is checked.
type Store interface {
	Inspect(ctx context.Context, to storage.Inspection) error
	ListTenants(ctx context.Context) ([]storage.Tenant, error)
	ListCredentials(ctx context.Context, tenant string, filter storage.CredentialFilter, page storage.Page) ([]storage.Credential, string, error)
	Key(ctx context.Context, tenant, id string) (storage.Key, error)
	Lists
}

// Lists are the status lists of a store.
type Lists interface {
	ListStatusLists(ctx context.Context, tenant string) ([]storage.StatusList, error)
	StatusList(ctx context.Context, tenant, id string) (storage.StatusList, error)
	StatusBits(ctx context.Context, tenant, id string) (storage.StatusList, []int, error)
}

// Badges opens badges and knows the keys that signed. An issuer.Service does.
type Badges interface {
	OperatorCredential(ctx context.Context, tenant, id string) (issuer.Credential, error)
	CheckRecipient(ctx context.Context, tenant, id string) error
	CheckSignedList(ctx context.Context, list storage.StatusList) error
}

// Verifier checks signatures.
type Verifier interface {
	Verify(ctx context.Context, data []byte, expect verifier.Expect) (*verifier.Report, error)
}

// Record is the record of acts.
type Record interface {
	Verify(ctx context.Context, external []byte) (*audit.Report, error)
}

// Config is what is to be checked. Without Badges, Verifier and Record what
// needs the installation's keys is skipped.
type Config struct {
	Store    Store
	Badges   Badges
	Verifier Verifier
	Record   Record
	// Directory is the data directory, whose files are searched for what must
	// not be in them; "" for none. Secrets are byte strings to look for, such
	// as the installation's key.
	Directory string
	Secrets   [][]byte
	// Deep asks for the signature of every badge to be verified; otherwise it
	// is recognised by its keyed digest.
	Deep bool
	// Faults bounds the faults that are listed; 1000 when zero. All are counted.
	Faults int
	// Step is told what is being checked and how many records that were so far.
	Step func(doing string, records int)
}

// Outcome is that of one check.
type Outcome string

// Outcomes of a check.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped" // it could not be made, or not to its end
)

// Check is one invariant and whether it holds.
type Check struct {
	Invariant string  `json:"invariant"`
	Claim     string  `json:"claim"`
	Outcome   Outcome `json:"outcome"`
	Faults    int     `json:"faults,omitempty"`
	// Skipped says why.
	Skipped string `json:"skipped,omitempty"`
}

// Fault is one thing that is wrong, and what to do about it.
type Fault struct {
	storage.Fault
	Message string `json:"message"`
	Advice  string `json:"advice"`
}

// Report is the outcome of a run.
type Report struct {
	Checks []Check `json:"checks"`
	// Faults are the first of them.
	Faults []Fault `json:"faults"`
	// Credentials is how many badges were opened, Signatures of how many the
	// signature was verified.
	Credentials int `json:"credentials"`
	Signatures  int `json:"signatures,omitempty"`
}

// Outcome is that of the whole run: failed if a check failed, and only without
// one that was skipped it passed.
func (r *Report) Outcome() Outcome {
	whole := Passed
	for _, check := range r.Checks {
		if check.Outcome == Failed {
			return Failed
		}
		if check.Outcome == Skipped {
			whole = Skipped
		}
	}
	return whole
}

const maxFaults = 1000

// Run makes all checks. An error means that the run came to no result.
func Run(ctx context.Context, config Config) (*Report, error) {
	if config.Faults == 0 {
		config.Faults = maxFaults
	}
	if config.Step == nil {
		config.Step = func(string, int) {}
	}
	r := &run{
		Config: config, ctx: ctx, counts: map[string]int{}, skipped: map[string]string{}, missing: map[string]bool{},
		report: &Report{Faults: []Fault{}},
	}
	err := config.Store.Inspect(ctx, storage.Inspection{Fault: r.fault, Step: config.Step})
	switch {
	case errors.Is(err, storage.ErrCorrupt):
		for _, invariant := range storage.Invariants {
			r.skip(invariant, "the structure of the file is damaged; what it holds cannot be followed")
		}
	case err != nil:
		return nil, err
	default:
		if err := r.keyed(); err != nil {
			return nil, err
		}
	}
	r.files()
	return r.finish(), nil
}

// Unopened is the report on a store that could not be opened because it is
// damaged.
func Unopened(cause error) *Report {
	r := &run{counts: map[string]int{}, skipped: map[string]string{}, report: &Report{Faults: []Fault{}}, Config: Config{Faults: 1}}
	r.fault(storage.Fault{Invariant: storage.InvariantFile, Code: "unopenable", Object: "file", Detail: cause.Error()})
	for _, invariant := range storage.Invariants {
		r.skip(invariant, "the file cannot be opened")
	}
	return r.finish()
}

// run is one run of all checks.
type run struct {
	Config
	ctx     context.Context
	counts  map[string]int
	skipped map[string]string
	missing map[string]bool // objects of which the store has said that the recipient is missing
	report  *Report
}

func (r *run) fault(f storage.Fault) {
	if f.Code == recipientMissing {
		r.missing[f.Object] = true
	}
	r.counts[f.Invariant]++
	if len(r.report.Faults) < r.Faults {
		r.report.Faults = append(r.report.Faults, describe(f))
	}
}

// recipientMissing is the store's code for an award without a recipient.
const recipientMissing = "recipient_missing"

func (r *run) skip(invariant, why string) { r.skipped[invariant] = why }

func (r *run) finish() *Report {
	for _, invariant := range storage.Invariants {
		check := Check{Invariant: invariant, Claim: claims[invariant], Outcome: Passed, Faults: r.counts[invariant]}
		switch {
		case check.Faults > 0:
			check.Outcome = Failed
		case r.skipped[invariant] != "":
			check.Outcome, check.Skipped = Skipped, r.skipped[invariant]
		}
		r.report.Checks = append(r.report.Checks, check)
	}
	return r.report
}

// describe puts a fault into words.
func describe(f storage.Fault) Fault {
	said, ok := sentences[f.Code]
	if !ok {
		said = sentence{"something is wrong: " + f.Code, adviceRestore}
	}
	message := f.Object + ": " + said.message
	if f.Detail != "" {
		message += " (" + f.Detail + ")"
	}
	return Fault{Fault: f, Message: message, Advice: said.advice}
}

// keyed makes the checks that take keys.
func (r *run) keyed() error {
	if r.Badges == nil || r.Verifier == nil {
		const why = "the key to the data was not given"
		r.skip(storage.InvariantRetrievable, why)
		r.skip(storage.InvariantStatus, why)
	}
	if r.Record == nil {
		r.skip(storage.InvariantAudit, "the checkpoints cannot be checked: the key to the data was not given")
	}
	if r.Badges == nil || r.Verifier == nil {
		return nil
	}
	tenants, err := r.Store.ListTenants(r.ctx)
	if err != nil && !errors.Is(err, storage.ErrCorrupt) {
		return err
	}
	for _, tenant := range tenants {
		if err := r.badges(tenant.Slug); err != nil {
			return err
		}
		if err := r.lists(tenant.Slug); err != nil {
			return err
		}
	}
	if err != nil {
		r.skip(storage.InvariantRetrievable, "not all tenants can be read")
	}
	return r.record()
}

// record holds the checkpoints against the chains. What the store found itself
// in a chain is not said twice.
func (r *run) record() error {
	if r.Record == nil {
		return nil
	}
	found, err := r.Record.Verify(r.ctx, nil)
	if errors.Is(err, storage.ErrCorrupt) {
		r.skip(storage.InvariantAudit, "the checkpoints cannot be read")
		return nil
	}
	if err != nil {
		return fmt.Errorf("checking checkpoints: %w", err)
	}
	own := []string{audit.CodeUnreadable, audit.CodeMissing, audit.CodeChanged, audit.CodeUnknownChain}
	for _, problem := range found.Problems {
		if r.counts[storage.InvariantAudit] > 0 && slices.Contains(own, problem.Code) {
			continue
		}
		r.fault(storage.Fault{
			Invariant: storage.InvariantAudit, Code: strings.ReplaceAll(problem.Code, "-", "_"), Tenant: problem.Tenant,
			Object: fmt.Sprintf("audit/%d", problem.Sequence), Detail: strings.TrimSuffix(problem.Message, "."),
		})
	}
	return nil
}
