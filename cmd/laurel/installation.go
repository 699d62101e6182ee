package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"laurel/internal/keys/filekeys"
)

// The files of a data directory, besides filekeys.Name.
const (
	storeName    = "laurel.db"
	settingsName = "settings.json"
	socketName   = "laurel.sock"
)

// settings is what a data directory knows about itself, so that later commands
// need no flags. It holds no secret.
type settings struct {
	PublicURL string `json:"publicUrl"`
	// KeyFile and PassphraseFile say where the key to the signing keys is;
	// one of them is set. They are absolute.
	KeyFile        string `json:"keyFile,omitempty"`
	PassphraseFile string `json:"passphraseFile,omitempty"`
	// Suspension is issuer.Config.Suspension.
	Suspension bool `json:"suspension,omitempty"`
}

func (s settings) write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, settingsName), append(data, '\n'))
}

// readSettings reads the settings of a data directory. That there are none
// means that there is no installation.
func readSettings(dir string) (settings, error) {
	var s settings
	if dir == "" {
		return s, usage(errors.New("reading command line: missing --data"), "laurel --help")
	}
	data, err := os.ReadFile(filepath.Join(dir, settingsName))
	if errors.Is(err, fs.ErrNotExist) {
		return s, missing(fmt.Errorf("opening data directory: %s is not one", dir), "set it up first: laurel init --data "+dir)
	}
	if err != nil {
		return s, fmt.Errorf("opening data directory: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return s, &failure{code: exitFault, err: fmt.Errorf("reading %s: %w", filepath.Join(dir, settingsName), err)}
	}
	return s, nil
}

// sealFlags say what opens the signing keys.
type sealFlags struct {
	KeyFile        string `placeholder:"FILE" env:"LAUREL_KEY_FILE" xor:"seal" help:"File with the age identity that opens the signing keys."`
	PassphraseFile string `placeholder:"FILE" env:"LAUREL_PASSPHRASE_FILE" xor:"seal" help:"File with the passphrase that opens them instead."`
}

// or returns the flags, or what was remembered where there are none.
func (f sealFlags) or(remembered settings) sealFlags {
	if f == (sealFlags{}) {
		return sealFlags{KeyFile: remembered.KeyFile, PassphraseFile: remembered.PassphraseFile}
	}
	return f
}

// lock reads the key file or the passphrase file.
func (f sealFlags) lock(dir string) (filekeys.Lock, error) {
	if f.PassphraseFile != "" {
		data, err := os.ReadFile(f.PassphraseFile)
		if err != nil {
			return filekeys.Lock{}, missing(fmt.Errorf("reading passphrase: %w", err), "name the file that holds it: --passphrase-file FILE")
		}
		return filekeys.Passphrase(strings.TrimRight(string(data), "\r\n"))
	}
	lock, err := filekeys.Identity(f.KeyFile, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return lock, missing(fmt.Errorf("reading key to the signing keys: %s is not there", f.KeyFile), "name the file that was made with the data: --key-file FILE")
	}
	return lock, err
}

// dataFlags name an installation.
type dataFlags struct {
	Data   string `placeholder:"DIR" env:"LAUREL_DATA" help:"Data directory of the institution; required."`
	Tenant string `placeholder:"NAME" help:"Act for this institution of the installation; for the first one when left out."`
	sealFlags
	backendFlags
	contextFlags
	// reading is set by commands that change nothing: they are content with data
	// that can only be read, such as a copy on other media.
	reading bool
}

// whole refuses --tenant where a command is about all institutions alike.
func (f dataFlags) whole() error {
	if f.Tenant == "" {
		return nil
	}
	return usage(errors.New("reading command line: --tenant is not for this command, which is about the whole installation"), "leave --tenant out")
}

// writeFile writes a file that is there as a whole or not at all, readable by
// its owner alone.
func writeFile(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone by then if all went well
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	return err
}

// syncDirectory makes the names in a directory durable.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	err = directory.Sync()
	if closeErr := directory.Close(); err == nil {
		err = closeErr
	}
	return err
}
