package issuer

import (
	"context"
	"time"

	"laurel/storage"
)

// Store is what a Service needs of a store: one method, one transaction, with
// the errors of package storage.
type Store interface {
	TenantStore
	AchievementStore
	IssuanceStore
	CredentialStore
	SubjectStore
	StatusListStore
	StatusJobStore
	StatusJobRunner
	APIKeyStore
}

// TenantStore keeps issuers.
type TenantStore interface {
	CreateTenant(ctx context.Context, act storage.Act, tenant storage.Tenant) error
	Tenant(ctx context.Context, slug string) (storage.Tenant, error)
	FindTenant(ctx context.Context, did string) (storage.Tenant, error)
	ListTenants(ctx context.Context) ([]storage.Tenant, error)
	UpdateTenant(ctx context.Context, act storage.Act, slug string, change func(*storage.Tenant) error) (storage.Tenant, error)
}

// AchievementStore keeps achievements and their versions.
type AchievementStore interface {
	CreateAchievement(ctx context.Context, act storage.Act, a storage.Achievement) (storage.Achievement, error)
	UpdateAchievement(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.Achievement) error) (storage.Achievement, error)
	Achievement(ctx context.Context, tenant, id string, version int) (storage.Achievement, error)
	FindAchievement(ctx context.Context, id string, version int) (storage.Achievement, error)
	ListAchievements(ctx context.Context, tenant string, page storage.Page) ([]storage.Achievement, string, error)
}

// IssuanceStore keeps awards in the making.
type IssuanceStore interface {
	ReserveCredential(ctx context.Context, r storage.Reservation) (storage.Reserved, error)
	CommitCredential(ctx context.Context, i storage.Issuance) (storage.Credential, error)
	AbandonCredential(ctx context.Context, act storage.Act, tenant, id string) error
	Idempotency(ctx context.Context, tenant, apiKey, idempotencyKey string) (storage.Idempotency, error)
}

// CredentialStore keeps awards.
type CredentialStore interface {
	Credential(ctx context.Context, tenant, id string) (storage.Credential, error)
	FindCredential(ctx context.Context, id string) (storage.Credential, error)
	Frame(ctx context.Context, tenant string, id [16]byte) (storage.Frame, error)
	ListCredentials(ctx context.Context, tenant string, filter storage.CredentialFilter, page storage.Page) ([]storage.Credential, string, error)
	SetStatus(ctx context.Context, change storage.StatusChange) (storage.Credential, error)
	SetVisibility(ctx context.Context, act storage.Act, tenant, id string, visibility storage.Visibility) error
	ClaimCredential(ctx context.Context, act storage.Act, tenant, id string) (storage.Credential, error)
}

// SubjectStore keeps the data keys of people.
type SubjectStore interface {
	SubjectKey(ctx context.Context, tenant, id string) (storage.SubjectKey, error)
	LookupSubject(ctx context.Context, tenant string, lookup []byte) (storage.SubjectKey, error)
	EraseSubject(ctx context.Context, act storage.Act, tenant, id string) (int, error)
	EraseLookup(ctx context.Context, act storage.Act, tenant string, lookup []byte) error
	AppendAudit(ctx context.Context, entry storage.AuditEntry) (storage.AuditEntry, error)
}

// StatusListStore keeps status lists.
type StatusListStore interface {
	FindStatusList(ctx context.Context, id string) (storage.StatusList, error)
	StatusBits(ctx context.Context, tenant, id string) (storage.StatusList, []int, error)
	DirtyStatusLists(ctx context.Context, validUntil time.Time) ([]storage.StatusList, error)
	SavePublishedList(ctx context.Context, tenant, id string, published storage.PublishedList) error
}

// StatusJobStore keeps changes of many statuses.
type StatusJobStore interface {
	SelectCredentials(ctx context.Context, tenant string, selection storage.Selection, to storage.State) (storage.SelectedCredentials, error)
	CreateStatusJob(ctx context.Context, act storage.Act, job storage.StatusJob, rows []uint64) (storage.StatusJob, error)
	StatusJob(ctx context.Context, tenant, id string) (storage.StatusJob, error)
	ListStatusJobs(ctx context.Context, tenant string, page storage.Page) ([]storage.StatusJob, string, error)
	SetStatusPhase(ctx context.Context, act storage.Act, tenant, id string, phase storage.StatusPhase) (storage.StatusJob, error)
}

// StatusJobRunner carries them out.
type StatusJobRunner interface {
	OpenStatusJobs(ctx context.Context) ([]storage.StatusJob, error)
	StepStatusJob(ctx context.Context, act storage.Act, tenant, id string) (storage.StatusJob, error)
}

// APIKeyStore keeps operators' API keys.
type APIKeyStore interface {
	CreateAPIKey(ctx context.Context, act storage.Act, k storage.APIKey) error
	FindAPIKey(ctx context.Context, id string) (storage.APIKey, error)
	ListAPIKeys(ctx context.Context, tenant string) ([]storage.APIKey, error)
	RevokeAPIKey(ctx context.Context, act storage.Act, tenant, id string) error
}
