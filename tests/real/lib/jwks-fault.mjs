// A key endpoint with faults that a real provider cannot be made to show. One server, with a path and a fault for each
// case.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';

const LOOPBACK = '127.0.0.1';
const JSON_TYPE = 'application/json';
const TOO_LARGE = 600 * 1024;

/**
 * Starts the endpoint. `keys()` returns the good keys, `elsewhere` is where a redirect points to.
 * A path is good until `fault.set('/path', mood)` says otherwise; the moods are `MOODS`.
 */
export async function startJwksFault({ keys, elsewhere }) {
  const fault = new JwksFault({ keys, elsewhere, broken: brokenKeys() });
  await fault.listen();
  return fault;
}

class JwksFault {
  #source;
  #server;
  #moods = new Map();
  #fetches = new Map();

  constructor(source) {
    this.#source = source;
  }

  async listen() {
    this.#server = http.createServer((request, response) => {
      const path = request.url;
      this.#fetches.set(path, this.fetches(path) + 1);
      MOODS[this.#moods.get(path) ?? 'good'](response, this.#source);
    });
    await new Promise((resolve) => this.#server.listen(0, LOOPBACK, resolve));
    this.port = this.#server.address().port;
  }

  url(path) {
    return `http://${LOOPBACK}:${this.port}${path}`;
  }

  set(path, mood) {
    if (!(mood in MOODS)) throw new Error(`no such mood: ${mood}`);
    this.#moods.set(path, mood);
  }

  fetches(path) {
    return this.#fetches.get(path) ?? 0;
  }

  /** A token signed with the broken key of that name: `oct`, `rsa-1024` or `for-encryption`. */
  sign(kid, claims) {
    const [alg, signer] = this.#source.broken.signers[kid];
    const input = `${encode({ alg, typ: 'at+jwt', kid })}.${encode(claims)}`;
    return `${input}.${signer(Buffer.from(input)).toString('base64url')}`;
  }

  async stop() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** The ways in which the endpoint may answer. */
export const MOODS = {
  'good': (response, { keys }) => send(response, 200, JSON_TYPE, set(keys())),
  'slow': (response, source) => after(response, 400, () => MOODS.good(response, source)),
  'late headers': (response, source) => after(response, 20_000, () => MOODS.good(response, source)),
  'dripping body': (response, { keys }) => drip(response, set(keys())),
  'too large': (response, { keys }) => send(response, 200, JSON_TYPE, set([...keys(), { kty: 'oct', padding: 'x'.repeat(TOO_LARGE) }])),
  'too large, chunked': (response) => {
    response.writeHead(200, { 'content-type': JSON_TYPE });
    response.write('{"keys":[],"padding":"');
    response.end(`${'x'.repeat(TOO_LARGE)}"}`);
  },
  'cut body': (response, { keys }) => {
    const body = set(keys());
    response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': body.length });
    response.write(body.slice(0, body.length / 2), () => response.destroy());
  },
  'redirect': (response, { elsewhere }) => response.writeHead(302, { location: elsewhere }).end(),
  'not JSON': (response) => send(response, 200, JSON_TYPE, '{"keys":['),
  'HTML': (response) => send(response, 200, 'text/html', '<!doctype html><title>Sign in</title>'),
  'another document': (response) => send(response, 200, JSON_TYPE, '{"error":"not here"}'),
  'server error': (response) => send(response, 500, JSON_TYPE, '{"keys":[]}'),
  'good keys with 500': (response, { keys }) => send(response, 500, JSON_TYPE, set(keys())),
  'nothing usable': (response, { broken }) => send(response, 200, JSON_TYPE, set(broken.unusable)),
  'half broken': (response, { keys, broken }) => send(response, 200, JSON_TYPE, set([...broken.unusable, ...keys(), ...broken.doubtful])),
  'empty': (response) => send(response, 200, JSON_TYPE, set([])),
};

function set(keys) {
  return JSON.stringify({ keys });
}

function send(response, status, type, body) {
  response.writeHead(status, { 'content-type': type }).end(body);
}

function after(response, milliseconds, work) {
  const timer = setTimeout(work, milliseconds);
  response.on('close', () => clearTimeout(timer));
}

/** Sends ten bytes a second: every read makes progress, but the whole never ends in time. */
function drip(response, body) {
  let sent = 0;
  response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': body.length });
  const timer = setInterval(() => {
    response.write(body.slice(sent, sent + 1));
    sent += 1;
    if (sent >= body.length) response.end();
  }, 100);
  response.on('close', () => clearInterval(timer));
}

/**
 * Keys that no verifier may use (`unusable`), and keys that it may find out about late (`doubtful`). Each says in its kid
 * what is wrong with it. `sign` signs with their private halves.
 */
function brokenKeys() {
  const weak = newKey('rsa', { modulusLength: 1024 });
  const strong = newKey('rsa', { modulusLength: 2048 });
  const encryption = newKey('ec', { namedCurve: 'P-256' });
  const twins = [newKey('ec', { namedCurve: 'P-256' }), newKey('ec', { namedCurve: 'P-256' })];
  const secret = Buffer.from('a secret that everybody can read');
  const rsa = { alg: 'RS256', use: 'sig' };
  const ec = { alg: 'ES256', use: 'sig' };
  return {
    unusable: [
      { kty: 'oct', k: secret.toString('base64url'), kid: 'oct', alg: 'HS256', use: 'sig' },
      { ...weak.jwk, ...rsa, kid: 'rsa-1024' },
      { ...encryption.jwk, ...ec, kid: 'for-encryption', use: 'enc' },
      { kty: 'EC', crv: 'P-256', ...ec, kid: 'without-coordinates' },
      { kty: 'LATTICE', alg: 'ML-9', use: 'sig', kid: 'unknown-kty' },
      'not an object',
      null,
    ],
    doubtful: [
      { ...encryption.jwk, ...ec, kid: 'off-curve', x: encryption.jwk.y },
      { ...strong.jwk, ...rsa, kid: 'rsa-exponent-1', e: 'AQ' },
      ...twins.map((twin) => ({ ...twin.jwk, ...ec, kid: 'twin' })),
    ],
    signers: {
      'oct': ['HS256', (input) => createHmac('sha256', secret).update(input).digest()],
      'rsa-1024': ['RS256', (input) => sign('sha256', input, weak.privateKey)],
      'for-encryption': ['ES256', (input) => sign('sha256', input, { key: encryption.privateKey, dsaEncoding: 'ieee-p1363' })],
    },
  };
}

function newKey(type, options) {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
