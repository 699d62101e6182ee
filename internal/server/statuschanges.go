package server

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/credential/strictjson"
	"laurel/internal/issuer"
	"laurel/storage"
)

// statusChangeBody is a change of many statuses in answers.
type statusChangeBody struct {
	ID       string                  `json:"id"`
	Phase    storage.StatusPhase     `json:"phase"`
	Select   selectBody              `json:"select"`
	Action   string                  `json:"action"`
	Reason   string                  `json:"reason,omitempty"`
	Wording  string                  `json:"wording,omitempty"`
	Total    int                     `json:"total"`
	Expected storage.StatusTally     `json:"expected"`
	Result   storage.StatusTally     `json:"result"`
	Examples []credentialBody        `json:"examples,omitempty"`
	Refused  []storage.StatusRefusal `json:"refused,omitempty"`

	Created   time.Time `json:"created"`
	Expires   time.Time `json:"expires,omitzero"`
	Confirmed time.Time `json:"confirmed,omitzero"`
	Finished  time.Time `json:"finished,omitzero"`
}

// selectBody is by what was selected. Who the recipient was, and which ids were
// listed, is not kept.
type selectBody struct {
	storage.Selection
	Recipient bool `json:"recipient,omitempty"`
	IDs       bool `json:"ids,omitempty"`
}

func statusChangeOf(j issuer.StatusJob) statusChangeBody {
	b := statusChangeBody{
		ID: j.ID, Phase: j.Phase, Select: selectBody{j.Selection, j.Recipient, j.Listed},
		Reason: j.Reason, Wording: j.Wording, Total: j.Expected.Total(), Expected: j.Expected, Result: j.Tally, Refused: j.Refused,
		Created: j.Created, Confirmed: j.Confirmed, Finished: j.Finished,
	}
	for action, state := range actions {
		if state == j.State {
			b.Action = action
		}
	}
	if j.Phase == storage.StatusDraft {
		b.Expires = j.Expires
	}
	for _, c := range j.Examples {
		b.Examples = append(b.Examples, credentialOf(c))
	}
	return b
}

// statusChangeFactor is how much larger than other bodies one may be that lists
// ids: a quarter of a million of them fit.
const statusChangeFactor = 8

// statusChangeLimits are those of its JSON.
var statusChangeLimits = strictjson.Limits{Size: statusChangeFactor << 20, Nodes: 300_000}

// draftStatusChange says what a change would do, without doing it.
func (s *Server) draftStatusChange(c *gin.Context) error {
	caller, body, err := s.changeWithin(c, (statusChangeFactor-1)*s.limits.Body)
	if err != nil {
		return err
	}
	selection, change, err := statusChangeRequest(body)
	if err != nil {
		return err
	}
	job, err := s.issuer.DraftStatusJob(c.Request.Context(), caller, selection, change)
	if err != nil {
		return err
	}
	replayed(c, caller)
	c.Header("Location", s.base+"/api/v1/status-changes/"+job.ID)
	return respond(c, http.StatusCreated, statusChangeOf(job))
}

func statusChangeRequest(data []byte) (selection issuer.Selection, change issuer.Change, err error) {
	if len(data) == 0 {
		return selection, change, refuse(problemEmpty)
	}
	doc, err := strictjson.ParseLimits(data, statusChangeLimits)
	if err != nil {
		return selection, change, unreadable(data, err)
	}
	var b binder
	root := doc.Root()
	b.object(root, "select", "action", "reason", "wording")
	change = b.change(root)
	chosen, ok := root.Member("select")
	switch {
	case ok:
		b.object(chosen, "achievement", "award", "state", "issuedFrom", "issuedUntil", "recipient", "ids")
	case root.Kind() == strictjson.Object:
		b.fault("/select", "member_missing")
	}
	selection = issuer.Selection{
		Achievement: b.text(chosen, "achievement"), Award: b.text(chosen, "award"), State: storage.State(b.text(chosen, "state")),
		IssuedFrom: b.time(chosen, "issuedFrom"), IssuedUntil: b.time(chosen, "issuedUntil"), IDs: b.ids(chosen),
	}
	if !knownState(selection.State) {
		b.fault("/select/state", "value_unknown")
	}
	if recipient, ok := chosen.Member("recipient"); ok {
		b.object(recipient, "email", "id")
		selection.Recipient = issuer.Recipient{Email: b.text(recipient, "email"), ID: b.text(recipient, "id")}
		if selection.Recipient == (issuer.Recipient{}) && len(b.found) == 0 {
			b.fault("/select/recipient", "member_missing")
		}
	}
	return selection, change, b.err()
}

// ids returns the ids that are listed, nil for no list.
func (b *binder) ids(parent strictjson.Value) []string {
	v, ok := parent.Member("ids")
	if !ok {
		return nil
	}
	if v.Kind() != strictjson.Array {
		b.fault(v.Pointer(), "array_expected")
		return nil
	}
	ids := make([]string, 0, v.Len())
	for element := range v.Elements() {
		if element.Kind() != strictjson.String {
			b.fault(element.Pointer(), "text_expected")
			return nil
		}
		ids = append(ids, element.Text())
	}
	return ids
}

func (s *Server) listStatusChanges(c *gin.Context) error {
	page, _, err := listQuery(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	items, next, err := s.issuer.StatusJobs(c.Request.Context(), apiKey(c).Tenant, page)
	if err != nil {
		return cursorError(err)
	}
	return respond(c, http.StatusOK, listOf(items, next, statusChangeOf))
}

func (s *Server) statusChange(c *gin.Context) error {
	job, err := s.issuer.StatusJob(c.Request.Context(), apiKey(c).Tenant, c.Param("id"))
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, statusChangeOf(job))
}

// confirmStatusChange answers before the work is done.
func (s *Server) confirmStatusChange(c *gin.Context) error {
	caller, err := s.changeWithout(c)
	if err != nil {
		return err
	}
	job, err := s.issuer.ConfirmStatusJob(c.Request.Context(), caller, c.Param("id"))
	if err != nil {
		return err
	}
	replayed(c, caller)
	return respond(c, http.StatusAccepted, statusChangeOf(job))
}

func (s *Server) stopStatusChange(c *gin.Context) error {
	caller, err := s.changeWithout(c)
	if err != nil {
		return err
	}
	job, err := s.issuer.StopStatusJob(c.Request.Context(), caller, c.Param("id"))
	if err != nil {
		return err
	}
	replayed(c, caller)
	return respond(c, http.StatusOK, statusChangeOf(job))
}

// knownState reports whether a state is one of a credential, or none.
func knownState(state storage.State) bool {
	return slices.Contains([]storage.State{"", storage.StatePending, storage.StateIssued, storage.StateSuspended, storage.StateRevoked}, state)
}
