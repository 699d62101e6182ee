package interop

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/did"
)

// randomBadges is how many badges go each way.
const randomBadges = 200

// TestRandomBadges: canonical forms agree. Badges that are made at random are
// signed here and verified there, and issued there and verified here.
// LAUREL_SEED repeats a run.
func TestRandomBadges(t *testing.T) {
	t.Parallel()
	node(t)
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("LAUREL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("LAUREL_SEED: %v", err)
		}
	}
	t.Logf("LAUREL_SEED=%d", seed)
	random := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
	unsigned := make([]json.RawMessage, randomBadges)
	for i := range unsigned {
		unsigned[i] = marshal(t, random.badge())
	}
	l := newLibrary(t)

	t.Run("theirs", func(t *testing.T) {
		for i, answer := range foreignIssue(t, "", unsigned).Credentials {
			if err := l.verify(t.Context(), answer.Credential); err != nil {
				t.Errorf("badge %d: %v\n%s", i, err, answer.Credential)
			}
		}
	})
	t.Run("ours", func(t *testing.T) {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		name, err := did.EncodeMultikey(public)
		if err != nil {
			t.Fatal(err)
		}
		signed := make([]json.RawMessage, len(unsigned))
		for i, badge := range unsigned {
			issuer := fmt.Sprintf(`{"id": "did:key:%s", "type": ["Profile"]}`, name)
			signed[i], err = l.suites.Sign(t.Context(), with(t, badge, "issuer", issuer), private, dataintegrity.Options{
				VerificationMethod: "did:key:" + name + "#" + name, Created: time.Now(),
			})
			if err != nil {
				t.Fatalf("badge %d: %v\n%s", i, err, badge)
			}
		}
		for i, f := range foreignVerify(t, signed) {
			if !f.Verified {
				t.Errorf("badge %d: %v\n%s", i, f.Errors, signed[i])
			}
		}
	})
}

// generator makes badges.
type generator struct {
	*rand.Rand
	named    int  // ids given so far: no two things have the same
	repeated bool // this badge has an object twice
}

type object = map[string]any

// maybe adds a member to an object, or does not.
func (g *generator) maybe(o object, name string, value func() any) {
	if g.IntN(2) == 0 {
		o[name] = value()
	}
}

// some makes a list of up to n values, some of them the same. Of the objects
// without an id, only one in a badge, with nothing but text in it, is there
// twice, and all others have a text of their own: rdf-canonize gives up, by
// default, on more that it has to tell apart by their places alone.
func (g *generator) some(n int, value func() any) any {
	var list []any
	for range 1 + g.IntN(n) {
		if len(list) > 0 && g.IntN(4) == 0 {
			again := list[g.IntN(len(list))]
			o, isObject := again.(object)
			if !isObject || o["id"] == nil && o["alignment"] == nil && !g.repeated {
				g.repeated = g.repeated || isObject
				list = append(list, again)
				continue
			}
		}
		list = append(list, value())
	}
	return list
}

// fragments are what texts are made of. Nothing from U+E000 to U+FFFF is among
// them: see TestForeignDifferences.
var fragments = []string{
	"a", "Z", "0", " ", "  ", "\t", "\n", "\r", "\b", "\f", "\x00", "\x01", "\x1f", "\x7f", "\u0080", "\u0085", "\u00a0", "\"", "\\", "\\u0041", "/", "'", "<", ">", "&", "^", "_:b0", "@en", ".",
	"é", "e\u0301", "ß", "İ", "漢", "ع", "ש", "\u200b", "\u200f", "\u2028", "\u2029", "\ud7ff", "🎓", "𝔘", "\U0010ffff", "👩‍🎓",
}

func (g *generator) text() any {
	var b strings.Builder
	for range g.IntN(12) {
		b.WriteString(fragments[g.IntN(len(fragments))])
	}
	return b.String()
}

// ownText is a text that nothing else has.
func (g *generator) ownText() any {
	g.named++
	return fmt.Sprint(g.text(), g.named)
}

// number has a form that is the same in every implementation.
func (g *generator) number() any {
	numbers := []func() string{
		func() string { return strconv.Itoa(g.IntN(200) - 100) },
		func() string { return strconv.FormatInt(g.Int64N(1<<54)-1<<53, 10) },
		func() string { return fmt.Sprintf("%d.%d", g.IntN(1000)-500, g.IntN(1000)) },
		func() string { return fmt.Sprintf("%d.0", g.IntN(100)) },
		func() string { return fmt.Sprintf("%d.%de%d", 1+g.IntN(9), g.IntN(100), g.IntN(12)-4) },
	}
	return json.RawMessage(numbers[g.IntN(len(numbers))]())
}

func (g *generator) url() any {
	forms := []string{"https://example.org/%d", "https://example.org/ü/%d?q=é#f", "urn:example:%d", "did:example:%d#key", "https://[2001:db8::1]:8443/%d", "https://example.org/a%%20b/../%d"}
	g.named++
	return fmt.Sprintf(forms[g.IntN(len(forms))], g.named)
}

func (g *generator) time() any {
	forms := []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05-07:00"}
	moment := time.Unix(1.5e9+g.Int64N(1e8), g.Int64N(1e9)).In(time.FixedZone("", g.IntN(24)*3600-11*3600))
	return moment.Format(forms[g.IntN(len(forms))])
}

func (g *generator) image() any {
	o := object{"id": g.url(), "type": "Image"}
	g.maybe(o, "caption", g.text)
	return o
}

func (g *generator) identity() any {
	o := object{"type": "IdentityObject", "hashed": g.IntN(2) == 0, "identityHash": g.ownText(), "identityType": "emailAddress"}
	g.maybe(o, "salt", g.text)
	return o
}

func (g *generator) profile() any {
	o := object{"id": g.url(), "type": []any{"Profile"}}
	for _, name := range []string{"name", "description", "email", "phone", "givenName"} {
		g.maybe(o, name, g.text)
	}
	g.maybe(o, "url", g.url)
	g.maybe(o, "image", g.image)
	g.maybe(o, "address", func() any {
		a := object{"type": []any{"Address"}}
		g.maybe(a, "addressCountry", g.text)
		g.maybe(a, "geo", func() any {
			return object{"type": "GeoCoordinates", "latitude": g.number(), "longitude": g.number()}
		})
		return a
	})
	g.maybe(o, "dateOfBirth", func() any { return "1990-01-31" })
	return o
}

func (g *generator) alignment() any {
	o := object{"type": []any{"Alignment"}, "targetName": g.text(), "targetUrl": g.url()}
	g.maybe(o, "targetCode", g.text)
	g.maybe(o, "targetFramework", g.text)
	g.maybe(o, "targetType", func() any { return []string{"ceasn:Competency", "CTDL", "CFItem"}[g.IntN(3)] })
	return o
}

func (g *generator) resultDescription() any {
	o := object{"id": g.url(), "type": []any{"ResultDescription"}, "name": g.text(), "resultType": []string{"Percent", "LetterGrade", "GradePointAverage"}[g.IntN(3)]}
	g.maybe(o, "valueMax", g.text)
	g.maybe(o, "allowedValue", func() any { // an ordered list, whose cells have no ids
		var list []any
		for i := range 1 + g.IntN(4) {
			list = append(list, fmt.Sprint(i, g.text()))
		}
		return list
	})
	g.maybe(o, "alignment", func() any { return g.some(3, g.alignment) })
	return o
}

func (g *generator) result() any {
	o := object{"type": []any{"Result"}, "value": g.ownText()}
	g.maybe(o, "resultDescription", g.url)
	g.maybe(o, "status", func() any { return []string{"Completed", "InProgress"}[g.IntN(2)] })
	g.maybe(o, "alignment", func() any { return g.some(2, g.alignment) })
	return o
}

func (g *generator) evidence() any {
	o := object{"type": []any{"Evidence"}, "narrative": g.ownText()}
	g.maybe(o, "id", g.url)
	for _, name := range []string{"name", "description", "genre", "audience"} {
		g.maybe(o, name, g.text)
	}
	return o
}

func (g *generator) achievement() any {
	o := object{"id": g.url(), "type": []any{"Achievement"}, "name": g.text(), "description": g.text(), "criteria": object{"narrative": g.text()}}
	g.maybe(o, "achievementType", func() any { return []string{"Badge", "Course", "ext:Own"}[g.IntN(3)] })
	g.maybe(o, "creditsAvailable", g.number)
	g.maybe(o, "tag", func() any { return g.some(5, g.text) })
	g.maybe(o, "alignment", func() any { return g.some(5, g.alignment) })
	g.maybe(o, "creator", g.profile)
	g.maybe(o, "image", g.image)
	g.maybe(o, "inLanguage", func() any { return "en-GB" })
	g.maybe(o, "related", func() any { return g.some(2, func() any { return object{"type": []any{"Related"}, "id": g.url()} }) })
	g.maybe(o, "resultDescription", func() any { return g.some(3, g.resultDescription) })
	g.maybe(o, "otherIdentifier", func() any {
		return g.some(2, func() any {
			return object{"type": "IdentifierEntry", "identifier": g.ownText(), "identifierType": "identifier"}
		})
	})
	return o
}

func (g *generator) badge() any {
	g.repeated = false
	subject := object{"type": []any{"AchievementSubject"}, "achievement": g.achievement()}
	g.maybe(subject, "id", g.url)
	g.maybe(subject, "identifier", func() any { return g.some(3, g.identity) })
	g.maybe(subject, "creditsEarned", g.number)
	g.maybe(subject, "activityEndDate", g.time)
	g.maybe(subject, "narrative", g.text)
	g.maybe(subject, "role", g.text)
	g.maybe(subject, "result", func() any { return g.some(5, g.result) })
	badge := object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       fmt.Sprintf("urn:uuid:%08x-0000-4000-8000-000000000000", g.Uint32()), "type": []any{"VerifiableCredential", "OpenBadgeCredential"},
		"issuer": g.profile(), "validFrom": g.time(), "name": g.text(), "credentialSubject": subject,
	}
	g.maybe(badge, "awardedDate", g.time)
	g.maybe(badge, "description", g.text)
	g.maybe(badge, "evidence", func() any { return g.some(4, g.evidence) })
	return badge
}

// TestForeignDifferences notes where rdf-canonize departs from RDFC-1.0, so
// that a badge with such text is no badge to both. Where a row fails, the
// difference is gone.
func TestForeignDifferences(t *testing.T) {
	t.Parallel()
	differences := []struct{ name, achievement string }{
		// Not characters of XML 1.1, so written as \uFFFE and \uFFFF in the
		// canonical form of N-Quads; there they stay as they are.
		{"U+FFFE", `"name": "\ufffe"`},
		{"U+FFFF", `"name": "\uffff"`},
		// N-Quads are sorted by code point; there by UTF-16 code unit.
		{"order", `"name": "N", "tag": ["\uff21", "\ud83c\udf93"]`},
	}
	badges := make([]json.RawMessage, len(differences))
	for i, d := range differences {
		badge := strings.Replace(shapes["minimal"], `"type": ["Achievement"], "name": "N"`, `"type": ["Achievement"], `+d.achievement, 1)
		if badge == shapes["minimal"] {
			t.Fatal("nothing was put into the badge")
		}
		badges[i] = json.RawMessage(badge)
	}
	l := newLibrary(t)
	for i, answer := range foreignIssue(t, "", badges).Credentials {
		if err := l.verify(t.Context(), answer.Credential); !errors.Is(err, dataintegrity.ErrSignature) {
			t.Errorf("%s: got %v, and no difference", differences[i].name, err)
		}
	}
}
