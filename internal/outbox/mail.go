package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"laurel/internal/envelope"
	"laurel/storage"
)

// Message is an e-mail to one person. All of it is that person's data: it is
// stored under their key alone.
type Message struct {
	// To is an address without a name.
	To string `json:"to"`
	// Subject is one line.
	Subject string `json:"subject"`
	// Text is what it says, HTML the same with formatting; HTML may be empty.
	Text string `json:"text"`
	HTML string `json:"html,omitempty"`
}

// ErrMessage means that a message cannot be sent as it is.
var ErrMessage = errors.New("message is malformed")

const (
	maxAddress = 254
	maxSubject = 400
	maxText    = 256 << 10
)

// Check returns an ErrMessage for a message whose address is not exactly one,
// or whose header could hold more than it says.
func (m Message) Check() error {
	address, err := mail.ParseAddress(m.To)
	switch {
	case err != nil || address.Address != m.To || len(m.To) > maxAddress || !oneLine(m.To):
		return fmt.Errorf("%w: address", ErrMessage)
	case m.Subject == "" || utf8.RuneCountInString(m.Subject) > maxSubject || !oneLine(m.Subject):
		return fmt.Errorf("%w: subject", ErrMessage)
	case m.Text == "" || len(m.Text) > maxText || len(m.HTML) > maxText || !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML):
		return fmt.Errorf("%w: text", ErrMessage)
	}
	return nil
}

// oneLine reports whether text has no control character, no mark that reorders
// what is shown, and no line or paragraph separator.
func oneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
	})
}

// QueueMail queues a message to a subject, about an event of an object. Errors:
// ErrMessage, storage.ErrErased, storage.ErrNotFound.
func (o *Outbox) QueueMail(ctx context.Context, mail storage.Mail, message Message) (storage.Delivery, error) {
	if err := message.Check(); err != nil {
		return storage.Delivery{}, err
	}
	key, err := o.subjectKey(ctx, mail.Tenant, mail.Subject)
	if err != nil {
		return storage.Delivery{}, fmt.Errorf("queueing mail: %w", err)
	}
	plain, err := json.Marshal(message)
	if err != nil {
		return storage.Delivery{}, fmt.Errorf("queueing mail: %w", err)
	}
	mail.Message = key.Seal(messagePlace(mail.Tenant, mail.Object), plain)
	return o.config.Store.QueueMail(ctx, mail)
}

func messagePlace(tenant, object string) envelope.Place {
	return envelope.Place{Tenant: tenant, Record: object, Field: "mail"}
}

func (o *Outbox) subjectKey(ctx context.Context, tenant, id string) (*envelope.Key, error) {
	subject, err := o.config.Store.SubjectKey(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if !subject.Erased.IsZero() {
		return nil, storage.ErrErased
	}
	return o.envelope.Unwrap(tenant, id, subject.Wrapped)
}

// mail sends an e-mail.
func (o *Outbox) mail(ctx context.Context, d storage.Delivery) fault {
	key, err := o.subjectKey(ctx, d.Tenant, d.Subject)
	switch {
	case errors.Is(err, storage.ErrErased):
		return fault{code: "erased", kind: final}
	case err != nil:
		return fault{code: "internal", kind: refused}
	}
	plain, err := key.Open(messagePlace(d.Tenant, d.Object), d.Message)
	var message Message
	if err == nil {
		err = json.Unmarshal(plain, &message)
	}
	if err != nil || message.Check() != nil {
		return fault{code: "message-unreadable", kind: final}
	}
	err = o.config.Mailer.Send(ctx, d.ID, message)
	var refusal *MailError
	switch {
	case err == nil:
		return fault{}
	case errors.As(err, &refusal) && refusal.Permanent:
		return fault{code: "mail-" + strconv.Itoa(refusal.Status), kind: final}
	case errors.As(err, &refusal):
		return fault{code: "mail-" + strconv.Itoa(refusal.Status), kind: refused}
	case errors.Is(err, context.DeadlineExceeded):
		return fault{code: "timeout", kind: barred}
	}
	return fault{code: "unreachable", kind: barred}
}
