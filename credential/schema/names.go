package schema

import (
	"cmp"
	"slices"
)

// maxName is the longest name that a table can hold.
const maxName = 31

// names finds a name among a fixed few by looking only at those of its length.
type names struct {
	begin [maxName + 2]uint8 // by length, where those of that length begin in list
	list  []indexed
}

type indexed struct {
	name  string
	index int
}

// compileNames makes the table that finds the index of each name in list.
func compileNames(list []string) names {
	var table names
	for i, name := range list {
		if len(name) > maxName {
			panic("schema: the name " + name + " is too long")
		}
		table.list = append(table.list, indexed{name, i})
	}
	slices.SortStableFunc(table.list, func(a, b indexed) int { return cmp.Compare(len(a.name), len(b.name)) })
	for length := range table.begin {
		at, _ := slices.BinarySearchFunc(table.list, length, func(e indexed, length int) int { return len(e.name) - length })
		table.begin[length] = uint8(at)
	}
	return table
}

// find returns the index of a name, or -1.
func (t *names) find(name []byte) int {
	if len(name) > maxName {
		return -1
	}
	for i := t.begin[len(name)]; i < t.begin[len(name)+1]; i++ {
		if e := &t.list[i]; e.name == string(name) {
			return e.index
		}
	}
	return -1
}
