//go:build awskms

package main

import (
	"context"
	"errors"
	"os"

	"laurel/internal/keys"
	"laurel/internal/keys/kmskeys"
)

func init() { backendOpeners["awskms"] = openAWSKMS }

func openAWSKMS(f backendFlags) (keys.Backend, func() error, error) {
	address := f.AWSKMSEndpoint
	if address == "" {
		address = "https://" + kmskeys.Endpoint(f.AWSKMSRegion)
	}
	client, err := destination(address, f.AWSKMSNetwork, "")
	if err != nil {
		return nil, nil, err
	}
	service, err := kmskeys.New(kmskeys.Config{
		Region: f.AWSKMSRegion, Client: client.Client(), Endpoint: f.AWSKMSEndpoint, Credentials: environmentCredentials,
	})
	if err != nil {
		return nil, nil, usage(err, "laurel serve --help")
	}
	return service, func() error { return nil }, nil
}

// environmentCredentials are those that every tool of AWS knows.
func environmentCredentials(context.Context) (kmskeys.Credentials, error) {
	c := kmskeys.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return c, errors.New("there is no access key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return c, nil
}
