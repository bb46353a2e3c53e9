// The real scopegate binary as a child process on free ports. It is asked as nginx asks, and scraped as Prometheus
// does.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Late } from './late.mjs';

const BINARY = process.env.SCOPEGATE_BIN ?? fileURLToPath(new URL('../../../target/debug/scopegate', import.meta.url));
const ANY_PORT = '127.0.0.1:0';
const START_MS = 15_000;
const STOP_MS = 15_000;

/** A request that lists tools: it requires the connect and the read scope of `resource`. */
export const LIST_TOOLS = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

/** One protected resource, `https://mcp.example.com/ID`, whose tokens come from `jwks` sources. `oauth` adds to its OAuth keys. */
export function resource({ id = 'mcp', authorizationServers, jwks, oauth = {} }) {
  return {
    id,
    server: { base_url: 'https://mcp.example.com', path: `/${id}` },
    oauth: {
      enabled: true,
      authorization_server_urls: authorizationServers,
      scopes: { initialize: ['mcp:connect'], tools_list: ['mcp:tools:read'], tools_call: ['mcp:tools:execute'] },
      jwks,
      ...oauth,
    },
  };
}

/**
 * Starts the binary and waits for `/livez`, or for `/readyz` with `until: 'ready'`.
 * `resources` go into the file as they are; `server` adds to the listeners' settings, `root` to the top of the file.
 */
export async function startScopegate({ resources, server = {}, root = {}, env = {}, until = 'live' }) {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-'));
  const gate = new Scopegate(folder, server, root);
  await gate.write(resources);
  try {
    await gate.start(env);
    await gate.whileRunning(waitFor(
      () => gate.admin(until === 'ready' ? '/readyz' : '/livez').then((reply) => reply.status === 200),
      { within: START_MS, what: `scopegate is ${until}` },
    ));
  } catch (error) {
    await gate.stop();
    error.message += `\n${gate.logs.join('\n')}`;
    throw error;
  }
  return gate;
}

class Scopegate {
  /** Every line that the process wrote. */
  logs = [];
  #folder;
  #server;
  #root;
  #child;
  #exited;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

  constructor(folder, server, root) {
    this.#folder = folder;
    this.#root = root;
    this.#server = {
      listen_addr: ANY_PORT,
      grpc_listen_addr: ANY_PORT,
      admin_listen_addr: ANY_PORT,
      drain: '0s',
      log: { format: 'json', level: 'debug' },
      ...server,
    };
  }

  get #file() {
    return join(this.#folder, 'scopegate.yaml');
  }

  /** Writes the configuration; JSON is YAML too. */
  async write(resources) {
    await writeFile(this.#file, JSON.stringify({ server: this.#server, resources, ...this.#root }, null, 2));
  }

  async start(env) {
    this.#child = spawn(BINARY, ['serve', '--config', this.#file], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
      this.#child.once('error', (error) => resolve({ error }));
    });
    const bound = new Promise((resolve) => {
      for (const stream of [this.#child.stdout, this.#child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.logs.push(line);
          const addresses = boundAddresses(line);
          if (addresses) resolve(addresses);
        });
      }
    });
    const late = delay(START_MS, undefined, { ref: false }).then(() => {
      throw new Late('scopegate did not log the addresses that it bound');
    });
    this.addresses = await this.whileRunning(Promise.race([bound, late]));
  }

  /** The result of `promise`, or an error as soon as the process has ended. */
  async whileRunning(promise) {
    const ended = this.#exited.then((how) => {
      throw new Error(`scopegate ended: ${how.error ?? JSON.stringify(how)}`);
    });
    return Promise.race([promise, ended]);
  }

  /**
   * Asks for a decision as nginx's `auth_request` does: the original request in headers, its body as the body.
   * The reply is `{ status, reason, challenge, headers, body }`.
   */
  async ask({ token, resource: id = 'mcp', method = 'POST', uri = `/${id}`, body = LIST_TOOLS, headers = {} } = {}) {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const reply = await this.#request({
      address: this.addresses.http,
      method: 'POST',
      path: `/authorize?resource=${id}`,
      headers: {
        'x-original-method': method,
        'x-original-uri': uri,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
      body: text,
    });
    return { ...reply, reason: reply.headers['x-scopegate-reason'], challenge: reply.headers['www-authenticate'] };
  }

  /** A page of the admin listener. */
  async admin(path) {
    return this.#request({ address: this.addresses.admin, method: 'GET', path, headers: {} });
  }

  /** `{ status, json }` of `/readyz`. */
  async readyz() {
    const { status, body } = await this.admin('/readyz');
    return { status, json: parseOrUndefined(body) };
  }

  /** The samples of `/metrics`, with a sum over those that fit. */
  async metrics() {
    const { body } = await this.admin('/metrics');
    return new Metrics(body);
  }

  /** Makes the process reload its configuration. */
  reload() {
    this.signal('SIGHUP');
  }

  /** Sends a signal, without waiting for its effect. */
  signal(name) {
    this.#child.kill(name);
  }

  /** The exit code and signal of the process. */
  get exited() {
    return this.#exited;
  }

  /** Ends the process as Kubernetes does. Returns its exit code and signal. */
  async stop() {
    this.#agent.destroy();
    if (!this.#child) return undefined;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    const how = await this.#exited;
    clearTimeout(overdue);
    await rm(this.#folder, { recursive: true, force: true });
    return how;
  }

  #request({ address, method, path, headers, body }) {
    const { host, port } = address;
    return new Promise((resolve, reject) => {
      const request = http.request({ host, port, method, path, headers, agent: this.#agent }, (response) => {
        const chunks = [];
        response.on('error', reject);
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }));
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** The counters and gauges of a Prometheus text. */
class Metrics {
  constructor(text) {
    this.samples = text.split('\n').filter((line) => line && !line.startsWith('#')).map(parseSample);
  }

  /** The sum of the samples of `name` whose labels all equal, or are matched by, those of `labels`. */
  sum(name, labels = {}) {
    const fits = (sample) => Object.entries(labels).every(([key, wanted]) => (wanted instanceof RegExp ? wanted.test(sample.labels[key]) : sample.labels[key] === wanted));
    return this.samples.filter((sample) => sample.name === name && fits(sample)).reduce((sum, sample) => sum + sample.value, 0);
  }
}

/** Asks repeatedly until `holds` returns a true value, and returns that value. */
export async function waitFor(holds, { within = 10_000, every = 100, what = 'it' } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    const value = await Promise.resolve(holds()).catch(() => undefined);
    if (value) return value;
    if (Date.now() > deadline) throw new Late(`${what}: not within ${within} ms`);
    await delay(every);
  }
}

/** The addresses in the log line about the listeners. */
function boundAddresses(line) {
  const { message, listen, admin, grpc } = parseOrUndefined(line) ?? {};
  if (message !== 'listening') return undefined;
  const address = (text) => {
    const [, host, port] = text?.match(/(\d+\.\d+\.\d+\.\d+):(\d+)/) ?? [];
    return host && { host, port: Number(port) };
  };
  return { http: address(listen), admin: address(admin), grpc: address(grpc) };
}

function parseSample(line) {
  const [, name, labels = '', value] = line.match(/^(\w+)(?:\{(.*)\})?\s+(\S+)/);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}

function parseOrUndefined(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
