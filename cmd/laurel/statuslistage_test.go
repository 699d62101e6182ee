package main

import (
	"encoding/base64"
	"math"
	"testing"
	"time"
)

func TestStatusListAge(t *testing.T) {
	jwt := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
	}
	envelope := func(data string) string {
		return `{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:` + data + `"}`
	}
	for body, want := range map[string]time.Duration{
		`{"credentialSubject":{"ttl":60000}}`:                                                   time.Minute,
		`{"credentialSubject":{"ttl":0}}`:                                                       0,
		`{"credentialSubject":{}}`:                                                              math.MaxInt64,
		`{"credentialSubject":{"ttl":-1}}`:                                                      0,
		`{"credentialSubject":{"ttl":"60000"}}`:                                                 0,
		`{"credentialSubject":{"ttl":1.5}}`:                                                     0,
		`{"credentialSubject":{"ttl":9000000000000000}}`:                                        math.MaxInt64,
		`{"credentialSubject":{"ttl":1,"ttl":2}}`:                                               0,
		jwt(`{"credentialSubject":{"ttl":1000}}`):                                               time.Second,
		jwt(`{"vc":{"credentialSubject":{"ttl":1000}}}`):                                        time.Second,
		jwt(`{"credentialSubject":{}}`) + "\n":                                                  math.MaxInt64,
		jwt(`{`):                                                                                0,
		`{"credentialSubject":{"ttl":1000},"id":"https://www.example.org/~a"}`:                  time.Second,
		envelope("application/vc+jwt," + jwt(`{"credentialSubject":{"ttl":1000}}`)):             time.Second,
		envelope("application/vc+sd-jwt," + jwt(`{"credentialSubject":{"_sd":["a"]}}`) + "~a~"): 0,
		envelope("application/vc+cose;base64,0oRBoKBCe31BYQ=="):                                 0,
		envelope("text/plain,a"):                                                                0,
		"a.!.c":                                                                                 0,
		"":                                                                                      0,
		"<html>":                                                                                0,
	} {
		got := statusListAge([]byte(body))
		if want > 100*365*24*time.Hour {
			if got < 100*365*24*time.Hour {
				t.Errorf("%s: %v", body, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
}
