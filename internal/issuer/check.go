package issuer

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"laurel/verifier"
)

// selfCheck verifies what was just signed as a stranger would, with the issuer's
// published documents and status list and without the network. A badge whose
// validity begins later may fail for that and nothing else.
func (s *Service) selfCheck(ctx context.Context, signed []byte, validFrom time.Time) error {
	report, err := s.verifier.Verify(ctx, signed, verifier.Expect{})
	if err == nil && report.Verdict == verifier.VerdictIndeterminate {
		// Keys may have been rotated while it looked: then the status list that
		// it got is signed with a key that the document it had does not show.
		report, err = s.verifier.Verify(ctx, signed, verifier.Expect{})
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSelfCheck, err)
	}
	if !bytes.Equal(report.Credential, signed) {
		return fmt.Errorf("%w: no proof passed%s", ErrSelfCheck, finding(report))
	}
	if report.Verdict == verifier.VerdictValid {
		return nil
	}
	if !report.CheckedAt.Before(validFrom) {
		return fmt.Errorf("%w: %s%s", ErrSelfCheck, report.Verdict, finding(report))
	}
	for _, check := range report.Checks {
		notYet := check.Code == verifier.CodeNotYetValid && check.Outcome == verifier.Failed && check.Path == "/validFrom"
		if !notYet && (check.Outcome == verifier.Failed || check.Outcome == verifier.Indeterminate) {
			return fmt.Errorf("%w: %s at %q", ErrSelfCheck, check.Code, check.Path)
		}
	}
	return nil
}

// finding names the check that decided, by its code and place alone.
func finding(report *verifier.Report) string {
	check, ok := report.Decisive()
	if !ok {
		return ""
	}
	return fmt.Sprintf(": %s %s at %q", check.Code, check.Outcome, check.Path)
}
