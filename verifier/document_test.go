package verifier

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const verificationDocument = "../docs/verification.md"

// TestVerificationDocument keeps docs/verification.md what the catalogue says.
func TestVerificationDocument(t *testing.T) {
	want := writeVerificationDocument()
	if *update {
		if err := os.WriteFile(verificationDocument, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(verificationDocument)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/verification.md is not what the code says: make generate")
	}
}

// situation is a row of the table of verdicts: what is the case, and a scenario
// of the tests that is an example of it.
type situation struct {
	condition, scenario, tone string
	also                      Code // that has passed and is said besides, or ""
}

// situations are what people meet. The verdict and the words of each row are
// taken from what the verifier says of the scenario.
var situations = []situation{
	{"a sound badge", "a badge", "good", ""},
	{"not a badge", "an object", "neutral", ""},
	{"a picture without a badge in it", "a picture", "neutral", ""},
	{"changed since it was signed", "a PNG with a changed badge", "stop", ""},
	{"signed with a key that is not the issuer's", "a token that names another's key (JW-04)", "stop", ""},
	{"not signed", "no proof", "stop", ""},
	{"the issuer's site does not answer", "an issuer out of reach", "caution", ""},
	{"signed in a way that is not known here", "an unknown cryptosuite (DI-08)", "caution", ""},
	{"withdrawn by the issuer", "withdrawn", "stop", ""},
	{"on hold", "on hold", "caution", ""},
	{"expired", "expired", "caution", ""},
	{"not valid yet", "not valid yet", "caution", ""},
	{"the list of withdrawn badges cannot be had", "a fault for a list (SL-07)", "caution", ""},
	{"the list cannot be had now, and a copy that still lasts is at hand", "a list as it should be", "good", CodeStatus},
	{"an endorsement in it fails", "endorsed, changed", "good, noted", ""},
	{"a badge of the older kind, hosted", "an older badge, hosted", "good, noted", ""},
	{"a badge of the older kind, signed", "an older badge, signed", "good, noted", ""},
	{"asked for a person, and about somebody else", "for somebody else", "stop", ""},
	{"asked for a person, and it does not say", "for a name", "caution", ""},
	{"presented by the one it is about", "a presentation with a badge", "good", ""},
	{"presented by another", "a presentation by somebody who is not the subject (VP-03)", "good, noted", ""},
	{"presented for somebody else", "a presentation for somebody else (VP-01)", "stop", ""},
}

func writeVerificationDocument() []byte {
	var b bytes.Buffer
	b.WriteString(`# How a badge is judged

Made from the code by ` + "`make generate`" + `; a test compares the two.

Every check has one of four outcomes: *passed*, *failed*, *skipped* (there was nothing to check, or an earlier finding made it
pointless) and *indeterminate* (it was tried and could not be made). A check that could not be made has not passed. They come to one
verdict:

- **invalid**: something speaks against the badge. It wins over everything else.
- **indeterminate**: nothing speaks against it, but a check that is required could not be made.
- **valid**: every required check was made and passed.

A newer finding never makes an older badge's signature good: nothing of a badge is shown as fact, or repeated in a sentence, before its
proof has passed with a key that the issuer's own document or key set lists. Nothing is fetched for a badge's status, schema or newer copy
before that either. Whether to trust an issuer is not judged.

A presentation is valid when its own signature, if it has one, is good and every badge in it is valid. Whether whoever presents a badge
is the one it is about is a check of its own, ` + "`holder_binding`" + `, and does not change the verdict: *passed* is bound, *failed* is
unbound, *skipped* is not applicable. The same holds for a badge that is asked about a person, except that who asked gets what they
asked for: a badge about somebody else is not valid, and one that does not say is not decided.

Each badge in a presentation or in a learner record (CLR 2.0) has a result of its own, of up to ` + strconv.Itoa(MaxCredentials) + ` in all; with more of them the whole is
indeterminate. A badge in a record that is not signed itself has the word of the record's issuer: it has a result too, which is never
valid and does not change that of the record, and beyond the first ` + strconv.Itoa(MaxCredentials) + ` such badges are only named. Of a record itself everything is
checked that it has in common with other credentials, and not the published schema of records.

The status of a badge is looked up in a Bitstring Status List, in its forerunner StatusList2021, or in a 1EdTechRevocationList. A
StatusList2021 has to be a credential of VC Data Model 1.1, whichever version the badge is of: the context of version 2.0 contradicts
that of the list, so a list with both cannot be relied on.

## What people meet

| what is the case | verdict | decided by | tone | what is said |
|---|---|---|---|---|
`)
	cell := func(text string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text) }
	examples := scenarios()
	for _, s := range situations {
		i := slices.IndexFunc(examples, func(example scenario) bool { return example.name == s.scenario })
		if i < 0 {
			fmt.Fprintf(&b, "no scenario %q\n", s.scenario)
			continue
		}
		example := examples[i]
		sentence := ""
		for _, entry := range Codes() {
			if entry.Code == example.code && (entry.Verdict == example.verdict || entry.Verdict == "" && example.verdict == VerdictValid && entry.Outcome == Passed) {
				sentence = entry.Sentence
			}
		}
		if s.also != "" {
			sentence += " " + catalogue[key{s.also, Passed}].sentence
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s | %s |\n", cell(s.condition), example.verdict, example.code, s.tone, cell(sentence))
	}
	b.WriteString(`
## Every finding

*Verdict* is what a finding makes of the verdict unless another makes it worse; a dash means that it does not speak against the badge.
Words in braces are members of the check's ` + "`params`" + `; what stands in brackets is said where they are known. What to do stands
in the sentence.

| code | outcome | verdict | what is said, and what to do |
|---|---|---|---|
`)
	for _, e := range Codes() {
		verdict := string(e.Verdict)
		if verdict == "" {
			verdict = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Code, e.Outcome, verdict, cell(e.Sentence))
	}
	return b.Bytes()
}

func TestSituationsAreScenarios(t *testing.T) {
	if bytes.Contains(writeVerificationDocument(), []byte("no scenario")) {
		t.Error("a row has no example")
	}
}
