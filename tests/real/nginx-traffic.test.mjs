// Traffic through the shipped nginx configurations: streams, large messages, kept connections, a scopegate that is
// down.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CONNECT, EXECUTE, LIST_TOOLS, READ, callTool, openSession, startGateway } from './lib/gateway.mjs';
import { FORMS } from './lib/nginx.mjs';
import { freePort } from './lib/port.mjs';

const MIB = 1024 * 1024;
const QUIET_MS = 4_000;
const UNBUFFERED_MS = 1_000;

for (const form of FORMS) {
  describe(`traffic through nginx with ${form}`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form });
    });
    after(() => gateway?.stop());

    test('a quiet event stream stays open and its events are not held back', async () => {
      const token = await gateway.token(CONNECT);
      const session = await openSession(`http://127.0.0.1:${gateway.mcp.port}/mcp`);
      const abort = new AbortController();
      const response = await fetch(gateway.resource, {
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'mcp-session-id': session },
        signal: abort.signal,
      });
      assert.equal(response.status, 200);
      const events = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (const text of ['one', 'two']) {
        await pause(QUIET_MS);
        await gateway.mcp.notify(text);
        const { value, done } = await within(UNBUFFERED_MS, events.read());
        assert.equal(done, false);
        assert.match(value, new RegExp(`"data":"${text}"`));
      }
      abort.abort();
    });

    test('a thousand requests share the connections to scopegate', async () => {
      const insufficient = await gateway.token(CONNECT);
      const permitted = await gateway.token(CONNECT, READ);
      const turns = [[undefined, 401], [insufficient, 403], [permitted, 200]];
      await gateway.call(permitted, LIST_TOOLS);
      const before = gateway.relay.accepted;
      for (let i = 0; i < 1_000; i += 1) {
        const [token, status] = turns[i % turns.length];
        assert.equal((await gateway.call(token, LIST_TOOLS)).status, status);
      }
      assert.ok(gateway.relay.accepted - before <= 2, `${gateway.relay.accepted - before} new connections`);
    });

    test('a token of 12 KiB passes', async () => {
      const token = await gateway.idp.sign({ claims: { scope: `${CONNECT} ${READ}`, groups: 'x'.repeat(9_000) } });
      assert.ok(token.length > 12_000);
      assert.equal((await gateway.call(token, LIST_TOOLS)).status, 200);
    });

    test('a body of 3 MiB passes whole, with its length or in chunks', async () => {
      const token = await gateway.token(CONNECT, EXECUTE);
      const text = 'x'.repeat(3 * MIB);
      for (const chunked of [false, true]) {
        const reply = await gateway.call(token, callTool('echo', { text }), { chunked });
        assert.equal(reply.status, 200);
        assert.ok(reply.body.includes(text));
      }
    });

    test('a body of more than 4 MiB is 413', async () => {
      const token = await gateway.token(CONNECT, EXECUTE);
      const reply = await gateway.refused(() => gateway.call(token, callTool('echo', { text: 'x'.repeat(4 * MIB) })).catch(asClosed));
      assert.ok([413, 'closed'].includes(reply.status), String(reply.status));
    });

    test('while scopegate is away the answer is 503, and it passes again when scopegate is back', async () => {
      const token = await gateway.token(CONNECT, READ);
      await gateway.relay.stop();
      for (const presented of [token, undefined]) {
        const reply = await gateway.refused(() => gateway.call(presented, LIST_TOOLS));
        assert.equal(reply.status, 503);
        assert.deepEqual(reply.challenges, []);
        assert.ok(Number(reply.headers['retry-after']) > 0);
      }
      await gateway.relay.listen(gateway.relay.port);
      assert.equal((await gateway.call(token, LIST_TOOLS)).status, 200);
    });

    test('connections that scopegate closed while they were idle cost no request', async () => {
      const token = await gateway.token(CONNECT, READ);
      await gateway.call(token, LIST_TOOLS);
      await gateway.relay.stop();
      await gateway.relay.listen(gateway.relay.port);
      assert.equal((await gateway.call(token, LIST_TOOLS)).status, 200);
    });

    test('a kept connection that breaks under a question costs no request', async () => {
      const token = await gateway.token(CONNECT, READ);
      await gateway.call(token, LIST_TOOLS);
      gateway.relay.breakAtNextUse();
      assert.equal((await gateway.call(token, LIST_TOOLS)).status, 200);
    });
  });

  describe(`nginx with ${form}, while scopegate has no keys`, () => {
    let gateway;
    before(async () => {
      const unreachable = `http://127.0.0.1:${await freePort()}/jwks`;
      gateway = await startGateway({ form, until: 'live', oauth: { jwks: [{ url: unreachable }] } });
    });
    after(() => gateway?.stop());

    test('a token cannot be judged: 503, neither 401 nor 200', async () => {
      const reply = await gateway.call(await gateway.token(CONNECT, READ), LIST_TOOLS);
      assert.equal(reply.status, 503);
      assert.deepEqual(reply.challenges, []);
      assert.ok(Number(reply.headers['retry-after']) > 0);
      assert.equal(gateway.mcp.requests.length, 0);
    });

    test('a request without a token and the metadata are answered as ever', async () => {
      assert.equal((await gateway.call(undefined, LIST_TOOLS)).status, 401);
      assert.equal((await gateway.send({ path: '/.well-known/oauth-protected-resource/mcp' })).status, 200);
    });
  });
}

/** nginx answers 413 and closes while the client still sends the body. The client may see either. */
function asClosed(error) {
  if (['EPIPE', 'ECONNRESET'].includes(error.code)) return { status: 'closed' };
  throw error;
}

async function within(milliseconds, promise) {
  const late = pause(milliseconds, undefined, { ref: false }).then(() => assert.fail(`nothing within ${milliseconds} ms`));
  return Promise.race([promise, late]);
}
