package award

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"laurel/internal/envelope"
	"laurel/internal/issuer"
	"laurel/storage"
)

// Store is what a Service needs of a store: one method, one transaction.
type Store interface {
	JobStore
	RowStore
	ErasureStore
}

// ErasureStore forgets people who stand in files.
type ErasureStore interface {
	EraseAwardRows(ctx context.Context, act storage.Act, tenant, id string, rows []int) error
}

// JobStore keeps bulk awards.
type JobStore interface {
	CreateAwardJob(ctx context.Context, act storage.Act, job storage.AwardJob) error
	AwardJob(ctx context.Context, tenant, id string) (storage.AwardJob, error)
	ListAwardJobs(ctx context.Context, tenant string, page storage.Page) ([]storage.AwardJob, string, error)
	OpenAwardJobs(ctx context.Context) ([]storage.AwardJob, error)
	UpdateAwardJob(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.AwardJob) error) (storage.AwardJob, error)
}

// RowStore keeps the rows of bulk awards.
type RowStore interface {
	AddAwardRows(ctx context.Context, tenant, id string, rows []storage.AwardRow) error
	AwardRows(ctx context.Context, tenant, id string, filter storage.AwardRowFilter) ([]storage.AwardRow, error)
	ReserveAwards(ctx context.Context, tenant, id string, wanted []storage.RowReservation) ([]storage.RowOutcome, error)
	CommitAwards(ctx context.Context, tenant, id string, signed []storage.RowIssuance) (storage.AwardJob, error)
	DiscardAwardRows(ctx context.Context, tenant, id string, limit int) (left bool, err error)
}

const (
	// DefaultRetention is how long what is needed of a job that has ended is
	// kept: the rows that are bad, and which row became which award.
	DefaultRetention = 30 * 24 * time.Hour
	// DraftLife is how long a draft waits to be confirmed.
	DraftLife    = 7 * 24 * time.Hour
	defaultChunk = 1000
	defaultStep  = 500
	// readingLife is how long an upload may take.
	readingLife = time.Hour
)

// Config is what a Service needs. Fields without a default are required.
type Config struct {
	Store  Store
	Issuer *issuer.Service
	// InstallationKey is that of issuer.Config.
	InstallationKey []byte
	// Retention is DefaultRetention when zero.
	Retention time.Duration
	// Clock is time.Now and Rand crypto/rand.Reader when nil.
	Clock func() time.Time
	Rand  io.Reader
}

// Service makes and carries out bulk awards. It is safe for concurrent use, and
// starts nothing by itself.
type Service struct {
	store     Store
	issuer    *issuer.Service
	envelope  *envelope.Envelope
	retention time.Duration
	clock     func() time.Time
	rand      io.Reader
	chunk     int           // how many rows are read, judged and stored at a time
	step      int           // how many are reserved, signed and committed at a time
	wake      chan struct{} // holds one signal that there is something to do

	mu       sync.Mutex // guards what follows
	problems map[string]string
}

// New makes a Service. The error names the field of Config that is at fault.
func New(config Config) (*Service, error) {
	if config.Store == nil || config.Issuer == nil {
		return nil, errors.New("configuring bulk awards: Store and Issuer are required")
	}
	sealing, err := envelope.New(config.InstallationKey, config.Rand)
	if err != nil {
		return nil, fmt.Errorf("configuring bulk awards: InstallationKey: %w", err)
	}
	s := &Service{
		store: config.Store, issuer: config.Issuer, envelope: sealing, retention: config.Retention,
		clock: config.Clock, rand: config.Rand,
		chunk: defaultChunk, step: defaultStep, wake: make(chan struct{}, 1), problems: make(map[string]string),
	}
	if s.retention == 0 {
		s.retention = DefaultRetention
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	return s, nil
}

func (s *Service) act(actor string) storage.Act {
	return storage.Act{Actor: actor, Time: s.clock().UTC()}
}

var idEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// newID makes a public id of 128 random bits: 26 characters a-z and 2-7.
func (s *Service) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.rand, b[:]); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	return strings.ToLower(idEncoding.EncodeToString(b[:])), nil
}

// notify makes Run look for something to do.
func (s *Service) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// seal keeps what stands in the rows of one job.
type seal struct {
	key    *envelope.Key
	tenant string
	job    string
}

// subjectName is what the key of a job is wrapped for. No person has such a name.
func subjectName(job string) string { return "award:" + job }

func (s *Service) newSeal(tenant, job string) (seal, []byte, error) {
	key, wrapped, err := s.envelope.NewSubjectKey(tenant, subjectName(job))
	return seal{key, tenant, job}, wrapped, err
}

// openSeal returns storage.ErrErased once the key was destroyed.
func (s *Service) openSeal(job storage.AwardJob) (seal, error) {
	if job.Key == nil {
		return seal{}, fmt.Errorf("opening bulk award: %w", storage.ErrErased)
	}
	key, err := s.envelope.Unwrap(job.Tenant, subjectName(job.ID), job.Key)
	if err != nil {
		return seal{}, fmt.Errorf("opening bulk award: %w: %w", storage.ErrCorrupt, err)
	}
	return seal{key, job.Tenant, job.ID}, nil
}

func (s seal) place(field string) envelope.Place {
	return envelope.Place{Tenant: s.tenant, Record: s.job, Field: field}
}
