package openbadges2

import (
	"net/url"
	"slices"
	"strings"

	"laurel/credential/strictjson"
)

// The contexts of badges of this kind.
const (
	ContextV2 = "https://w3id.org/openbadges/v2"
	ContextV1 = "https://w3id.org/openbadges/v1"
)

// Is reports whether a document is an Assertion of Open Badges 1.1 or 2.0.
func Is(root strictjson.Value) bool {
	var older, assertion bool
	for contexts := root.Get("@context").Items(); contexts.Next(); {
		context := contexts.Value()
		older = older || context.Is(ContextV2) || context.Is(ContextV1)
	}
	if !older {
		return false
	}
	for types := root.Get("type").Items(); types.Next(); {
		assertion = assertion || types.Value().Is("Assertion")
	}
	return assertion
}

// Fault is one fault of a document.
type Fault struct {
	Path    string // JSON Pointer in the document
	Problem string // a sentence, without anything from the document
}

// Verification is how an Assertion says it is to be verified (§4.7).
type Verification uint8

// The ways.
const (
	Unknown Verification = iota
	Hosted
	Signed
)

// VerificationOf reads it. Open Badges 1.1 has the member under another name.
func VerificationOf(assertion strictjson.Value) Verification {
	verification := verificationOf(assertion)
	for kind := range verification.Get("type").OneOrMany() {
		switch {
		case kind.Is("HostedBadge"), kind.Is("hosted"):
			return Hosted
		case kind.Is("SignedBadge"), kind.Is("signed"):
			return Signed
		}
	}
	return Unknown
}

func verificationOf(assertion strictjson.Value) strictjson.Value {
	if v, ok := assertion.Member("verification"); ok {
		return v
	}
	return assertion.Get("verify")
}

// Address is where a hosted Assertion says that it is.
func Address(assertion strictjson.Value) string {
	if id := assertion.Get("id").Text(); id != "" {
		return id
	}
	return verificationOf(assertion).Get("url").Text()
}

// Creator is the address of the key of a signed Assertion, "" when it leaves it
// to the issuer's profile.
func Creator(assertion strictjson.Value) string {
	return verificationOf(assertion).Get("creator").Text()
}

// Reference gives the address of a document that is named by its address or
// embedded.
func Reference(v strictjson.Value) string {
	if v.Kind() == strictjson.Object {
		return v.Get("id").Text()
	}
	return v.Text()
}

// CheckAssertion validates an Assertion (§4.1).
func CheckAssertion(v strictjson.Value) []Fault {
	f := check(v, "Assertion", []string{"Assertion"}, "id", "recipient", "badge", "issuedOn")
	recipient := v.Get("recipient")
	if recipient.Exists() && (recipient.Get("identity").Text() == "" || !recipient.Get("type").Exists()) {
		f = append(f, Fault{recipient.Pointer(), "The recipient lacks a type or an identity."})
	}
	if hashed := recipient.Get("hashed"); hashed.Exists() && hashed.Kind() != strictjson.Bool {
		f = append(f, Fault{hashed.Pointer(), "Whether the identity is hashed is neither true nor false."})
	}
	if VerificationOf(v) == Unknown {
		f = append(f, Fault{v.Pointer() + "/verification", "It does not say whether it is hosted or signed."})
	}
	issued, okIssued := date(v, "issuedOn", &f)
	expires, okExpires := date(v, "expires", &f)
	if okIssued && okExpires && expires.Before(issued) {
		f = append(f, Fault{v.Get("expires").Pointer(), "It expires before it was issued."})
	}
	return f
}

// CheckBadgeClass validates a BadgeClass (§4.2).
func CheckBadgeClass(v strictjson.Value) []Fault {
	return check(v, "BadgeClass", []string{"BadgeClass"}, "id", "name", "description", "image", "criteria", "issuer")
}

// CheckIssuer validates the Profile of an issuer (§4.3).
func CheckIssuer(v strictjson.Value) []Fault {
	return check(v, "issuer's profile", []string{"Issuer", "Profile"}, "id", "name", "url", "email")
}

// Extensions counts the extensions of a document (§5): its members that are of
// the type Extension. They have schemas of their own, which are not applied.
func Extensions(v strictjson.Value) int {
	count := 0
	for _, named := range v.Members() {
		for member := range named.OneOrMany() {
			for kind := range member.Get("type").OneOrMany() {
				if kind.Is("Extension") {
					count++
					break
				}
			}
		}
	}
	return count
}

// climbs reports whether the path of an address has a segment that leads out of
// the one before it: a host may serve for it what stands somewhere else.
func climbs(u *url.URL) bool {
	path := strings.ReplaceAll(u.Path, `\`, "/") // Path has no escapes any more
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func check(v strictjson.Value, what string, types []string, required ...string) []Fault {
	if v.Kind() != strictjson.Object {
		return []Fault{{v.Pointer(), "The " + what + " is not an object."}}
	}
	var f []Fault
	typed := false
	for t := range v.Get("type").OneOrMany() {
		typed = typed || slices.Contains(types, t.Text())
	}
	if !typed {
		f = append(f, Fault{v.Pointer() + "/type", "The " + what + " is not of the type that it must be."})
	}
	for _, name := range required {
		if m, ok := v.Member(name); !ok || m.Kind() == strictjson.String && m.Is("") || m.Kind() == strictjson.Null {
			f = append(f, Fault{v.Pointer() + "/" + name, "The " + what + " lacks " + name + "."})
		}
	}
	return f
}

// Covers reports whether an issuer answers for a hosted Assertion at an address
// (§4.3.2): by its allowedOrigins, or else on the host of its own id, and if it
// gives startsWith, only where an address begins like that.
func Covers(issuer strictjson.Value, address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || climbs(u) {
		return false
	}
	verification := issuer.Get("verification")
	origins := []string{}
	for origin := range verification.Get("allowedOrigins").OneOrMany() {
		origins = append(origins, strings.ToLower(origin.Text()))
	}
	if own, err := url.Parse(issuer.Get("id").Text()); len(origins) == 0 && err == nil && own.Host != "" {
		origins = append(origins, strings.ToLower(own.Host))
	}
	if host := strings.ToLower(u.Host); !slices.Contains(origins, host) && !slices.Contains(origins, strings.ToLower(u.Scheme)+"://"+host) {
		return false
	}
	starts, given := verification.Member("startsWith")
	if !given {
		return true
	}
	for start := range starts.OneOrMany() {
		if text := start.Text(); text != "" && strings.HasPrefix(address, text) {
			return true
		}
	}
	return false
}
