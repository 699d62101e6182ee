package contexts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// The strict reader refuses more than this in any document, so a context
// beyond it would be accepted here and then fail every badge that names it.
const (
	maxBytes = 1 << 20
	maxDepth = 64
)

// checkDocument tells whether data is a context document: a JSON object with
// an @context that defines something.
func checkDocument(data []byte) error {
	if len(data) > maxBytes {
		return fmt.Errorf("%w: larger than %d bytes", ErrInvalidDocument, maxBytes)
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("%w: not UTF-8", ErrInvalidDocument)
	}
	if err := checkJSON(data); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidDocument, err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return fmt.Errorf("%w: not a JSON object", ErrInvalidDocument)
	}
	context, ok := object["@context"]
	if !ok {
		return fmt.Errorf("%w: no @context", ErrInvalidDocument)
	}
	// A published context is an object, an array, or the URL of another one.
	if !bytes.ContainsAny(context[:1], `{["`) {
		return fmt.Errorf("%w: the @context is neither object, array nor string", ErrInvalidDocument)
	}
	return nil
}

// checkJSON reads exactly one JSON value and refuses repeated member names,
// which encoding/json would silently drop.
func checkJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := checkValue(decoder, 0); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// checkValue reads the next value of decoder, which lies in depth others.
func checkValue(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	names := make(map[string]bool)
	for decoder.More() {
		if open == '{' {
			name, err := decoder.Token()
			if err != nil {
				return fmt.Errorf("reading JSON: %w", err)
			}
			text, _ := name.(string) // the decoder gives nothing else here
			if names[text] {
				return fmt.Errorf("member %q is repeated", text)
			}
			names[text] = true
		}
		if err := checkValue(decoder, depth+1); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil { // the closing delimiter
		return fmt.Errorf("reading JSON: %w", err)
	}
	return nil
}
