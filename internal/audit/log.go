// Package audit watches over the record of acts. The record itself is written
// by the store, in the transaction of every act; here it is checked, and states
// of it are signed, so that a change, a gap or a step back can be shown.
//
// # What can be shown
//
// Every entry holds the hash of the one before. A changed, missing, moved or
// inserted entry breaks the chain at its place. Whoever can write to the store's
// file can compute a new chain, though, or cut its end off. Against that there
// are checkpoints, signed with a key that is derived from the installation's
// key, which the store never has. Against going back to an older copy of the
// whole store, checkpoints included, helps only a copy of a checkpoint that is
// kept elsewhere.
//
// What was entered after the last checkpoint is held by the chain alone.
package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"laurel/storage"
)

// Store is what a Log needs of a store.
type Store interface {
	Meta(ctx context.Context) (storage.Meta, error)
	ListTenants(ctx context.Context) ([]storage.Tenant, error)
	AuditChains(ctx context.Context) ([]storage.ChainHead, error)
	WalkAudit(ctx context.Context, tenant string, visit func(storage.AuditRow) error) error
	SearchAudit(ctx context.Context, tenant string, filter storage.AuditFilter, page storage.Page) ([]storage.AuditEntry, string, error)
	CheckpointStore
}

// CheckpointStore keeps checkpoints.
type CheckpointStore interface {
	Checkpoints(ctx context.Context) ([]storage.Checkpoint, error)
	SaveCheckpoint(ctx context.Context, checkpoint storage.Checkpoint) error
}

// ErrShortened means that a chain ends before its last checkpoint, or is not
// the one that was there: no checkpoint is made over that.
var ErrShortened = errors.New("audit chain is not the one of its last checkpoint")

// Config is what a Log needs.
type Config struct {
	Store Store
	// InstallationKey is the key that the signing key is derived from.
	InstallationKey []byte
	// Clock is time.Now when nil.
	Clock func() time.Time
}

// Log is the record of acts of one installation. It may be used from any
// goroutine.
type Log struct {
	store Store
	key   ed25519.PrivateKey
	clock func() time.Time
}

// New makes a Log. The installation's key is not kept.
func New(config Config) (*Log, error) {
	if len(config.InstallationKey) < ed25519.SeedSize || config.Store == nil {
		return nil, errors.New("configuring audit log: Store and InstallationKey are required")
	}
	seed, err := hkdf.Key(sha256.New, config.InstallationKey, nil, "laurel audit checkpoint 1", ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("configuring audit log: %w", err)
	}
	defer clear(seed)
	if config.Clock == nil {
		config.Clock = time.Now
	}
	return &Log{store: config.Store, key: ed25519.NewKeyFromSeed(seed), clock: config.Clock}, nil
}

func (l *Log) signer(installation string) signer {
	return signer{name: "laurel-audit-" + installation, key: l.key}
}

// Entries lists the acts of a tenant, or with tenant "" of the installation, that
// a filter lets through, the newest first. A page may have fewer than its limit,
// even none, and be followed by more.
func (l *Log) Entries(ctx context.Context, tenant string, filter storage.AuditFilter, page storage.Page) ([]storage.AuditEntry, string, error) {
	return l.store.SearchAudit(ctx, tenant, filter, page)
}

// VerificationKey is the key that checkpoints are signed with, as programs for
// signed notes take it.
func (l *Log) VerificationKey(ctx context.Context) (string, error) {
	meta, err := l.store.Meta(ctx)
	if err != nil {
		return "", err
	}
	return l.signer(meta.Installation).verificationKey(), nil
}

// Checkpoint signs and stores where the chains end now, unless the last
// checkpoint says so already. It returns the note of the checkpoint that holds,
// and whether it is a new one. Errors: ErrShortened, and the store's.
func (l *Log) Checkpoint(ctx context.Context) (note []byte, made bool, err error) {
	for range 3 {
		note, made, err = l.checkpoint(ctx)
		if !errors.Is(err, storage.ErrConflict) { // somebody else made one
			break
		}
	}
	return note, made, err
}

func (l *Log) checkpoint(ctx context.Context) (note []byte, made bool, err error) {
	meta, err := l.store.Meta(ctx)
	if err != nil {
		return nil, false, err
	}
	kept, err := l.store.Checkpoints(ctx)
	if err != nil {
		return nil, false, err
	}
	chains, err := l.store.AuditChains(ctx)
	if err != nil {
		return nil, false, err
	}
	signer := l.signer(meta.Installation)
	next := Checkpoint{Installation: meta.Installation, Number: 1, Time: l.clock(), Chains: chains}
	if len(kept) > 0 {
		last := kept[len(kept)-1]
		next.Number = last.Number + 1
		before, err := signer.open(last.Note)
		if err != nil {
			return nil, false, fmt.Errorf("making checkpoint: last checkpoint: %w", err)
		}
		if slices.Equal(before.Chains, chains) {
			return last.Note, false, nil
		}
		if err := continues(before.Chains, chains); err != nil {
			return nil, false, fmt.Errorf("making checkpoint: %w", err)
		}
	}
	note = signer.sign(next)
	if err := l.store.SaveCheckpoint(ctx, storage.Checkpoint{Number: next.Number, Note: note}); err != nil {
		return nil, false, err
	}
	return note, true, nil
}

// SetBack returns the number of the newest checkpoint of a file from elsewhere
// if the store does not have it: it went back to an older state, by a restore or
// by somebody's hand. It is 0 when there is nothing of the kind.
func (l *Log) SetBack(ctx context.Context, external []byte) (uint64, error) {
	meta, err := l.store.Meta(ctx)
	if err != nil {
		return 0, err
	}
	kept, err := l.store.Checkpoints(ctx)
	if err != nil {
		return 0, err
	}
	last, newest := uint64(0), uint64(0)
	if len(kept) > 0 {
		last = kept[len(kept)-1].Number
	}
	signer := l.signer(meta.Installation)
	for _, note := range notes(external) {
		if checkpoint, err := signer.open(note); err == nil {
			newest = max(newest, checkpoint.Number)
		}
	}
	if newest > last {
		return newest, nil
	}
	return 0, nil
}

// continues asks whether chains go on from where they were. It looks at their
// ends alone; Verify looks at everything.
func continues(before, now []storage.ChainHead) error {
	heads := make(map[string]storage.ChainHead, len(now))
	for _, head := range now {
		heads[head.Tenant] = head
	}
	for _, old := range before {
		head := heads[old.Tenant]
		if head.Sequence < old.Sequence || head.Sequence == old.Sequence && head.Hash != old.Hash {
			return fmt.Errorf("%w: chain %s, entry %d", ErrShortened, chainName(old.Tenant), old.Sequence)
		}
	}
	return nil
}
