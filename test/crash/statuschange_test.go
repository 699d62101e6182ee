package crash

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"laurel/credential/statuslist"
	"laurel/test/program"
)

// awarded is a badge as the operators' API and its page have it.
type awarded struct {
	id    string
	place statuslist.Entry
}

// awardSome awards badges to as many people.
func awardSome(t *testing.T, r *registry, server *program.Server, n int) []awarded {
	t.Helper()
	made := make([]awarded, n)
	var group sync.WaitGroup
	for side := range 16 {
		group.Go(func() {
			for i := side; i < n; i += 16 {
				body := fmt.Sprintf(`{"achievement": %q, "recipient": {"email": "person%d@example.org"}}`, r.achievement, i)
				answer, err := server.Operate(t.Context(), http.MethodPost, "/api/v1/credentials", "", []byte(body))
				var award struct{ ID string }
				if err != nil || answer.Status != http.StatusCreated || json.Unmarshal(answer.Body, &award) != nil {
					t.Errorf("awarding: %d %s %v", answer.Status, answer.Body, err)
					return
				}
				badge, err := server.Get(t.Context(), "/credentials/"+award.ID, "application/vc")
				if err != nil {
					t.Error(err)
					return
				}
				places, err := placesOf(badge.Body)
				if err != nil {
					t.Error(err)
					return
				}
				made[i] = awarded{award.ID, places[0]}
			}
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return made
}

// TestRevokedJustBeforeKill: a revocation that was acknowledged is in the list
// five seconds after the process was killed and started again, at the latest.
func TestRevokedJustBeforeKill(t *testing.T) {
	r, server := newRegistry(t)
	badges := awardSome(t, r, server, 5)
	for i, badge := range badges[:4] {
		answer, err := server.Operate(t.Context(), http.MethodPost, "/api/v1/credentials/"+badge.id+"/status", "", []byte(`{"action": "revoke"}`))
		server.Kill()
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("revoking: %d %s %v", answer.Status, answer.Body, err)
		}
		killed := time.Now()
		server = r.serve(t)
		lists, err := newLists(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		for j, other := range badges {
			set, err := lists.set(t.Context(), other.place)
			if err != nil || set != (j <= i) {
				t.Errorf("after kill %d badge %d is revoked: %v, %v", i+1, j, set, err)
			}
		}
		if took := time.Since(killed); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	}
	server.Stop()
	r.fsck(t)
	if len(r.faults) > 0 {
		t.Error(some(r.faults))
	}
}

// TestStatusChangeThroughKills: a change of many statuses is carried out to its
// end, once and exactly counted, although the server is killed again and again.
func TestStatusChangeThroughKills(t *testing.T) {
	const selected = 700 // three steps
	r, server := newRegistry(t)
	badges := awardSome(t, r, server, selected)
	type change struct {
		ID       string
		Phase    string
		Expected struct{ Changed int }
		Result   struct{ Changed, Unchanged, Refused int }
	}
	ask := func(method, path, body string, status int) (c change) {
		t.Helper()
		var data []byte
		if body != "" {
			data = []byte(body)
		}
		answer, err := server.Operate(t.Context(), method, "/api/v1/status-changes"+path, "", data)
		if err != nil || answer.Status != status || json.Unmarshal(answer.Body, &c) != nil {
			t.Fatalf("%s %s: %d %s %v", method, path, answer.Status, answer.Body, err)
		}
		return c
	}
	draft := ask(http.MethodPost, "", `{"select": {"achievement": "`+r.achievement+`"}, "action": "revoke", "reason": "error"}`, http.StatusCreated)
	if draft.Expected.Changed != selected {
		t.Fatalf("draft %+v", draft)
	}
	ask(http.MethodPost, "/"+draft.ID+"/confirm", "", http.StatusAccepted)
	kills, last := 0, change{}
	for begun := time.Now(); last.Phase != "done"; {
		if kills < 6 {
			time.Sleep(time.Duration(rand.Int64N(int64(25 * time.Millisecond))))
			server.Kill()
			kills++
			server = r.serve(t)
		}
		now := ask(http.MethodGet, "/"+draft.ID, "", http.StatusOK)
		if now.Result.Changed < last.Result.Changed {
			t.Fatalf("from %+v back to %+v", last, now)
		}
		last = now
		if time.Since(begun) > 60*time.Second {
			t.Fatalf("it does not end: %+v", last)
		}
	}
	if last.Result.Changed != selected || last.Result.Unchanged != 0 || last.Result.Refused != 0 {
		t.Errorf("after %d kills: %+v", kills, last)
	}
	lists, err := newLists(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	for _, badge := range badges {
		if set, err := lists.set(t.Context(), badge.place); err != nil || !set {
			t.Fatalf("%s is revoked: %v, %v", badge.id, set, err)
		}
	}
	server.Stop()
	r.fsck(t)
	if len(r.faults) > 0 {
		t.Error(some(r.faults))
	}
}
