// nginx on loopback with the files of deploy/nginx as they are shipped: only addresses, the port and the script's path differ.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, isListening } from './port.mjs';

const SHIPPED = fileURLToPath(new URL('../../../deploy/nginx/', import.meta.url));
const MODULES = '/usr/lib/nginx/modules';
const START_TIMEOUT_MS = 5_000;

/** The two forms that are shipped, by the name of their file. */
export const AUTH_REQUEST = 'auth_request.conf';
export const LUA = 'lua.conf';
export const FORMS = [AUTH_REQUEST, LUA];

/**
 * Starts nginx with one of the shipped files.
 *
 * - `scopegatePort`, `mcpPort`: where the two upstreams listen
 * - `port`: where clients connect; one that is free if it is left out
 * - `edit`: applied to the text last, for the lines that the file itself says to uncomment
 */
export async function startNginx({ form, scopegatePort, mcpPort, port, edit = (text) => text }) {
  const nginx = new Nginx(await mkdtemp(path.join(tmpdir(), 'scopegate-nginx-')), port ?? await freePort());
  const site = edit(await render(form, { scopegatePort, mcpPort, port: nginx.port }));
  await nginx.start(site);
  return nginx;
}

class Nginx {
  #folder;
  #child;
  #ended;

  constructor(folder, port) {
    this.#folder = folder;
    this.port = port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(site) {
    await writeFile(path.join(this.#folder, 'site.conf'), site);
    await writeFile(path.join(this.#folder, 'nginx.conf'), AROUND);
    this.#child = spawn('nginx', ['-p', this.#folder, '-c', 'nginx.conf', '-e', 'error.log'], { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve).once('error', resolve));
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await isListening(this.port))) {
      if (this.#child.exitCode !== null || Date.now() > deadline) throw new Error(`nginx did not start: ${await this.errors()}`);
    }
  }

  /** The error log so far. */
  async errors() {
    return readFile(path.join(this.#folder, 'error.log'), 'utf8');
  }

  async stop() {
    this.#child.kill('SIGTERM');
    await this.#ended;
    await rm(this.#folder, { recursive: true });
  }
}

async function render(form, { scopegatePort, mcpPort, port }) {
  const replacements = [
    ['server 127.0.0.1:5025;', `server 127.0.0.1:${scopegatePort};`],
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${mcpPort};`],
    ['listen 8080;', `listen 127.0.0.1:${port};`],
  ];
  if (form === LUA) replacements.push(['/etc/nginx/scopegate.lua', path.join(SHIPPED, 'scopegate.lua')]);
  const shipped = await readFile(path.join(SHIPPED, form), 'utf8');
  return replacements.reduce((text, [from, to]) => replaceOnce(text, from, to), shipped);
}

function replaceOnce(text, from, to) {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`\`${from}\` occurs ${parts.length - 1} times in the shipped file, expected once`);
  return parts.join(to);
}

/** What /etc/nginx/nginx.conf is to a file in conf.d, kept inside one folder. */
const AROUND = `
load_module ${MODULES}/ndk_http_module.so;
load_module ${MODULES}/ngx_http_lua_module.so;
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  include site.conf;
}
`;
