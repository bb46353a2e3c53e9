// The official MCP clients, unmodified, through the shipped gateways: 401, metadata, token, call, 403, step-up, call.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { ClientCredentialsProvider as ProviderV1 } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { ENVOY_GRPC, ENVOY_HTTP } from './lib/envoy.mjs';
import { ADMIN, CONNECT, EXECUTE, READ, startGateway } from './lib/gateway.mjs';
import { CALLBACK, SECRET } from './lib/idp.mjs';
import { AUTH_REQUEST, LUA } from './lib/nginx.mjs';

const PYTHON = fileURLToPath(new URL('../.cache/python/bin/python', import.meta.url));
const PYTHON_CLIENT = fileURLToPath(new URL('clients/python.py', import.meta.url));
const RUN_MS = 30_000;
const INFO = { name: 'test', version: '1' };

/** The eras that each gateway can serve. Without the body it can read only the operations of 2026-07-28. */
const ERAS = { [ENVOY_GRPC]: ['auto', 'legacy'], [ENVOY_HTTP]: ['auto', 'legacy'], [LUA]: ['auto', 'legacy'], [AUTH_REQUEST]: ['auto'] };

for (const [form, modes] of Object.entries(ERAS)) {
  describe(`clients through ${form}`, () => {
    let gateway;
    before(async () => {
      gateway = await startGateway({ form });
    });
    after(() => gateway?.stop());

    for (const mode of modes) {
      test(`TypeScript SDK v2 (${mode}) steps up by itself`, async () => {
        const { record, exchanges } = recorder();
        const authProvider = new ClientCredentialsProvider({ clientId: 'm2m', clientSecret: SECRET, expectedIssuer: gateway.idp.issuer });
        const client = new Client(INFO, { versionNegotiation: { mode } });
        await client.connect(new StreamableHTTPClientTransport(new URL(gateway.resource), { authProvider, fetch: record }));
        await useTools(client);
        await client.close();
        assertSteps(exchanges);
      });

      test(`Python SDK (${mode}) steps up by itself`, async () => {
        const run = promisify(execFile)(PYTHON, [PYTHON_CLIENT, gateway.resource, gateway.idp.issuer, SECRET, mode], { timeout: RUN_MS });
        const { tools, echo, admin, exchanges } = JSON.parse((await run).stdout);
        assert.deepEqual({ tools, echo, admin }, { tools: ['echo', 'admin-reset'], echo: 'hello', admin: 'reset' });
        assertSteps(exchanges);
      });
    }

    if (modes.includes('legacy')) {
      test('TypeScript SDK v1 gets a token for the scopes it is told, and is refused beyond them', async () => {
        const { record, exchanges } = recorder();
        const client = await connectV1(gateway, record, `${CONNECT} ${READ} ${EXECUTE}`);
        assert.equal((await client.listTools()).tools.length, 2);
        assert.equal((await client.callTool({ name: 'echo', arguments: { text: 'hello' } })).content[0].text, 'hello');
        await assert.rejects(client.callTool({ name: 'admin-reset', arguments: {} }));
        await client.close();
        assert.equal(exchanges[0], 'POST /mcp 401');
        assert.ok(exchanges.includes('POST /mcp 403'));
      });

      test('TypeScript SDK v1 sends its user to the provider, for a token and again for the step-up', async () => {
        const { record, exchanges } = recorder();
        const user = new User(gateway.idp);
        const open = () => new TransportV1(new URL(gateway.resource), { authProvider: user, fetch: record });
        let transport = open();
        await assert.rejects(new ClientV1(INFO).connect(transport), UnauthorizedError);
        await transport.finishAuth(user.code);

        const client = new ClientV1(INFO);
        transport = open();
        await client.connect(transport);
        for (const [work, check] of [[() => client.listTools(), ({ tools }) => assert.equal(tools.length, 2)], [() => client.callTool({ name: 'admin-reset', arguments: {} }), ({ content }) => assert.equal(content[0].text, 'reset')]]) {
          await assert.rejects(work(), UnauthorizedError);
          await transport.finishAuth(user.code);
          check(await work());
        }
        await client.close();
        assertSteps(exchanges);
      });

      test('TypeScript SDK v1 calls everything once it is told all scopes', async () => {
        const { record } = recorder();
        const client = await connectV1(gateway, record, [CONNECT, READ, EXECUTE, ADMIN].join(' '));
        await useTools(client);
        await client.close();
      });
    }
  });
}

/** What an application gives to SDK v1: a store for tokens, and a browser with a user. */
class User {
  redirectUrl = CALLBACK;
  clientMetadata = { client_name: 'test', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'client_secret_basic' };
  #idp;
  #tokens;
  #verifier;

  constructor(idp) {
    this.#idp = idp;
  }

  clientInformation = () => ({ client_id: 'm2m', client_secret: SECRET });
  tokens = () => this.#tokens;
  saveTokens = (tokens) => { this.#tokens = tokens; };
  codeVerifier = () => this.#verifier;
  saveCodeVerifier = (verifier) => { this.#verifier = verifier; };
  redirectToAuthorization = async (url) => { this.code = await this.#idp.authorize(url.href); };
}

async function connectV1(gateway, record, scope) {
  const authProvider = new ProviderV1({ clientId: 'm2m', clientSecret: SECRET, expectedIssuer: gateway.idp.issuer, scope });
  const client = new ClientV1(INFO);
  await client.connect(new TransportV1(new URL(gateway.resource), { authProvider, fetch: record }));
  return client;
}

async function useTools(client) {
  assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name), ['echo', 'admin-reset']);
  assert.equal((await client.callTool({ name: 'echo', arguments: { text: 'hello' } })).content[0].text, 'hello');
  assert.equal((await client.callTool({ name: 'admin-reset', arguments: {} })).content[0].text, 'reset');
}

/**
 * Checks the order: 401, metadata, token, then at least one 403 that leads to another token, and success at the end.
 */
function assertSteps(exchanges) {
  const first = (text) => exchanges.findIndex((exchange) => exchange.startsWith(text));
  const order = ['POST /mcp 401', 'GET /.well-known/oauth-protected-resource/mcp 200', 'POST /token 200', 'POST /mcp 200', 'POST /mcp 403'].map(first);
  assert.ok(order.every((position, i) => position >= 0 && (i === 0 || position > order[i - 1])), exchanges.join('\n'));
  const refused = exchanges.lastIndexOf('POST /mcp 403');
  assert.ok(exchanges.indexOf('POST /token 200', refused) > refused, exchanges.join('\n'));
  assert.ok(exchanges.indexOf('POST /mcp 200', refused) > refused, exchanges.join('\n'));
}

/** `fetch` that notes each exchange as `METHOD PATH STATUS`. */
function recorder() {
  const exchanges = [];
  const record = async (url, init) => {
    const response = await fetch(url, init);
    exchanges.push(`${init?.method ?? 'GET'} ${new URL(url).pathname} ${response.status}`);
    return response;
  };
  return { record, exchanges };
}
