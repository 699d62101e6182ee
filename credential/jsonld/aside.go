package jsonld

import "slices"

// An object that speaks of a thing which is described elsewhere in the document
// shares its node with that description. Whoever holds the badge could move
// members of the description into it, without a key: the dataset stays the same,
// but readers look for them where they are no more, and a badge without its
// credentialStatus or validUntil is no longer withdrawn or expired. So such an
// object may say nothing of the thing but what it has a place for.

// asideMembers are what criteria and the subject of an endorsement have of their
// own, asideTypes what they are.
var (
	asideMembers = []string{"id", "type", "narrative", "endorsementComment"}
	asideTypes   = []string{"Criteria", "EndorsementSubject"}
)

// takesFrom reports whether b says something that belongs to other, with which
// it shares an identifier, or could have been moved there from other.
func (b *bearer) takesFrom(other *bearer) bool {
	switch {
	case b.aside && other.aside:
		return false // two that speak of the same thing
	case b.aside:
		return b.hasTypeBesides(asideTypes) || b.adds(other, asideMembers)
	case other.aside:
		return b.hasType(asideTypes) || b.value.Get("endorsementComment").Exists() ||
			other.role == criteriaRole && b.value.Get("narrative").Exists()
	case b.role == refreshRole && !other.owner.Exists():
		return b.adds(other, []string{"id", "type"})
	case b.isProfile() && other.isSubject():
		return b.hasType([]string{"AchievementSubject"})
	}
	return false
}

// adds reports whether b has a member that other does not have, besides its own.
func (b *bearer) adds(other *bearer, own []string) bool {
	for name := range b.members {
		if _, repeated := other.members[name]; !repeated && !slices.Contains(own, name) {
			return true
		}
	}
	return false
}

func (b *bearer) hasType(types []string) bool {
	for item := range b.value.Get("type").OneOrMany() {
		if slices.ContainsFunc(types, item.Is) {
			return true
		}
	}
	return false
}

func (b *bearer) hasTypeBesides(types []string) bool {
	for item := range b.value.Get("type").OneOrMany() {
		if !slices.ContainsFunc(types, item.Is) {
			return true
		}
	}
	return false
}
