package verifier

// Code names a finding.
type Code string

// The codes.
const (
	CodeSignature Code = "signature"
)

// step is a question that a verification must answer.
type step uint8

// effect is what a finding does to the verdict.
type effect uint8

const (
	effectNone          effect = iota // for information
	effectSettles                     // answers its step for good
	effectIndeterminate               // leaves the step open
	effectInvalid                     // decides against the credential
)

type key struct {
	code    Code
	outcome Outcome
}

type entry struct {
	step     step
	effect   effect
	sentence string
}

var requiredSteps []step

var catalogue = map[key]entry{}

// Entry is one entry of the catalogue.
type Entry struct {
	Code    Code
	Outcome Outcome
	// Verdict is what the finding makes of the verdict, unless another finding
	// makes it worse; "" when it has no say in it.
	Verdict Verdict
	// Sentence is the message with the names of params in braces.
	Sentence string
}

// Codes lists every code with every outcome it can have, sorted.
func Codes() []Entry { return nil }
