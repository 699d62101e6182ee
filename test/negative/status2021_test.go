package negative

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"laurel/credential/statuslist"
)

const (
	contextV1         = "https://www.w3.org/2018/credentials/v1"
	contextStatus2021 = "https://w3id.org/vc/status-list/2021/v1"
)

// statusList2021 is an unsigned list of the kind that was before BitstringStatusList,
// which is a credential of version 1.1.
func statusList2021(c *corpus, purpose string, set ...int) object {
	c.Helper()
	encoded, _ := at(listOf(c, purpose, set...), "credentialSubject", "encodedList").(string)
	return object{
		"@context": array{contextV1, contextStatus2021}, "id": listURL, "type": array{"VerifiableCredential", "StatusList2021Credential"},
		"issuer": issuerID, "issuanceDate": "2026-06-15T11:00:00Z",
		"credentialSubject": object{"id": listURL + "#list", "type": "StatusList2021", "statusPurpose": purpose, "encodedList": strings.TrimPrefix(encoded, "u")},
	}
}

// badge2021 is a badge of version 1.1 on such a list.
func badge2021(change func(entry object)) object {
	b := badge()
	b["@context"] = array{contextV1, at(b, "@context", 1), contextStatus2021}
	b["issuanceDate"], b["expirationDate"] = b["validFrom"], b["validUntil"]
	delete(b, "validFrom")
	delete(b, "validUntil")
	entry := statusEntry("revocation", listURL, fmt.Sprint(place))
	entry["type"] = "StatusList2021Entry"
	if change != nil {
		change(entry)
	}
	b["credentialStatus"] = entry
	return b
}

// status2021Family is about what a StatusList2021 says, or cannot say.
func status2021Family(c *corpus) {
	signed := issueText(c, badge2021(nil))
	good := issueText(c, statusList2021(c, "revocation", place-1, place+1))
	w := usual().with(listURL, good)
	sibling := c.good("status-2021", "a badge that is not revoked", signed, w)
	bad := func(name string, data []byte, w *world) { c.bad("status-2021", name, sibling, data, w) }

	bad("revoked", signed, usual().with(listURL, issueText(c, statusList2021(c, "revocation", place))))
	suspended := issueText(c, badge2021(func(e object) { e["statusPurpose"] = "suspension" }))
	bad("suspended", suspended, usual().with(listURL, issueText(c, statusList2021(c, "suspension", place))))
	bad("suspended, on a list of revocations", suspended, w)
	bad("on a newer list", signed, usual().with(listURL, issue(c, listOf(c, "revocation"))))
	for _, index := range []any{"-1", "abc", "07", " 5", "+5", "0x5", "5.0", "", fmt.Sprint(statuslist.MinimumLength), "99999999999999999999", 5.5, -1, true, nil, array{"5"}} {
		bad(fmt.Sprintf("the index %.30q", encode(index)), issueText(c, badge2021(func(e object) { e["statusListIndex"] = index })), w)
	}
	for _, n := range []named{
		without("type"), without("statusPurpose"), without("statusListIndex"), without("statusListCredential"), put("type", "StatusList2030Entry"),
		put("type", "BitstringStatusListEntry"), put("statusPurpose", "mood"), put("statusPurpose", array{"revocation", "suspension"}),
		put("statusListCredential", "https://evil.example/status"), put("statusListCredential", "status/1"), put("statusListCredential", 1),
	} {
		bad("an entry: "+n.name, issueText(c, badge2021(func(e object) { n.change(object{"proof": e}) })), w)
	}
	for name, change := range map[string]func(o object){
		"of another issuer":       func(o object) { o["issuer"] = "did:web:evil.example" },
		"of nobody":               func(o object) { delete(o, "issuer") },
		"that ran out":            func(o object) { o["expirationDate"] = "2026-06-15T11:59:59Z" },
		"that is not valid yet":   func(o object) { o["issuanceDate"] = "2026-06-15T13:00:00Z" },
		"that is not of the type": func(o object) { o["type"] = array{"VerifiableCredential"} },
		"of the newer type":       func(o object) { o["type"] = array{"VerifiableCredential", "BitstringStatusListCredential"} },
		"with a newer subject":    func(o object) { at(o, "credentialSubject").(object)["type"] = "BitstringStatusList" },
		"without a subject":       func(o object) { delete(o, "credentialSubject") },
		"for another purpose":     func(o object) { at(o, "credentialSubject").(object)["statusPurpose"] = "suspension" },
		"for no purpose":          func(o object) { delete(at(o, "credentialSubject").(object), "statusPurpose") },
		"at another address":      func(o object) { o["id"] = listURL + "0" },
		"that is on a list":       func(o object) { o["credentialStatus"] = badge2021(nil)["credentialStatus"] },
		"without bits":            func(o object) { delete(at(o, "credentialSubject").(object), "encodedList") },
		"with the newer prefix (u)": func(o object) {
			s := at(o, "credentialSubject").(object)
			s["encodedList"] = "u" + s["encodedList"].(string)
		},
		"with bits that are a number": func(o object) { at(o, "credentialSubject").(object)["encodedList"] = 7 },
		"with no gzip": func(o object) {
			at(o, "credentialSubject").(object)["encodedList"] = base64.RawURLEncoding.EncodeToString(make([]byte, statuslist.MinimumLength/8))
		},
		"with half its bits": func(o object) {
			s := at(o, "credentialSubject").(object)
			t := s["encodedList"].(string)
			s["encodedList"] = t[:len(t)/2]
		},
		"that is half as long": func(o object) {
			at(o, "credentialSubject").(object)["encodedList"] = gzipped("", make([]byte, statuslist.MinimumLength/16))
		},
		"that is a bomb": func(o object) { at(o, "credentialSubject").(object)["encodedList"] = gzipped("", make([]byte, 32<<20)) },
		"with every bit set": func(o object) {
			at(o, "credentialSubject").(object)["encodedList"] = gzipped("", bytes.Repeat([]byte{0xff}, statuslist.MinimumLength/8))
		},
	} {
		list := statusList2021(c, "revocation")
		change(list)
		bad("a list "+name, signed, usual().with(listURL, issueText(c, list)))
	}
	for name, answer := range map[string]any{
		"a page": []byte("<html>"), "not found": statusError(404), "gone": statusError(410), "out of reach": errUnreachable, "null": []byte("null"),
		"without a proof": changed(good, func(o object) { delete(o, "proof") }), "half": good[:len(good)/2],
		"changed": changed(issueText(c, statusList2021(c, "revocation", place)), func(o object) {
			at(o, "credentialSubject").(object)["encodedList"] = at(statusList2021(c, "revocation"), "credentialSubject", "encodedList")
		}),
		"signed by another": sign(c, statusList2021(c, "revocation"), foreign()["ed"], optionsOf("ed")),
	} {
		bad("the list is "+name, signed, usual().with(listURL, answer))
	}
}
