package jsonld

import (
	"context"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// Origin is where a blank node of a dataset comes from. Two documents of which
// one is a part of the other, with the same contexts, have the same origins but
// for the offsets.
type Origin struct {
	// Offset in the bytes of the document at which the value begins that the
	// blank node stands for: an object without an identifier, an element of an
	// ordered list, or a value that has a graph of its own.
	Offset int
	// Nth counts from 0 the blank nodes that one value makes: that of its
	// graph, its own, that of its place in a list.
	Nth int
}

// Traced is a document in canonical form whose blank nodes can be found again
// in the document.
type Traced struct {
	Canonical
	// Origins are those of the blank nodes c14n0, c14n1 ….
	Origins []Origin
}

// Trace is Canonicalize for selective disclosure, which has to know the same
// blank node in different parts of a document.
func (p *Processor) Trace(ctx context.Context, source Source, options rdfc.Options) (*Traced, error) {
	traced := new(Traced)
	source.trace = new(trace)
	err := p.read(ctx, source, func(w *walk) (err error) {
		traced.NQuads, err = w.out.AppendCanonical(ctx, []byte{}, options)
		traced.Contexts, traced.General = w.used, !w.closed
		if err == nil {
			traced.Origins = source.trace.origins(w.out.CanonicalOrder())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return traced, nil
}

// trace notes the values that blank nodes are made for, in the order in which
// they are made.
type trace struct{ starts []int }

func (t *trace) add(v strictjson.Value) { t.starts = append(t.starts, v.Start()) }

// origins gives the origins of the blank nodes in an order.
func (t *trace) origins(order []int) []Origin {
	made := make([]Origin, len(t.starts))
	count := make(map[int]int, len(t.starts))
	for i, start := range t.starts {
		made[i] = Origin{Offset: start, Nth: count[start]}
		count[start]++
	}
	origins := make([]Origin, len(order))
	for i, n := range order {
		origins[i] = made[n]
	}
	return origins
}
