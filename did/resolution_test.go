package did

import (
	"context"
	"errors"
	"testing"
	"time"
)

type versions struct {
	resolverFunc
	resolution *Resolution
	err        error
}

func (v versions) ResolveVersion(context.Context, DID, Version) (*Resolution, error) {
	return v.resolution, v.err
}

func TestResolveVersion(t *testing.T) {
	key := "did:key:" + encode(t, testEd25519(t))
	plain := resolverFunc(func() (*Document, error) { return &Document{ID: victim}, nil })
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	good := &Resolution{Document: &Document{ID: victim}, Metadata: Metadata{VersionID: "1", Deactivated: true}}
	for name, tt := range map[string]struct {
		web     Resolver
		did     string
		version Version
		want    error
	}{
		"did:key":                 {nil, key, Version{}, nil},
		"did:key at a time":       {nil, key, Version{Time: at}, nil},
		"did:key by version":      {nil, key, Version{ID: "1"}, ErrVersionNotSupported},
		"did:web":                 {plain, victim, Version{}, nil},
		"did:web at a time":       {plain, victim, Version{Time: at}, ErrVersionNotSupported},
		"did:web by version":      {plain, victim, Version{ID: "1"}, ErrVersionNotSupported},
		"no resolver":             {nil, "did:example:a", Version{}, ErrMethodNotSupported},
		"no resolver, at a time":  {nil, "did:example:a", Version{Time: at}, ErrMethodNotSupported},
		"versions":                {versions{plain, good, nil}, victim, Version{ID: "1"}, nil},
		"versions, fault":         {versions{plain, nil, ErrNotFound}, victim, Version{ID: "1"}, ErrNotFound},
		"versions, nothing":       {versions{plain, nil, nil}, victim, Version{}, ErrDocumentID},
		"versions, no document":   {versions{plain, &Resolution{}, nil}, victim, Version{}, ErrDocumentID},
		"versions, another's":     {versions{plain, &Resolution{Document: &Document{ID: key}}, nil}, victim, Version{}, ErrDocumentID},
		"another's of did:web":    {resolverFunc(func() (*Document, error) { return &Document{ID: key}, nil }), victim, Version{}, ErrDocumentID},
		"deactivated is no error": {versions{plain, good, nil}, victim, Version{}, nil},
	} {
		d, err := Parse(tt.did)
		if err != nil {
			t.Fatal(err)
		}
		methods := Methods{"key": KeyResolver{}}
		if tt.web != nil {
			methods["web"] = tt.web
		}
		got, err := methods.ResolveVersion(context.Background(), d, tt.version)
		if !errors.Is(err, tt.want) || (got == nil) != (tt.want != nil) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, tt.want)
		}
		if got != nil && got.Document.ID != tt.did {
			t.Errorf("%s: document of %s", name, got.Document.ID)
		}
	}
}
