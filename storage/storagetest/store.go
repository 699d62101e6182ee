// Package storagetest is the suite that every store of package storage must
// pass: what each method promises, what concurrent callers may rely on, and
// what is left after the store was closed and opened again.
package storagetest

import (
	"context"
	"testing"
	"time"

	"laurel/storage"
)

// Store is all of a store. Users of stores declare what they need of it.
type Store interface {
	Tenants
	Keys
	Achievements
	Credentials
	Subjects
	StatusLists
	StatusJobs
	Records
	Audit
	Outbox
	Close() error
}

// Tenants are the methods for tenants.
type Tenants interface {
	CreateTenant(ctx context.Context, act storage.Act, tenant storage.Tenant) error
	Tenant(ctx context.Context, slug string) (storage.Tenant, error)
	FindTenant(ctx context.Context, did string) (storage.Tenant, error)
	ListTenants(ctx context.Context) ([]storage.Tenant, error)
	UpdateTenant(ctx context.Context, act storage.Act, slug string, change func(*storage.Tenant) error) (storage.Tenant, error)
}

// Keys are the methods for signing keys and API keys.
type Keys interface {
	CreateKey(ctx context.Context, act storage.Act, k storage.Key) error
	Key(ctx context.Context, tenant, id string) (storage.Key, error)
	FindKey(ctx context.Context, thumbprint string) (storage.Key, error)
	ListKeys(ctx context.Context, tenant string) ([]storage.Key, error)
	UpdateKey(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.Key) error) (storage.Key, error)
	CreateAPIKey(ctx context.Context, act storage.Act, k storage.APIKey) error
	FindAPIKey(ctx context.Context, id string) (storage.APIKey, error)
	ListAPIKeys(ctx context.Context, tenant string) ([]storage.APIKey, error)
	RevokeAPIKey(ctx context.Context, act storage.Act, tenant, id string) error
}

// Achievements are the methods for achievements.
type Achievements interface {
	CreateAchievement(ctx context.Context, act storage.Act, a storage.Achievement) (storage.Achievement, error)
	UpdateAchievement(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.Achievement) error) (storage.Achievement, error)
	Achievement(ctx context.Context, tenant, id string, version int) (storage.Achievement, error)
	FindAchievement(ctx context.Context, id string, version int) (storage.Achievement, error)
	ListAchievements(ctx context.Context, tenant string, page storage.Page) ([]storage.Achievement, string, error)
}

// Credentials are the methods for credentials.
type Credentials interface {
	ReserveCredential(ctx context.Context, r storage.Reservation) (storage.Reserved, error)
	CommitCredential(ctx context.Context, i storage.Issuance) (storage.Credential, error)
	AbandonCredential(ctx context.Context, act storage.Act, tenant, id string) error
	Frame(ctx context.Context, tenant string, id [16]byte) (storage.Frame, error)
	Credential(ctx context.Context, tenant, id string) (storage.Credential, error)
	FindCredential(ctx context.Context, id string) (storage.Credential, error)
	ListCredentials(ctx context.Context, tenant string, filter storage.CredentialFilter, page storage.Page) ([]storage.Credential, string, error)
	SetVisibility(ctx context.Context, act storage.Act, tenant, id string, visibility storage.Visibility) error
	SetStatus(ctx context.Context, change storage.StatusChange) (storage.Credential, error)
}

// Subjects are the methods for subjects' keys.
type Subjects interface {
	SubjectKey(ctx context.Context, tenant, id string) (storage.SubjectKey, error)
	LookupSubject(ctx context.Context, tenant string, lookup []byte) (storage.SubjectKey, error)
	EraseSubject(ctx context.Context, act storage.Act, tenant, id string) (int, error)
}

// StatusLists are the methods for status lists.
type StatusLists interface {
	StatusList(ctx context.Context, tenant, id string) (storage.StatusList, error)
	FindStatusList(ctx context.Context, id string) (storage.StatusList, error)
	StatusBits(ctx context.Context, tenant, id string) (storage.StatusList, []int, error)
	DirtyStatusLists(ctx context.Context, validUntil time.Time) ([]storage.StatusList, error)
	ListStatusLists(ctx context.Context, tenant string) ([]storage.StatusList, error)
	SavePublishedList(ctx context.Context, tenant, id string, published storage.PublishedList) error
	AfterRestore(ctx context.Context, act storage.Act, detail string) error
}

// StatusJobs are the methods for changes of many statuses.
type StatusJobs interface {
	SelectCredentials(ctx context.Context, tenant string, selection storage.Selection, to storage.State) (storage.SelectedCredentials, error)
	CreateStatusJob(ctx context.Context, act storage.Act, job storage.StatusJob, rows []uint64) (storage.StatusJob, error)
	StatusJob(ctx context.Context, tenant, id string) (storage.StatusJob, error)
	ListStatusJobs(ctx context.Context, tenant string, page storage.Page) ([]storage.StatusJob, string, error)
	OpenStatusJobs(ctx context.Context) ([]storage.StatusJob, error)
	SetStatusPhase(ctx context.Context, act storage.Act, tenant, id string, phase storage.StatusPhase) (storage.StatusJob, error)
	StepStatusJob(ctx context.Context, act storage.Act, tenant, id string) (storage.StatusJob, error)
}

// Records are the methods for what is kept about the writes themselves.
type Records interface {
	Meta(ctx context.Context) (storage.Meta, error)
	Idempotency(ctx context.Context, tenant, apiKey, idempotencyKey string) (storage.Idempotency, error)
	ExpireIdempotency(ctx context.Context, now time.Time, limit int) (int, error)
	AppendAudit(ctx context.Context, entry storage.AuditEntry) (storage.AuditEntry, error)
	ListAudit(ctx context.Context, tenant string, page storage.Page) ([]storage.AuditEntry, string, error)
	Check(ctx context.Context) error
}

// Audit are the methods for checking the audit chains.
type Audit interface {
	SearchAudit(ctx context.Context, tenant string, filter storage.AuditFilter, page storage.Page) ([]storage.AuditEntry, string, error)
	AuditChains(ctx context.Context) ([]storage.ChainHead, error)
	WalkAudit(ctx context.Context, tenant string, visit func(storage.AuditRow) error) error
	SaveCheckpoint(ctx context.Context, checkpoint storage.Checkpoint) error
	Checkpoints(ctx context.Context) ([]storage.Checkpoint, error)
}

// Outbox are the methods for what leaves the installation.
type Outbox interface {
	CreateWebhook(ctx context.Context, act storage.Act, w storage.Webhook) error
	Webhook(ctx context.Context, tenant, id string) (storage.Webhook, error)
	ListWebhooks(ctx context.Context, tenant string) ([]storage.Webhook, error)
	DeleteWebhook(ctx context.Context, act storage.Act, tenant, id string) error
	QueueMail(ctx context.Context, m storage.Mail) (storage.Delivery, error)
	Delivery(ctx context.Context, tenant, id string) (storage.Delivery, error)
	ListDeliveries(ctx context.Context, tenant string, filter storage.DeliveryFilter, page storage.Page) ([]storage.Delivery, string, error)
	Destinations(ctx context.Context) ([]storage.Destination, error)
	DueDeliveries(ctx context.Context, tenant, destination string, now time.Time, limit int) ([]storage.Delivery, error)
	RecordAttempt(ctx context.Context, a storage.Attempt) (storage.Delivery, error)
	AbandonDeliveries(ctx context.Context, a storage.Abandonment, limit int) (int, error)
	ReplayDeliveries(ctx context.Context, act storage.Act, tenant string, ids []string) error
	PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
}

// Options say which store a test wants opened.
type Options struct {
	// Directory is the place of the store: one made there before is opened
	// again, otherwise one is made.
	Directory string
	// StatusListSize is the number of entries of new status lists, zero for
	// the store's own default.
	StatusListSize int
}

// Opener opens a store. The test closes it.
type Opener func(t testing.TB, options Options) Store
