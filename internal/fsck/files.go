package fsck

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"laurel/storage"
)

// markers begin private keys in the forms that they are written in.
var markers = [][]byte{
	[]byte("AGE-SECRET-KEY-1"), []byte("PRIVATE KEY-----"), []byte(`"secretKeyMultibase"`), []byte(`"privateKeyJwk"`),
}

// files searches the data directory for secrets in the clear.
func (r *run) files() {
	if r.Directory == "" {
		r.skip(storage.InvariantSecrets, "no data directory was given")
		return
	}
	err := filepath.WalkDir(r.Directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || r.ctx.Err() != nil {
			return errors.Join(err, r.ctx.Err())
		}
		name, err := filepath.Rel(r.Directory, path)
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		return r.search(path, name)
	})
	if err != nil {
		r.skip(storage.InvariantSecrets, "not all files can be read: "+err.Error())
	}
}

// search looks for secrets in a file, a part at a time.
func (r *run) search(path, name string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	wanted := slices.Concat(markers, r.Secrets)
	overlap := 0
	for _, secret := range wanted {
		overlap = max(overlap, len(secret))
	}
	buffer := make([]byte, 4<<20)
	kept := 0
	found := map[int]bool{}
	for {
		n, err := file.Read(buffer[kept:])
		part := buffer[:kept+n]
		for i, secret := range wanted {
			if len(secret) >= 5 && !found[i] && bytes.Contains(part, secret) {
				found[i] = true
				r.fault(storage.Fault{Invariant: storage.InvariantSecrets, Code: "secret_exposed", Object: "file/" + name})
			}
		}
		if n == 0 || err != nil {
			return nil
		}
		kept = copy(buffer, part[max(0, len(part)-overlap):])
		r.Step("files", 0)
	}
}
