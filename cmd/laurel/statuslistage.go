package main

import (
	"bytes"
	"encoding/base64"
	"math"
	"time"

	"laurel/credential/strictjson"
)

// statusListAge is how long a status list may be kept by its ttl, in
// milliseconds (Bitstring Status List 1.0 §2.2): for ever without one, not at
// all when it cannot be read. Whether the list is sound is for the verifier.
func statusListAge(body []byte) time.Duration {
	if parts := bytes.Split(bytes.TrimSpace(body), []byte(".")); len(parts) == 3 {
		payload, err := base64.RawURLEncoding.AppendDecode(nil, parts[1])
		if err != nil {
			return 0
		}
		body = payload
	}
	document, err := strictjson.Parse(body)
	if err != nil {
		return 0
	}
	credential := document.Root()
	if inner, ok := credential.Member("vc"); ok {
		credential = inner
	}
	ttl, ok := credential.Get("credentialSubject").Member("ttl")
	if !ok {
		return math.MaxInt64
	}
	n, ok := ttl.Int()
	if !ok || n < 0 {
		return 0
	}
	return time.Duration(min(n, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
}
