package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"time"
)

// ratios are what is held in CI. All but the two against json-gold are better
// when they are smaller.
type ratios struct {
	Issue           float64 `json:"issue_over_floor"`
	Verify          float64 `json:"verify_over_floor"`
	Report          float64 `json:"report_over_floor"`
	IssueJSONGold   float64 `json:"issue_vs_jsongold"`
	VerifyJSONGold  float64 `json:"verify_vs_jsongold"`
	Canon           float64 `json:"canon_over_floor"`
	HTTPVerify      float64 `json:"http_verify_cpu_over_echo_plus_floor"`
	HostileMaxMilli float64 `json:"hostile_max_ms"`
}

// The names of the exchanges that ratios are made of.
const (
	httpEcho   = "HTTP echo of the credential"
	httpVerify = "POST /verify"
)

// margin is how much worse than its limit a ratio may be.
const margin = 1.25

// regressions compares ratios with limits and names each that is worse by more
// than the margin. One that was not measured is worse.
func (r ratios) regressions(limits ratios) []string {
	var worse []string
	check := func(name string, value, limit float64, smaller bool) {
		bound := limit * margin
		good := value <= bound
		if !smaller {
			bound = limit / margin
			good = value >= bound
		}
		if !good || value <= 0 || limit <= 0 {
			worse = append(worse, fmt.Sprintf("%s is %.3g, and the limit %.3g allows %.3g", name, value, limit, bound))
		}
	}
	check("issue_over_floor", r.Issue, limits.Issue, true)
	check("verify_over_floor", r.Verify, limits.Verify, true)
	check("report_over_floor", r.Report, limits.Report, true)
	check("issue_vs_jsongold", r.IssueJSONGold, limits.IssueJSONGold, false)
	check("verify_vs_jsongold", r.VerifyJSONGold, limits.VerifyJSONGold, false)
	check("canon_over_floor", r.Canon, limits.Canon, true)
	check("http_verify_cpu_over_echo_plus_floor", r.HTTPVerify, limits.HTTPVerify, true)
	check("hostile_max_ms", r.HostileMaxMilli, limits.HostileMaxMilli, true)
	return worse
}

// better takes the better of each ratio. One that was not measured is not better.
func (r ratios) better(other ratios) ratios {
	least := func(a, b float64) float64 {
		if a <= 0 || b <= 0 {
			return max(a, b)
		}
		return min(a, b)
	}
	return ratios{
		Issue: least(r.Issue, other.Issue), Verify: least(r.Verify, other.Verify), Report: least(r.Report, other.Report),
		IssueJSONGold: max(r.IssueJSONGold, other.IssueJSONGold), VerifyJSONGold: max(r.VerifyJSONGold, other.VerifyJSONGold),
		Canon: least(r.Canon, other.Canon), HTTPVerify: least(r.HTTPVerify, other.HTTPVerify),
		HostileMaxMilli: least(r.HostileMaxMilli, other.HostileMaxMilli),
	}
}

// print writes the ratios as one line of JSON.
func (r ratios) print(out io.Writer) error {
	for _, value := range []*float64{
		&r.Issue, &r.Verify, &r.Report, &r.IssueJSONGold, &r.VerifyJSONGold, &r.Canon, &r.HTTPVerify, &r.HostileMaxMilli,
	} {
		*value = math.Round(*value*1000) / 1000
	}
	return json.NewEncoder(out).Encode(r)
}

// readLimits reads limits.json, which must have every ratio and nothing else.
func readLimits(path string) (ratios, error) {
	file, err := os.Open(path)
	if err != nil {
		return ratios{}, err
	}
	defer file.Close() //nolint:errcheck // was only read
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	var limits ratios
	err = decoder.Decode(&limits)
	return limits, err
}

// ratiosOf is what the rounds and the attacks come to.
func ratiosOf(s series, hostile float64) (ratios, error) {
	r := ratios{
		Issue:           s.ratio(issue, floorSign, sample.wall),
		Verify:          s.ratio(verify, floorVerify, sample.wall),
		Report:          s.ratio(report, floorVerify, sample.wall),
		IssueJSONGold:   s.ratio(naiveIssue, issue, sample.wall),
		VerifyJSONGold:  s.ratio(naiveVerify, verify, sample.wall),
		Canon:           s.ratio(canon, floorVerify, sample.wall),
		HTTPVerify:      httpRatio(s, httpVerify, httpEcho, floorVerify),
		HostileMaxMilli: hostile,
	}
	for _, value := range []float64{r.Issue, r.Verify, r.Report, r.IssueJSONGold, r.VerifyJSONGold, r.Canon, r.HTTPVerify, hostile} {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return r, errors.New("there was no time for a round")
		}
	}
	return r, nil
}

// httpRatio is the processor time of a request over that of an echo and the
// cryptography, round by round.
func httpRatio(s series, request, echo, floor string) float64 {
	echoes, floors := s[echo], s[floor]
	floorsAndEchoes := make([]float64, min(len(echoes), len(floors)))
	for i := range floorsAndEchoes {
		floorsAndEchoes[i] = echoes[i].cpu + floors[i].cpu
	}
	return medianRatio(each(s[request], sample.processor), floorsAndEchoes)
}

// The turns of a short measurement.
const (
	shortTurn    = 25 * time.Millisecond
	shortHTTP    = 50 * time.Millisecond
	shortRounds  = 60 // at most
	leastRounds  = 3
	shortClients = 4
	attackPasses = 3
)

// measureRatios measures until a time at the latest, but for three rounds.
func measureRatios(root string, until time.Time, progress io.Writer) (ratios, error) {
	in, err := loadInput(root)
	if err != nil {
		return ratios{}, err
	}
	logLine(progress, "measuring with %s", in.source)
	if !fine() {
		logLine(progress, "processor time is counted coarsely here: a busy machine disturbs every figure")
	}
	l, err := newLaurel(in)
	if err != nil {
		return ratios{}, err
	}
	gold, err := newJSONGold(l)
	if err != nil {
		return ratios{}, err
	}
	golden, err := gold.operations(l)
	if err != nil {
		return ratios{}, err
	}
	operations := append(l.operations()[:6], golden[:2]...)
	pair, stop, err := httpPair(l)
	if err != nil {
		return ratios{}, err
	}
	defer stop()

	begin := time.Now()
	s := make(series)
	var hostile [][]suffered
	for number := range shortRounds {
		left := time.Until(until)
		if number >= leastRounds && left < time.Since(begin)/time.Duration(number) {
			break
		}
		if len(hostile) == 0 || len(hostile) < attackPasses && left > 0 && time.Since(begin) > left*time.Duration(len(hostile))/attackPasses {
			// What attacks hold must not be there in the rounds: a large heap
			// is collected less often.
			pass, err := suffer(l.attacks())
			if err != nil {
				return ratios{}, err
			}
			for i := range pass {
				pass[i].run = nil
			}
			runtime.GC()
			hostile = append(hostile, pass)
		}
		if err := s.round(shortTurn, operations); err != nil {
			return ratios{}, err
		}
		for i, e := range pair {
			turn, err := e.run(e.open, shortHTTP, 0)
			if err != nil {
				return ratios{}, err
			}
			s[pair[i].name] = append(s[pair[i].name], turn.sample())
		}
	}
	longest := worst(together(hostile))
	logLine(progress, "%d rounds in %.0f s; the worst attack is %q", len(s[issue]), time.Since(begin).Seconds(), longest.name)
	return ratiosOf(s, longest.milliseconds)
}

// openExchange is an exchange with its connections.
type openExchange struct {
	exchange
	open connections
}

// httpPair is an echo server and a verifier, both given the signed input.
func httpPair(l *laurel) ([]openExchange, func(), error) {
	request := same(post("/verify", "", l.signed))
	var pair []openExchange
	stop := func() {
		for _, e := range pair {
			e.open.close()
			_ = e.server.stop() // nothing more is wanted of it
		}
	}
	for _, want := range []struct{ name, mode string }{{httpEcho, serveEcho}, {httpVerify, serveVerifier}} {
		p, err := start(want.mode, "")
		if err != nil {
			stop()
			return nil, nil, err
		}
		e := openExchange{exchange: exchange{name: want.name, server: p, clients: shortClients, status: 200, request: request}}
		pair = append(pair, e)
		open, err := connect(p, e.clients)
		if err != nil {
			stop()
			return nil, nil, err
		}
		pair[len(pair)-1].open = open
		if _, err := e.run(open, shortHTTP, 0); err != nil { // warms up
			stop()
			return nil, nil, err
		}
	}
	return pair, stop, nil
}

func logLine(out io.Writer, format string, values ...any) {
	fmt.Fprintf(out, "bench: "+format+"\n", values...) //nolint:errcheck // progress for people
}
