// Programs that the tests run, with their output and exit codes.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CACHE = new URL('../../.cache/', import.meta.url);

/** The folder `deploy/`. */
export const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url));

/** The root of the project. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The binary under test. */
export const SCOPEGATE = process.env.SCOPEGATE_BIN ?? fileURLToPath(new URL('../../../target/debug/scopegate', import.meta.url));

/** The path of a program that `tests/install` installed. */
export const installed = (name) => fileURLToPath(new URL(name, CACHE));

/** Runs a program to its end: `{ code, stdout, stderr }`. Throws if the program cannot be started. */
export function outcome(program, args, { input, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 1 << 26, cwd: ROOT, ...options }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: error?.code ?? 0, stdout, stderr });
    });
    child.stdin.end(input);
  });
}

/** Returns the output of a program that exits with 0. Otherwise throws an error with all of its output. */
export async function run(program, args, options) {
  const { code, stdout, stderr } = await outcome(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

/** podman with the image store of these tests. */
export const podman = (...args) => run(fileURLToPath(new URL('../podman', import.meta.url)), args);

/** The same with any exit code. */
export const podmanOutcome = (...args) => outcome(fileURLToPath(new URL('../podman', import.meta.url)), args);
