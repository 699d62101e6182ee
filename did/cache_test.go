package did

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestDocumentCache(t *testing.T) {
	text := func(n int) []byte {
		return []byte(object("id", victim, "alsoKnownAs", fmt.Sprintf(`["did:web:%05d.example"]`, n)))
	}
	c := NewDocumentCache(4 * costOfDocument * len(text(0)))
	first, err := c.Parse(text(0))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Parse(text(0)); err != nil || again != first {
		t.Errorf("the same bytes were read twice: %v", err)
	}
	other, err := c.Parse(append(text(0), ' '))
	if err != nil || other == first {
		t.Errorf("other bytes gave the same document: %v", err)
	}
	for n := range 100 {
		if _, err := c.Parse(text(n)); err != nil {
			t.Fatal(err)
		}
		if kept := len(c.young) + len(c.old); kept > 4 {
			t.Fatalf("%d documents are kept", kept)
		}
	}
	if again, err := c.Parse(text(0)); err != nil || again == first {
		t.Errorf("the least recently used document was kept: %v", err)
	}
	for range 2 {
		if d, err := c.Parse([]byte("{}")); d != nil || !errors.Is(err, ErrInvalidDocument) {
			t.Errorf("no document: %v, %v", d, err)
		}
	}
}

func TestDocumentCacheWithoutRoom(t *testing.T) {
	for _, limit := range []int{-1, 0, 10} {
		c := NewDocumentCache(limit)
		for range 2 {
			if d, err := c.Parse([]byte(object("id", victim))); err != nil || d.ID != victim {
				t.Error(d, err)
			}
		}
		if len(c.young) != 0 {
			t.Errorf("limit %d: something is kept", limit)
		}
	}
}

func TestDocumentCacheIsSafeForConcurrentUse(t *testing.T) {
	c := NewDocumentCache(1 << 12)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for n := range 50 {
				id := fmt.Sprintf("did:web:%d.example", n%7)
				if d, err := c.Parse([]byte(object("id", id))); err != nil || d.ID != id {
					t.Error(d, err)
				}
			}
		})
	}
	group.Wait()
}
