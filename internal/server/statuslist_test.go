package server

import (
	"strings"
	"testing"
)

// TestListRequestsIdentifyNobody: of a request for a status list the log keeps
// neither who asked nor which list, and others may keep the answer for a while.
func TestListRequestsIdentifyNobody(t *testing.T) {
	w := newWorld(t, Limits{})
	path := statusPath(t, w, w.award(w.achievement(), ""))
	before := len(w.log.String())
	r := w.get(path, "X-Forwarded-For: 203.0.113.77", "Forwarded: for=203.0.113.77", "User-Agent: employer-checker",
		"Referer: https://employer.example/applicants/ada", "Origin: https://employer.example", "Cookie: who=ada@example.org")
	if r.status != 200 || r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Set-Cookie") != "" ||
		r.header.Get("Cache-Control") != "public, max-age=60" || !strings.Contains(r.header.Get("Access-Control-Expose-Headers"), "ETag") {
		t.Errorf("%d %v", r.status, r.header)
	}
	logged := w.log.String()[before:]
	if !strings.Contains(logged, `"route":"/status/:list"`) {
		t.Fatalf("the log is %s", logged)
	}
	for _, secret := range []string{strings.TrimPrefix(path, "/status/"), "203.0.113", "127.0.0.1", "employer", "ada@"} {
		if strings.Contains(logged, secret) {
			t.Errorf("the log has %q: %s", secret, logged)
		}
	}
	preflight := w.do("OPTIONS", path, nil, "Origin: https://employer.example", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: if-none-match")
	if preflight.status != 204 || !strings.Contains(preflight.header.Get("Access-Control-Allow-Headers"), "If-None-Match") {
		t.Errorf("preflight: %d %v", preflight.status, preflight.header)
	}
}
