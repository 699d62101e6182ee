package fetch

import (
	"container/list"
	"sync"
	"time"
)

// cache keeps values for a time, the most recently used ones when room is short.
type cache[V any] struct {
	clock func() time.Time
	limit int

	mu     sync.Mutex
	size   int
	recent *list.List // of *entry[V], most recently used first
	byKey  map[string]*list.Element
}

type entry[V any] struct {
	key     string
	value   V
	size    int
	expires time.Time
}

// newCache makes a cache for entries of the given total size; with a limit below one it stays empty.
func newCache[V any](limit int, clock func() time.Time) *cache[V] {
	return &cache[V]{clock: clock, limit: limit, recent: list.New(), byKey: map[string]*list.Element{}}
}

func (c *cache[V]) get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var none V
	element, ok := c.byKey[key]
	if !ok {
		return none, false
	}
	found := element.Value.(*entry[V])
	if !c.clock().Before(found.expires) {
		c.remove(element)
		return none, false
	}
	c.recent.MoveToFront(element)
	return found.value, true
}

// put keeps a value for at most age, in place of what was kept under the key.
func (c *cache[V]) put(key string, value V, size int, age time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.byKey[key]; ok {
		c.remove(element)
	}
	if age <= 0 || size > c.limit {
		return
	}
	c.byKey[key] = c.recent.PushFront(&entry[V]{key, value, size, c.clock().Add(age)})
	for c.size += size; c.size > c.limit; {
		c.remove(c.recent.Back())
	}
}

func (c *cache[V]) remove(element *list.Element) {
	removed := c.recent.Remove(element).(*entry[V])
	delete(c.byKey, removed.key)
	c.size -= removed.size
}
