//go:build transit

package main

import (
	"laurel/internal/keys"
	"laurel/internal/keys/transitkeys"
)

func init() { backendOpeners["transit"] = openTransit }

func openTransit(f backendFlags) (keys.Backend, func() error, error) {
	client, err := destination(f.TransitURL, f.TransitNetwork, f.TransitCA)
	if err != nil {
		return nil, nil, err
	}
	engine, err := transitkeys.New(transitkeys.Config{
		Client: client, URL: f.TransitURL, Mount: f.TransitMount, TokenFile: f.TransitTokenFile, Namespace: f.TransitNamespace,
	})
	if err != nil {
		return nil, nil, usage(err, "laurel serve --help")
	}
	return engine, func() error { return nil }, nil
}
