package verifier

import (
	"strconv"

	"laurel/credential/strictjson"
)

// endorsements checks every endorsement in the badge, at any depth, like a
// credential of its own. What comes out is said and does not change the verdict
// on the badge.
func (e *examination) endorsements() {
	list := e.credential.Endorsements()
	if len(list) == 0 {
		return
	}
	endorsable := make(map[string]bool)
	collectIDs(e.credential.Value(), endorsable)
	unchecked := max(len(list)-MaxEndorsements, 0)
	left := len(e.credential.Raw()) + endorsementSlack
	for _, v := range list[:min(len(list), MaxEndorsements)] {
		if left -= len(v.Raw()); left < 0 {
			unchecked++
			continue
		}
		e.endorsement(v, endorsable)
	}
	if unchecked > 0 {
		e.add(CodeEndorsementUnchecked, Skipped, "", map[string]string{"count": strconv.Itoa(unchecked)})
	}
}

// endorsementSlack is how many bytes of endorsements are checked beyond the size
// of the badge. Those side by side never have more; each within another is read
// again at every level.
const endorsementSlack = 64 << 10

// endorsement checks one endorsement, an object or a compact JWS. One that is
// good but about something else was taken from another badge.
func (e *examination) endorsement(v strictjson.Value, endorsable map[string]bool) {
	examined := &examination{session: e.session, purpose: asEndorsement}
	document := v
	if v.Kind() == strictjson.Object {
		examined.examine(v)
	} else {
		examined.jws([]byte(v.Text()))
		document = examined.document()
	}
	id := idOf(document.Get("issuer"))
	params := map[string]string{"issuer": partyOf(id), "id": id}
	path := v.Pointer()
	reason, good := examined.conclusion()
	params = given(params)
	if good {
		if endorsable[document.Get("credentialSubject").Get("id").Text()] {
			e.add(CodeEndorsement, Passed, path, params)
		} else {
			e.add(CodeEndorsementElsewhere, Failed, path, params)
		}
		return
	}
	params["reason"] = string(reason)
	outcome := Failed
	if examined.verdict() == VerdictIndeterminate {
		outcome = Indeterminate
	}
	e.add(CodeEndorsement, outcome, path, params)
}

// partyOf names an issuer for people: by the place of its document, else by its
// id.
func partyOf(id string) string {
	if place := placeOf(id); place != "" {
		return place
	}
	if id == "" {
		return "nobody named"
	}
	return id
}

// collectIDs finds the ids of what the badge speaks of: everything but the
// endorsements, proofs and contexts themselves.
func collectIDs(v strictjson.Value, ids map[string]bool) {
	for element := range v.Elements() {
		collectIDs(element, ids)
	}
	for name, member := range v.Members() {
		switch name {
		case "endorsement", "proof", "@context":
			continue
		case "id":
			if id := member.Text(); id != "" {
				ids[id] = true
			}
		default:
			collectIDs(member, ids)
		}
	}
}

// idOf gives the id of a party that is named by URI or embedded.
func idOf(v strictjson.Value) string {
	if v.Kind() == strictjson.Object {
		return v.Get("id").Text()
	}
	return v.Text()
}
