package vcapi

import (
	"bytes"
	"slices"
	"strings"

	"laurel/credential/jcs"
	"laurel/credential/strictjson"
)

// maxBody is the largest body that is read; VCALM suggests 10 MB.
const maxBody = 10 << 20

// request is the body of a request, read.
type request struct {
	root     strictjson.Value
	document strictjson.Value // the one member that it is about
	options  strictjson.Value // an object, or nothing
}

// read reads a body: an object with a member that is what the request is about,
// under the first of the names that is there, and perhaps options.
func (i *Instance) read(body []byte, known []string, names ...string) (*request, error) {
	parsed, err := strictjson.ParseLimits(body, strictjson.Limits{Size: maxBody})
	if err != nil {
		return nil, invalid(problemOf(err, parsingError, "The request is not strict JSON."))
	}
	r := &request{root: parsed.Root()}
	if r.root.Kind() != strictjson.Object {
		return nil, malformedRequest("", "The request is not an object.")
	}
	for _, name := range names {
		if member, ok := r.root.Member(name); ok {
			r.document = member
			break
		}
	}
	if len(names) > 0 && !r.document.Exists() {
		return nil, malformedRequest("/"+names[0], "The request has no "+names[0]+".")
	}
	options, ok := r.root.Member("options")
	switch {
	case !ok || options.Kind() == strictjson.Null && !i.config.Policy.StrictOptions:
		return r, nil
	case options.Kind() != strictjson.Object:
		return nil, malformedRequest("/options", "The options are not an object.")
	}
	r.options = options
	if i.config.Policy.StrictOptions {
		for name := range options.Members() {
			if !slices.Contains(known, name) {
				return nil, invalid(Problem{Type: unknownOption, Title: "There is no option of this name.", Path: "/options/" + strictjson.EscapePointer(name)})
			}
		}
	}
	return r, nil
}

func malformedRequest(path, detail string) error {
	return invalid(Problem{malformedValue, titleMalformed, detail, path})
}

// text returns an option that is a string, "" when it is not given.
func (r *request) text(name string) (string, error) {
	option, ok := r.options.Member(name)
	if !ok || option.Kind() == strictjson.Null {
		return "", nil
	}
	if option.Kind() != strictjson.String || option.Is("") {
		return "", malformedRequest(option.Pointer(), "The option is not a text.")
	}
	return option.Text(), nil
}

// texts returns an option that is an array of strings. given tells an empty one
// from none.
func (r *request) texts(name string) (all []string, given bool, err error) {
	option, ok := r.options.Member(name)
	if !ok || option.Kind() == strictjson.Null {
		return nil, false, nil
	}
	if option.Kind() != strictjson.Array {
		return nil, true, malformedRequest(option.Pointer(), "The option is not an array of texts.")
	}
	for element := range option.Elements() {
		if element.Kind() != strictjson.String {
			return nil, true, malformedRequest(element.Pointer(), "The option is not an array of texts.")
		}
		all = append(all, element.Text())
	}
	return all, true, nil
}

// flag returns an option that is true or false.
func (r *request) flag(name string, otherwise bool) (bool, error) {
	option, ok := r.options.Member(name)
	if !ok {
		return otherwise, nil
	}
	if option.Kind() != strictjson.Bool {
		return false, malformedRequest(option.Pointer(), "The option is neither true nor false.")
	}
	return option.Bool(), nil
}

// object returns the document, which must be an object, as a document of its
// own: places in it are then its own too.
func (r *request) object() (strictjson.Value, error) {
	if r.document.Kind() != strictjson.Object {
		return strictjson.Value{}, malformedRequest(r.document.Pointer(), "This is not an object.")
	}
	return alone(r.document.Raw())
}

func alone(data []byte) (strictjson.Value, error) {
	parsed, err := strictjson.ParseLimits(bytes.Clone(data), strictjson.Limits{Size: maxBody})
	if err != nil {
		return strictjson.Value{}, invalid(problemOf(err, parsingError, "The document is not strict JSON."))
	}
	return parsed.Root(), nil
}

// with returns an object with a member set to a value, which is JSON. What
// stands before and after it stays as it was written.
func with(object strictjson.Value, name, value string) []byte {
	text := object.Document().Bytes()
	if member, ok := object.Member(name); ok {
		return slices.Concat(text[object.Start():member.Start()], []byte(value), text[member.End():object.End()])
	}
	written := jcs.AppendString(nil, name)
	head := bytes.TrimRight(text[object.Start():object.End()-1], " \t\r\n")
	comma := ","
	if strings.HasSuffix(string(head), "{") {
		comma = ""
	}
	return slices.Concat(head, []byte(comma), written, []byte{':'}, []byte(value), []byte{'}'})
}

// quoted is a text as JSON.
func quoted(text string) string { return string(jcs.AppendString(nil, text)) }
