package didwebvh

import (
	"slices"
	"strings"

	"laurel/credential/strictjson"
	"laurel/did"
)

const (
	methodVersion = "did:webvh:1.0"
	defaultTTL    = 3600
	maxTTL        = 1 << 31
)

// parameters are the parameters that an entry leaves in force.
type parameters struct {
	updateKeys    []string
	nextKeyHashes []string
	witnesses     *witnesses
	watchers      []string
	portable      bool
	deactivated   bool
	ttl           int64
}

// witnesses are who has to approve entries, and how many of them.
type witnesses struct {
	threshold int
	ids       []string // did:key
}

// update applies the parameters of an entry. A null means the default: the specification asks readers to be lenient there,
// because early writers were.
func (p *parameters) update(v strictjson.Value, first bool) error {
	if first {
		p.ttl = defaultTTL
		for _, required := range []string{"method", "scid", "updateKeys"} {
			if !v.Get(required).Exists() {
				return fault(FaultParameters, "first entry without %s", required)
			}
		}
	}
	for name, value := range v.Members() {
		if err := p.set(name, value, first); err != nil {
			return err
		}
	}
	return nil
}

func (p *parameters) set(name string, value strictjson.Value, first bool) (err error) {
	switch name {
	case "method":
		if !value.Is(methodVersion) {
			return &LogError{Fault: FaultMethod}
		}
	case "scid":
		if !first {
			return fault(FaultParameters, "scid after the first entry")
		}
	case "updateKeys":
		if p.updateKeys, err = texts(value, name); err == nil {
			err = checkKeys(p.updateKeys)
		}
	case "nextKeyHashes":
		p.nextKeyHashes, err = texts(value, name)
	case "watchers":
		p.watchers, err = texts(value, name)
	case "witness":
		p.witnesses, err = parseWitnesses(value)
	case "portable":
		before := p.portable
		if p.portable, err = boolean(value, name); err == nil && p.portable && !first && !before {
			err = fault(FaultParameters, "portable turned on after the first entry")
		}
	case "deactivated":
		p.deactivated, err = boolean(value, name)
	case "ttl":
		p.ttl, err = parseTTL(value)
	default:
		err = fault(FaultParameters, "unknown parameter")
	}
	return err
}

func boolean(v strictjson.Value, name string) (bool, error) {
	if v.Kind() != strictjson.Bool {
		return false, fault(FaultParameters, "%s is not a boolean", name)
	}
	return v.Bool(), nil
}

// texts reads an array of strings.
func texts(v strictjson.Value, name string) ([]string, error) {
	if v.Kind() == strictjson.Null {
		return nil, nil
	}
	if v.Kind() != strictjson.Array {
		return nil, fault(FaultParameters, "%s is not an array", name)
	}
	if v.Len() > maxKeys {
		return nil, fault(FaultSize, "%s has more than %d entries", name, maxKeys)
	}
	list := make([]string, 0, v.Len())
	for element := range v.Elements() {
		if element.Kind() != strictjson.String || element.Text() == "" {
			return nil, fault(FaultParameters, "%s has an entry that is not text", name)
		}
		list = append(list, element.Text())
	}
	return list, nil
}

// checkKeys refuses what can be no key. A key of a kind that does not sign entries is allowed: it authorizes nobody.
func checkKeys(keys []string) error {
	for _, key := range keys {
		if len(key) > 256 || !strings.HasPrefix(key, "z") {
			return fault(FaultParameters, "updateKeys has an entry that is no Multikey")
		}
	}
	return nil
}

func parseTTL(v strictjson.Value) (int64, error) {
	if v.Kind() == strictjson.Null {
		return defaultTTL, nil
	}
	seconds, ok := v.Int()
	if v.Kind() != strictjson.Number || !ok || seconds < 0 || seconds > maxTTL {
		return 0, fault(FaultParameters, "ttl is not a number of seconds")
	}
	return seconds, nil
}

// parseWitnesses reads the witness parameter; {} means nobody.
func parseWitnesses(v strictjson.Value) (*witnesses, error) {
	if v.Kind() == strictjson.Null || v.Kind() == strictjson.Object && v.Len() == 0 {
		return nil, nil
	}
	threshold, ok := v.Get("threshold").Int()
	list := v.Get("witnesses")
	switch {
	case v.Kind() != strictjson.Object || list.Kind() != strictjson.Array || v.Get("threshold").Kind() != strictjson.Number || !ok:
		return nil, fault(FaultParameters, "witness without threshold and witnesses")
	case list.Len() > maxWitnesses:
		return nil, fault(FaultSize, "more than %d witnesses", maxWitnesses)
	case int(threshold) < 1 || int(threshold) > list.Len():
		return nil, fault(FaultParameters, "threshold is not between 1 and the number of witnesses")
	}
	w := &witnesses{threshold: int(threshold)}
	for element := range list.Elements() {
		id := element.Get("id").Text()
		parsed, err := did.Parse(id)
		if err != nil || parsed.Method != "key" {
			return nil, fault(FaultParameters, "witness that is no did:key")
		}
		if slices.Contains(w.ids, id) {
			return nil, fault(FaultParameters, "witness that is there twice")
		}
		w.ids = append(w.ids, id)
	}
	return w, nil
}

// authorized gives the keys of which one must have signed an entry with the given parameters of its own. Without pre-rotation
// those are the ones of the entry before, with it the entry's own, every one of which the entry before has announced.
func (e *entry) authorized(own strictjson.Value, previous *entry) ([]string, error) {
	switch {
	case previous == nil:
		return e.parameters.updateKeys, nil
	case len(previous.parameters.nextKeyHashes) == 0:
		return previous.parameters.updateKeys, nil
	}
	if !own.Get("updateKeys").Exists() || !own.Get("nextKeyHashes").Exists() {
		return nil, fault(FaultKeys, "no updateKeys and nextKeyHashes of its own")
	}
	for _, key := range e.parameters.updateKeys {
		if !slices.Contains(previous.parameters.nextKeyHashes, digestOf([]byte(key))) {
			return nil, fault(FaultKeys, "key that was not announced")
		}
	}
	return e.parameters.updateKeys, nil
}
