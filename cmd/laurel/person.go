package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"laurel/internal/issuer"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// personFlags name a person in one way.
type personFlags struct {
	Email   string `placeholder:"ADDRESS" xor:"who" required:"" help:"E-mail address, as it was given for an award."`
	ID      string `name:"id" placeholder:"URI" xor:"who" required:"" help:"DID or other id, as it was given for an award."`
	Badge   string `placeholder:"ID" xor:"who" required:"" help:"Id or address of one of the person's badges."`
	Subject string `placeholder:"ID" xor:"who" required:"" help:"Id under which the person is kept, as this command shows it."`
	dataFlags
}

// who is the person as the operators' API takes it.
func (f personFlags) who(publicURL string) (issuer.WhoIs, error) {
	who := issuer.WhoIs{Email: f.Email, ID: f.ID, Subject: f.Subject}
	if f.Badge == "" {
		return who, nil
	}
	var err error
	who.Credential, err = badgeID(f.Badge, publicURL)
	return who, err
}

// nobody is what is said when there is no such person.
const nobody = "nobody is known by this name here; who was erased is no longer known by address or id"

// person is a person in answers of the operators' API.
type person struct {
	Subject     string    `json:"subject"`
	Since       time.Time `json:"since"`
	Erased      time.Time `json:"erased,omitzero"`
	Credentials []issued  `json:"credentials"`
	Rows        int       `json:"rows,omitempty"`
}

// eraseCommand destroys the data of a person.
type eraseCommand struct {
	personFlags
	Yes     bool   `help:"Do it. Without this the command shows what would be destroyed, and changes nothing."`
	Revoke  string `placeholder:"CODE" help:"Revoke the person's badges first, for this reason, such as withdrawn."`
	Receipt string `placeholder:"FILE" help:"Write the receipt there, too."`
	JSON    bool   `help:"Print the receipt, or what would be destroyed, as JSON."`
}

// Run implements the command.
func (c *eraseCommand) Run(ctx context.Context, console *console) error {
	served, erased, err := c.erase(ctx, console)
	if err != nil || !erased {
		return err
	}
	if served {
		console.note("The removed bytes are in unused parts of the data's file until it is compacted: stop the server, then laurel compact --data %s", c.Data)
		return nil
	}
	if _, err := boltstore.Compact(ctx, boltstore.Config{Path: filepath.Join(c.Data, storeName)}); err != nil {
		return fmt.Errorf("the person is erased; removing the unused bytes: %w", err)
	}
	console.note("No byte of it is left in the data. Backups hold it until they are gone: see to that within 30 days.")
	return nil
}

// erase shows or destroys what there is of a person. The data is closed when it
// returns.
func (c *eraseCommand) erase(ctx context.Context, console *console) (served, erased bool, err error) {
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return false, false, err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	who, err := c.who(operator.settings.PublicURL)
	if err != nil {
		return false, false, err
	}
	var found person
	find := operation{doing: "looking for person", method: http.MethodPost, path: "/api/v1/people/find", body: who, absent: nobody}
	if err := operator.call(ctx, find, &found); err != nil {
		if c.Yes && (c.Email != "" || c.ID != "") {
			// Somebody without a badge may stand in a file that was uploaded.
			_ = operator.call(ctx, operation{doing: "erasing person", method: http.MethodPost, path: "/api/v1/people/erase", body: who}, nil)
		}
		return false, false, err
	}
	if !c.Yes {
		return false, false, console.report(c.JSON, found, func(w io.Writer) { c.preview(w, found) })
	}
	// Not the subject: rows of files are found by address or id, even when the
	// badges are gone.
	if c.Email == "" && c.ID == "" {
		who = issuer.WhoIs{Subject: found.Subject}
	}
	if err := c.revoke(ctx, operator, found); err != nil {
		return false, false, err
	}
	var receipt issuer.SignedReceipt
	erase := operation{doing: "erasing person", method: http.MethodPost, path: "/api/v1/people/erase", body: who, absent: nobody}
	if err := operator.call(ctx, erase, &receipt); err != nil {
		return false, false, err
	}
	if c.Receipt != "" {
		data, err := json.MarshalIndent(receipt, "", "  ")
		if err != nil {
			return operator.served, true, err
		}
		if err := writeFile(c.Receipt, append(data, '\n')); err != nil {
			return operator.served, true, fmt.Errorf("the person is erased; writing receipt: %w", err)
		}
	}
	return operator.served, true, console.report(c.JSON, receipt, func(w io.Writer) {
		fmt.Fprintf(w, "The person is erased.\n\n")
		writeRows(w, [][2]string{
			{"Subject", receipt.Receipt.Subject},
			{"Badges", fmt.Sprint(len(receipt.Receipt.Credentials))},
			{"Since", receipt.Receipt.Erased.Format("2006-01-02 15:04:05 MST")},
			{"Receipt", receipt.JWS},
		})
	})
}

func (c *eraseCommand) preview(w io.Writer, found person) {
	if !found.Erased.IsZero() {
		fmt.Fprintf(w, "This person was erased %s. What is left:\n\n", found.Erased.Format("2006-01-02 15:04 MST"))
	} else {
		fmt.Fprintf(w, "This would destroy, for good, the contents of these badges and all that is known of\ntheir recipient. That there were badges, and their status, stays.\n\n")
	}
	writeRows(w, [][2]string{{"Subject", found.Subject}, {"Since", found.Since.Format("2006-01-02")}, {"Rows of files", fmt.Sprint(found.Rows)}})
	for _, badge := range found.Credentials {
		fmt.Fprintf(w, "  %s  %s\n", badge.ID, badge.State)
	}
	switch {
	case !found.Erased.IsZero():
	case found.Subject == "":
		fmt.Fprintf(w, "\nNothing was changed. Do it:  the same command with --yes\n")
	default:
		fmt.Fprintf(w, "\nNothing was changed. Do it:  laurel erase --subject %s --yes --data %s\n", found.Subject, c.Data)
	}
}

// revoke takes the person's badges back, where that was asked for.
func (c *eraseCommand) revoke(ctx context.Context, operator *operator, found person) error {
	if c.Revoke == "" || !found.Erased.IsZero() {
		return nil
	}
	for _, badge := range found.Credentials {
		if badge.State == storage.StateRevoked {
			continue
		}
		op := operation{
			doing: "revoking badge " + badge.ID, method: http.MethodPost, path: "/api/v1/credentials/" + badge.ID + "/status",
			body: map[string]string{"action": "revoke", "reason": c.Revoke},
		}
		if err := operator.call(ctx, op, new(issued)); err != nil {
			return fmt.Errorf("nothing was erased: %w", err)
		}
	}
	return nil
}

// exportCommand gives out all that is kept of a person.
type exportCommand struct {
	personFlags
	Out string `placeholder:"DIR" help:"Write person.json and the badges into this new directory, instead of JSON on the standard output."`
}

// Run implements the command.
func (c *exportCommand) Run(ctx context.Context, console *console) (err error) {
	if c.Out != "" {
		if _, err := os.Lstat(c.Out); err == nil {
			return &failure{code: exitExists, err: fmt.Errorf("exporting person: %s exists already", c.Out)}
		}
	}
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	who, err := c.who(operator.settings.PublicURL)
	if err != nil {
		return err
	}
	var data issuer.PersonalData
	export := operation{doing: "exporting person", method: http.MethodPost, path: "/api/v1/people/export", body: who, absent: nobody}
	if err := operator.call(ctx, export, &data); err != nil {
		return err
	}
	if c.Out == "" {
		return console.report(true, data, nil)
	}
	if err := writeExport(c.Out, data); err != nil {
		return fmt.Errorf("exporting person: %w", err)
	}
	_, err = fmt.Fprintf(console.stdout, "%d badges and all that is known of their recipient are in %s.\n", len(data.Badges), c.Out)
	return err
}

// writeExport writes the data and each badge as it was signed.
func writeExport(dir string, data issuer.PersonalData) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, badge := range data.Badges {
		if badge.Badge == nil {
			continue
		}
		name, contents := badge.ID+".json", []byte(badge.Badge)
		var token string
		if json.Unmarshal(contents, &token) == nil {
			name, contents = badge.ID+".jwt", []byte(token)
		}
		if err := writeFile(filepath.Join(dir, name), contents); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "person.json"), append(text, '\n'))
}
