package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// table is a table in Markdown.
type table struct{ out strings.Builder }

func newTable(columns ...string) *table {
	t := new(table)
	t.row(columns...)
	rule := make([]string, len(columns))
	for i := range rule {
		rule[i] = "---:"
	}
	rule[0] = "---"
	t.row(rule...)
	return t
}

func (t *table) row(cells ...string) {
	t.out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (t *table) String() string { return strings.TrimSuffix(t.out.String(), "\n") }

// number writes a figure with three digits that count.
func number(value float64) string {
	switch {
	case math.IsNaN(value) || math.IsInf(value, 0):
		return ""
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	default:
		return fmt.Sprintf("%.2f", value)
	}
}

func micro(nanoseconds float64) string { return number(nanoseconds / 1e3) }
func mega(bytes float64) string        { return number(bytes / 1e6) }

// times is how often a is in b.
func times(ratio float64) string {
	if text := number(ratio); text != "" {
		return text + "×"
	}
	return ""
}

// operationTable has a line for everything that was measured in a process, with
// how much more it takes than the floor, and how much more than Laurel's own.
func (m *measurement) operationTable() (string, error) {
	t := newTable("operation", "median µs", "least µs", "CPU µs", "allocations", "KB", "over floor", "Laurel is faster", "by CPU")
	line := func(name, label, floor, ours string, allocated, size float64) {
		f := m.series.figure(name)
		faster, byCPU := "", ""
		if ours != "" {
			faster = times(m.series.ratio(name, ours, sample.wall))
			byCPU = times(m.series.ratio(name, ours, sample.processor))
		}
		t.row(label, micro(f.median), micro(f.least), micro(f.cpu), number(allocated), number(size/1e3),
			times(m.series.ratio(name, floor, sample.wall)), faster, byCPU)
	}
	for _, op := range m.operations {
		allocated, size, err := allocations(op)
		if err != nil {
			return "", err
		}
		floor, ours := floorVerify, ""
		switch op.name {
		case floorSign, issue:
			floor = floorSign
		case naiveIssue, preparedIssue:
			floor, ours = floorSign, issue
		case naiveVerify, preparedVerify:
			ours = verify
		}
		line(op.name, op.name, floor, ours, allocated, size)
	}
	for _, p := range m.peers {
		line(p.label+" issue", p.label+" issue", floorSign, issue, math.NaN(), math.NaN())
		line(p.label+" verify", p.label+" verify", floorVerify, verify, math.NaN(), math.NaN())
	}
	return t.String(), nil
}

// httpTable has a line for each kind of request.
func (m *measurement) httpTable() string {
	t := newTable("request", "clients", "CPU µs each", "requests a second", "median ms", "over echo + cryptography")
	for _, e := range m.exchanges {
		f := m.series.figure(e.name)
		ratio := ""
		switch e.name {
		case httpVerify, httpOwn:
			ratio = times(httpRatio(m.series, e.name, httpEcho, floorVerify))
		case httpAward, httpUnwritten, httpAwardAt1:
			ratio = times(httpRatio(m.series, e.name, httpEchoAward, floorSign))
		}
		t.row(e.name, fmt.Sprint(e.clients), micro(f.cpu), number(median(m.perSecond[e.name])), number(f.median/1e6), ratio)
	}
	return t.String()
}

func (m *measurement) awardTable() string {
	a := m.awards
	t := newTable("awards", "a second", "CPU µs each", "over cryptography", "median ms", "p99 ms", "bytes of a badge", "bytes on disk")
	t.row(fmt.Sprint(a.Count), number(a.PerSecond), number(a.Processor), times(a.Processor/a.Cryptography),
		number(a.Median), number(a.P99), number(a.Signed), number(a.Stored))
	return t.String()
}

func (m *measurement) growthTable() string {
	t := newTable("document", "KB", "quads", "canonicalise µs", "over floor", "ns a quad", "verify µs", "over floor")
	for _, g := range m.growth {
		t.row(g.name, number(float64(g.bytes)/1e3), fmt.Sprint(g.quads), micro(g.canon), times(g.canonRatio),
			number(g.canon/float64(g.quads)), micro(g.verify), times(g.verifyOver))
	}
	return t.String()
}

// attackTable has the attacks that took the longest.
func (m *measurement) attackTable() string {
	const shown = 15
	t := newTable("attack", "KB", "ms", "MB allocated", "outcome")
	sorted := slices.SortedFunc(slices.Values(m.attacks), func(a, b suffered) int { return cmp.Compare(b.milliseconds, a.milliseconds) })
	for _, one := range sorted[:min(shown, len(sorted))] {
		outcome, size := "refused", ""
		if one.accepted {
			outcome = "done"
		}
		if one.stopped {
			outcome = "stopped from outside"
		}
		if one.size > 0 {
			size = number(float64(one.size) / 1e3)
		}
		t.row(one.name, size, number(one.milliseconds), mega(one.bytes), outcome)
	}
	rest := sorted[min(shown, len(sorted)):]
	if len(rest) > 0 {
		t.row(fmt.Sprintf("%d others, at most", len(rest)), "", number(rest[0].milliseconds), "", "")
	}
	return t.String()
}

func (m *measurement) loadTable() string {
	t := newTable("an ordinary client", "its requests", "median ms", "p99 ms", "answers to the others", "of them turned away", "largest MB")
	for _, l := range m.loads {
		t.row(l.name, fmt.Sprint(l.served), number(l.median/1e6), number(l.p99/1e6), fmt.Sprint(l.others), fmt.Sprint(l.refused), mega(float64(l.residentAfter)))
	}
	return t.String()
}

func (m *measurement) memoryTable() string {
	t := newTable("server", "largest MB", "live heap MB after")
	seen := make(map[*process]bool)
	for _, e := range m.exchanges {
		if !seen[e.server] {
			seen[e.server] = true
			u := m.usage[e.name]
			t.row(e.server.mode, mega(float64(u.Resident)), mega(float64(u.Live)))
		}
	}
	return t.String()
}
