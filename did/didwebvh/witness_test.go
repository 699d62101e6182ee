package didwebvh

import (
	"fmt"
	"slices"
	"testing"

	"laurel/did"
)

func witnessed(threshold int, numbers ...byte) object {
	list := []object{}
	for _, n := range numbers {
		list = append(list, object{"id": makeKey(n).did()})
	}
	return object{"threshold": threshold, "witnesses": list}
}

func TestWitnesses(t *testing.T) {
	two := with("witness", witnessed(2, 50, 51, 52))
	l := makeLog(two, step{}, step{})
	changed := makeLog(two, later("witness", witnessed(1, 60)), step{})
	stopped := makeLog(two, later("witness", object{}), step{})
	begun := makeLog(step{}, later("witness", witnessed(1, 50)), step{})
	other := makeLog(two, step{}, step{time: "2025-01-03T00:00:01Z"})
	id := func(l log, i int) string { return l.versionIDs[i] }
	spoil := func(record object, change func(proof object)) object {
		change(record["proof"].([]any)[0].(object))
		return record
	}
	for name, test := range map[string]struct {
		log   log
		file  any
		entry int // the first that is not approved, 0 when all are
	}{
		"all of each entry":                {l, []object{approval(id(l, 0), 50, 51, 52), approval(id(l, 1), 50, 51, 52), approval(id(l, 2), 50, 51, 52)}, 0},
		"last entry alone":                 {l, []object{approval(id(l, 2), 50, 52)}, 0},
		"last entry by two records":        {l, []object{approval(id(l, 2), 50), approval(id(l, 2), 51)}, 0},
		"one proof, no array":              {makeLog(with("witness", witnessed(1, 50))), nil, 0},
		"in any order":                     {l, []object{approval(id(l, 2), 51), approval(id(l, 0), 51), approval(id(l, 2), 52)}, 0},
		"beside unpublished entries":       {l, []object{approval("4-"+multihash(nil), 50, 51), approval(id(l, 2), 50, 51)}, 0},
		"beside strangers":                 {l, []object{approval(id(l, 2), 9, 50, 51)}, 0},
		"beside bad proofs":                {l, []object{spoil(approval(id(l, 2), 52, 50, 51), func(p object) { p["created"] = at(9) })}, 0},
		"empty":                            {l, []object{}, 1},
		"one of two":                       {l, []object{approval(id(l, 2), 50)}, 1},
		"one twice":                        {l, []object{approval(id(l, 2), 50, 50)}, 1},
		"one twice in two records":         {l, []object{approval(id(l, 2), 50), approval(id(l, 2), 50), approval(id(l, 1), 50)}, 1},
		"strangers":                        {l, []object{approval(id(l, 2), 8, 9)}, 1},
		"the controller":                   {l, []object{approval(id(l, 2), 50, 1)}, 1},
		"the last not":                     {l, []object{approval(id(l, 1), 50, 51)}, 3},
		"the last by one":                  {l, []object{approval(id(l, 1), 50, 51), approval(id(l, 2), 52)}, 3},
		"an unpublished one alone":         {l, []object{approval("4-"+multihash(nil), 50, 51)}, 1},
		"of another log":                   {l, []object{approval(id(other, 2), 50, 51)}, 1},
		"proofs of another log relabelled": {l, []object{{"versionId": id(l, 2), "proof": approval(id(other, 2), 50, 51)["proof"]}}, 1},
		"proofs of an earlier entry":       {l, []object{{"versionId": id(l, 2), "proof": approval(id(l, 1), 50, 51)["proof"]}}, 1},
		"for authentication":               {l, []object{spoil(approval(id(l, 2), 50, 51), func(p object) { p["proofPurpose"] = "authentication" })}, 1},
		"no versionId":                     {l, []object{{"proof": approval(id(l, 2), 50, 51)["proof"]}}, 1},
		"no proofs":                        {l, []object{{"versionId": id(l, 2)}}, 1},
		"proofs text":                      {l, []object{{"versionId": id(l, 2), "proof": "x"}}, 1},
		"object":                           {l, approval(id(l, 2), 50, 51), 1},
		"text":                             {l, "x", 1},
		"too many proofs":                  {l, []object{{"versionId": id(l, 2), "proof": slices.Repeat([]any{object{}}, maxApprovals+1)}}, 1},

		"new list counts from the next on":      {changed, []object{approval(id(changed, 1), 50, 51), approval(id(changed, 2), 60)}, 0},
		"new list does not approve itself":      {changed, []object{approval(id(changed, 2), 60)}, 1},
		"new list does not approve its own":     {changed, []object{approval(id(changed, 0), 50, 51), approval(id(changed, 2), 60)}, 2},
		"old list does not count any more":      {changed, []object{approval(id(changed, 2), 50, 51)}, 3},
		"stopping needs approval":               {stopped, []object{approval(id(stopped, 0), 50, 51)}, 2},
		"stopping approved, then none":          {stopped, []object{approval(id(stopped, 1), 50, 51)}, 0},
		"first list counts at once":             {begun, []object{}, 2},
		"first list counts at once, then again": {begun, []object{approval(id(begun, 1), 50)}, 3},
		"first list approves":                   {begun, []object{approval(id(begun, 2), 50)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			file := test.file
			if file == nil {
				record := approval(id(test.log, 0), 50)
				record["proof"] = record["proof"].([]any)[0]
				file = []object{record}
			}
			s := &source{log: test.log.bytes(), witnesses: canonicalJSON(file)}
			document, err := s.resolver().Resolve(t.Context(), mustParse(t, test.log.did()))
			if test.entry == 0 {
				if err != nil || document == nil {
					t.Error(err)
				}
				return
			}
			checkFault(t, err, test.entry, FaultWitness)
			for i, versionID := range test.log.versionIDs {
				_, err := s.resolver().ResolveVersion(t.Context(), mustParse(t, test.log.did()), did.Version{ID: versionID})
				if (err == nil) != (i+1 < test.entry) {
					t.Errorf("version %d: %v", i+1, err)
				}
			}
		})
	}
}

func TestWitnessMetadata(t *testing.T) {
	l := makeLog(step{parameters: genesis(object{"witness": witnessed(1, 50, 51), "watchers": []string{"https://watch.example"}, "ttl": 60, "portable": true})})
	s := &source{log: l.bytes(), witnesses: canonicalJSON([]object{approval(l.versionIDs[0], 51)})}
	got, err := s.resolver().ResolveVersion(t.Context(), mustParse(t, l.did()), did.Version{})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"portable":true,"scid":%q,"ttl":"60","versionTime":"2025-01-01T00:00:00Z","watchers":["https://watch.example"],`+
		`"witness":{"threshold":"1","witnesses":[{"id":%q},{"id":%q}]}}`, l.scid, makeKey(50).did(), makeKey(51).did())
	if text := string(canonicalJSON(got.Metadata.Properties)); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func FuzzResolve(f *testing.F) {
	l := makeLog(with("witness", witnessed(1, 50)), step{})
	f.Add(l.bytes(), canonicalJSON([]object{approval(l.versionIDs[1], 50)}))
	f.Add(l.lines[0], []byte(`[{"versionId":"1-Qm","proof":{}}]`))
	f.Add([]byte(`{"versionId":"","versionTime":"","parameters":{},"state":{},"proof":[]}`), []byte("[]"))
	d := mustParse(f, l.did())
	f.Fuzz(func(t *testing.T, log, witnesses []byte) {
		s := &source{log: log, witnesses: witnesses}
		got, err := s.resolver().ResolveVersion(t.Context(), d, did.Version{})
		if err != nil {
			return
		}
		// Nobody but the holder of the keys can have made a sound log of this DID, and of these entries only.
		h := readLog(l.bytes(), l.scid, now())
		for _, e := range h.entries {
			if e.versionID == got.Metadata.VersionID {
				return
			}
		}
		t.Fatalf("a log that nobody made: %s", log)
	})
}
