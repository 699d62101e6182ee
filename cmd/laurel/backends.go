package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
)

// backendFlags say where signing keys are besides the sealed file, and where new
// ones are made. They hold no secret, only where one is.
type backendFlags struct {
	KeyBackend string `placeholder:"NAME" env:"LAUREL_KEY_BACKEND" enum:"file,pkcs11,transit,awskms" default:"file" help:"Where new signing keys are made: ${enum}; ${default} is the sealed file."`

	PKCS11Module  string `name:"pkcs11-module" placeholder:"FILE" env:"LAUREL_PKCS11_MODULE" help:"Library of the PKCS #11 token that has signing keys."`
	PKCS11Token   string `name:"pkcs11-token" placeholder:"LABEL" env:"LAUREL_PKCS11_TOKEN" help:"Label of the token."`
	PKCS11PINFile string `name:"pkcs11-pin-file" placeholder:"FILE" env:"LAUREL_PKCS11_PIN_FILE" help:"File with the PIN of the token's user."`

	TransitURL       string   `placeholder:"URL" env:"LAUREL_TRANSIT_URL" help:"Vault or OpenBao server whose transit engine has signing keys."`
	TransitMount     string   `placeholder:"PATH" env:"LAUREL_TRANSIT_MOUNT" default:"transit" help:"Where the engine is mounted (${default})."`
	TransitTokenFile string   `placeholder:"FILE" env:"LAUREL_TRANSIT_TOKEN_FILE" help:"File with the token for the engine, read for every request."`
	TransitNamespace string   `placeholder:"NAME" env:"LAUREL_TRANSIT_NAMESPACE" help:"Namespace of the engine."`
	TransitNetwork   []string `placeholder:"CIDR" env:"LAUREL_TRANSIT_NETWORK" help:"Network that the server may be in; public addresses alone without it."`
	TransitCA        string   `placeholder:"FILE" env:"LAUREL_TRANSIT_CA" help:"Certificate authorities (PEM) of the server; the system's without it."`

	AWSKMSRegion   string   `name:"awskms-region" placeholder:"REGION" env:"LAUREL_AWSKMS_REGION" help:"Region of AWS KMS that has signing keys. The access key is in AWS_ACCESS_KEY_ID and so on."`
	AWSKMSEndpoint string   `name:"awskms-endpoint" placeholder:"URL" env:"LAUREL_AWSKMS_ENDPOINT" help:"Address of the service, where it is not the region's own."`
	AWSKMSNetwork  []string `name:"awskms-network" placeholder:"CIDR" env:"LAUREL_AWSKMS_NETWORK" help:"Network that it may be in; public addresses alone without it."`
}

// fileBackend is the name of the sealed file among backends.
const fileBackend = "file"

// backendOpeners open the backends that this program was built with, by name. The
// returned function closes one.
var backendOpeners = map[string]func(backendFlags) (keys.Backend, func() error, error){}

// privateKeys are where the private keys of an installation are.
type privateKeys struct {
	file     *filekeys.File
	backends map[string]keys.Backend
	standard string // where new ones are made
	close    func() error
}

// only are the private keys of an installation that has them in its file alone,
// or in other places that are not needed.
func only(file *filekeys.File) privateKeys {
	return privateKeys{
		file: file, backends: map[string]keys.Backend{fileBackend: file}, standard: fileBackend, close: func() error { return nil },
	}
}

// wanted names the backends that the flags configure.
func (f backendFlags) wanted() []string {
	var names []string
	for name, first := range map[string]string{"pkcs11": f.PKCS11Module, "transit": f.TransitURL, "awskms": f.AWSKMSRegion} {
		if first != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// open opens every backend that is configured, beside the file.
func (f backendFlags) open(file *filekeys.File) (privateKeys, error) {
	private := only(file)
	if f.KeyBackend != "" {
		private.standard = f.KeyBackend
	}
	var closers []func() error
	private.close = func() error {
		var faults []error
		for _, closeBackend := range closers {
			faults = append(faults, closeBackend())
		}
		return errors.Join(faults...)
	}
	for _, name := range f.wanted() {
		openBackend, built := backendOpeners[name]
		if !built {
			return private, errors.Join(notBuilt(name), private.close())
		}
		backend, closeBackend, err := openBackend(f)
		if err != nil {
			return private, errors.Join(fmt.Errorf("opening key backend %s: %w", name, err), private.close())
		}
		private.backends[name] = backend
		closers = append(closers, closeBackend)
	}
	if private.backends[private.standard] == nil {
		err := usage(fmt.Errorf("reading command line: --key-backend is %s, and nothing says where that is", private.standard), "laurel serve --help names the flags of each")
		return private, errors.Join(err, private.close())
	}
	return private, nil
}

func notBuilt(name string) error {
	have := append([]string{fileBackend}, slices.Sorted(maps.Keys(backendOpeners))...)
	return missing(fmt.Errorf("opening key backend %s: this program was built without it; it has %s", name, strings.Join(have, ", ")),
		"build it with: go build -tags nomsgpack,"+name+" ./cmd/laurel")
}
