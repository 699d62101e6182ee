package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// peers are the JavaScript implementations, by their name for peer.mjs, with
// what package.json pins.
var peers = []struct{ name, label string }{
	{"digitalbazaar", "@digitalbazaar/vc 7.3.0"},
	{"digitalcredentials", "@digitalcredentials/vc 10.0.2"},
}

// nodePeer is a JavaScript implementation in a process of its own.
type nodePeer struct {
	label   string
	version string // of Node.js
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

// nodeProgram finds the Node.js that was installed with the peers.
func nodeProgram(folder string) (string, error) {
	found, err := filepath.Glob(filepath.Join(folder, "node_modules", "node-linux-*", "bin", "node"))
	if err != nil || len(found) == 0 {
		return "", errors.New("finding Node.js: it is not installed in bench/node; run npm ci there")
	}
	return filepath.Abs(found[0])
}

// startPeer starts a peer and has it and Laurel verify each other's credential.
func startPeer(folder, name, label string, l *laurel) (*nodePeer, error) {
	program, err := nodeProgram(folder)
	if err != nil {
		return nil, err
	}
	p := &nodePeer{label: label, command: exec.Command(program, "peer.mjs", name)}
	p.command.Dir, p.command.Stderr = folder, os.Stderr
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(out)
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if err := p.setUp(l); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", label, err), p.stop())
	}
	return p, nil
}

func (p *nodePeer) stop() error {
	return errors.Join(p.in.Close(), p.command.Wait())
}

func (p *nodePeer) setUp(l *laurel) error {
	loaded := make(map[string]json.RawMessage)
	for _, url := range l.set.URLs() {
		revisions, err := l.set.Revisions(url)
		if err != nil {
			return err
		}
		loaded[url] = revisions[0].Bytes
	}
	k := l.input.key
	var version struct{ Version string }
	err := p.ask(map[string]any{
		"did": k.did, "method": k.method, "public": k.multibase, "secret": k.secret(), "created": k.created, "contexts": loaded,
	}, &version)
	if err != nil {
		return err
	}
	p.version = version.Version
	var signed json.RawMessage
	if err := p.ask(map[string]any{"issue": json.RawMessage(l.input.document)}, &signed); err != nil {
		return fmt.Errorf("issuing: %w", err)
	}
	if err := l.verify(signed); err != nil {
		return fmt.Errorf("verifying what it issued: %w", err)
	}
	var verdict struct {
		Verified bool
		Errors   []string
	}
	if err := p.ask(map[string]any{"verify": json.RawMessage(l.signed)}, &verdict); err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	if !verdict.Verified {
		return fmt.Errorf("it does not verify what Laurel issued: %v", verdict.Errors)
	}
	return nil
}

// ask sends a command and reads the answer.
func (p *nodePeer) ask(command map[string]any, answer any) error {
	line, err := json.Marshal(command)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(bytes.ReplaceAll(line, []byte("\n"), nil), '\n')); err != nil {
		return err
	}
	var raw json.RawMessage
	if err := p.out.Decode(&raw); err != nil {
		return err
	}
	var failed struct{ Failure string }
	if err := json.Unmarshal(raw, &failed); err == nil && failed.Failure != "" {
		return errors.New(failed.Failure)
	}
	return json.Unmarshal(raw, answer)
}

// measure gives the peer a turn at issuing or verifying.
func (p *nodePeer) measure(operation string, credential []byte, turn time.Duration) (sample, error) {
	var s struct {
		Runs               int
		Median, Least, CPU float64
	}
	err := p.ask(map[string]any{"time": operation, "credential": json.RawMessage(credential), "milliseconds": turn.Milliseconds()}, &s)
	if err != nil {
		return sample{}, fmt.Errorf("%s %s: %w", p.label, operation, err)
	}
	return sample{median: s.Median, least: s.Least, cpu: s.CPU, runs: s.Runs}, nil
}
