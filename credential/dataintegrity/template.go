package dataintegrity

import (
	"bytes"
	"context"
	"crypto"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"laurel/contexts"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// Most proofs have the same options, but for the time and the key. Their
// canonical form is then the same too but for two places, since each line has a
// predicate of its own and there is one blank node: it is worked out once for
// each list of contexts and filled in.

// plainOptions are proof options that a template may stand for.
type plainOptions struct {
	cryptosuite, purpose string
	created              string // may be empty
	method               string
	// lasting says that the texts are not part of a document, which may change.
	lasting bool
}

// plain returns the options of a proof if they are of the usual kind.
func (p *Proof) plain() (plainOptions, bool) {
	members := 5 // type, cryptosuite, verificationMethod, proofPurpose, proofValue
	if p.Created != "" {
		members++
	}
	o := plainOptions{cryptosuite: p.Cryptosuite, purpose: p.ProofPurpose, created: p.Created, method: p.VerificationMethod}
	return o, p.Type == Type && p.Value.Len() == members && o.fits() && p.ID == "" && p.Expires == "" &&
		len(p.Domain) == 0 && p.Challenge == "" && p.Nonce == "" && len(p.PreviousProof) == 0
}

// fits reports whether the values that are filled in stand in the canonical
// form as they are, and mean what those of a probe would: a DID URL may be a
// compact IRI under strange contexts, as the probe shows.
func (o *plainOptions) fits() bool {
	return isPlainURL(o.method) && isPlainTime(o.created)
}

// isPlainURL recognises a DID URL or an https URL without unusual characters.
func isPlainURL(s string) bool {
	const scheme = "https://"
	if !strings.HasPrefix(s, scheme) || len(s) == len(scheme) {
		return isPlainDIDURL(s)
	}
	for i := len(scheme); i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == ':', c == '.', c == '-', c == '_', c == '#', c == '/':
		default:
			return false
		}
	}
	return true
}

// isPlainTime reports whether a date has only characters of dates; it may be
// missing.
func isPlainTime(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '-', c == ':', c == 'T', c == 'Z', c == '+', c == '.':
		default:
			return false
		}
	}
	return true
}

// The probe whose places are looked for in a canonical form.
const (
	probeCreated = "2001-02-03T04:05:06Z"
	probeMethod  = "did:probe:verification-method"
)

// template is a canonical form of proof options with places for created and
// verificationMethod.
type template struct {
	parts    []string // before, between and after the places
	method   []bool   // for each place, whether verificationMethod is put there
	contexts []contexts.Document
	general  bool
	last     atomic.Pointer[filled]
}

// filled is a template with options in its places, as it was signed last: a
// service that makes many proofs makes them with one key and within a second.
type filled struct {
	created, method string
	hash            crypto.Hash
	sum             [maxSum]byte
}

// sum hashes the canonical form of options.
func (t *template) sum(hash crypto.Hash, o *plainOptions) [maxSum]byte {
	if last := t.last.Load(); o.lasting && last != nil && last.hash == hash && last.created == o.created && last.method == o.method {
		return last.sum
	}
	form := forms.Get().(*[]byte)
	defer forms.Put(form)
	*form = t.fill((*form)[:0], o)
	sum := sumOf(hash, *form)
	if o.lasting {
		t.last.Store(&filled{created: strings.Clone(o.created), method: strings.Clone(o.method), hash: hash, sum: sum})
	}
	return sum
}

// fill writes the canonical form of options.
func (t *template) fill(dst []byte, o *plainOptions) []byte {
	for i, isMethod := range t.method {
		dst = append(dst, t.parts[i]...)
		if isMethod {
			dst = append(dst, o.method...)
		} else {
			dst = append(dst, o.created...)
		}
	}
	return append(dst, t.parts[len(t.method)]...)
}

// templates are those that a Suites has worked out. When there are too many,
// since somebody tries orders of contexts, it begins again.
type templates struct {
	known atomic.Pointer[map[string]*template]
	mu    sync.Mutex // held to add one
}

const (
	maxTemplates   = 64
	maxTemplateKey = 1 << 10
)

func (t *templates) get(key []byte) *template {
	if known := t.known.Load(); known != nil {
		return (*known)[string(key)]
	}
	return nil
}

func (t *templates) add(key []byte, made *template) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := make(map[string]*template)
	if known := t.known.Load(); known != nil && len(*known) < maxTemplates {
		maps.Copy(next, *known)
	}
	next[string(key)] = made
	t.known.Store(&next)
}

// digestPlain hashes the canonical form of options under the newest revisions
// of the contexts of the document root. It reports false where there is no
// template, and nothing is said about the options then.
func (s *Suites) digestPlain(ctx context.Context, root strictjson.Value, o *plainOptions, hash crypto.Hash) (digest, bool) {
	var room [maxTemplateKey]byte
	key := append(append(room[:0], o.cryptosuite...), 0)
	key = append(append(key, o.purpose...), 0)
	if o.created != "" {
		key = append(key, 1)
	}
	key = append(key, root.Get("@context").Raw()...)
	if len(key) > maxTemplateKey {
		return digest{}, false
	}
	t := s.templates.get(key)
	if t == nil {
		if t = s.template(ctx, root, o); t == nil {
			return digest{}, false
		}
		s.templates.add(key, t)
	}
	return digest{contexts: t.contexts, general: t.general, sum: t.sum(hash, o)}, true
}

// template works out the template for options like o, or returns nil when there
// is none.
func (s *Suites) template(ctx context.Context, root strictjson.Value, o *plainOptions) *template {
	written := appendMember(nil, `,"type":`, Type)
	written = appendMember(written, `,"cryptosuite":`, o.cryptosuite)
	if o.created != "" {
		written = appendMember(written, `,"created":`, probeCreated)
	}
	written = appendMember(written, `,"verificationMethod":`, probeMethod)
	written = appendMember(written, `,"proofPurpose":`, o.purpose)
	probe, err := strictjson.Parse(append(written, '}'))
	if err != nil {
		return nil
	}
	canonical, err := s.processor.Canonicalize(ctx, optionsSource(root, probe.Root()), nil, rdfc.Options{})
	if err != nil {
		return nil
	}
	form := canonical.NQuads
	wanted := 1 // verificationMethod
	if o.created != "" {
		wanted++
	}
	if bytes.Count(form, []byte("<"+probeMethod+">")) != 1 || bytes.Count(form, []byte(`"`+probeCreated+`"`)) != wanted-1 {
		return nil
	}
	t := &template{contexts: canonical.Contexts, general: canonical.General}
	for range wanted {
		method, created := bytes.Index(form, []byte(probeMethod)), bytes.Index(form, []byte(probeCreated))
		isMethod := created < 0 || method >= 0 && method < created
		at, length := created, len(probeCreated)
		if isMethod {
			at, length = method, len(probeMethod)
		}
		t.parts, t.method = append(t.parts, string(form[:at])), append(t.method, isMethod)
		form = form[at+length:]
	}
	t.parts = append(t.parts, string(form))
	return t
}
