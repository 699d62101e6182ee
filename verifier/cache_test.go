package verifier

import (
	"context"
	"crypto"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/did"
)

// remembering makes the lab use one Verifier, which keeps what it learns, and
// returns a function that expects a verdict of it.
func (l *lab) remembering() (v *Verifier, wants func(what string, data []byte, want Verdict, code Code)) {
	v = New(l.config)
	return v, func(what string, data []byte, want Verdict, code Code) {
		l.Helper()
		report, err := v.Verify(context.Background(), data, Expect{})
		if err != nil {
			l.Fatal(err)
		}
		if check, _ := report.Decisive(); report.Verdict != want || check.Code != code {
			l.Errorf("%s: %s by %s, want %s by %s\n%s", what, report.Verdict, check.Code, want, code, describe(report))
		}
	}
}

// issuers are a DID that is looked up and an https identifier, whose documents
// are kept by their content.
var issuers = map[string]string{"did:web": issuerID, "https": "https://badges.example.edu/issuer"}

// A key that the issuer takes out of its document is good for nothing from the
// next verification on, and one that is put in its place is another key.
func TestRemovedKeyIsNotRemembered(t *testing.T) {
	for name, id := range issuers {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			method := id + "#key-1"
			b := badge()
			b["issuer"].(object)["id"] = id
			data := l.sign(b, l.key, optionsOf(method))
			_, wants := l.remembering()
			with := func(key string) { l.serve(id, controllerDocument(id, map[string]string{method: key})) }
			with(multikey(l, l.key))
			wants("at first", data, VerdictValid, CodeSignature)
			wants("again", data, VerdictValid, CodeSignature)
			l.serve(id, controllerDocument(id, nil))
			wants("without the key", data, VerdictInvalid, CodeKeyNotFound)
			with(multikey(l, l.attacker))
			wants("with another key", data, VerdictInvalid, CodeSignatureInvalid)
			unlisted := controllerDocument(id, map[string]string{method: multikey(l, l.key)})
			unlisted["assertionMethod"] = []any{}
			l.serve(id, unlisted)
			wants("not listed", data, VerdictInvalid, CodeKeyNotAuthorized)
			delete(l.world.documents, id)
			wants("out of reach", data, VerdictIndeterminate, CodeKeyUnresolvable)
			with(multikey(l, l.key))
			wants("with the key again", data, VerdictValid, CodeSignature)
			if n := len(l.world.asked); n != 7 {
				t.Errorf("the issuer was asked %d times in 7 verifications", n)
			}
		})
	}
}

// Two issuers that give their keys the same fragment have nothing else in common.
func TestFragmentsAreNotShared(t *testing.T) {
	for name, id := range issuers {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			other := strings.Replace(id, "badges", "other", 1)
			l.serve(id, controllerDocument(id, map[string]string{id + "#key-1": multikey(l, l.key)}))
			l.serve(other, controllerDocument(other, map[string]string{other + "#key-1": multikey(l, l.attacker)}))
			_, wants := l.remembering()
			for _, by := range []string{id, other, id, other} {
				b := badge()
				b["issuer"].(object)["id"] = by
				good, bad := l.key, l.attacker
				if by == other {
					good, bad = bad, good
				}
				wants("its own", l.sign(b, good, optionsOf(by+"#key-1")), VerdictValid, CodeSignature)
				wants("the other's", l.sign(b, bad, optionsOf(by+"#key-1")), VerdictInvalid, CodeSignatureInvalid)
			}
			// The same bytes at another address are not that address's document.
			l.world.documents[other] = l.world.documents[id]
			b := badge()
			b["issuer"].(object)["id"] = other
			wants("the first's document", l.sign(b, l.key, optionsOf(other+"#key-1")), VerdictInvalid, CodeIssuerDocumentMismatch)
		})
	}
}

// A did:key is remembered under the whole URL of its method.
func TestComputedKeysAreRemembered(t *testing.T) {
	l := newLab(t)
	v, wants := l.remembering()
	id := func(key string) string { return "did:key:" + key }
	mine, theirs := multikey(l, l.key), multikey(l, l.attacker)
	by := func(issuer, method string) []byte {
		b := badge()
		b["issuer"].(object)["id"] = issuer
		return l.sign(b, l.key, optionsOf(method))
	}
	for range 2 {
		wants("good", by(id(mine), id(mine)+"#"+mine), VerdictValid, CodeSignature)
		wants("another fragment", by(id(mine), id(mine)+"#"+theirs), VerdictInvalid, CodeKeyNotFound)
		wants("no fragment", by(id(mine), id(mine)), VerdictInvalid, CodeKeyURLInvalid)
		wants("another issuer", by(id(theirs), id(mine)+"#"+mine), VerdictInvalid, CodeKeyNotAuthorized)
		wants("another key", by(id(theirs), id(theirs)+"#"+theirs), VerdictInvalid, CodeSignatureInvalid)
		wants("no key", by("did:key:z6Mkx", "did:key:z6Mkx#z6Mkx"), VerdictInvalid, CodeKeyInvalid)
	}
	if _, ok := v.known.keys.get(id(mine) + "#" + mine); !ok {
		t.Error("the key is not remembered")
	}
	if n := len(v.known.keys.young); n != 2 {
		t.Errorf("%d keys are remembered, want the two that are keys", n)
	}
	l.world.cut = true
	wants("with nothing in reach", by(id(mine), id(mine)+"#"+mine), VerdictValid, CodeSignature)
}

// A list that was read before still has to be there, current, and signed with a
// key that the issuer lists now.
func TestRememberedListIsJudgedAnew(t *testing.T) {
	l := newLab(t)
	now := testNow
	l.config.Clock = func() time.Time { return now }
	first, second := keyOf('1'), keyOf('2')
	with := func(keys map[string]string) { l.serve(issuerID, controllerDocument(issuerID, keys)) }
	both := map[string]string{issuerID + "#1": multikey(l, first), issuerID + "#2": multikey(l, second)}
	with(both)
	l.world.documents[listURL] = l.sign(l.listCredential(listURL, "revocation"), first, optionsOf(issuerID+"#1"))
	served := l.world.documents[listURL]
	data := l.sign(badgeWithStatus(), second, optionsOf(issuerID+"#2"))
	v, wants := l.remembering()
	wants("at first", data, VerdictValid, CodeSignature)
	if len(v.known.lists.young) != 1 {
		t.Error("the list is not remembered")
	}
	wants("again", data, VerdictValid, CodeSignature)
	with(map[string]string{issuerID + "#2": multikey(l, second)})
	wants("the list's key removed", data, VerdictIndeterminate, CodeStatusListUnverified)
	with(map[string]string{issuerID + "#1": multikey(l, l.attacker), issuerID + "#2": multikey(l, second)})
	wants("the list's key replaced", data, VerdictIndeterminate, CodeStatusListUnverified)
	with(both)
	now = testNow.Add(25 * time.Hour)
	wants("after the list's time", data, VerdictIndeterminate, CodeStatusListOutdated)
	now = testNow
	l.world.documents[listURL] = []byte(strings.Replace(string(served), `"revocation"`, `"revocatiom"`, 1))
	wants("the list changed", data, VerdictIndeterminate, CodeStatusListUnverified)
	delete(l.world.documents, listURL)
	wants("no list", data, VerdictIndeterminate, CodeStatusUnavailable)
	l.world.documents[listURL] = l.sign(l.listCredential(listURL, "revocation", badgeIndex), first, optionsOf(issuerID+"#1"))
	wants("withdrawn", data, VerdictInvalid, CodeRevoked)
	l.world.documents[listURL] = served
	wants("the first list again", data, VerdictValid, CodeSignature)
}

// A list that does not hold is not kept, and neither is a signature that failed.
func TestBadListIsNotRemembered(t *testing.T) {
	l := newLab(t)
	l.world.documents[listURL] = l.sign(l.listCredential(listURL, "revocation"), l.attacker, optionsOf(methodID))
	data := l.issue(badgeWithStatus())
	v, wants := l.remembering()
	for range 2 {
		wants("a list by somebody else", data, VerdictIndeterminate, CodeStatusListUnverified)
	}
	if len(v.known.lists.young) != 0 {
		t.Error("the list is remembered")
	}
}

func TestRememberingConcurrently(t *testing.T) {
	l := newLab(t)
	l.serveList(listURL, "revocation")
	data := l.issue(badgeWithStatus())
	list, document := l.world.documents[listURL], l.world.documents[issuerID]
	l.config.Documents, l.config.Resolver = fixed(list), fixed(document)
	v := New(l.config)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				if report, err := v.Verify(context.Background(), data, Expect{}); err != nil || report.Verdict != VerdictValid {
					t.Error(err, describe(report))
				}
			}
		})
	}
	group.Wait()
}

// The cache never holds more than its limit, keeps what is in use, and takes
// nothing that would fill half of it.
func TestCacheIsBounded(t *testing.T) {
	c := cache[string, int]{limit: 100}
	c.put("kept", 1, 10)
	for i := range 1000 {
		c.put(fmt.Sprint(i), i, 10)
		if _, ok := c.get("kept"); !ok {
			t.Fatalf("what is in use is forgotten after %d", i)
		}
		total := 0
		for _, m := range []map[string]sized[int]{c.young, c.old} {
			for _, entry := range m {
				total += entry.size
			}
		}
		if total > c.limit {
			t.Fatalf("%d of %d", total, c.limit)
		}
	}
	if _, ok := c.get("0"); ok {
		t.Error("what is not in use is kept")
	}
	c.put("large", 1, 51)
	if _, ok := c.get("large"); ok {
		t.Error("too large")
	}
	c.put("kept", 2, 10)
	if got, _ := c.get("kept"); got != 1 {
		t.Error("what follows from its key has changed")
	}
}

func TestProvedWithAnotherKey(t *testing.T) {
	list := new(knownList)
	mine, theirs := keyOf('m').Public(), keyOf('t').Public()
	list.add(proved{0, mine, nil})
	for _, test := range []struct {
		proof int
		key   crypto.PublicKey
		want  bool
	}{{0, mine, true}, {0, theirs, false}, {1, mine, false}, {0, nil, false}, {0, "key", false}} {
		if _, ok := list.find(test.proof, test.key); ok != test.want {
			t.Errorf("proof %d with %v: %v", test.proof, test.key, ok)
		}
	}
	for range 100 {
		list.add(proved{0, theirs, nil})
	}
	if len(list.proved) > maxProved {
		t.Errorf("%d are remembered", len(list.proved))
	}
	if _, ok := (*knownList)(nil).find(0, mine); ok {
		t.Error("found in nothing")
	}
}

// fixed is the one document that there is.
type fixed []byte

func (f fixed) Document(context.Context, string, Kind) ([]byte, error) { return f, nil }

func (f fixed) Resolve(context.Context, did.DID) (*did.Document, error) { return did.ParseDocument(f) }
