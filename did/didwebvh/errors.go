package didwebvh

import (
	"fmt"

	"laurel/did"
)

// Fault says what is wrong with a log.
type Fault string

// The faults of logs. They are stable; where a log has several, the first entry with one counts.
const (
	FaultSize       Fault = "size"       // the log, its number of entries, or of keys, proofs or witnesses is beyond the bounds
	FaultSyntax     Fault = "syntax"     // an entry is not strict JSON with exactly the members of an entry
	FaultParameters Fault = "parameters" // a parameter is missing, unknown, malformed or not allowed there
	FaultMethod     Fault = "method"     // the version of the method is not did:webvh:1.0
	FaultSCID       Fault = "scid"       // the identifier in the DID or the log is not the digest of the first entry
	FaultVersionID  Fault = "version-id" // the number does not follow, or the digest is not that of the entry
	FaultTime       Fault = "time"       // the time is malformed, not later than the one before, or in the future
	FaultKeys       Fault = "keys"       // a key was not announced by the entry before, as pre-rotation demands
	FaultProof      Fault = "proof"      // a proof is malformed, by a key without authority, or false
	FaultState      Fault = "state"      // the document is another DID's, or moved without leave
	FaultEnded      Fault = "ended"      // an entry follows deactivation
	FaultWitness    Fault = "witness"    // too few witnesses approved
)

// LogError says that the log of a DID is not sound. It matches did.ErrInvalidDocument.
type LogError struct {
	// Entry is the number of the entry at fault, the first is 1; 0 when it is the log as a whole.
	Entry int
	Fault Fault
	// Cause says more, nil where the Fault says it all. It quotes nothing of the log.
	Cause error
}

func (e *LogError) Error() string {
	text := "invalid did:webvh log: "
	if e.Entry > 0 {
		text += fmt.Sprintf("entry %d: ", e.Entry)
	}
	text += string(e.Fault)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Is makes every LogError match did.ErrInvalidDocument.
func (e *LogError) Is(target error) bool { return target == did.ErrInvalidDocument }

// Unwrap gives the cause.
func (e *LogError) Unwrap() error { return e.Cause }

// fault is a LogError that does not know its entry yet.
func fault(f Fault, format string, args ...any) *LogError {
	return &LogError{Fault: f, Cause: fmt.Errorf(format, args...)}
}
