package storagetest

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"laurel/storage"
)

// actCase is a method that takes an act. prepare makes what it needs and
// returns the call.
type actCase struct {
	method  string
	prepare func(w *world) func(act storage.Act) error
	// again is how many entries a second, equal call makes: none where there
	// is nothing left to do, fails where it is refused.
	again int
}

// fails stands for a second call that returns an error.
const fails = -1

var actCases = []actCase{
	{"CreateTenant", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error { return w.CreateTenant(w.ctx(), act, tenantRecord("east-university")) }
	}, fails},
	{"UpdateTenant", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error {
			_, err := w.UpdateTenant(w.ctx(), act, north, func(t *storage.Tenant) error { t.Name = "N"; return nil })
			return err
		}
	}, 1},
	{"CreateKey", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error { return w.CreateKey(w.ctx(), act, keyRecord(north, "key-2")) }
	}, fails},
	{"UpdateKey", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error {
			_, err := w.UpdateKey(w.ctx(), act, north, "key-1", func(k *storage.Key) error { k.Retired = start; return nil })
			return err
		}
	}, 1},
	{"CreateAPIKey", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error { return w.CreateAPIKey(w.ctx(), act, apiKeyRecord("lk9")) }
	}, fails},
	{"RevokeAPIKey", func(w *world) func(storage.Act) error {
		w.must(w.CreateAPIKey(w.ctx(), w.act(), apiKeyRecord("lk9")))
		return func(act storage.Act) error { return w.RevokeAPIKey(w.ctx(), act, north, "lk9") }
	}, 0},
	{"CreateAchievement", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error {
			_, err := w.CreateAchievement(w.ctx(), act, achievementRecord(north, "another"))
			return err
		}
	}, fails},
	{"UpdateAchievement", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error {
			_, err := w.UpdateAchievement(w.ctx(), act, north, achievementOf(north), func(a *storage.Achievement) error {
				a.Document = append(a.Document, ' ')
				return nil
			})
			return err
		}
	}, 1},
	{"ReserveCredential", func(w *world) func(storage.Act) error {
		r := w.reservation(north)
		return func(act storage.Act) error {
			r.Act = act
			_, err := w.ReserveCredential(w.ctx(), r)
			return err
		}
	}, fails},
	{"CommitCredential", func(w *world) func(storage.Act) error {
		i := w.issuance(north, w.reserve(north).Credential.ID)
		return func(act storage.Act) error {
			i.Act = act
			_, err := w.CommitCredential(w.ctx(), i)
			return err
		}
	}, fails},
	{"AbandonCredential", func(w *world) func(storage.Act) error {
		id := w.reserve(north).Credential.ID
		return func(act storage.Act) error { return w.AbandonCredential(w.ctx(), act, north, id) }
	}, 1},
	{"SetVisibility", func(w *world) func(storage.Act) error {
		id := w.issue(north).ID
		return func(act storage.Act) error {
			return w.SetVisibility(w.ctx(), act, north, id, storage.VisibilityPublic)
		}
	}, 0},
	{"SetStatus", func(w *world) func(storage.Act) error {
		change := w.change(north, w.issue(north).ID, storage.StateRevoked)
		return func(act storage.Act) error {
			change.Act = act
			_, err := w.SetStatus(w.ctx(), change)
			return err
		}
	}, 0},
	{"EraseSubject", func(w *world) func(storage.Act) error {
		subject := w.issue(north).Subject
		return func(act storage.Act) error {
			_, err := w.EraseSubject(w.ctx(), act, north, subject)
			return err
		}
	}, 0},
	{"AfterRestore", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error { return w.AfterRestore(w.ctx(), act, "") }
	}, 1},
	{"CreateStatusJob", func(w *world) func(storage.Act) error {
		w.issue(north)
		id := w.id()
		return func(act storage.Act) error {
			_, err := w.CreateStatusJob(w.ctx(), act, storage.StatusJob{
				Tenant: north, ID: id, State: storage.StateRevoked, Reason: "error", Expires: act.Time.AddDate(0, 0, 1),
			}, []uint64{1})
			return err
		}
	}, fails},
	{"SetStatusPhase", func(w *world) func(storage.Act) error {
		w.issue(north)
		job := w.draft(storage.Selection{Achievement: achievementOf(north)}, storage.StateRevoked)
		return func(act storage.Act) error {
			_, err := w.SetStatusPhase(w.ctx(), act, north, job.ID, storage.StatusRunning)
			return err
		}
	}, 0},
	{"StepStatusJob", func(w *world) func(storage.Act) error { // it revokes one, and is then done
		w.issue(north)
		job := w.draft(storage.Selection{Achievement: achievementOf(north)}, storage.StateRevoked)
		_, err := w.SetStatusPhase(w.ctx(), w.act(), north, job.ID, storage.StatusRunning)
		w.must(err)
		return func(act storage.Act) error {
			_, err := w.StepStatusJob(w.ctx(), act, north, job.ID)
			return err
		}
	}, 0},
	{"CreateWebhook", func(w *world) func(storage.Act) error {
		return func(act storage.Act) error { return w.CreateWebhook(w.ctx(), act, webhookRecord(north, "hook")) }
	}, fails},
	{"DeleteWebhook", func(w *world) func(storage.Act) error {
		w.must(w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, "hook")))
		return func(act storage.Act) error { return w.DeleteWebhook(w.ctx(), act, north, "hook") }
	}, fails},
	{"QueueMail", func(w *world) func(storage.Act) error {
		c := w.issue(north)
		return func(act storage.Act) error {
			_, err := w.QueueMail(w.ctx(), storage.Mail{
				Act: act, Tenant: north, Event: storage.EventAwardIssued, Object: "credential/" + c.ID, Subject: c.Subject, Message: []byte("m"),
			})
			return err
		}
	}, 1},
	{"ReplayDeliveries", func(w *world) func(storage.Act) error {
		w.must(w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, "hook")))
		w.issue(north)
		id := w.deliveries(north, storage.DeliveryFilter{})[0].ID
		return func(act storage.Act) error { return w.ReplayDeliveries(w.ctx(), act, north, []string{id}) }
	}, 1},
}

func apiKeyRecord(id string) storage.APIKey {
	return storage.APIKey{Tenant: north, ID: id, Hash: []byte(strings.Repeat("h", 32)), Name: "registry", Created: start}
}

// entries counts the entries of all chains, which must be whole.
func (w *world) entries() int {
	w.t.Helper()
	heads, err := w.AuditChains(w.ctx())
	w.must(err)
	n := 0
	for _, head := range heads {
		n += len(w.checkChain(head.Tenant))
	}
	return n
}

// testActs holds that every act has exactly one entry, in the transaction of
// its effect: none without, none twice, none for what was refused or was done
// before.
func testActs(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	cases := make(map[string]bool)
	for _, c := range actCases {
		cases[c.method] = true
		w := newWorld(t, open, Options{})
		call := c.prepare(w)
		before := w.entries()
		if err := call(storage.Act{Time: start}); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("%s by nobody: %v", c.method, err)
		}
		if n := w.entries() - before; n != 0 {
			t.Errorf("%s by nobody makes %d entries", c.method, n)
		}
		w.must(call(w.act()))
		if n := w.entries() - before; n != 1 {
			t.Errorf("%s makes %d entries", c.method, n)
		}
		before = w.entries()
		err := call(w.act())
		n := w.entries() - before
		if (err != nil) != (c.again == fails) || n != max(c.again, 0) {
			t.Errorf("%s again: %v, %d entries", c.method, err, n)
		}
	}
	// Whoever adds a method that takes an act has to say here what it enters.
	methods := reflect.TypeFor[Store]()
	for i := range methods.NumMethod() {
		method := methods.Method(i)
		for j := range method.Type.NumIn() {
			if takesAct(method.Type.In(j)) && !cases[method.Name] {
				t.Errorf("%s takes an act and is no case of this test", method.Name)
			}
		}
	}

	// What the store does by itself is no act.
	c := w.issue(north)
	w.must(w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, "hook")))
	w.issue(north)
	before := w.entries()
	due := w.due(north, "hook", 1<<40)
	_, err := w.RecordAttempt(w.ctx(), storage.Attempt{Tenant: north, ID: due[0].ID, Time: start, Error: "timeout", Next: start})
	w.must(err)
	_, err = w.AbandonDeliveries(w.ctx(), storage.Abandonment{Tenant: north, Destination: "hook", Since: start.AddDate(1, 0, 0), Time: start}, 10)
	w.must(err)
	_, err = w.PruneDeliveries(w.ctx(), start.AddDate(1, 0, 0), 10)
	w.must(err)
	_, err = w.ExpireIdempotency(w.ctx(), start.AddDate(1, 0, 0), 10)
	w.must(err)
	w.must(w.SaveCheckpoint(w.ctx(), storage.Checkpoint{Number: 1, Note: []byte("note")}))
	w.must(w.publish(c.Status[0].List, 1))
	if n := w.entries() - before; n != 0 {
		t.Errorf("what is no act makes %d entries", n)
	}
}

// takesAct reports whether a parameter is an act or holds one.
func takesAct(t reflect.Type) bool {
	if t == reflect.TypeFor[storage.Act]() {
		return true
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if t.Field(i).Type == reflect.TypeFor[storage.Act]() {
			return true
		}
	}
	return false
}
