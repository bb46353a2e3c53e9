// Tests beyond the matrix, for all gateways except nginx: kept connections, sizes, removal of the token, a scopegate
// without keys.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CADDY } from './lib/caddy.mjs';
import { ENVOY_GRPC, ENVOY_HTTP } from './lib/envoy.mjs';
import { CONNECT, EXECUTE, LIST_TOOLS, READ, callTool, startGateway } from './lib/gateway.mjs';
import { HAPROXY } from './lib/haproxy.mjs';
import { freePort } from './lib/port.mjs';

const MIB = 1024 * 1024;

/** The longest body that each gateway accepts, minus a margin for the rest of the request. */
const LARGE = { [ENVOY_GRPC]: 3 * MIB, [ENVOY_HTTP]: 3 * MIB, [CADDY]: 3 * MIB, [HAPROXY]: 200_000 };

/**
 * The lines that each file says to uncomment with `oauth.forward_token: false`. scopegate tells Envoy to remove the
 * header.
 */
const REMOVALS = {
  [CADDY]: ['# request_header -Authorization', 'request_header -Authorization'],
  [HAPROXY]: ['# http-request del-header authorization if is_mcp', 'http-request del-header authorization if is_mcp'],
};

for (const form of Object.keys(LARGE)) {
  describe(`traffic through ${form}`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form });
    });
    after(() => gateway?.stop());

    test('hundreds of requests share the connections to scopegate', async () => {
      const turns = [[undefined, 401], [await gateway.token(CONNECT), 403], [await gateway.token(CONNECT, READ), 200]];
      const accepted = () => gateway.relay.accepted + (gateway.grpcRelay?.accepted ?? 0);
      for (const [token, status] of turns) assert.equal((await gateway.call(token, LIST_TOOLS)).status, status);
      const before = accepted();
      for (let i = 0; i < 300; i += 1) {
        const [token, status] = turns[i % turns.length];
        assert.equal((await gateway.call(token, LIST_TOOLS)).status, status);
      }
      assert.ok(accepted() - before <= 2, `${accepted() - before} new connections`);
    });

    test('a token of 12 KiB and a large body pass', async () => {
      const token = await gateway.idp.sign({ claims: { scope: `${CONNECT} ${EXECUTE}`, groups: 'x'.repeat(9_000) } });
      const text = 'x'.repeat(LARGE[form]);
      const reply = await gateway.call(token, callTool('echo', { text }));
      assert.equal(reply.status, 200);
      assert.ok(reply.body.includes(text));
    });

    test('a kept connection that breaks under a question costs no request', async () => {
      const token = await gateway.token(CONNECT, READ);
      await gateway.call(token, LIST_TOOLS);
      for (const relay of [gateway.relay, gateway.grpcRelay].filter(Boolean)) relay.breakAtNextUse();
      assert.equal((await gateway.call(token, LIST_TOOLS)).status, 200);
    });
  });

  describe(`${form}, told to remove the token`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form, oauth: { forward_token: false }, edit: (text) => uncomment(form, text) });
    });
    after(() => gateway?.stop());

    test('the MCP server sees who is asking and not the token', async () => {
      const reply = await gateway.call(await gateway.token(CONNECT, READ), LIST_TOOLS);
      assert.equal(reply.status, 200);
      assert.equal(gateway.mcp.lastHeaders.authorization, undefined);
      assert.equal(gateway.mcp.lastHeaders['x-auth-subject'], 'm2m');
    });
  });

  describe(`${form}, while scopegate has no keys`, () => {
    let gateway;
    before(async () => {
      const unreachable = `http://127.0.0.1:${await freePort()}/jwks`;
      gateway = await startGateway({ form, until: 'live', oauth: { jwks: [{ url: unreachable }] } });
    });
    after(() => gateway?.stop());

    test('a token cannot be judged: 503, neither 401 nor 200', async () => {
      const reply = await gateway.refused(async () => gateway.call(await gateway.token(CONNECT, READ), LIST_TOOLS));
      assert.equal(reply.status, 503);
      assert.deepEqual(reply.challenges, []);
    });

    test('a request without a token and the metadata are answered as ever', async () => {
      assert.equal((await gateway.call(undefined, LIST_TOOLS)).status, 401);
      assert.equal((await gateway.send({ path: '/.well-known/oauth-protected-resource/mcp' })).status, 200);
    });
  });
}

function uncomment(form, text) {
  const [from, to] = REMOVALS[form] ?? ['', ''];
  assert.ok(text.includes(from));
  return text.replace(from, to);
}
