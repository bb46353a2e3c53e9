// Gateways on loopback with the shipped files of deploy/: only addresses and paths differ.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Late } from './late.mjs';
import { isListening } from './port.mjs';

const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url));
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 3_000;
const MAX_LOG = 2_000;
const FIRST_PRIVATE_USE = 0xe000;

/** The path of a shipped file. */
export function shipped(file) {
  return path.join(DEPLOY, file);
}

/**
 * The text of a shipped file after `replacements`, `[from, to]` each. If `to` is a list, the line of `from` is repeated
 * for each item. A `from` that does not occur in the file is an error. Inserted text is not replaced again.
 */
export async function render(file, replacements) {
  const text = await readFile(shipped(file), 'utf8');
  const marked = replacements.reduce((rendered, [from], index) => replace(file, rendered, from, [mark(index)]), text);
  return replacements.reduce((rendered, [, to], index) => replace(file, rendered, mark(index), [to].flat()), marked);
}

/** The text with the lines after each line with `marker` uncommented, up to the next sentence or blank line. */
export function uncommented(text, marker) {
  if (!text.includes(marker)) throw new Error(`nothing says \`${marker}\``);
  let isWanted = false;
  return text.split('\n').map((line) => {
    const isSentence = /^\s*# [A-Z].*:$/.test(line);
    if (isSentence || !/^\s*#/.test(line)) isWanted = isSentence && line.includes(marker);
    return isWanted && !isSentence ? line.replace(/# /, '') : line;
  }).join('\n');
}

/**
 * Starts `program` in its own folder, into which `files` (name to text) are written first. Ready when `port` listens.
 */
export async function startDaemon({ program, args, files, port, env = {} }) {
  const daemon = new Daemon(await mkdtemp(path.join(tmpdir(), `scopegate-${path.basename(program)}-`)));
  try {
    await daemon.start({ program, args, files, port, env });
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return daemon;
}

class Daemon {
  #folder;
  #child;
  #ended;
  #log = '';

  constructor(folder) {
    this.#folder = folder;
  }

  async start({ program, args, files, port, env }) {
    await chmod(this.#folder, 0o755); // nginx's workers run as another user
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(this.#folder, name), text);
    this.#child = spawn(program, args, { cwd: this.#folder, env: { ...process.env, HOME: this.#folder, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve).once('error', (error) => {
      this.#log += error.message;
      resolve(error);
    }));
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on('data', (chunk) => { this.#log += chunk; });
    const late = Date.now() + START_TIMEOUT_MS;
    while (!(await isListening(port))) {
      const why = `${program} did not start: ${this.#log.slice(0, MAX_LOG)}`;
      if (this.#hasEnded) throw new Error(why);
      if (Date.now() > late) throw new Late(why);
    }
  }

  /** Its error output so far. */
  async errors() {
    return this.#log;
  }

  async stop() {
    // SIGKILL would leave nginx's workers running.
    if (!this.#hasEnded) this.#child.kill('SIGTERM');
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(overdue);
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #hasEnded() {
    return !this.#child?.pid || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/** A character that occurs in no file. */
function mark(index) {
  return String.fromCodePoint(FIRST_PRIVATE_USE + index);
}

function replace(file, text, from, to) {
  if (!text.includes(from)) throw new Error(`\`${from}\` does not occur in deploy/${file}`);
  return text.split('\n').flatMap((line) => (line.includes(from) ? to.map((one) => line.replaceAll(from, one)) : [line])).join('\n');
}
