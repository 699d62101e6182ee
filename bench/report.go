package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/template"
	"time"

	_ "embed"
)

//go:embed performance.md.tmpl
var performanceTemplate string

// The turns of a full measurement.
const (
	longTurn    = 25 * time.Millisecond
	longNode    = 150 * time.Millisecond
	longHTTP    = 120 * time.Millisecond
	longLoad    = 4 * time.Second
	longRounds  = 25
	growthTurns = 5
)

// The exchanges of the report beside those of the ratios.
const (
	httpOwn       = "POST /verify of an own badge, with storage"
	httpEchoAward = "HTTP echo of an award"
	httpAward     = "award, with storage"
	httpUnwritten = "award, nothing written"
	httpAwardAt1  = "award, with storage, one client"
)

// measurement is all that a report says.
type measurement struct {
	input      input
	laurel     *laurel
	operations []operation // in this process
	series     series
	peers      []*nodePeer
	exchanges  []openExchange
	perSecond  map[string][]float64
	usage      map[string]usage // of the servers, by exchange
	dir        string           // for the files of servers
	growth     []grown
	suites     string // the table
	awards     madeAwards
	attacks    []suffered
	loads      []load
}

// writeReport measures everything and writes docs/performance.md.
func writeReport(root string, progress io.Writer) (err error) {
	in, err := loadInput(root)
	if err != nil {
		return err
	}
	m := &measurement{input: in, series: make(series), perSecond: make(map[string][]float64), usage: make(map[string]usage)}
	logLine(progress, "measuring with %s", in.source)
	if !fine() {
		logLine(progress, "processor time is counted coarsely here: a busy machine disturbs every figure")
	}
	if m.laurel, err = newLaurel(in); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.stop()) }()
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"setting up", func() error { return m.setUp(root) }},
		{"measuring in rounds", m.rounds},
		{"making awards", func() (err error) {
			dir := filepath.Join(m.dir, "awards")
			if err = os.Mkdir(dir, 0o700); err == nil {
				m.awards, err = measureAwards(dir, awardCount)
			}
			return err
		}},
		{"measuring growth", func() (err error) { m.growth, err = growth(m.laurel, growthTurns, longTurn); return err }},
		{"measuring cryptosuites", func() (err error) {
			m.suites, err = m.laurel.suiteTable(2*growthTurns, longTurn)
			return err
		}},
		{"attacking", m.attack},
		{"loading", func() (err error) { m.loads, err = loads(m.laurel, longLoad); return err }},
	} {
		logLine(progress, "%s", step.name)
		if err := step.run(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	text, err := m.render()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs", "performance.md"), text, 0o644)
}

func (m *measurement) setUp(root string) error {
	gold, err := newJSONGold(m.laurel)
	if err != nil {
		return err
	}
	golden, err := gold.operations(m.laurel)
	if err != nil {
		return err
	}
	m.operations = append(m.laurel.operations(), golden...)
	for _, p := range peers {
		peer, err := startPeer(filepath.Join(root, "bench", "node"), p.name, p.label, m.laurel)
		if err != nil {
			return err
		}
		m.peers = append(m.peers, peer)
	}
	return m.openExchanges(root)
}

// openExchanges starts the servers. The files of those with storage lie beside
// the program, on a disk that a data directory could be on.
func (m *measurement) openExchanges(root string) error {
	bin := filepath.Join(root, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(bin, "bench-data-")
	if err != nil {
		return err
	}
	m.dir = dir
	servers := make(map[string]*process)
	for _, mode := range []string{serveEcho, serveVerifier, serveInstallation, serveUnwritten} {
		own := filepath.Join(dir, mode)
		if err := os.Mkdir(own, 0o700); err != nil {
			return err
		}
		if servers[mode], err = start(mode, own); err != nil {
			return err
		}
	}
	signed := same(post("/verify", "", m.laurel.signed))
	award := func(p *process) func(int) []byte {
		return func(number int) []byte {
			return post("/api/v1/credentials", p.Token, fmt.Appendf(nil,
				`{"achievement":"%s","recipient":{"email":"student-%d@highvalley.example","name":"Student %d"}}`, p.Achievement, number, number))
		}
	}
	installation, unwritten := servers[serveInstallation], servers[serveUnwritten]
	for _, e := range []exchange{
		{httpEcho, servers[serveEcho], shortClients, 200, signed},
		{httpVerify, servers[serveVerifier], shortClients, 200, signed},
		{httpOwn, installation, shortClients, 200, same(post("/verify", "", installation.Badge))},
		{httpEchoAward, servers[serveEcho], shortClients, 200, award(installation)},
		{httpUnwritten, unwritten, shortClients, 201, award(unwritten)},
		{httpAward, installation, 32, 201, award(installation)},
		{httpAwardAt1, installation, 1, 201, award(installation)},
	} {
		open, err := connect(e.server, e.clients)
		if err != nil {
			return err
		}
		m.exchanges = append(m.exchanges, openExchange{e, open})
	}
	return nil
}

func (m *measurement) stop() error {
	var failures []error
	for _, p := range m.peers {
		failures = append(failures, p.stop())
	}
	stopped := make(map[*process]bool)
	for _, e := range m.exchanges {
		e.open.close()
		if !stopped[e.server] {
			stopped[e.server] = true
			failures = append(failures, e.server.stop())
		}
	}
	if m.dir != "" {
		failures = append(failures, os.RemoveAll(m.dir))
	}
	return errors.Join(failures...)
}

// rounds gives everything that is compared its turns.
func (m *measurement) rounds() error {
	numbers := 0
	for round := range longRounds + 1 {
		if round == 1 { // what came before was the warm-up
			m.series, m.perSecond = make(series), make(map[string][]float64)
		}
		if err := m.series.round(longTurn, m.operations); err != nil {
			return err
		}
		for _, p := range m.peers {
			for _, o := range []struct {
				name       string
				credential []byte
			}{{"issue", m.input.document}, {"verify", m.laurel.signed}} {
				one, err := p.measure(o.name, o.credential, longNode)
				if err != nil {
					return err
				}
				name := p.label + " " + o.name
				m.series[name] = append(m.series[name], one)
			}
		}
		for _, e := range m.exchanges {
			turn, err := e.run(e.open, longHTTP, numbers)
			if err != nil {
				return err
			}
			numbers += turn.count + e.clients
			m.series[e.name] = append(m.series[e.name], turn.sample())
			m.perSecond[e.name] = append(m.perSecond[e.name], turn.perSecond)
		}
	}
	for _, e := range m.exchanges {
		used, err := e.server.used(true)
		if err != nil {
			return err
		}
		m.usage[e.name] = used
	}
	return nil
}

func (m *measurement) attack() error {
	var passes [][]suffered
	attacks := m.laurel.attacks()
	for range 2*attackPasses + 1 {
		pass, err := suffer(attacks)
		if err != nil {
			return err
		}
		passes = append(passes, pass)
	}
	m.attacks = together(passes)
	return nil
}

// render fills the template, whose prose is ours and whose tables are here.
func (m *measurement) render() ([]byte, error) {
	t, err := template.New("performance.md").Parse(performanceTemplate)
	if err != nil {
		return nil, err
	}
	operations, err := m.operationTable()
	if err != nil {
		return nil, err
	}
	reached, err := ratiosOf(m.series, worst(m.attacks).milliseconds)
	if err != nil {
		return nil, err
	}
	var line strings.Builder
	if err := reached.print(&line); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Date": time.Now().UTC().Format(time.DateOnly), "CPU": processor(), "Cores": runtime.NumCPU(),
		"System": runtime.GOOS + "/" + runtime.GOARCH, "Go": strings.TrimPrefix(runtime.Version(), "go"), "Node": strings.TrimPrefix(m.peers[0].version, "v"),
		"Input": m.input.source, "Bytes": len(m.input.document), "Canonical": len(m.laurel.canonical),
		"Rounds": longRounds, "Ratios": strings.TrimSpace(line.String()),
		"Operations": operations, "HTTP": m.httpTable(), "Awards": m.awardTable(), "AwardCallers": awardCallers, "Growth": m.growthTable(), "Suites": m.suites,
		"Attacks": m.attackTable(), "Loads": m.loadTable(), "Memory": m.memoryTable(),
		"OrdinaryP99": fmt.Sprintf("%.1f", m.loads[2].p99/m.loads[1].p99), "LimitedP99": fmt.Sprintf("%.1f", m.loads[4].p99/m.loads[3].p99),
		"AloneP99": fmt.Sprintf("%.1f", m.loads[2].p99/m.loads[0].p99),
	})
	return out.Bytes(), err
}

// processor is the model of the CPU, as Linux tells it.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
