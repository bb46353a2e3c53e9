// Programs that the tests run: what they print, and the code that they end with.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CACHE = new URL('../../.cache/', import.meta.url);

/** The folder `deploy/`. */
export const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url));

/** The root of the project. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The binary under test. */
export const SCOPEGATE = process.env.SCOPEGATE_BIN ?? fileURLToPath(new URL('../../../target/debug/scopegate', import.meta.url));

/** What `tests/install` installed under `name`. */
export const installed = (name) => fileURLToPath(new URL(name, CACHE));

/** Runs a program to its end: `{ code, stdout, stderr }`. A program that cannot be started is an error. */
export function outcome(program, args, { input, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 1 << 26, cwd: ROOT, ...options }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: error?.code ?? 0, stdout, stderr });
    });
    child.stdin.end(input);
  });
}

/** What a program prints that ends with 0; anything else is an error with all that it said. */
export async function run(program, args, options) {
  const { code, stdout, stderr } = await outcome(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

/** podman with the store of these tests. */
export const podman = (...args) => run(fileURLToPath(new URL('../podman', import.meta.url)), args);

/** The same, whatever the code. */
export const podmanOutcome = (...args) => outcome(fileURLToPath(new URL('../podman', import.meta.url)), args);
