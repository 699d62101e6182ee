package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func testStatusLists(t *testing.T, lab laboratory) {
	i := lab.at(t, "status")
	credential := func(id string) object {
		return with(t, minimal(i.IssuerDID), object{"id": id})
	}
	const id = "urn:uuid:1c9f2f5e-7a0b-4a43-9d1b-4b7e34b3f5a1"
	issued := i.issued(t, credential(id), nil)
	entry, _ := issued["credentialStatus"].(object)
	index, err := strconv.Atoi(text(entry["statusListIndex"]))
	switch {
	case entry["type"] != "BitstringStatusListEntry" || entry["statusPurpose"] != "revocation":
		t.Fatalf("the status entry is %v", entry)
	case err != nil || index < 0 || strconv.Itoa(index) != entry["statusListIndex"]:
		t.Fatalf("the index is %v", entry["statusListIndex"])
	case text(entry["id"]) == text(entry["statusListCredential"]):
		t.Error("the id of the entry is the URL of the list")
	}
	list, bits := fetchList(t, i, text(entry["statusListCredential"]))
	subject, _ := list["credentialSubject"].(object)
	types, _ := list["type"].(array)
	if len(types) != 2 || types[1] != "BitstringStatusListCredential" || subject["type"] != "BitstringStatusList" || subject["statusPurpose"] != "revocation" {
		t.Errorf("the list is %v", list)
	}
	if len(bits) < 16<<10 || bits[index>>3]&(0x80>>(index&7)) != 0 {
		t.Errorf("the list has %d bytes, the bit is set already or not", len(bits))
	}
	accepts(t, "the list", i.verify(t, list, nil))
	both := object{"checks": array{"proof", "credentialStatus"}}
	accepts(t, "a good credential", i.verify(t, issued, both))
	accepts(t, "a good credential, elsewhere", lab.at(t, "vc-api").verify(t, issued, both))

	change := func(id, purpose string, more object) response {
		return i.send(t, http.MethodPost, i.Endpoints["status"], with(t, object{
			"credentialId": id, "credentialStatus": object{"type": "BitstringStatusListEntry", "statusPurpose": purpose},
		}, more))
	}
	refuses(t, "another purpose", change(id, "suspension", nil))
	refuses(t, "another type", change(id, "revocation", object{"credentialStatus": object{"type": "OtherEntry", "statusPurpose": "revocation"}}))
	refuses(t, "a status that is a text", change(id, "revocation", object{"status": "true"}))
	refuses(t, "no credential", change(id, "revocation", object{"credentialId": removed{}}))
	if answer := change("urn:uuid:other", "revocation", nil); answer.status != http.StatusNotFound {
		t.Errorf("an unknown credential is answered with %d", answer.status)
	}
	accepts(t, "a credential whose status did not change", i.verify(t, issued, both))
	if answer := change(id, "revocation", nil); answer.status != http.StatusOK {
		t.Fatalf("revoking is answered with %d %s", answer.status, answer.body)
	}
	if answer := i.send(t, http.MethodPost, text(entry["statusListCredential"])+"/publish", object{}); answer.status != http.StatusNoContent {
		t.Errorf("publishing is answered with %d", answer.status)
	}
	_, bits = fetchList(t, i, text(entry["statusListCredential"]))
	if bits[index>>3]&(0x80>>(index&7)) == 0 {
		t.Error("the bit is not set")
	}
	refuses(t, "a revoked credential", i.verify(t, issued, both))
	accepts(t, "a revoked credential, of which the proof alone is looked at", i.verify(t, issued, nil))
	// For VCALM a status is a warning.
	elsewhere := lab.at(t, "vc-api").verify(t, issued, both)
	accepts(t, "a revoked credential where status is a warning", elsewhere)
	if !bytes.Contains(elsewhere.body, []byte("STATUS_VERIFICATION_ERROR")) {
		t.Errorf("there is no warning: %s", elsewhere.body)
	}
	refuses(t, "reinstating", change(id, "revocation", object{"status": false}))

	refuses(t, "a malformed status entry", i.issue(t, with(t, credential("urn:uuid:2"), object{
		"credentialStatus": object{"type": "BitstringStatusListEntry", "statusListIndex": true, "statusListCredential": "https://example.com"},
	}), nil))
	refuses(t, "a status entry under another name", i.issue(t, with(t, credential("urn:uuid:3"), object{
		"statusEntry": object{"type": "BitstringStatusListEntry", "statusListIndex": true, "statusListCredential": "https://example.com"},
	}), nil))
	for what, change := range map[string]object{
		"an index out of range":   {"statusListIndex": "99999999"},
		"an index that is a word": {"statusListIndex": "first"},
		"a list that is not here": {"statusListCredential": "https://example.com/list"},
		"another purpose":         {"statusPurpose": "suspension"},
	} {
		holder := newSigner(t)
		other := holder.credential(t, object{"credentialStatus": with(t, entry, change)})
		refuses(t, what, i.verify(t, other, both))
	}
	version1 := i.issued(t, versions(i.IssuerDID)["1.1"], nil)
	accepts(t, "a status in a credential of version 1.1", i.verify(t, version1, both))
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// fetchList gets a status list and its bits.
func fetchList(t *testing.T, i *instance, url string) (object, []byte) {
	t.Helper()
	answer := i.send(t, http.MethodGet, url, nil)
	if answer.status != http.StatusOK || answer.object == nil {
		t.Fatalf("the list is answered with %d %s", answer.status, answer.body)
	}
	subject, _ := answer.object["credentialSubject"].(object)
	encoded, ok := strings.CutPrefix(text(subject["encodedList"]), "u")
	compressed, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || !ok {
		t.Fatalf("the list is encoded as %v: %v", subject["encodedList"], err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	bits, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return answer.object, bits
}
