package didwebvh

import (
	"crypto/sha256"
	"slices"
	"strings"

	"laurel/credential/jcs"
	"laurel/credential/strictjson"
)

// isWitnessed reports whether any entry needs approval.
func (h *history) isWitnessed() bool {
	return slices.ContainsFunc(h.entries, func(e entry) bool { return e.witnesses != nil })
}

// hold ends the history before the first entry that too few of its witnesses approved. data is the file of their proofs.
// A proof for an entry approves all before it too. What the file says of versions that are not in the log, and proofs that are
// not good, approve nothing; for neither is the log to blame.
func (h *history) hold(data []byte) {
	approved, err := h.approvals(data)
	for i := range h.entries {
		w := h.entries[i].witnesses
		if w == nil {
			continue
		}
		count := 0
		for _, id := range w.ids {
			if upTo, ok := approved[id]; ok && upTo >= i {
				count++
			}
		}
		if err != nil || count < w.threshold {
			h.entries, h.fault = h.entries[:i], &LogError{Entry: i + 1, Fault: FaultWitness, Cause: err}
			return
		}
	}
}

// approvals gives for each witness the index of the last entry that it approved.
func (h *history) approvals(data []byte) (map[string]int, error) {
	parsed, err := strictjson.ParseLimits(data, strictjson.Limits{Size: maxLog})
	if err != nil {
		return nil, err
	}
	if parsed.Root().Kind() != strictjson.Array {
		return nil, fault(FaultSyntax, "witnesses' file is not an array")
	}
	indexes := make(map[string]int, len(h.entries))
	for i := range h.entries {
		indexes[h.entries[i].versionID] = i
	}
	keys, witnesses, approved, count := keyring{}, h.witnesses(), map[string]int{}, 0
	for record := range parsed.Root().Elements() {
		versionID := record.Get("versionId").Text()
		index, ok := indexes[versionID]
		if !ok {
			continue
		}
		digest := sha256.Sum256(canonicalObject(map[string][]byte{"versionId": jcs.AppendString(nil, versionID)}))
		for value := range record.Get("proof").OneOrMany() {
			if count++; count > maxApprovals {
				return nil, fault(FaultSize, "more than %d proofs of witnesses", maxApprovals)
			}
			p, ok := parseProof(value)
			if !ok || !witnesses[p.key] {
				continue
			}
			if upTo, known := approved["did:key:"+p.key]; known && upTo >= index {
				continue
			}
			if keys.verify(p, digest) {
				approved["did:key:"+p.key] = index
			}
		}
	}
	return approved, nil
}

// witnesses are the keys of everybody who is a witness of any entry.
func (h *history) witnesses() map[string]bool {
	keys := map[string]bool{}
	for i := range h.entries {
		if w := h.entries[i].witnesses; w != nil && (i == 0 || w != h.entries[i-1].witnesses) {
			for _, id := range w.ids {
				keys[strings.TrimPrefix(id, "did:key:")] = true
			}
		}
	}
	return keys
}
