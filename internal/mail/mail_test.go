package mail

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/internal/outbox"
)

// mailServer is an SMTP server that does as it is told.
type mailServer struct {
	testing.TB
	listener net.Listener
	tls      *tls.Config
	roots    *x509.CertPool
	implicit bool
	// replies replace the usual answer to a command, by its first word, or to
	// the end of the data, ".". "" closes the connection, "hang" says nothing.
	replies map[string]string
	plain   bool // no STARTTLS

	mu       sync.Mutex
	received []string // messages
	commands []string
}

func newMailServer(t testing.TB, change func(*mailServer)) *mailServer {
	t.Helper()
	s := &mailServer{TB: t, replies: map[string]string{}}
	s.tls, s.roots = certificate(t)
	if change != nil {
		change(s)
	}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.listener.Close() })
	go func() {
		for {
			connection, err := s.listener.Accept()
			if err != nil {
				return
			}
			go s.serve(connection)
		}
	}()
	return s
}

func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, roots
}

func (s *mailServer) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

func (s *mailServer) serve(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	if s.implicit {
		connection = tls.Server(connection, s.tls)
	}
	lines := bufio.NewReader(connection)
	say := func(text string) { fmt.Fprintf(connection, "%s\r\n", text) }
	answer := func(command, usual string) bool {
		if reply, ok := s.replies[command]; ok {
			usual = reply
		}
		switch usual {
		case "":
			return false
		case "hang":
			_, _ = lines.ReadString(0)
			return false
		}
		say(usual)
		return true
	}
	if !answer("greeting", "220 mail.example ESMTP") {
		return
	}
	encrypted := s.implicit
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		command, _, _ := strings.Cut(strings.ToUpper(line), " ")
		command, _, _ = strings.Cut(command, ":")
		switch command {
		case "EHLO":
			extensions := "250-mail.example\r\n250-8BITMIME\r\n"
			if !encrypted && !s.plain {
				extensions += "250-STARTTLS\r\n"
			}
			say(extensions + "250 AUTH PLAIN LOGIN")
		case "STARTTLS":
			say("220 go ahead")
			connection = tls.Server(connection, s.tls)
			lines = bufio.NewReader(connection)
			encrypted = true
		case "AUTH":
			if !answer("AUTH", "235 hello") {
				return
			}
		case "DATA":
			if !answer("DATA", "354 go on") {
				return
			}
			if strings.HasPrefix(s.replies["DATA"], "4") || strings.HasPrefix(s.replies["DATA"], "5") {
				continue
			}
			var message strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				message.WriteString(strings.TrimPrefix(line, ".")) // RFC 5321, section 4.5.2
			}
			s.mu.Lock()
			s.received = append(s.received, message.String())
			s.mu.Unlock()
			if !answer(".", "250 taken") {
				return
			}
		case "QUIT":
			answer("QUIT", "221 bye")
			return
		default:
			if !answer(command, "250 ok") {
				return
			}
		}
	}
}

func (s *mailServer) got() (messages, commands []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received, s.commands
}

func (s *mailServer) sender(change func(*Config)) *Sender {
	s.Helper()
	config := Config{
		Host: "127.0.0.1", Port: s.port(), From: "Ünï Badges <badges@example.ac.uk>", RootCAs: s.roots, Timeout: time.Second,
		Clock: func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) },
	}
	if change != nil {
		change(&config)
	}
	sender, err := New(config)
	if err != nil {
		s.Fatal(err)
	}
	return sender
}

func message() outbox.Message {
	return outbox.Message{
		To: "learner@example.org", Subject: "Zażółć: you have a badge", Text: "You have a badge.\n.\nFrom us – truly.\n",
		HTML: "<p>You have a badge.</p>",
	}
}

func TestSend(t *testing.T) {
	for name, change := range map[string]func(*mailServer, *Config){
		"STARTTLS":           func(*mailServer, *Config) {},
		"TLS from the start": func(s *mailServer, c *Config) { s.implicit, c.Security = true, ImplicitTLS },
		"to this machine":    func(_ *mailServer, c *Config) { c.Security = NoTLS },
		"with a password":    func(_ *mailServer, c *Config) { c.User, c.Password = "laurel", "open sesame" },
		"password, TLS first": func(s *mailServer, c *Config) {
			s.implicit, c.Security, c.User, c.Password = true, ImplicitTLS, "laurel", "open sesame"
		},
		"a rude goodbye": func(s *mailServer, _ *Config) { s.replies["QUIT"] = "" },
		"no reset":       func(s *mailServer, _ *Config) { s.replies["RSET"] = "" },
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			var config Config
			server := newMailServer(t, func(s *mailServer) { change(s, &config) })
			sender := server.sender(func(c *Config) { c.Security, c.User, c.Password = config.Security, config.User, config.Password })
			if err := sender.Send(t.Context(), "delivery-1", message()); err != nil {
				t.Fatal(err)
			}
			messages, commands := server.got()
			if len(messages) != 1 {
				t.Fatalf("%d messages arrived", len(messages))
			}
			check(t, messages[0])
			all := strings.Join(commands, "\n")
			if !strings.Contains(all, "MAIL FROM:<badges@example.ac.uk>") || !strings.Contains(all, "RCPT TO:<learner@example.org>") {
				t.Errorf("commands: %s", all)
			}
			auth := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00laurel\x00open sesame"))
			if (config.User != "") != strings.Contains(all, auth) {
				t.Errorf("commands: %s", all)
			}
		})
	}
}

// check reads a message as a mail program does.
func check(t *testing.T, text string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != message().Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Ünï Badges" || from[0].Address != "badges@example.ac.uk" {
		t.Errorf("from %v, %v", from, err)
	}
	for name, want := range map[string]string{
		"To": "<learner@example.org>", "Message-Id": "<delivery-1@example.ac.uk>", "Auto-Submitted": "auto-generated",
		"Date": "Sun, 01 Mar 2026 09:00:00 +0000",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %s, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{message().Text, message().HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != want {
			t.Errorf("part %q, %v, want %q", body, err, want)
		}
	}
}

// TestFaults: what the server says decides whether this message or all mail
// has to wait.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		command, reply string
		status         int // of a MailError, 0 for a server that cannot be used
		permanent      bool
	}{
		{"RCPT", "550 5.1.1 no such learner@example.org", 550, true},
		{"RCPT", "450 4.2.0 greylisted", 450, false},
		{"DATA", "451 4.3.0 later", 451, false},
		{".", "554 5.7.1 spam", 554, true},
		{".", "452 4.3.1 full", 452, false},
		{"RCPT", "421 going down", 0, false},
		{"MAIL", "550 not you", 0, false},
		{"MAIL", "451 later", 0, false},
		{"greeting", "554 no service", 0, false},
		{"greeting", "", 0, false},
		{"RCPT", "", 0, false},
		{".", "", 0, false},
		{"AUTH", "535 5.7.8 wrong", 0, false},
		{"greeting", "hang", 0, false},
		{".", "hang", 0, false},
	} {
		t.Run(test.command+" "+test.reply, func(t *testing.T) {
			t.Parallel()
			server := newMailServer(t, func(s *mailServer) { s.replies[test.command] = test.reply })
			sender := server.sender(func(c *Config) { c.User, c.Password, c.Timeout = "laurel", "open sesame", 500*time.Millisecond })
			err := sender.Send(t.Context(), "delivery-1", message())
			var refusal *outbox.MailError
			if errors.As(err, &refusal) != (test.status != 0) || err == nil {
				t.Fatalf("error %v", err)
			}
			if refusal != nil && (refusal.Status != test.status || refusal.Permanent != test.permanent) {
				t.Errorf("error %+v", refusal)
			}
			if test.reply == "hang" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want a timeout", err)
			}
			for _, secret := range []string{"learner", "example.org", "sesame"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error %v tells too much", err)
				}
			}
		})
	}
}

// TestNoTLS: nothing is said to a server that cannot prove who it is.
func TestNoTLS(t *testing.T) {
	for name, change := range map[string]func(*mailServer, *Config){
		"no STARTTLS":           func(s *mailServer, _ *Config) { s.plain = true },
		"certificate of nobody": func(_ *mailServer, c *Config) { c.RootCAs = x509.NewCertPool() },
		"another name":          func(_ *mailServer, c *Config) { c.Host = "localhost" },
	} {
		server := newMailServer(t, func(s *mailServer) { change(s, &Config{}) })
		sender := server.sender(func(c *Config) {
			c.User, c.Password = "laurel", "open sesame"
			change(&mailServer{}, c)
		})
		err := sender.Send(t.Context(), "delivery-1", message())
		messages, commands := server.got()
		if err == nil || len(messages) > 0 || strings.Contains(strings.Join(commands, "\n"), "AUTH PLAIN ") || strings.Contains(strings.Join(commands, "\n"), "learner") {
			t.Errorf("%s: %v, %q, %q", name, err, messages, commands)
		}
	}
}

// TestInjection: no field of a message reaches another header.
func TestInjection(t *testing.T) {
	server := newMailServer(t, nil)
	sender := server.sender(nil)
	for name, change := range map[string]func(*outbox.Message){
		"line in subject":    func(m *outbox.Message) { m.Subject = "Hello\r\nBcc: everybody@example.org" },
		"newline in subject": func(m *outbox.Message) { m.Subject = "Hello\nBcc: everybody@example.org" },
		"return in subject":  func(m *outbox.Message) { m.Subject = "Hello\rBcc: everybody@example.org" },
		"separator":          func(m *outbox.Message) { m.Subject = "Hello\u2028Bcc: x" },
		"zero":               func(m *outbox.Message) { m.Subject = "Hello\x00" },
		"reordered":          func(m *outbox.Message) { m.Subject = "Hello \u202eyob" },
		"line in address":    func(m *outbox.Message) { m.To = "learner@example.org\r\nBcc: everybody@example.org" },
		"two addresses":      func(m *outbox.Message) { m.To = "a@example.org, b@example.org" },
		"name in address":    func(m *outbox.Message) { m.To = "Learner <a@example.org>" },
		"no address":         func(m *outbox.Message) { m.To = "" },
		"command in address": func(m *outbox.Message) { m.To = "a@example.org> SIZE=1\r\nRCPT TO:<b@example.org" },
		"no text":            func(m *outbox.Message) { m.Text = "" },
		"not UTF-8":          func(m *outbox.Message) { m.Text = "\xff" },
	} {
		bad := message()
		change(&bad)
		var refusal *outbox.MailError
		if err := sender.Send(t.Context(), "delivery-1", bad); !errors.As(err, &refusal) || !refusal.Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
	if messages, commands := server.got(); len(messages)+len(commands) > 0 {
		t.Errorf("sent all the same: %q %q", messages, commands)
	}
	// Encoded words and odd but lawful texts stay what they are.
	odd := message()
	odd.Subject = "=?utf-8?q?Bcc:_x?= and a very long subject " + strings.Repeat("ąćęłńóśźż ", 30)
	odd.Text = "\n.\n..\r\n.\r\nQUIT\r\nMAIL FROM:<x@example.org>\n" + strings.Repeat("x", 5000)
	if err := sender.Send(t.Context(), "delivery-1", odd); err != nil {
		t.Fatal(err)
	}
	messages, _ := server.got()
	m, err := netmail.ReadMessage(strings.NewReader(messages[0]))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" || len(messages) != 1 {
		t.Errorf("%d messages, header %v", len(messages), m.Header)
	}
	for line := range strings.SplitSeq(messages[0], "\r\n") {
		if len(line) > 998 || bytes.ContainsAny([]byte(line), "\r\n") {
			t.Errorf("line of %d bytes", len(line))
		}
	}
}

func TestNew(t *testing.T) {
	good := Config{Host: "mail.example.ac.uk", From: "badges@example.ac.uk"}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"no host":              func(c *Config) { c.Host = "" },
		"host with line":       func(c *Config) { c.Host = "a\r\nb" },
		"no sender":            func(c *Config) { c.From = "" },
		"two senders":          func(c *Config) { c.From = "a@example.org, b@example.org" },
		"sender with line":     func(c *Config) { c.From = "a@example.org\r\nBcc: b@example.org" },
		"user alone":           func(c *Config) { c.User = "laurel" },
		"password alone":       func(c *Config) { c.Password = "open sesame" },
		"other security":       func(c *Config) { c.Security = "ssl" },
		"no TLS to elsewhere":  func(c *Config) { c.Security = NoTLS },
		"port":                 func(c *Config) { c.Port = 70000 },
		"no TLS to 10.0.0.1":   func(c *Config) { c.Security, c.Host = NoTLS, "10.0.0.1" },
		"no TLS to localhost.": func(c *Config) { c.Security, c.Host = NoTLS, "localhost.example.org" },
	} {
		bad := good
		change(&bad)
		if _, err := New(bad); err == nil {
			t.Errorf("%s is taken", name)
		} else if strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", name, err)
		}
	}
	sender, err := New(Config{Host: "mail.example.ac.uk", From: "a@b.example", User: "u", Password: "open sesame"})
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s %v", sender, sender, sender, sender, sender.config); strings.Contains(text, "sesame") {
		t.Errorf("printed: %s", text)
	}
}
