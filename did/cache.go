package did

import (
	"crypto/sha256"
	"sync"
)

// DocumentCache reads documents and remembers them by the digest of their bytes,
// so that the keys of a document that is fetched again and again are decoded and
// checked once. What it gives follows from the bytes alone and can never be out
// of date: which bytes are the document now is for the caller to find out each
// time. It is safe for concurrent use.
type DocumentCache struct {
	limit int

	mutex      sync.Mutex // guards what follows
	young, old map[[sha256.Size]byte]cachedDocument
	filled     int // of young
}

type cachedDocument struct {
	document *Document
	size     int
}

// costOfDocument is about how much memory a read document takes, in multiples of
// its length: the bytes, their tree, and what was made of it.
const costOfDocument = 4

// NewDocumentCache makes a cache that takes about limit bytes of memory; with a
// limit below one it remembers nothing.
func NewDocumentCache(limit int) *DocumentCache { return &DocumentCache{limit: limit} }

// Parse is ParseDocument. The result is shared; data must not be changed after
// the call. Failures are not remembered.
func (c *DocumentCache) Parse(data []byte) (*Document, error) {
	digest := sha256.Sum256(data)
	if document := c.get(digest); document != nil {
		return document, nil
	}
	document, err := ParseDocument(data)
	if err != nil {
		return nil, err
	}
	c.put(digest, cachedDocument{document, costOfDocument * len(data)})
	return document, nil
}

func (c *DocumentCache) get(digest [sha256.Size]byte) *Document {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if found, ok := c.young[digest]; ok {
		return found.document
	}
	found, ok := c.old[digest]
	if ok {
		c.keep(digest, found)
	}
	return found.document
}

func (c *DocumentCache) put(digest [sha256.Size]byte, found cachedDocument) {
	if found.size > c.limit/2 {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, ok := c.young[digest]; !ok {
		c.keep(digest, found)
	}
}

// keep forgets what was not asked for since half of the limit was filled anew.
func (c *DocumentCache) keep(digest [sha256.Size]byte, found cachedDocument) {
	if c.young == nil || c.filled+found.size > c.limit/2 {
		c.young, c.old, c.filled = make(map[[sha256.Size]byte]cachedDocument), c.young, 0
	}
	c.young[digest] = found
	c.filled += found.size
}
