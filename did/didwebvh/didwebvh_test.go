package didwebvh

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mr-tron/base58"

	"laurel/did"
	"laurel/internal/fetch"
	"laurel/internal/testdata"
)

var (
	_ Fetcher             = (*fetch.Client)(nil)
	_ did.Resolver        = (*Resolver)(nil)
	_ did.VersionResolver = (*Resolver)(nil)
)

const vectorDID = "did:webvh:QmUy89VrfryQ254CeHZzQfmcKqByPoKNGqYykP3SeXuegQ:example.com"

func TestVector(t *testing.T) {
	s := &source{log: testdata.Read(t, "w3c", "did-webvh", "basic-create-ts.did.jsonl")}
	got, err := s.resolver().ResolveVersion(t.Context(), mustParse(t, vectorDID), did.Version{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Document.ID != vectorDID || len(got.Document.VerificationMethods) != 1 {
		t.Errorf("document %s", got.Document.Value.Raw())
	}
	created := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	want := did.Metadata{
		Created: created, Updated: created, VersionID: "1-QmRqMp6AtLbWzMyLa6ZdCjiQXo1HaLpUStJFwqAMY7pVfo",
		Properties: map[string]any{
			"versionTime": "2000-01-01T00:00:00Z", "scid": "QmUy89VrfryQ254CeHZzQfmcKqByPoKNGqYykP3SeXuegQ", "portable": false, "ttl": "3600",
		},
	}
	if diff := cmp.Diff(want, got.Metadata); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"https://example.com/.well-known/did.jsonl"}, s.asked); diff != "" {
		t.Error(diff)
	}
}

// No byte of a log can change without the log becoming unsound.
func TestVectorEveryByteCounts(t *testing.T) {
	original := bytes.TrimSpace(testdata.Read(t, "w3c", "did-webvh", "basic-create-ts.did.jsonl"))
	d := mustParse(t, vectorDID)
	s := &source{}
	resolver := s.resolver()
	for i := range original {
		for _, change := range []byte{1, 2, 0x20} {
			s.log = slices.Clone(original)
			s.log[i] ^= change
			document, err := resolver.Resolve(t.Context(), d)
			if err == nil {
				t.Fatalf("byte %d changed by %#x: %s", i, change, document.Value.Raw())
			}
		}
	}
}

var preRotated = genesis(object{"nextKeyHashes": []string{multihash([]byte(makeKey(2).multikey))}})

func keys(numbers ...byte) []string {
	list := []string{}
	for _, n := range numbers {
		list = append(list, makeKey(n).multikey)
	}
	return list
}

func hashes(numbers ...byte) []string {
	list := []string{}
	for _, n := range numbers {
		list = append(list, multihash([]byte(makeKey(n).multikey)))
	}
	return list
}

func with(name string, value any) step { return step{parameters: genesis(object{name: value})} }

func later(name string, value any) step { return step{parameters: object{name: value}} }

func setProof(name string, value any) step {
	return step{options: func(o object) {
		if o[name] = value; value == nil {
			delete(o, name)
		}
	}}
}

func afterProof(change func(proof object)) step {
	return step{after: func(e object) { change(e["proof"].([]any)[0].(object)) }}
}

func movedTo(place string, alsoKnownAs any) step {
	return step{state: func(scid string) object {
		return document("did:webvh:"+scid+":"+place, object{"alsoKnownAs": alsoKnownAs})
	}}
}

// identityKey is the point of order 1 as a Multikey. Under it one signature is good for every message.
var identityKey = "z" + base58.Encode(append([]byte{0xed, 0x01, 1}, make([]byte, 31)...))

var smallOrder = step{
	parameters: genesis(object{"updateKeys": []string{identityKey}}),
	after: func(e object) {
		proof := e["proof"].([]any)[0].(object)
		proof["verificationMethod"] = "did:key:" + identityKey + "#" + identityKey
		proof["proofValue"] = "z" + base58.Encode(append([]byte{1}, make([]byte, 63)...))
	},
}

func TestFaults(t *testing.T) {
	good := step{}
	witness := func(threshold any, ids ...string) object {
		list := []object{}
		for _, id := range ids {
			list = append(list, object{"id": id})
		}
		return object{"threshold": threshold, "witnesses": list}
	}
	a, b := makeKey(50).did(), makeKey(51).did()
	for name, test := range map[string]struct {
		steps []step
		want  Fault
	}{
		"no method":                      {[]step{with("method", nil)}, FaultParameters},
		"no scid":                        {[]step{with("scid", nil)}, FaultParameters},
		"no updateKeys":                  {[]step{with("updateKeys", nil)}, FaultParameters},
		"method 0.5":                     {[]step{with("method", "did:webvh:0.5")}, FaultMethod},
		"method 1.1":                     {[]step{with("method", "did:webvh:1.1")}, FaultMethod},
		"method of its predecessor":      {[]step{with("method", "did:tdw:0.3")}, FaultMethod},
		"method number":                  {[]step{with("method", 1)}, FaultMethod},
		"later method 0.5":               {[]step{good, later("method", "did:webvh:0.5")}, FaultMethod},
		"scid again":                     {[]step{good, {before: func(e object) { e["parameters"] = object{"scid": "Qm"} }}}, FaultParameters},
		"unknown parameter":              {[]step{with("prerotation", true)}, FaultParameters},
		"updateKeys text":                {[]step{with("updateKeys", "z6Mk")}, FaultParameters},
		"updateKeys numbers":             {[]step{with("updateKeys", []int{1})}, FaultParameters},
		"updateKeys no Multikey":         {[]step{with("updateKeys", []string{makeKey(1).did()})}, FaultParameters},
		"updateKeys too many":            {[]step{with("updateKeys", slices.Repeat(keys(1), maxKeys+1))}, FaultSize},
		"updateKeys empty":               {[]step{with("updateKeys", []string{})}, FaultProof},
		"nextKeyHashes text":             {[]step{with("nextKeyHashes", "x")}, FaultParameters},
		"portable text":                  {[]step{with("portable", "true")}, FaultParameters},
		"portable null":                  {[]step{good, later("portable", json.RawMessage("null"))}, FaultParameters},
		"portable turned on":             {[]step{good, later("portable", true)}, FaultParameters},
		"portable turned on again":       {[]step{with("portable", true), later("portable", false), later("portable", true)}, FaultParameters},
		"deactivated number":             {[]step{with("deactivated", 1)}, FaultParameters},
		"entry after deactivation":       {[]step{good, later("deactivated", true), good}, FaultEnded},
		"reactivation":                   {[]step{good, later("deactivated", true), later("deactivated", false)}, FaultEnded},
		"ttl negative":                   {[]step{with("ttl", -1)}, FaultParameters},
		"ttl fraction":                   {[]step{with("ttl", 1.5)}, FaultParameters},
		"ttl text":                       {[]step{with("ttl", "60")}, FaultParameters},
		"ttl huge":                       {[]step{with("ttl", 1<<32)}, FaultParameters},
		"watchers text":                  {[]step{with("watchers", "https://a.example")}, FaultParameters},
		"witness array":                  {[]step{with("witness", []int{})}, FaultParameters},
		"witness threshold 0":            {[]step{with("witness", witness(0, a))}, FaultParameters},
		"witness threshold negative":     {[]step{with("witness", witness(-1, a))}, FaultParameters},
		"witness threshold too high":     {[]step{with("witness", witness(2, a))}, FaultParameters},
		"witness threshold text":         {[]step{with("witness", witness("1", a))}, FaultParameters},
		"witness threshold fraction":     {[]step{with("witness", witness(1.5, a, b))}, FaultParameters},
		"witness without threshold":      {[]step{with("witness", object{"witnesses": []object{{"id": a}}})}, FaultParameters},
		"witness list empty":             {[]step{with("witness", witness(0))}, FaultParameters},
		"witness twice":                  {[]step{with("witness", witness(2, a, a))}, FaultParameters},
		"witness did:web":                {[]step{with("witness", witness(1, "did:web:a.example"))}, FaultParameters},
		"witnesses too many":             {[]step{with("witness", witness(1, slices.Repeat([]string{a}, maxWitnesses+1)...))}, FaultSize},
		"unwitnessed":                    {[]step{with("witness", witness(1, a))}, FaultWitness},
		"unwitnessed from here on":       {[]step{good, later("witness", witness(1, a))}, FaultWitness},
		"time malformed":                 {[]step{{time: "yesterday"}}, FaultTime},
		"time without zone":              {[]step{{time: "2025-01-01T00:00:00"}}, FaultTime},
		"time in another zone":           {[]step{{time: "2025-01-01T00:00:00+01:00"}}, FaultTime},
		"time with a comma":              {[]step{{time: "2025-01-01T00:00:00,5Z"}}, FaultTime},
		"time of no day":                 {[]step{{time: "2025-02-30T00:00:00Z"}}, FaultTime},
		"time in the future":             {[]step{{time: at(21)}}, FaultTime},
		"time in the future, later":      {[]step{good, {time: "2525-01-01T00:00:00Z"}}, FaultTime},
		"time the same":                  {[]step{good, {time: at(1)}}, FaultTime},
		"time earlier":                   {[]step{good, good, {time: "2024-12-31T00:00:00Z"}}, FaultTime},
		"time number":                    {[]step{{before: func(e object) { e["versionTime"] = 1 }}}, FaultTime},
		"number 0":                       {[]step{{digest: func(s string) string { return "0" + s[1:] }}}, FaultVersionID},
		"number 01":                      {[]step{{digest: func(s string) string { return "0" + s }}}, FaultVersionID},
		"number +1":                      {[]step{{digest: func(s string) string { return "+" + s }}}, FaultVersionID},
		"number left out":                {[]step{good, {digest: func(s string) string { return "3" + s[1:] }}}, FaultVersionID},
		"number the same":                {[]step{good, {digest: func(s string) string { return "1" + s[1:] }}}, FaultVersionID},
		"no number":                      {[]step{{digest: func(s string) string { return s[2:] }}}, FaultVersionID},
		"another digest":                 {[]step{{digest: func(string) string { return "1-" + multihash([]byte("x")) }}}, FaultVersionID},
		"no digest":                      {[]step{{digest: func(string) string { return "1-" }}}, FaultVersionID},
		"parameters changed afterwards":  {[]step{{after: func(e object) { e["parameters"].(object)["ttl"] = 1 }}}, FaultSCID},
		"state changed afterwards":       {[]step{good, {after: func(e object) { e["state"].(object)["x"] = 1 }}}, FaultVersionID},
		"unknown member":                 {[]step{{after: func(e object) { e["x"] = 1 }}}, FaultSyntax},
		"no proof":                       {[]step{{after: func(e object) { delete(e, "proof") }}}, FaultSyntax},
		"no state":                       {[]step{{after: func(e object) { delete(e, "state") }}}, FaultSyntax},
		"state text":                     {[]step{{after: func(e object) { e["state"] = "x" }}}, FaultSyntax},
		"parameters null":                {[]step{{after: func(e object) { e["parameters"] = nil }}}, FaultSyntax},
		"proofs empty":                   {[]step{{after: func(e object) { e["proof"] = []any{} }}}, FaultProof},
		"proof text":                     {[]step{{after: func(e object) { e["proof"] = "x" }}}, FaultProof},
		"proofs too many":                {[]step{{after: func(e object) { e["proof"] = slices.Repeat(e["proof"].([]any), maxProofs+1) }}}, FaultSize},
		"second proof bad":               {[]step{{after: func(e object) { e["proof"] = append(e["proof"].([]any), object{}) }}}, FaultProof},
		"proof by a stranger":            {[]step{{signer: 9}}, FaultProof},
		"proof by a key not yet there":   {[]step{good, {signer: 2, parameters: object{"updateKeys": keys(2)}}}, FaultProof},
		"proof by a key no longer there": {[]step{good, later("updateKeys", keys(2)), good}, FaultProof},
		"proof by a key of the document": {[]step{good, {signer: 100}}, FaultProof},
		"proof type":                     {[]step{setProof("type", "Ed25519Signature2020")}, FaultProof},
		"proof cryptosuite":              {[]step{setProof("cryptosuite", "eddsa-rdfc-2022")}, FaultProof},
		"proof no cryptosuite":           {[]step{setProof("cryptosuite", nil)}, FaultProof},
		"proof purpose":                  {[]step{setProof("proofPurpose", "authentication")}, FaultProof},
		"proof created":                  {[]step{setProof("created", "soon")}, FaultProof},
		"proof with a domain":            {[]step{setProof("domain", "a.example")}, FaultProof},
		"proof method elsewhere":         {[]step{setProof("verificationMethod", "did:web:a.example#"+makeKey(1).multikey)}, FaultProof},
		"proof method bare":              {[]step{setProof("verificationMethod", makeKey(1).did())}, FaultProof},
		"proof method bare key":          {[]step{setProof("verificationMethod", makeKey(1).multikey+"#"+makeKey(1).multikey)}, FaultProof},
		"proof fragment another key":     {[]step{setProof("verificationMethod", makeKey(9).did()+"#"+makeKey(1).multikey)}, FaultProof},
		"proof body another key":         {[]step{setProof("verificationMethod", makeKey(1).did()+"#"+makeKey(9).multikey)}, FaultProof},
		"proof value of another proof":   {[]step{afterProof(func(p object) { p["created"] = at(3) })}, FaultProof},
		"proof value in base64":          {[]step{afterProof(func(p object) { p["proofValue"] = "uAAAA" })}, FaultProof},
		"proof value short":              {[]step{afterProof(func(p object) { p["proofValue"] = "z2" })}, FaultProof},
		"proof value missing":            {[]step{afterProof(func(p object) { delete(p, "proofValue") })}, FaultProof},
		"key of small order":             {[]step{smallOrder}, FaultProof},

		"pre-rotation, no updateKeys":      {[]step{{parameters: preRotated}, {signer: 1, parameters: object{"nextKeyHashes": hashes(3)}}}, FaultKeys},
		"pre-rotation, no nextKeyHashes":   {[]step{{parameters: preRotated}, {signer: 2, parameters: object{"updateKeys": keys(2)}}}, FaultKeys},
		"pre-rotation, nothing":            {[]step{{parameters: preRotated}, {signer: 1}}, FaultKeys},
		"pre-rotation, another key":        {[]step{{parameters: preRotated}, {signer: 9, parameters: object{"updateKeys": keys(9), "nextKeyHashes": hashes(3)}}}, FaultKeys},
		"pre-rotation, one key too many":   {[]step{{parameters: preRotated}, {signer: 2, parameters: object{"updateKeys": keys(2, 9), "nextKeyHashes": hashes(3)}}}, FaultKeys},
		"pre-rotation, old key signs":      {[]step{{parameters: preRotated}, {signer: 1, parameters: object{"updateKeys": keys(2), "nextKeyHashes": hashes(3)}}}, FaultProof},
		"pre-rotation, no keys":            {[]step{{parameters: preRotated}, {signer: 1, parameters: object{"updateKeys": keys(), "nextKeyHashes": hashes()}}}, FaultProof},
		"pre-rotation, hash of itself":     {[]step{{parameters: preRotated}, {signer: 2, parameters: object{"updateKeys": keys(2), "nextKeyHashes": keys(3)}}, {signer: 3, parameters: object{"updateKeys": keys(3), "nextKeyHashes": hashes(4)}}}, FaultKeys},
		"pre-rotation off, key not before": {[]step{{parameters: preRotated}, {signer: 2, parameters: object{"updateKeys": keys(2), "nextKeyHashes": hashes()}}, {signer: 3, parameters: object{"updateKeys": keys(3)}}}, FaultProof},

		"document of did:web":      {[]step{{state: func(string) object { return document("did:web:"+host, nil) }}}, FaultState},
		"document without id":      {[]step{{state: func(string) object { return object{} }}}, FaultState},
		"document of another log":  {[]step{good, {state: func(string) object { return document("did:webvh:"+multihash(nil)+":"+host, nil) }}}, FaultState},
		"document at an address":   {[]step{{state: func(scid string) object { return document("did:webvh:"+scid+":127.0.0.1", nil) }}}, FaultState},
		"moved, not portable":      {[]step{good, movedTo("new.example", []string{"placeholder"})}, FaultState},
		"moved, former not named":  {[]step{with("portable", true), movedTo("new.example", []string{"did:web:x.example"})}, FaultState},
		"moved, no alsoKnownAs":    {[]step{with("portable", true), movedTo("new.example", nil)}, FaultState},
		"moved when locked before": {[]step{with("portable", true), later("portable", false), movedTo("new.example", []string{"x"})}, FaultState},
	} {
		t.Run(name, func(t *testing.T) {
			l := makeLog(test.steps...)
			s := &source{log: l.bytes(), witnessesErr: statusError(404)}
			document, err := s.resolver().Resolve(t.Context(), mustParse(t, l.did()))
			if document != nil {
				t.Errorf("got %s", document.Value.Raw())
			}
			checkFault(t, err, len(test.steps), test.want)
			for _, secret := range []string{l.scid, host, "z6Mk"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("error quotes the log: %v", err)
				}
			}
		})
	}
}

func TestFaultsOfText(t *testing.T) {
	l := makeLog(step{}, step{}, step{})
	line := func(i int) string { return string(l.lines[i]) }
	foreign := makeLog(step{}, step{time: "2025-01-02T00:00:01Z"})
	for name, test := range map[string]struct {
		log   string
		entry int
		want  Fault
	}{
		"empty":              {"", 1, FaultSyntax},
		"blank":              {"\n", 1, FaultSyntax},
		"page":               {"<html>", 1, FaultSyntax},
		"array":              {"[" + line(0) + "]", 1, FaultSyntax},
		"blank line between": {line(0) + "\n\n" + line(1), 2, FaultSyntax},
		"blank line after":   {line(0) + "\n\n", 2, FaultSyntax},
		"two on a line":      {line(0) + line(1), 1, FaultSyntax},
		"cut off":            {line(0) + "\n" + line(1)[:200], 2, FaultSyntax},
		"name twice":         {strings.Replace(line(0), "{", `{"versionTime":"2025-01-01T00:00:00Z",`, 1), 1, FaultSyntax},
		"byte order mark":    {"\ufeff" + line(0), 1, FaultSyntax},
		"without the second": {line(0) + "\n" + line(2), 2, FaultVersionID},
		"without the first":  {line(1), 1, FaultParameters},
		"first twice":        {line(0) + "\n" + line(0), 2, FaultParameters},
		"in another order":   {line(0) + "\n" + line(2) + "\n" + line(1), 2, FaultVersionID},
		"end of another log": {line(0) + "\n" + line(1) + "\n" + string(foreign.lines[1]), 3, FaultVersionID},
		"spliced":            {line(0) + "\n" + string(foreign.lines[1]) + "\n" + line(2), 3, FaultVersionID},
		"too large":          {strings.Repeat(" ", maxLog+1), 0, FaultSize},
	} {
		t.Run(name, func(t *testing.T) {
			s := &source{log: []byte(test.log)}
			_, err := s.resolver().Resolve(t.Context(), mustParse(t, l.did()))
			var found *LogError
			if !errors.As(err, &found) || found.Entry != test.entry || found.Fault != test.want {
				t.Errorf("got %v, want entry %d: %s", err, test.entry, test.want)
			}
		})
	}
	// A log is that of its DID alone, whatever the place it is found at.
	s := &source{log: foreign.bytes()}
	other := makeLog(step{time: "2025-01-01T00:00:01Z"})
	_, err := s.resolver().Resolve(t.Context(), mustParse(t, other.did()))
	checkFault(t, err, 1, FaultSCID)
}

func TestTooManyEntries(t *testing.T) {
	h := &history{entries: make([]entry, maxEntries)}
	_, err := reader{}.read([]byte("{}"), h.entries)
	var found *LogError
	if !errors.As(err, &found) || found.Fault != FaultSize {
		t.Errorf("got %v", err)
	}
}

func TestSoundLogs(t *testing.T) {
	good := step{}
	for name, steps := range map[string][]step{
		"one entry":                  {good},
		"four entries":               {good, good, good, good},
		"key rotation":               {good, later("updateKeys", keys(2)), {signer: 2}},
		"two keys":                   {with("updateKeys", keys(1, 2)), {signer: 2}, {signer: 1}},
		"pre-rotation":               {{parameters: preRotated}, {signer: 2, parameters: object{"updateKeys": keys(2), "nextKeyHashes": hashes(3, 4)}}, {signer: 4, parameters: object{"updateKeys": keys(4), "nextKeyHashes": hashes(5)}}},
		"pre-rotation ends":          {{parameters: preRotated}, {signer: 2, parameters: object{"updateKeys": keys(2), "nextKeyHashes": hashes()}}, {signer: 2}},
		"pre-rotation begins later":  {good, later("nextKeyHashes", hashes(2)), {signer: 2, parameters: object{"updateKeys": keys(2), "nextKeyHashes": hashes(3)}}},
		"nulls for defaults":         {good, {parameters: object{"nextKeyHashes": nil, "watchers": nil, "witness": nil, "ttl": nil}}},
		"witness {}":                 {with("witness", object{})},
		"method again":               {good, later("method", methodVersion)},
		"fraction of a second":       {{time: "2025-01-01T00:00:00.25Z"}, {time: "2025-01-01T00:00:00.5Z"}},
		"zone +00:00":                {{time: "2025-01-01T00:00:00+00:00"}},
		"one proof, no array":        {{after: func(e object) { e["proof"] = e["proof"].([]any)[0] }}},
		"two proofs":                 {{after: func(e object) { e["proof"] = slices.Repeat(e["proof"].([]any), 2) }}},
		"proof without created":      {setProof("created", nil)},
		"proof with id":              {setProof("id", "urn:uuid:1b4f9b0e-0000-4000-8000-000000000000")},
		"fractions in the document":  {{state: func(scid string) object { return document("did:webvh:"+scid+":"+host, object{"x": 1.5}) }}},
		"identifier within names":    {{state: func(scid string) object { return document("did:webvh:"+scid+":"+host, object{"a" + scid: "b" + scid}) }}},
		"key of another kind beside": {with("updateKeys", append(keys(1), "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"))},
	} {
		t.Run(name, func(t *testing.T) {
			l := makeLog(steps...)
			s := &source{log: l.bytes()}
			document, err := s.resolver().Resolve(t.Context(), mustParse(t, l.did()))
			if err != nil {
				t.Fatal(err)
			}
			if m, err := document.Method(l.did()+"#key-1", did.AssertionMethod); err != nil || m.PublicKey == nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{"https://" + host + "/.well-known/did.jsonl"}, s.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}
