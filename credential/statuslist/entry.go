package statuslist

import (
	"net/url"
	"strconv"
	"strings"

	"laurel/credential/strictjson"
)

// Kind is the specification that a status entry or a list credential follows.
type Kind uint8

// The kinds.
const (
	// Unknown is any other type of status: the status of the credential cannot
	// be told.
	Unknown Kind = iota
	// Bitstring is Bitstring Status List 1.0.
	Bitstring
	// StatusList2021 is its forerunner.
	StatusList2021
	// RevocationList is the 1EdTechRevocationList of Open Badges 3.0, whose
	// list is at the entry's ID. It is deprecated.
	RevocationList
)

// entryTypes are the types of credentialStatus that are understood.
var entryTypes = map[string]Kind{
	"BitstringStatusListEntry": Bitstring,
	"StatusList2021Entry":      StatusList2021,
	"1EdTechRevocationList":    RevocationList,
}

// maximumSize is the most bits an entry may have here.
const maximumSize = 64

// Entry is one status entry of a credential.
type Entry struct {
	Kind Kind
	// Types are the entry's types as written.
	Types []string
	// ID is optional but for RevocationList, where it is the URL of the list.
	ID string

	// The rest is set for Bitstring and StatusList2021 only.

	// StatusPurpose may be one that is not among the constants; such a status
	// cannot be understood.
	StatusPurpose string
	// StatusListIndex is from 0 to MaximumLength-1.
	StatusListIndex int
	// StatusListCredential is the URL of the list: absolute, and otherwise
	// unchecked. Whoever fetches it decides what may be fetched.
	StatusListCredential string
	// StatusSize is the number of bits of the entry, 1 when not given.
	StatusSize      int
	StatusMessages  []StatusMessage
	StatusReference []string

	// Value is the entry as it stands in the credential.
	Value strictjson.Value
}

// StatusMessage is what a value of the status means, in the issuer's words.
type StatusMessage struct {
	Status  uint64
	Message string
}

// ParseEntry reads the value of a credentialStatus: one entry or an array of
// them, in their order; every one of them counts. A credential without
// credentialStatus (the zero Value) has no entries. Entries of a type that is
// not understood are returned with Kind Unknown and little checked, so that
// the caller can say that the status is unknown rather than skip them.
//
// Errors are ErrMalformed (*MalformedError), or ErrRange for an index that no
// list can have. With an error there are no entries.
func ParseEntry(status strictjson.Value) ([]Entry, error) {
	if !status.Exists() {
		return nil, nil
	}
	if status.Kind() == strictjson.Array && status.Len() == 0 {
		return nil, malformed(status, "no entry")
	}
	var entries []Entry
	for v := range status.OneOrMany() {
		entry, err := parseEntry(v)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func parseEntry(v strictjson.Value) (e Entry, err error) {
	if v.Kind() != strictjson.Object {
		return e, malformed(v, "not an object")
	}
	e = Entry{Value: v, StatusSize: 1}
	if e.Types, err = stringSet(v, "type"); err != nil {
		return e, err
	}
	for _, name := range e.Types {
		kind := entryTypes[name]
		if kind == Unknown || kind == e.Kind {
			continue
		}
		if e.Kind != Unknown {
			return e, malformed(v.Get("type"), "two types of status in one entry")
		}
		e.Kind = kind
	}
	if id, given := v.Member("id"); given {
		if e.ID, err = absoluteURL(id); err != nil {
			return e, err
		}
	}
	switch e.Kind {
	case Bitstring, StatusList2021:
		err = e.parseList(v)
	case RevocationList:
		if e.ID == "" {
			err = missing(v, "id")
		}
	}
	return e, err
}

// parseList reads what Bitstring Status List entries have.
func (e *Entry) parseList(v strictjson.Value) (err error) {
	if e.StatusPurpose, err = text(v, "statusPurpose"); err != nil {
		return err
	}
	list, given := v.Member("statusListCredential")
	if !given {
		return missing(v, "statusListCredential")
	}
	if e.StatusListCredential, err = absoluteURL(list); err != nil {
		return err
	}
	if e.ID == e.StatusListCredential {
		return malformed(v.Get("id"), "the same as the URL of the list")
	}
	index, given := v.Member("statusListIndex")
	if !given {
		return missing(v, "statusListIndex")
	}
	if e.StatusListIndex, err = parseIndex(index); err != nil {
		return err
	}
	if size, given := v.Member("statusSize"); given {
		if e.StatusSize, err = parseSize(size); err != nil {
			return err
		}
	}
	if e.StatusMessages, err = parseMessages(v, e.StatusSize); err != nil {
		return err
	}
	if reference, given := v.Member("statusReference"); given {
		for one := range reference.OneOrMany() {
			address, err := absoluteURL(one)
			if err != nil {
				return err
			}
			e.StatusReference = append(e.StatusReference, address)
		}
	}
	return nil
}

// parseIndex reads a statusListIndex: a decimal string, or the JSON integer
// that the samples of 1EdTech have. "07", "+7" and 7.0 are neither.
func parseIndex(v strictjson.Value) (int, error) {
	digits := v.Text()
	if v.Kind() == strictjson.Number {
		digits = v.Literal()
	}
	if !decimal(digits) {
		return 0, malformed(v, "not a decimal number")
	}
	index, err := strconv.Atoi(digits)
	if err != nil || index >= MaximumLength {
		return 0, ErrRange
	}
	return index, nil
}

// parseSize reads a statusSize.
func parseSize(v strictjson.Value) (int, error) {
	if !decimal(v.Literal()) {
		return 0, malformed(v, "not a positive integer")
	}
	size, err := strconv.Atoi(v.Literal())
	if err != nil || size > maximumSize {
		return 0, malformed(v, "larger than is supported")
	}
	if size == 0 {
		return 0, malformed(v, "not a positive integer")
	}
	return size, nil
}

// parseMessages reads statusMessage. An entry of several bits must have one
// message for each value; for one of a single bit, where the messages decide
// nothing and issuers differ, any number is let through.
func parseMessages(v strictjson.Value, size int) ([]StatusMessage, error) {
	list, given := v.Member("statusMessage")
	switch {
	case !given && size == 1:
		return nil, nil
	case !given:
		return nil, missing(v, "statusMessage")
	case list.Kind() != strictjson.Array:
		return nil, malformed(list, "not an array")
	case size > 1 && (size > 30 || list.Len() != 1<<size):
		return nil, malformed(list, "not one message for each value")
	}
	var messages []StatusMessage
	seen := map[uint64]bool{}
	for one := range list.Elements() {
		status, err := text(one, "status")
		if err != nil {
			return nil, err
		}
		digits, found := strings.CutPrefix(status, "0x")
		value, err := strconv.ParseUint(digits, 16, 64)
		if !found || err != nil || value>>size != 0 {
			return nil, malformed(one.Get("status"), "not a hexadecimal value that the status can have")
		}
		if seen[value] {
			return nil, malformed(one.Get("status"), "a value that has a message already")
		}
		seen[value] = true
		message, err := text(one, "message")
		if err != nil {
			return nil, err
		}
		messages = append(messages, StatusMessage{Status: value, Message: message})
	}
	return messages, nil
}

// decimal reports whether digits is a natural number as Go would write it.
func decimal(digits string) bool {
	if digits == "" || digits[0] == '0' && len(digits) > 1 {
		return false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// text reads a member that must be a string with something in it.
func text(v strictjson.Value, name string) (string, error) {
	member, given := v.Member(name)
	if !given {
		return "", missing(v, name)
	}
	if member.Text() == "" {
		return "", malformed(member, "not a string, or empty")
	}
	return member.Text(), nil
}

// stringSet reads a member that must be a string or an array of strings.
func stringSet(v strictjson.Value, name string) ([]string, error) {
	member, given := v.Member(name)
	if !given {
		return nil, missing(v, name)
	}
	var set []string
	for one := range member.OneOrMany() {
		if one.Text() == "" {
			return nil, malformed(one, "not a string, or empty")
		}
		set = append(set, one.Text())
	}
	if len(set) == 0 {
		return nil, malformed(member, "empty")
	}
	return set, nil
}

// absoluteURL reads a string that must be an absolute URL.
func absoluteURL(v strictjson.Value) (string, error) {
	u, err := url.Parse(v.Text())
	if err != nil || !u.IsAbs() || strings.ContainsAny(v.Text(), " \"<>\\^`{|}") {
		return "", malformed(v, "not an absolute URL")
	}
	return v.Text(), nil
}
