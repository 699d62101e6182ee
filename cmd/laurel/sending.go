package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"laurel/internal/fetch"
	"laurel/internal/mail"
	"laurel/internal/outbox"
)

// sendingFlags say what may leave a server by itself.
type sendingFlags struct {
	WebhookHost      []string `placeholder:"HOST" env:"LAUREL_WEBHOOK_HOST" help:"Host that webhooks may be sent to, or HOST:PORT; HOST=NETWORK for one that has no public address. None by default."`
	SMTPHost         string   `name:"smtp-host" placeholder:"HOST" env:"LAUREL_SMTP_HOST" help:"Mail server; without one, e-mail stays in the outbox."`
	SMTPPort         int      `name:"smtp-port" placeholder:"PORT" env:"LAUREL_SMTP_PORT" help:"Its port; 587, 465 with tls, 25 with none."`
	SMTPSecurity     string   `name:"smtp-security" placeholder:"KIND" env:"LAUREL_SMTP_SECURITY" default:"starttls" enum:"starttls,tls,none" help:"How the connection to it is encrypted: starttls, tls, or none for a server on this machine (${default})."`
	SMTPUser         string   `name:"smtp-user" placeholder:"NAME" env:"LAUREL_SMTP_USER" help:"User to log in to it as."`
	SMTPPasswordFile string   `name:"smtp-password-file" placeholder:"FILE" env:"LAUREL_SMTP_PASSWORD_FILE" help:"File with that user's password."`
	MailFrom         string   `placeholder:"ADDRESS" env:"LAUREL_MAIL_FROM" help:"Who e-mail is from, such as \"Example University <badges@example.ac.uk>\"."`
	AuditCheckpoints string   `type:"path" placeholder:"FILE" env:"LAUREL_AUDIT_CHECKPOINTS" help:"File to add checkpoints of the record of acts to; keep it on another machine."`
}

// outbox makes the outbox of a server, which sends. Without it nothing is sent.
func (f sendingFlags) outbox(opened *installation, network networkFlags, logger *slog.Logger) (*outbox.Outbox, error) {
	config := outbox.Config{
		Store: opened.store, InstallationKey: opened.installationKey(), PublicURL: opened.settings.PublicURL, Logger: logger,
	}
	for _, host := range f.WebhookHost {
		if err := fetch.ParseDestination(host); err != nil {
			return nil, usage(fmt.Errorf("reading --webhook-host: %w", err), "write --webhook-host HOST, HOST:PORT or HOST=NETWORK")
		}
	}
	resolve, roots, err := network.exceptions()
	if err != nil {
		return nil, err
	}
	config.Poster, err = fetch.NewDestinations(fetch.DestinationsConfig{
		Hosts: f.WebhookHost, UserAgent: "laurel/" + programVersion(), Resolve: resolve, RootCAs: roots,
	})
	if err != nil {
		return nil, err
	}
	mailer, err := f.mailer(opened.settings.PublicURL)
	if err != nil {
		return nil, err
	}
	if mailer != nil { // a nil *mail.Sender is no nil Mailer
		config.Mailer = mailer
	}
	return outbox.New(config)
}

// mailer is nil where no mail server is named.
func (f sendingFlags) mailer(publicURL string) (*mail.Sender, error) {
	if f.SMTPHost == "" {
		if f.SMTPUser != "" || f.SMTPPasswordFile != "" {
			return nil, usage(errors.New("reading command line: there is a user of a mail server and no mail server"), "add --smtp-host HOST")
		}
		return nil, nil
	}
	config := mail.Config{
		Host: f.SMTPHost, Port: f.SMTPPort, Security: mail.Security(f.SMTPSecurity), User: f.SMTPUser, From: f.MailFrom,
	}
	if public, err := url.Parse(publicURL); err == nil {
		config.Hello = public.Hostname()
	}
	if f.SMTPPasswordFile != "" {
		data, err := os.ReadFile(f.SMTPPasswordFile)
		if err != nil {
			return nil, missing(fmt.Errorf("reading password of the mail server: %w", err), "name the file that holds it: --smtp-password-file FILE")
		}
		config.Password = strings.TrimRight(string(data), "\r\n")
	}
	sender, err := mail.New(config)
	if err != nil {
		return nil, usage(err, "laurel serve --help")
	}
	return sender, nil
}
