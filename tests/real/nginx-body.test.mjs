// Operations in the body, and refusals where only headers are visible: sessions of older clients, batches,
// contradictory bodies.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ADMIN, CONNECT, EXECUTE, LIST_TOOLS, READ, callTool, modern, modernHeaders, openSession, startGateway } from './lib/gateway.mjs';
import { AUTH_REQUEST, LUA } from './lib/nginx.mjs';

describe(`bodies through nginx with ${LUA}`, () => {
  let gateway;
  before(async () => {
    gateway = await startGateway({ form: LUA });
  });
  after(() => gateway?.stop());

  const legacy = (token, body, headers = {}) => gateway.send({ method: 'POST', token, body, headers });

  test('a session of 2025-11-25 steps up: the second token passes on the same session', async () => {
    const weak = await gateway.token(CONNECT, EXECUTE);
    const session = await openSession(gateway.resource, weak);
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
    const refused = await gateway.refused(() => legacy(weak, callTool('admin-reset'), headers));
    assert.equal(refused.status, 403);
    assert.deepEqual(refused.challenges, gateway.insufficientScope(`${CONNECT} ${EXECUTE} ${ADMIN}`, 'insufficient scopes for tool admin-reset'));
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
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(gateway.resource), { fetch: withToken });
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
      const reply = await gateway.refused(() => legacy(token, body));
      assert.equal(reply.status, 400);
      assert.equal(reply.headers['content-type'], 'application/json');
      const { jsonrpc, error } = JSON.parse(reply.body);
      assert.equal(jsonrpc, '2.0');
      assert.equal(typeof error.code, 'number');
    });
  }

  test('headers that name another tool than the body are 400 with -32020', async () => {
    const token = await gateway.token(CONNECT, EXECUTE);
    const reply = await gateway.refused(() => gateway.call(token, callTool('admin-reset'), { headers: { 'mcp-method': 'tools/list' } }));
    assert.equal(reply.status, 400);
    assert.equal(JSON.parse(reply.body).error.code, -32020);
  });

  test('a batch is permitted only if all of it is', async () => {
    const batch = [LIST_TOOLS, callTool('admin-reset')];
    const reply = await gateway.refused(async () => legacy(await gateway.token(CONNECT, READ, EXECUTE), batch));
    assert.equal(reply.status, 403);
    assert.equal(reply.challenges.length, 1);
  });

  test('a GET with a body is refused', async () => {
    const token = await gateway.token(CONNECT);
    const reply = await gateway.refused(() => gateway.send({ method: 'GET', token, body: callTool('admin-reset') }));
    assert.equal(reply.status, 400);
  });
});

describe(`operations only in the headers, through nginx with ${AUTH_REQUEST}`, () => {
  let gateway;
  before(async () => {
    gateway = await startGateway({ form: AUTH_REQUEST });
  });
  after(() => gateway?.stop());

  test('a POST of an older revision is refused, for its operation is not known', async () => {
    const token = await gateway.token(CONNECT, READ, EXECUTE, ADMIN);
    const older = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': 'tools/list' };
    for (const headers of [{}, older]) {
      const reply = await gateway.refused(() => gateway.send({ method: 'POST', token, body: LIST_TOOLS, headers }));
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
});
