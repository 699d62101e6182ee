package audit

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"laurel/storage"
)

// Codes of what can be wrong.
const (
	// CodeUnreadable: the entry's row cannot be read.
	CodeUnreadable = "entry-unreadable"
	// CodeMissing: the entry is not there, and later ones are.
	CodeMissing = "entry-missing"
	// CodeChanged: the entry's hash is not that of what it says after the entry
	// before it.
	CodeChanged = "entry-changed"
	// CodeCut: the entry is not there, and a checkpoint counted it.
	CodeCut = "chain-cut"
	// CodeRewritten: the entry is not the one that a checkpoint counted.
	CodeRewritten = "chain-rewritten"
	// CodeUnknownChain: there are entries of a tenant that does not exist.
	CodeUnknownChain = "chain-unknown"
	// CodeForged: a checkpoint is not signed with the installation's key, or
	// says something else than what was signed.
	CodeForged = "checkpoint-forged"
	// CodeForeign: a checkpoint is of another installation.
	CodeForeign = "checkpoint-foreign"
	// CodeRolledBack: the store does not have a checkpoint that was made: it
	// went back to an older state.
	CodeRolledBack = "store-rolled-back"
)

// Report is the outcome of checking the record of acts.
type Report struct {
	Installation string `json:"installation"`
	// Chains are those that were walked, the installation's first.
	Chains []Chain `json:"chains"`
	// Checkpoints is how many of the store's own held, External how many from
	// elsewhere. Torn is how many were not whole, as after a crash while one
	// was written: they say nothing.
	Checkpoints int `json:"checkpoints"`
	External    int `json:"external"`
	Torn        int `json:"torn,omitempty"`
	// LastCheckpoint is the time of the youngest checkpoint that was used. What
	// was entered since is held by the chain alone.
	LastCheckpoint time.Time `json:"lastCheckpoint,omitzero"`
	// Problems are what is wrong: of each chain the first broken entry, and
	// what checkpoints say besides. Empty when all is well.
	Problems []Problem `json:"problems"`
}

// Chain is a chain as it was found.
type Chain struct {
	// Tenant is "" for the installation.
	Tenant  string `json:"tenant,omitempty"`
	Entries uint64 `json:"entries"`
	// Head is the hash of the last entry, base64.
	Head string `json:"head,omitempty"`
}

// Problem is one thing that is wrong.
type Problem struct {
	Code string `json:"code"`
	// Tenant and Sequence name the entry; a Sequence of 0 means none.
	Tenant   string `json:"tenant,omitempty"`
	Sequence uint64 `json:"sequence,omitempty"`
	// Checkpoint is the number of the checkpoint that shows it, if one does.
	Checkpoint uint64 `json:"checkpoint,omitempty"`
	Message    string `json:"message"`
}

// Verify walks every chain and holds the checkpoints of the store, and those of
// a file from elsewhere (nil for none), against them. An error means that this
// could not be done; what is wrong with the record is in the Report.
func (l *Log) Verify(ctx context.Context, external []byte) (*Report, error) {
	meta, err := l.store.Meta(ctx)
	if err != nil {
		return nil, err
	}
	v := &verification{
		log: l, signer: l.signer(meta.Installation), counted: make(map[string][]counted),
		report: &Report{Installation: meta.Installation, Problems: []Problem{}},
	}
	// Checkpoints come before the chains, which go on growing meanwhile.
	if err := v.ownCheckpoints(ctx); err != nil {
		return nil, err
	}
	v.externalCheckpoints(external)
	if err := v.chains(ctx); err != nil {
		return nil, err
	}
	return v.report, nil
}

// counted is an entry that a checkpoint vouches for.
type counted struct {
	sequence   uint64
	hash       [32]byte
	checkpoint uint64
}

// verification is one run of Verify.
type verification struct {
	log     *Log
	signer  signer
	counted map[string][]counted // by tenant
	last    uint64               // number of the store's last checkpoint
	report  *Report
}

func (v *verification) problem(p Problem) { v.report.Problems = append(v.report.Problems, p) }

func (v *verification) ownCheckpoints(ctx context.Context) error {
	kept, err := v.log.store.Checkpoints(ctx)
	if err != nil {
		return err
	}
	for i, stored := range kept {
		checkpoint, err := v.signer.open(stored.Note)
		switch {
		case err != nil || checkpoint.Number != stored.Number:
			v.problem(Problem{Code: CodeForged, Checkpoint: stored.Number, Message: "a stored checkpoint is not signed with the installation's key"})
		case i > 0 && stored.Number != kept[i-1].Number+1:
			v.problem(Problem{Code: CodeRolledBack, Checkpoint: stored.Number, Message: "checkpoints before this one are missing"})
			fallthrough
		default:
			v.use(checkpoint)
			v.report.Checkpoints++
		}
		v.last = max(v.last, stored.Number)
	}
	return nil
}

// externalCheckpoints reads checkpoints that the store cannot have changed.
func (v *verification) externalCheckpoints(file []byte) {
	newest := uint64(0)
	for _, note := range notes(file) {
		checkpoint, err := v.signer.open(note)
		switch {
		case errors.Is(err, errTorn):
			v.report.Torn++
		case err != nil && foreign(note, v.report.Installation):
			v.problem(Problem{Code: CodeForeign, Message: "a checkpoint in the file is of another installation"})
		case err != nil:
			v.problem(Problem{Code: CodeForged, Message: "a checkpoint in the file is not signed with the installation's key"})
		default:
			v.use(checkpoint)
			v.report.External++
			newest = max(newest, checkpoint.Number)
		}
	}
	if newest > v.last {
		v.problem(Problem{
			Code: CodeRolledBack, Checkpoint: newest,
			Message: fmt.Sprintf("the store's last checkpoint is number %d: it went back to a state before number %d", v.last, newest),
		})
	}
}

// foreign reports whether a note that does not open says that it is of another
// installation.
func foreign(note []byte, installation string) bool {
	text, _, _ := cutSignature(note)
	checkpoint, err := parseText(text)
	return err == nil && checkpoint.Installation != installation
}

func (v *verification) use(c Checkpoint) {
	for _, head := range c.Chains {
		v.counted[head.Tenant] = append(v.counted[head.Tenant], counted{head.Sequence, head.Hash, c.Number})
	}
	if c.Time.After(v.report.LastCheckpoint) {
		v.report.LastCheckpoint = c.Time
	}
}

// chains walks every chain that there is or should be.
func (v *verification) chains(ctx context.Context) error {
	tenants, err := v.log.store.ListTenants(ctx)
	if err != nil {
		return err
	}
	heads, err := v.log.store.AuditChains(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{"": true}
	names := []string{""}
	for _, tenant := range tenants {
		known[tenant.Slug] = true
		names = append(names, tenant.Slug)
	}
	for _, head := range heads {
		if !known[head.Tenant] {
			v.problem(Problem{Code: CodeUnknownChain, Tenant: head.Tenant, Message: "there are entries of a tenant that does not exist"})
			names = append(names, head.Tenant)
		}
	}
	for tenant := range v.counted {
		names = append(names, tenant)
	}
	slices.Sort(names)
	for _, tenant := range slices.Compact(names) {
		if err := v.chain(ctx, tenant); err != nil {
			return err
		}
	}
	return nil
}

// errBroken ends the walk of a chain: what follows a broken entry proves
// nothing.
var errBroken = errors.New("broken")

func (v *verification) chain(ctx context.Context, tenant string) error {
	marks := v.counted[tenant]
	slices.SortFunc(marks, func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.checkpoint, b.checkpoint))
	})
	found := Chain{Tenant: tenant}
	vouched := uint64(0) // the last entry that a checkpoint agreed with
	broken := func(p Problem) error {
		p.Tenant = tenant
		v.problem(p)
		return errBroken
	}
	err := v.log.store.WalkAudit(ctx, tenant, func(row storage.AuditRow) error {
		if p, ok := fault(row, found.Entries); ok {
			return broken(p)
		}
		expected := row.Sequence
		found.Entries, found.Head = expected, base64.StdEncoding.EncodeToString(row.Hash[:])
		for len(marks) > 0 && marks[0].sequence == expected {
			if marks[0].hash != row.Hash {
				return broken(Problem{
					Code: CodeRewritten, Sequence: expected, Checkpoint: marks[0].checkpoint,
					Message: fmt.Sprintf("the chain was rewritten between entries %d and %d: checkpoint %d has another", vouched+1, expected, marks[0].checkpoint),
				})
			}
			vouched, marks = expected, marks[1:]
		}
		return nil
	})
	v.report.Chains = append(v.report.Chains, found)
	switch {
	case errors.Is(err, errBroken):
		return nil
	case err != nil:
		return err
	}
	if tenant == "" && found.Entries == 0 {
		v.problem(Problem{Code: CodeCut, Sequence: 1, Message: "entry 1 is missing: the installation has no record of its own creation"})
	} else if len(marks) > 0 {
		youngest := marks[len(marks)-1]
		v.problem(Problem{
			Code: CodeCut, Tenant: tenant, Sequence: found.Entries + 1, Checkpoint: youngest.checkpoint,
			Message: fmt.Sprintf("entry %d is missing: the chain ends, and checkpoint %d counted %d entries", found.Entries+1, youngest.checkpoint, youngest.sequence),
		})
	}
	return nil
}

// fault looks at the row after a number of good entries. ok means that it is not
// the entry that must be there.
func fault(row storage.AuditRow, before uint64) (p Problem, ok bool) {
	expected := before + 1
	switch {
	case row.Damage != nil && row.Sequence == 0:
		return Problem{Code: CodeUnreadable, Sequence: expected, Message: fmt.Sprintf("the row after entry %d has a damaged key", before)}, true
	case row.Sequence != expected:
		return Problem{Code: CodeMissing, Sequence: expected, Message: fmt.Sprintf("entry %d is missing: entry %d follows entry %d", expected, row.Sequence, before)}, true
	case row.Damage != nil:
		return Problem{Code: CodeUnreadable, Sequence: expected, Message: fmt.Sprintf("entry %d cannot be read", expected)}, true
	case row.ComputeHash() != row.Hash:
		return Problem{Code: CodeChanged, Sequence: expected, Message: fmt.Sprintf("entry %d was changed, or does not follow from entry %d", expected, before)}, true
	}
	return Problem{}, false
}
