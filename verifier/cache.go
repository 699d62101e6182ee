package verifier

import (
	"crypto"
	"crypto/sha256"
	"sync"

	"laurel/contexts"
	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/did"
)

// Bounds on what is kept from one verification to the next, in bytes or so.
const (
	keptKeys      = 1 << 20
	keptDocuments = 4 << 20
	keptLists     = 32 << 20
)

// known is what a Verifier keeps. All of it follows from its key alone, the text
// of an identifier that is a key or the digest of a whole document, and can
// never be out of date: who lists which key now, which list is served now and
// what the time says is found out anew each time.
type known struct {
	// keys are those of did:key and did:jwk, by the URL of the method.
	keys cache[string, crypto.PublicKey]
	// documents are read controller documents.
	documents *did.DocumentCache
	// lists are read status lists, likewise.
	lists cache[[sha256.Size]byte, *knownList]
}

func newKnown() *known {
	return &known{
		keys:      cache[string, crypto.PublicKey]{limit: keptKeys},
		documents: did.NewDocumentCache(keptDocuments),
		lists:     cache[[sha256.Size]byte, *knownList]{limit: keptLists},
	}
}

// knownList is a status list credential that was read and decoded, and which
// signatures were found good on it.
type knownList struct {
	root    strictjson.Value
	token   *jose.Token   // the JWT that it came in, or nil
	message *cose.Message // the COSE message whose header token has, or nil
	list    *statuslist.ListCredential

	mutex  sync.Mutex
	proved []proved
}

// proved is a proof whose signature was good with a key.
type proved struct {
	proof    int // its position, or wholeToken
	key      crypto.PublicKey
	contexts []contexts.Document
}

// find tells whether the signature of a proof was found good with this very key.
// A nil list knows of none.
func (l *knownList) find(proof int, key crypto.PublicKey) (used []contexts.Document, ok bool) {
	same, comparable := key.(interface{ Equal(crypto.PublicKey) bool })
	if l == nil || !comparable {
		return nil, false
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, p := range l.proved {
		if p.proof == proof && same.Equal(p.key) {
			return p.contexts, true
		}
	}
	return nil, false
}

// maxProved is how many good signatures of one list are remembered. A list has
// one, by one key.
const maxProved = 4

func (l *knownList) add(p proved) {
	if l == nil {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.proved) < maxProved {
		l.proved = append(l.proved, p)
	}
}

// cache is a bounded map for concurrent use. What was not asked for since half
// of its limit was filled anew is forgotten.
type cache[K comparable, V any] struct {
	limit int // of the sizes of all entries

	mutex      sync.Mutex
	young, old map[K]sized[V]
	filled     int // sizes of young
}

type sized[V any] struct {
	value V
	size  int
}

func (c *cache[K, V]) get(key K) (V, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if found, ok := c.young[key]; ok {
		return found.value, true
	}
	found, ok := c.old[key]
	if ok {
		c.keep(key, found)
	}
	return found.value, ok
}

// put keeps a value, unless it alone would fill half of the cache.
func (c *cache[K, V]) put(key K, value V, size int) {
	if size > c.limit/2 {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, ok := c.young[key]; !ok {
		c.keep(key, sized[V]{value, size})
	}
}

func (c *cache[K, V]) keep(key K, entry sized[V]) {
	if c.young == nil || c.filled+entry.size > c.limit/2 {
		c.young, c.old, c.filled = make(map[K]sized[V]), c.young, 0
	}
	c.young[key] = entry
	c.filled += entry.size
}
