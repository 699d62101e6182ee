package did

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"laurel/credential/strictjson"
)

// Content is what a DID URL leads to: a document, a part of one, or another
// URL. Of Part and Location at most one is set.
type Content struct {
	// Resolution is the document that the URL's DID resolved to. It is without
	// a document when the DID was given up and no version was asked for.
	Resolution *Resolution
	// Part is the verification method or service that the fragment names. It
	// gives a key no authority: for that, ask (*Document).Method.
	Part strictjson.Value
	// Location is the https or http URL at a service's endpoint. It is the
	// controller's choice, and may lead anywhere.
	Location string
}

// maxDecodings bounds how often a reference is percent-decoded to see what it
// comes to.
const maxDecodings = 4

// Dereference finds what a DID URL leads to (DID Resolution 1.0 §5): the
// parameters versionId and versionTime choose a version, service or serviceType
// and relativeRef a place at a service's endpoint, and the fragment a part of
// the document. A path leads nowhere, since none of the methods here gives it a
// meaning. Other parameters are ignored.
//
// Errors are those of ResolveVersion; ErrInvalidDIDURL for parameters that are
// malformed, there twice, or of which two contradict each other; and ErrNotFound
// when the document has no such part or service.
func (m Methods) Dereference(ctx context.Context, u URL) (*Content, error) {
	parameters, err := ParseParameters(u.Query)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidDIDURL, err)
	}
	resolution, err := m.ResolveVersion(ctx, u.DID, parameters.Version)
	if err != nil {
		return nil, err
	}
	content := &Content{Resolution: resolution}
	switch {
	case resolution.Metadata.Deactivated && parameters.Version == (Version{}):
		// Nothing of it is in use any more.
		content.Resolution = &Resolution{Metadata: resolution.Metadata}
	case u.Path != "":
		return nil, fmt.Errorf("%w: path without a meaning", ErrNotFound)
	case parameters.Service != "" || parameters.ServiceType != "":
		content.Location, err = resolution.Document.endpoint(parameters, u.Fragment)
	case u.Fragment != "":
		content.Part, err = resolution.Document.part(u.Fragment)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// Parameters are the parameters of a DID URL that DID Core 1.0 §3.2.1 and DID
// Resolution 1.0 define. Fields are zero for those that are not there.
type Parameters struct {
	Version Version
	// Service and ServiceType choose a service by its id (its fragment, or
	// whole) and by its type.
	Service, ServiceType string
	// RelativeRef is a path relative to the service's endpoint,
	// percent-encoded, without query and fragment.
	RelativeRef string
}

// ParseParameters reads the query of a DID URL, or one that carries options of a
// resolution. The error is an ErrInvalidParameters: malformed percent-encoding, a
// name twice, a value that is not printable ASCII, a versionTime that is not in
// whole seconds of UTC, both of versionId and versionTime, a relativeRef that is
// no plain relative path or leaves its place.
func ParseParameters(query string) (Parameters, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return Parameters{}, fmt.Errorf("%w: malformed query", ErrInvalidParameters)
	}
	for _, list := range values {
		if len(list) > 1 {
			return Parameters{}, fmt.Errorf("%w: parameter is there twice", ErrInvalidParameters)
		}
		for i := range len(list[0]) {
			if list[0][i] < ' ' || list[0][i] > '~' {
				return Parameters{}, fmt.Errorf("%w: value is not ASCII", ErrInvalidParameters)
			}
		}
	}
	p := Parameters{
		Version: Version{ID: values.Get("versionId")}, Service: values.Get("service"), ServiceType: values.Get("serviceType"),
		RelativeRef: values.Get("relativeRef"),
	}
	if values.Has("versionTime") {
		const form = "2006-01-02T15:04:05Z"
		text := values.Get("versionTime")
		t, err := time.Parse(form, text)
		if err != nil || len(text) != len(form) || t.IsZero() {
			return Parameters{}, fmt.Errorf("%w: versionTime is not in whole seconds of UTC", ErrInvalidParameters)
		}
		p.Version.Time = t
	}
	if values.Has("versionId") && (p.Version.ID == "" || values.Has("versionTime")) {
		return Parameters{}, fmt.Errorf("%w: versionId is empty, or not alone", ErrInvalidParameters)
	}
	if err := checkRelativeRef(p.RelativeRef); err != nil {
		return Parameters{}, err
	}
	return p, nil
}

// checkRelativeRef refuses what could lead out of the place that a service has,
// however often somebody on the way decodes it.
func checkRelativeRef(ref string) error {
	if !consistsOf(ref, isPathChar) || strings.HasPrefix(ref, "//") {
		return fmt.Errorf("%w: relativeRef is not a relative path", ErrInvalidParameters)
	}
	if segment, _, _ := strings.Cut(ref, "/"); strings.ContainsRune(segment, ':') {
		return fmt.Errorf("%w: relativeRef is not a relative path", ErrInvalidParameters)
	}
	decoded := ref
	for range maxDecodings {
		for segment := range strings.FieldsFuncSeq(decoded, func(r rune) bool { return r == '/' || r == '\\' }) {
			if segment == "." || segment == ".." {
				return fmt.Errorf("%w: relativeRef has a dot segment", ErrInvalidParameters)
			}
		}
		if strings.ContainsAny(decoded, "\\\x00\r\n") {
			return fmt.Errorf("%w: relativeRef has a character that is not allowed", ErrInvalidParameters)
		}
		next, err := url.PathUnescape(decoded)
		if err != nil || next == decoded {
			return nil // a stray percent sign is what it is, once decoded
		}
		decoded = next
	}
	return fmt.Errorf("%w: relativeRef is encoded again and again", ErrInvalidParameters)
}

// endpoint gives the URL at the first service that the parameters choose.
func (d *Document) endpoint(p Parameters, fragment string) (string, error) {
	services := d.Value.Get("service")
	if services.Kind() != strictjson.Array {
		return "", fmt.Errorf("%w: no such service", ErrNotFound)
	}
	for service := range services.Elements() {
		if p.Service != "" && !d.isNamed(service, p.Service) || p.ServiceType != "" && !hasType(service, p.ServiceType) {
			continue
		}
		for endpoint := range service.Get("serviceEndpoint").OneOrMany() {
			if u, err := url.Parse(endpoint.Text()); err == nil && isWeb(u) {
				return locate(u, p.RelativeRef, fragment)
			}
		}
	}
	return "", fmt.Errorf("%w: no such service at a URL", ErrNotFound)
}

// isNamed reports whether a service has an id by its fragment or as a whole.
func (d *Document) isNamed(service strictjson.Value, name string) bool {
	id := d.absolute(service.Get("id").Text())
	return id == name || id == d.ID+"#"+name
}

func hasType(v strictjson.Value, name string) bool {
	for typ := range v.Get("type").OneOrMany() {
		if typ.Is(name) {
			return true
		}
	}
	return false
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.Opaque == ""
}

// locate resolves the reference against the endpoint (RFC 3986 §5) and makes
// sure that it stays where the endpoint is.
func locate(endpoint *url.URL, ref, fragment string) (string, error) {
	located := *endpoint
	if ref != "" {
		parsed, err := url.Parse(ref)
		if err != nil || parsed.IsAbs() || parsed.Host != "" {
			return "", fmt.Errorf("%w: relativeRef is not a relative path", ErrInvalidDIDURL)
		}
		located = *endpoint.ResolveReference(parsed)
		base := endpoint.EscapedPath()
		base = base[:strings.LastIndexByte(base, '/')+1]
		if !strings.HasPrefix(located.EscapedPath(), base) || located.Host != endpoint.Host {
			return "", fmt.Errorf("%w: relativeRef leaves the service", ErrInvalidDIDURL)
		}
	}
	text := located.String()
	if fragment != "" {
		if located.Fragment != "" {
			return "", fmt.Errorf("%w: fragment at an endpoint with a fragment", ErrInvalidDIDURL)
		}
		text += "#" + fragment
	}
	return text, nil
}

// part finds the verification method or service with a fragment. An id that is
// there twice names nothing.
func (d *Document) part(fragment string) (strictjson.Value, error) {
	var found strictjson.Value
	for _, name := range append([]Relationship{"verificationMethod", "service"}, relationships...) {
		list := d.Value.Get(string(name))
		if list.Kind() != strictjson.Array {
			continue
		}
		for element := range list.Elements() {
			if element.Kind() != strictjson.Object || d.absolute(element.Get("id").Text()) != d.ID+"#"+fragment {
				continue
			}
			if found.Exists() {
				return strictjson.Value{}, fmt.Errorf("%w: fragment names two parts", ErrInvalidDocument)
			}
			found = element
		}
	}
	if !found.Exists() {
		return strictjson.Value{}, fmt.Errorf("%w: no such part", ErrNotFound)
	}
	return found, nil
}

// JSON returns the part as a document of its own, with the @context of the
// document that it was taken from unless it has one; without a part, the
// document, nil when there is none.
func (c *Content) JSON() []byte {
	if c.Resolution.Document == nil {
		return nil
	}
	document := c.Resolution.Document.Value
	if !c.Part.Exists() {
		return bytes.Clone(document.Raw())
	}
	context, ok := document.Member("@context")
	if _, has := c.Part.Member("@context"); has || !ok {
		return bytes.Clone(c.Part.Raw())
	}
	// A part has an id, so that something follows its opening brace.
	out := append([]byte(`{"@context":`), context.Raw()...)
	out = append(out, ',')
	return append(out, bytes.TrimPrefix(c.Part.Raw(), []byte("{"))...)
}
