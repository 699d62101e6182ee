package didwebvh

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"laurel/credential/jcs"
	"laurel/credential/strictjson"
	"laurel/did"
)

// Bounds on what a host may make us do. A log that reaches them is no log that grew by itself.
const (
	maxLog        = 1 << 20 // bytes, of the witnesses' file as well
	maxEntries    = 512
	maxKeys       = 32 // of updateKeys, nextKeyHashes, watchers
	maxProofs     = 8  // of one entry
	maxWitnesses  = 32
	maxApprovals  = 1024 // proofs in the witnesses' file
	maxEntryNodes = 20_000
)

// entry is one sound entry of a log.
type entry struct {
	versionID  string
	time       time.Time
	state      []byte // the document in its canonical form, which is the form that was signed
	id         string // the document's id
	parameters parameters
	witnesses  *witnesses // who had to approve this entry, nil for nobody
}

// history is a log as far as it is sound.
type history struct {
	scid    string
	entries []entry
	// fault is what is wrong with the entry after the last, nil when the log ends there.
	fault error
}

// readLog reads a log up to its first fault. Witnesses are still to be asked.
func readLog(data []byte, scid string, now time.Time) *history {
	h := &history{scid: scid}
	if len(data) > maxLog {
		h.fault = &LogError{Fault: FaultSize}
		return h
	}
	reader := reader{scid: scid, now: now, keys: keyring{}}
	data = bytes.TrimSuffix(data, []byte("\n"))
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		e, err := reader.read(line, h.entries)
		if err != nil {
			var fault *LogError
			if errors.As(err, &fault) {
				fault.Entry = len(h.entries) + 1
			}
			h.fault = err
			return h
		}
		h.entries = append(h.entries, e)
	}
	return h
}

// reader is what the entries of a log are read with.
type reader struct {
	scid string
	now  time.Time
	keys keyring
}

// read reads the entry that follows others. The order of the checks is that of what depends on what.
func (r reader) read(line []byte, before []entry) (entry, error) {
	if len(before) == maxEntries {
		return entry{}, fault(FaultSize, "more than %d entries", maxEntries)
	}
	members, err := parseEntry(line)
	if err != nil {
		return entry{}, err
	}
	e := entry{versionID: members.get("versionId").Text()}
	var previous *entry
	if len(before) > 0 {
		previous = &before[len(before)-1]
		if previous.parameters.deactivated {
			return entry{}, &LogError{Fault: FaultEnded}
		}
		e.parameters = previous.parameters
	}
	if err := e.parameters.update(members.get("parameters"), previous == nil); err != nil {
		return entry{}, err
	}
	if e.time, err = r.time(members.get("versionTime"), previous); err != nil {
		return entry{}, err
	}
	if err := r.chain(members, previous, len(before)+1); err != nil {
		return entry{}, err
	}
	authorized, err := e.authorized(members.get("parameters"), previous)
	if err != nil {
		return entry{}, err
	}
	if err := r.prove(members, authorized); err != nil {
		return entry{}, err
	}
	if err := e.readState(members.get("state"), r.scid, previous); err != nil {
		return entry{}, err
	}
	e.witnesses = e.parameters.witnesses
	if previous != nil && previous.parameters.witnesses != nil {
		e.witnesses = previous.parameters.witnesses // a new list counts from the next entry on
	}
	return e, nil
}

// entryMembers are the values of an entry by their names, which are ASCII.
type entryMembers map[string]strictjson.Value

func (m entryMembers) get(name string) strictjson.Value { return m[name] }

var entryNames = []string{"versionId", "versionTime", "parameters", "state", "proof"}

func parseEntry(line []byte) (entryMembers, error) {
	parsed, err := strictjson.ParseLimits(line, strictjson.Limits{Size: maxLog, Nodes: maxEntryNodes})
	if err != nil {
		return nil, fault(FaultSyntax, "%w", err)
	}
	root := parsed.Root()
	if root.Kind() != strictjson.Object {
		return nil, fault(FaultSyntax, "entry is %s, not object", root.Kind())
	}
	members := entryMembers{}
	for name, value := range root.Members() {
		if !slices.Contains(entryNames, name) {
			return nil, fault(FaultSyntax, "unknown member")
		}
		members[name] = value
	}
	for _, name := range entryNames {
		if _, ok := members[name]; !ok {
			return nil, fault(FaultSyntax, "no %s", name)
		}
	}
	if members.get("parameters").Kind() != strictjson.Object || members.get("state").Kind() != strictjson.Object {
		return nil, fault(FaultSyntax, "parameters and state are not both objects")
	}
	return members, nil
}

// canonical is the canonical form of the entry without proof and with the given versionId.
func (m entryMembers) canonical(versionID string) []byte {
	return canonicalObject(map[string][]byte{
		"versionId":   jcs.AppendString(nil, versionID),
		"versionTime": jcs.Append(nil, m.get("versionTime")),
		"parameters":  jcs.Append(nil, m.get("parameters")),
		"state":       jcs.Append(nil, m.get("state")),
	})
}

// canonicalObject writes an object with ASCII names from values that are canonical.
func canonicalObject(members map[string][]byte) []byte {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	out := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = jcs.AppendString(out, name)
		out = append(out, ':')
		out = append(out, members[name]...)
	}
	return append(out, '}')
}

// time reads versionTime: in UTC, later than before, not in the future.
func (r reader) time(v strictjson.Value, previous *entry) (time.Time, error) {
	t, err := parseTime(v.Text())
	switch {
	case err != nil:
		return time.Time{}, err
	case t.After(r.now):
		return time.Time{}, fault(FaultTime, "in the future")
	case previous != nil && !t.After(previous.time):
		return time.Time{}, fault(FaultTime, "not later than the entry before")
	}
	return t, nil
}

func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if _, offset := t.Zone(); err != nil || offset != 0 || len(text) > 40 || strings.ContainsRune(text, ',') || strings.HasSuffix(text, "-00:00") {
		return time.Time{}, fault(FaultTime, "not a date and time in UTC")
	}
	return t.UTC(), nil
}

const placeholder = "{SCID}"

// chain checks the place of an entry in the log: its number, its digest, and for the first one the identifier of the log.
func (r reader) chain(members entryMembers, previous *entry, number int) error {
	predecessor := r.scid
	if previous != nil {
		predecessor = previous.versionID
	} else if members.get("parameters").Get("scid").Text() != r.scid || !isSCID(members, r.scid) {
		return &LogError{Fault: FaultSCID}
	}
	digits, digest, ok := strings.Cut(members.get("versionId").Text(), "-")
	if !ok || digits != strconv.Itoa(number) {
		return fault(FaultVersionID, "number does not follow")
	}
	if digest != digestOf(members.canonical(predecessor)) {
		return fault(FaultVersionID, "digest is not the entry's")
	}
	return nil
}

// isSCID computes the identifier of a log from its first entry, in which every occurrence of the identifier is replaced by a
// placeholder; names count too, so that the form is made canonical again.
func isSCID(first entryMembers, scid string) bool {
	text := bytes.ReplaceAll(first.canonical(placeholder), []byte(scid), []byte(placeholder))
	parsed, err := strictjson.ParseLimits(text, strictjson.Limits{Size: len(text), Nodes: maxEntryNodes})
	return err == nil && digestOf(jcs.Append(nil, parsed.Root())) == scid
}

// readState reads what must hold of every document: whose it is.
func (e *entry) readState(state strictjson.Value, scid string, previous *entry) error {
	e.id, e.state = state.Get("id").Text(), jcs.Append(nil, state)
	parsed, err := did.Parse(e.id)
	if err != nil {
		return fault(FaultState, "%w", err)
	}
	if own, _, err := logURL(parsed); err != nil || own != scid {
		return fault(FaultState, "id is not a DID of this log")
	}
	if previous == nil || previous.id == e.id {
		return nil
	}
	if !e.parameters.portable {
		return fault(FaultState, "moved without being portable")
	}
	for known := range state.Get("alsoKnownAs").Elements() {
		if known.Is(previous.id) {
			return nil
		}
	}
	return fault(FaultState, "moved without naming the former DID")
}

// choose finds the entry of a version.
func (h *history) choose(version did.Version) (*entry, error) {
	switch {
	case version.ID != "":
		for i := range h.entries {
			if h.entries[i].versionID == version.ID {
				return &h.entries[i], nil
			}
		}
	case !version.Time.IsZero():
		i := len(h.entries) - 1
		for i >= 0 && h.entries[i].time.After(version.Time) {
			i--
		}
		if i >= 0 && (i+1 < len(h.entries) || h.fault == nil) {
			return &h.entries[i], nil
		}
	case h.fault == nil:
		return &h.entries[len(h.entries)-1], nil
	}
	if h.fault != nil {
		return nil, h.fault
	}
	return nil, did.ErrNotFound
}

// metadata describes a version for the metadata of a resolution (§3.6.2 of the specification).
func (h *history) metadata(chosen *entry) did.Metadata {
	last := &h.entries[len(h.entries)-1]
	properties := map[string]any{
		"versionTime": chosen.time.Format(time.RFC3339),
		"scid":        h.scid,
		"portable":    last.parameters.portable,
		"ttl":         strconv.FormatInt(last.parameters.ttl, 10),
	}
	if len(last.parameters.watchers) > 0 {
		properties["watchers"] = last.parameters.watchers
	}
	if w := last.parameters.witnesses; w != nil {
		ids := make([]any, 0, len(w.ids))
		for _, id := range w.ids {
			ids = append(ids, map[string]any{"id": id})
		}
		properties["witness"] = map[string]any{"threshold": strconv.Itoa(w.threshold), "witnesses": ids}
	}
	return did.Metadata{
		Created: h.entries[0].time, Updated: last.time, VersionID: chosen.versionID,
		Deactivated: last.parameters.deactivated, Properties: properties,
	}
}
