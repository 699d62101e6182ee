package jsonld

import (
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
)

// checkIdentifiers refuses an identifier that two nodes of one graph share when
// they are different kinds of thing or when exchanging members would show.
func (w *walk) checkIdentifiers() error {
	type key struct{ graph, subject rdfc.Term }
	first := make(map[key]*node, len(w.nodes))
	groups := make(map[key][]*bearer)
	for _, n := range w.nodes {
		k := key{n.graph, n.subject}
		if _, repeated := first[k]; !repeated {
			first[k] = n
			continue
		}
		if groups[k] == nil {
			groups[k] = []*bearer{newBearer(first[k])}
		}
		group, ok := admit(groups[k], newBearer(n))
		if !ok {
			return loss(n.value, n.subject.Value, ReasonRepeatedID)
		}
		groups[k] = group
	}
	return nil
}

// maxBearers bounds how many objects with one identifier may differ from each
// other.
const maxBearers = 32

// bearer is a node whose identifier is repeated, with its members in a form
// that can be compared.
type bearer struct {
	*node
	aside   bool
	members map[string]string // by name, their likeness, as far as they must agree
	summary string
}

func newBearer(n *node) *bearer {
	b := &bearer{node: n, aside: isAside(n), members: make(map[string]string, n.value.Len())}
	learner := isSubject(n) && !b.aside
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
	parts := []string{n.role, strconv.FormatBool(b.aside)}
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
	case isProfile(a.node) && isProfile(b.node):
	case isSubject(a.node) && isProfile(b.node), isProfile(a.node) && isSubject(b.node):
		unlike = true // somebody who makes a statement about themselves
	case a.owner == nil && b.role == "refreshService", b.owner == nil && a.role == "refreshService":
		unlike = true // a credential that is refreshed at its own address
	default:
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

func isProfile(n *node) bool { return slices.Contains(profileRoles, n.role) }

func isSubject(n *node) bool { return n.role == subjectRole }

// isAside reports whether a node says something about a thing that is described
// elsewhere: criteria, and what an endorsement is about.
func isAside(n *node) bool {
	if n.role == criteriaRole {
		return true
	}
	return isSubject(n) && n.owner != nil && slices.Contains(n.owner.types, "EndorsementCredential")
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
