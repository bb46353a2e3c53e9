// A faulty key endpoint. Each fault has its own resource and path on one service, and must not disturb the others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startIdp } from './lib/idp.mjs';
import { startJwksFault } from './lib/jwks-fault.mjs';
import { resource, startScopegate, waitFor } from './lib/scopegate.mjs';

const FAULTS = [
  'late headers', 'dripping body', 'too large', 'too large, chunked', 'cut body', 'redirect', 'not JSON', 'HTML', 'another document',
  'server error', 'good keys with 500', 'nothing usable',
];
const OTHERS = ['half broken', 'empty', 'emptied'];
const SUCCEEDED = 'success';
const FAILED = /^(?!success$)/;
const ROUND = { within: 20_000, what: 'the next refresh' };

describe('key endpoints that misbehave', { concurrency: true }, () => {
  let idp;
  let fault;
  let gate;

  before(async () => {
    const audiences = [...FAULTS, ...OTHERS].map((mood) => `https://mcp.example.com/${idOf(mood)}`);
    idp = await startIdp({ resource: audiences });
    fault = await startJwksFault({ keys: () => idp.publicKeys, elsewhere: idp.jwksUrl });
    for (const mood of [...FAULTS, 'half broken', 'empty']) fault.set(pathOf(mood), mood);
    gate = await startScopegate({
      until: 'ready',
      server: { ready_wait: '2s' },
      resources: [...FAULTS, ...OTHERS].map((mood) => resource({
        id: idOf(mood),
        authorizationServers: [idp.issuer],
        jwks: [{ url: fault.url(pathOf(mood)), issuer: idp.issuer, refresh_interval: '5s', timeout: '1s' }],
      })),
    });
  });

  after(async () => {
    await gate?.stop();
    await fault?.stop();
    await idp?.stop();
  });

  for (const mood of FAULTS) {
    test(`${mood}: no decision without keys, and later the old keys serve on`, async () => {
      const token = await tokenFor(mood);
      await waitFor(async () => (await refreshes(mood, FAILED)) > 0, ROUND);
      assert.equal(await refreshes(mood, SUCCEEDED), 0);
      await undecided(mood, token);
      assert.ok(await isNamed(mood), 'named as failing');

      fault.set(pathOf(mood), 'good');
      await waitFor(() => ask(mood, token).then((reply) => reply.status === 200), ROUND);
      assert.ok(await refreshes(mood, SUCCEEDED) > 0);
      assert.ok(!await isNamed(mood), 'no longer named');

      const before = await refreshes(mood, FAILED);
      fault.set(pathOf(mood), mood);
      await waitFor(async () => (await refreshes(mood, FAILED)) > before, ROUND);
      assert.equal((await ask(mood, token)).status, 200);
      assert.equal((await ask(mood, await tokenFor(mood))).status, 200, 'a token that was not seen before');
    });
  }

  test('no redirect was followed', async () => {
    await waitFor(() => fault.fetches(pathOf('redirect')) > 1, ROUND);
    assert.equal(idp.jwksFetches, 0);
  });

  test('a half broken set serves its good key, and none of the broken ones', async () => {
    const mood = 'half broken';
    const reply = await ask(mood, await tokenFor(mood));
    assert.equal(reply.status, 200, reply.reason);
    const claims = { iss: idp.issuer, aud: audienceOf(mood), sub: 'mallory', client_id: 'm2m', scope: 'mcp:connect mcp:tools:read', exp: Math.ceil(Date.now() / 1000) + 60 };
    for (const [kid, reason] of [['oct', 'algorithm-refused'], ['rsa-1024', 'key-unknown'], ['for-encryption', 'key-unknown']]) {
      const refused = await ask(mood, fault.sign(kid, claims));
      assert.equal(`${refused.status} ${refused.reason}`, `401 ${reason}`, kid);
    }
    const keys = (await gate.metrics()).sum('scopegate_jwks_keys', { resource: idOf(mood) });
    assert.ok(keys >= 1, `${keys} keys`);
  });

  test('an empty set at the start knows no key', async () => {
    const reply = await ask('empty', await tokenFor('empty'));
    assert.equal(`${reply.status} ${reply.reason}`, '401 key-unknown');
    assert.equal(await refreshes('empty', FAILED), 0);
  });

  test('a set that becomes empty takes its keys along', async () => {
    const token = await tokenFor('emptied');
    assert.equal((await ask('emptied', token)).status, 200);
    fault.set(pathOf('emptied'), 'empty');
    await waitFor(() => ask('emptied', token).then((reply) => reply.status !== 200), ROUND);
    const reply = await ask('emptied', token);
    assert.equal(`${reply.status} ${reply.reason}`, '401 key-unknown');
    assert.equal((await gate.metrics()).sum('scopegate_jwks_keys', { resource: 'emptied' }), 0);
  });

  function ask(mood, token) {
    return gate.ask({ token, resource: idOf(mood) });
  }

  function tokenFor(mood) {
    return idp.token({ resource: audienceOf(mood) });
  }

  async function undecided(mood, token) {
    const reply = await ask(mood, token);
    assert.equal(`${reply.status} ${reply.reason}`, '503 keys-unavailable');
    assert.equal(reply.challenge, undefined);
  }

  async function isNamed(mood) {
    const { json } = await gate.readyz();
    return json.failing_sources.some((source) => source.resource === idOf(mood));
  }

  async function refreshes(mood, outcome) {
    return (await gate.metrics()).sum('scopegate_jwks_refresh_total', { resource: idOf(mood), outcome });
  }
});

function idOf(mood) {
  return mood.toLowerCase().replace(/\W+/g, '-');
}

function pathOf(mood) {
  return `/${idOf(mood)}/jwks`;
}

function audienceOf(mood) {
  return `https://mcp.example.com/${idOf(mood)}`;
}
