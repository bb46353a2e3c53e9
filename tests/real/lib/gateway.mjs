// A gateway with everything around it: identity provider, scopegate, counting relays, the gateway, the MCP server.
import assert from 'node:assert/strict';
import http from 'node:http';
import { CADDY, startCaddy } from './caddy.mjs';
import { ENVOY_GRPC, ENVOY_HTTP, startEnvoy } from './envoy.mjs';
import { HAPROXY, startHaproxy } from './haproxy.mjs';
import { startIdp } from './idp.mjs';
import { startMcpServer } from './mcp-server.mjs';
import { AUTH_REQUEST, LUA, startNginx } from './nginx.mjs';
import { freePort, startRelay } from './port.mjs';
import { startScopegate, waitFor } from './scopegate.mjs';

export const CONNECT = 'mcp:connect';
export const READ = 'mcp:tools:read';
export const EXECUTE = 'mcp:tools:execute';
export const ADMIN = 'mcp:admin';

const SCOPES = [CONNECT, READ, EXECUTE, ADMIN];

/** How to start each form. */
const STARTS = {
  [AUTH_REQUEST]: startNginx,
  [LUA]: startNginx,
  [ENVOY_GRPC]: startEnvoy,
  [ENVOY_HTTP]: startEnvoy,
  [CADDY]: startCaddy,
  [HAPROXY]: startHaproxy,
};

/** The forms that never see a body. They take the operation from the headers of 2026-07-28. */
export const HEADERS_ALONE = [AUTH_REQUEST, CADDY];

/**
 * Starts one of the shipped files with everything around it.
 *
 * - `source`: adds to its key source, `oauth` to the resource's OAuth keys, `settings` to its own, `server` and `root` to the file's
 * - `scopes`: adds to those of the provider, `tools` to those of the MCP server
 * - `until`, `edit`: as for `startScopegate`, and as for the gateways' start functions
 * - `replicas`: the number of scopegates; with more than one the gateway asks them directly, without a relay
 * - `mcp`: the server behind the gateway, if it is not the MCP server
 */
export async function startGateway({
  form, source = {}, oauth = {}, settings = {}, server = {}, root = {}, scopes = [], tools = [], until = 'ready', edit, replicas = 1, mcp = startMcpServer,
}) {
  const gateway = new Gateway();
  await gateway.start({ form, source, oauth, settings, server, root, scopes, tools, until, edit, replicas, mcp }).catch(async (error) => {
    await gateway.stop();
    throw error;
  });
  return gateway;
}

class Gateway {
  #agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  #parts = [];
  #replicas = [];
  #ended = [];

  async start({ form, source, oauth, settings, server, root, scopes, tools, until, edit, replicas, mcp }) {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.resource = `${this.url}/mcp`;
    this.otherResource = `${this.url}/other`;
    this.metadataUrl = `${this.url}/.well-known/oauth-protected-resource/mcp`;
    this.idp = this.#keep(await startIdp({ scopes: [...SCOPES, ...scopes], resource: [this.resource, this.otherResource] }));
    this.mcp = this.#keep(await mcp({ tools }));
    this.#parts.push({ stop: () => Promise.all(this.#replicas.map(({ scopegate }) => scopegate.stop())) });
    const file = { resources: [{ ...this.#settings(form, source, oauth), ...settings }], server, root, until };
    const scopegate = replicas === 1 ? await this.#relayed(file) : await this.#direct(replicas, file);
    const start = STARTS[form];
    this.front = this.#keep(await start({ form, port, edit, scopegate, mcpPort: this.mcp.port }));
  }

  get scopegate() {
    return this.#replicas[0].scopegate;
  }

  /** Disconnects scopegate from the gateway, and reconnects it. */
  async cutOff() {
    for (const relay of this.#relays) await relay.stop();
  }

  async reconnect() {
    for (const relay of this.#relays) await relay.listen(relay.port);
  }

  /** Ends one of several scopegates as Kubernetes does, calls `between`, and starts it again on the same ports. */
  async restart(index, between = async () => {}) {
    const replica = this.#replicas[index];
    const { code } = await replica.scopegate.stop();
    assert.equal(code, 0);
    this.#ended.push(...replica.scopegate.logs);
    await between();
    replica.scopegate = await startScopegate(replica.settings);
  }

  /** Sends a token to each scopegate except one, so that they fetch the key. */
  async acquaint(token, { except } = {}) {
    const others = this.#replicas.filter((_, index) => index !== except);
    await Promise.all(others.map(({ scopegate }) => waitFor(async () => (await scopegate.ask({ token })).status === 200, { what: 'the new key' })));
  }

  /** The logs of all scopegates, also of ended ones, about requests that they could not decide. */
  undecided() {
    return [...this.#ended, ...this.#replicas.flatMap(({ scopegate }) => scopegate.logs)].filter((line) => line.includes('unavailable')).join('\n');
  }

  /** A token of the provider with these scopes. */
  async token(...scopes) {
    return this.idp.token({ scope: scopes.join(' ') });
  }

  /**
   * One HTTP request to the gateway. `headers` may hold arrays, for names that are sent more than once; a body that is not a
   * string is sent as JSON, `chunked` without its length.
   */
  async send({ method = 'GET', path = '/mcp', token, headers = {}, body, chunked = false }) {
    const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const request = http.request(`${this.url}${path}`, { method, agent: this.#agent, path, headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(bytes !== undefined && { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }),
      ...(bytes !== undefined && !chunked && { 'content-length': Buffer.byteLength(bytes) }),
      ...headers,
    } });
    if (chunked) for (const piece of pieces(bytes)) request.write(piece);
    request.end(chunked ? undefined : bytes);
    return reply(request);
  }

  /** A request of MCP 2026-07-28: stateless, with its operation in the headers too. */
  async call(token, message, { headers = {}, ...rest } = {}) {
    return this.send({ method: 'POST', token, body: modern(message), headers: { ...modernHeaders(message), ...headers }, ...rest });
  }

  /** The only challenge of a 403 for missing scopes. */
  insufficientScope(scope, description) {
    return [`Bearer error="insufficient_scope", scope="${scope}", resource_metadata="${this.metadataUrl}", error_description="${description}"`];
  }

  /** The reply of `work`. The MCP server must not see a request meanwhile. */
  async refused(work) {
    const before = this.mcp.requests.length;
    const answer = await work();
    assert.equal(this.mcp.requests.length, before, 'the MCP server must not see the request');
    return answer;
  }

  async stop() {
    this.#agent.destroy();
    for (const part of this.#parts.reverse()) await part.stop();
  }

  get #relays() {
    return [this.relay, this.grpcRelay].filter(Boolean);
  }

  async #relayed(settings) {
    this.#replicas.push({ settings, scopegate: await startScopegate(settings) });
    const { http: plain, grpc } = this.scopegate.addresses;
    this.relay = this.#keep(await startRelay(plain.port));
    this.grpcRelay = grpc && this.#keep(await startRelay(grpc.port));
    return [{ http: this.relay.port, grpc: this.grpcRelay?.port }];
  }

  async #direct(replicas, { server, ...rest }) {
    for (let i = 0; i < replicas; i += 1) {
      const fixed = { listen_addr: `127.0.0.1:${await freePort()}`, grpc_listen_addr: `127.0.0.1:${await freePort()}` };
      const settings = { ...rest, server: { ...server, ...fixed } };
      this.#replicas.push({ settings, scopegate: await startScopegate(settings) });
    }
    return this.#replicas.map(({ scopegate: { addresses } }) => ({ http: addresses.http.port, grpc: addresses.grpc?.port }));
  }

  #keep(part) {
    this.#parts.push(part);
    return part;
  }

  #settings(form, source, oauth) {
    return {
      id: 'mcp',
      server: { base_url: this.url, path: '/mcp' },
      oauth: {
        enabled: true,
        authorization_server_urls: [this.idp.issuer],
        scopes: { initialize: [CONNECT], tools_list: [READ], tools_call: [EXECUTE], tools: { 'admin-*': [ADMIN] } },
        trust_mcp_headers: HEADERS_ALONE.includes(form),
        jwks: [{ url: this.idp.jwksUrl, issuer: this.idp.issuer, ...source }],
        ...oauth,
      },
    };
  }
}

/** A JSON-RPC request that lists the tools. */
export const LIST_TOOLS = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

/** A JSON-RPC request that calls a tool. */
export function callTool(name, args = {}) {
  return { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name, arguments: args } };
}

/** The message with the `_meta` that 2026-07-28 requires. */
export function modern(message) {
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' } };
  return { ...message, params: { ...message.params, _meta: meta } };
}

/** The headers in which 2026-07-28 repeats the operation. */
export function modernHeaders({ method, params }) {
  return { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(params?.name && { 'mcp-name': params.name }) };
}

/** Initializes a session of 2025-11-25 and returns its id. */
export async function openSession(url, token) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...(token && { authorization: `Bearer ${token}` }) };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) });
  assert.equal(response.status, 200);
  await response.text();
  return response.headers.get('mcp-session-id');
}

async function reply(request) {
  const response = await new Promise((resolve, reject) => request.once('response', resolve).once('error', reject));
  const chunks = await response.toArray();
  return {
    status: response.statusCode,
    headers: response.headers,
    challenges: response.headersDistinct['www-authenticate'] ?? [],
    body: Buffer.concat(chunks).toString(),
  };
}

function pieces(text) {
  const size = Math.ceil(text.length / 7);
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
}
