// A foreign client: issues and verifies with the engine of LearnCard's kit (its
// native DIDKit). It works on many documents in one process. Issuers and
// holders have a did:key, or a did:web of a port of localhost, which it reads
// by http.
//
//   learncard.mjs
//     in:  [{"do": "issue", "suite": …, "document": …},
//           {"do": "verify", "document": …},
//           {"do": "present", "suite": …, "document": …, "challenge": …, "domain": …},
//           {"do": "check", "document": …, "challenge": …, "domain": …}, …]
//     out: [{"document": …} or {"verified": …, "steps": {check: true, …}, "error": text} or {"error": text}, …]
//     A document that is issued gets the issuer's DID. One that is presented is
//     issued about a new holder, who signs a presentation of it; check verifies a
//     presentation and what is in it.
import {createRequire} from 'node:module';
import {answerAll, attempt} from './answers.mjs';

const engine = createRequire(import.meta.url)('@learncard/didkit-plugin-node-linux-x64-gnu');

function signer() {
  const key = engine.generateEd25519KeyFromBytes(crypto.getRandomValues(Buffer.alloc(32)));
  return {key, did: engine.keyToDid('key', key)};
}

async function options({key}, suite, more) {
  const type = suite === 'Ed25519Signature2020' ? {type: suite} : {type: 'DataIntegrityProof', cryptosuite: suite};
  return JSON.stringify({...type, verificationMethod: await engine.keyToVerificationMethod('key', key), ...more});
}

function answer(result) {
  const {checks, errors} = JSON.parse(result);
  return {
    verified: errors.length === 0 && checks.includes('proof'),
    steps: Object.fromEntries(checks.map(step => [step, true])), error: errors.join('; ')
  };
}

const actions = {
  async issue({suite, document}) {
    const issuer = signer();
    document.issuer.id = issuer.did;
    return {document: JSON.parse(await engine.issueCredential(
      JSON.stringify(document), await options(issuer, suite, {proofPurpose: 'assertionMethod'}), issuer.key, '{}'))};
  },
  async verify({document}) {
    const checks = document.credentialStatus ? ['proof', 'credentialStatus'] : ['proof'];
    return answer(await engine.verifyCredential(JSON.stringify(document), JSON.stringify({checks}), '{}'));
  },
  async present({suite, document, challenge, domain}) {
    const holder = signer();
    document.credentialSubject.id = holder.did;
    const presentation = {
      '@context': ['https://www.w3.org/ns/credentials/v2'], type: ['VerifiablePresentation'],
      holder: holder.did, verifiableCredential: [(await actions.issue({suite, document})).document]
    };
    return {document: JSON.parse(await engine.issuePresentation(
      JSON.stringify(presentation), await options(holder, suite, {proofPurpose: 'authentication', challenge, domain}), holder.key, '{}'))};
  },
  // The kit's engine looks at the proof of a presentation alone.
  async check({document, challenge, domain}) {
    const presented = answer(await engine.verifyPresentation(
      JSON.stringify(document), JSON.stringify({proofPurpose: 'authentication', challenge, domain}), '{}'));
    for(const credential of [document.verifiableCredential].flat()) {
      const {verified, error} = await actions.verify({document: credential});
      presented.verified &&= verified;
      presented.error ||= error;
    }
    return presented;
  }
};

await answerAll(request => attempt(actions[request.do], request));
