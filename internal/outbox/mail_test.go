package outbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/internal/envelope"
	"laurel/storage"
)

// recordingMailer takes mail, or does what it is told instead.
type recordingMailer struct {
	mu   sync.Mutex
	sent []string
	err  map[string]error // by address
}

func (m *recordingMailer) Send(_ context.Context, id string, message Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, id+" "+message.To)
	return m.err[message.To]
}

// person makes a subject with a pending award, whose id it returns.
func (w *world) person(name string) (subject, object string) {
	w.Helper()
	id, achievement := "subject-"+name, "achievement"
	_, wrapped, err := w.envelope.NewSubjectKey(north, id)
	w.must(err)
	_, err = w.store.CreateAchievement(w.Context(), w.act(), storage.Achievement{Tenant: north, ID: achievement, Document: []byte("{}")})
	if !errors.Is(err, storage.ErrExists) {
		w.must(err)
	}
	_, err = w.store.ReserveCredential(w.Context(), storage.Reservation{
		Act: w.act(), Tenant: north, ID: name, Achievement: achievement, AchievementVersion: 1,
		Subject: storage.SubjectKey{ID: id, Wrapped: wrapped},
	})
	w.must(err)
	return id, "credential/" + name
}

func (w *world) queue(name string) storage.Delivery {
	w.Helper()
	subject, object := w.person(name)
	queued, err := w.QueueMail(w.Context(), storage.Mail{Act: w.act(), Tenant: north, Event: storage.EventAwardIssued, Object: object, Subject: subject},
		Message{To: name + "@canary.example", Subject: "You have a badge", Text: "Well done, canary."})
	w.must(err)
	return queued
}

func TestMail(t *testing.T) {
	w := newWorld(t)
	mailer := &recordingMailer{err: map[string]error{
		"gone@canary.example": &MailError{Status: 550, Permanent: true},
		"grey@canary.example": &MailError{Status: 450},
	}}
	first := w.queue("a")
	w.queue("gone")
	w.queue("grey")
	erased := w.queue("erased")
	w.queue("z")
	if _, err := w.store.EraseSubject(t.Context(), w.act(), north, "subject-erased"); err != nil {
		t.Fatal(err)
	}
	// Without a mail server everything waits.
	d := newDispatcher(w.Outbox)
	w.must(d.pass(t.Context()))
	d.group.Wait()
	w.want(north, "a:waiting:0, gone:waiting:0, grey:waiting:0, erased:failed:0 erased, z:waiting:0")

	// One that was read before its person was erased ends all the same.
	if f := w.mail(t.Context(), erased); f != (fault{code: "erased", kind: final}) {
		t.Errorf("mail to somebody erased: %+v", f)
	}
	w.Outbox.config.Mailer = mailer
	w.must(d.pass(t.Context()))
	d.group.Wait()
	w.want(north, "a:sent:1, gone:failed:1 mail-550, grey:waiting:1 mail-450, erased:failed:0 erased, z:sent:1")
	if mailer.sent[0] != first.ID+" a@canary.example" || len(mailer.sent) != 4 {
		t.Errorf("sent %v", mailer.sent)
	}
	// A server that is down keeps all waiting, in order.
	w.wait(time.Hour)
	mailer.err = map[string]error{"b@canary.example": errors.New("no route"), "c@canary.example": context.DeadlineExceeded}
	w.queue("b")
	w.queue("c")
	mailer.sent = nil
	w.round()
	w.want(north, "a:sent:1, gone:failed:1 mail-550, grey:sent:2, erased:failed:0 erased, z:sent:1, b:waiting:1 unreachable, c:waiting:0")
	w.wait(time.Hour)
	delete(mailer.err, "b@canary.example")
	w.round()
	if got := w.states(north); !strings.HasSuffix(got, "b:sent:2, c:waiting:1 timeout") {
		t.Errorf("deliveries: %s", got)
	}

	// Nothing of it is readable in the file or in the log.
	w.must(w.store.Close())
	file, err := os.ReadFile(w.path)
	w.must(err)
	if bytes.Contains(file, []byte("canary")) || strings.Contains(w.log.String(), "canary") {
		t.Error("a message can be read in the store or the log")
	}
}

func TestQueueMail(t *testing.T) {
	w := newWorld(t)
	subject, object := w.person("a")
	mail := storage.Mail{Act: w.act(), Tenant: north, Event: storage.EventAwardIssued, Object: object, Subject: subject}
	good := Message{To: "a@example.org", Subject: "Hello", Text: "Hello."}
	for name, test := range map[string]struct {
		change func(*storage.Mail, *Message)
		want   error
	}{
		"two lines":      {func(_ *storage.Mail, m *Message) { m.Subject = "a\nb" }, ErrMessage},
		"two addresses":  {func(_ *storage.Mail, m *Message) { m.To = "a@example.org,b@example.org" }, ErrMessage},
		"long":           {func(_ *storage.Mail, m *Message) { m.Text = strings.Repeat("x", maxText+1) }, ErrMessage},
		"nobody":         {func(q *storage.Mail, _ *Message) { q.Subject = "subject-x" }, storage.ErrNotFound},
		"another tenant": {func(q *storage.Mail, _ *Message) { q.Tenant = south }, storage.ErrNotFound},
	} {
		q, m := mail, good
		test.change(&q, &m)
		if _, err := w.QueueMail(t.Context(), q, m); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	// A message that was put under another object does not open.
	key, err := w.subjectKey(t.Context(), north, subject)
	w.must(err)
	mail.Message = key.Seal(envelope.Place{Tenant: north, Record: "credential/other", Field: "mail"}, []byte("{}"))
	_, err = w.store.QueueMail(t.Context(), mail)
	w.must(err)
	w.Outbox.config.Mailer = &recordingMailer{}
	w.round()
	w.want(north, "a:failed:1 message-unreadable")
}
