// How a gateway treats bodies that are too long, truncated, batched or ambiguous.
import assert from 'node:assert/strict';
import { CADDY } from '../caddy.mjs';
import { ENVOY_GRPC, ENVOY_HTTP } from '../envoy.mjs';
import { ADMIN, CONNECT, EXECUTE, HEADERS_ALONE, LIST_TOOLS, READ, callTool, modern, modernHeaders } from '../gateway.mjs';
import { HAPROXY } from '../haproxy.mjs';
import { LUA } from '../nginx.mjs';

const MIB = 1024 * 1024;

export const BODIES = {
  'body over the limit': overTheLimit,
  'cut body': cutBody,
  'batch': batch,
  'duplicate keys': duplicateKeys,
  'header mismatch': headerMismatch,
};

async function overTheLimit({ form, gateway }) {
  const token = await gateway.token(CONNECT, EXECUTE);
  const work = () => gateway.call(token, callTool('echo', { text: 'x'.repeat(5 * MIB) })).catch(asClosed);
  // Caddy streams the body: the MCP server sees the beginning before Caddy cuts it off. If the server closes first,
  // Caddy answers 503.
  const reply = await (form === CADDY ? work() : gateway.refused(work));
  const refusals = form === CADDY ? [413, 503, 'closed'] : [413, 'closed'];
  assert.ok(refusals.includes(reply.status), String(reply.status));
  return '413';
}

/** The gateway is configured to show part of a body, or to withhold one that it cannot show. */
async function cutBody({ form, start }) {
  if (HEADERS_ALONE.includes(form)) return undefined;
  const gateway = await start({ edit: CUTS[form] });
  const token = await gateway.token(CONNECT, READ, EXECUTE, ADMIN);
  const reply = await gateway.refused(() => gateway.call(token, callTool('echo', { text: 'x'.repeat(60_000) })).catch(asClosed));
  assert.ok([413, 'closed'].includes(reply.status), String(reply.status));
  assert.equal((await gateway.call(token, callTool('echo', { text: 'short' }))).status, 200);
  return '413';
}

async function batch({ form, gateway }) {
  const elements = [LIST_TOOLS, callTool('admin-reset')];
  const weak = await gateway.token(CONNECT, READ, EXECUTE);
  const reply = await gateway.refused(() => gateway.send({ method: 'POST', token: weak, body: elements }));
  assert.equal(reply.status, 403);
  const strong = await gateway.token(CONNECT, READ, EXECUTE, ADMIN);
  if (HEADERS_ALONE.includes(form)) {
    assert.equal((await gateway.refused(() => gateway.send({ method: 'POST', token: strong, body: elements }))).status, 403);
    return undefined;
  }
  assert.deepEqual(reply.challenges, gateway.insufficientScope(`${CONNECT} ${READ} ${EXECUTE} ${ADMIN}`, `missing required scopes: ${ADMIN}`));
  const before = gateway.mcp.requests.length;
  await gateway.send({ method: 'POST', token: strong, body: elements });
  assert.equal(gateway.mcp.requests.length, before + 1);
  return 'all or nothing';
}

async function duplicateKeys({ form, gateway }) {
  if (HEADERS_ALONE.includes(form)) return undefined;
  const token = await gateway.token(CONNECT, READ, EXECUTE);
  for (const body of AMBIGUOUS) {
    const reply = await gateway.refused(() => gateway.send({ method: 'POST', token, body }));
    assert.equal(reply.status, 400);
    assert.equal(reply.headers['content-type'], 'application/json');
    assert.equal(typeof JSON.parse(reply.body).error.code, 'number');
  }
  return '400';
}

async function headerMismatch({ form, gateway }) {
  const token = await gateway.token(CONNECT, READ, EXECUTE);
  const work = () => gateway.send({ method: 'POST', token, body: modern(callTool('admin-reset')), headers: modernHeaders(LIST_TOOLS) });
  const isSeen = !HEADERS_ALONE.includes(form);
  const reply = await (isSeen ? gateway.refused(work) : work());
  assert.equal(reply.status, 400);
  assert.equal(JSON.parse(reply.body).error.code, -32020);
  const repeated = await gateway.refused(() => gateway.call(token, callTool('echo', { text: 'x' }), { headers: { 'mcp-name': ['echo', 'admin-reset'] } }));
  assert.equal(repeated.status, 400);
  return isSeen ? '400' : '400 of the server';
}

const AMBIGUOUS = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"admin-reset"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"admin-reset"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call","params":{"name":"admin-reset"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/list"}{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"admin-reset"}}',
];

const CUTS = {
  [LUA]: (text) => text.replace('client_body_buffer_size 5m', 'client_body_buffer_size 8k'),
  [HAPROXY]: (text) => text.replace('tune.bufsize 262144', 'tune.bufsize 32768'),
  [ENVOY_HTTP]: showAPart,
  [ENVOY_GRPC]: showAPart,
};

function showAPart(text) {
  return text.replace('max_request_bytes: 4194304, allow_partial_message: false', 'max_request_bytes: 16384, allow_partial_message: true');
}

/** A gateway may close while the client still sends the body. The client then sees no answer. */
function asClosed(error) {
  if (['EPIPE', 'ECONNRESET'].includes(error.code)) return { status: 'closed' };
  throw error;
}
