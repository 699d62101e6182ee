package fsck

// Known reports whether there are words for a code.
func Known(code string) bool {
	_, ok := sentences[code]
	return ok
}
