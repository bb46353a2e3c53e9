// Ports of loopback: a free one, whether a listener is there, and a relay that counts connections.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const LOOPBACK = '127.0.0.1';
const RETRY_MS = 20;
const LOWEST = 12_000;
const EPHEMERAL = 32_000;
const CLAIMS = path.join(os.tmpdir(), `scopegate-test-ports-${os.userInfo().uid}`);
const claimed = new Set();

fs.mkdirSync(CLAIMS, { recursive: true });
releaseClaimsOfTheDead();
process.once('exit', () => claimed.forEach(release));

/**
 * A port that nobody listens on, below those that the system gives to outgoing connections, and claimed for this process
 * among the test files that run side by side: whenever its listener is not there, nothing else will take it.
 */
export async function freePort() {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (EPHEMERAL - LOWEST));
    if (!claim(port)) continue;
    if (await canListen(port)) return port;
    release(port);
  }
}

/** Claims `port` for this process by creating a file. Only one process can create it. */
function claim(port) {
  try {
    fs.writeFileSync(claimOf(port), String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  claimed.add(port);
  return true;
}

function release(port) {
  fs.rmSync(claimOf(port), { force: true });
  claimed.delete(port);
}

const claimOf = (port) => path.join(CLAIMS, String(port));

/** Releases the claims of processes that were killed. */
function releaseClaimsOfTheDead() {
  for (const name of fs.readdirSync(CLAIMS)) {
    const claim = path.join(CLAIMS, name);
    try {
      process.kill(Number(fs.readFileSync(claim, 'utf8')) || process.pid, 0);
    } catch (error) {
      if (error.code === 'ESRCH') fs.rmSync(claim, { force: true });
    }
  }
}

async function canListen(port) {
  const server = net.createServer();
  const listens = await new Promise((resolve) => server.once('error', () => resolve(false)).listen(port, LOOPBACK, () => resolve(true)));
  if (listens) await new Promise((resolve) => server.close(resolve));
  return listens;
}

/** Whether a connection to `port` is accepted. A refusal is reported after a short wait, so that callers may loop. */
export async function isListening(port) {
  const accepted = await new Promise((resolve) => {
    const socket = net.connect(port, LOOPBACK, () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (!accepted) await pause(RETRY_MS);
  return accepted;
}

/** Starts a relay to `target`. It counts the connections that it accepts, and can be stopped and restarted. */
export async function startRelay(target) {
  const relay = new Relay(target);
  await relay.listen(await freePort());
  return relay;
}

class Relay {
  /** Connections accepted so far. */
  accepted = 0;
  #target;
  #server;
  #sockets = new Set();
  #kept = new Set();

  constructor(target) {
    this.#target = target;
  }

  async listen(port) {
    this.#server = net.createServer((near) => this.#join(near));
    await new Promise((resolve, reject) => this.#server.once('error', reject).listen(port, LOOPBACK, resolve));
    this.port = this.#server.address().port;
  }

  /** Closes the listener and every connection. `listen(relay.port)` opens it again. */
  async stop() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Breaks each connection that is open now, at the moment when data is sent on it. */
  breakAtNextUse() {
    for (const near of this.#kept) {
      near.unpipe();
      near.once('data', () => near.destroy()).resume();
    }
  }

  #join(near) {
    this.accepted += 1;
    this.#kept.add(near);
    near.on('close', () => this.#kept.delete(near));
    const far = net.connect(this.#target, LOOPBACK);
    for (const [socket, other] of [[near, far], [far, near]]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}
