// The audit log of the real binary: its lines fit the published schema, rotation and shutdown lose none, and a full
// disk or a stalled reader has the documented effect.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, mkdtemp, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import Ajv from 'ajv';
import { SignJWT } from 'jose';
import { isListening } from './lib/port.mjs';
import { resource, startScopegate, waitFor } from './lib/scopegate.mjs';

const SECRET = 'an-example-secret-of-thirty-two-bytes!';
const ISSUER = 'https://auth.example.com';
const SERVER = resource({
  authorizationServers: [ISSUER],
  jwks: [{ secret: SECRET, symmetric_algorithm: 'HS256', header_key_id: 'k1' }],
});
const WRITTEN = 'scopegate_audit_records_total';

const fits = new Ajv().compile(JSON.parse(await readFile(new URL('../../docs/audit.schema.json', import.meta.url), 'utf8')));
const [permitted, narrow] = await Promise.all([token('mcp:connect mcp:tools:read mcp:tools:execute'), token('mcp:connect')]);

let folder;
let gate;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scopegate-audit-'));
});
afterEach(async () => {
  await gate?.stop();
  gate = undefined;
});
after(() => rm(folder, { recursive: true, force: true }));

describe('the audit log', () => {
  test('every line fits the schema, and only the owner can open the file', async () => {
    const file = join(folder, 'schema.jsonl');
    gate = await start({ output: file, subject: 'plain' });
    const call = (id, method, params) => ({ jsonrpc: '2.0', id, method, params });
    const asked = [
      { token: permitted, headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } },
      { token: narrow },
      { token: permitted, body: call(1, 'tools/call', { name: 'ü "x"\n', arguments: { a: 'argument' } }) },
      { token: permitted, body: [call(1, 'tools/call', { name: 'a' }), call(2, 'resources/read', { uri: 'file:///x' })] },
      { token: permitted, method: 'GET', body: undefined },
      { token: permitted, body: call(1, 'no/such', {}) },
      { token: await token('mcp:connect', { sub: `ünï "quoted" ${'x'.repeat(300)}` }) },
      { token: await token(Array.from({ length: 900 }, (_, index) => `scope:${index}`).join(' ')) },
      { token: `${permitted}x` },
      { token: 'nonsense' },
      { body: 'not JSON' },
      { uri: '/elsewhere' },
      { method: 'PÖST' },
      { token: permitted, method: 'DELETE' },
    ];
    for (const one of asked) await gate.ask(one);
    await gate.stop();
    const lines = await linesOf(file);
    assert.equal(lines.length, asked.length);
    for (const line of lines) assert.ok(fits(line), JSON.stringify([line, fits.errors]));
    const codes = new Set(lines.map(({ code }) => code));
    assert.ok(codes.size >= 7, [...codes].join());
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(!fits({ ...lines[0], arguments: {} }), 'the schema is closed');
  });

  test('rotation by move and SIGHUP under load, and the end, lose and repeat no line', async () => {
    const file = join(folder, 'rotated.jsonl');
    gate = await start({ output: file });
    const answered = new Set();
    const clients = Array.from({ length: 8 }, (_, index) => askUntilRefused(index % 2 ? permitted : narrow, answered));
    for (let round = 1; round <= 10; round += 1) {
      const before = answered.size;
      await rename(file, `${file}.${round}`);
      gate.reload();
      await waitFor(() => stat(file), { every: 2, what: 'the file is opened again' });
      await waitFor(() => answered.size > before + 20, { every: 2, what: 'more requests' });
    }
    assert.deepEqual(await gate.stop(), { code: 0, signal: null });
    await Promise.all(clients);
    const files = (await readdir(folder)).filter((name) => name.startsWith('rotated.jsonl'));
    assert.equal(files.length, 11);
    const lines = (await Promise.all(files.map((name) => linesOf(join(folder, name))))).flat();
    assert.ok(lines.every(({ event }) => event === 'decision'));
    const ids = lines.map(({ trace_id: id }) => id);
    const recorded = new Set(ids);
    assert.equal(recorded.size, ids.length, 'no line twice');
    assert.deepEqual([...answered].filter((id) => !recorded.has(id)), []);
    assert.ok(answered.size > 200);
  });

  test('lines on standard output stand whole between those of the log', async () => {
    gate = await start({ output: 'stdout' });
    await Promise.all(Array.from({ length: 300 }, () => gate.ask({ token: narrow })));
    await gate.stop();
    const lines = gate.logs.map((line) => JSON.parse(line));
    const records = lines.filter(({ schema }) => schema === 1);
    assert.equal(records.length, 300);
    assert.equal(lines.filter(({ message }) => message === 'decision').length, 300);
    assert.ok(records.every(fits) && records.every(({ level }) => level === undefined));
  });

  test('a file that cannot be opened ends the start', async () => {
    const failure = start({ output: join(folder, 'no', 'such', 'folder') });
    await assert.rejects(failure, /"code":1[\s\S]*server\.audit\.output[\s\S]*no\/such\/folder` cannot be opened for appending: No such file/);
  });
});

describe('a full disk', () => {
  test('refuses permits until there is room, and what was accepted is in the next file', async () => {
    const file = await full('refuse.jsonl');
    gate = await start({ output: file, when_full: 'refuse' });
    const isRefused = () => gate.ask({ token: permitted }).then(({ status, reason }) => status === 503 && reason === 'audit-unavailable');
    await waitFor(isRefused, { every: 5, what: 'a refused permit' });
    assert.equal((await gate.ask({ token: narrow })).reason, 'scope-insufficient');
    assert.equal((await gate.ask({})).reason, 'token-missing');
    const { status, json } = await gate.readyz();
    assert.equal(status, 200);
    assert.match(json.failing_audit, /No space left on device/);
    const failures = async () => (await gate.metrics()).sum('scopegate_audit_write_failures_total');
    const first = await failures();
    await waitFor(async () => await failures() > first, { what: 'another attempt' });
    await makeRoom(file);
    await waitFor(async () => !await isRefused(), { every: 5, what: 'a permit' });
    await gate.stop();
    const lines = await linesOf(file);
    assert.ok(lines.every(fits));
    const lost = lines.filter(({ event }) => event === 'lost');
    assert.equal(lost.length, 1);
    assert.ok(lost[0].refused >= 1 && lost[0].dropped === 0);
    for (const code of ['granted', 'scope-insufficient', 'token-missing']) assert.ok(lines.some((line) => line.code === code), code);
    const told = gate.logs.filter((line) => /the audit log (cannot be written|can be written again)/.test(line));
    assert.equal(told.length, 2, told.join('\n'));
  });

  test('has everything pass and wait for room, where permits matter more', async () => {
    const file = await full('drop.jsonl');
    gate = await start({ output: file });
    for (let round = 0; round < 10; round += 1) {
      assert.equal((await gate.ask({ token: permitted })).status, 200);
      assert.equal((await gate.ask({ token: narrow })).status, 403);
    }
    await waitFor(async () => (await gate.readyz()).json.failing_audit, { what: 'the failure is named' });
    await makeRoom(file);
    await waitFor(async () => (await gate.metrics()).sum(WRITTEN, { outcome: 'written' }) === 20, { what: 'all lines' });
    assert.equal((await gate.readyz()).json.failing_audit, undefined);
    assert.equal((await linesOf(file)).length, 20);
  });
});

describe('a reader who does not read', () => {
  for (const when of ['drop', 'refuse']) {
    test(`and the setting ${when}`, async () => {
      const file = join(folder, `${when}.fifo`);
      await promisify(execFile)('mkfifo', [file]);
      const opened = open(file, 'r');
      gate = await start({ output: file, when_full: when, queue: 16 });
      const reader = await opened;
      const lost = async () => (await gate.metrics()).sum(WRITTEN, { outcome: when === 'drop' ? 'dropped' : 'refused' });
      const answers = [];
      const ask = async (credentials) => {
        const answer = await gate.ask({ token: credentials });
        answers.push(answer);
        return answer;
      };
      while (await lost() < 5) await Promise.all(Array.from({ length: 16 }, () => ask(permitted)));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], when === 'drop' ? [200] : [200, 503]);
      assert.equal((await ask(narrow)).reason, 'scope-insufficient');
      assert.equal((await gate.readyz()).status, 200);

      const lines = [];
      const reading = (async () => {
        for await (const line of reader.readLines()) lines.push(JSON.parse(line));
      })();
      await waitFor(async () => (await ask(permitted)).status === 200 && lines.some(({ event }) => event === 'lost'), { what: 'the gap is named' });
      const { samples, sum } = await gate.metrics();
      const total = (outcome) => sum.call({ samples }, WRITTEN, { outcome });
      const inLog = (field) => lines.filter(({ event }) => event === 'lost').reduce((all, line) => all + line[field], 0);
      assert.equal(inLog('dropped'), total('dropped'));
      assert.equal(inLog('refused'), total('refused'));
      await gate.stop();
      await reading;
      assert.ok(lines.every(fits));
      const passedOrDenied = answers.filter(({ reason }) => reason !== 'audit-unavailable').length;
      assert.equal(lines.filter(({ event }) => event === 'decision').length + total('dropped'), passedOrDenied);
    });
  }
});

test('the end waits for a reader who takes his time', async () => {
  const file = join(folder, 'late.fifo');
  await promisify(execFile)('mkfifo', [file]);
  const opened = open(file, 'r');
  gate = await start({ output: file });
  const reader = await opened;
  for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 20 }, () => gate.ask({ token: permitted })));
  const { port } = gate.addresses.http;
  gate.signal('SIGTERM');
  await waitFor(async () => !await isListening(port), { every: 5, what: 'the listener is closed' });
  let lines = 0;
  for await (const line of reader.readLines()) lines += Number(fits(JSON.parse(line)));
  assert.equal(lines, 400);
  assert.deepEqual(await gate.exited, { code: 0, signal: null });
});

/** A service that records every permit. */
function start(audit) {
  return startScopegate({ resources: [SERVER], server: { audit: { permits: 1, ...audit } } });
}

function token(scope, claims = {}) {
  const signing = new SignJWT({ scope, client_id: 'client-1', sub: 'alice', iss: ISSUER, aud: 'https://mcp.example.com/mcp', ...claims });
  return signing.setProtectedHeader({ alg: 'HS256', kid: 'k1', typ: 'at+jwt' }).setExpirationTime('1h').sign(new TextEncoder().encode(SECRET));
}

/** Asks until the service no longer answers. Notes the trace id of each answer. */
async function askUntilRefused(credentials, answered) {
  for (;;) {
    const id = randomBytes(16).toString('hex');
    try {
      await gate.ask({ token: credentials, headers: { traceparent: `00-${id}-00f067aa0ba902b7-01` } });
    } catch {
      return;
    }
    answered.add(id);
  }
}

/** A path to which no byte can be written. */
async function full(name) {
  const file = join(folder, name);
  await symlink('/dev/full', file);
  return file;
}

/** Replaces it by a file with room, as an operator does. */
async function makeRoom(file) {
  await writeFile(`${file}.next`, '');
  await rename(`${file}.next`, file);
  gate.reload();
}

async function linesOf(file) {
  const text = await readFile(file, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'), `${file} ends within a line`);
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
