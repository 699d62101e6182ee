package main

import (
	"context"
	"fmt"
	"time"

	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// grown is a document of some size.
type grown struct {
	name       string
	bytes      int // as it is signed
	quads      int
	canon      float64 // nanoseconds
	verify     float64
	canonRatio float64 // over the floor of verifying the input
	verifyOver float64
}

// growth measures documents that grow, by their bytes and by their blank nodes.
func growth(l *laurel, rounds int, turn time.Duration) ([]grown, error) {
	did := l.input.key.did
	var all []grown
	var operations []operation
	operations = append(operations, l.operations()[1])
	add := func(name string, document []byte) error {
		signed, err := l.issue(document)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		parsed, err := strictjson.Parse(document)
		if err != nil {
			return err
		}
		dataset, err := l.processor.Dataset(context.Background(), jsonld.Source{Object: parsed.Root()})
		if err != nil {
			return err
		}
		all = append(all, grown{name: name, bytes: len(signed), quads: len(dataset.Quads)})
		operations = append(operations,
			operation{name + " " + canon, func() error { return l.canonicalise(document) }},
			operation{name + " " + verify, func() error { return l.verify(signed) }})
		return nil
	}
	for _, size := range []int{1, 3, 10, 30, 100} {
		if err := add(fmt.Sprintf("%d KB, every node with an id", size), ofSize(did, size*1000)); err != nil {
			return nil, err
		}
	}
	for _, count := range []int{0, 10, 100, 500, 1000, 2000} {
		if err := add(fmt.Sprintf("%d blank nodes", count), ofBlankNodes(did, count)); err != nil {
			return nil, err
		}
	}
	s := make(series)
	for range rounds {
		if err := s.round(turn, operations); err != nil {
			return nil, err
		}
	}
	for i := range all {
		g := &all[i]
		g.canon, g.verify = s.figure(g.name+" "+canon).median, s.figure(g.name+" "+verify).median
		g.canonRatio = s.ratio(g.name+" "+canon, floorVerify, sample.wall)
		g.verifyOver = s.ratio(g.name+" "+verify, floorVerify, sample.wall)
	}
	return all, nil
}
