// What clients of the shipped nginx configurations get: usable challenges, and the metadata that they link to.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { ADMIN, CONNECT, EXECUTE, LIST_TOOLS, READ, callTool, startGateway } from './lib/gateway.mjs';
import { SECRET } from './lib/idp.mjs';
import { FORMS, LUA } from './lib/nginx.mjs';

for (const form of FORMS) {
  describe(`nginx with ${form}`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form });
    });
    after(() => gateway?.stop());

    test('a request without a token gets 401 and the challenge that leads to the metadata', async () => {
      const reply = await gateway.refused(() => gateway.call(undefined, LIST_TOOLS));
      assert.equal(reply.status, 401);
      assert.deepEqual(reply.challenges, [`Bearer realm="mcp", scope="${CONNECT}", resource_metadata="${gateway.metadataUrl}"`]);
      assert.equal(reply.headers['cache-control'], 'no-store');
      assert.equal(reply.body, '');
    });

    test('a GET and a DELETE without a token get 401', async () => {
      for (const method of ['GET', 'DELETE']) {
        const reply = await gateway.refused(() => gateway.send({ method }));
        assert.equal(reply.status, 401);
        assert.equal(reply.challenges.length, 1);
      }
    });

    test('a token for another resource gets 401 invalid_token', async () => {
      const token = await gateway.idp.token({ scope: CONNECT, resource: gateway.otherResource });
      const reply = await gateway.refused(() => gateway.call(token, LIST_TOOLS));
      assert.equal(reply.status, 401);
      assert.equal(reply.challenges.length, 1);
      assert.match(reply.challenges[0], /^Bearer realm="mcp", error="invalid_token", scope="mcp:connect", resource_metadata="[^"]+", error_description="[^"]+"$/);
    });

    test('a token without the connect scope gets 403 that names all that the operation needs', async () => {
      const reply = await gateway.refused(async () => gateway.call(await gateway.token(READ), LIST_TOOLS));
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.challenges, gateway.insufficientScope(`${CONNECT} ${READ}`, `missing required scopes: ${CONNECT}`));
    });

    test('a token without the scope of the method gets 403', async () => {
      const reply = await gateway.refused(async () => gateway.call(await gateway.token(CONNECT), LIST_TOOLS));
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.challenges, gateway.insufficientScope(`${CONNECT} ${READ}`, `missing required scopes: ${READ}`));
    });

    test('a token without the scope of the tool gets 403 that names the tool', async () => {
      const reply = await gateway.refused(async () => gateway.call(await gateway.token(CONNECT, EXECUTE), callTool('admin-reset')));
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.challenges, gateway.insufficientScope(`${CONNECT} ${EXECUTE} ${ADMIN}`, 'insufficient scopes for tool admin-reset'));
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

    test('another spelling of the path is 404, with a token too', async () => {
      const token = await gateway.token(CONNECT, READ);
      for (const path of ['/%6dcp', '//mcp', '/x/../mcp', '/mcp/', '/MCP']) {
        const reply = await gateway.refused(() => gateway.call(token, LIST_TOOLS, { path }));
        assert.equal(reply.status, 404, path);
        assert.doesNotMatch(reply.body, /jsonrpc/);
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
  });
}
