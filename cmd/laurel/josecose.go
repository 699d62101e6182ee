package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"

	"laurel/contexts"
	"laurel/internal/josecose"
)

// joseCoseCommand is what the W3C conformance suite of VC-JOSE-COSE calls.
type joseCoseCommand struct {
	Issue  joseCoseIssueCommand  `cmd:"" help:"Secure a credential or presentation."`
	Verify joseCoseVerifyCommand `cmd:"" help:"Verify a secured credential or presentation."`
}

// joseCoseFlags are the flags that the suite gives.
type joseCoseFlags struct {
	Input   string `required:"" type:"path" placeholder:"FILE" help:"The JSON document, or what secures it: a JWT, an SD-JWT, COSE in base64."`
	Key     string `required:"" type:"path" placeholder:"FILE" help:"A JWK, or a verification method with publicKeyJwk and secretKeyJwk."`
	Feature string `required:"" placeholder:"NAME" help:"credential_jose, presentation_jose, credential_sdjwt, presentation_sdjwt, credential_cose or presentation_cose."`
	SD      string `name:"sd" placeholder:"JSON" help:"Paths of what the holder may hold back, such as '[\"credentialSubject.name\"]'."`
	Output  string `required:"" type:"path" placeholder:"FILE" help:"Where the result goes: {\"result\":\"success|failure|indeterminate|error\",\"data\":\"…\"}."`
}

type joseCoseIssueCommand struct{ joseCoseFlags }

// Run implements the command.
func (c *joseCoseIssueCommand) Run(ctx context.Context, console *console) error {
	return c.run(ctx, console, (*josecose.Bench).Issue)
}

type joseCoseVerifyCommand struct{ joseCoseFlags }

// Run implements the command.
func (c *joseCoseVerifyCommand) Run(ctx context.Context, console *console) error {
	return c.run(ctx, console, (*josecose.Bench).Verify)
}

// run writes a result whatever happens; only a result that cannot be written is
// an error.
func (c *joseCoseFlags) run(ctx context.Context, console *console, operation func(*josecose.Bench, context.Context, josecose.Request) josecose.Result) error {
	result, err := c.result(ctx, console, operation)
	if err != nil {
		result = josecose.Result{Outcome: josecose.Error, Data: err.Error()}
	}
	data, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encoding result: %w", err)
	}
	if err := os.WriteFile(c.Output, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing result: %w", err)
	}
	return nil
}

func (c *joseCoseFlags) result(ctx context.Context, console *console, operation func(*josecose.Bench, context.Context, josecose.Request) josecose.Result) (josecose.Result, error) {
	set, err := contexts.Conformance()
	if err != nil {
		return josecose.Result{}, err
	}
	input, err := readInput(ctx, console, c.Input, maxDocument)
	if err != nil {
		return josecose.Result{}, err
	}
	key, err := readInput(ctx, console, c.Key, maxDocument)
	if err != nil {
		return josecose.Result{}, err
	}
	return operation(josecose.New(set, rand.Reader), ctx, josecose.Request{
		Feature: c.Feature, Input: input, Key: key, Disclose: []byte(c.SD),
	}), nil
}
