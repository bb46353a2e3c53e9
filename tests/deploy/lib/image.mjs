// Containers of the image from tests/deploy/build, with the restrictions of a strict cluster.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../real/lib/port.mjs';
import { podman, podmanOutcome } from './command.mjs';

/** The name of the image. */
export const IMAGE = 'localhost/scopegate:test';

const PATIENCE_MS = 20_000;

/** The shared secret that signs the tokens. */
export const SECRET = 'a-secret-of-more-than-thirty-two-bytes';

/** Flags of a container that may only compute and listen. */
export const HARDENED = [
  '--read-only', '--read-only-tmpfs=false', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--memory', '256m', '--pids-limit', '64', '--network', 'host',
];

/** A policy whose tokens are signed with a secret, on `addresses`. `jwks` adds key sources. */
export function policy({ http, grpc, admin }, { jwks = [], server = {}, scope = 'mcp:tools:read' } = {}) {
  const issuer = 'https://auth.example.com';
  return JSON.stringify({
    server: { listen_addr: `127.0.0.1:${http}`, grpc_listen_addr: `127.0.0.1:${grpc}`, admin_listen_addr: `127.0.0.1:${admin}`, drain: '2s', ...server },
    mcp: {
      enabled: true,
      server: { base_url: 'https://mcp.example.com' },
      oauth: {
        enabled: true,
        authorization_server_url: issuer,
        scopes: { initialize: ['mcp:connect'], tools_list: [scope] },
        jwks: [{ issuer, secret: SECRET, symmetric_algorithm: 'HS256', header_key_id: 'test' }, ...jwks.map((source) => ({ issuer, ...source }))],
      },
    },
  });
}

/** Three addresses of loopback, with free ports. */
export async function addresses() {
  return { http: await freePort(), grpc: await freePort(), admin: await freePort() };
}

/** A folder with `scopegate.yaml`, which the image's user may read. */
export async function configured(text) {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-image-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'scopegate.yaml'), text, { mode: 0o644 });
  return folder;
}

/** Starts a container with the configuration `text` and waits until `probe` succeeds. `flags` are podman's. */
export async function startContainer({ ports, text, flags = [], probe = '/readyz' }) {
  const folder = await configured(text);
  const id = (await podman('run', '--detach', ...HARDENED, ...flags, '--volume', `${folder}:/etc/scopegate:ro`, IMAGE)).trim();
  const container = { id, folder, ports, logs: () => podmanOutcome('logs', id).then(({ stdout, stderr }) => stdout + stderr) };
  container.stop = async () => {
    await podman('rm', '--force', '--time', '5', id);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(() => page(ports.admin, probe).then((reply) => reply?.status === 200));
  } catch (error) {
    const logs = await container.logs();
    await container.stop();
    throw new Error(`${error.message}\n${logs}`);
  }
  return container;
}

/** Asks until `condition` holds. */
export async function until(condition) {
  const late = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > late) throw new Error(`did not become true: ${condition}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

/** `{ status, text }` of a page, or nothing if no listener answers. */
export async function page(port, path, options = {}) {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, options);
    return { status: reply.status, text: await reply.text() };
  } catch {
    return undefined;
  }
}

/** The status for a `tools/list` request, asked as nginx asks. */
export async function decision(port, token) {
  const reply = await page(port, '/authorize?resource=mcp', {
    method: 'POST',
    headers: { 'x-original-method': 'POST', 'x-original-uri': '/mcp', 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  return reply?.status;
}

/** A token for the configuration in `folder`, minted by the image. */
export async function mint(folder, scope) {
  return (await podman('run', '--rm', ...HARDENED, '--volume', `${folder}:/etc/scopegate:ro`, IMAGE, 'token', '--resource', 'mcp', '--scope', scope)).trim();
}
