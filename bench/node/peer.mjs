// One of the JavaScript implementations that Laurel is measured beside.
//
//   peer.mjs digitalbazaar|digitalcredentials
//
// The first line on standard input sets it up: {"did", "method", "public",
// "secret", "created", "contexts": {url: document}}. Every further line is a
// command that is answered with a line:
//
//   {"issue": credential}                  the credential with a proof
//   {"verify": credential}                 {"verified", "errors"}
//   {"time": "issue"|"verify", "credential": …, "milliseconds": n}
//                                          {"runs", "median", "least", "cpu"}
//                                          in nanoseconds for one run
//
// Keys, DID documents and contexts come from memory.
import {createInterface} from 'node:readline';

const names = {
  digitalbazaar: {
    vc: '@digitalbazaar/vc', integrity: '@digitalbazaar/data-integrity',
    suite: '@digitalbazaar/eddsa-rdfc-2022-cryptosuite', multikey: '@digitalbazaar/ed25519-multikey'
  },
  digitalcredentials: {
    vc: '@digitalcredentials/vc', integrity: '@digitalcredentials/data-integrity',
    suite: '@digitalcredentials/eddsa-rdfc-2022-cryptosuite', multikey: '@digitalcredentials/ed25519-multikey'
  }
}[process.argv[2]];

const [vc, {DataIntegrityProof}, {cryptosuite}, Multikey] = await Promise.all(
  [names.vc, names.integrity, names.suite, names.multikey].map(name => import(name)));

const documents = new Map();
let signing;

async function documentLoader(url) {
  const document = documents.get(url);
  if(!document) {
    throw new Error(`not loading ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

async function setUp({did, method, public: publicKeyMultibase, secret: secretKeyMultibase, created, contexts}) {
  for(const [url, document] of Object.entries(contexts)) {
    documents.set(url, document);
  }
  const context = 'https://w3id.org/security/multikey/v1';
  const multikey = {id: method, type: 'Multikey', controller: did, publicKeyMultibase};
  documents.set(method, {'@context': context, ...multikey});
  documents.set(did, {
    '@context': ['https://www.w3.org/ns/did/v1', context], id: did,
    verificationMethod: [multikey], assertionMethod: [method]
  });
  const pair = await Multikey.from({...multikey, secretKeyMultibase});
  signing = {signer: pair.signer(), date: new Date(created)};
}

const operations = {
  async issue(credential) {
    const suite = new DataIntegrityProof({...signing, cryptosuite});
    return vc.issue({credential: structuredClone(credential), suite, documentLoader});
  },
  async verify(credential) {
    const suite = new DataIntegrityProof({cryptosuite});
    const result = await vc.verifyCredential({credential: structuredClone(credential), suite, documentLoader});
    const errors = [result.error, ...(result.error?.errors ?? [])].filter(Boolean).map(error => String(error.message));
    return {verified: result.verified, errors};
  }
};

async function time({time: name, credential, milliseconds}) {
  const run = operations[name];
  const times = [];
  const until = performance.now() + milliseconds;
  const before = process.cpuUsage();
  while(times.length < 5 || performance.now() < until) {
    const start = performance.now();
    const result = await run(credential);
    times.push((performance.now() - start) * 1e6);
    if(result.verified === false) {
      throw new Error(`it does not verify: ${result.errors.join('; ')}`);
    }
  }
  const {user, system} = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return {
    runs: times.length, median: times[times.length >> 1], least: times[0],
    cpu: (user + system) * 1e3 / times.length
  };
}

let ready = false;
for await (const line of createInterface({input: process.stdin})) {
  const command = JSON.parse(line);
  let answer;
  try {
    if(!ready) {
      await setUp(command);
      ready = true;
      answer = {version: process.version};
    } else if(command.time) {
      answer = await time(command);
    } else if(command.issue) {
      answer = await operations.issue(command.issue);
    } else {
      answer = await operations.verify(command.verify);
    }
  } catch(error) {
    answer = {failure: [error, ...(error.errors ?? [])].map(e => e.stack).join('\n')};
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
