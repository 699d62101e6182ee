package storage

// Page asks for a part of a list.
type Page struct {
	// Limit is the number of items, 1 to 1000; 0 means 100.
	Limit int
	// Cursor is what the page before gave as its next one; "" for the first.
	// It means something to the store only.
	Cursor string
}

// PageLimit is the largest Page.Limit.
const PageLimit = 1000
