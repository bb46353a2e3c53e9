// What the MCP server behind the shipped nginx configurations may trust: identity from the token, no header of the
// client.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CONNECT, EXECUTE, LIST_TOOLS, READ, callTool, startGateway } from './lib/gateway.mjs';
import { FORMS } from './lib/nginx.mjs';

for (const form of FORMS) {
  describe(`trust behind nginx with ${form}`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form });
    });
    after(() => gateway?.stop());

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

    test('a CORS preflight reaches the MCP server without a token', async () => {
      const before = gateway.mcp.requests.length;
      await gateway.send({ method: 'OPTIONS', headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' } });
      assert.equal(gateway.mcp.requests.length, before + 1);
    });

    test('a client cannot describe another request than the one it makes', async () => {
      const publicRequest = { 'x-original-method': 'GET', 'x-original-uri': '/.well-known/oauth-protected-resource/mcp' };
      const repeated = { 'x-original-method': ['GET', 'OPTIONS'], 'x-original-uri': ['/mcp', '/.well-known/oauth-protected-resource/mcp'] };
      const foreign = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/.well-known/oauth-protected-resource', 'x-original-url': `${gateway.url}/.well-known/oauth-protected-resource` };
      for (const headers of [publicRequest, repeated, foreign, FORGED]) {
        const without = await gateway.refused(() => gateway.call(undefined, LIST_TOOLS, { headers }));
        assert.equal(without.status, 401);
        const insufficient = await gateway.refused(async () => gateway.call(await gateway.token(CONNECT), LIST_TOOLS, { headers }));
        assert.equal(insufficient.status, 403);
      }
    });

    test('two Authorization headers are refused', async () => {
      const token = await gateway.token(CONNECT, READ);
      const reply = await gateway.refused(() => gateway.call(undefined, LIST_TOOLS, { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }));
      assert.equal(reply.status, 400);
    });

    test('a repeated Mcp-Name is refused, whichever of the two the MCP server would believe', async () => {
      const headers = { 'mcp-name': ['echo', 'admin-reset'] };
      const token = await gateway.token(CONNECT, EXECUTE);
      const reply = await gateway.refused(() => gateway.call(token, callTool('echo', { text: 'x' }), { headers }));
      assert.equal(reply.status, 400);
      assert.equal(JSON.parse(reply.body).jsonrpc, '2.0');
    });
  });

  describe(`nginx with ${form}, told to remove the token`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form, edit: uncommentTokenRemoval, oauth: { forward_token: false } });
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
