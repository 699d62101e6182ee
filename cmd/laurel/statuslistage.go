package main

import (
	"bytes"
	"encoding/base64"
	"math"
	"time"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// statusListAge is how long a status list may be kept by its ttl, in
// milliseconds (Bitstring Status List 1.0 §2.2): for ever without one, not at
// all when it cannot be read, as in COSE. Whether the list is sound is for the
// verifier.
func statusListAge(body []byte) time.Duration {
	document, err := strictjson.Parse(body)
	if err == nil && jose.IsEnvelope(document.Root()) {
		envelope, err := jose.ParseEnvelope(document.Root())
		if err != nil {
			return 0
		}
		return tokenAge(envelope.Data)
	}
	if err != nil {
		return tokenAge(body)
	}
	return ttlOf(document.Root())
}

// tokenAge is statusListAge of a JWT. In an SD-JWT the ttl may be disclosed, so
// that none is kept.
func tokenAge(token []byte) time.Duration {
	parts := bytes.Split(bytes.TrimSpace(token), []byte("."))
	if len(parts) != 3 || bytes.Contains(token, []byte("~")) {
		return 0
	}
	payload, err := base64.RawURLEncoding.AppendDecode(nil, parts[1])
	if err != nil {
		return 0
	}
	document, err := strictjson.Parse(payload)
	if err != nil {
		return 0
	}
	return ttlOf(document.Root())
}

func ttlOf(credential strictjson.Value) time.Duration {
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
