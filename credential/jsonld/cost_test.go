package jsonld

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// TestAllocations: from bytes to canonical bytes takes two allocations, those
// of the parsed document, when there is room for the result.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools are emptied at random under the race detector")
	}
	p := New(embedded(t), Options{})
	data := benchmarkDocument(t)
	buffer := make([]byte, 0, 16<<10)
	without := []string{"proof"}
	canonicalize := func() {
		document, err := strictjson.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Canonicalize(context.Background(), Source{Object: document.Root(), Without: without}, buffer, rdfc.Options{})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := testing.AllocsPerRun(200, canonicalize); got > 2 {
		t.Errorf("%v allocations", got)
	}
}

// counter is a context that counts how often it is asked, which every loop over
// the dataset does at regular distances.
type counter struct {
	context.Context
	asked int
}

func (c *counter) Err() error {
	c.asked++
	return nil
}

// TestLinear: the work grows with the document and no faster. It is counted,
// not timed.
func TestLinear(t *testing.T) {
	p := New(embedded(t), Options{})
	for name, item := range map[string]string{
		"nodes with identifiers": `{"id": "urn:x:%d", "type": ["Evidence"], "name": "a", "narrative": "b", "genre": "c"}`,
		"different blank nodes":  `{"type": ["Evidence"], "name": "%d", "narrative": "b", "genre": "c"}`,
		"strings":                `"urn:x:%d"`,
	} {
		work := func(count int) float64 {
			items := make([]string, count)
			for i := range items {
				items[i] = fmt.Sprintf(item, i)
			}
			name := "evidence"
			if item[0] == '"' {
				name = "termsOfUse"
			}
			root := parse(t, badge(`"`+name+`": [`+strings.Join(items, ",")+`]`))
			ctx := &counter{Context: context.Background()}
			if _, err := p.Canonicalize(ctx, Source{Object: root}, nil, rdfc.Options{}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return float64(ctx.asked)
		}
		small, large := work(240), work(1920)
		if large > small*8*1.1 {
			t.Errorf("%s: eight times the document is %v times the work", name, large/small)
		}
		if large < 8 {
			t.Errorf("%s: only %v steps were counted", name, large)
		}
	}
}

// TestBounds: what no limit on counts would stop.
func TestBounds(t *testing.T) {
	p := New(embedded(t), Options{})
	long := `{"id": "urn:x:` + strings.Repeat("a", 20_000) + `", "type": ["Evidence"], "name": [` + strings.Repeat(`"x",`, 900) + `"y"]}`
	var lists strings.Builder
	for i, url := range embedded(t).URLs() {
		if i > 0 {
			lists.WriteString(",")
		}
		fmt.Fprintf(&lists, `{"@context": [%s, %s, %q], "id": "urn:x:%d", "type": ["VerifiableCredential", "EndorsementCredential"],
			"issuer": "did:web:a.example", "credentialSubject": {"id": "urn:x:y%d", "type": ["EndorsementSubject"]}}`, v2, ob3, url, i, i)
	}
	for name, document := range map[string]string{
		"a long identifier with many members": badge(`"evidence": ` + long),
		"many lists of contexts inside":       badge(`"endorsement": [` + strings.ReplaceAll(lists.String(), `, `+ob3+`, `+ob3, `, `+ob3) + `]`),
	} {
		_, err := canonicalize(t, p, document)
		var limit *LimitError
		if !errors.As(err, &limit) && !strings.Contains(name, "lists") {
			t.Errorf("%s: got %v", name, err)
		}
		if err == nil {
			t.Errorf("%s: it is accepted", name)
		}
	}
	// Every subset of the types brings a context of its own.
	types := []string{"Achievement", "Alignment", "Evidence", "Profile", "Result", "Related", "Address", "Image"}
	var nodes []string
	for subset := range 1 << len(types) {
		var some []string
		for i, name := range types {
			if subset>>i&1 == 1 {
				some = append(some, `"`+name+`"`)
			}
		}
		if len(some) > 0 {
			nodes = append(nodes, fmt.Sprintf(`{"id": "urn:x:%d", "type": [%s]}`, subset, strings.Join(some, ",")))
		}
	}
	document := badge(`"evidence": [` + strings.Join(nodes, ",") + `]`)
	if _, err := canonicalize(t, p, document); !errors.Is(err, ErrLimit) && !errors.Is(err, ErrInvalidContext) {
		t.Errorf("subsets of types: got %v", err)
	}
	if _, err := canonicalize(t, p, whole); err != nil {
		t.Errorf("a badge after that: %v", err)
	}
}
