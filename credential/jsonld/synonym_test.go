package jsonld

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// namesOf groups the words of an active context that can name one property, and
// says which of them the closed profile takes.
func namesOf(a *active) (words, taken map[string][]string) {
	words, taken = make(map[string][]string), make(map[string][]string)
	for _, e := range a.terms.entries {
		t := e.term
		if t.definition == nil || t.keyword != noKeyword || t.reason != "" || strings.Contains(e.word, ":") {
			continue
		}
		key := fmt.Sprint(t.iri, t.reverse, t.container&(containerGraph|containerList))
		words[key] = append(words[key], e.word)
		if t.outside == "" {
			taken[key] = append(taken[key], e.word)
		}
	}
	for _, list := range words {
		slices.Sort(list)
	}
	return words, taken
}

// TestSynonyms: in no scope of any embedded context are there two names for one
// property, and where there would be, these are taken.
func TestSynonyms(t *testing.T) {
	got := make(map[string]string)
	var visit func(a *active, depth int)
	visit = func(a *active, depth int) {
		words, taken := namesOf(a)
		for property, names := range words {
			if len(taken[property]) > 1 {
				t.Errorf("%s has the names %v", property, taken[property])
			}
			if len(names) > 1 {
				pair := strings.Join(names, " ")
				choice := strings.Join(taken[property], " ")
				if before, ok := got[pair]; ok && !strings.Contains(" "+before+",", " "+choice+",") {
					choice = before + ", " + choice
				} else if ok {
					choice = before
				}
				got[pair] = choice
			}
		}
		if depth == 0 {
			return
		}
		for _, e := range a.terms.entries {
			if !e.term.scoped {
				continue
			}
			for _, kind := range []kind{byProperty, byType} {
				if next, err := a.parse(e.term.definition.Context, kind != byType, kind == byProperty); err == nil {
					visit(next, depth-1)
				}
			}
		}
	}
	set := embedded(t)
	for _, url := range set.URLs() {
		documents, err := set.Revisions(url)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range documents {
			for _, first := range []string{credentialsV1, credentialsV2} {
				a, err := newRoot(set, Revisions{document.URL: document.Revision}).parse([]any{first, url}, true, false)
				if err == nil {
					visit(a, 1)
				}
			}
		}
	}
	want := map[string]string{
		"Achievement achievement": "achievement", "Address address": "address", "Criteria criteria": "criteria",
		"GeoCoordinates geo": "geo", "Image image": "image", "Profile creator": "creator",
		"AchievementCredential OpenBadgeCredential": "", "HostedBadge hosted": "hosted", "SignedBadge signed": "signed",
		"verification verify": "", "revoked revokedAssertions": "",
		// Where the type of a proof protects expires, that.
		"expiration expires": ", expires",
	}
	for _, pair := range slices.Sorted(maps.Keys(got)) {
		choice, known := want[pair]
		if !known || sorted(choice) != sorted(got[pair]) {
			t.Errorf("of %q, %q is taken", pair, got[pair])
		}
		delete(want, pair)
	}
	if len(want) > 0 {
		t.Errorf("not met: %v", want)
	}
}

func sorted(list string) string {
	parts := strings.Split(list, ", ")
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// TestRenamed renames members so that the dataset stays the same.
func TestRenamed(t *testing.T) {
	const (
		ob301 = `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"`
		ob302 = `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"`
		ob300 = `"https://purl.imsglobal.org/spec/ob/v3p0/context.json"`
		sec2  = `"https://w3id.org/security/v2"`
	)
	v1 := func(list, member string) string {
		return strings.Replace(version1(", "+list), `"issuanceDate"`, member+`, "issuanceDate"`, 1)
	}
	address := `"address": {"type": ["Address"], "geo": {"type": "GeoCoordinates", "latitude": 1, "longitude": 2}}`
	place := strings.Replace(whole, `"name": "Example University"`, address, 1)
	proof := badge(`"proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "expires": "2026-01-01T00:00:00Z", "proofValue": "z1"}`)
	for name, c := range map[string]struct{ document, from, to string }{
		"geo":                   {place, `"geo":`, `"GeoCoordinates":`},
		"geo in 3.0.1":          {strings.NewReplacer(v2, `"`+credentialsV1+`"`, ob3, ob301, `"validFrom"`, `"issuanceDate"`).Replace(place), `"geo":`, `"GeoCoordinates":`},
		"criteria":              {whole, `"criteria":`, `"Criteria":`},
		"image in 3.0.2":        {strings.Replace(badge(`"image": {"id": "urn:x:i", "type": "Image"}`), ob3, ob302, 1), `"image":`, `"Image":`},
		"creator in 3.0.0":      {v1(ob300, `"credentialSubject": {"type": "AchievementSubject", "achievement": {"type": "Achievement", "creator": {"id": "urn:x:c", "type": "Profile"}}}`), `"creator":`, `"Profile":`},
		"achievement in 3.0.0":  {v1(ob300, `"credentialSubject": {"type": "AchievementSubject", "achievement": {"type": "Achievement", "name": "x"}}`), `"achievement":`, `"Achievement":`},
		"address in 3.0.0":      {v1(ob300, `"credentialSubject": {"id": "urn:x:s", "type": "Profile", "address": {"type": "Address"}}`), `"address":`, `"Address":`},
		"the end of a proof":    {strings.Replace(proof, ob3, ob3+", "+sec2, 1), `"expires":`, `"expiration":`},
		"escaped, to the class": {place, `"geo":`, `"\u0047eoCoordinates":`},
	} {
		renamed := strings.Replace(c.document, c.from, c.to, 1)
		if renamed == c.document {
			t.Fatalf("%s: the document has no %s", name, c.from)
		}
		want, err := read(t, New(embedded(t), Options{}), []byte(c.document))
		if err != nil {
			t.Errorf("%s: before: %v", name, err)
			continue
		}
		open, err := read(t, New(embedded(t), Options{InlineContexts: true}), []byte(renamed))
		if err != nil || open != want {
			t.Errorf("%s: this is no renaming that a proof lets pass: %v", name, err)
		}
		var lost *LossError
		if _, err := read(t, New(embedded(t), Options{}), []byte(renamed)); !errors.As(err, &lost) || lost.Reason != ReasonSynonym {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
