package issuer

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// TEMPORARY until internal/envelope lands.
type vault struct{ key []byte }

type dataKey struct{ key []byte }

func gcm(key []byte) cipher.AEAD {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCMWithRandomNonce(b)
	if err != nil {
		panic(err)
	}
	return a
}

func (v vault) newKey(tenant, subject string) ([]byte, error) {
	k := make([]byte, 32)
	rand.Read(k)
	return gcm(v.key).Seal(nil, nil, k, []byte(tenant+"\x00"+subject)), nil
}

func (v vault) open(tenant, subject string, wrapped []byte) (dataKey, error) {
	k, err := gcm(v.key).Open(nil, nil, wrapped, []byte(tenant+"\x00"+subject))
	if err != nil {
		return dataKey{}, errors.New("bad wrapped key")
	}
	return dataKey{k}, nil
}

func (k dataKey) seal(plain []byte, tenant, record, field string) ([]byte, error) {
	return gcm(k.key).Seal(nil, nil, plain, []byte(tenant+"\x00"+record+"\x00"+field)), nil
}

func (k dataKey) open(sealed []byte, tenant, record, field string) ([]byte, error) {
	return gcm(k.key).Open(nil, nil, sealed, []byte(tenant+"\x00"+record+"\x00"+field))
}

func (k dataKey) digest(b []byte) []byte {
	mac := hmac.New(sha256.New, derive(k.key, "digest"))
	mac.Write(b)
	return mac.Sum(nil)
}

func derive(key []byte, purpose string) []byte {
	k, err := hkdf.Key(sha256.New, key, nil, "laurel "+purpose, 32)
	if err != nil {
		panic(err)
	}
	return k
}
