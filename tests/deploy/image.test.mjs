// The image of deploy/docker/Dockerfile: its contents, and that it works in a hardened container.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { generateKeyPair, exportJWK } from 'jose';
import { DEPLOY, ROOT, installed, podman, podmanOutcome, run } from './lib/command.mjs';
import { HARDENED, IMAGE, addresses, configured, decision, mint, page, policy, startContainer, until } from './lib/image.mjs';

const MAX_BYTES = 40 * 1024 * 1024;
// As tests/deploy/build sets it.
const VERSION = 'scopegate 0.1.0-test (0123456789abcdef)\n';

test('hadolint finds nothing', () => run(installed('hadolint/bin/hadolint'), [`${DEPLOY}docker/Dockerfile`]));

describe('what it holds', () => {
  let root;

  before(async () => { root = (await podman('image', 'mount', IMAGE)).trim(); });
  after(() => podman('image', 'unmount', IMAGE));

  test('is a binary, its papers, and no shell', async () => {
    const files = (await run('find', [root, '(', '-type', 'f', '-o', '-type', 'l', ')', '-printf', '%P\n'])).trim().split('\n').toSorted();
    assert.deepEqual(files, ['etc/group', 'etc/nsswitch.conf', 'etc/passwd', 'scopegate', 'usr/share/doc/scopegate/LICENSE', 'usr/share/doc/scopegate/sbom.cdx.json']);
  });

  test('is small, and needs no library', async () => {
    const [{ Size: size }] = JSON.parse(await podman('image', 'inspect', IMAGE));
    assert.ok(size < MAX_BYTES, `${size}`);
    assert.doesNotMatch(await run('readelf', ['--program-headers', '--wide', `${root}/scopegate`]), /INTERP/);
  });

  test('names its parts in a bill of materials', async () => {
    const bill = JSON.parse(await readFile(`${root}/usr/share/doc/scopegate/sbom.cdx.json`, 'utf8'));
    assert.deepEqual([bill.bomFormat, bill.specVersion, bill.metadata.component.name], ['CycloneDX', '1.5', 'scopegate']);
    const locked = new Set([...(await readFile(`${ROOT}Cargo.lock`, 'utf8')).matchAll(/name = "(.*)"\nversion = "(.*)"/g)].map(([, name, version]) => `${name} ${version}`));
    const parts = bill.components.map(({ name, version }) => `${name} ${version}`);
    for (const part of parts) assert.ok(locked.has(part), part);
    const names = bill.components.map(({ name }) => name);
    for (const name of ['actix-web', 'aws-lc-rs', 'tonic', 'rustls']) assert.ok(names.includes(name), name);
    assert.ok(!names.includes('proptest'));
    for (const { purl, licenses } of bill.components) assert.ok(purl.startsWith('pkg:cargo/') && licenses.length > 0);
  });

  test('runs as an unprivileged user, and prints its version', async () => {
    const [{ Config: config }] = JSON.parse(await podman('image', 'inspect', IMAGE));
    assert.deepEqual([config.User, config.Entrypoint, config.Cmd], ['65532:65532', ['/scopegate'], ['serve']]);
    assert.equal(config.Labels['org.opencontainers.image.revision'], '0123456789abcdef');
    assert.equal(await podman('run', '--rm', ...HARDENED, IMAGE, '--version'), VERSION);
  });
});

test('without a configuration it does not start', async () => {
  const { code, stderr } = await podmanOutcome('run', '--rm', ...HARDENED, IMAGE);
  assert.equal(code, 2);
  assert.match(stderr, /\/etc\/scopegate\/scopegate\.yaml/);
});

test('it checks a configuration', async () => {
  const folder = await configured(policy({ http: 1, grpc: 2, admin: 3 }));
  assert.match(await podman('run', '--rm', ...HARDENED, '--volume', `${folder}:/etc/scopegate:ro`, IMAGE, 'check'), /tools\/list +mcp:connect \+ mcp:tools:read/);
  await rm(folder, { recursive: true });
});

test('it decides and drains, and may do nothing else', async () => {
  const ports = await addresses();
  const container = await startContainer({ ports, text: policy(ports) });
  try {
    assert.equal(await decision(ports.http), 401);
    assert.equal(await decision(ports.http, await mint(container.folder, 'mcp:connect')), 403);
    assert.equal(await decision(ports.http, await mint(container.folder, 'mcp:connect mcp:tools:read')), 200);
    assert.match((await page(ports.admin, '/metrics')).text, /scopegate_build_info\{commit="0123456789abcdef",version="0\.1\.0-test"\} 1/);

    const [{ State: { Pid: pid } }] = JSON.parse(await podman('inspect', container.id));
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    for (const line of [/^Uid:\t65532\t65532/m, /^CapEff:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m]) assert.match(status, line);

    // The limit on open files is 1024 here, too low for the default of `server.max_in_flight`.
    assert.match((await page(ports.admin, '/readyz')).text, /a limit of 1024, expected 10256 or more/);

    await podman('kill', '--signal', 'TERM', container.id);
    await until(async () => (await page(ports.admin, '/readyz'))?.status === 503);
    assert.equal(await decision(ports.http), 401);
    assert.equal((await podman('wait', container.id)).trim(), '0');
  } finally {
    await container.stop();
  }
});

describe('names', () => {
  let keys;
  let names;
  const asked = new Set();

  before(async () => {
    const { publicKey } = await generateKeyPair('ES256');
    const body = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'ES256' }] });
    keys = createServer((_, reply) => reply.setHeader('content-type', 'application/json').end(body));
    await new Promise((resolve) => { keys.listen(0, '127.0.0.1', resolve); });
    names = createSocket('udp4').on('message', (question, { port, address }) => names.send(answer(question, asked), port, address));
    await new Promise((resolve) => { names.bind(53, '127.9.9.53', resolve); });
  });

  after(() => {
    keys.close();
    names.close();
  });

  // scopegate refuses a name that resolves to loopback, unless the name itself says so. The cause of the refusal
  // contains the address.
  test('are found in /etc/hosts and by DNS', async () => {
    const ports = await addresses();
    const hosts = ['localhost', 'idp.hosts.test', 'idp.dns.test', 'idp.unknown.test'];
    const jwks = hosts.map((host) => ({ url: `http://${host}:${keys.address().port}/jwks.json` }));
    const container = await startContainer({
      ports,
      text: policy(ports, { jwks, server: { insecure_key_hosts: hosts } }),
      probe: '/livez',
      flags: ['--add-host', 'idp.hosts.test:127.0.0.1', '--dns', '127.9.9.53', '--dns-search', '.'],
    });
    try {
      const causes = async () => Object.fromEntries(JSON.parse((await page(ports.admin, '/readyz')).text).failing_sources.map(({ source, cause }) => [source.split(':')[0], cause]));
      await until(async () => /scopegate_jwks_keys\{resource="mcp",source="localhost[^"]*"\} 1/.test((await page(ports.admin, '/metrics')).text));
      await until(async () => Object.values(await causes()).every((cause) => cause.includes('`: ')));
      const found = await causes();
      assert.deepEqual(Object.keys(found).toSorted(), ['idp.dns.test', 'idp.hosts.test', 'idp.unknown.test']);
      for (const host of ['idp.hosts.test', 'idp.dns.test']) assert.match(found[host], /the host's address `127\.0\.0\.1` is refused/);
      assert.match(found['idp.unknown.test'], /the host's name cannot be resolved/);
      assert.ok(asked.has('idp.dns.test') && !asked.has('idp.hosts.test'));
    } finally {
      await container.stop();
    }
  });
});

/** The answer of a name server that knows one name. */
function answer(question, asked) {
  const labels = [];
  let at = 12;
  for (; question[at] !== 0; at += question[at] + 1) labels.push(question.toString('latin1', at + 1, at + 1 + question[at]));
  const name = labels.join('.').toLowerCase();
  asked.add(name);
  const isAddress = question.readUInt16BE(at + 1) === 1;
  const isKnown = name === 'idp.dns.test';
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(isKnown && isAddress ? 1 : 0, 6);
  head.fill(0, 8, 12);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([head, question.subarray(12, at + 5), ...(isKnown && isAddress ? [record] : [])]);
}
