package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// load is how long an ordinary client waits while others keep a verifier busy.
type load struct {
	name          string
	median, p99   float64 // nanoseconds
	served        int     // requests of the ordinary client
	others        int     // answers that the others had
	refused       int     // those that were turned away for want of room
	residentAfter int64   // bytes
}

const (
	// crowd is how many others there are at once.
	crowd = 64
	// enough requests tell what one in a hundred is like; they are waited for,
	// but not longer than longest.
	enough  = 100
	longest = 20 * time.Second
)

// loads measures the ordinary client alone, beside a crowd of its like, and
// beside a crowd that attacks.
func loads(l *laurel, length time.Duration) ([]load, error) {
	all, err := underLoads(l, []loadCase{
		{"alone", serveVerifier, "", 0, length},
		{"beside 64 like it", serveVerifier, crowdOrdinary, 0, length},
		{"beside 64 attackers", serveVerifier, crowdHostile, 0, length},
	})
	if err != nil {
		return nil, err
	}
	deployed, err := attacked(l, 2*length)
	return append(all, deployed...), err
}

// attacked measures a deployment, with its limits and all processors, without
// and with an attack. The ordinary client asks 50 times a second.
func attacked(l *laurel, length time.Duration) ([]load, error) {
	const often = time.Second / 50
	return underLoads(l, []loadCase{
		{"a deployment, alone", serveLimited, "", often, length},
		{"a deployment, beside 64 attackers at one address", serveLimited, crowdHostile, often, length},
	})
}

// loadCase is one situation of the ordinary client, which waits so long between
// two requests.
type loadCase struct {
	name, mode, others string
	pause, length      time.Duration
}

func underLoads(l *laurel, cases []loadCase) ([]load, error) {
	request := post("/verify", "", l.signed)
	var all []load
	for _, c := range cases {
		one, err := underLoad(c.mode, request, c.others, c.pause, c.length)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		one.name = c.name
		all = append(all, one)
	}
	return all, nil
}

func underLoad(mode string, request []byte, others string, pause, length time.Duration) (one load, err error) {
	p, err := start(mode, "")
	if err != nil {
		return one, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	client, err := connectFrom(p, 1, "127.0.0.2")
	if err != nil {
		return one, err
	}
	defer client.close()
	finish := func() error { return nil }
	if others != "" {
		if finish, err = startCrowd(p, others, &one); err != nil {
			return one, err
		}
		time.Sleep(length / 10) // until they are at it
	}
	var latencies []float64
	begin := time.Now()
	for time.Since(begin) < length || len(latencies) < enough && time.Since(begin) < longest {
		start := time.Now()
		status, err := client[0].exchange(request)
		if err == nil && status != 200 && status != 429 && status != 503 {
			err = fmt.Errorf("the status is %d", status)
		}
		if err != nil {
			return one, errors.Join(err, finish())
		}
		if status == 200 {
			latencies = append(latencies, float64(time.Since(start)))
		}
		time.Sleep(max(0, pause-time.Since(start)))
	}
	if err := finish(); err != nil {
		return one, err
	}
	one.served, one.median, one.p99 = len(latencies), median(latencies), quantile(latencies, 0.99)
	used, err := p.used(false)
	one.residentAfter = used.Resident
	return one, err
}

// The crowds there are.
const (
	crowdOrdinary = "ordinary"
	crowdHostile  = "hostile"
)

// crowded is what the others of a load had.
type crowded struct {
	Answers int `json:"answers"`
	Refused int `json:"refused"`
}

// startCrowd lets a crowd loose on a server, from a process of its own that the
// ordinary client does not share its processor time with. finish ends it and
// counts its answers.
func startCrowd(p *process, kind string, one *load) (finish func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(self, "crowd", kind, p.Address)
	command.Env, command.Stderr = append(os.Environ(), "GOMAXPROCS=1"), os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	answers := json.NewDecoder(out)
	var begun crowded
	if err := answers.Decode(&begun); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a crowd: %w", err), in.Close(), command.Wait())
	}
	return func() error {
		err := in.Close()
		var had crowded
		err = errors.Join(err, answers.Decode(&had), command.Wait())
		one.others, one.refused = had.Answers, had.Refused
		return err
	}, nil
}

// runCrowd is a crowd as a process: it says on out that it begins, and, when in
// ends, what it had. It gives way to others on its processor: what is measured is
// the server, not who of its clients is served first by the machine.
func runCrowd(kind, address string, in io.Reader, out io.Writer) error {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 10) // on a machine without, it is measured as it is
	given, err := ownInput()
	if err != nil {
		return err
	}
	l, err := newLaurel(given)
	if err != nil {
		return err
	}
	requests := [][]byte{post("/verify", "", l.signed)}
	if kind == crowdHostile {
		requests = nil
		for _, d := range documentsOf(given.key) {
			requests = append(requests, post("/verify", "", d.data))
		}
	}
	answers := json.NewEncoder(out)
	if err := answers.Encode(crowded{}); err != nil {
		return err
	}
	p := &process{ready: ready{Address: address}}
	done := make(chan struct{})
	var wait sync.WaitGroup
	var had crowded
	var counted sync.Mutex // guards had
	for i := range crowd {
		wait.Go(func() {
			answers, refused := disturb(p, requests, i, done)
			counted.Lock()
			defer counted.Unlock()
			had.Answers += answers
			had.Refused += refused
		})
	}
	_, err = io.Copy(io.Discard, in)
	close(done)
	wait.Wait()
	return errors.Join(err, answers.Encode(had))
}

// disturb sends one request after the other until it is done, on a new
// connection whenever the server closes one.
func disturb(p *process, requests [][]byte, from int, done <-chan struct{}) (answers, refused int) {
	var open connections
	defer func() { open.close() }()
	for number := from; ; number++ {
		select {
		case <-done:
			return answers, refused
		default:
		}
		if open == nil {
			var err error
			if open, err = connectFrom(p, 1, "127.0.0.1"); err != nil {
				time.Sleep(time.Millisecond)
				continue
			}
		}
		status, err := open[0].exchange(requests[number%len(requests)])
		switch {
		case err != nil:
			open.close()
			open = nil
		case status == 429 || status == 503:
			refused++
			answers++
		default:
			answers++
		}
	}
}
