package fsck

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/storage"
	"laurel/verifier"
)

// badges opens every badge of a tenant, a page at a time.
func (r *run) badges(tenant string) error {
	var mu sync.Mutex // guards the report
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := r.Store.ListCredentials(r.ctx, tenant, storage.CredentialFilter{}, storage.Page{Limit: storage.PageLimit, Cursor: cursor})
		if errors.Is(err, storage.ErrCorrupt) {
			r.skip(storage.InvariantRetrievable, "a damaged record keeps some badges from being listed")
			return nil
		}
		if err != nil {
			return err
		}
		group, ctx := errgroup.WithContext(r.ctx)
		group.SetLimit(runtime.GOMAXPROCS(0))
		for _, c := range page {
			if !c.Erased.IsZero() {
				continue
			}
			if c.Instance == "" {
				group.Go(func() error { return r.recipient(ctx, c, &mu) })
			}
			if !c.Issued.IsZero() {
				group.Go(func() error { return r.badge(ctx, c, &mu) })
			}
		}
		if err := group.Wait(); err != nil {
			return err
		}
		r.Step("badges", r.report.Credentials)
		cursor = next
	}
	return nil
}

// recipient opens what is known of the recipient of one award. That it is missing
// was reported by the store.
func (r *run) recipient(ctx context.Context, c storage.Credential, mu *sync.Mutex) error {
	object := "credential/" + c.ID
	err := r.Badges.CheckRecipient(ctx, c.Tenant, c.ID)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.Is(err, storage.ErrCorrupt) && !errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("opening recipient of badge %s: %w", c.ID, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !r.missing[object] {
		r.fault(storage.Fault{Invariant: storage.InvariantRetrievable, Code: "recipient_unopenable", Tenant: c.Tenant, Object: object})
	}
	return nil
}

// badge opens one badge, and checks its signature where that is asked for. That
// of a key that is compromised fails everywhere by design: such a badge is held
// by its digest alone.
func (r *run) badge(ctx context.Context, c storage.Credential, mu *sync.Mutex) error {
	object := "credential/" + c.ID
	opened, err := r.Badges.OperatorCredential(ctx, c.Tenant, c.ID)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	code, detail, signatures := "", "", 0
	switch {
	case err != nil && !errors.Is(err, storage.ErrCorrupt) && !errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("opening badge %s: %w", c.ID, err)
	case err != nil:
		code = "badge_unopenable"
	case len(opened.Signed) == 0: // was reported by the store
	case r.Deep && c.Instance == "": // what an instance issued may be anything
		key, err := r.Store.Key(ctx, c.Tenant, c.Key)
		if err == nil && !key.Compromised.IsZero() {
			break
		}
		if code, detail, err = r.signature(ctx, opened.Signed); err != nil {
			return err
		}
		signatures = 1
	}
	mu.Lock()
	defer mu.Unlock()
	r.report.Credentials++
	r.report.Signatures += signatures
	if code != "" {
		r.fault(storage.Fault{Invariant: storage.InvariantRetrievable, Code: code, Tenant: c.Tenant, Object: object, Detail: detail})
	}
	return nil
}

// signature verifies the proofs of a document with its issuer's keys.
func (r *run) signature(ctx context.Context, document []byte) (code, detail string, err error) {
	report, err := r.Verifier.Verify(ctx, document, verifier.Expect{})
	if err != nil && ctx.Err() != nil {
		return "", "", ctx.Err()
	}
	if err != nil {
		return "signature_invalid", err.Error(), nil
	}
	if report.Credential != nil {
		return "", "", nil
	}
	for _, check := range report.Checks {
		if check.Outcome != verifier.Passed {
			return "signature_invalid", string(check.Code), nil
		}
	}
	return "signature_invalid", "", nil
}

// lists compares every published status list with what the store says. One that
// is yet to be published again differs rightly.
func (r *run) lists(tenant string) error {
	lists, err := r.Store.ListStatusLists(r.ctx, tenant)
	if errors.Is(err, storage.ErrCorrupt) {
		r.skip(storage.InvariantStatus, "a damaged record keeps status lists from being read")
		return nil
	}
	if err != nil {
		return err
	}
	for _, list := range lists {
		report := func(code, detail string) {
			r.fault(storage.Fault{Invariant: storage.InvariantStatus, Code: code, Tenant: tenant, Object: "statuslist/" + list.ID, Detail: detail})
		}
		whole, err := r.Store.StatusList(r.ctx, tenant, list.ID)
		if err != nil || len(whole.Signed) == 0 {
			continue // was reported by the store, or is not published yet
		}
		key, err := r.Store.Key(r.ctx, tenant, whole.Key)
		if err != nil || !key.Compromised.IsZero() {
			continue // it is signed anew before it is served
		}
		if err := r.Badges.CheckSignedList(r.ctx, whole); err != nil {
			if r.ctx.Err() != nil {
				return r.ctx.Err()
			}
			report("list_signature_invalid", "")
		} else if whole.Published == whole.Version {
			if detail := r.differs(whole); detail != "" {
				report("list_differs", detail)
			}
		}
	}
	return nil
}

// differs says where a published list does not show what the store has.
func (r *run) differs(list storage.StatusList) string {
	_, set, err := r.Store.StatusBits(r.ctx, list.Tenant, list.ID)
	if err != nil {
		return "" // was reported by the store
	}
	published, err := publishedBits(list.Signed)
	if err != nil {
		return err.Error()
	}
	if published.Len() != list.Size {
		return fmt.Sprintf("%d entries, not %d", published.Len(), list.Size)
	}
	want := make([]bool, list.Size)
	for _, index := range set {
		if index >= 0 && index < list.Size {
			want[index] = true
		}
	}
	for index, is := range want {
		if got, err := published.Get(index); err != nil || got != is {
			return fmt.Sprintf("index %d", index)
		}
	}
	return ""
}

func publishedBits(signed []byte) (*statuslist.List, error) {
	document, err := strictjson.Parse(signed)
	if err != nil {
		return nil, err
	}
	list, err := statuslist.ParseListCredential(document.Root())
	if err != nil {
		return nil, err
	}
	if list.List == nil {
		return nil, errors.New("it holds no list")
	}
	return list.List, nil
}
