// Everything behind one nginx: identity provider, scopegate, a counting relay between them and nginx, the MCP server.
import assert from 'node:assert/strict';
import http from 'node:http';
import { startIdp } from './idp.mjs';
import { startMcpServer } from './mcp-server.mjs';
import { AUTH_REQUEST, startNginx } from './nginx.mjs';
import { freePort, startRelay } from './port.mjs';
import { startScopegate } from './scopegate.mjs';

export const CONNECT = 'mcp:connect';
export const READ = 'mcp:tools:read';
export const EXECUTE = 'mcp:tools:execute';
export const ADMIN = 'mcp:admin';

const SCOPES = [CONNECT, READ, EXECUTE, ADMIN];

/**
 * Starts all of it around one of the shipped files: `oauth` adds to the resource's OAuth keys, `settings` to its own and
 * `root` to the file's; `scopes` to those of the provider, `tools` to those of the server. `until` and `edit` as in
 * `startScopegate` and `startNginx`.
 */
export async function startGateway({ form, oauth = {}, settings = {}, root = {}, scopes = [], tools = [], until = 'ready', edit }) {
  const gateway = new Gateway();
  await gateway.start({ form, oauth, settings, root, scopes, tools, until, edit }).catch(async (error) => {
    await gateway.stop();
    throw error;
  });
  return gateway;
}

class Gateway {
  #agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  #parts = [];

  async start({ form, oauth, settings, root, scopes, tools, until, edit }) {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.resource = `${this.url}/mcp`;
    this.otherResource = `${this.url}/other`;
    this.metadataUrl = `${this.url}/.well-known/oauth-protected-resource/mcp`;
    this.idp = this.#keep(await startIdp({ scopes: [...SCOPES, ...scopes], resource: [this.resource, this.otherResource] }));
    this.scopegate = this.#keep(await startScopegate({ resources: [{ ...this.#settings(form, oauth), ...settings }], root, until }));
    this.relay = this.#keep(await startRelay(this.scopegate.addresses.http.port));
    this.mcp = this.#keep(await startMcpServer({ tools }));
    this.nginx = this.#keep(await startNginx({ form, port, edit, scopegatePort: this.relay.port, mcpPort: this.mcp.port }));
  }

  /** A token of the provider with these scopes. */
  async token(...scopes) {
    return this.idp.token({ scope: scopes.join(' ') });
  }

  /**
   * One HTTP request to nginx. `headers` may hold arrays, for names that are sent more than once; a body that is not a
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

  /** A request of MCP 2026-07-28: stateless, its operation in the headers too. */
  async call(token, message, { headers = {}, ...rest } = {}) {
    return this.send({ method: 'POST', token, body: modern(message), headers: { ...modernHeaders(message), ...headers }, ...rest });
  }

  /** The one challenge that a 403 for missing scopes carries. */
  insufficientScope(scope, description) {
    return [`Bearer error="insufficient_scope", scope="${scope}", resource_metadata="${this.metadataUrl}", error_description="${description}"`];
  }

  /** The reply of `work`, during which the MCP server must not see a request. */
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

  #keep(part) {
    this.#parts.push(part);
    return part;
  }

  #settings(form, oauth) {
    return {
      id: 'mcp',
      server: { base_url: this.url, path: '/mcp' },
      oauth: {
        enabled: true,
        authorization_server_urls: [this.idp.issuer],
        scopes: { initialize: [CONNECT], tools_list: [READ], tools_call: [EXECUTE], tools: { 'admin-*': [ADMIN] } },
        trust_mcp_headers: form === AUTH_REQUEST,
        jwks: [{ url: this.idp.jwksUrl, issuer: this.idp.issuer }],
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

/** The message with what 2026-07-28 demands in its `_meta`. */
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
