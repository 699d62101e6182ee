package jsonld

import (
	"bytes"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// An RDF dataset has one node for each identifier. Where two objects of a
// document share one, their members become those of one node, and nothing in
// the signature says which of the two objects had which. Give an achievement
// the identifier of its issuer, and their names can be exchanged under a good
// proof. Yet credentials rightly repeat identifiers: an issuer in full in two
// places, criteria at the address of the achievement, an endorsement's subject.
// checkIdentifiers tells the two apart.

// The roles, by the name of the member that leads to an object, in which one
// thing is commonly met more than once.
var (
	profileRoles = []string{"issuer", "creator", "source", "parentOrg"}
	subjectRole  = "credentialSubject"
	criteriaRole = "criteria"
	refreshRole  = "refreshService"
)

// identified is a node with an identifier.
type identified struct {
	value         strictjson.Value
	name          strictjson.Value // of the member that led to it
	owner         strictjson.Value // the node with that member
	ofEndorsement bool             // owner is an endorsement
	subject       rdfc.Node
	graph         rdfc.Node
}

// identity stands for the identifier of a node of one graph: it has the hash of
// the identifier.
type identity struct {
	graph rdfc.Node
	hash  uint64
}

var identitySeed = maphash.MakeSeed()

// checkIdentifiers refuses an identifier that two nodes of one graph share when
// they are different kinds of thing or when exchanging members would show.
func (w *walk) checkIdentifiers() error {
	var groups map[int32][]*bearer
	for i := range w.identified {
		n := &w.identified[i]
		first := w.firstOf(int32(i))
		if first == int32(i) {
			continue
		}
		if groups == nil {
			groups = make(map[int32][]*bearer)
		}
		if groups[first] == nil {
			groups[first] = []*bearer{newBearer(&w.identified[first])}
		}
		group, ok := admit(groups[first], newBearer(n))
		if !ok {
			return loss(n.value, string(bytes.Trim(w.out.Text(n.subject), "<>")), ReasonRepeatedID)
		}
		groups[first] = group
	}
	return nil
}

// fewIdentified is how many nodes are looked through one by one.
const fewIdentified = 16

// firstOf gives the first node with the identifier of node i, which may be i.
// It is asked for one node after the other.
func (w *walk) firstOf(i int32) int32 {
	n := &w.identified[i]
	text := w.out.Text(n.subject)
	if len(w.identified) <= fewIdentified {
		for j := range i {
			if other := &w.identified[j]; other.graph == n.graph && bytes.Equal(w.out.Text(other.subject), text) {
				return j
			}
		}
		return i
	}
	at := identity{n.graph, maphash.Bytes(identitySeed, text)}
	for {
		first, found := w.firsts[at]
		if !found {
			w.firsts[at] = i
			return i
		}
		if bytes.Equal(w.out.Text(w.identified[first].subject), text) {
			return first
		}
		at.hash++ // another identifier with the same hash
	}
}

// maxBearers bounds how many objects with one identifier may differ from each
// other.
const maxBearers = 32

// bearer is a node whose identifier is repeated, with its members in a form
// that can be compared.
type bearer struct {
	*identified
	role    string
	aside   bool
	members map[string]string // by name, their likeness, as far as they must agree
	summary string
}

func newBearer(n *identified) *bearer {
	b := &bearer{identified: n, role: n.name.Text(), members: make(map[string]string, n.value.Len())}
	b.aside = b.isAside()
	learner := b.isSubject() && !b.aside
	for name, member := range n.value.Members() {
		switch {
		case name == "@context":
			continue
		case name == "endorsement", name == "endorsementJwt":
			// What others say, each about a subject of its own.
			continue
		case learner && (name == "type" || isStructure(member)):
			// Two credentials say different things about one learner: what
			// they say is in objects, and the learner's own words must agree.
			continue
		}
		b.members[name] = likeness(member)
	}
	parts := []string{b.role, strconv.FormatBool(b.aside)}
	for _, name := range slices.Sorted(maps.Keys(b.members)) {
		parts = append(parts, strconv.Quote(name)+":"+b.members[name])
	}
	b.summary = strings.Join(parts, "\n")
	return b
}

// admit adds b to the different bearers of its identifier, unless it may not
// share it with one of them or there are too many.
func admit(group []*bearer, b *bearer) ([]*bearer, bool) {
	for _, other := range group {
		if other.owner == b.owner && other.role == b.role {
			// In one array, a second object is another thing or superfluous.
			if !equalObjects(other.value, b.value) {
				return nil, false
			}
		}
		if other.summary == b.summary {
			return group, true
		}
		if !mayShare(other, b) {
			return nil, false
		}
	}
	return append(group, b), len(group) < maxBearers
}

// mayShare reports whether two nodes that differ may have one identifier.
func mayShare(a, b *bearer) bool {
	unlike := a.aside || b.aside
	switch {
	case unlike, a.role == b.role:
	case a.isProfile() && b.isProfile():
	case a.isSubject() && b.isProfile(), a.isProfile() && b.isSubject():
		unlike = true // somebody who makes a statement about themselves
	case !a.owner.Exists() && b.role == refreshRole, !b.owner.Exists() && a.role == refreshRole:
		unlike = true // a credential that is refreshed at its own address
	default:
		return false
	}
	if a.takesFrom(b) || b.takesFrom(a) {
		return false
	}
	for name, member := range a.members {
		// Unlike things have types of their own.
		if other, ok := b.members[name]; ok && other != member && (name != "type" || !unlike) {
			return false
		}
	}
	return true
}

func (b *bearer) isProfile() bool { return slices.Contains(profileRoles, b.role) }

func (b *bearer) isSubject() bool { return b.role == subjectRole }

// isAside reports whether a node says something about a thing that is described
// elsewhere: criteria, and what an endorsement is about.
func (b *bearer) isAside() bool {
	return b.role == criteriaRole || b.isSubject() && b.ofEndorsement
}

// isStructure reports whether a value is an object, or an array of objects.
func isStructure(v strictjson.Value) bool {
	for item := range v.OneOrMany() {
		if item.Kind() != strictjson.Object {
			return false
		}
	}
	return true
}

// equalObjects reports whether two objects have the same members with the same
// values.
func equalObjects(a, b strictjson.Value) bool {
	return a.Len() == b.Len() && likenessOfMembers(a) == likenessOfMembers(b)
}

// likeness describes a value so that equal descriptions mean equal values. An
// object with an identifier is described by it: its members are compared on
// their own account.
func likeness(v strictjson.Value) string {
	switch v.Kind() {
	case strictjson.Array:
		parts := make([]string, 0, v.Len())
		for element := range v.Elements() {
			parts = append(parts, likeness(element))
		}
		if len(parts) == 1 {
			return parts[0]
		}
		return "[" + strings.Join(parts, ",") + "]"
	case strictjson.Object:
		if id := v.Get("id"); id.Kind() == strictjson.String {
			return "<" + id.Text() + ">"
		}
		return likenessOfMembers(v)
	case strictjson.String:
		return strconv.Quote(v.Text())
	}
	return string(v.Raw())
}

func likenessOfMembers(v strictjson.Value) string {
	parts := make([]string, 0, v.Len())
	for name, member := range v.Members() {
		parts = append(parts, strconv.Quote(name)+":"+likeness(member))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}"
}
