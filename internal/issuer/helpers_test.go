package issuer

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"path/filepath"
	"testing"

	"laurel/credential/strictjson"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
)

func parse(t *testing.T, data []byte) strictjson.Value {
	t.Helper()
	document, err := strictjson.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return document.Root()
}

// mustBackend opens the key file of a world once more.
func mustBackend(w *world) keys.Backend {
	w.Helper()
	file, err := filekeys.Open(filepath.Join(w.directory, filekeys.Name), w.lock, nil)
	if err != nil {
		w.Fatal(err)
	}
	return file
}

func mustSigner(w *world) crypto.Signer {
	w.Helper()
	key, err := w.ring.Signing(w.Context(), DefaultSlug)
	if err != nil {
		w.Fatal(err)
	}
	return key.Signer
}

// privateForms are the forms in which the signing key could lie about: raw,
// hexadecimal, base64 in its alphabets (a JWK's d among them), the body of a
// PEM block; and the installation key.
func privateForms(w *world) [][]byte {
	w.Helper()
	private := mustSigner(w).(ed25519.PrivateKey)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		w.Fatal(err)
	}
	var forms [][]byte
	for _, secret := range [][]byte{private.Seed(), w.config.InstallationKey} {
		forms = append(forms, secret, []byte(hex.EncodeToString(secret)),
			[]byte(base64.StdEncoding.EncodeToString(secret)), []byte(base64.RawURLEncoding.EncodeToString(secret)))
	}
	return append(forms, der, []byte(base64.StdEncoding.EncodeToString(der)))
}
