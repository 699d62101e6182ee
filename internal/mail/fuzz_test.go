package mail

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"testing"

	"laurel/internal/outbox"
)

// FuzzCompose: whatever a message says, its header has the fields that it is
// given and no others, and one recipient.
func FuzzCompose(f *testing.F) {
	f.Add("learner@example.org", "You have a badge", "Text.", "<p>HTML</p>")
	f.Add("a@example.org\r\nBcc: b@example.org", "x", "x", "")
	f.Add("\"a b\"@example.org", "=?utf-8?q?=0d=0aBcc:_x?=", ".\r\n", "\r\n\r\n")
	f.Add("a@exämple.org", strings.Repeat("ż", 300), "\x00", "")
	sender, err := New(Config{Host: "mail.example.ac.uk", From: "Badges <badges@example.ac.uk>"})
	if err != nil {
		f.Fatal(err)
	}
	fields := "Auto-Submitted Content-Transfer-Encoding Content-Type Date From Message-Id Mime-Version Subject To"
	f.Fuzz(func(t *testing.T, to, subject, text, html string) {
		composed, err := sender.compose("delivery-1", outbox.Message{To: to, Subject: subject, Text: text, HTML: html})
		if err != nil {
			return
		}
		var written bytes.Buffer
		if _, err := composed.WriteTo(&written); err != nil {
			return // it is not sent then
		}
		m, err := netmail.ReadMessage(&written)
		if err != nil {
			t.Fatalf("a message that cannot be read: %v", err)
		}
		for name, values := range m.Header {
			if !strings.Contains(" "+fields+" ", " "+name+" ") || len(values) != 1 {
				t.Errorf("header %s: %q", name, values)
			}
		}
		recipients, err := composed.GetRecipients()
		if err != nil || len(recipients) != 1 || strings.ContainsAny(recipients[0], "\r\n") {
			t.Errorf("recipients %q, %v", recipients, err)
		}
	})
}
