package josecose

import (
	"crypto"
	"fmt"
	"strconv"
	"strings"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// method is the key of a request and its name.
type method struct {
	id     string
	public crypto.PublicKey
	signer crypto.Signer
}

// parseMethod reads a bare JWK or a verification method.
func parseMethod(data []byte) (method, error) {
	doc, err := strictjson.Parse(data)
	if err != nil {
		return method{}, fmt.Errorf("%w: reading key: %w", errStart, err)
	}
	var m method
	found := false
	root := doc.Root()
	for _, name := range []string{"publicKeyJwk", "secretKeyJwk", "privateKeyJwk", ""} {
		jwk := root.Get(name)
		if name == "" {
			jwk = root
		}
		if !jwk.Get("kty").Exists() {
			continue
		}
		pair, err := jose.ParseKeyPair(jwk)
		if err != nil {
			return method{}, fmt.Errorf("%w: reading key: %w", errStart, err)
		}
		if found && !m.public.(interface{ Equal(crypto.PublicKey) bool }).Equal(pair.Public) {
			return method{}, fmt.Errorf("%w: reading key: the private key is not that of the public key", errStart)
		}
		found = true
		m.public = pair.Public
		if pair.Signer != nil {
			m.signer = pair.Signer
		}
		if m.id == "" {
			m.id = jwk.Get("kid").Text()
		}
	}
	if !found {
		return method{}, fmt.Errorf("%w: reading key: neither a JWK nor a verification method with one", errStart)
	}
	if id := root.Get("id").Text(); id != "" {
		m.id = id
	}
	return m, nil
}

// parsePaths reads the list of what may be held back, as JSON Pointers.
func parsePaths(data []byte) ([]string, error) {
	if len(strings.TrimSpace(string(data))) == 0 {
		return nil, nil
	}
	doc, err := strictjson.Parse(data)
	if err != nil || doc.Root().Kind() != strictjson.Array {
		return nil, fmt.Errorf("%w: what is to be disclosed is not a JSON array", errStart)
	}
	var pointers []string
	for path := range doc.Root().Elements() {
		pointer, ok := pointerOf(path.Text())
		if path.Kind() != strictjson.String || !ok {
			return nil, fmt.Errorf("%w: what is to be disclosed is not a list of paths", errStart)
		}
		pointers = append(pointers, pointer)
	}
	return pointers, nil
}

// pointerOf turns a path such as "credentialSubject.phones[0].number" into a JSON
// Pointer.
func pointerOf(path string) (string, bool) {
	if strings.HasPrefix(path, "/") {
		return path, true
	}
	var pointer strings.Builder
	for step := range strings.SplitSeq(path, ".") {
		name, rest, indexed := strings.Cut(step, "[")
		if name == "" {
			return "", false
		}
		pointer.WriteString("/" + strictjson.EscapePointer(name))
		for indexed {
			index, after, closed := strings.Cut(rest, "]")
			if n, err := strconv.Atoi(index); !closed || err != nil || n < 0 || strconv.Itoa(n) != index {
				return "", false
			}
			pointer.WriteString("/" + index)
			if after == "" {
				break
			}
			if rest, indexed = strings.CutPrefix(after, "["); !indexed {
				return "", false
			}
		}
	}
	return pointer.String(), true
}
