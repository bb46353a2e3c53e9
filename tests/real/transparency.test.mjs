// Permitted requests pass unchanged in both directions through every gateway: bytes, headers and streams, in each era.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CADDY } from './lib/caddy.mjs';
import { ENVOY_GRPC, ENVOY_HTTP } from './lib/envoy.mjs';
import { ADMIN, CONNECT, EXECUTE, HEADERS_ALONE, READ, startGateway } from './lib/gateway.mjs';
import { HAPROXY } from './lib/haproxy.mjs';
import { AUTH_REQUEST, LUA } from './lib/nginx.mjs';
import { EVENTS, startRecorder } from './lib/recorder.mjs';

const GATEWAYS = [AUTH_REQUEST, LUA, ENVOY_GRPC, ENVOY_HTTP, CADDY, HAPROXY];
const SESSION = { 'mcp-session-id': 'of the client', 'mcp-protocol-version': '2025-11-25', 'last-event-id': '42', 'x-custom': 'Kept; as=it "is"' };
const ODD = '{ "jsonrpc" : "2.0",\r\n\t"id":1e0, "method":"tools\\/call","params":{"name":"echo","arguments":{"text":"ä€😀\\u0000","n":1.0e+2, "n2" : -0 }}} \n';

/** The messages that each era allows, in its notation. */
const MESSAGES = {
  'a call with unusual spacing, escapes and numbers': ODD,
  'a notification': '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}',
  'a response to the server': '{"jsonrpc":"2.0","id":"s-1","result":{"roots":[]}}',
  'a batch of 2025-03-26': '[{"jsonrpc":"2.0","id":1,"method":"tools/list"}, {"jsonrpc":"2.0","method":"notifications/initialized"}]',
};

const LISTEN = '{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true}}}';

/** Requests that a stream answers, in each era. */
const STREAMS = {
  'a stream of the older era': { method: 'GET', headers: SESSION },
  'subscriptions/listen': { method: 'POST', body: LISTEN, headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen', 'content-type': 'application/json' } },
};

for (const form of GATEWAYS) {
  const isSeen = !HEADERS_ALONE.includes(form);
  describe(`through ${form}`, () => {
    let gateway;
    let token;
    before(async () => {
      gateway = await startGateway({ form, mcp: startRecorder });
      token = await gateway.token(CONNECT, READ, EXECUTE, ADMIN);
    });
    after(() => gateway?.stop());

    const arrived = () => gateway.mcp.requests.at(-1);
    const assertHeaders = (headers) => {
      for (const [name, value] of Object.entries(headers)) assert.equal(arrived().headers[name], value, name);
      assert.equal(arrived().headers.authorization, `Bearer ${token}`);
    };

    for (const [what, body] of Object.entries(isSeen ? MESSAGES : {})) {
      test(`${what} arrives byte for byte, and so does the answer`, async () => {
        const reply = await gateway.send({ method: 'POST', path: '/mcp?a=b%20c', token, body, headers: SESSION });
        assert.equal(arrived().method, 'POST');
        assert.equal(arrived().url, '/mcp?a=b%20c');
        assert.equal(arrived().body.toString(), body);
        assertHeaders(SESSION);
        const isNotification = what === 'a notification' || what.startsWith('a batch');
        assert.equal(reply.status, isNotification ? 202 : 200);
        assert.equal(reply.body, isNotification ? '' : body);
        assert.equal(reply.headers['mcp-session-id'], 'of-the-server');
        assert.equal(reply.headers['x-of-the-server'], 'yes');
      });
    }

    test('a call of 2026-07-28 arrives byte for byte', async () => {
      const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
      const reply = await gateway.send({ method: 'POST', token, body: ODD, headers });
      assert.equal(reply.status, 200);
      assert.equal(reply.body, ODD);
      assert.equal(arrived().body.toString(), ODD);
      assertHeaders(headers);
    });

    test('the end of a session is a DELETE without a body', async () => {
      const reply = await gateway.send({ method: 'DELETE', token, headers: SESSION });
      assert.equal(reply.status, 204);
      assert.equal(arrived().method, 'DELETE');
      assert.equal(arrived().body.length, 0);
      assertHeaders(SESSION);
    });

    test('the server’s own 405 for a GET is not replaced', async () => {
      const reply = await gateway.send({ token, headers: SESSION });
      assert.equal(reply.status, 405);
      assert.deepEqual(reply.challenges, []);
    });

    if (!isSeen) {
      test('subscriptions/listen is refused, since its URIs are only in the body', async () => {
        const { headers, body } = STREAMS['subscriptions/listen'];
        assert.equal((await gateway.refused(() => gateway.send({ method: 'POST', token, body, headers }))).status, 403);
      });
    }
    for (const [what, { headers, ...request }] of Object.entries(STREAMS)) {
      if (!isSeen && request.body) continue;
      test(`${what} brings each event when it is sent, byte for byte`, async () => {
        const all = { ...headers, accept: 'text/event-stream', authorization: `Bearer ${token}` };
        const response = await fetch(gateway.resource, { ...request, headers: all });
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('content-type'), 'text/event-stream');
        const chunks = [];
        for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) chunks.push(chunk);
        assert.deepEqual(chunks, EVENTS);
        assertHeaders(headers);
        if (request.body) assert.equal(arrived().body.toString(), request.body);
      });
    }
  });
}
