package boltstore

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// schemaVersion is the version of the stored form that this package writes.
// Before it goes up, an installation of the present version is put into
// storage/testdata, from where it is opened for ever: see test/upgrade.
const schemaVersion = 2

// family is a bucket, with what its rows are in the table below.
type family struct {
	name []byte
	// fill is the part of a page that is filled before it is split. Rows that
	// come in key order leave full pages behind, others leave room.
	fill float64
	// seed begins the sums of its rows.
	seed uint32
}

func newFamily(name string, fill float64) *family {
	return &family{name: []byte(name), fill: fill, seed: crc32.Checksum([]byte(name), castagnoli)}
}

func appended(name string) *family { return newFamily(name, 0.95) }

// growing is for rows that come in key order and grow soon after.
func growing(name string) *family { return newFamily(name, 0.75) }

func scattered(name string) *family { return newFamily(name, bolt.DefaultFillPercent) }

// The buckets. A sum follows every value; see sum.go. T is the tenant's slug and a zero byte, seq an 8-byte sequence
// number of that tenant, n a 4-byte number; numbers are big-endian.
var (
	// "meta" -> storage.Meta, without a sum for the sake of version 1;
	// "sum" -> that sum
	metaFamily = scattered("meta")
	// kind byte, public id -> T and the rest of the key in the kind's family
	locationFamily = scattered("locations")
	// T -> storage.Tenant
	tenantFamily = scattered("tenants")
	// T, id -> storage.Key
	keyFamily = scattered("keys")
	// T, id -> storage.APIKey
	apiKeyFamily = scattered("api keys")
	// T, seq -> storage.Achievement, its latest version
	achievementFamily = appended("achievements")
	// T, seq of achievement, n of version -> storage.Achievement
	versionFamily = appended("achievement versions")
	// T, seq -> storage.Credential
	credentialFamily = growing("credentials")
	// T, seq of credential -> Credential.Signed
	signedFamily = appended("signed credentials")
	// T, id of frame -> Frame.Text
	frameFamily = scattered("frames")
	// T, seq of credential -> Credential.Recipient
	recipientFamily = appended("recipients")
	// T, state byte, seq of credential -> nothing
	stateFamily = appended("credentials by state")
	// T, seq of achievement, state byte, seq of credential -> nothing
	awardFamily = appended("credentials by achievement")
	// T, subject id, 0, seq of credential -> nothing
	holdingFamily = scattered("credentials by subject")
	// T, subject id -> storage.SubjectKey
	subjectFamily = scattered("subjects")
	// T, SubjectKey.Lookup -> subject id
	lookupFamily = scattered("subject lookups")
	// T, seq -> storage.AwardJob
	awardJobFamily = scattered("award jobs")
	// T, seq of award job -> nothing; those whose rows are still there
	openAwardFamily = scattered("open award jobs")
	// T, seq of award job, n of row -> storage.AwardRow
	awardRowFamily = growing("award rows")
	// T, seq of award job, n of row -> AwardRow.Lookup or 32 zero bytes, AwardRow.Sealed
	awardDataFamily = appended("award row data")
	// T, seq -> storage.StatusList
	listFamily = scattered("status lists")
	// T, seq of list -> StatusList.Signed
	signedListFamily = scattered("signed status lists")
	// T, purpose -> seq of the open list
	openListFamily = scattered("open status lists")
	// T, seq of list, n of index -> seq of credential
	slotFamily = scattered("status slots")
	// T, seq of list, n of index -> nothing; the bits that are set
	bitFamily = scattered("status bits")
	// T, seq -> storage.StatusJob
	statusJobFamily = scattered("status jobs")
	// T, seq of job, n of step -> seqs of credentials, each as the difference
	// from the one before (unsigned varints)
	statusRowFamily = appended("status job rows")
	// T, seq of job -> nothing; those that are drafts or running
	openStatusJobFamily = scattered("open status jobs")
	// T, API key id, 0, key -> SHA-256 of the request, storage.Idempotency
	idempotencyFamily = scattered("idempotency keys")
	// T, time of expiry in seconds, rest of the key above -> nothing
	expiryFamily = appended("idempotency expiries")
	// T, seq from 1 without gaps -> hash of the entry, storage.AuditEntry
	auditFamily = appended("audit")
	// zero byte, number of the checkpoint -> storage.Checkpoint.Note
	checkpointFamily = scattered("audit checkpoints")
	// T, id -> storage.Webhook
	webhookFamily = scattered("webhooks")
	// T, seq of audit entry, destination -> storage.Delivery
	deliveryFamily = growing("deliveries")
	// T, seq of audit entry -> Delivery.Message
	messageFamily = appended("messages")
	// T, destination, 0, 'o', seq -> milliseconds when it is due; or
	// T, destination, 0, 'r', milliseconds, seq -> nothing
	queueFamily = scattered("delivery queues")
)

var families = []*family{
	awardJobFamily, openAwardFamily, awardRowFamily, awardDataFamily,
	metaFamily, locationFamily, tenantFamily, keyFamily, apiKeyFamily, achievementFamily, versionFamily,
	credentialFamily, signedFamily, frameFamily, recipientFamily, stateFamily, awardFamily, holdingFamily, subjectFamily,
	lookupFamily, listFamily, signedListFamily, openListFamily, slotFamily, bitFamily, idempotencyFamily,
	statusJobFamily, statusRowFamily, openStatusJobFamily,
	expiryFamily, auditFamily, checkpointFamily, webhookFamily, deliveryFamily, messageFamily, queueFamily,
}

// migration brings a store from one schema version to the next.
type migration func(*txn) error

// migrations[i] leads from version i+1 to i+2. All that a store needs run in
// one transaction, so that a crash leaves it as it was or as it shall be.
var migrations = []migration{toVersion2}

// toVersion2 adds what version 1 has not: further buckets, a sum after every
// value, and in every published list the bits for readers that take them from
// the wrong side (see storage.MirrorIndex), for which all lists are to be
// published anew.
func toVersion2(t *txn) error {
	if err := addSums(t); err != nil {
		return err
	}
	if err := t.republish(func(*storage.StatusList) {}); err != nil {
		return err
	}
	return t.err
}

// addSums adds buckets that are missing, and a sum to every row.
func addSums(t *txn) error {
	for _, f := range families {
		if f == metaFamily { // has its own way
			continue
		}
		old, err := t.tx.CreateBucketIfNotExists(f.name)
		if err != nil {
			return err
		}
		// The bytes are those of the mapped file, which stay for as long as the
		// transaction.
		var keys, values [][]byte
		err = old.ForEach(func(k, v []byte) error {
			keys, values = append(keys, k), append(values, v)
			return nil
		})
		if err != nil {
			return err
		}
		if err := t.tx.DeleteBucket(f.name); err != nil {
			return err
		}
		if _, err := t.tx.CreateBucket(f.name); err != nil {
			return err
		}
		for i, k := range keys {
			t.put(f, k, values[i])
		}
	}
	return t.err
}

// initialize writes an empty store.
func initialize(t *txn, config Config) error {
	for _, f := range families {
		if _, err := t.tx.CreateBucket(f.name); err != nil {
			return err
		}
	}
	installation, err := randomID(config.Rand)
	if err != nil {
		return err
	}
	now := config.Clock().UTC()
	meta := storage.Meta{Schema: schemaVersion, Installation: installation, Created: now}
	t.putMeta(meta)
	act := storage.Act{Actor: "system", Time: now}
	t.audit("", act, storage.ActionCreateStore, "store/"+installation, "")
	return t.err
}

// prepare refuses a store of a newer version or with buckets missing, and
// brings an older one up to date, one transaction for all steps.
func prepare(db *bolt.DB, version int, steps []migration) error {
	var meta storage.Meta
	err := db.View(func(tx *bolt.Tx) (err error) {
		meta, err = readMeta(&txn{tx: tx})
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case meta.Schema > version:
		return fmt.Errorf("%w: version %d, this program knows %d", storage.ErrVersion, meta.Schema, version)
	case meta.Schema < 1:
		return fmt.Errorf("%w: schema version %d", storage.ErrCorrupt, meta.Schema)
	case meta.Schema < version && db.IsReadOnly():
		return fmt.Errorf("%w: version %d of %d", storage.ErrOutdated, meta.Schema, version)
	case meta.Schema < version:
		if err := migrate(db, meta, version, steps); err != nil {
			return err
		}
	}
	return db.View(func(tx *bolt.Tx) error {
		for _, f := range families {
			if tx.Bucket(f.name) == nil {
				return fmt.Errorf("%w: no bucket %q", storage.ErrCorrupt, f.name)
			}
		}
		return nil
	})
}

func migrate(db *bolt.DB, meta storage.Meta, version int, steps []migration) error {
	return db.Update(func(tx *bolt.Tx) error {
		t := &txn{tx: tx}
		for meta.Schema < version {
			if err := steps[meta.Schema-1](t); err != nil {
				return fmt.Errorf("migrating from schema version %d: %w", meta.Schema, err)
			}
			meta.Schema++
		}
		t.putMeta(meta)
		return t.err
	})
}

var metaKey, metaSumKey = []byte("meta"), []byte("sum")

// putMeta writes the description as every version can read it.
func (t *txn) putMeta(meta storage.Meta) {
	t.dirty = true
	data := t.encode(metaFamily, meta)
	b := t.unchecked(metaFamily)
	t.note(b.Put(metaKey, data))
	t.note(b.Put(metaSumKey, binary.BigEndian.AppendUint32(nil, metaFamily.sum(metaKey, data))))
}

// readMeta also serves files that are bbolt's but not ours.
func readMeta(t *txn) (storage.Meta, error) {
	var meta storage.Meta
	b := t.tx.Bucket(metaFamily.name)
	if b == nil {
		return meta, fmt.Errorf("%w: written by another program", storage.ErrCorrupt)
	}
	data, sum := b.Get(metaKey), b.Get(metaSumKey)
	if data == nil {
		return meta, fmt.Errorf("%w: no description", storage.ErrCorrupt)
	}
	if err := decode(metaFamily, data, &meta); err != nil {
		return meta, err
	}
	if sum == nil && meta.Schema == 1 {
		return meta, nil
	}
	if len(sum) != sumSize || binary.BigEndian.Uint32(sum) != metaFamily.sum(metaKey, data) {
		return storage.Meta{}, damagedRow(metaFamily)
	}
	return meta, nil
}
