package strictjson

import "fmt"

// Code says in one word why a text was refused. The values are stable.
type Code string

// The codes.
const (
	CodeSyntax      Code = "syntax"        // not JSON (RFC 8259)
	CodeTrailing    Code = "trailing_data" // something follows the value
	CodeDuplicate   Code = "duplicate_key" // a name twice in one object
	CodeUTF8        Code = "invalid_utf8"  // bad UTF-8, a byte order mark, a lone surrogate
	CodeNumberRange Code = "number_range"  // a number that no float64 holds
	CodeTooLarge    Code = "too_large"     // more than Limits.Size, Limits.Name or Limits.Nodes allow
	CodeTooDeep     Code = "too_deep"      // more levels than Limits.Depth
)

// Error says what is wrong with a text and where. It never quotes the text,
// which may hold personal data, except the names of members in Path.
type Error struct {
	Code   Code
	Offset int    // byte offset into the text
	Path   string // JSON Pointer of the innermost value that was being read
	Detail string // what was expected or found
}

func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("reading JSON: %s at byte %d", e.Detail, e.Offset)
	}
	return fmt.Sprintf("reading JSON: %s at byte %d (%s)", e.Detail, e.Offset, e.Path)
}
