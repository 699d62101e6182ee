package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"laurel/credential"
	"laurel/credential/strictjson"
	"laurel/verifier"
)

// HomePage is the start page of an issuing installation.
type HomePage struct {
	Issuer, IssuerURL string
}

// Render implements Page.
func (p HomePage) Render(w io.Writer) error { return render(w, "home", p) }

// PrivacyPage says what is done with whose data.
type PrivacyPage struct {
	Controller, Contact, URL string
	// Issues is set where badges are issued and not only checked.
	Issues bool
}

// Render implements Page.
func (p PrivacyPage) Render(w io.Writer) error { return render(w, "privacy", p) }

// ProblemPage says what went wrong and what to do.
type ProblemPage struct {
	Status                int
	Title, Remedy, Detail string
}

// Render implements Page.
func (p ProblemPage) Render(w io.Writer) error { return render(w, "problem", p) }

// AchievementPage shows what can be awarded.
type AchievementPage struct {
	Document json.RawMessage
	Version  int
	URL      string
}

// Render implements Page. The error is that of a Document that is not JSON.
func (p AchievementPage) Render(w io.Writer) error {
	doc, err := strictjson.Parse(p.Document)
	if err != nil {
		return err
	}
	return render(w, "achievement", struct {
		AchievementPage
		Achievement credential.Achievement
	}{p, credential.Decode[credential.Achievement](doc.Root())})
}

// IssuerPage shows who issues.
type IssuerPage struct {
	Profile json.RawMessage
	DID     string
	Slug    string
	// Default marks the issuer whose DID document is at /.well-known/did.json.
	Default bool
}

// Render implements Page. The error is that of a Profile that is not JSON.
func (p IssuerPage) Render(w io.Writer) error {
	doc, err := strictjson.Parse(p.Profile)
	if err != nil {
		return err
	}
	return render(w, "issuer", struct {
		IssuerPage
		Issuer credential.Profile
	}{p, credential.Decode[credential.Profile](doc.Root())})
}

// State is where a badge is in its life, as its issuer has it.
type State struct {
	Name    string // issued, suspended or revoked
	Changed time.Time
	Wording string
}

// StateOf makes a State.
func StateOf(name string, changed time.Time, wording string) State {
	return State{name, changed, wording}
}

// BadgePage shows one badge to whoever has its address.
type BadgePage struct {
	// Badge is the signed badge.
	Badge *credential.Credential
	URL   string
	State State
	// Now is the time by which its dates are judged.
	Now time.Time
	// Version is that of the achievement.
	Version int
	// Public is set when search engines may list it.
	Public bool
	// Older and Newer are the addresses of the badge whose place it took and of
	// the one that took its place; "" for none.
	Older, Newer string
}

// Render implements Page.
func (p BadgePage) Render(w io.Writer) error {
	return render(w, "badge", struct {
		BadgePage
		badge
		Standing standing
		JSON     string
	}{p, badgeOf(p.Badge), p.standing(), string(p.Badge.Raw())})
}

// standing is the state of a badge in words. Tone is for the eye.
type standing struct {
	Tone, Mark, Words, Wording string
}

// standing judges dates as the verifier does: valid from the first moment to
// the last, both included.
func (p BadgePage) standing() standing {
	from, fromErr := p.Badge.ValidFrom()
	until, untilErr := p.Badge.ValidUntil()
	switch {
	case p.State.Name == "revoked":
		return standing{"stop", "✖", "Withdrawn by the issuer on " + date(p.State.Changed), p.State.Wording}
	case p.State.Name == "suspended":
		return standing{"caution", "‖", "On hold since " + date(p.State.Changed), p.State.Wording}
	case fromErr != nil || untilErr != nil:
		return standing{"caution", "!", "Its dates cannot be read", ""}
	case p.Now.Before(from):
		return standing{"caution", "!", "Not valid before " + date(from), ""}
	case !until.IsZero() && p.Now.After(until):
		return standing{"caution", "!", "Expired on " + date(until), ""}
	default:
		return standing{"good", "✔", "In force, says the issuer", ""}
	}
}

// badge is what a badge says, for showing.
type badge struct {
	Credential  credential.AchievementCredential
	Achievement credential.Achievement
	Issuer      credential.Profile
	// Recipient is a name in the clear, mostly "".
	Recipient         string
	From, Until       time.Time
	Awarded           time.Time
	Language, Picture string
}

func badgeOf(c *credential.Credential) badge {
	content := c.AchievementCredential()
	b := badge{
		Credential: content, Achievement: content.CredentialSubject.Achievement, Issuer: c.Issuer(),
		Language: language(content.CredentialSubject.Achievement.InLanguage),
	}
	// A date that cannot be read is not shown.
	b.From, _ = c.ValidFrom()
	b.Until, _ = c.ValidUntil()
	b.Awarded, _ = c.AwardedDate()
	if b.Awarded.IsZero() {
		b.Awarded = b.From
	}
	for _, identity := range content.CredentialSubject.Identifier {
		if identity.IdentityType == "name" && !identity.Hashed {
			b.Recipient = identity.IdentityHash
		}
	}
	return b
}

// VerifyPage checks badges. It is the empty form, or the form below the answer.
type VerifyPage struct {
	// Report is what was found, nil before anything was checked.
	Report *verifier.Report
	// Problem says why nothing could be checked.
	Problem *ProblemPage
}

// Render implements Page. The error is that of a report whose credential is not
// JSON.
func (p VerifyPage) Render(w io.Writer) error {
	view := struct {
		VerifyPage
		Verdict headline
		Reason  string
		Checks  []check
		Passed  int
		Counted int
		Badge   *badge
	}{VerifyPage: p}
	if p.Report != nil {
		view.Verdict = headlineOf(p.Report)
		if decisive, ok := p.Report.Decisive(); ok && p.Report.Verdict != verifier.VerdictValid {
			view.Reason = decisive.Message
		}
		view.Checks = checksOf(p.Report)
		for _, c := range p.Report.Checks {
			if c.Outcome != verifier.Skipped {
				view.Counted++
			}
			if c.Outcome == verifier.Passed {
				view.Passed++
			}
		}
		if p.Report.Credential != nil {
			parsed, err := credential.Parse(p.Report.Credential)
			var syntax *strictjson.Error
			switch {
			case errors.As(err, &syntax):
				return err
			case err == nil: // an older badge, or a presentation, has no such card
				b := badgeOf(parsed)
				view.Badge = &b
			}
		}
	}
	return render(w, "verify", view)
}

// headline is a verdict in words. Anything but a known verdict has none of the
// good ones.
type headline struct{ Tone, Mark, Words string }

var headlines = map[verifier.Verdict]headline{
	verifier.VerdictValid:         {"good", "✔", "Valid: this badge holds"},
	verifier.VerdictInvalid:       {"stop", "✖", "Not valid: do not rely on this badge"},
	verifier.VerdictIndeterminate: {"caution", "?", "Could not be checked: neither valid nor invalid"},
}

// passing are the findings against a badge that time or its issuer can undo.
var passing = []verifier.Code{verifier.CodeSuspended, verifier.CodeExpired, verifier.CodeNotYetValid}

// headlineOf is the verdict of a report in words. A badge that is shown to be its
// issuer's, and fails only for now, calls for caution and does not look forged.
func headlineOf(report *verifier.Report) headline {
	h := headlines[report.Verdict]
	lasting := func(c verifier.Check) bool { return c.Outcome == verifier.Failed && !slices.Contains(passing, c.Code) }
	if report.Verdict == verifier.VerdictInvalid && report.Credential != nil && !slices.ContainsFunc(report.Checks, lasting) {
		h.Tone, h.Mark = "caution", "!"
	}
	return h
}

// check is one check in words.
type check struct {
	Tone, Mark, Word, Message string
	Code                      verifier.Code
	Path                      string
	rank                      int
}

var words = map[verifier.Outcome]check{
	verifier.Failed:        {Tone: "stop", Mark: "✖", Word: "Failed", rank: 0},
	verifier.Indeterminate: {Tone: "caution", Mark: "?", Word: "Not checked", rank: 1},
	verifier.Passed:        {Tone: "good", Mark: "✔", Word: "Passed", rank: 2},
	verifier.Skipped:       {Tone: "plain", Mark: "–", Word: "Skipped", rank: 3},
}

// checksOf puts what failed first and keeps the order otherwise.
func checksOf(report *verifier.Report) []check {
	checks := make([]check, len(report.Checks))
	for i, c := range report.Checks {
		checks[i] = words[c.Outcome]
		checks[i].Message, checks[i].Code, checks[i].Path = c.Message, c.Code, c.Path
	}
	slices.SortStableFunc(checks, func(a, b check) int { return cmp.Compare(a.rank, b.rank) })
	return checks
}
