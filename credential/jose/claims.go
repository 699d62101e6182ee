package jose

import (
	"slices"
	"time"

	"laurel/credential"
	"laurel/credential/strictjson"
)

// Claims are the registered claims of a JWT (RFC 7519 §4.1). A claim that is
// absent has the zero value; one that is there has its type, which is checked
// before anything else: null, a number as text, or a fraction of a second are
// refused.
type Claims struct {
	Issuer, Subject, ID string
	// Audience holds the values of aud, one or several.
	Audience []string
	// Nonce is the nonce of a presentation.
	Nonce string
	// Expires, NotBefore and IssuedAt are exp, nbf and iat. Nothing here
	// compares them with a clock.
	Expires, NotBefore, IssuedAt time.Time
}

// registered are the claims that Claims holds: in a payload that is itself a
// credential they stand between its members.
// With them goes cnf, the key of the holder (RFC 7800).
var registered = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "cnf"}

// maxNumericDate is the last second of the year 9999, the last that a
// dateTimeStamp of four digits can say.
const maxNumericDate = 253402300799

// ReadClaims reads the registered claims of a payload. The error is a
// *ClaimError.
func ReadClaims(payload strictjson.Value) (Claims, error) { return readClaims(payload, false) }

// readClaims reads claims; dateTimes admits a dateTimeStamp for a NumericDate.
func readClaims(payload strictjson.Value, dateTimes bool) (Claims, error) {
	var c Claims
	for name, target := range map[string]*string{"iss": &c.Issuer, "sub": &c.Subject, "jti": &c.ID, "nonce": &c.Nonce} {
		value, ok := payload.Member(name)
		if !ok {
			continue
		}
		if value.Kind() != strictjson.String || value.Is("") {
			return Claims{}, &ClaimError{Claim: name, Reason: "not a string with something in it"}
		}
		*target = value.Text()
	}
	for name, target := range map[string]*time.Time{"exp": &c.Expires, "nbf": &c.NotBefore, "iat": &c.IssuedAt} {
		value, ok := payload.Member(name)
		if !ok {
			continue
		}
		t, err := numericDate(name, value, dateTimes)
		if err != nil {
			return Claims{}, err
		}
		*target = t
	}
	if aud, ok := payload.Member("aud"); ok {
		for value := range aud.OneOrMany() {
			if value.Kind() != strictjson.String || value.Is("") {
				return Claims{}, &ClaimError{Claim: "aud", Reason: "not a string or a list of strings"}
			}
			c.Audience = append(c.Audience, value.Text())
		}
	}
	if !c.Expires.IsZero() && c.NotBefore.After(c.Expires) {
		return Claims{}, &ClaimError{Claim: "exp", Reason: "before nbf"}
	}
	return c, nil
}

// numericDate reads whole seconds since 1970.
func numericDate(name string, v strictjson.Value, dateTimes bool) (time.Time, error) {
	if dateTimes && v.Kind() == strictjson.String {
		if t, _, err := credential.ParseDateTimeStamp(v.Text()); err == nil {
			return t, nil
		}
	}
	fault := &ClaimError{Claim: name, Reason: "not a whole number of seconds between 1970 and 9999"}
	if v.Kind() != strictjson.Number {
		return time.Time{}, fault
	}
	for _, c := range v.Raw() {
		if c < '0' || c > '9' {
			return time.Time{}, fault
		}
	}
	seconds, ok := v.Int()
	if !ok || seconds > maxNumericDate {
		return time.Time{}, fault
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// Has reports whether aud has a value.
func (c Claims) Has(audience string) bool { return slices.Contains(c.Audience, audience) }

// A pair is a claim and the member of the credential that says the same.
type pair struct {
	claim string
	// value of the claim; "" or the zero time when it is absent
	text string
	time time.Time
	// member of the document and its place
	member strictjson.Value
	path   string
}

// agree reports a pair whose two sides are there and differ.
func (p pair) agree() error {
	if !p.member.Exists() || p.text == "" && p.time.IsZero() {
		return nil
	}
	contradicts := &ClaimError{Claim: p.claim, Path: p.path, Reason: "contradicts the credential"}
	if p.time.IsZero() {
		if p.member.Kind() != strictjson.String || !p.member.Is(p.text) {
			return contradicts
		}
		return nil
	}
	if p.member.Kind() != strictjson.String {
		return contradicts
	}
	t, _, err := credential.ParseDateTimeStamp(p.member.Text())
	if err != nil {
		return contradicts
	}
	// The claim has whole seconds, the member perhaps fractions of them.
	if difference := t.Sub(p.time); difference <= -time.Second || difference >= time.Second {
		return contradicts
	}
	return nil
}

// identified returns the id of a value that is an identifier or an object with
// one, and its place below path.
func identified(v strictjson.Value, path string) (id strictjson.Value, at string) {
	if v.Kind() == strictjson.Object {
		return v.Get("id"), path + "/id"
	}
	return v, path
}
