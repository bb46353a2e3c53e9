// The rendered Deployment and ConfigMap, run by podman unchanged, except for the image's name and loopback addresses.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { podman, podmanOutcome } from './lib/command.mjs';
import { IMAGE, SECRET, addresses, configured, decision, mint, page, policy, until } from './lib/image.mjs';
import { documents } from './lib/rendered.mjs';

for (const name of ['kustomize-base', 'helm-default']) describe(name, () => {
  let folder;
  let ports;
  let keys;
  let map;
  let mountsSecret;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-play-'));
    ports = await addresses();
    keys = await configured(policy(ports));
    const all = await documents(name);
    mountsSecret = name === 'kustomize-base';
    map = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'scopegate');
    // podman 4.3 cannot mount a Secret, so a ConfigMap replaces it.
    const secret = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'scopegate-secrets' }, data: { lab: SECRET } };
    const deployment = all.find(({ kind }) => kind === 'Deployment');
    await writeFile(join(folder, 'pod.yaml'), [secret, here(map, ports, { mountsSecret }), hosted(deployment)].map((one) => stringify(one)).join('---\n'));
    await podman('play', 'kube', '--network', 'host', join(folder, 'pod.yaml'));
    await until(() => page(ports.admin, '/livez').then((reply) => reply?.status === 200)).catch(async (error) => {
      const { stdout, stderr } = await podmanOutcome('logs', '--tail', '20', 'scopegate-pod-0-scopegate');
      throw new Error(`${error.message}\n${stdout}${stderr}`);
    });
  });

  after(async () => {
    await podmanOutcome('play', 'kube', '--down', join(folder, 'pod.yaml'));
    await podmanOutcome('volume', 'rm', '--force', 'scopegate', 'scopegate-secrets');
    for (const one of [folder, keys]) await rm(one, { recursive: true, force: true });
  });

  test('decides', async () => {
    assert.equal(await decision(ports.http), 401);
    const token = await mint(keys, 'mcp:connect mcp:tools:read');
    assert.equal(await decision(ports.http, token), 200);
    assert.equal(await decision(ports.http, await mint(keys, 'mcp:connect')), 403);
  });

  test('is confined as its security context says', async () => {
    const { stdout } = await podmanOutcome('ps', '--format', '{{.ID}} {{.Image}}', '--filter', `ancestor=${IMAGE}`);
    const [{ State: { Pid: pid }, HostConfig: { ReadonlyRootfs: isReadOnly } }] = JSON.parse(await podman('inspect', stdout.split(' ')[0]));
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    for (const line of [/^Uid:\t65532\t65532/m, /^CapEff:\t0+$/m, /^NoNewPrivs:\t1$/m]) assert.match(status, line);
    assert.equal(isReadOnly, true);
  });

  test('takes a change of the ConfigMap while it runs', async () => {
    const volume = (await podman('volume', 'inspect', '--format', '{{.Mountpoint}}', 'scopegate')).trim();
    await writeFile(join(volume, 'scopegate.yaml'), here(map, ports, { mountsSecret, scope: 'mcp:tools:other' }).data['scopegate.yaml']);
    const token = await mint(keys, 'mcp:connect mcp:tools:read');
    await until(async () => (await decision(ports.http, token)) === 403);
    assert.equal(await decision(ports.http, await mint(keys, 'mcp:connect mcp:tools:other')), 200);
  });
});

/**
 * The ConfigMap with loopback addresses. No provider can be reached, so a secret replaces its keys: in a mounted file,
 * or in the text.
 */
function here(map, ports, { mountsSecret, scope = 'mcp:tools:read' }) {
  const rendered = parse(map.data['scopegate.yaml']);
  const { server, mcp } = JSON.parse(policy(ports, { scope }));
  const { secret, ...source } = mcp.oauth.jwks[0];
  const jwks = [mountsSecret ? { ...source, secret_file: '/etc/scopegate-secrets/lab' } : { ...source, secret }];
  const config = {
    server: { ...rendered.server, listen_addr: server.listen_addr, grpc_listen_addr: server.grpc_listen_addr, admin_listen_addr: server.admin_listen_addr },
    mcp: { ...rendered.mcp, oauth: { ...rendered.mcp.oauth, scopes: { ...rendered.mcp.oauth.scopes, tools_list: [scope] }, jwks } },
  };
  return { ...map, data: { 'scopegate.yaml': stringify(config) } };
}

/** The Deployment with the image built here, without probes: podman 4.3 runs them only through systemd. */
function hosted(deployment) {
  const pod = structuredClone(deployment.spec.template);
  const [container] = pod.spec.containers;
  Object.assign(container, { image: IMAGE, imagePullPolicy: 'Never' });
  pod.spec.hostNetwork = true;
  for (const volume of pod.spec.volumes.filter((one) => one.secret)) {
    delete volume.secret;
    volume.configMap = { name: 'scopegate-secrets' };
  }
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) delete container[probe];
  delete container.ports; // the containers use the host's network
  return { ...deployment, spec: { ...deployment.spec, template: pod } };
}
