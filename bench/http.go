package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// process is a server that is measured.
type process struct {
	mode    string
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
	ready
}

// start starts a server on one processor. dir is where it may keep files.
func start(mode, dir string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{mode: mode, command: exec.Command(self, "serve", mode, dir)}
	if mode != serveLimited { // which is a deployment, and has them all
		p.command.Env = append(os.Environ(), "GOMAXPROCS=1")
	}
	p.command.Stderr = os.Stderr
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
	if err := p.out.Decode(&p.ready); err != nil {
		return nil, errors.Join(fmt.Errorf("starting server %s: %w", mode, err), p.stop())
	}
	return p, nil
}

func (p *process) stop() error {
	return errors.Join(p.in.Close(), p.command.Wait())
}

// used asks a server what it has used. A collection of its garbage comes first
// if that is wanted.
func (p *process) used(collect bool) (usage, error) {
	line := "usage\n"
	if collect {
		line = "collect\n"
	}
	if _, err := io.WriteString(p.in, line); err != nil {
		return usage{}, fmt.Errorf("asking server %s: %w", p.mode, err)
	}
	var u usage
	err := p.out.Decode(&u)
	return u, err
}

// exchange is one kind of request to one server.
type exchange struct {
	name    string
	server  *process
	clients int
	status  int // the answer it must have
	// request is the whole of the number-th request.
	request func(number int) []byte
}

// exchanged is a turn of requests.
type exchanged struct {
	count     int
	processor float64   // of the server, nanoseconds for one request
	latencies []float64 // nanoseconds
	perSecond float64
}

// post is a whole HTTP/1.1 request.
func post(path, token string, body []byte) []byte {
	authorization := ""
	if token != "" {
		authorization = "Authorization: Bearer " + token + "\r\n"
	}
	return append(fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: badges.highvalley.example\r\nContent-Type: application/json\r\nAccept: application/json\r\n%sContent-Length: %d\r\n\r\n",
		path, authorization, len(body)), body...)
}

// same is a request that does not change.
func same(request []byte) func(int) []byte { return func(int) []byte { return request } }

// connections are the open connections to a server, so that a turn does not
// begin with opening them.
type connections []*connection

type connection struct {
	net.Conn
	reader *bufio.Reader
}

func connect(p *process, count int) (connections, error) {
	return connectFrom(p, count, "127.0.0.1")
}

// connectFrom connects from an address of the loopback network.
func connectFrom(p *process, count int, address string) (connections, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	all := make(connections, 0, count)
	for range count {
		one, err := dialer.Dial("tcp", p.Address)
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, &connection{one, bufio.NewReader(one)})
	}
	return all, nil
}

func (c connections) close() {
	for _, one := range c {
		_ = one.Close() // nothing more is wanted of it
	}
}

// exchange sends a request and reads the answer.
func (c *connection) exchange(request []byte) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, errors.Join(err, response.Body.Close())
}

// sample is a turn as a sample: the processor time is the server's alone.
func (x exchanged) sample() sample {
	return sample{median: median(x.latencies), least: slices.Min(x.latencies), cpu: x.processor, runs: x.count}
}

// run sends requests for a time on every connection, the next as soon as the
// one before is answered.
func (e exchange) run(open connections, turn time.Duration, from int) (exchanged, error) {
	before, err := e.server.used(false)
	if err != nil {
		return exchanged{}, err
	}
	begin := time.Now()
	results := make([][]float64, len(open))
	failures := make([]error, len(open))
	var wait sync.WaitGroup
	for i, one := range open {
		wait.Go(func() {
			for number := from + i; time.Since(begin) < turn; number += len(open) {
				start := time.Now()
				status, err := one.exchange(e.request(number))
				if err == nil && status != e.status {
					err = fmt.Errorf("the status is %d", status)
				}
				if err != nil {
					failures[i] = fmt.Errorf("%s: %w", e.name, err)
					return
				}
				results[i] = append(results[i], float64(time.Since(start)))
			}
		})
	}
	wait.Wait()
	elapsed := time.Since(begin)
	after, err := e.server.used(false)
	if err := errors.Join(append(failures, err)...); err != nil {
		return exchanged{}, err
	}
	var all exchanged
	for _, latencies := range results {
		all.latencies = append(all.latencies, latencies...)
	}
	all.count = len(all.latencies)
	all.processor = float64(after.Processor-before.Processor) / float64(all.count)
	all.perSecond = float64(all.count) / elapsed.Seconds()
	return all, nil
}
