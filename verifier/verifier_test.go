package verifier

import (
	"testing"
)

func TestValid(t *testing.T) {
	l := newLab(t)
	l.wants(l.issue(badge()), VerdictValid, CodeSignature)
}
