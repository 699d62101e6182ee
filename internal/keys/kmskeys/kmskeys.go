//go:build awskms

package kmskeys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"laurel/internal/keys"
)

// Config says which service. Region, Credentials and Client are required.
type Config struct {
	Region string
	// Credentials gives the access key, for every request anew.
	Credentials func(ctx context.Context) (Credentials, error)
	// Client sends the requests; the one of fetch.Destinations reaches the
	// endpoint and nothing else.
	Client aws.HTTPClient
	// Endpoint is the https address of the service where it is not the region's
	// own, such as one inside a private network.
	Endpoint string
}

// Credentials are an access key of AWS.
type Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// Endpoint is the host of the service in a region.
func Endpoint(region string) string { return "kms." + region + ".amazonaws.com" }

var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)

// Service is the service. It implements keys.Backend. It is safe for concurrent
// use.
type Service struct {
	client *kms.Client

	mu      sync.Mutex // guards what follows
	signers map[string]*signer
}

// New makes a Service; nothing is sent. The error names the field of Config that
// is at fault.
func New(config Config) (*Service, error) {
	switch {
	case !regionName.MatchString(config.Region):
		return nil, errors.New("configuring AWS KMS: Region is not one")
	case config.Credentials == nil || config.Client == nil:
		return nil, errors.New("configuring AWS KMS: Credentials and Client are required")
	}
	options := kms.Options{
		Region: config.Region, HTTPClient: config.Client, BaseEndpoint: aws.String("https://" + Endpoint(config.Region)),
		Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			c, err := config.Credentials(ctx)
			return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, err
		}),
	}
	if config.Endpoint != "" {
		options.BaseEndpoint = aws.String(config.Endpoint)
	}
	return &Service{client: kms.New(options), signers: make(map[string]*signer)}, nil
}

// specs are what the service calls the algorithms.
var specs = map[string]types.KeySpec{
	keys.Ed25519: types.KeySpecEccNistEdwards25519, keys.P256: types.KeySpecEccNistP256,
	keys.P384: types.KeySpecEccNistP384, keys.RSA2048: types.KeySpecRsa2048,
}

// reference is the ARN or the id of a key.
var reference = regexp.MustCompile(`^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/)?[0-9A-Za-z-]{1,64}$`)

// Create makes a key in the service. It implements keys.Backend. A crash leaves a
// key there that nothing names; its description begins with "laurel".
func (s *Service) Create(ctx context.Context, algorithm string) (string, crypto.PublicKey, error) {
	spec, ok := specs[algorithm]
	if !ok {
		return "", nil, fmt.Errorf("making key: %w %q by AWS KMS", keys.ErrAlgorithm, algorithm)
	}
	made, err := s.client.CreateKey(ctx, &kms.CreateKeyInput{
		KeySpec: spec, KeyUsage: types.KeyUsageTypeSignVerify, Description: aws.String("laurel " + algorithm),
	})
	if err != nil {
		return "", nil, fault("making key in AWS KMS", err)
	}
	if made.KeyMetadata == nil || !reference.MatchString(aws.ToString(made.KeyMetadata.Arn)) {
		return "", nil, fmt.Errorf("making key in AWS KMS: %w: the answer names no key", keys.ErrUnavailable)
	}
	name := *made.KeyMetadata.Arn
	signer, err := s.Signer(ctx, name)
	if err != nil {
		return "", nil, fmt.Errorf("making key in AWS KMS: %w", err)
	}
	return name, signer.Public(), nil
}

// Signer returns a key of the service. It implements keys.Backend.
func (s *Service) Signer(ctx context.Context, name string) (crypto.Signer, error) {
	if !reference.MatchString(name) {
		return nil, keys.ErrUnknownReference
	}
	s.mu.Lock()
	known := s.signers[name]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	answer, err := s.client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: aws.String(name)})
	if err != nil {
		return nil, fault("opening key of AWS KMS", err)
	}
	public, err := x509.ParsePKIXPublicKey(answer.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("opening key of AWS KMS: %w: %w", keys.ErrUnavailable, err)
	}
	found := &signer{service: s, name: name, public: public}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signers[name] = found
	return found, nil
}

// fault is the error of the service, of which only the code is told: the rest may
// repeat the request.
func fault(doing string, err error) error {
	var missing *types.NotFoundException
	if errors.As(err, &missing) {
		return fmt.Errorf("%s: %w", doing, keys.ErrUnknownReference)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w: no answer in time", doing, keys.ErrUnavailable)
	}
	code := "no answer"
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		code = coded.ErrorCode()
	}
	return fmt.Errorf("%s: %w: %s", doing, keys.ErrUnavailable, code)
}

// signer is one key of the service.
type signer struct {
	service *Service
	name    string
	public  crypto.PublicKey
}

// Public implements crypto.Signer.
func (s *signer) Public() crypto.PublicKey { return s.public }

// maxMessage is the longest message that the service takes.
const maxMessage = 4096

// Sign implements crypto.Signer: of Ed25519 for a message of up to 4,096 bytes,
// which a JWT may exceed; of the others, which sign as in ES256, ES384 and RS256,
// for a digest.
func (s *signer) Sign(_ io.Reader, input []byte, options crypto.SignerOpts) ([]byte, error) {
	algorithm, messageType := types.SigningAlgorithmSpec(""), types.MessageTypeDigest
	hash := options.HashFunc()
	_, pss := options.(*rsa.PSSOptions)
	switch s.public.(type) {
	case ed25519.PublicKey:
		if hash == 0 {
			algorithm, messageType = types.SigningAlgorithmSpecEd25519Sha512, types.MessageTypeRaw
		}
		if len(input) > maxMessage {
			return nil, fmt.Errorf("signing: %w: AWS KMS signs no more than %d bytes with Ed25519", keys.ErrAlgorithm, maxMessage)
		}
	case *ecdsa.PublicKey:
		switch {
		case hash == crypto.SHA256 && len(input) == hash.Size():
			algorithm = types.SigningAlgorithmSpecEcdsaSha256
		case hash == crypto.SHA384 && len(input) == hash.Size():
			algorithm = types.SigningAlgorithmSpecEcdsaSha384
		}
	case *rsa.PublicKey:
		if !pss && hash == crypto.SHA256 && len(input) == hash.Size() {
			algorithm = types.SigningAlgorithmSpecRsassaPkcs1V15Sha256
		}
	}
	if algorithm == "" {
		return nil, fmt.Errorf("signing: %w: not in this way", keys.ErrAlgorithm)
	}
	answer, err := s.service.client.Sign(context.Background(), &kms.SignInput{
		KeyId: aws.String(s.name), Message: input, MessageType: messageType, SigningAlgorithm: algorithm,
	})
	if err != nil {
		return nil, fault("signing by AWS KMS", err)
	}
	return answer.Signature, nil
}
