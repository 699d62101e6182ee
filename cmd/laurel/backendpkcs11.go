//go:build pkcs11

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"laurel/internal/keys"
	"laurel/internal/keys/hsmkeys"
)

func init() { backendOpeners["pkcs11"] = openPKCS11 }

func openPKCS11(f backendFlags) (keys.Backend, func() error, error) {
	if f.PKCS11Token == "" || f.PKCS11PINFile == "" {
		return nil, nil, usage(errors.New("reading command line: missing --pkcs11-token or --pkcs11-pin-file"), "")
	}
	pin, err := os.ReadFile(f.PKCS11PINFile)
	if err != nil {
		return nil, nil, missing(fmt.Errorf("reading PIN: %w", err), "")
	}
	token, err := hsmkeys.Open(hsmkeys.Config{
		Module: f.PKCS11Module, Token: f.PKCS11Token, PIN: strings.TrimRight(string(pin), "\r\n"),
	})
	if err != nil {
		return nil, nil, missing(err, "is the token there, and the PIN that of its user?")
	}
	return token, token.Close, nil
}
