package main

import (
	"strings"
	"testing"
	"time"
)

func TestSuites(t *testing.T) {
	l := laurelWith(t, ownInput)
	all, err := l.suited()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 || all[0].cryptosuite != "eddsa-rdfc-2022" {
		t.Fatalf("there are %d cryptosuites", len(all))
	}
	for _, one := range all {
		for _, op := range []operation{one.issue, one.verify, one.floorIssue, one.floorVerify} {
			if err := op.run(); err != nil {
				t.Errorf("%s: %v", op.name, err)
			}
		}
	}
	table, err := l.suiteTable(1, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(table, "\n") + 1; lines != len(all)+2 || strings.Contains(table, "|  |") {
		t.Errorf("the table is\n%s", table)
	}
	if err := l.verifyWith(l.signed[:len(l.signed)-1], nil); err == nil {
		t.Error("what is no JSON is verified")
	}
}
