package verifier

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/credential/statuslist"
)

// listed signs a badge with status entries, after the list was put in reach.
func listed(set []int, entries ...any) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.serveList(listURL, "revocation", set...)
		b := badge()
		b["credentialStatus"] = entries
		if len(entries) == 1 {
			b["credentialStatus"] = entries[0]
		}
		return l.issue(b)
	}
}

// entryWith is a status entry with members changed.
func entryWith(change object) object {
	e := statusEntry("revocation", listURL, fmt.Sprint(badgeIndex))
	for name, value := range change {
		e[name] = value
		if value == nil {
			delete(e, name)
		}
	}
	return e
}

func atIndex(index any) func(l *lab) []byte {
	return listed(nil, entryWith(object{"statusListIndex": index}))
}

func statusScenarios() []scenario {
	revocation := entryWith(nil)
	suspension := statusEntry("suspension", holdURL, "7")
	held := func(set ...int) func(l *lab) []byte {
		return func(l *lab) []byte {
			l.serveList(holdURL, "suspension", set...)
			return listed(nil, revocation, suspension)(l)
		}
	}
	noted := func(change func(e object), set ...int) func(l *lab) []byte {
		return func(l *lab) []byte {
			l.serveList(holdURL, "message", set...)
			e := statusEntry("message", holdURL, "7")
			change(e)
			return listed(nil, e)(l)
		}
	}
	return []scenario{
		{"not withdrawn", listed([]int{badgeIndex - 1, badgeIndex + 1}, revocation), VerdictValid, CodeSignature},
		{"withdrawn", listed([]int{badgeIndex}, revocation), VerdictInvalid, CodeRevoked},
		{"withdrawn, by the last index", listed([]int{131071}, entryWith(object{"statusListIndex": "131071"})), VerdictInvalid, CodeRevoked},
		{"withdrawn, by an index as a number", listed([]int{23}, entryWith(object{"statusListIndex": 23})), VerdictInvalid, CodeRevoked},
		{"neither withdrawn nor on hold", held(), VerdictValid, CodeSignature},
		{"on hold", held(7), VerdictInvalid, CodeSuspended},
		{"one entry good, one list out of reach", listed(nil, revocation, suspension), VerdictIndeterminate, CodeStatusUnavailable},
		{"one list out of reach, the other withdraws", listed([]int{badgeIndex}, suspension, revocation), VerdictInvalid, CodeRevoked},
		{"a message", noted(func(object) {}, 7), VerdictValid, CodeSignature},
		{"a message in words", noted(func(e object) {
			e["statusMessage"] = []any{object{"status": "0x0", "message": "none"}, object{"status": "0x1", "message": "renewed"}}
		}, 7), VerdictValid, CodeSignature},
		{"no message", noted(func(object) {}), VerdictValid, CodeSignature},
		{"a message out of reach", listed(nil, statusEntry("message", holdURL, "7")), VerdictValid, CodeSignature},
		{"a newer copy", func(l *lab) []byte {
			l.serveList(holdURL, "refresh", 7)
			return listed(nil, statusEntry("refresh", holdURL, "7"))(l)
		}, VerdictValid, CodeSignature},
		{"several bits, none set (SL-04)", listed([]int{18, 22}, entryWith(object{"statusListIndex": "5", "statusSize": 1})), VerdictValid, CodeSignature},
		{"several bits, on a list too short for them (SL-04)", listed([]int{21}, sizedEntry()), VerdictIndeterminate, CodeStatusListTooShort},
		{"several bits, one set (SL-04)", func(l *lab) []byte {
			l.serveLongList(21)
			return listedOn(l, sizedEntry())
		}, VerdictInvalid, CodeRevoked},
		{"several bits, others set (SL-04)", func(l *lab) []byte {
			l.serveLongList(19, 22)
			return listedOn(l, sizedEntry())
		}, VerdictValid, CodeSignature},
		{"a size of none (SL-04)", listed(nil, entryWith(object{"statusSize": 0})), VerdictIndeterminate, CodeStatusEntryMalformed},
		{"a negative size (SL-04)", listed(nil, entryWith(object{"statusSize": -1})), VerdictIndeterminate, CodeStatusEntryMalformed},
		{"another purpose than the list's (SL-04)", listed(nil, entryWith(object{"statusPurpose": "suspension"})), VerdictIndeterminate, CodeStatusPurposeMismatch},
		{"an unknown purpose (SL-04)", listed(nil, entryWith(object{"statusPurpose": "whim"})), VerdictIndeterminate, CodeStatusPurposeUnknown},
		{"an index outside (SL-05)", atIndex("131072"), VerdictIndeterminate, CodeStatusIndexRange},
		{"an index of 2^31 (SL-05)", atIndex("2147483648"), VerdictIndeterminate, CodeStatusIndexRange},
		{"an index of 2^63 (SL-05)", atIndex("9223372036854775808"), VerdictIndeterminate, CodeStatusIndexRange},
		{"an index with a leading zero (SL-05)", atIndex("07"), VerdictIndeterminate, CodeStatusEntryMalformed},
		{"an index of -1 (SL-05)", atIndex("-1"), VerdictInvalid, CodeSchema},
		{"an index in words (SL-05)", atIndex("abc"), VerdictInvalid, CodeSchema},
		{"an index with an exponent (SL-05)", atIndex("1e3"), VerdictInvalid, CodeSchema},
		{"an index with a space (SL-05)", atIndex(" 5"), VerdictInvalid, CodeSchema},
		{"an index with a fraction (SL-05)", atIndex(json.RawMessage("5.5")), VerdictInvalid, CodeSchema},
		{"no index (SL-05)", listed(nil, entryWith(object{"statusListIndex": nil})), VerdictInvalid, CodeSchema},
		{"no list (SL-05)", listed(nil, entryWith(object{"statusListCredential": nil})), VerdictInvalid, CodeSchema},
		{"no status (SL-05)", tampered(func(b object) { b["credentialStatus"] = nil }), VerdictInvalid, CodeLossless},
		{"an empty status (SL-05)", tampered(func(b object) { b["credentialStatus"] = []any{} }), VerdictInvalid, CodeLossless},
		{"a revocation list of 1EdTech (SL-14)", func(l *lab) []byte {
			b := badge()
			b["@context"] = append(b["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
			b["credentialStatus"] = object{"id": "https://badges.example.edu/revocations", "type": "1EdTechRevocationList"}
			return l.issue(b)
		}, VerdictIndeterminate, CodeStatusUnavailable},
		{"on a revocation list", revocationListed(`{"id":"` + revocationsURL + `","issuer":"` + issuerID + `","revokedCredential":[{"id":"https://badges.example.edu/credentials/1","revocationReason":"awarded twice"}]}`), VerdictInvalid, CodeRevoked},
		{"on a revocation list of early software", revocationListed(`{"revokedCredentials":[{"id":"https://badges.example.edu/credentials/1","revoked":true}]}`), VerdictInvalid, CodeRevoked},
		{"on a revocation list as not revoked", revocationListed(`{"revokedCredential":[{"id":"https://badges.example.edu/credentials/1","revoked":false}]}`), VerdictValid, CodeSignature},
		{"on no revocation list", revocationListed(`{"revokedCredential":[{"id":"https://badges.example.edu/credentials/2"}]}`), VerdictValid, CodeSignature},
		{"an empty revocation list", revocationListed(`{"revokedCredential":[]}`), VerdictValid, CodeSignature},
		{"a revocation list under two names", revocationListed(`{"revokedCredential":[],"revokedCredentials":[]}`), VerdictIndeterminate, CodeStatusListInvalid},
		{"a revocation list of somebody else", revocationListed(`{"issuer":"did:web:other.example","revokedCredential":[]}`), VerdictIndeterminate, CodeStatusListIssuer},
		{"another revocation list", revocationListed(`{"id":"https://badges.example.edu/other","revokedCredential":[]}`), VerdictIndeterminate, CodeStatusListMismatch},
		{"a revocation list that is a page", revocationListed(`<html>`), VerdictIndeterminate, CodeStatusListInvalid},
		{"a revocation list of nothing", revocationListed(`{}`), VerdictIndeterminate, CodeStatusListInvalid},
		{"a revocation list of names", revocationListed(`{"revokedCredential":["https://badges.example.edu/credentials/1"]}`), VerdictIndeterminate, CodeStatusListInvalid},
		{"an unknown type of status", func(l *lab) []byte {
			b := badge()
			b["@context"] = append(b["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
			b["credentialStatus"] = object{"id": revocationsURL, "type": "1EdTechCredentialRefresh"}
			return l.issue(b)
		}, VerdictIndeterminate, CodeStatusTypeUnknown},
		{"a status list as a JWS", jwsListed(), VerdictValid, CodeSignature},
		{"a status list as a JWS, revoked", jwsListed(badgeIndex), VerdictInvalid, CodeRevoked},
		{"a status list as a JWS of somebody else's key", func(l *lab) []byte {
			data := jwsListed()(l)
			l.world.documents[listURL] = l.token(l.listCredential(listURL, "revocation"), l.attacker, methodID)
			return data
		}, VerdictIndeterminate, CodeStatusListUnverified},
		{"on no StatusList2021", olderListed(), VerdictValid, CodeSignature},
		{"on a StatusList2021", olderListed(badgeIndex), VerdictInvalid, CodeRevoked},
		{"on a StatusList2021 of version 1.1, of version 2.0 itself", func(l *lab) []byte {
			olderListed(badgeIndex)(l)
			return l.issue(onOlderList(badge()))
		}, VerdictInvalid, CodeRevoked},
		{"a StatusList2021 entry, out of reach (SL-14)", func(l *lab) []byte {
			return l.issue(onOlderList(badge()))
		}, VerdictIndeterminate, CodeStatusUnavailable},
		{"more entries than are looked up (DD-11)", func(l *lab) []byte {
			var entries []any
			for i := range maxStatusEntries + 1 {
				entries = append(entries, statusEntry("revocation", fmt.Sprintf("https://h%d.example/", i), "1"))
			}
			return listed(nil, entries...)(l)
		}, VerdictIndeterminate, CodeStatusTooMany},
	}
}

// olderListed signs a badge of version 1.1 that is on a StatusList2021 with bits
// set, which is of version 1.1 always: the context of version 2.0 contradicts its.
func olderListed(set ...int) func(l *lab) []byte {
	return func(l *lab) []byte {
		encoded, _ := l.listCredential(listURL, "revocation", set...)["credentialSubject"].(object)["encodedList"].(string)
		contexts := []any{"https://www.w3.org/2018/credentials/v1", "https://w3id.org/vc/status-list/2021/v1", "https://w3id.org/security/data-integrity/v2"}
		l.world.documents[listURL] = l.signV1(object{
			"@context": contexts, "id": listURL, "type": []any{"VerifiableCredential", "StatusList2021Credential"},
			"issuer": issuerID, "issuanceDate": format(testNow.Add(-time.Hour)),
			"credentialSubject": object{
				"id": listURL + "#list", "type": "StatusList2021", "statusPurpose": "revocation",
				"encodedList": strings.TrimPrefix(encoded, "u"),
			},
		})
		return l.signV1(onOlderList(badgeV1()))
	}
}

func onOlderList(b object) object {
	b["@context"] = append(b["@context"].([]any), "https://w3id.org/vc/status-list/2021/v1")
	b["credentialStatus"] = object{
		"id": fmt.Sprintf("%s#%d", listURL, badgeIndex), "type": "StatusList2021Entry", "statusPurpose": "revocation",
		"statusListIndex": fmt.Sprint(badgeIndex), "statusListCredential": listURL,
	}
	return b
}

// sizedEntry is an entry of two bits at 20 and 21.
func sizedEntry() object {
	return entryWith(object{"statusListIndex": "10", "statusSize": 2, "statusMessage": []any{
		object{"status": "0x0", "message": "good"},
		object{"status": "0x1", "message": "bad"},
		object{"status": "0x2", "message": "worse"},
		object{"status": "0x3", "message": "worst"},
	}})
}

func listedOn(l *lab, entry object) []byte {
	b := badge()
	b["credentialStatus"] = entry
	return l.issue(b)
}

// serveLongList serves a list with room for entries of two bits.
func (l *lab) serveLongList(set ...int) {
	l.Helper()
	list, err := statuslist.New(2 * statuslist.MinimumLength)
	if err != nil {
		l.Fatal(err)
	}
	for _, i := range set {
		if err := list.Set(i, true); err != nil {
			l.Fatal(err)
		}
	}
	c := l.listCredential(listURL, "revocation")
	c["credentialSubject"].(object)["encodedList"] = list.Encode()
	l.world.documents[listURL] = l.issue(c)
}

// onList signs an ordinary badge that is on a list which is not as it should
// be.
func onList(change func(l *lab, list object)) func(l *lab) []byte {
	return func(l *lab) []byte {
		list := l.listCredential(listURL, "revocation")
		change(l, list)
		l.world.documents[listURL] = l.issue(list)
		return l.issue(badgeWithStatus())
	}
}

// servedAs serves bytes, or an error, in place of the list.
func servedAs(data string, err error) func(l *lab) []byte {
	return func(l *lab) []byte {
		l.world.documents[listURL], l.world.failing[listURL] = []byte(data), err
		return l.issue(badgeWithStatus())
	}
}

func listScenarios() []scenario {
	const other = "did:web:evil.example"
	list := func(list object) object { return list["credentialSubject"].(object) }
	return []scenario{
		{"a list as it should be", onList(func(*lab, object) {}), VerdictValid, CodeSignature},
		{"a gzip bomb for a list (SL-01)", onList(func(l *lab, c object) { list(c)["encodedList"] = bomb(l) }), VerdictIndeterminate, CodeStatusListTooLarge},
		{"a huge document for a list (SL-01)", servedAs(`{"a":"`+strings.Repeat("x", maxStatusList)+`"}`, nil), VerdictIndeterminate, CodeStatusListTooLarge},
		{"a list by somebody else (SL-02)", func(l *lab) []byte {
			l.serve(other, controllerDocument(other, map[string]string{other + "#k": multikey(l, l.attacker)}))
			c := l.listCredential(listURL, "revocation")
			c["issuer"] = other
			l.world.documents[listURL] = l.sign(c, l.attacker, dataintegrity.Options{VerificationMethod: other + "#k"})
			return l.issue(badgeWithStatus())
		}, VerdictIndeterminate, CodeStatusListIssuer},
		{"a list in the issuer's name by somebody else (SL-02)", func(l *lab) []byte {
			l.world.documents[listURL] = l.sign(l.listCredential(listURL, "revocation"), l.attacker, dataintegrity.Options{})
			return l.issue(badgeWithStatus())
		}, VerdictIndeterminate, CodeStatusListUnverified},
		{"a list without a proof (SL-03)", func(l *lab) []byte {
			l.serve(listURL, l.listCredential(listURL, "revocation"))
			return l.issue(badgeWithStatus())
		}, VerdictIndeterminate, CodeStatusListUnverified},
		{"a list without proofs (SL-03)", func(l *lab) []byte {
			c := l.listCredential(listURL, "revocation")
			c["proof"] = []any{}
			l.serve(listURL, c)
			return l.issue(badgeWithStatus())
		}, VerdictIndeterminate, CodeStatusListUnverified},
		{"a changed list (SL-03)", func(l *lab) []byte {
			l.serveList(listURL, "revocation", badgeIndex)
			c := decode(l, l.world.documents[listURL])
			list(c)["encodedList"] = list(l.listCredential(listURL, "revocation"))["encodedList"]
			l.serve(listURL, c)
			return l.issue(badgeWithStatus())
		}, VerdictIndeterminate, CodeStatusListUnverified},
		{"a list run out (SL-03)", onList(func(_ *lab, c object) {
			c["validFrom"], c["validUntil"] = format(testNow.Add(-2*time.Hour)), format(testNow.Add(-time.Hour))
		}), VerdictIndeterminate, CodeStatusListOutdated},
		{"a list of the future (SL-03)", onList(func(_ *lab, c object) { c["validFrom"] = format(testNow.Add(time.Hour)) }), VerdictIndeterminate, CodeStatusListOutdated},
		{"a badge for a list (SL-03)", func(l *lab) []byte {
			l.world.documents[listURL] = l.issue(badge())
			return l.issue(badgeWithStatus())
		}, VerdictIndeterminate, CodeStatusListInvalid},
		{"a list of another kind (SL-03)", onList(func(_ *lab, c object) { delete(list(c), "encodedList") }), VerdictIndeterminate, CodeStatusListInvalid},
		{"another list of the issuer's (SL-03)", onList(func(_ *lab, c object) { c["id"] = "https://badges.example.edu/status/99" }), VerdictIndeterminate, CodeStatusListMismatch},
		{"another list of the issuer's, withdrawn there", func(l *lab) []byte {
			c := l.listCredential(listURL, "revocation", badgeIndex)
			c["id"] = "https://badges.example.edu/status/99"
			l.world.documents[listURL] = l.issue(c)
			return l.issue(badgeWithStatus())
		}, VerdictInvalid, CodeRevoked},
		{"a list without an id", onList(func(_ *lab, c object) { delete(c, "id") }), VerdictValid, CodeSignature},
		{"a list for other purposes (SL-04)", onList(func(_ *lab, c object) { list(c)["statusPurpose"] = []any{"suspension", "message"} }), VerdictIndeterminate, CodeStatusPurposeMismatch},
		{"a list for several purposes (SL-04)", onList(func(_ *lab, c object) { list(c)["statusPurpose"] = []any{"suspension", "revocation"} }), VerdictValid, CodeSignature},
		{"a list too short (SL-06)", onList(func(l *lab, c object) { list(c)["encodedList"] = gzipped(l, make([]byte, 8192)) }), VerdictIndeterminate, CodeStatusListTooShort},
		{"no list (SL-07)", servedAs("", statusError(404)), VerdictIndeterminate, CodeStatusUnavailable},
		{"a fault for a list (SL-07)", servedAs("", statusError(500)), VerdictIndeterminate, CodeStatusUnavailable},
		{"a page for a list (SL-07)", servedAs("<html></html>", nil), VerdictIndeterminate, CodeStatusListInvalid},
		{"nothing for a list (SL-07)", servedAs("", nil), VerdictIndeterminate, CodeStatusListInvalid},
		{"a list that has a status (SL-11)", onList(func(_ *lab, c object) {
			c["credentialStatus"] = statusEntry("revocation", listURL, "5")
		}), VerdictIndeterminate, CodeStatusListChained},
	}
}

// A status list is not asked for before the badge is known to be the issuer's,
// so that nobody can make us fetch with a badge of their own making.
func TestStatusNotFetchedWithoutProof(t *testing.T) {
	for name, change := range map[string]func(b object){
		"changed":   func(b object) { b["name"] = "Another" },
		"unsigned":  func(b object) { delete(b, "proof") },
		"undefined": func(b object) { b["evil"] = "x" },
		"unknown":   func(b object) { b["proof"].(object)["cryptosuite"] = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.serveList(listURL, "revocation")
			b := decode(t, l.issue(badgeWithStatus()))
			change(b)
			report := l.verify(marshal(t, b))
			if _, ok := find(report, CodeStatusUnchecked); !ok {
				t.Errorf("the status was looked at\n%s", describe(report))
			}
			for _, asked := range l.world.asked {
				if asked != issuerID {
					t.Errorf("asked for %s", asked)
				}
			}
		})
	}
}

// A key that cannot be the issuer's is refused without asking anybody.
func TestForeignKeyNotFetched(t *testing.T) {
	l := newLab(t)
	l.wants(from(issuerID, attackersKey, at("https://evil.example/keys#1"))(l), VerdictInvalid, CodeKeyNotAuthorized)
	if len(l.world.asked) != 0 {
		t.Errorf("asked for %v", l.world.asked)
	}
}

func TestFetchBudget(t *testing.T) {
	l := newLab(t)
	var entries []any
	for i := range maxStatusEntries {
		url := fmt.Sprintf("https://h%d.example/status", i)
		l.serveList(url, "revocation")
		entries = append(entries, statusEntry("revocation", url, "1"), statusEntry("revocation", url, "2"))
	}
	b := badge()
	b["credentialStatus"] = entries[:2*(MaxFetches-1)]
	l.world.asked = nil
	l.wants(l.issue(b), VerdictValid, CodeSignature)
	if len(l.world.asked) != MaxFetches {
		t.Errorf("asked %d times, want %d: %v", len(l.world.asked), MaxFetches, l.world.asked)
	}
	var others []any
	for i := 0; i < len(entries); i += 2 {
		others = append(others, entries[i])
	}
	b["credentialStatus"] = others
	l.world.asked = nil
	l.wants(l.issue(b), VerdictIndeterminate, CodeStatusUnavailable)
	if len(l.world.asked) != MaxFetches {
		t.Errorf("asked %d times, want %d", len(l.world.asked), MaxFetches)
	}
}
