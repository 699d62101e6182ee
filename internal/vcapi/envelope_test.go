package vcapi

import (
	"bytes"
	"crypto/rand"
	"testing"

	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/sdjwt"
)

// envelopesOf secures a document in every way that an envelope knows.
func envelopesOf(t *testing.T, i *Instance, document []byte, presentation bool) map[string]string {
	t.Helper()
	signer, keyID, prefix := i.config.Proofs[0].Signer, i.config.Proofs[0].VerificationMethod, "application/vc"
	if presentation {
		prefix = "application/vp"
	}
	signing := jose.SigningOptions{KeyID: keyID, Random: rand.Reader}
	token, err := jose.SignVC(document, signer, signing)
	if err != nil {
		t.Fatal(err)
	}
	selective, err := sdjwt.Issue(document, signer, sdjwt.IssueOptions{Signing: signing, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	message, err := cose.Sign(document, signer, cose.SignOptions{KeyID: keyID, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	envelopes := make(map[string]string)
	for mediaType, data := range map[string][]byte{prefix + "+jwt": []byte(token), prefix + "+sd-jwt": []byte(selective), prefix + "+cose": message} {
		envelope, err := jose.MarshalEnvelope(jose.Envelope{MediaType: mediaType, Data: data, Presentation: presentation})
		if err != nil {
			t.Fatal(err)
		}
		envelopes[mediaType] = string(envelope)
	}
	return envelopes
}

func TestEnvelopesOfEveryKind(t *testing.T) {
	i, other := newInstance(t, Policy{BindIssuer: true}), newInstance(t, Policy{BindIssuer: true})
	good := envelopesOf(t, i, []byte(credentialOf(i.config.Issuer, "")), false)
	foreign := envelopesOf(t, other, []byte(credentialOf(i.config.Issuer, "")), false)
	empty := envelopesOf(t, i, []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"`+i.config.Issuer+`","credentialSubject":{}}`), false)
	for mediaType, envelope := range good {
		t.Run(mediaType, func(t *testing.T) {
			v := verify(t, i, envelope, `{"returnCredential":true}`)
			if !v.Verified || !bytes.Contains(v.Credential, []byte("Alice")) || len(v.Results.Proofs) != 1 {
				t.Errorf("%+v", v)
			}
			damaged := []byte(envelope)
			at := bytes.LastIndexByte(damaged[:bytes.LastIndex(damaged, []byte(`","type"`))-3], ',') + 40
			damaged[at] ^= 1
			if v, err := i.Verify(t.Context(), []byte(`{"verifiableCredential":`+string(damaged)+`}`)); err == nil && v.Verified {
				t.Errorf("damaged: %+v", v)
			}
			if v := verify(t, i, foreign[mediaType], `{}`); v.Verified {
				t.Errorf("by somebody else's key: %+v", v)
			}
			if v := verify(t, i, empty[mediaType], `{}`); v.Verified {
				t.Errorf("of an empty subject: %+v", v)
			}
			presentation := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":"` + i.config.Issuer + `","verifiableCredential":[` + envelope + `]}`
			for kind, presented := range envelopesOf(t, i, []byte(presentation), true) {
				v, err := i.VerifyPresentation(t.Context(), []byte(`{"verifiablePresentation":`+presented+`}`))
				if err != nil || !v.Verified || len(v.Results.Credentials) != 1 {
					t.Errorf("in %s: %+v, %v", kind, v, err)
				}
				if v := verify(t, i, presented, `{}`); v.Verified {
					t.Errorf("%s passes for a credential: %+v", kind, v)
				}
			}
			if v, err := i.VerifyPresentation(t.Context(), []byte(`{"verifiablePresentation":`+envelope+`}`)); err == nil && v.Verified {
				t.Errorf("a credential passes for a presentation: %+v", v)
			}
		})
	}
}
