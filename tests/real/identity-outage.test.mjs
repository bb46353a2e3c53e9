// The provider is down at the start, or later. "Cannot know" is 503 without a challenge, never 401, and ends by itself.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startIdp } from './lib/idp.mjs';
import { startJwksFault } from './lib/jwks-fault.mjs';
import { resource, startScopegate, waitFor } from './lib/scopegate.mjs';

const HEALING = { within: 20_000, what: 'healing' };
// Both providers use the same `kid`. scopegate believes no claim of a token with a wrong signature, not even `iss`.
const NOT_OURS = 'signature-invalid';

describe('a provider that is away', { concurrency: true }, () => {
  test('at the start: alive, not ready, no decision; then it comes and all is well', async () => {
    const idp = await startIdp();
    const token = await idp.token();
    await idp.stop();
    const gate = await startScopegate({ until: 'live', resources: [resourceOf(idp)] });
    try {
      assert.equal((await gate.admin('/livez')).status, 200);
      const { status, json } = await gate.readyz();
      assert.equal(status, 503);
      assert.equal(json.ready, false);
      await undecided(gate, token);
      assert.ok(await failures(gate) > 0);
      assert.equal((await gate.ask({})).status, 401, 'without a token no key is needed');

      await idp.restart();
      await waitFor(() => gate.ask({ token }).then((reply) => reply.status === 200), HEALING);
      assert.equal((await gate.readyz()).status, 200);
    } finally {
      await gate.stop();
      await idp.stop();
    }
  });

  test('a slow one at the start: the first request waits for the keys and is decided', async () => {
    const idp = await startIdp();
    const slow = await startJwksFault({ keys: () => idp.publicKeys, elsewhere: idp.jwksUrl });
    slow.set('/jwks', 'slow');
    const token = await idp.token();
    const gate = await startScopegate({ until: 'live', resources: [resourceOf(idp, { url: slow.url('/jwks') })] });
    try {
      assert.equal((await gate.ask({ token })).status, 200);
    } finally {
      await gate.stop();
      await Promise.all([slow.stop(), idp.stop()]);
    }
  });

  test('at the start, for longer than ready_wait: ready, and named as failing', async () => {
    const idp = await startIdp();
    const token = await idp.token();
    await idp.stop();
    const gate = await startScopegate({ until: 'ready', server: { ready_wait: '1s' }, resources: [resourceOf(idp)] });
    try {
      const { failing_sources: failing } = (await gate.readyz()).json;
      assert.deepEqual(failing.map((source) => source.resource), ['mcp']);
      await undecided(gate, token);
    } finally {
      await gate.stop();
    }
  });

  test('later: the keys serve for max_stale, then nothing can be decided; then it comes back', async () => {
    const idp = await startIdp();
    const [used, unused] = await Promise.all([idp.token(), idp.token()]);
    const gate = await startScopegate({ until: 'ready', resources: [resourceOf(idp, { max_stale: '6s' })] });
    try {
      assert.equal((await gate.ask({ token: used })).status, 200);
      await idp.stop();
      const wentAway = Date.now();
      assert.equal((await gate.ask({ token: unused })).status, 200, 'a token that was not seen before');
      assert.equal((await gate.ask({ token: used })).status, 200);

      await waitFor(() => gate.ask({ token: used }).then((reply) => reply.status === 503), { within: 15_000, what: 'stale keys' });
      assert.ok(Date.now() - wentAway < 8000, 'the keys were trusted for longer than max_stale');
      await undecided(gate, used);
      await undecided(gate, unused);
      assert.ok(await failures(gate) > 0);
      assert.equal((await gate.readyz()).status, 200, 'one provider takes no pod out of service');

      await idp.restart();
      await waitFor(() => gate.ask({ token: used }).then((reply) => reply.status === 200), HEALING);
      assert.equal((await gate.ask({ token: unused })).status, 200);
    } finally {
      await gate.stop();
      await idp.stop();
    }
  });

  test('one provider is away, the tokens of the other are decided', async () => {
    const [gone, here] = await Promise.all([startIdp(), startIdp()]);
    const token = await gone.token();
    await gone.stop();
    const both = resource({
      authorizationServers: [gone.issuer, here.issuer],
      jwks: [gone, here].map((idp) => ({ url: idp.jwksUrl, issuer: idp.issuer, refresh_interval: '5s' })),
    });
    const gate = await startScopegate({ until: 'live', resources: [both] });
    try {
      await undecided(gate, token);
      assert.equal((await gate.ask({ token: await here.token() })).status, 200);
      assert.equal((await gate.ask({ token: await here.sign({ claims: { aud: 'https://other.example.com' } }) })).reason, 'audience-refused');
      await undecided(gate, await here.sign({ claims: { iss: gone.issuer } }));
    } finally {
      await gate.stop();
      await here.stop();
    }
  });

  test('a provider that a reload adds has its keys before the first token', async () => {
    const [first, second] = await Promise.all([startIdp(), startIdp()]);
    const gate = await startScopegate({ until: 'ready', resources: [resourceOf(first)] });
    try {
      const [old, fresh] = await Promise.all([first.token(), second.token()]);
      assert.equal((await gate.ask({ token: fresh })).reason, NOT_OURS);
      await gate.write([resourceOf(second)]);
      gate.reload();
      const others = new Set();
      await waitFor(async () => {
        const reply = await gate.ask({ token: fresh });
        if (reply.status !== 200 && reply.reason !== NOT_OURS) others.add(`${reply.status} ${reply.reason}`);
        return reply.status === 200;
      }, { every: 5, what: 'the new policy' });
      assert.deepEqual([...others], [], 'nothing but the old policy and the new one');
      assert.equal((await gate.ask({ token: old })).reason, NOT_OURS);
    } finally {
      await gate.stop();
      await Promise.all([first.stop(), second.stop()]);
    }
  });
});

function resourceOf(idp, source = {}) {
  return resource({ authorizationServers: [idp.issuer], jwks: [{ url: idp.jwksUrl, issuer: idp.issuer, refresh_interval: '5s', timeout: '2s', ...source }] });
}

async function undecided(gate, token) {
  const reply = await gate.ask({ token });
  assert.equal(`${reply.status} ${reply.reason}`, '503 keys-unavailable');
  assert.equal(reply.challenge, undefined, 'a challenge would have the client throw its token away');
}

async function failures(gate) {
  return (await gate.metrics()).sum('scopegate_jwks_refresh_total', { resource: 'mcp', outcome: /^(?!success$)/ });
}
