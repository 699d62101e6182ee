package fetch

import (
	"context"
	"sync/atomic"
	"time"
)

type budgetKey struct{}

// budget counts down the fetches of one piece of work, and of the wider piece of work it belongs to.
type budget struct {
	left  atomic.Int64
	outer *budget
}

// WithBudget limits what is done under the returned context to n fetches, within d. A document from the cache and a remembered
// failure cost nothing; redirects cost nothing extra. A fetch too many is [ErrBudget], one too late [ErrTimeout]. A budget inside
// a budget spends from both.
func WithBudget(ctx context.Context, n int, d time.Duration) (context.Context, context.CancelFunc) {
	b := &budget{}
	b.left.Store(int64(n))
	b.outer, _ = ctx.Value(budgetKey{}).(*budget)
	ctx, cancel := context.WithTimeout(ctx, d)
	return context.WithValue(ctx, budgetKey{}, b), cancel
}

// spend takes one fetch out of the budget of ctx, if it has one.
func spend(ctx context.Context) error {
	if ctx.Err() != nil {
		return timeout(context.Cause(ctx))
	}
	b, _ := ctx.Value(budgetKey{}).(*budget)
	for ; b != nil; b = b.outer {
		if b.left.Add(-1) < 0 {
			return &Error{kind: ErrBudget}
		}
	}
	return nil
}
