// A server behind a gateway that records every request unchanged and answers from a table.
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const LOOPBACK = '127.0.0.1';
const EVENT_PAUSE_MS = 300;

/** Starts a recorder on loopback. */
export async function startRecorder() {
  const recorder = new Recorder();
  await recorder.listen();
  return recorder;
}

class Recorder {
  /** `{ method, url, headers, body }` of each request, in order; the body as bytes. */
  requests = [];
  #http;

  async listen() {
    this.#http = http.createServer((request, response) => this.#answer(request, response));
    await new Promise((resolve) => this.#http.listen(0, LOOPBACK, resolve));
    this.port = this.#http.address().port;
  }

  async stop() {
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    await closed;
  }

  async #answer(request, response) {
    const body = Buffer.concat(await request.toArray());
    this.requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    const isStream = request.headers.accept === 'text/event-stream';
    await (isStream ? stream(response) : answer(response, request, body));
  }
}

/** The bytes of each event of a stream. */
export const EVENTS = ['id: 1\nevent: message\ndata: {"a":1}\n\n', ': comment\n\n', 'data: two\ndata: lines\n\n'];

async function stream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': 'of-the-server' });
  for (const event of EVENTS) {
    response.write(event);
    await pause(EVENT_PAUSE_MS);
  }
  response.end();
}

function answer(response, { method }, body) {
  const status = { DELETE: 204, POST: body.includes('notifications/') ? 202 : 200 }[method] ?? 405;
  const headers = { 'mcp-session-id': 'of-the-server', 'x-of-the-server': 'yes', ...(status === 200 && { 'content-type': 'application/json' }) };
  response.writeHead(status, headers).end(status === 200 ? body : undefined);
}
