// A foreign client: verifies with verifier-core of the Digital Credentials
// Consortium, as the Learner Credential Wallet and VerifierPlus do. It works on
// many documents in one process.
//
//   verifiercore.mjs [--host ORIGIN=ADDRESS]...
//     in:  [{"document": credential}, …]
//     out: [{"verified": …, "steps": {step: passed, …}, "error": text}, …]
//     What is at ORIGIN (https://host) is fetched from ADDRESS
//     (http://127.0.0.1:port), everything else is not there. Whether a register
//     knows the issuer is left out: none is asked.
import {answerAll} from './answers.mjs';
console.log = console.error; // the library tells of schemas that it cannot have

const hosts = new Map();
for(let i = 2; i < process.argv.length; i += 2) {
  const cut = process.argv[i + 1].indexOf('=');
  hosts.set(process.argv[i + 1].slice(0, cut), process.argv[i + 1].slice(cut + 1));
}

const direct = globalThis.fetch;
globalThis.fetch = async (resource, options) => {
  const url = new URL(resource.url ?? resource);
  const address = hosts.get(url.origin);
  if(!address) {
    return new Response('', {status: 404});
  }
  return direct(address + url.pathname + url.search, {...options, redirect: 'error', headers: {accept: 'application/json'}});
};

const {verifyCredential} = await import('@digitalcredentials/verifier-core');

const text = errors => (errors ?? []).map(({name, message, stackTrace}) => `${name}: ${message} ${stackTrace ?? ''}`).join('; ');

function answer({log, errors}) {
  const steps = {};
  let error = text(errors);
  for(const step of log ?? []) {
    if(step.id !== 'registered_issuer') {
      steps[step.id] = step.valid === true;
      error += step.error ? `${step.error.name}: ${step.error.message}` : '';
    }
  }
  const verified = error === '' && steps.valid_signature === true && Object.values(steps).every(Boolean);
  return {verified, steps, error};
}

await answerAll(async request => answer(await verifyCredential({credential: request.document, knownDIDRegistries: []})));
