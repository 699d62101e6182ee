package server

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"laurel/credential"
	"laurel/credential/strictjson"
	"laurel/internal/issuer"
	"laurel/storage"
)

// sentences are what can be wrong with the shape of a request. What is wrong
// with its meaning, the domain says.
var sentences = map[string]string{
	"member_unknown":      "There is no member of this name.",
	"member_missing":      "This member is required.",
	"object_expected":     "This must be an object.",
	"array_expected":      "This must be an array.",
	"text_expected":       "This must be a text.",
	"number_expected":     "This must be a whole number from 1.",
	"flag_expected":       "This must be true or false.",
	"time_malformed":      "This must be a date and time with a time zone, as in 2026-02-01T09:00:00Z.",
	"value_unknown":       "This is not one of the values that the API document lists.",
	"parameter_unknown":   "There is no query parameter of this name.",
	"not_in_url":          "This is not taken in a URL, which is kept in histories and logs. Send it as a field of the form, or as a member of expect.",
	"limit_malformed":     "A limit is a number from 1 to 100.",
	"cursor_malformed":    "A cursor is what the page before gave as next.",
	"empty":               "This must not be empty. Leave it out where it is not meant.",
	"too_many":            "There are too many.",
	"too_long":            "This is too long.",
	"url_malformed":       "This is not an https address.",
	"host_not_allowed":    "The operator of this installation does not allow this host.",
	"time_future":         "This must not lie in the future.",
	"backend_unknown":     "This installation is not configured with a key backend of this name.",
	"algorithm_elsewhere": "The backend cannot hold a key of this algorithm. Name another backend.",
}

// binder takes a request's JSON apart and collects what is wrong with it.
// Members are known by their exact names.
type binder struct {
	found []issuer.Violation
}

func (b *binder) fault(path, code string) {
	b.found = append(b.found, issuer.Violation{Path: path, Code: code, Message: sentences[code]})
}

// wrong is fault for what the domain has a sentence for.
func (b *binder) wrong(path, code string) {
	b.found = append(b.found, issuer.Violation{Path: path, Code: code, Message: issuer.Sentence(code)})
}

// err is nil when nothing was found.
func (b *binder) err() error {
	if len(b.found) == 0 {
		return nil
	}
	return &issuer.InvalidError{Violations: b.found}
}

// root parses a body that is an object with no other members than these.
func (b *binder) root(data []byte, names ...string) (strictjson.Value, error) {
	if len(data) == 0 {
		return strictjson.Value{}, refuse(problemEmpty)
	}
	doc, err := strictjson.Parse(data)
	if err != nil {
		return strictjson.Value{}, unreadable(data, err)
	}
	b.object(doc.Root(), names...)
	return doc.Root(), nil
}

func (b *binder) object(v strictjson.Value, names ...string) {
	if v.Kind() != strictjson.Object {
		b.fault(v.Pointer(), "object_expected")
		return
	}
	for name, member := range v.Members() {
		if !slices.Contains(names, name) {
			b.fault(member.Pointer(), "member_unknown")
		}
	}
}

// text returns a member's text, "" when it is absent.
func (b *binder) text(parent strictjson.Value, name string) string {
	v, ok := parent.Member(name)
	if ok && v.Kind() != strictjson.String {
		b.fault(v.Pointer(), "text_expected")
	}
	return v.Text()
}

// required is text for a member that must be there.
func (b *binder) required(parent strictjson.Value, name string) string {
	if _, ok := parent.Member(name); !ok && parent.Kind() == strictjson.Object {
		b.fault(parent.Pointer()+"/"+name, "member_missing")
	}
	return b.text(parent, name)
}

// time returns a member's time, zero when it is absent.
func (b *binder) time(parent strictjson.Value, name string) time.Time {
	v, ok := parent.Member(name)
	if !ok {
		return time.Time{}
	}
	t, zoned, err := credential.ParseDateTimeStamp(v.Text())
	if v.Kind() != strictjson.String || err != nil || !zoned {
		b.fault(v.Pointer(), "time_malformed")
	}
	return t
}

const maxEvidence = 100

// objects returns a member's elements as they stand.
func (b *binder) objects(parent strictjson.Value, name string) []json.RawMessage {
	v, ok := parent.Member(name)
	switch {
	case !ok:
		return nil
	case v.Kind() != strictjson.Array:
		b.fault(v.Pointer(), "array_expected")
		return nil
	case v.Len() > maxEvidence:
		b.fault(v.Pointer(), "too_many")
		return nil
	}
	var all []json.RawMessage
	for element := range v.Elements() {
		if element.Kind() != strictjson.Object {
			b.fault(element.Pointer(), "object_expected")
		}
		all = append(all, slices.Clone(element.Raw()))
	}
	return all
}

// awardRequest reads the body of POST /api/v1/credentials.
func awardRequest(data []byte) (issuer.Request, error) {
	var b binder
	root, err := b.root(data, "achievement", "recipient", "validFrom", "validUntil", "awardedDate", "evidence", "visibility", "refreshService")
	if err != nil {
		return issuer.Request{}, err
	}
	request := issuer.Request{
		Achievement: b.required(root, "achievement"),
		ValidFrom:   b.time(root, "validFrom"),
		ValidUntil:  b.time(root, "validUntil"),
		AwardedDate: b.time(root, "awardedDate"),
		Evidence:    b.objects(root, "evidence"),
		Visibility:  storage.Visibility(b.text(root, "visibility")),
	}
	if refresh := b.flag(root, "refreshService"); refresh != nil {
		request.RefreshService = *refresh
	}
	recipient, ok := root.Member("recipient")
	if ok {
		b.object(recipient, "email", "id", "name")
		request.Recipient = issuer.Recipient{Email: b.text(recipient, "email"), ID: b.text(recipient, "id"), Name: b.text(recipient, "name")}
	} else if root.Kind() == strictjson.Object {
		b.fault("/recipient", "member_missing")
	}
	return request, b.err()
}

// reissueRequest reads the body of POST /api/v1/credentials/{id}/reissue, which
// may be empty.
func reissueRequest(data []byte) (issuer.Reissue, error) {
	if len(data) == 0 {
		return issuer.Reissue{}, nil
	}
	var b binder
	root, err := b.root(data, "achievementVersion", "recipient", "validFrom", "validUntil", "awardedDate", "evidence", "visibility",
		"refreshService", "linked", "revoke")
	if err != nil {
		return issuer.Reissue{}, err
	}
	request := issuer.Reissue{
		ValidFrom:      b.time(root, "validFrom"),
		ValidUntil:     b.time(root, "validUntil"),
		AwardedDate:    b.time(root, "awardedDate"),
		Evidence:       b.objects(root, "evidence"),
		Visibility:     storage.Visibility(b.text(root, "visibility")),
		RefreshService: b.flag(root, "refreshService"),
		Linked:         b.flag(root, "linked"),
	}
	if v, ok := root.Member("achievementVersion"); ok {
		n, err := strconv.Atoi(v.Literal())
		if request.AchievementVersion = n; err != nil || n < 1 {
			b.fault(v.Pointer(), "number_expected")
		}
	}
	if recipient, ok := root.Member("recipient"); ok {
		b.object(recipient, "email", "id", "name")
		request.Recipient = &issuer.Recipient{Email: b.text(recipient, "email"), ID: b.text(recipient, "id"), Name: b.text(recipient, "name")}
	}
	if revoke, ok := root.Member("revoke"); ok {
		b.object(revoke, "reason", "wording")
		request.Revoke = &issuer.Change{Reason: b.text(revoke, "reason"), Wording: b.text(revoke, "wording")}
	}
	return request, b.err()
}

// flag returns a member that is true or false, nil when it is absent.
func (b *binder) flag(parent strictjson.Value, name string) *bool {
	v, ok := parent.Member(name)
	if !ok {
		return nil
	}
	if v.Kind() != strictjson.Bool {
		b.fault(v.Pointer(), "flag_expected")
	}
	value := v.Bool()
	return &value
}

// actions of POST /api/v1/credentials/{id}/status.
var actions = map[string]storage.State{
	"revoke": storage.StateRevoked, "suspend": storage.StateSuspended, "reinstate": storage.StateIssued,
}

func statusRequest(data []byte) (issuer.Change, error) {
	var b binder
	root, err := b.root(data, "action", "reason", "wording")
	if err != nil {
		return issuer.Change{}, err
	}
	return b.change(root), b.err()
}

// change reads the members that every change of status has.
func (b *binder) change(root strictjson.Value) issuer.Change {
	state, known := actions[b.required(root, "action")]
	if action := root.Get("action"); !known && action.Kind() == strictjson.String {
		b.fault("/action", "value_unknown")
	}
	return issuer.Change{State: state, Reason: b.text(root, "reason"), Wording: b.text(root, "wording")}
}

// nothing accepts an empty body or an empty object.
func nothing(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	var b binder
	if _, err := b.root(data); err != nil {
		return err
	}
	return b.err()
}

const (
	defaultLimit = 50
	maxLimit     = 100
)

// listQuery reads ?limit and ?cursor and the filters that a list has.
func listQuery(rawQuery string, filters ...string) (storage.Page, url.Values, error) {
	var b binder
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		b.fault("?", "parameter_unknown")
	}
	for name, given := range values {
		if name != "limit" && name != "cursor" && !slices.Contains(filters, name) || len(given) > 1 {
			b.fault("?"+name, "parameter_unknown")
		}
	}
	page := storage.Page{Limit: defaultLimit, Cursor: values.Get("cursor")}
	if values.Has("limit") {
		if page.Limit, err = strconv.Atoi(values.Get("limit")); err != nil || page.Limit < 1 || page.Limit > maxLimit {
			b.fault("?limit", "limit_malformed")
		}
	}
	slices.SortFunc(b.found, func(x, y issuer.Violation) int { return strings.Compare(x.Path, y.Path) })
	return page, values, b.err()
}
