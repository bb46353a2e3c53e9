// Signals to the real binary: it shuts down gracefully, and reloads its configuration when told.
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, test } from 'node:test';
import { isListening } from './lib/port.mjs';
import { resource, startScopegate, waitFor } from './lib/scopegate.mjs';

const OPEN = { ...resource({ authorizationServers: [], jwks: [] }), oauth: { enabled: false } };
const BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

let gate;
afterEach(async () => {
  await gate?.stop();
  gate = undefined;
});

describe('SIGTERM', () => {
  test('fails readiness first, decides until the drain is over, closes connections by its answers, and ends with 0', async () => {
    gate = await startScopegate({ resources: [OPEN], server: { drain: '1500ms' } });
    assert.equal((await gate.readyz()).status, 200);
    assert.equal((await gate.ask()).headers.connection, undefined);
    gate.signal('SIGTERM');
    const { json } = await waitFor(async () => {
      const readyz = await gate.readyz();
      return readyz.status === 503 && readyz;
    }, { every: 5, what: 'readiness fails' });
    assert.equal(json.draining, true);
    const answer = await gate.ask();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.connection, 'close');
    assert.deepEqual(await gate.exited, { code: 0, signal: null });
    assert.ok(!await isListening(gate.addresses.http.port));
    const messages = gate.logs.map((line) => JSON.parse(line).message);
    assert.ok(messages.indexOf('draining') < messages.indexOf('stopped'));
  });

  test('a request that has begun is answered after the listener has closed', async () => {
    gate = await startScopegate({ resources: [OPEN] });
    const { host, port } = gate.addresses.http;
    const client = net.connect(port, host);
    const answer = [];
    client.on('data', (chunk) => answer.push(chunk));
    const head = `POST /authorize?resource=mcp HTTP/1.1\r\nHost: x\r\nX-Original-Method: POST\r\nX-Original-URI: /mcp\r\nContent-Length: ${BODY.length}\r\nExpect: 100-continue\r\n\r\n`;
    client.write(head);
    await waitFor(() => Buffer.concat(answer).includes('100 Continue'), { every: 5, what: 'the body is awaited' });
    gate.signal('SIGTERM');
    await waitFor(async () => !await isListening(port), { every: 5, what: 'the listener is closed' });
    client.end(BODY);
    await once(client, 'close');
    assert.match(Buffer.concat(answer).toString(), /HTTP\/1\.1 200 OK/);
    assert.deepEqual(await gate.exited, { code: 0, signal: null });
  });
});

test('SIGINT ends it in the same way', async () => {
  gate = await startScopegate({ resources: [OPEN] });
  gate.signal('SIGINT');
  assert.deepEqual(await gate.exited, { code: 0, signal: null });
  assert.equal(JSON.parse(gate.logs.at(-1)).message, 'stopped');
});

test('SIGHUP reloads the configuration, even if no file has changed', async () => {
  gate = await startScopegate({ resources: [OPEN] });
  gate.signal('SIGHUP');
  await waitFor(async () => (await gate.metrics()).sum('scopegate_policy_reload_total', { outcome: 'success' }) === 2, { every: 5, what: 'the reload' });
  assert.ok(gate.logs.some((line) => JSON.parse(line).cause === 'SIGHUP'));
  await gate.write([{ ...OPEN, server: { ...OPEN.server, path: '/moved' } }]);
  gate.signal('SIGHUP');
  await waitFor(async () => (await gate.ask({ uri: '/moved' })).status === 200, { every: 5, what: 'the new policy' });
  assert.equal((await gate.ask()).reason, 'resource-unknown');
});
