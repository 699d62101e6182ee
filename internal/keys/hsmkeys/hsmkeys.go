//go:build pkcs11

package hsmkeys

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/miekg/pkcs11"

	"laurel/internal/keys"
)

// maxSessions is how many signatures a token is asked for at once.
const maxSessions = 8

// Config says which token.
type Config struct {
	// Module is the path of the library that speaks for the token.
	Module string
	// Token is its label.
	Token string
	// PIN is that of its user.
	PIN string
}

// Token is an open token. It implements keys.Backend. It is safe for concurrent
// use.
type Token struct {
	module   *pkcs11.Ctx
	slot     uint
	pin      string
	sessions chan pkcs11.SessionHandle // those at rest
	places   chan struct{}             // one for each session there may be
	closed   bool                      // may be read by whoever has a place

	mu      sync.Mutex // guards what follows
	signers map[string]*signer
	login   pkcs11.SessionHandle // keeps the login for as long as it is open
}

// Open loads the module and logs in to the token. The error is
// keys.ErrUnavailable, with the module's own reason, or says that there is no
// token of this label. A wrong PIN is tried once, since tokens lock after a few.
func Open(config Config) (*Token, error) {
	module := pkcs11.New(config.Module)
	if module == nil {
		return nil, fmt.Errorf("opening token: %w: %s is not a PKCS #11 module", keys.ErrUnavailable, config.Module)
	}
	err := module.Initialize()
	if err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		module.Destroy()
		return nil, unavailable("opening module", err)
	}
	t := &Token{
		module: module, pin: config.PIN, signers: make(map[string]*signer),
		sessions: make(chan pkcs11.SessionHandle, maxSessions), places: make(chan struct{}, maxSessions),
	}
	if t.slot, err = t.find(config.Token); err == nil {
		err = t.logIn()
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// find gives the slot of the token with a label, of which there must be one.
func (t *Token) find(label string) (uint, error) {
	slots, err := t.module.GetSlotList(true)
	if err != nil {
		return 0, unavailable("listing tokens", err)
	}
	var found []uint
	for _, slot := range slots {
		if info, err := t.module.GetTokenInfo(slot); err == nil && info.Label == label {
			found = append(found, slot)
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("opening token: %w: %d tokens are labelled %q", keys.ErrUnavailable, len(found), label)
	}
	return found[0], nil
}

// logIn opens the session that keeps the login. Others share it.
func (t *Token) logIn() error {
	session, err := t.module.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return unavailable("opening token", err)
	}
	err = t.module.Login(session, pkcs11.CKU_USER, t.pin)
	if err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
		return unavailable("logging in to token", errors.Join(err, t.module.CloseSession(session)))
	}
	t.login = session
	return nil
}

// Close waits for what is under way, logs out and unloads the module. Whatever
// the Token and signers of it are asked for afterwards is keys.ErrUnavailable.
// Closing twice is no error.
func (t *Token) Close() error {
	for range maxSessions {
		t.places <- struct{}{}
	}
	defer func() {
		for range maxSessions {
			<-t.places
		}
	}()
	if t.closed {
		return nil
	}
	t.closed = true
	err := t.module.Finalize()
	t.module.Destroy()
	if err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED)) {
		return unavailable("closing token", err)
	}
	return nil
}

// with lends a session to do, which must leave no operation open in it. A session
// that the token has ended, as it does when it was taken out and put back, is
// opened anew once.
func (t *Token) with(ctx context.Context, do func(pkcs11.SessionHandle) error) error {
	select {
	case t.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t.places }()
	if t.closed {
		return fmt.Errorf("%w: the token was closed", keys.ErrUnavailable)
	}
	var err error
	for range 2 {
		var session pkcs11.SessionHandle
		select {
		case session = <-t.sessions:
		default:
			if session, err = t.module.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION); err != nil {
				return unavailable("opening session", err)
			}
		}
		if err = do(session); err == nil {
			t.sessions <- session
			return nil
		}
		_ = t.module.CloseSession(session) // it may be in the middle of something
		if !ended(err) || t.again() != nil {
			break
		}
	}
	return err
}

// ended reports whether an error says that the session or its login is gone.
func ended(err error) bool {
	var code pkcs11.Error
	if !errors.As(err, &code) {
		return false
	}
	switch code {
	case pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_DEVICE_REMOVED:
		return true
	}
	return false
}

// again logs in once more and forgets the sessions at rest and what was found in
// them.
func (t *Token) again() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		select {
		case session := <-t.sessions:
			_ = t.module.CloseSession(session) // gone already
			continue
		default:
		}
		break
	}
	clear(t.signers)
	_ = t.module.CloseSession(t.login) // gone already
	return t.logIn()
}

// Create makes a key in the token. It implements keys.Backend.
func (t *Token) Create(ctx context.Context, algorithm string) (string, crypto.PublicKey, error) {
	kind, ok := kinds[algorithm]
	if !ok {
		return "", nil, fmt.Errorf("making key: %w %q by a token", keys.ErrAlgorithm, algorithm)
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", nil, fmt.Errorf("making key: %w", err)
	}
	public, private := templates(kind, id[:], "laurel "+algorithm)
	var err error
	for _, parameters := range kind.parameters {
		err = t.with(ctx, func(session pkcs11.SessionHandle) error {
			_, _, err := t.module.GenerateKeyPair(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(kind.generate, nil)},
				append(parameters, public...), private)
			return err
		})
		if err == nil {
			break
		}
	}
	if err != nil {
		return "", nil, unavailable("making key in token", err)
	}
	reference := hex.EncodeToString(id[:])
	made, err := t.signer(ctx, reference)
	if err != nil {
		return "", nil, fmt.Errorf("making key: %w", err)
	}
	return reference, made.Public(), nil
}

// templates are what is asked of the two halves of a key, besides its kind: that
// the private one never leaves the token.
func templates(kind kind, id []byte, label string) (public, private []*pkcs11.Attribute) {
	public = []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind.keyType),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true),
		pkcs11.NewAttribute(pkcs11.CKA_ID, id),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label),
	}
	private = []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind.keyType),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
		pkcs11.NewAttribute(pkcs11.CKA_ID, id),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label),
	}
	return public, private
}

// Signer returns a key of the token. It implements keys.Backend.
func (t *Token) Signer(ctx context.Context, reference string) (crypto.Signer, error) {
	return t.signer(ctx, reference)
}

func (t *Token) signer(ctx context.Context, reference string) (*signer, error) {
	t.mu.Lock()
	known := t.signers[reference]
	t.mu.Unlock()
	if known != nil {
		return known, nil
	}
	id, err := hex.DecodeString(reference)
	if err != nil || len(id) == 0 {
		return nil, keys.ErrUnknownReference
	}
	found := &signer{token: t, id: id}
	err = t.with(ctx, func(session pkcs11.SessionHandle) error { return found.open(session) })
	if errors.Is(err, keys.ErrUnknownReference) {
		return nil, err
	}
	if err != nil {
		return nil, unavailable("opening key of token", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.signers[reference] = found
	return found, nil
}

// object finds the one object of a class and id.
func (t *Token) object(session pkcs11.SessionHandle, class uint, id []byte) (pkcs11.ObjectHandle, error) {
	err := t.module.FindObjectsInit(session, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
	})
	if err != nil {
		return 0, err
	}
	found, _, err := t.module.FindObjects(session, 2)
	if err = errors.Join(err, t.module.FindObjectsFinal(session)); err != nil {
		return 0, err
	}
	if len(found) == 1 {
		return found[0], nil
	}
	// Who is not logged in sees no private keys, without an error.
	info, err := t.module.GetSessionInfo(session)
	if err == nil && info.State != stateUser {
		err = pkcs11.Error(pkcs11.CKR_USER_NOT_LOGGED_IN)
	}
	if err != nil {
		return 0, err
	}
	return 0, keys.ErrUnknownReference
}

// stateUser is the state of a session to read and write while the user is logged
// in (CKS_RW_USER_FUNCTIONS).
const stateUser = 3

// unavailable is the error of a token. What the module says of it is a code.
func unavailable(doing string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, keys.ErrUnavailable) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, keys.ErrUnavailable, err)
}
