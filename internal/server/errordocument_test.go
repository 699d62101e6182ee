package server

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"laurel/internal/award"
	"laurel/verifier"
)

var update = flag.Bool("update", false, "write docs/errors.md")

const errorDocument = "../../docs/errors.md"

// TestErrorDocument keeps docs/errors.md what the code says.
func TestErrorDocument(t *testing.T) {
	want := writeErrorDocument()
	if *update {
		if err := os.WriteFile(errorDocument, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(errorDocument)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/errors.md is not what the code says: make generate")
	}
}

func writeErrorDocument() []byte {
	var b bytes.Buffer
	cell := func(text string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text) }
	b.WriteString("# Problems and checks\n\nMade from the code by `make generate`; a test compares the two. Codes are stable.\n\n" +
		"## Problems\n\n" +
		"Every error of the HTTP API is a problem (RFC 9457), `application/problem+json`, whose `type` is `urn:laurel:problem:` and a\n" +
		"code of this table. `title` and `status` belong to the code, `detail` and `errors` to the occasion: each entry of `errors` has\n" +
		"a `path` (a JSON Pointer into the body, or `?` and the name of a query parameter), a `code` and a `message`. Text that was\n" +
		"sent is never repeated. Clients that prefer HTML get a page.\n\n" +
		"| code | status | meaning | what to do |\n|---|---|---|---|\n")
	for _, p := range problems {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", p.Code, p.Status, cell(p.Title), cell(p.Remedy))
	}
	b.WriteString("\n## Checks\n\n" +
		"What is wrong with a badge is no HTTP error: `POST /verify` answers 200 with a report of checks, each with a code and an\n" +
		"outcome of this table. *Verdict* is what the finding makes of the verdict unless another makes it worse; `invalid` is worse than\n" +
		"`indeterminate`. Words in braces are members of the check's `params`.\n\n" +
		"| code | outcome | verdict | message |\n|---|---|---|---|\n")
	for _, e := range verifier.Codes() {
		verdict := string(e.Verdict)
		if verdict == "" {
			verdict = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Code, e.Outcome, verdict, cell(e.Sentence))
	}
	b.WriteString("\n## Files of people\n\n" +
		"What can be wrong with a file for a bulk award, with its rows, and with the job. A file is refused with the code in `errors`; a\n" +
		"row that is bad stands in `bad` with row, column and code. Rows also have the codes of single awards.\n\n" +
		"| code | message |\n|---|---|\n")
	for _, code := range award.Codes() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", code, cell(award.Sentence(code)))
	}
	return b.Bytes()
}
