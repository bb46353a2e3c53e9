// The shipped nginx configurations, in front of a real MCP server, with tokens of a real identity provider.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ADMIN, CONNECT, EXECUTE, LIST_TOOLS, READ, callTool, modern, modernHeaders, startGateway } from './lib/gateway.mjs';
import { SECRET } from './lib/idp.mjs';
import { FORMS } from './lib/nginx.mjs';

const LUA = 'lua.conf';
const MIB = 1024 * 1024;
const QUIET_MS = 4_000;
const UNBUFFERED_MS = 1_000;

for (const form of FORMS) {
  describe(`nginx with ${form}`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form, oauth: { trust_mcp_headers: form !== LUA } });
    });
    after(() => gateway?.stop());

    const arrivals = () => gateway.mcp.requests.length;

    async function assertNothingArrives(work) {
      const before = arrivals();
      const result = await work();
      assert.equal(arrivals(), before, 'the MCP server must not see the request');
      return result;
    }

    function assertInsufficient(reply, scope, description) {
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.challenges, [
        `Bearer error="insufficient_scope", scope="${scope}", resource_metadata="${gateway.metadataUrl}", error_description="${description}"`,
      ]);
      assert.equal(reply.headers['cache-control'], 'no-store');
    }

    test('a request without a token gets 401 and the challenge that leads to the metadata', async () => {
      const reply = await assertNothingArrives(() => gateway.call(undefined, LIST_TOOLS));
      assert.equal(reply.status, 401);
      assert.deepEqual(reply.challenges, [`Bearer realm="mcp", scope="${CONNECT}", resource_metadata="${gateway.metadataUrl}"`]);
      assert.equal(reply.headers['cache-control'], 'no-store');
      assert.equal(reply.body, '');
    });

    test('a GET and a DELETE without a token get 401', async () => {
      for (const method of ['GET', 'DELETE']) {
        const reply = await assertNothingArrives(() => gateway.send({ method }));
        assert.equal(reply.status, 401);
        assert.equal(reply.challenges.length, 1);
      }
    });

    test('a token for another resource gets 401 invalid_token', async () => {
      const token = await gateway.idp.token({ scope: CONNECT, resource: gateway.otherResource });
      const reply = await assertNothingArrives(() => gateway.call(token, LIST_TOOLS));
      assert.equal(reply.status, 401);
      assert.equal(reply.challenges.length, 1);
      assert.match(reply.challenges[0], /^Bearer realm="mcp", error="invalid_token", scope="mcp:connect", resource_metadata="[^"]+", error_description="[^"]+"$/);
    });

    test('a token without the connect scope gets 403 that names all that the operation needs', async () => {
      const reply = await assertNothingArrives(async () => gateway.call(await gateway.token(READ), LIST_TOOLS));
      assertInsufficient(reply, `${CONNECT} ${READ}`, `missing required scopes: ${CONNECT}`);
    });

    test('a token without the scope of the method gets 403', async () => {
      const reply = await assertNothingArrives(async () => gateway.call(await gateway.token(CONNECT), LIST_TOOLS));
      assertInsufficient(reply, `${CONNECT} ${READ}`, `missing required scopes: ${READ}`);
    });

    test('a token without the scope of the tool gets 403 that names the tool', async () => {
      const reply = await assertNothingArrives(async () => gateway.call(await gateway.token(CONNECT, EXECUTE), callTool('admin-reset')));
      assertInsufficient(reply, `${CONNECT} ${EXECUTE} ${ADMIN}`, 'insufficient scopes for tool admin-reset');
    });

    test('the scopes of a 403 make a token with which the same request passes', async () => {
      const refused = await gateway.call(await gateway.token(CONNECT, EXECUTE), callTool('admin-reset'));
      const [, scope] = refused.challenges[0].match(/ scope="([^"]+)"/);
      const reply = await gateway.call(await gateway.token(scope), callTool('admin-reset'));
      assert.equal(reply.status, 200);
      assert.match(reply.body, /"reset"/);
    });

    for (const mode of form === LUA ? ['auto', 'legacy'] : ['auto']) {
      test(`the SDK client (${mode}) finds the provider by itself and steps up when a tool needs more`, async () => {
        const authProvider = new ClientCredentialsProvider({ clientId: 'm2m', clientSecret: SECRET, expectedIssuer: gateway.idp.issuer });
        const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
        await client.connect(new StreamableHTTPClientTransport(new URL(gateway.resource), { authProvider }));
        assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name), ['echo', 'admin-reset']);
        assert.equal((await client.callTool({ name: 'echo', arguments: { text: 'hello' } })).content[0].text, 'hello');
        assert.equal((await client.callTool({ name: 'admin-reset', arguments: {} })).content[0].text, 'reset');
        await client.close();
      });
    }

    test('the challenge is readable for a page of another origin', async () => {
      const origin = { origin: 'https://app.example.com' };
      for (const token of [undefined, await gateway.token(CONNECT)]) {
        const reply = await gateway.call(token, LIST_TOOLS, { headers: origin });
        assert.equal(reply.headers['access-control-allow-origin'], '*');
        assert.equal(reply.headers['access-control-expose-headers'], 'WWW-Authenticate');
      }
    });

    test('a CORS preflight reaches the MCP server without a token', async () => {
      const before = arrivals();
      await gateway.send({ method: 'OPTIONS', headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' } });
      assert.equal(arrivals(), before + 1);
    });

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

    test('the MCP server learns who is asking', async () => {
      const scopes = [CONNECT, READ];
      const reply = await gateway.call(await gateway.token(...scopes), LIST_TOOLS);
      assert.equal(reply.status, 200);
      const headers = gateway.mcp.lastHeaders;
      assert.equal(headers['x-auth-subject'], 'm2m');
      assert.equal(headers['x-auth-client-id'], 'm2m');
      assert.equal(headers['x-auth-issuer'], gateway.idp.issuer);
      assert.deepEqual(decodeURIComponent(headers['x-auth-scope']).split(' ').sort(), scopes.sort());
      assert.ok(headers['x-auth-resource']);
    });

    test('headers that only gateways may set do not reach the MCP server when a client sends them', async () => {
      const reply = await gateway.call(await gateway.token(CONNECT, READ), LIST_TOOLS, { headers: FORGED });
      assert.equal(reply.status, 200);
      const forged = Object.entries(gateway.mcp.lastHeaders).filter(([, value]) => value.includes('forged'));
      assert.deepEqual(forged, []);
    });

    test('an identity that a client claims twice or with underscores does not reach the MCP server', async () => {
      const headers = { 'x-auth-subject': ['forged', 'forged too'], 'X_Auth_Subject': 'forged' };
      const reply = await gateway.call(await gateway.token(CONNECT, READ), LIST_TOOLS, { headers });
      assert.equal(reply.status, 200);
      const { names } = gateway.mcp.requests.at(-1);
      assert.deepEqual(names.filter((name) => /auth.subject/i.test(name)).length, 1);
      assert.equal(gateway.mcp.lastHeaders['x-auth-subject'], 'm2m');
    });

    test('a preflight carries no identity, whatever the client claims', async () => {
      await gateway.send({ method: 'OPTIONS', headers: { ...FORGED, origin: 'https://app.example.com', 'access-control-request-method': 'POST' } });
      const forged = Object.entries(gateway.mcp.lastHeaders).filter(([, value]) => value.includes('forged'));
      assert.deepEqual(forged, []);
    });

    test('a client cannot describe another request than the one it makes', async () => {
      const publicRequest = { 'x-original-method': 'GET', 'x-original-uri': '/.well-known/oauth-protected-resource/mcp' };
      const repeated = { 'x-original-method': ['GET', 'OPTIONS'], 'x-original-uri': ['/mcp', '/.well-known/oauth-protected-resource/mcp'] };
      const foreign = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/.well-known/oauth-protected-resource', 'x-original-url': `${gateway.url}/.well-known/oauth-protected-resource` };
      for (const headers of [publicRequest, repeated, foreign, FORGED]) {
        const without = await assertNothingArrives(() => gateway.call(undefined, LIST_TOOLS, { headers }));
        assert.equal(without.status, 401);
        const insufficient = await assertNothingArrives(async () => gateway.call(await gateway.token(CONNECT), LIST_TOOLS, { headers }));
        assert.equal(insufficient.status, 403);
      }
    });

    test('two Authorization headers are refused', async () => {
      const token = await gateway.token(CONNECT, READ);
      const reply = await assertNothingArrives(() => gateway.call(undefined, LIST_TOOLS, { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }));
      assert.equal(reply.status, 400);
    });

    test('a repeated Mcp-Name is refused, whichever of the two the MCP server would believe', async () => {
      const headers = { 'mcp-name': ['echo', 'admin-reset'] };
      const token = await gateway.token(CONNECT, EXECUTE);
      const reply = await assertNothingArrives(() => gateway.call(token, callTool('echo', { text: 'x' }), { headers }));
      assert.equal(reply.status, 400);
      assert.equal(JSON.parse(reply.body).jsonrpc, '2.0');
    });

    test('another spelling of the path is 404, with a token too', async () => {
      const token = await gateway.token(CONNECT, READ);
      for (const path of ['/%6dcp', '//mcp', '/x/../mcp', '/mcp/', '/MCP']) {
        const reply = await assertNothingArrives(() => gateway.call(token, LIST_TOOLS, { path }));
        assert.equal(reply.status, 404, path);
      }
    });

    test('the question to scopegate cannot be asked from outside', async () => {
      for (const path of ['/_scopegate', '/authorize?resource=mcp', '/authorize/mcp', '/forward-auth', '/metrics']) {
        assert.equal((await gateway.send({ path })).status, 404, path);
      }
    });

    test('the metadata is public, byte for byte what scopegate says', async () => {
      const rest = `"authorization_servers":["${gateway.idp.issuer}"],"bearer_methods_supported":["header"],"scopes_supported":["${CONNECT}","${READ}","${EXECUTE}","${ADMIN}"]}`;
      const documents = { '/mcp': gateway.resource, '': gateway.url };
      for (const [path, resource] of Object.entries(documents)) {
        const reply = await gateway.send({ path: `/.well-known/oauth-protected-resource${path}` });
        assert.equal(reply.status, 200);
        assert.equal(reply.headers['content-type'], 'application/json');
        assert.equal(reply.body, `{"resource":"${resource}",${rest}`);
      }
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
      const reply = await assertNothingArrives(() => gateway.call(token, callTool('echo', { text: 'x'.repeat(4 * MIB) })).catch(asClosed));
      assert.ok([413, 'closed'].includes(reply.status), String(reply.status));
    });

    test('while scopegate is away the answer is 503, and it passes again when scopegate is back', async () => {
      const token = await gateway.token(CONNECT, READ);
      await gateway.relay.stop();
      for (const presented of [token, undefined]) {
        const reply = await assertNothingArrives(() => gateway.call(presented, LIST_TOOLS));
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

    if (form === LUA) luaOnly();
    else headersOnly();

    /** What needs the body. */
    function luaOnly() {
      const legacy = (token, body, headers = {}) => gateway.send({ method: 'POST', token, body, headers });

      test('a session of 2025-11-25 steps up: the second token passes on the same session', async () => {
        const weak = await gateway.token(CONNECT, EXECUTE);
        const session = await openSession(gateway.resource, weak);
        const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
        const refused = await assertNothingArrives(() => legacy(weak, callTool('admin-reset'), headers));
        assertInsufficient(refused, `${CONNECT} ${EXECUTE} ${ADMIN}`, 'insufficient scopes for tool admin-reset');
        const strong = await gateway.token(CONNECT, EXECUTE, ADMIN);
        const reply = await legacy(strong, callTool('admin-reset'), headers);
        assert.equal(reply.status, 200);
        assert.match(reply.body, /"reset"/);
      });

      test('the SDK client of the older era keeps its session over a change of tokens', async () => {
        let token = await gateway.token(CONNECT, READ, EXECUTE);
        const withToken = (url, init) => {
          const headers = new Headers(init.headers);
          headers.set('authorization', `Bearer ${token}`);
          return fetch(url, { ...init, headers });
        };
        const client = new LegacyClient({ name: 'test', version: '1' });
        const transport = new LegacyTransport(new URL(gateway.resource), { fetch: withToken });
        await client.connect(transport);
        const session = transport.sessionId;
        assert.equal((await client.listTools()).tools.length, 2);
        await assert.rejects(client.callTool({ name: 'admin-reset', arguments: {} }), { code: 403 });
        token = await gateway.token(CONNECT, EXECUTE, ADMIN);
        assert.equal((await client.callTool({ name: 'admin-reset', arguments: {} })).content[0].text, 'reset');
        assert.equal(transport.sessionId, session);
        await client.close();
      });

      const attacks = {
        'a second `method`': '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"admin-reset"}}',
        'a second `name`': '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"admin-reset"}}',
        'a `Method` of another case': '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"admin-reset"}}',
        'a second document': '{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"admin-reset"}}',
        'something that is not JSON': 'method=tools/call',
      };
      for (const [what, body] of Object.entries(attacks)) {
        test(`a body with ${what} is 400 with a JSON-RPC error`, async () => {
          const token = await gateway.token(CONNECT, EXECUTE);
          const reply = await assertNothingArrives(() => legacy(token, body));
          assert.equal(reply.status, 400);
          assert.equal(reply.headers['content-type'], 'application/json');
          const { jsonrpc, error } = JSON.parse(reply.body);
          assert.equal(jsonrpc, '2.0');
          assert.equal(typeof error.code, 'number');
        });
      }

      test('headers that name another tool than the body are 400 with -32020', async () => {
        const token = await gateway.token(CONNECT, EXECUTE);
        const reply = await assertNothingArrives(() => gateway.call(token, callTool('admin-reset'), { headers: { 'mcp-method': 'tools/list' } }));
        assert.equal(reply.status, 400);
        assert.equal(JSON.parse(reply.body).error.code, -32020);
      });

      test('a batch is permitted only if all of it is', async () => {
        const batch = [LIST_TOOLS, callTool('admin-reset')];
        const reply = await assertNothingArrives(async () => legacy(await gateway.token(CONNECT, READ, EXECUTE), batch));
        assert.equal(reply.status, 403);
        assert.equal(reply.challenges.length, 1);
      });

      test('a GET with a body is refused', async () => {
        const token = await gateway.token(CONNECT);
        const reply = await assertNothingArrives(() => gateway.send({ method: 'GET', token, body: callTool('admin-reset') }));
        assert.equal(reply.status, 400);
      });
    }

    /** What the headers alone cannot tell. */
    function headersOnly() {
      test('a POST of an older revision is refused, for its operation is not known', async () => {
        const token = await gateway.token(CONNECT, READ, EXECUTE, ADMIN);
        const older = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': 'tools/list' };
        for (const headers of [{}, older]) {
          const reply = await assertNothingArrives(() => gateway.send({ method: 'POST', token, body: LIST_TOOLS, headers }));
          assert.equal(reply.status, 403);
          assert.ok(!reply.challenges.join().includes('insufficient_scope'));
        }
      });

      test('a body that contradicts the headers is refused by the MCP server', async () => {
        const token = await gateway.token(CONNECT, READ);
        const reply = await gateway.send({ method: 'POST', token, body: modern(callTool('admin-reset')), headers: modernHeaders(LIST_TOOLS) });
        assert.equal(reply.status, 400);
        assert.equal(JSON.parse(reply.body).error.code, -32020);
      });
    }
  });

  describe(`nginx with ${form}, told to remove the token`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form, edit: uncommentTokenRemoval, oauth: { trust_mcp_headers: form !== LUA, forward_token: false } });
    });
    after(() => gateway?.stop());

    test('the MCP server sees who is asking and not the token', async () => {
      const reply = await gateway.call(await gateway.token(CONNECT, READ), LIST_TOOLS);
      assert.equal(reply.status, 200);
      assert.equal(gateway.mcp.lastHeaders.authorization, undefined);
      assert.equal(gateway.mcp.lastHeaders['x-auth-subject'], 'm2m');
    });
  });
}

const FORGED = Object.fromEntries([
  'x-auth-subject', 'x-auth-client-id', 'x-auth-issuer', 'x-auth-scope', 'x-auth-resource',
  'x-original-method', 'x-original-uri', 'x-original-url',
  'x-scopegate-status', 'x-scopegate-error', 'x-scopegate-reason',
].map((name) => [name, 'forged']));

function uncommentTokenRemoval(text) {
  const line = 'proxy_set_header Authorization "";';
  assert.ok(text.includes(`# ${line}`));
  return text.replace(`# ${line}`, line);
}

/** Initializes a session of 2025-11-25 and returns its id. */
async function openSession(url, token) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...(token && { authorization: `Bearer ${token}` }) };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) });
  assert.equal(response.status, 200);
  await response.text();
  return response.headers.get('mcp-session-id');
}

/** nginx answers 413 and closes while the body is still under way; the client may see either. */
function asClosed(error) {
  if (['EPIPE', 'ECONNRESET'].includes(error.code)) return { status: 'closed' };
  throw error;
}

async function within(milliseconds, promise) {
  const late = pause(milliseconds, undefined, { ref: false }).then(() => assert.fail(`nothing within ${milliseconds} ms`));
  return Promise.race([promise, late]);
}
