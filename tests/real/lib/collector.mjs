// A real OpenTelemetry Collector. It forwards what it receives over gRPC and HTTP as JSON to a small server, which
// keeps the spans.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './port.mjs';
import { waitFor } from './scopegate.mjs';
import { startDaemon } from './shipped.mjs';

const run = promisify(execFile);

/** The binary that tests/install installs. */
const COLLECTOR = process.env.COLLECTOR_BIN ?? fileURLToPath(new URL('../../.cache/collector/collector', import.meta.url));

/** Starts it. With `tls`, a certificate of `certificate`, both receivers accept only TLS. */
export async function startCollector({ tls } = {}) {
  const collector = new Collector();
  await collector.start(tls).catch(async (error) => {
    await collector.stop();
    throw error;
  });
  return collector;
}

/** A self-signed certificate for this machine: `{ cert, key }` as text, and `file`, its path. */
export async function certificate() {
  const folder = await mkdtemp(path.join(tmpdir(), 'scopegate-tls-'));
  const [file, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=collector', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE'];
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', keyFile, '-out', file, ...subject]);
  const [cert, key] = await Promise.all([readFile(file, 'utf8'), readFile(keyFile, 'utf8')]);
  return { cert, key, file, remove: () => rm(folder, { recursive: true, force: true }) };
}

class Collector {
  /** Every span that it received: `{ resource, scope, schemaUrl, name, attributes, … }`. */
  spans = [];
  /** All spans, as the JSON that came. */
  text = '';
  #sink;
  #daemon;

  async start(tls) {
    this.#sink = http.createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      this.text += body;
      this.spans.push(...flattened(JSON.parse(body)));
      response.setHeader('content-type', 'application/json').end('{}');
    }).listen(0, '127.0.0.1');
    await once(this.#sink, 'listening');
    [this.grpcPort, this.httpPort] = [await freePort(), await freePort()];
    const listener = (port) => ({ endpoint: `127.0.0.1:${port}`, ...(tls && { tls: { cert_pem: tls.cert, key_pem: tls.key } }) });
    const config = {
      receivers: { otlp: { protocols: { grpc: listener(this.grpcPort), http: listener(this.httpPort) } } },
      exporters: { otlphttp: { endpoint: `http://127.0.0.1:${this.#sink.address().port}`, encoding: 'json', compression: 'none', sending_queue: { enabled: false } } },
      service: {
        telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
        pipelines: { traces: { receivers: ['otlp'], exporters: ['otlphttp'] } },
      },
    };
    this.#daemon = await startDaemon({
      program: COLLECTOR, args: ['--config=file:collector.yaml'], files: { 'collector.yaml': JSON.stringify(config) }, port: this.httpPort,
    });
  }

  /** The first span for which `fits` is true. Waits for it. */
  async span(fits, what = 'the span') {
    return waitFor(() => this.spans.find(fits), { what }).catch(async (error) => {
      throw new Error(`${error.message}; there are ${JSON.stringify(this.spans.map(({ name, attributes }) => [name, attributes]))}\n${await this.#daemon.errors()}`);
    });
  }

  async stop() {
    await this.#daemon?.stop();
    this.#sink?.closeAllConnections();
    this.#sink?.close();
  }
}

function flattened({ resourceSpans }) {
  return resourceSpans.flatMap(({ resource, scopeSpans, schemaUrl }) => scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => (
    { ...span, resource: values(resource.attributes), scope, schemaUrl, attributes: values(span.attributes) }
  ))));
}

/** `[{ key, value: { stringValue } }]` as an object. */
function values(attributes = []) {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));
}
