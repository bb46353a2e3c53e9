// Which tokens of a real identity provider the service accepts, and why it denies the others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RESOURCE, startIdp } from './lib/idp.mjs';
import { resource, startScopegate, waitFor } from './lib/scopegate.mjs';

const ALGS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const STRICT = 'https://mcp.example.com/strict';
const DISCOVERED = 'https://mcp.example.com/discovered';
const LIED_TO = 'https://mcp.example.com/lied-to';
const PAIR = 'https://mcp.example.com/pair';
const ELSEWHERE = 'https://other.example.com/mcp';

describe('tokens of a real identity provider', { concurrency: true }, () => {
  let idp;
  let rival;
  let gate;

  before(async () => {
    [idp, rival] = await Promise.all([
      startIdp({ algs: ALGS, resource: [RESOURCE, STRICT, DISCOVERED, LIED_TO, PAIR, ELSEWHERE] }),
      startIdp({ algs: ['ES256'], resource: [RESOURCE, PAIR], clientId: RESOURCE }),
    ]);
    const one = { authorizationServers: [idp.issuer] };
    gate = await startScopegate({
      until: 'ready',
      server: { ready_wait: '1s' },
      resources: [
        resource({ ...one, id: 'mcp', jwks: [{ url: idp.jwksUrl, issuer: idp.issuer, leeway: '0s', algorithms: ALGS }] }),
        resource({ ...one, id: 'strict', jwks: [{ url: idp.jwksUrl, issuer: idp.issuer, token_type: 'at+jwt' }] }),
        resource({ ...one, id: 'discovered', jwks: [{ url: idp.discoveryUrl }] }),
        resource({ ...one, id: 'lied-to', jwks: [{ url: idp.discoveryUrl, issuer: rival.issuer }] }),
        resource({
          id: 'pair',
          authorizationServers: [idp.issuer, rival.issuer],
          jwks: [{ url: idp.jwksUrl, issuer: idp.issuer }, { url: rival.jwksUrl, issuer: rival.issuer }],
        }),
      ],
    });
  });

  after(async () => {
    const ended = await gate?.stop();
    await Promise.all([idp?.stop(), rival?.stop()]);
    assert.deepEqual(ended, { code: 0, signal: null });
    assert.deepEqual(gate.logs.filter((line) => /\beyJ[\w-]+\.[\w-]+/.test(line)), [], 'no token in the log');
  });

  for (const alg of ALGS) {
    test(`an access token signed with ${alg} is permitted`, async () => {
      const reply = await gate.ask({ token: await idp.token({ alg }) });
      assert.equal(reply.status, 200, reply.reason);
      assert.equal(reply.body, '');
      assert.equal(reply.headers['x-auth-subject'], 'm2m');
      assert.equal(reply.headers['x-auth-client-id'], 'm2m');
      assert.equal(reply.headers['x-auth-resource'], 'mcp');
      assert.equal(decodeURIComponent(reply.headers['x-auth-issuer']), idp.issuer);
    });
  }

  test('the access token of a user is permitted in the name of the user', async () => {
    const { access_token: token } = await idp.userTokens({ login: 'alice' });
    const reply = await gate.ask({ token });
    assert.equal(reply.status, 200, reply.reason);
    assert.equal(reply.headers['x-auth-subject'], 'alice');
    assert.equal(reply.headers['x-auth-client-id'], 'm2m');
  });

  test('a scope that was not granted is asked for', async () => {
    const reply = await gate.ask({ token: await idp.token({ scope: 'mcp:connect' }) });
    assert.equal(reply.status, 403);
    assert.equal(reply.reason, 'scope-insufficient');
    assert.match(reply.challenge, /^Bearer error="insufficient_scope", scope="mcp:connect mcp:tools:read"/);
  });

  test('a token for another resource is refused', async () => {
    const reply = await gate.ask({ token: await idp.token({ resource: ELSEWHERE }) });
    refusedAs(reply, 'audience-refused');
  });

  test('a token for another resource of the same gateway is refused', async () => {
    const token = await idp.token({ resource: STRICT });
    refusedAs(await gate.ask({ token }), 'audience-refused');
    assert.equal((await gate.ask({ token, resource: 'strict' })).status, 200);
  });

  test('a token that was good expires, also where it was remembered', async () => {
    const token = await idp.token({ ttl: 2 });
    assert.equal((await gate.ask({ token })).status, 200);
    const reply = await waitFor(() => gate.ask({ token }).then((answer) => answer.status !== 200 && answer), { within: 5000, what: 'the end of a token' });
    refusedAs(reply, 'token-expired');
  });

  test('an opaque token is refused', async () => {
    refusedAs(await gate.ask({ token: await idp.token({ resource: null }) }), 'token-malformed');
  });

  test('an ID token is refused', async () => {
    const { id_token: token } = await idp.userTokens();
    const reply = await gate.ask({ token });
    assert.equal(reply.status, 401);
    assert.ok(['audience-refused', 'token-type-refused'].includes(reply.reason), reply.reason);
  });

  test('an ID token whose audience is the resource opens nothing', async () => {
    const { id_token: token } = await rival.userTokens({ resource: PAIR });
    const reply = await gate.ask({ token, resource: 'pair' });
    assert.ok([401, 403].includes(reply.status), String(reply.status));
  });

  for (const [what, claims, header] of [
    ['at_hash', { at_hash: 'LDktKdoQak3Pk0cnXxCltA' }, { typ: undefined }],
    ['the typ of a logout token', {}, { typ: 'logout+jwt' }],
    ['events', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, {}],
    ['azp equal to its audience', { azp: RESOURCE }, { typ: undefined }],
    ['the typ claim of a refresh token', { typ: 'Refresh' }, { typ: 'JWT' }],
  ]) {
    test(`a token with ${what} is no access token`, async () => {
      refusedAs(await gate.ask({ token: await idp.sign({ claims, header }) }), 'token-type-refused');
    });
  }

  test('a resource that demands at+jwt takes no other typ', async () => {
    const aud = STRICT;
    refusedAs(await gate.ask({ resource: 'strict', token: await idp.sign({ claims: { aud }, header: { typ: 'JWT' } }) }), 'token-type-refused');
    assert.equal((await gate.ask({ resource: 'strict', token: await idp.sign({ claims: { aud }, header: { typ: 'application/at+jwt' } }) })).status, 200);
  });

  test('a token that is bound to a key of the client is refused as a bearer token', async () => {
    const token = await idp.sign({ claims: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } } });
    refusedAs(await gate.ask({ token }), 'binding-unsupported');
  });

  test('a token of another issuer, signed with a known key, is refused', async () => {
    refusedAs(await gate.ask({ token: await idp.sign({ claims: { iss: 'https://evil.example.com' } }) }), 'issuer-refused');
  });

  test('a key is not used with another algorithm than its own', async () => {
    const token = await idp.sign({ alg: 'RS256', header: { kid: 'ps256-1' } });
    const reply = await gate.ask({ token });
    assert.equal(reply.status, 401);
    assert.ok(['algorithm-refused', 'key-unknown', 'signature-invalid'].includes(reply.reason), reply.reason);
  });

  test('keys are found through discovery', async () => {
    const token = await idp.token({ resource: DISCOVERED, alg: 'PS256' });
    const reply = await gate.ask({ token, resource: 'discovered' });
    assert.equal(reply.status, 200, reply.reason);
  });

  test('a discovery document of another issuer supplies no keys', async () => {
    const token = await idp.sign({ claims: { aud: LIED_TO, iss: rival.issuer } });
    undecided(await gate.ask({ token, resource: 'lied-to' }));
  });

  test('two providers with the same kid sign only for themselves', async () => {
    assert.equal((await idp.publicKeys).find((key) => key.alg === 'ES256').kid, rival.publicKeys[0].kid);
    const ask = async (token) => gate.ask({ token: await token, resource: 'pair' });
    const claims = { aud: PAIR };
    assert.equal((await ask(idp.token({ alg: 'ES256', resource: PAIR }))).status, 200);
    assert.equal((await ask(rival.sign({ claims: { ...claims, client_id: 'm2m' } }))).status, 200);
    refusedAs(await ask(rival.sign({ claims: { ...claims, iss: idp.issuer, client_id: 'm2m' } })), 'signature-invalid');
    refusedAs(await ask(idp.sign({ alg: 'ES256', claims: { ...claims, iss: rival.issuer } })), 'signature-invalid');
  });

  test('a key of one provider is unknown to the other', async () => {
    const token = await idp.sign({ alg: 'RS256', claims: { aud: PAIR, iss: rival.issuer } });
    refusedAs(await gate.ask({ token, resource: 'pair' }), 'key-unknown');
  });
});

function refusedAs(reply, reason) {
  assert.equal(reply.reason, reason);
  assert.equal(reply.status, 401);
  assert.equal(reply.body, '');
  assert.match(reply.challenge, /^Bearer realm="[\w-]+", error="invalid_token", /);
}

function undecided(reply) {
  assert.equal(reply.status, 503);
  assert.equal(reply.reason, 'keys-unavailable');
  assert.equal(reply.challenge, undefined);
}
