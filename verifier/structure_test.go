package verifier

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A badge says the same however its sets are ordered, whether a single value stands
// in an array, and when a set names one thing twice; everything else that can be changed in a document shows.

// normal writes a document so that those differences are gone. @context is a list.
func normal(v any, list bool) string {
	switch v := v.(type) {
	case object:
		text := "{"
		for _, name := range sortedNames(v) {
			text += fmt.Sprintf("%q:%s,", name, normal(v[name], name == "@context"))
		}
		return text + "}"
	case []any:
		parts := make([]string, len(v))
		for i, element := range v {
			parts[i] = normal(element, false)
		}
		if list {
			return fmt.Sprint(parts)
		}
		slices.Sort(parts)
		if parts = slices.Compact(parts); len(parts) == 1 {
			return parts[0]
		}
		return fmt.Sprint(parts)
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// spot is a value in a document and the way to put another in its place.
type spot struct {
	value any
	in    object // when it is a member
	name  string
	set   func(any)
}

func spots(v any, s spot, found []spot) []spot {
	s.value = v
	found = append(found, s)
	switch v := v.(type) {
	case object:
		for _, name := range sortedNames(v) {
			found = spots(v[name], spot{in: v, name: name, set: func(x any) { v[name] = x }}, found)
		}
	case []any:
		for i := range v {
			found = spots(v[i], spot{set: func(x any) { v[i] = x }}, found)
		}
	}
	return found
}

// change makes one change to the structure of a document and says which. Names and
// values come from the document itself, so that they mean something.
func change(document object, random *rand.Rand) string {
	all := spots(document, spot{set: func(any) {}}, nil)
	at, other := all[1+random.IntN(len(all)-1)], all[1+random.IntN(len(all)-1)]
	var target object
	for _, i := range random.Perm(len(all)) {
		if o, ok := all[i].value.(object); ok {
			target = o
			break
		}
	}
	words := []string{
		"id", "type", "name", "@id", "@type", "@value", "@context", "@index", "@graph", "Image", "GeoCoordinates", "Criteria", "Profile", "Achievement",
		"description", "narrative", "validUntil", "credentialStatus", "image", "evidence", "expires", "proof", "holder", "x",
	}
	word := words[random.IntN(len(words))]
	switch random.IntN(14) {
	case 0:
		at.set(other.value)
		return fmt.Sprintf("%s becomes what %s is", at.name, other.name)
	case 1:
		at.set(other.value)
		other.set(at.value)
		return fmt.Sprintf("%s and %s are exchanged", at.name, other.name)
	case 2, 3:
		if at.in == nil {
			return ""
		}
		delete(at.in, at.name)
		target[at.name] = at.value
		return at.name + " is moved"
	case 4:
		target[word] = other.value
		return word + " is set to what " + other.name + " is"
	case 5, 6:
		if at.in == nil {
			return ""
		}
		if random.IntN(2) == 0 && other.in != nil {
			word = other.name
		}
		delete(at.in, at.name)
		at.in[word] = at.value
		return at.name + " is called " + word
	case 7:
		if list, ok := at.value.([]any); ok {
			at.set(append(slices.Clone(list), other.value))
			return at.name + " has one more"
		}
		at.set([]any{at.value, other.value})
		return at.name + " becomes two"
	case 8:
		if list, ok := at.value.([]any); ok && len(list) > 1 {
			i := random.IntN(len(list))
			at.set(slices.Delete(slices.Clone(list), i, i+1))
			return at.name + " has one less"
		}
	case 9:
		at.set(object{"id": at.value})
		return at.name + " becomes an object with an id"
	case 10:
		at.set(object{"@value": at.value})
		return at.name + " becomes a value object"
	case 11:
		switch v := at.value.(type) {
		case string:
			at.set(v + " ")
		case object:
			at.set(v["id"])
		default:
			at.set(fmt.Sprint(v))
		}
		return at.name + " has another form"
	case 12:
		at.set([]any{[]any{at.value}})
		return at.name + " is in two arrays"
	case 13:
		target["@graph"] = []any{at.value}
		return at.name + " is in a graph"
	}
	return ""
}

// altered makes one or two changes and checks that the badge is not valid after.
func altered(t *testing.T, v *Verifier, data []byte, seed uint64) (tried bool) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 4))
	document := decode(t, data)
	before := normal(document, false)
	what := change(document, random)
	// Values of the document may now stand in two places, but not in themselves.
	text, err := json.Marshal(document)
	if err != nil {
		return false
	}
	if random.IntN(4) == 0 {
		document = decode(t, text)
		what += ", " + change(document, random)
		if text, err = json.Marshal(document); err != nil {
			return false
		}
	}
	if normal(decode(t, text), false) == before {
		return false
	}
	report, err := v.Verify(t.Context(), text, Expect{})
	if err == nil && report.Verdict == VerdictValid {
		t.Errorf("%d: still valid when %s:\n%s", seed, what, text)
	}
	return true
}

// TestStructure: no change to the structure of a good badge leaves it valid, but
// for what means nothing.
func TestStructure(t *testing.T) {
	l := newLab(t)
	data := fullBadge(l)
	l.wants(data, VerdictValid, CodeSignature)
	v := New(l.config)
	count := uint64(3000)
	if raceDetector || testing.Short() {
		count = 500
	}
	tried := 0
	for seed := range count {
		if altered(t, v, data, seed) {
			tried++
		}
	}
	t.Logf("%d changes", tried)
	if tried < int(count)/2 {
		t.Errorf("only %d changes of %d", tried, count)
	}
}

// TestSameBadge: what means nothing may be changed.
func TestSameBadge(t *testing.T) {
	l := newLab(t)
	data := fullBadge(l)
	b := decode(t, data)
	for _, s := range spots(b, spot{}, nil) {
		if list, ok := s.value.([]any); ok && s.name != "@context" {
			slices.Reverse(list)
		}
	}
	subject(b)["type"] = "AchievementSubject"
	b["proof"] = []any{b["proof"]}
	b["issuer"].(object)["type"] = "Profile"
	text, err := json.MarshalIndent(b, "\t", " ")
	if err != nil {
		t.Fatal(err)
	}
	if string(text) == string(data) || normal(decode(t, data), false) != normal(b, false) {
		t.Fatal("the badge is not the same in another form")
	}
	l.wants(text, VerdictValid, CodeSignature)
}

// FuzzStructure is TestStructure for seeds without end.
func FuzzStructure(f *testing.F) {
	l := newLab(f)
	data := fullBadge(l)
	v := New(l.config)
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { altered(t, v, data, seed) })
}
