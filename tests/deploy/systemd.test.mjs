// The unit of deploy/systemd, as far as systemd can check it without running it.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEPLOY, SCOPEGATE, outcome, run } from './lib/command.mjs';

// Tenths of the exposure that `systemd-analyze security` reports, out of 100.
const EXPOSURE = 15;
let folder;
let unit;
let text;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scopegate-systemd-'));
  text = await readFile(join(DEPLOY, 'systemd/scopegate.service'), 'utf8');
  unit = join(folder, 'scopegate.service');
  // The test's binary is at another path.
  await writeFile(unit, text.replaceAll('/usr/local/bin/scopegate', SCOPEGATE));
});

after(() => rm(folder, { recursive: true, force: true }));

test('the unit has no mistakes', async () => {
  const { code, stdout, stderr } = await outcome('systemd-analyze', ['verify', '--man=no', unit]);
  assert.deepEqual([code, stdout, stderr], [0, '', '']);
});

test('a mistake in it would be found', async () => {
  const wrong = join(folder, 'wrong.service');
  await writeFile(wrong, text.replaceAll('/usr/local/bin/scopegate', SCOPEGATE).replace('ProtectClock=', 'ProtectClocks='));
  const { stderr } = await outcome('systemd-analyze', ['verify', '--man=no', wrong]);
  assert.match(stderr, /ProtectClocks/);
});

test('the service is shut in', () => run('systemd-analyze', ['security', '--offline=yes', `--threshold=${EXPOSURE}`, unit]));

test('it has the time to stop, and files for the requests in flight', () => {
  const [, stop] = /^TimeoutStopSec=(\d+)s$/m.exec(text);
  const [, files] = /^LimitNOFILE=(\d+)$/m.exec(text);
  assert.ok(Number(stop) > 15 && Number(files) > 10_256);
});
