package verifier

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/did"
	"laurel/internal/testdata"
)

// dayAlone finds the two dates without a time of day in the project's badge for
// figures, which Open Badges does not allow.
var dayAlone = regexp.MustCompile(`("activity[A-Za-z]+":"[0-9-]+)"`)

// benchBadge is the badge that all of the project's figures are about, without
// its two faults, signed by its did:key.
func benchBadge(l *lab) []byte {
	l.Helper()
	var minified bytes.Buffer
	if err := json.Compact(&minified, testdata.Read(l, "bench", "credential.json")); err != nil {
		l.Fatal(err)
	}
	var key struct{ SeedHex string }
	if err := json.Unmarshal(testdata.Read(l, "bench", "key.json"), &key); err != nil {
		l.Fatal(err)
	}
	seed, err := hex.DecodeString(key.SeedHex)
	if err != nil {
		l.Fatal(err)
	}
	private := ed25519.NewKeyFromSeed(seed)
	sound := dayAlone.ReplaceAll(minified.Bytes(), []byte(`${1}T00:00:00Z"`))
	return l.sign(sound, private, optionsOf("did:key:"+multikey(l, private)+"#"+multikey(l, private)))
}

// floor is what no verification can do without: two hashes over the canonical
// bytes, here of one length with them, and one signature.
func floor(b *testing.B, l *lab) {
	canonical := testdata.Read(b, "bench", "canon.nq")
	digest := sha256.Sum256(canonical)
	signed := append(digest[:], digest[:]...)
	public, signature := l.key.Public().(ed25519.PublicKey), ed25519.Sign(l.key, signed)
	for b.Loop() {
		options, document := sha256.Sum256(canonical[:400]), sha256.Sum256(canonical)
		if options == document || !ed25519.Verify(public, signed, signature) {
			b.Fatal("a bad signature")
		}
	}
}

// BenchmarkReport is a full report, everything but the status list, beside the
// floor and what package dataintegrity takes of it.
func BenchmarkReport(b *testing.B) {
	l := newLab(b)
	l.config.Resolver = did.Methods{"key": did.KeyResolver{}}
	l.config.Clock = func() time.Time { return testNow }
	data := benchBadge(l)
	b.Run("floor", func(b *testing.B) { floor(b, l) })
	b.Run("proof", func(b *testing.B) {
		in, err := read(data)
		if err != nil || in.format != FormatJSON {
			b.Fatal(err)
		}
		root := in.root
		document, err := l.config.Resolver.Resolve(context.Background(), did.DID{Method: "key", ID: root.Get("issuer").Get("id").Text()[len("did:key:"):]})
		if err != nil {
			b.Fatal(err)
		}
		public := document.VerificationMethods[0].PublicKey
		b.ReportAllocs()
		for b.Loop() {
			in, err := read(data)
			if err != nil {
				b.Fatal(err)
			}
			root := in.root
			proofs, err := dataintegrity.Proofs(root)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := l.config.Suites.Verify(context.Background(), root, proofs[0], public, dataintegrity.Expect{Now: testNow}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("report", func(b *testing.B) { benchmarkReport(b, l, data) })
	withStatus := newLab(b)
	withStatus.serveList(listURL, "revocation")
	b.Run("report with a status list", func(b *testing.B) { benchmarkReport(b, withStatus, withStatus.issue(badgeWithStatus())) })
}

func benchmarkReport(b *testing.B, l *lab, data []byte) {
	v := New(l.config)
	b.ReportAllocs()
	for b.Loop() {
		report, err := v.Verify(context.Background(), data, Expect{})
		if err != nil || report.Verdict != VerdictValid {
			b.Fatal(err, describe(report))
		}
	}
}

// TestReportAllocates bounds what a report allocates, the proof included.
func TestReportAllocates(t *testing.T) {
	l := newLab(t)
	data := benchBadge(l)
	v := New(l.config)
	verify := func() {
		if report, err := v.Verify(context.Background(), data, Expect{}); err != nil || report.Verdict != VerdictValid {
			t.Fatal(err, describe(report))
		}
	}
	if got := testing.AllocsPerRun(50, verify); got > mostAllocations && !raceDetector {
		t.Errorf("%v allocations, want at most %d", got, mostAllocations)
	}
}

// mostAllocations is what a report with a dozen checks may allocate: their params
// are maps, and what is quoted is copied.
const mostAllocations = 64
