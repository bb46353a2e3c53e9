// How a gateway treats tokens, scopes and claims of clients. Each behaviour is checked, and returns one word for the
// matrix.
import assert from 'node:assert/strict';
import { ADMIN, CONNECT, EXECUTE, LIST_TOOLS, READ, callTool } from '../gateway.mjs';

export const TOKENS = {
  'no token': noToken,
  'bad token': badToken,
  'missing scope': missingScope,
  'step-up': stepUp,
  'per tool': perTool,
  'forged headers': forgedHeaders,
  'two `Authorization`': twoAuthorizations,
  'preflight': preflight,
  'metadata': metadata,
};

async function noToken({ gateway }) {
  const reply = await gateway.refused(() => gateway.call(undefined, LIST_TOOLS));
  assert.equal(reply.status, 401);
  assert.deepEqual(reply.challenges, [`Bearer realm="mcp", scope="${CONNECT}", resource_metadata="${gateway.metadataUrl}"`]);
  assert.equal(reply.headers['cache-control'], 'no-store');
  for (const method of ['GET', 'DELETE']) assert.equal((await gateway.refused(() => gateway.send({ method }))).status, 401);
  return '401';
}

async function badToken({ gateway }) {
  const foreign = await gateway.idp.token({ scope: CONNECT, resource: gateway.otherResource });
  const expired = await gateway.idp.sign({ claims: { exp: 1 } });
  for (const token of [foreign, expired, 'opaque']) {
    const reply = await gateway.refused(() => gateway.call(token, LIST_TOOLS, { headers: { origin: 'https://app.example.com' } }));
    assert.equal(reply.status, 401);
    const [challenge] = reply.challenges;
    assert.match(challenge, /^Bearer realm="mcp", error="invalid_token", scope="mcp:connect", resource_metadata="[^"]+", error_description="[^"]+"$/);
    assert.equal(reply.headers['access-control-expose-headers'], 'WWW-Authenticate');
  }
  return '401';
}

async function missingScope({ gateway }) {
  const levels = [
    [[READ], LIST_TOOLS, `${CONNECT} ${READ}`, `missing required scopes: ${CONNECT}`],
    [[CONNECT], LIST_TOOLS, `${CONNECT} ${READ}`, `missing required scopes: ${READ}`],
    [[CONNECT, EXECUTE], callTool('admin-reset'), `${CONNECT} ${EXECUTE} ${ADMIN}`, 'insufficient scopes for tool admin-reset'],
  ];
  for (const [scopes, message, wanted, description] of levels) {
    const reply = await gateway.refused(async () => gateway.call(await gateway.token(...scopes), message));
    assert.equal(reply.status, 403);
    assert.deepEqual(reply.challenges, gateway.insufficientScope(wanted, description));
  }
  return '403';
}

async function stepUp({ gateway }) {
  const refused = await gateway.call(await gateway.token(CONNECT, EXECUTE), callTool('admin-reset'));
  const [, scope] = refused.challenges[0].match(/ scope="([^"]+)"/);
  const reply = await gateway.call(await gateway.token(scope), callTool('admin-reset'));
  assert.equal(reply.status, 200);
  assert.match(reply.body, /"reset"/);
  return '200';
}

async function perTool({ gateway }) {
  const token = await gateway.token(CONNECT, EXECUTE);
  assert.equal((await gateway.call(token, callTool('echo', { text: 'hello' }))).status, 200);
  assert.equal((await gateway.refused(() => gateway.call(token, callTool('admin-reset')))).status, 403);
  return '200, 403';
}

async function forgedHeaders({ gateway }) {
  const token = await gateway.token(CONNECT, READ);
  for (const headers of [FORGED, { 'x-auth-subject': ['forged', 'forged too'] }]) {
    assert.equal((await gateway.call(token, LIST_TOOLS, { headers })).status, 200);
    assertNotForged(gateway.mcp.requests.at(-1));
    assert.equal(gateway.mcp.lastHeaders['x-auth-subject'], 'm2m');
  }
  const underscores = await gateway.call(token, LIST_TOOLS, { headers: { X_Auth_Subject: 'forged' } });
  if (underscores.status !== 400) assertNotForged(gateway.mcp.requests.at(-1));
  for (const description of [PUBLIC, FORWARDED]) {
    assert.equal((await gateway.refused(() => gateway.call(undefined, LIST_TOOLS, { headers: description }))).status, 401);
    assert.equal((await gateway.refused(async () => gateway.call(await gateway.token(CONNECT), LIST_TOOLS, { headers: description }))).status, 403);
  }
  return 'dropped';
}

async function twoAuthorizations({ gateway }) {
  const token = await gateway.token(CONNECT, READ);
  for (const authorization of [[`Bearer ${token}`, `Bearer ${token}`], ['Bearer x', `Bearer ${token}`], `Bearer ${token}, Bearer ${token}`]) {
    const reply = await gateway.refused(() => gateway.call(undefined, LIST_TOOLS, { headers: { authorization } }));
    assert.equal(reply.status, 400);
  }
  return '400';
}

async function preflight({ gateway }) {
  const before = gateway.mcp.requests.length;
  const headers = { ...FORGED, origin: 'https://app.example.com', 'access-control-request-method': 'POST' };
  await gateway.send({ method: 'OPTIONS', headers });
  assert.equal(gateway.mcp.requests.length, before + 1);
  assertNotForged(gateway.mcp.requests.at(-1));
  return 'passes';
}

async function metadata({ gateway }) {
  for (const path of ['/mcp', '']) {
    const reply = await gateway.refused(() => gateway.send({ path: `/.well-known/oauth-protected-resource${path}` }));
    assert.equal(reply.status, 200);
    assert.deepEqual(JSON.parse(reply.body).authorization_servers, [gateway.idp.issuer]);
    assert.equal(reply.headers['access-control-allow-origin'], '*');
  }
  return '200';
}

function assertNotForged({ headers }) {
  assert.deepEqual(Object.entries(headers).filter(([, value]) => String(value).includes('forged')), []);
}

const PUBLIC_PATH = '/.well-known/oauth-protected-resource/mcp';

/** A request that needs no token, in the headers of each dialect. */
const PUBLIC = { 'x-original-method': 'GET', 'x-original-uri': PUBLIC_PATH, 'x-original-url': PUBLIC_PATH };
const FORWARDED = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': PUBLIC_PATH, 'x-envoy-original-path': PUBLIC_PATH };

const FORGED = Object.fromEntries([
  'x-auth-subject', 'x-auth-client-id', 'x-auth-issuer', 'x-auth-scope', 'x-auth-resource',
  'x-original-method', 'x-original-uri', 'x-original-url',
  'x-scopegate-status', 'x-scopegate-error', 'x-scopegate-reason',
].map((name) => [name, 'forged']));
