// The documentation is true: the test runs every `console` block and compares the output with the printed one.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, isListening } from './lib/port.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BINARY = path.resolve(process.env.SCOPEGATE_BIN ?? path.join(ROOT, 'target/debug/scopegate'));
const START_MS = 15_000;
const RUN_MS = 30_000;

/** The ports in the documentation. The test replaces them by free ones. */
const PORT = '5025';
const ADMIN_PORT = '9464';
const EITHER_PORT = new RegExp(`${PORT}|${ADMIN_PORT}`, 'g');

describe('the tour of the README', () => {
  let tour;
  before(async () => {
    tour = await startTour(await page('README.md'));
  });
  after(() => tour?.stop());

  test('prints what the README says', async () => {
    await tour.check(await page('README.md'));
  });
});

for (const name of ['docs/configuration.md']) {
  test(`the commands of ${name} print what it says`, async () => {
    const shell = await Shell.open({});
    try {
      await shell.check(await page(name));
    } finally {
      await shell.close();
    }
  });
}

async function page(name) {
  return readFile(path.join(ROOT, name), 'utf8');
}

/** The service as the README starts it, but on free ports. */
async function startTour(text) {
  const [, secret] = text.match(/SCOPEGATE_DEV_SECRET='([^']+)'/);
  assert.match(text, /^scopegate serve --dev$/m);
  const [port, adminPort, grpcPort] = [await freePort(), await freePort(), await freePort()].map(String);
  const env = {
    SCOPEGATE_DEV_SECRET: secret,
    SCOPEGATE__SERVER__LISTEN_ADDR: `127.0.0.1:${port}`,
    SCOPEGATE__SERVER__ADMIN_LISTEN_ADDR: `127.0.0.1:${adminPort}`,
    SCOPEGATE__SERVER__GRPC_LISTEN_ADDR: `127.0.0.1:${grpcPort}`,
    SCOPEGATE__MCP__OAUTH__AUTHORIZATION_SERVER_URL: `http://localhost:${port}`,
    MCP_SERVER_BASE_URL: `http://localhost:${port}`,
  };
  const shell = await Shell.open(env, (words) => words.replaceAll(EITHER_PORT, (found) => (found === PORT ? port : adminPort)));
  const service = spawn(BINARY, ['serve', '--dev'], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const ended = new Promise((resolve) => service.once('exit', resolve).once('error', resolve));
  const deadline = Date.now() + START_MS;
  while (!(await isListening(Number(port))) || !(await isListening(Number(adminPort)))) {
    assert.equal(service.exitCode, null, 'scopegate ended');
    assert.ok(Date.now() < deadline, 'scopegate did not start');
  }
  return {
    check: (words) => shell.check(words),
    async stop() {
      service.kill('SIGKILL');
      await ended;
      await shell.close();
    },
  };
}

/** Runs the blocks of a page, one bash for each page, so that later blocks see the variables of earlier ones. */
class Shell {
  #folder;
  #env;
  #localize;

  static async open(env, localize = (words) => words) {
    const shell = new Shell();
    shell.#folder = await mkdtemp(path.join(tmpdir(), 'scopegate-docs-'));
    shell.#env = { ...process.env, ...env, PATH: `${shell.#folder}:${process.env.PATH}` };
    shell.#localize = localize;
    await symlink(BINARY, path.join(shell.#folder, 'scopegate'));
    await symlink(path.join(ROOT, 'config'), path.join(shell.#folder, 'config'));
    return shell;
  }

  async check(text) {
    const steps = stepsOf(this.#localize(text));
    assert.ok(steps.length > 0, 'the page has no commands');
    const script = steps.map(({ command }, index) => `${command}\nprintf '%s\\n' '${mark(index)}'\n`).join('');
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: this.#folder, env: this.#env, timeout: RUN_MS });
    let rest = stdout;
    for (const [index, { command, output }] of steps.entries()) {
      const end = rest.indexOf(`${mark(index)}\n`);
      assert.notEqual(end, -1, `no end of: ${command}`);
      assert.equal(rest.slice(0, end), output, command);
      rest = rest.slice(end + mark(index).length + 1);
    }
  }

  async close() {
    await rm(this.#folder, { recursive: true });
  }
}

/** The commands of all `console` blocks: `$ ` begins one, `> ` continues it, and every other line is output. */
function stepsOf(text) {
  const steps = [];
  for (const [, block] of text.matchAll(/^```console\n(.*?)^```$/gms)) {
    for (const line of block.split('\n').slice(0, -1)) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: '' });
      else if (line.startsWith('> ')) steps.at(-1).command += `\n${line.slice(2)}`;
      else steps.at(-1).output += `${line}\n`;
    }
  }
  return steps;
}

function mark(index) {
  return `--- end of step ${index} ---`;
}
