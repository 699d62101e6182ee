// Package storage holds the records that stores keep and their users share,
// and the errors that stores return. It has no store, no interface and no
// logic, save the one definition that every store and every auditor must
// agree on byte for byte: the hash of an [AuditEntry].
//
// # Tenants
//
// A tenant is one institution. Every record belongs to one, and an id of
// another tenant answers exactly as an id that does not exist: [ErrNotFound].
// Methods named Find look a record up by its public id alone, for the public
// URLs, which carry no tenant; the record then says whose it is.
//
// # People's data
//
// A store never sees a person's data in the clear. Fields documented as sealed
// hold bytes that the caller has encrypted under the subject's key (package
// laurel/internal/envelope) with tenant, record and field bound to them. What
// is left in the clear identifies nobody: random ids, times, states. Names of
// people, e-mail addresses and evidence must not be put into any other field.
//
// # Acts, audit and idempotency
//
// Every write takes an [Act]: who does it, when, and under which idempotency
// key. The audit entry and the idempotency record are written in the
// transaction of the effect, so neither exists without the other.
//
// # Stored form
//
// The json tags are the stored form. Members may be added; none may change its
// name or meaning without a migration. They are not an answer of any API.
package storage
