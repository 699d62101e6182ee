package main

import (
	"errors"
	"fmt"
	"sync"
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
	ordinary := [][]byte{post("/verify", "", l.signed)}
	var hostile [][]byte
	for _, d := range documentsOf(l.input.key) {
		hostile = append(hostile, post("/verify", "", d.data))
	}
	// The ordinary client asks 15 times a second where it may not ask more
	// often, and otherwise as soon as it has its answer.
	const often = time.Second / 15
	cases := []struct {
		name, mode string
		others     [][]byte
		pause      time.Duration
		length     time.Duration
	}{
		{"alone", serveVerifier, nil, 0, length},
		{"beside 64 like it", serveVerifier, ordinary, 0, length},
		{"beside 64 attackers", serveVerifier, hostile, 0, length},
		{"alone, 15 times a second", serveLimited, nil, often, 2 * length},
		{"beside 64 attackers at one address, under the limits of a deployment, 15 times a second", serveLimited, hostile, often, 2 * length},
	}
	var all []load
	for _, c := range cases {
		one, err := underLoad(c.mode, ordinary[0], c.others, c.pause, c.length)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		one.name = c.name
		all = append(all, one)
	}
	return all, nil
}

func underLoad(mode string, request []byte, others [][]byte, pause, length time.Duration) (one load, err error) {
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
	done := make(chan struct{})
	var wait sync.WaitGroup
	var counted sync.Mutex // guards one.others and one.refused
	if len(others) > 0 {
		for i := range crowd {
			wait.Go(func() {
				answers, refused := disturb(p, others, i, done)
				counted.Lock()
				defer counted.Unlock()
				one.others += answers
				one.refused += refused
			})
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
			close(done)
			wait.Wait()
			return one, err
		}
		if status == 200 {
			latencies = append(latencies, float64(time.Since(start)))
		}
		time.Sleep(max(0, pause-time.Since(start)))
	}
	close(done)
	wait.Wait()
	one.served, one.median, one.p99 = len(latencies), median(latencies), quantile(latencies, 0.99)
	used, err := p.used(false)
	one.residentAfter = used.Resident
	return one, err
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
