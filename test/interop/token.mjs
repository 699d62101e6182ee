// A foreign client for JOSE and COSE: secures documents and verifies what was
// secured, with jose, @sd-jwt, did-jwt-vc and @auth0/cose. It works on many
// requests in one process. Keys are JWKs; those of "issue" are made here.
//
//   token.mjs
//     in:  [{"do": "issue", "form": "jwt" | "sd-jwt" | "vc-jwt" | "cose", "algorithm": …, "document": …},
//           {"do": "verify", "form": …, "algorithm": …, "key": …, "text": …}, …]
//     out: [{"text": …, "key": public JWK} or {"document": …} or {"error": text}, …]
//     COSE is in base64. An SD-JWT has credentialSubject.name and the first
//     element of credentialSubject.list to hold back; verifying it shows the
//     name alone.
import {Algorithms, Headers, ProtectedHeaders, Sign1, UnprotectedHeaders} from '@auth0/cose';
import {createVerifiableCredentialJwt, verifyCredential} from 'did-jwt-vc';
import {digest, generateSalt, ES256 as sdES256} from '@sd-jwt/crypto-nodejs';
import {EdDSASigner, ES256Signer} from 'did-jwt';
import {SDJwtInstance} from '@sd-jwt/core';
import * as jose from 'jose';
import {answerAll} from './answers.mjs';

const utf8 = new TextEncoder();
const text = bytes => new TextDecoder().decode(bytes);
const kid = document => `${document.issuer.id ?? document.issuer}#key-1`;

// The library signs with functions of the caller's and has its own for ES256
// alone: for EdDSA they are those of WebCrypto.
const sdEdDSA = {
  async getSigner(jwk) {
    const key = await jose.importJWK(jwk, 'EdDSA');
    return async data => Buffer.from(await crypto.subtle.sign('Ed25519', key, utf8.encode(data))).toString('base64url');
  },
  async getVerifier(jwk) {
    const key = await jose.importJWK(jwk, 'EdDSA');
    return async (data, signature) => crypto.subtle.verify('Ed25519', key, Buffer.from(signature, 'base64url'), utf8.encode(data));
  }
};
const sdAlgorithms = {ES256: sdES256, EdDSA: sdEdDSA};

async function sdJWT({privateKey, publicKey}, algorithm) {
  const functions = sdAlgorithms[algorithm];
  return new SDJwtInstance({
    signer: privateKey && await functions.getSigner(privateKey), verifier: await functions.getVerifier(publicKey),
    signAlg: algorithm, hasher: digest, hashAlg: 'sha-256', saltGenerator: generateSalt
  });
}

const forms = {
  jwt: {
    issue: (document, pair, algorithm) => new jose.CompactSign(utf8.encode(JSON.stringify(document)))
      .setProtectedHeader({alg: algorithm, typ: 'vc+jwt', cty: 'vc', kid: kid(document)}).sign(pair.privateKey),
    async verify(token, key, algorithm) {
      const {payload} = await jose.compactVerify(token, await jose.importJWK(key, algorithm));
      return JSON.parse(text(payload));
    }
  },
  'sd-jwt': {
    async issue(document, pair, algorithm) {
      const keys = {privateKey: await jose.exportJWK(pair.privateKey), publicKey: await jose.exportJWK(pair.publicKey)};
      const frame = {credentialSubject: {_sd: ['name'], list: {_sd: [0]}, _sd_decoy: 2}};
      return (await sdJWT(keys, algorithm)).issue(document, frame, {header: {typ: 'vc+sd-jwt', kid: kid(document)}});
    },
    async verify(token, key, algorithm) {
      const client = await sdJWT({publicKey: key}, algorithm);
      const shown = await client.present(token, {credentialSubject: {name: true}});
      return (await client.verify(shown)).payload;
    }
  },
  'vc-jwt': {
    async issue(document, pair, algorithm) {
      const {d} = await jose.exportJWK(pair.privateKey);
      const signer = (algorithm === 'EdDSA' ? EdDSASigner : ES256Signer)(Buffer.from(d, 'base64url'));
      return createVerifiableCredentialJwt(document, {did: document.issuer.id ?? document.issuer, signer, alg: algorithm});
    },
    async verify(token, key) {
      const resolve = async did => ({
        didResolutionMetadata: {contentType: 'application/did+json'}, didDocumentMetadata: {},
        didDocument: {
          id: did, assertionMethod: [`${did}#key-1`],
          verificationMethod: [{id: `${did}#key-1`, type: 'JsonWebKey2020', controller: did, publicKeyJwk: key}]
        }
      });
      return (await verifyCredential(token, {resolve})).verifiableCredential;
    }
  },
  cose: {
    async issue(document, pair, algorithm) {
      const headers = [[Headers.Algorithm, Algorithms[algorithm]], [3, 'application/vc'], [16, 'application/vc+cose']];
      const message = await Sign1.sign(
        new ProtectedHeaders(headers), new UnprotectedHeaders([[Headers.KeyID, utf8.encode(kid(document))]]),
        utf8.encode(JSON.stringify(document)), pair.privateKey);
      return Buffer.from(message.encode()).toString('base64');
    },
    async verify(token, key, algorithm) {
      const message = Sign1.decode(Buffer.from(token, 'base64'));
      await message.verify(await jose.importJWK(key, algorithm));
      return JSON.parse(text(message.payload));
    }
  }
};

async function answer({do: operation, form, algorithm, document, key, text: token}) {
  try {
    if(operation === 'verify') {
      return {document: await forms[form].verify(token, key, algorithm)};
    }
    const pair = await jose.generateKeyPair(algorithm, {extractable: true, crv: algorithm === 'EdDSA' ? 'Ed25519' : undefined});
    return {text: await forms[form].issue(document, pair, algorithm), key: await jose.exportJWK(pair.publicKey)};
  } catch(e) {
    return {error: e.stack ?? String(e)};
  }
}

await answerAll(answer);
