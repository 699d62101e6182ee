package storage

import "time"

// Act says who does a write, when, and under which idempotency key. The store
// adds what was done and to what, and writes the audit entry with the effect.
type Act struct {
	// Actor is a pseudonymous id such as "apikey:3f9a", "cli" or "system";
	// never a name or an address. Required.
	Actor string
	// Time is the time of the act. Required; kept in UTC.
	Time time.Time
	// Idempotency is nil where the caller gave no idempotency key.
	Idempotency *IdempotencyClaim
}

// Actions of audit entries. The store writes the one that its method stands for.
const (
	ActionCreateStore       = "store.create"
	ActionCreateTenant      = "tenant.create"
	ActionUpdateTenant      = "tenant.update"
	ActionCreateKey         = "key.create"
	ActionUpdateKey         = "key.update"
	ActionCreateAPIKey      = "apikey.create"
	ActionRevokeAPIKey      = "apikey.revoke"
	ActionCreateAchievement = "achievement.create"
	ActionUpdateAchievement = "achievement.update"
	ActionReserve           = "credential.reserve"
	ActionAbandon           = "credential.abandon"
	ActionIssue             = "credential.issue"
	ActionReplace           = "credential.replace"
	ActionRevoke            = "credential.revoke"
	ActionSuspend           = "credential.suspend"
	ActionReinstate         = "credential.reinstate"
	ActionDraftStatusJob    = "statusjob.draft"
	ActionConfirmStatusJob  = "statusjob.confirm"
	ActionStopStatusJob     = "statusjob.stop"
	ActionExpireStatusJob   = "statusjob.expire"
	ActionSetVisibility     = "credential.visibility"
	ActionEraseSubject      = "subject.erase"
	ActionExportSubject     = "subject.export"
	ActionRestore           = "store.restore"
	ActionCreateWebhook     = "webhook.create"
	ActionDeleteWebhook     = "webhook.delete"
	ActionQueueMail         = "mail.queue"
	ActionReplay            = "delivery.replay"
)

// AuditEntry is one link of a tenant's append-only record of acts. The chain of
// the installation itself (its creation, its tenants) has Tenant "".
type AuditEntry struct {
	Tenant string `json:"-"`
	// Sequence counts from 1 without gaps within the tenant.
	Sequence uint64    `json:"-"`
	Time     time.Time `json:"time"`
	Actor    string    `json:"actor"`
	Action   string    `json:"action"`
	// Object is kind and id of what was acted on, as in "credential/…".
	Object string `json:"object"`
	// Detail is a code that belongs to the action, such as a reason or a new
	// version; never a person's data.
	Detail string `json:"detail,omitempty"`
	// Previous is the Hash of the entry before, zero in the first.
	Previous [32]byte `json:"-"`
	// Hash is what ComputeHash gave when the entry was written.
	Hash [32]byte `json:"-"`
}
