// Package mail hands e-mail to a mail server by SMTP (RFC 5321). It sends one
// message to one person at a time and keeps no connection.
//
// The connection is encrypted, from the start or by STARTTLS, with the server's
// certificate checked; without encryption only to this machine. What the server
// says goes into no error text, since it repeats addresses.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"laurel/internal/outbox"
)

// Security is how a connection is encrypted.
type Security string

// Kinds of Security.
const (
	// StartTLS begins in the clear and refuses to go on so; port 587.
	StartTLS Security = "starttls"
	// ImplicitTLS is encrypted from the start; port 465.
	ImplicitTLS Security = "tls"
	// NoTLS is for a mail server on this machine alone; port 25.
	NoTLS Security = "none"
)

var defaultPorts = map[Security]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}

const defaultTimeout = 20 * time.Second

// Config says which mail server there is and who writes. Host and From are
// required.
type Config struct {
	Host string
	// Port is the usual one of Security when zero.
	Port int
	// Security is StartTLS when empty.
	Security Security
	// User and Password are for servers that want to know; both or none.
	User, Password string
	// From is who the messages are from, an address with or without a name.
	From string
	// Hello is the name by which this machine introduces itself, localhost when
	// empty.
	Hello string
	// RootCAs are the system's when nil.
	RootCAs *x509.CertPool
	// Timeout bounds one message from connecting to the end, 20 s.
	Timeout time.Duration
	// Clock dates messages, time.Now when nil.
	Clock func() time.Time
}

// Sender sends messages by SMTP. It implements outbox.Mailer and may be used
// from any goroutine.
type Sender struct {
	config Config
	from   *netmail.Address
}

// New makes a Sender. It connects to nobody. The error says which field of
// Config is at fault, and no password.
func New(config Config) (*Sender, error) {
	if config.Security == "" {
		config.Security = StartTLS
	}
	port, known := defaultPorts[config.Security]
	from, err := netmail.ParseAddress(config.From)
	switch {
	case !known:
		return nil, fmt.Errorf("configuring mail: security %q is none of starttls, tls and none", config.Security)
	case config.Host == "" || strings.ContainsAny(config.Host, " /@\r\n"):
		return nil, errors.New("configuring mail: host is required")
	case config.Port < 0 || config.Port > 65535:
		return nil, fmt.Errorf("configuring mail: port %d", config.Port)
	case err != nil || strings.ContainsAny(config.From, "\r\n"):
		return nil, errors.New("configuring mail: from is not an address")
	case (config.User == "") != (config.Password == ""):
		return nil, errors.New("configuring mail: user and password belong together")
	case config.Security == NoTLS && !loopback(config.Host):
		return nil, errors.New("configuring mail: without TLS the host must be this machine")
	}
	if config.Port == 0 {
		config.Port = port
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	if config.Hello == "" {
		config.Hello = "localhost"
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	return &Sender{config: config, from: from}, nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Send sends a message. The id is that of the delivery: the message has the
// same Message-ID however often it is sent. A refusal of the message is an
// *outbox.MailError; any other error means that the server cannot be used at
// the moment.
func (s *Sender) Send(ctx context.Context, id string, message outbox.Message) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	composed, err := s.compose(id, message)
	if err != nil {
		return &outbox.MailError{Permanent: true}
	}
	client, err := s.client(ctx)
	if err != nil {
		return errors.New("sending mail: server settings cannot be used")
	}
	err = client.DialAndSendWithContext(ctx, composed)
	if composed.IsDelivered() {
		return nil // whatever went wrong while saying goodbye
	}
	return judge(ctx, err)
}

// judge says whether the message is at fault or the way to the server.
func judge(ctx context.Context, err error) error {
	var failed *gomail.SendError
	if errors.As(err, &failed) && failed.ErrorCode() >= 400 && failed.ErrorCode() != 421 {
		switch failed.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose, gomail.ErrWriteContent:
			return &outbox.MailError{Status: failed.ErrorCode(), Permanent: failed.ErrorCode() >= 500}
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("sending mail: %w", context.Cause(ctx))
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return fmt.Errorf("sending mail: %w", context.DeadlineExceeded)
	}
	return errors.New("sending mail: server cannot be used")
}

// compose writes a message whose header holds what it is given and no more.
func (s *Sender) compose(id string, message outbox.Message) (*gomail.Msg, error) {
	if err := message.Check(); err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	m.ToMailAddress(&netmail.Address{Address: message.To})
	m.Subject(message.Subject)
	m.SetMessageIDWithValue(id + "@" + s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:])
	m.SetDateWithValue(s.config.Clock())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answer by machines
	m.SetBodyString(gomail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, message.HTML)
	}
	return m, nil
}

// client makes a client for one message. Its connection is closed when ctx ends,
// which the library does not see to once it is connected.
func (s *Sender) client(ctx context.Context) (*gomail.Client, error) {
	security := &tls.Config{ServerName: s.config.Host, MinVersion: tls.VersionTLS12, RootCAs: s.config.RootCAs}
	options := []gomail.Option{
		gomail.WithPort(s.config.Port), gomail.WithTimeout(s.config.Timeout), gomail.WithHELO(s.config.Hello), gomail.WithTLSConfig(security),
		gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(dialling context.Context, network, address string) (net.Conn, error) {
			connection, err := (&net.Dialer{}).DialContext(dialling, network, address)
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { _ = connection.Close() })
			if s.config.Security == ImplicitTLS {
				return tls.Client(connection, security), nil
			}
			return connection, nil
		}),
	}
	switch s.config.Security {
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.config.User != "" {
		options = append(options, gomail.WithUsername(s.config.User), gomail.WithPassword(s.config.Password), gomail.WithOpportunisticSMTPAuth(
			gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	return gomail.NewClient(s.config.Host, options...)
}

// Format implements fmt.Formatter: a printed Sender shows no password.
func (s *Sender) Format(w fmt.State, _ rune) { fmt.Fprint(w, "mail to ", s.config.Host) } //nolint:errcheck // a fmt.State has no way to fail

// Format implements fmt.Formatter: a printed Config shows no password.
func (c Config) Format(w fmt.State, _ rune) { fmt.Fprint(w, "mail to ", c.Host) } //nolint:errcheck // a fmt.State has no way to fail
