package main

import (
	"fmt"
	"strconv"
	"strings"
)

// The contexts of the documents that are made here.
const madeContexts = `"https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"`

// made is an Open Badge of our own making, without a proof: everything in it
// but what is given has an id, so that it has no blank node of its own.
func made(issuer, subject string, members ...string) []byte {
	all := []string{
		`"@context":[` + madeContexts + `]`,
		`"id":"urn:uuid:5b0c2f6e-94a3-4a0e-8d27-61e1b4c9d370"`,
		`"type":["VerifiableCredential","OpenBadgeCredential"]`,
		`"issuer":{"id":"` + issuer + `","type":["Profile"],"name":"College of the High Valley"}`,
		`"validFrom":"2026-02-01T08:00:00Z"`,
		`"credentialSubject":` + subject,
	}
	return []byte("{" + strings.Join(append(all, members...), ",") + "}")
}

const (
	plainAchievement = `{"id":"https://highvalley.example/a/1","type":["Achievement"],"name":"Botany","description":"Knows plants.",` +
		`"criteria":{"id":"https://highvalley.example/a/1/criteria","narrative":"Know plants."}}`
	plainSubject = `{"id":"https://people.example/7","type":["AchievementSubject"],"achievement":` + plainAchievement + `}`
)

// evidence is one piece of evidence of about 200 bytes, which makes five quads.
// Without an id it is a blank node that no other is like.
func evidence(number int, withID bool) string {
	id := ""
	if withID {
		id = `"id":"https://highvalley.example/evidence/` + strconv.Itoa(number) + `",`
	}
	return fmt.Sprintf(`{%s"type":["Evidence"],"name":"Sheet %d","description":"A pressed plant, labelled and named by the student.","genre":"Collection"}`, id, number)
}

// ofSize is a badge of at least so many bytes without a blank node.
func ofSize(issuer string, size int) []byte {
	return badgeWith(issuer, true, func(items, length int) bool { return length >= size })
}

// ofBlankNodes is a badge of so many blank nodes, each unlike the others.
func ofBlankNodes(issuer string, count int) []byte {
	return badgeWith(issuer, false, func(items, length int) bool { return items == count })
}

func badgeWith(issuer string, withIDs bool, enough func(items, length int) bool) []byte {
	var list []string
	length := len(made(issuer, plainSubject, `"evidence":[]`))
	for !enough(len(list), length) {
		list = append(list, evidence(len(list), withIDs))
		length += len(list[len(list)-1]) + 1
	}
	if len(list) == 0 {
		return made(issuer, plainSubject)
	}
	return made(issuer, plainSubject, `"evidence":[`+strings.Join(list, ",")+`]`)
}
