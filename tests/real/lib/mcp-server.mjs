// A real MCP server on loopback for both eras: sessions and streams of 2025-11-25 by the SDK's version 1, the stateless
// requests of 2026-07-28 by its version 2. It remembers the headers with which each request arrived.
import http from 'node:http';
import { randomUUID } from 'node:crypto';
import { McpServer as LegacyServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { McpServer as ModernServer, createMcpHandler } from '@modelcontextprotocol/server';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { z } from 'zod';

const LOOPBACK = '127.0.0.1';
const MODERN = '2026-07-28';
const MAX_HEADER_BYTES = 64 * 1024;

/** Starts the server; its endpoint is `/mcp`. `tools` are names of tools; a tool returns its name. */
export async function startMcpServer({ tools = [] } = {}) {
  const server = new McpServer(tools);
  await server.listen();
  return server;
}

class McpServer {
  /** Method and headers of each request that arrived, in order. */
  requests = [];
  #sessions = new Map();
  #tools;
  #modern;
  #http;

  constructor(tools) {
    this.#tools = tools;
    this.#modern = toNodeHandler(createMcpHandler(() => withTools(new ModernServer(INFO, CAPABILITIES), tools)));
  }

  async listen() {
    this.#http = http.createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => this.#answer(request, response));
    await new Promise((resolve) => this.#http.listen(0, LOOPBACK, resolve));
    this.port = this.#http.address().port;
  }

  /** The headers of the last request. */
  get lastHeaders() {
    return this.requests.at(-1)?.headers;
  }

  /** Sends a log message on the standalone stream of every session. */
  async notify(text) {
    for (const { server } of this.#sessions.values()) await server.sendLoggingMessage({ level: 'info', data: text });
  }

  async stop() {
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    await closed;
  }

  async #answer(request, response) {
    this.requests.push({ method: request.method, url: request.url, headers: request.headers, names: request.rawHeaders.filter((_, i) => i % 2 === 0) });
    const isModern = request.headers['mcp-protocol-version'] === MODERN;
    await (isModern ? this.#modern(request, response) : this.#answerLegacy(request, response));
  }

  async #answerLegacy(request, response) {
    const session = this.#sessions.get(request.headers['mcp-session-id']) ?? await this.#newSession();
    await session.transport.handleRequest(request, response);
  }

  async #newSession() {
    const server = withTools(new LegacyServer(INFO, CAPABILITIES), this.#tools);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => { this.#sessions.set(id, { server, transport }); },
      onsessionclosed: (id) => { this.#sessions.delete(id); },
    });
    await server.connect(transport);
    return { server, transport };
  }
}

function withTools(server, tools) {
  server.registerTool('echo', { description: 'says it again', inputSchema: z.object({ text: z.string() }) }, ({ text }) => say(text));
  server.registerTool('admin-reset', { description: 'for administrators', inputSchema: z.object({}) }, () => say('reset'));
  for (const name of tools) server.registerTool(name, { description: name, inputSchema: z.looseObject({}) }, () => say(name));
  return server;
}

function say(text) {
  return { content: [{ type: 'text', text }] };
}

const INFO = { name: 'real-tests', version: '1.0.0' };
const CAPABILITIES = { capabilities: { tools: {}, logging: {} } };
