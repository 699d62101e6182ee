//go:build transit || awskms

package main

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"

	"laurel/internal/fetch"
)

// destination makes a client for one https address that the operator has named.
func destination(address string, networks []string, authorities string) (*fetch.Destinations, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, usage(fmt.Errorf("reading command line: %q is not an https address", address), "")
	}
	host := u.Host
	if len(networks) > 0 {
		host += "=" + strings.Join(networks, "+")
	}
	config := fetch.DestinationsConfig{Hosts: []string{host}, UserAgent: "laurel/" + programVersion()}
	if authorities != "" {
		data, err := os.ReadFile(authorities)
		if err != nil {
			return nil, missing(fmt.Errorf("reading certificate authorities: %w", err), "")
		}
		config.Authorities = x509.NewCertPool()
		if !config.Authorities.AppendCertsFromPEM(data) {
			return nil, missing(fmt.Errorf("reading certificate authorities: no certificate in %s", authorities), "give a file of PEM certificates")
		}
	}
	client, err := fetch.NewDestinations(config)
	if err != nil {
		return nil, usage(err, "")
	}
	return client, nil
}
