package verifier

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/did"
)

// keptDocument is what a cache in front of the network has: one document, until
// its time is over.
type keptDocument struct {
	data  []byte
	until time.Time
	now   func() time.Time
}

func (k keptDocument) Document(context.Context, string, Kind) ([]byte, error) {
	if k.data == nil || !k.now().Before(k.until) {
		return nil, errors.New("no route to host")
	}
	return k.data, nil
}

// With the network cut a badge on a list is valid only as long as a list is kept
// that is fresh, within its own dates, of the issuer and unchanged. The issuer's
// key is its identifier, so that nothing else has to be fetched.
func TestCutNetwork(t *testing.T) {
	l := newLab(t)
	id := "did:key:" + multikey(t, l.key)
	options := dataintegrity.Options{VerificationMethod: id + "#" + multikey(t, l.key)}
	b := badgeWithStatus()
	b["issuer"].(object)["id"] = id
	data := l.sign(b, l.key, options)
	list := func(change func(o object), set ...int) []byte {
		o := l.listCredential(listURL, "revocation", set...)
		o["issuer"] = id
		signed := decode(t, l.sign(o, l.key, options))
		change(signed)
		return marshal(t, signed)
	}
	good := list(func(object) {})
	kinds := []struct {
		list []byte
		good bool
	}{
		{good, true},
		{list(func(object) {}, badgeIndex), false},
		{list(func(o object) { o["validUntil"] = "2099-01-01T00:00:00Z" }), false},
		{list(func(o object) { delete(o, "proof") }), false},
		{[]byte("<html>"), false},
		{nil, false},
	}
	random := rand.New(rand.NewPCG(1, 2))
	valid := 0
	for range 300 {
		kind := kinds[random.IntN(len(kinds))]
		now := testNow.Add(time.Duration(random.IntN(48*3600)) * time.Second)
		kept := keptDocument{kind.list, testNow.Add(time.Duration(random.IntN(48*3600)) * time.Second), func() time.Time { return now }}
		config := l.config
		config.Resolver, config.Documents, config.Clock = did.Methods{"key": did.KeyResolver{}}, kept, kept.now
		report, err := New(config).Verify(context.Background(), data, Expect{})
		if err != nil {
			t.Fatal(err)
		}
		covered := kind.good && now.Before(kept.until) && !now.After(testNow.Add(24*time.Hour))
		if (report.Verdict == VerdictValid) != covered {
			t.Fatalf("%s at %v with a list until %v\n%s", report.Verdict, now, kept.until, describe(report))
		}
		if covered {
			valid++
		}
	}
	if valid == 0 || valid == 300 {
		t.Errorf("%d of 300 were covered", valid)
	}
}
