package storagetest

import (
	"testing"
	"time"

	"laurel/storage"
)

func webhookRecord(tenant, id string, events ...string) storage.Webhook {
	return storage.Webhook{
		Tenant: tenant, ID: id, URL: "https://hooks.example/" + id, Events: events,
		Secret: []byte("sealed secret of " + id), Created: start,
	}
}

func (w *world) deliveries(tenant string, filter storage.DeliveryFilter) []storage.Delivery {
	w.t.Helper()
	return all(w.t, 3, func(page storage.Page) ([]storage.Delivery, string, error) {
		return w.ListDeliveries(w.ctx(), tenant, filter, page)
	})
}

func (w *world) due(tenant, destination string, after time.Duration) []storage.Delivery {
	w.t.Helper()
	due, err := w.DueDeliveries(w.ctx(), tenant, destination, start.Add(after), 100)
	w.must(err)
	return due
}

// events are what deliveries are about.
func events(deliveries []storage.Delivery) []string {
	all := []string{}
	for _, d := range deliveries {
		all = append(all, d.Event+" "+d.Object)
	}
	return all
}

func testWebhooks(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	want := webhookRecord(north, "hook", storage.EventAwardIssued)
	w.must(w.CreateWebhook(w.ctx(), w.act(), want))
	w.reopen()
	got, err := w.Webhook(w.ctx(), north, "hook")
	w.must(err)
	wantEqual(t, "webhook", got, want)
	wantError(t, "webhook id in use", w.CreateWebhook(w.ctx(), w.act(), want), storage.ErrExists)
	wantError(t, "unknown tenant", w.CreateWebhook(w.ctx(), w.act(), webhookRecord("nowhere", "hook")), storage.ErrNotFound)
	wantError(t, "the name of mail", w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, storage.DestinationEmail)), storage.ErrInvalid)
	_, err = w.Webhook(w.ctx(), south, "hook")
	wantError(t, "webhook of another tenant", err, storage.ErrNotFound)
	wantError(t, "deleting another's", w.DeleteWebhook(w.ctx(), w.act(), south, "hook"), storage.ErrNotFound)
	list, err := w.ListWebhooks(w.ctx(), north)
	w.must(err)
	wantEqual(t, "webhooks", list, []storage.Webhook{want})

	w.issue(north)
	w.must(w.DeleteWebhook(w.ctx(), w.act(), north, "hook"))
	wantError(t, "deleting again", w.DeleteWebhook(w.ctx(), w.act(), north, "hook"), storage.ErrNotFound)
	w.issue(north)
	left := w.deliveries(north, storage.DeliveryFilter{})
	if len(left) != 1 {
		t.Fatalf("%d deliveries of one award under the webhook", len(left))
	}
	wantError(t, "replaying to no webhook", w.ReplayDeliveries(w.ctx(), w.act(), north, []string{left[0].ID}), storage.ErrConflict)
	for i := range 20 {
		w.must(w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, "hook-"+string(rune('a'+i)))))
	}
	wantError(t, "one too many", w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, "another")), storage.ErrConflict)
}

// testEvents holds that an act and its events are one: neither is there
// without the other, and only who asked is told.
func testEvents(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	silent := w.issue(north)
	if got := w.deliveries(north, storage.DeliveryFilter{}); len(got) != 0 {
		t.Errorf("without a webhook there are %d deliveries", len(got))
	}
	w.must(w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, "all")))
	w.must(w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, "some", storage.EventAwardRevoked, storage.EventKeyRetired)))
	suspendable := w.reservation(north)
	suspendable.Purposes = []string{storage.PurposeRevocation, storage.PurposeSuspension}
	reserved, err := w.ReserveCredential(w.ctx(), suspendable)
	w.must(err)
	c, err := w.CommitCredential(w.ctx(), w.issuance(north, reserved.Credential.ID))
	w.must(err)
	for _, state := range []storage.State{storage.StateSuspended, storage.StateIssued, storage.StateRevoked, storage.StateRevoked} {
		_, err := w.SetStatus(w.ctx(), w.change(north, c.ID, state))
		w.must(err)
	}
	_, err = w.SetStatus(w.ctx(), w.change(north, c.ID, storage.StateIssued))
	wantError(t, "reinstating what is revoked", err, storage.ErrConflict)
	w.must(w.CreateKey(w.ctx(), w.act(), keyRecord(north, "key-2")))
	act := w.act()
	_, err = w.UpdateKey(w.ctx(), act, north, "key-1", func(k *storage.Key) error { k.Retired = act.Time; return nil })
	w.must(err)
	w.issue(south)
	w.reopen()

	object := "credential/" + c.ID
	wantEqual(t, "all", events(w.due(north, "all", time.Hour)), []string{
		"award.issued " + object, "award.suspended " + object, "award.reinstated " + object, "award.revoked " + object,
		"key.created key/key-2", "key.retired key/key-1",
	})
	some := w.due(north, "some", time.Hour)
	wantEqual(t, "some", events(some), []string{"award.revoked " + object, "key.retired key/key-1"})
	if got := w.deliveries(south, storage.DeliveryFilter{}); len(got) != 0 {
		t.Errorf("another tenant has %d deliveries", len(got))
	}
	chain := w.checkChain(north)
	seen := map[string]bool{}
	for _, d := range w.deliveries(north, storage.DeliveryFilter{}) {
		entry := chain[d.Sequence-1]
		if entry.Object != d.Object || !entry.Time.Equal(d.Created) || d.State != storage.DeliveryWaiting || d.Object == "credential/"+silent.ID || seen[d.ID] {
			t.Errorf("delivery %+v of entry %+v", d, entry)
		}
		seen[d.ID] = true
		got, err := w.Delivery(w.ctx(), north, d.ID)
		w.must(err)
		wantEqual(t, "delivery by id", got, d)
		_, err = w.Delivery(w.ctx(), south, d.ID)
		wantError(t, "delivery of another tenant", err, storage.ErrNotFound)
	}
	if len(seen) != 8 {
		t.Errorf("%d deliveries, want 8", len(seen))
	}
	wantEqual(t, "those for one", len(w.deliveries(north, storage.DeliveryFilter{Destination: "some"})), 2)
	wantEqual(t, "those sent", len(w.deliveries(north, storage.DeliveryFilter{State: storage.DeliverySent})), 0)
	destinations, err := w.Destinations(w.ctx())
	w.must(err)
	for i := range destinations {
		destinations[i].Due = destinations[i].Due.UTC()
	}
	wantEqual(t, "destinations", destinations, []storage.Destination{
		{Tenant: north, ID: "all", Due: c.Issued}, {Tenant: north, ID: "some", Due: some[0].Created},
	})
}

// testDeliveries leads deliveries through everything that can become of them.
func testDeliveries(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	w.must(w.CreateWebhook(w.ctx(), w.act(), webhookRecord(north, "hook")))
	var ids []string
	for range 4 {
		w.issue(north)
	}
	for _, d := range w.due(north, "hook", time.Hour) {
		ids = append(ids, d.ID)
	}
	record := func(i int, change func(*storage.Attempt)) {
		t.Helper()
		a := storage.Attempt{Tenant: north, ID: ids[i], Time: start.Add(time.Minute)}
		change(&a)
		_, err := w.RecordAttempt(w.ctx(), a)
		w.must(err)
	}
	want := func(after time.Duration, order ...int) {
		t.Helper()
		got, expected := []string{}, []string{}
		for _, d := range w.due(north, "hook", after) {
			got = append(got, d.ID)
		}
		for _, i := range order {
			expected = append(expected, ids[i])
		}
		wantEqual(t, "due", got, expected)
	}
	want(time.Hour, 0, 1, 2, 3)
	// One whose way is barred holds those behind it up, until it is due.
	record(0, func(a *storage.Attempt) { a.Error, a.Next = "unreachable", start.Add(2*time.Hour) })
	want(time.Hour)
	want(2*time.Hour, 0, 1, 2, 3)
	record(0, func(*storage.Attempt) {})
	want(time.Hour, 1, 2, 3)
	// One that is refused lets them pass, and comes before them when it is due.
	record(1, func(a *storage.Attempt) { a.Error, a.Next, a.Aside = "http-400", start.Add(2*time.Hour), true })
	want(time.Hour, 2, 3)
	want(2*time.Hour, 1, 2, 3)
	record(1, func(a *storage.Attempt) { a.Error, a.Next = "http-400", start.Add(3*time.Hour) })
	want(2*time.Hour, 2, 3)
	record(2, func(a *storage.Attempt) { a.Error = "erased" })
	w.reopen()
	want(3*time.Hour, 1, 3)

	sent, err := w.Delivery(w.ctx(), north, ids[0])
	w.must(err)
	refused, err := w.Delivery(w.ctx(), north, ids[1])
	w.must(err)
	given, err := w.Delivery(w.ctx(), north, ids[2])
	w.must(err)
	if sent.State != storage.DeliverySent || sent.Attempts != 2 || sent.LastError != "" || !sent.Finished.Equal(start.Add(time.Minute)) ||
		refused.State != storage.DeliveryWaiting || refused.Attempts != 2 || refused.LastError != "http-400" ||
		given.State != storage.DeliveryFailed || given.LastError != "erased" || given.Finished.IsZero() {
		t.Errorf("sent %+v\nrefused %+v\ngiven up %+v", sent, refused, given)
	}
	_, err = w.RecordAttempt(w.ctx(), storage.Attempt{Tenant: north, ID: ids[0], Time: start})
	wantError(t, "an outcome twice", err, storage.ErrConflict)
	_, err = w.RecordAttempt(w.ctx(), storage.Attempt{Tenant: south, ID: ids[3], Time: start})
	wantError(t, "an outcome of another tenant's", err, storage.ErrNotFound)
	for _, id := range []string{"", "x", ids[0][:31], ids[0] + "A"} {
		_, err = w.Delivery(w.ctx(), north, id)
		wantError(t, "id "+id, err, storage.ErrNotFound)
	}

	act := w.act()
	wantError(t, "replaying another tenant's", w.ReplayDeliveries(w.ctx(), act, south, ids[:1]), storage.ErrNotFound)
	wantError(t, "replaying none", w.ReplayDeliveries(w.ctx(), act, north, nil), storage.ErrInvalid)
	before := len(w.checkChain(north))
	w.must(w.ReplayDeliveries(w.ctx(), act, north, ids[:3]))
	chain := w.checkChain(north)
	if last := chain[len(chain)-1]; len(chain) != before+1 || last.Action != storage.ActionReplay || last.Detail != "3" {
		t.Errorf("replaying is entered as %+v", last)
	}
	want(time.Hour, 0, 1, 2, 3)

	// Giving up what waits since too long, and forgetting what is done.
	abandonment := storage.Abandonment{Tenant: north, Destination: "hook", Since: act.Time.Add(-1), Error: "expired", Time: start.Add(time.Hour)}
	n, err := w.AbandonDeliveries(w.ctx(), abandonment, 100)
	w.must(err)
	wantEqual(t, "abandoned", n, 1)
	want(time.Hour, 0, 1, 2)
	abandonment.Since = start.AddDate(100, 0, 0)
	n, err = w.AbandonDeliveries(w.ctx(), abandonment, 2)
	w.must(err)
	wantEqual(t, "abandoned of all", n, 2)
	want(time.Hour, 2)
	n, err = w.PruneDeliveries(w.ctx(), start, 100)
	w.must(err)
	wantEqual(t, "pruned too early", n, 0)
	n, err = w.PruneDeliveries(w.ctx(), start.Add(time.Hour), 100)
	w.must(err)
	wantEqual(t, "pruned", n, 3)
	wantEqual(t, "left", len(w.deliveries(north, storage.DeliveryFilter{})), 1)
	want(time.Hour, 2)
}

func testMail(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	c := w.issue(north)
	mail := storage.Mail{
		Act: w.act(), Tenant: north, Event: storage.EventAwardIssued, Object: "credential/" + c.ID, Subject: c.Subject, Message: []byte("sealed mail"),
	}
	queued, err := w.QueueMail(w.ctx(), mail)
	w.must(err)
	w.reopen()
	due := w.due(north, storage.DestinationEmail, time.Hour)
	if len(due) != 1 || due[0].ID != queued.ID || string(due[0].Message) != "sealed mail" || due[0].Subject != c.Subject || due[0].Kind != storage.DeliveryEmail {
		t.Fatalf("due: %+v", due)
	}
	listed := w.deliveries(north, storage.DeliveryFilter{})
	if len(listed) != 1 || listed[0].Message != nil {
		t.Errorf("listed: %+v", listed)
	}
	for name, change := range map[string]func(*storage.Mail){
		"no message": func(m *storage.Mail) { m.Message = nil },
		"no event":   func(m *storage.Mail) { m.Event = "" },
		"no actor":   func(m *storage.Mail) { m.Act.Actor = "" },
	} {
		bad := mail
		change(&bad)
		_, err := w.QueueMail(w.ctx(), bad)
		wantError(t, name, err, storage.ErrInvalid)
	}
	other := mail
	other.Tenant = south
	_, err = w.QueueMail(w.ctx(), other)
	wantError(t, "subject of another tenant", err, storage.ErrNotFound)

	_, err = w.RecordAttempt(w.ctx(), storage.Attempt{Tenant: north, ID: queued.ID, Time: start})
	w.must(err)
	wantError(t, "replaying what was sent and forgotten", w.ReplayDeliveries(w.ctx(), w.act(), north, []string{queued.ID}), storage.ErrConflict)
	_, err = w.EraseSubject(w.ctx(), w.act(), north, c.Subject)
	w.must(err)
	_, err = w.QueueMail(w.ctx(), mail)
	wantError(t, "mail to an erased subject", err, storage.ErrErased)
}

func testCheckpoints(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	save := func(n uint64) error {
		return w.SaveCheckpoint(w.ctx(), storage.Checkpoint{Number: n, Note: []byte("note")})
	}
	wantError(t, "beginning with 2", save(2), storage.ErrConflict)
	wantError(t, "number 0", save(0), storage.ErrInvalid)
	for n := uint64(1); n <= 103; n++ {
		w.must(save(n))
	}
	wantError(t, "a number again", save(103), storage.ErrConflict)
	w.reopen()
	kept, err := w.Checkpoints(w.ctx())
	w.must(err)
	if len(kept) != 100 || kept[0].Number != 4 || kept[99].Number != 103 || string(kept[99].Note) != "note" {
		t.Errorf("%d checkpoints are kept", len(kept))
	}
}

func testChains(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	c := w.issue(north)
	heads, err := w.AuditChains(w.ctx())
	w.must(err)
	var want []storage.ChainHead
	for _, tenant := range []string{"", north, south} {
		chain := w.checkChain(tenant)
		last := chain[len(chain)-1]
		want = append(want, storage.ChainHead{Tenant: tenant, Sequence: last.Sequence, Hash: last.Hash})
		var walked []storage.AuditEntry
		w.must(w.WalkAudit(w.ctx(), tenant, func(row storage.AuditRow) error {
			w.must(row.Damage)
			walked = append(walked, row.AuditEntry)
			return nil
		}))
		wantEqual(t, "walked chain of "+tenant, walked, chain)
	}
	wantEqual(t, "heads", heads, want)

	search := func(filter storage.AuditFilter) []string {
		var found []string
		for _, entry := range all(t, 2, func(page storage.Page) ([]storage.AuditEntry, string, error) {
			return w.SearchAudit(w.ctx(), north, filter, page)
		}) {
			if entry.Hash != entry.ComputeHash() {
				t.Errorf("entry %+v", entry)
			}
			found = append(found, entry.Action)
		}
		return found
	}
	wantEqual(t, "everything", search(storage.AuditFilter{}), []string{"credential.issue", "credential.reserve", "achievement.create", "key.create"})
	wantEqual(t, "of an object", search(storage.AuditFilter{Object: "credential/" + c.ID}), []string{"credential.issue", "credential.reserve"})
	wantEqual(t, "of an action", search(storage.AuditFilter{Action: storage.ActionIssue, Actor: "test"}), []string{"credential.issue"})
	wantEqual(t, "of nobody", search(storage.AuditFilter{Actor: "nobody"}), []string(nil))
}
