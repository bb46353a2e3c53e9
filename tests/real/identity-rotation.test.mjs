// Keys change while the service runs, and clients invent keys. The refresh interval is an hour: every fetch after the
// first is caused by a token.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startIdp } from './lib/idp.mjs';
import { resource, startScopegate, waitFor } from './lib/scopegate.mjs';

const FLOOD = 1000;
const LANES = 32;

describe('keys that change', { concurrency: true }, () => {
  test('a new key beside the old one is accepted at once, for one fetch', withGate({}, async ({ idp, gate }) => {
    const before = await idp.token();
    await permitted(gate, before);
    const kid = await idp.rotate({ keepOld: true });
    assert.notEqual(kid, 'es256-1');
    await permitted(gate, await idp.token());
    await permitted(gate, before);
    assert.equal(idp.jwksFetches, 2);
  }));

  test('requests that arrive together share the fetch of the new key', withGate({ refresh_unknown_kid: { burst: 20 } }, async ({ idp, gate }) => {
    for (let rotation = 1; rotation <= 5; rotation += 1) {
      await idp.rotate();
      const tokens = await Promise.all(Array.from({ length: 60 }, () => idp.token()));
      const replies = await Promise.all(tokens.map((token) => gate.ask({ token })));
      assert.deepEqual([...new Set(replies.map((reply) => reply.status))], [200]);
      assert.equal(idp.jwksFetches, 1 + rotation);
    }
  }));

  test('an old key dies when it leaves the set, and what was remembered under it', withGate({}, async ({ idp, gate }) => {
    const before = await idp.token();
    await permitted(gate, before);
    await idp.rotate();
    await permitted(gate, await idp.token());
    await refused(gate, before, 'key-unknown');
  }));

  test('a new key under the same kid is accepted at once, and the old one dies', withGate({}, async ({ idp, gate }) => {
    const before = await idp.token();
    await permitted(gate, before);
    assert.equal(await idp.rotate({ kid: 'same' }), 'es256-1');
    await permitted(gate, await idp.token());
    await refused(gate, before, 'signature-invalid');
  }));

  test('the timer finds a new set without being asked', withGate({ refresh_interval: '5s' }, async ({ idp, gate }) => {
    const before = await idp.token();
    await permitted(gate, before);
    await idp.rotate();
    await waitFor(() => gate.ask({ token: before }).then((reply) => reply.status === 401), { within: 10_000, what: 'the end of the old key' });
    await refused(gate, before, 'key-unknown');
    await permitted(gate, await idp.token());
  }));

  test('without refresh_unknown_kid a new key waits for the timer', withGate({ refresh_unknown_kid: { enabled: false } }, async ({ idp, gate }) => {
    await idp.rotate();
    const reply = await gate.ask({ token: await idp.token() });
    assert.notEqual(reply.status, 200);
    assert.equal(idp.jwksFetches, 1);
  }));
});

describe('keys that no provider has', { concurrency: true }, () => {
  test('a thousand invented kids cause no more fetches than the bucket holds', withGate({}, async ({ idp, gate }) => {
    const good = await idp.token();
    const seen = await flood(gate, (nth) => invented(good, { kid: `invented-${nth}` }));
    assert.deepEqual(seen, new Set(['401 key-unknown']));
    assert.ok(idp.jwksFetches <= 1 + 2, `${idp.jwksFetches} fetches`);
    await permitted(gate, good);
  }));

  test('a thousand bad signatures cause no more fetches than the bucket holds', withGate({}, async ({ idp, gate }) => {
    const good = await idp.token();
    const seen = await flood(gate, (nth) => withBadSignature(good, nth));
    assert.deepEqual(seen, new Set(['401 signature-invalid']));
    assert.ok(idp.jwksFetches <= 1 + 2, `${idp.jwksFetches} fetches`);
    await permitted(gate, good);
  }));

  test('invented kids do not use up the fetch that a key under the same kid needs', withGate({}, async ({ idp, gate }) => {
    const good = await idp.token();
    for (let nth = 0; nth < 10; nth += 1) await refused(gate, invented(good, { kid: `invented-${nth}` }), 'key-unknown');
    await idp.rotate({ kid: 'same' });
    await permitted(gate, await idp.token());
  }));

  test('while the provider is away an unknown kid is not called wrong', withGate({ refresh_unknown_kid: { interval: '1s' } }, async ({ idp, gate }) => {
    const good = await idp.token();
    await idp.rotate({ keepOld: true });
    const fresh = await idp.token();
    await idp.stop();
    await waitFor(() => gate.ask({ token: fresh }).then((reply) => reply.status === 503), { within: 5000, what: 'no decision' });
    const reply = await gate.ask({ token: fresh });
    assert.equal(reply.reason, 'keys-unavailable');
    assert.equal(reply.challenge, undefined);
    await permitted(gate, good);
    await idp.restart();
    await waitFor(() => gate.ask({ token: fresh }).then((answer) => answer.status === 200), { within: 5000, what: 'the new key' });
  }));
});

/** A test with its own provider and service. `source` adds to the key source. */
function withGate(source, body) {
  return async () => {
    const idp = await startIdp();
    const jwks = {
      url: idp.jwksUrl,
      issuer: idp.issuer,
      refresh_interval: '1h',
      ...source,
      refresh_unknown_kid: { max_wait: '5s', ...source.refresh_unknown_kid },
    };
    const gate = await startScopegate({ until: 'ready', resources: [resource({ authorizationServers: [idp.issuer], jwks: [jwks] })] }).catch(async (error) => {
      await idp.stop();
      throw error;
    });
    try {
      assert.equal(idp.jwksFetches, 1, 'one fetch before the first token');
      await body({ idp, gate });
    } finally {
      await gate.stop();
      await idp.stop();
    }
  };
}

/** Sends `FLOOD` different tokens, several at a time. Returns which answers came. */
async function flood(gate, tokenOf) {
  const seen = new Set();
  let nth = 0;
  const lane = async () => {
    while (nth < FLOOD) {
      nth += 1;
      const reply = await gate.ask({ token: tokenOf(nth) });
      seen.add(`${reply.status} ${reply.reason}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return seen;
}

function invented(token, header) {
  const [original, claims, signature] = token.split('.');
  const { alg, typ } = JSON.parse(Buffer.from(original, 'base64url'));
  return [Buffer.from(JSON.stringify({ alg, typ, ...header })).toString('base64url'), claims, signature].join('.');
}

function withBadSignature(token, nth) {
  const [header, claims, text] = token.split('.');
  const signature = Buffer.from(text, 'base64url');
  signature.writeUInt16BE((signature.readUInt16BE(8) + nth) % 0x10000, 8);
  return [header, claims, signature.toString('base64url')].join('.');
}

async function permitted(gate, token) {
  const reply = await gate.ask({ token });
  assert.equal(`${reply.status} ${reply.reason ?? ''}`, '200 ');
}

async function refused(gate, token, reason) {
  const reply = await gate.ask({ token });
  assert.equal(`${reply.status} ${reply.reason}`, `401 ${reason}`);
  assert.match(reply.challenge, /error="invalid_token"/);
}
