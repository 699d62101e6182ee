package storage

// Frame is what all signed credentials of an issuer have in common. Sealed
// credentials may be written as what they have besides, and then name the frame
// that they need to be read. It holds nothing about a person, and stays.
type Frame struct {
	Tenant string
	// ID is the first 16 bytes of the SHA-256 of Text.
	ID   [16]byte
	Text []byte
}
