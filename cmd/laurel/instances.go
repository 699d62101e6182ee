package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/internal/fetch"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/vcapi"
	"laurel/storage"
	"laurel/verifier"
)

// instanceSetting is the name of the section of the settings file with the
// instances of the VC API. No flag and no variable can hold it.
const instanceSetting = "vc-api"

// instanceSettings are the instances that laurel serve is to have.
type instanceSettings []instanceSettingsEntry

// instanceSettingsEntry is one instance as it is written. Of the words, the
// first one listed is meant where there is none.
type instanceSettingsEntry struct {
	Name string `yaml:"name"`
	// Suites are those of suiteAlgorithms with which it signs; none for an
	// instance that only verifies.
	Suites []string `yaml:"suites"`
	// MandatoryPointers are for suites of selective disclosure, /issuer when
	// left out.
	MandatoryPointers []string `yaml:"mandatoryPointers"`
	BindIssuer        string   `yaml:"bindIssuer"` // strict, off
	Errors            string   `yaml:"errors"`     // verified, status
	Options           string   `yaml:"options"`    // refuse, ignore
	Status            string   `yaml:"status"`     // none, revocation, suspension
	// Algorithm is that of the key, for suites that take several.
	Algorithm string `yaml:"algorithm"`
	// Presentations lets it sign presentations, as the issuer.
	Presentations bool   `yaml:"presentations"`
	Proofs        string `yaml:"proofs"` // set, chain, error
}

// envelopeSuite is the name of what is no cryptosuite: a JWT (VC-JOSE-COSE).
const envelopeSuite = "vc-jwt"

// suiteAlgorithms are the algorithms of the keys that a suite can sign with, the
// one that is taken first in front.
var suiteAlgorithms = map[string][]string{
	dataintegrity.EdDSARDFC2022:        {keys.Ed25519},
	dataintegrity.EdDSAJCS2022:         {keys.Ed25519},
	dataintegrity.Ed25519Signature2020: {keys.Ed25519},
	dataintegrity.ECDSARDFC2019:        {keys.P256, keys.P384},
	dataintegrity.ECDSAJCS2019:         {keys.P256, keys.P384},
	dataintegrity.ECDSASD2023:          {keys.P256},
	dataintegrity.BBS2023:              {keys.BLS12381G2},
	envelopeSuite:                      {keys.P256, keys.P384, keys.Ed25519, keys.RSA2048},
}

// selectiveSuites are those to derive other proofs from.
var selectiveSuites = []string{dataintegrity.ECDSASD2023, dataintegrity.BBS2023}

// Decode implements kong.MapperValue for what readInstances has read.
func (s *instanceSettings) Decode(ctx *kong.DecodeContext) error {
	read, ok := ctx.Scan.Pop().Value.(instanceSettings)
	if !ok {
		return errors.New("instances of the VC API stand in the file that --config names")
	}
	*s = read
	return nil
}

var instanceMembers = []string{"name", "suites", "mandatoryPointers", "bindIssuer", "errors", "options", "status", "algorithm", "presentations", "proofs"}

// readInstances reads the section, strictly.
func readInstances(node *yaml.Node) (instanceSettings, error) {
	if node.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: %s: not a list of instances", node.Line, instanceSetting)
	}
	all := make(instanceSettings, len(node.Content))
	seen := make(map[string]bool)
	for i, element := range node.Content {
		if element.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("line %d: %s: not an instance, which has a name", element.Line, instanceSetting)
		}
		for at := 0; at < len(element.Content); at += 2 {
			if key := element.Content[at]; !slices.Contains(instanceMembers, key.Value) {
				return nil, fmt.Errorf("line %d: %s: unknown key %q", key.Line, instanceSetting, key.Value)
			}
		}
		one := &all[i]
		err := element.Decode(one)
		if err == nil {
			err = one.check()
		}
		if err == nil && seen[one.Name] {
			err = errors.New("there are two of this name")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: instance %q: %w", element.Line, instanceSetting, one.Name, err)
		}
		seen[one.Name] = true
	}
	return all, nil
}

var instanceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$`)

// check finds what needs no keys to be wrong.
func (e *instanceSettingsEntry) check() error {
	if !instanceName.MatchString(e.Name) {
		return errors.New("name: not 1 to 63 of a-z, 0-9, dot and hyphen")
	}
	selective := false
	for i, suite := range e.Suites {
		if suiteAlgorithms[suite] == nil || slices.Contains(e.Suites[:i], suite) {
			return fmt.Errorf("suites: %q is not known, or there twice", suite)
		}
		if suite == envelopeSuite && len(e.Suites) > 1 {
			return fmt.Errorf("suites: %s goes with no other", envelopeSuite)
		}
		selective = selective || slices.Contains(selectiveSuites, suite)
	}
	for _, suite := range e.Suites {
		if e.Algorithm != "" && !slices.Contains(suiteAlgorithms[suite], e.Algorithm) {
			return fmt.Errorf("algorithm: %s is made with %s", suite, strings.Join(suiteAlgorithms[suite], " or "))
		}
	}
	switch {
	case e.Algorithm != "" && len(e.Suites) == 0:
		return errors.New("algorithm: it is for an instance that has suites")
	case e.Status != "" && e.Status != "none" && len(e.Suites) == 0:
		return errors.New("status: it is for an instance that has suites")
	}
	enveloping := slices.Contains(e.Suites, envelopeSuite)
	switch {
	case e.Presentations && (len(e.Suites) == 0 || enveloping || slices.Contains(selectiveSuites, e.Suites[0])):
		return fmt.Errorf("presentations: they are signed with the first suite, which cannot be %s, %s", envelopeSuite, strings.Join(selectiveSuites, ", "))
	case e.Proofs == "chain" && (selective || enveloping):
		return fmt.Errorf("proofs: %s and %s do not chain", envelopeSuite, strings.Join(selectiveSuites, " and "))
	case e.Proofs != "" && len(e.Suites) == 0:
		return errors.New("proofs: it is for an instance that has suites")
	}
	if len(e.MandatoryPointers) > 0 && !selective {
		return fmt.Errorf("mandatoryPointers: they are for %s", strings.Join(selectiveSuites, " and "))
	}
	for _, pointer := range e.MandatoryPointers {
		if !strings.HasPrefix(pointer, "/") {
			return fmt.Errorf("mandatoryPointers: %q is not a JSON pointer", pointer)
		}
	}
	if selective && len(e.MandatoryPointers) == 0 {
		e.MandatoryPointers = []string{"/issuer"}
	}
	for _, choice := range []struct {
		member string
		value  *string
		words  []string
	}{
		{"bindIssuer", &e.BindIssuer, []string{"strict", "off"}},
		{"errors", &e.Errors, []string{"verified", "status"}},
		{"options", &e.Options, []string{"refuse", "ignore"}},
		{"status", &e.Status, []string{"none", "revocation", "suspension"}},
		{"proofs", &e.Proofs, []string{"set", "chain", "error"}},
	} {
		if *choice.value == "" {
			*choice.value = choice.words[0]
		}
		if !slices.Contains(choice.words, *choice.value) {
			return fmt.Errorf("%s: %q is not %s", choice.member, *choice.value, strings.Join(choice.words, " or "))
		}
	}
	return nil
}

// make makes the instances of an installation. They sign as its default issuer
// and get foreign documents as its verifier does.
func (s instanceSettings) make(ctx context.Context, own *installation, client *fetch.Client) (map[string]*vcapi.Instance, error) {
	if len(s) == 0 {
		return nil, nil
	}
	tenant, err := own.issuer.Issuer(ctx, issuer.DefaultSlug)
	if err != nil {
		return nil, fmt.Errorf("looking up issuer: %w", err)
	}
	if slices.ContainsFunc(s, func(e instanceSettingsEntry) bool { return e.Presentations }) {
		own.issuer.LetKeysAuthenticate()
	}
	shared := vcapi.Config{
		Issuer: tenant.DID, JSONLD: jsonld.New(own.contexts, jsonld.Options{}), Contexts: own.contexts,
		Resolver: own.issuer.Resolver(newMethods(client, nil)), Lists: statusLists{own.issuer.Documents(documents{client})},
	}
	made := make(map[string]*vcapi.Instance, len(s))
	for _, entry := range s {
		config, err := entry.config(ctx, shared, own)
		if err == nil {
			made[entry.Name], err = vcapi.New(config)
		}
		if err != nil {
			err = fmt.Errorf("making instance %q of the VC API: %w", entry.Name, err)
		}
		if errors.Is(err, keys.ErrNoSigningKey) {
			err = usage(err, "make one: laurel keys create --kind KIND")
		}
		if err != nil {
			return nil, err
		}
	}
	return made, nil
}

// config completes what all instances have in common.
func (e *instanceSettingsEntry) config(ctx context.Context, config vcapi.Config, own *installation) (vcapi.Config, error) {
	config.URL = own.issuer.PublicURL() + "/vc-api/" + e.Name
	config.Ledger = own.issuer.Ledger(e.Name)
	config.Policy = vcapi.Policy{
		BindIssuer: e.BindIssuer == "strict", RefuseUnverified: e.Errors == "status", StrictOptions: e.Options == "refuse",
		StatusDecides: true, AssertsOnly: !e.Presentations, StatusPurposes: statusPurposes[e.Status],
		RefuseProofs: e.Proofs == "error", ChainProofs: e.Proofs == "chain",
	}
	for _, suite := range e.Suites {
		algorithms := suiteAlgorithms[suite]
		if e.Algorithm != "" {
			algorithms = []string{e.Algorithm}
		}
		current := currentKey(own.ring, config.Issuer, algorithms, suite == envelopeSuite)
		if _, _, err := current(ctx); err != nil {
			return config, fmt.Errorf("suites: %s needs a key of %s: %w", suite, strings.Join(algorithms, " or "), err)
		}
		if suite == envelopeSuite {
			config.Envelope = &vcapi.Envelope{Current: current}
			continue
		}
		proof := vcapi.Proof{Cryptosuite: suite, Current: current, Undated: suite == dataintegrity.BBS2023}
		if slices.Contains(selectiveSuites, suite) {
			proof.MandatoryPointers = e.MandatoryPointers
		}
		config.Proofs = append(config.Proofs, proof)
	}
	return config, nil
}

// statusPurposes are the purposes that the words for status stand for.
var statusPurposes = map[string][]string{
	"revocation": {storage.PurposeRevocation},
	"suspension": {storage.PurposeRevocation, storage.PurposeSuspension},
}

// currentKey finds the newest active key of the default issuer of the first
// algorithm of which there is one. token is for keys that sign JWTs, which the
// issuer's document may show under another name.
func currentKey(ring *keys.Ring, did string, algorithms []string, token bool) vcapi.Current {
	return func(ctx context.Context) (crypto.Signer, string, error) {
		for _, algorithm := range algorithms {
			key, err := ring.SigningWith(ctx, issuer.DefaultSlug, algorithm)
			switch {
			case errors.Is(err, keys.ErrNoSigningKey):
				continue
			case err != nil:
				return nil, "", err
			case token:
				return key.Signer, did + "#" + issuer.TokenKeyID(key.Key), nil
			}
			return key.Signer, did + "#" + key.Fragment, nil
		}
		return nil, "", keys.ErrNoSigningKey
	}
}

// statusLists gets status lists as a verifier gets them.
type statusLists struct{ documents verifier.Documents }

// StatusList implements vcapi.Lists.
func (l statusLists) StatusList(ctx context.Context, url string) ([]byte, error) {
	return l.documents.Document(ctx, url, verifier.KindStatusList)
}

// fetchBudget bounds what is fetched for one request to an instance, which may
// hold a presentation of many credentials.
func fetchBudget(ctx context.Context) (context.Context, context.CancelFunc) {
	return fetch.WithBudget(ctx, 16, 30*time.Second)
}
