// The output of kustomize and Helm for deploy/ matches the golden files and Kubernetes' definitions, and passes
// linters. `UPDATE_GOLDEN=1 node --test rendered.test.mjs` in this folder rewrites the golden and the derived files.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { definitionOf, validatorOf } from '../real/lib/definitions.mjs';
import { DEPLOY, ROOT, SCOPEGATE, installed, outcome, run } from './lib/command.mjs';
import { derivedFiles } from './lib/derived.mjs';
import { NAMES, documents, render, template } from './lib/rendered.mjs';

const GOLDEN = new URL('golden/', import.meta.url);
const UPDATE = Boolean(process.env.UPDATE_GOLDEN);
const SUPPORTED = ['1.35', '1.36', '1.37'];
const IN_FLIGHT_SECONDS = 10;
const seconds = (text) => Number(/^(\d+)s$/.exec(text)[1]);
const podOf = (all, name) => all.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name).spec.template.spec;
const isOwn = ({ apiVersion }) => !apiVersion.startsWith('monitoring.coreos.com/');

for (const [file, expected] of await derivedFiles()) {
  test(`deploy/${file} is what it is made of`, async () => {
    if (UPDATE) await writeFile(join(DEPLOY, file), expected);
    assert.equal(await readFile(join(DEPLOY, file), 'utf8'), expected);
  });
}

test('there is a golden file of each rendering, and no other', async () => {
  assert.deepEqual((await readdir(GOLDEN)).toSorted(), NAMES.map((name) => `${name}.yaml`).toSorted());
});

for (const name of NAMES) describe(name, () => {
  let folder;
  let all;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-rendered-'));
    all = await documents(name);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  test('is as it was', async () => {
    const file = new URL(`${name}.yaml`, GOLDEN);
    const rendered = await render(name);
    if (UPDATE) await writeFile(file, rendered);
    assert.equal(rendered, await readFile(file, 'utf8'));
  });

  test('fits the definitions of the Prometheus operator', () => {
    for (const document of all.filter((one) => !isOwn(one))) {
      const fits = validatorOf(document);
      assert.ok(fits(document), JSON.stringify(fits.errors, null, 2));
    }
  });

  test('has images with a version, and files that can change', () => {
    for (const { spec } of all.filter(({ kind }) => kind === 'Deployment')) {
      for (const { image, volumeMounts } of spec.template.spec.containers) {
        assert.match(image, /^[^:@]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/);
        assert.doesNotMatch(image, /:latest$/);
        for (const mount of volumeMounts) assert.equal(mount.subPath, undefined);
      }
    }
  });

  test('gives scopegate the time to stop', () => {
    const { containers, terminationGracePeriodSeconds } = podOf(all, 'scopegate');
    const map = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'scopegate');
    const drain = map ? seconds(/drain: '?(\w+)'?/.exec(map.data['scopegate.yaml'])[1]) : 5;
    const before = containers.find((one) => one.name === 'scopegate').lifecycle?.preStop.sleep.seconds ?? 0;
    assert.ok(before + drain + IN_FLIGHT_SECONDS < terminationGracePeriodSeconds);
  });

  test('every selector selects, and every named port is there', () => {
    const pods = all.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec.template);
    for (const { kind, metadata, spec } of all) {
      const selector = { Service: spec?.selector, PodDisruptionBudget: spec?.selector?.matchLabels, Deployment: spec?.selector?.matchLabels, NetworkPolicy: spec?.podSelector?.matchLabels, PodMonitor: spec?.selector?.matchLabels }[kind];
      if (!selector) continue;
      const selected = pods.filter((pod) => Object.entries(selector).every(([label, value]) => pod.metadata.labels[label] === value));
      assert.equal(selected.length, 1, `${kind} ${metadata.name}`);
      const ports = selected[0].spec.containers.flatMap((one) => one.ports.map((port) => port.name));
      const named = [...(kind === 'Service' ? spec.ports.map((port) => port.targetPort) : []), ...(spec.podMetricsEndpoints ?? []).map(({ port }) => port), ...(spec.ingress ?? []).flatMap((rule) => rule.ports.map(({ port }) => port))];
      for (const port of named) assert.ok(ports.includes(port), `${kind} ${metadata.name}: ${port}`);
    }
  });

  test('its configuration is one that scopegate takes', async () => {
    for (const { data } of all.filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'scopegate')) {
      await writeFile(join(folder, 'lab'), 'a-secret-of-more-than-thirty-two-bytes');
      await writeFile(join(folder, 'scopegate.yaml'), data['scopegate.yaml'].replace('/etc/scopegate-secrets/', `${folder}/`));
      const table = await run(SCOPEGATE, ['check', '--config', join(folder, 'scopegate.yaml')]);
      assert.match(table, /tools\/call +mcp:connect \+ mcp:tools:execute/);
    }
  });
});

describe('all renderings', () => {
  let folder;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-renderings-'));
    for (const name of NAMES) {
      await writeFile(join(folder, `${name}.yaml`), (await documents(name)).filter(isOwn).map((document) => stringify(document)).join('---\n'));
    }
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const version of SUPPORTED) {
    test(`fit the definitions of Kubernetes ${version}`, async () => {
      const files = NAMES.map((name) => join(folder, `${name}.yaml`));
      await run(installed('kubernetes-validate/bin/kubernetes-validate'), ['--strict', '--quiet', '--no-warn', '-k', version, ...files]);
    });
  }

  test('a field that Kubernetes does not know would be found', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(file, (await readFile(join(folder, 'kustomize-base.yaml'), 'utf8')).replace('maxSurge:', 'maxSurges:'));
    const { code } = await outcome(installed('kubernetes-validate/bin/kubernetes-validate'), ['--strict', '--quiet', '-k', SUPPORTED[0], file]);
    assert.notEqual(code, 0);
    await rm(file);
  });

  test('nothing is found by checkov', async () => {
    const report = JSON.parse(await run(installed('checkov/bin/checkov'), ['--directory', folder, '--framework', 'kubernetes', '--output', 'json', '--config-file', `${ROOT}tests/deploy/checkov.yaml`]));
    assert.ok(report.summary.passed > 500, JSON.stringify(report.summary));
    assert.equal(report.summary.failed + report.summary.parsing_errors, 0);
  });
});

test('the rules are found by the PrometheusRule of both', async () => {
  const { groups } = definitionOf({ apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' }).schema.properties.spec.properties;
  assert.ok(groups);
  for (const name of ['kustomize-envoy', 'helm-everything']) {
    const { spec } = (await documents(name)).find(({ kind }) => kind === 'PrometheusRule');
    assert.ok(spec.groups.flatMap((group) => group.rules).length > 15, name);
  }
});

describe('gateways', () => {
  let folder;

  before(async () => { folder = await mkdtemp(join(tmpdir(), 'scopegate-gateways-')); });
  after(() => rm(folder, { recursive: true, force: true }));

  const data = async (name, map) => (await documents(name)).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === map).data;

  test('nginx takes its configuration', async () => {
    const files = await data('kustomize-nginx-sidecar', 'nginx');
    const modules = ['ndk_http', 'ngx_http_lua'].map((module) => `load_module /usr/lib/nginx/modules/${module}_module.so;`).join('\n');
    // nginx looks up the names of the cluster when it starts.
    const here = (text) => text.replaceAll(/\/(etc\/scopegate-nginx|tmp)\//g, `${folder}/`).replaceAll('mcp-server.mcp', '127.0.0.1');
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), here(text));
    await writeFile(join(folder, 'nginx.conf'), `${modules}\n${here(files['nginx.conf'])}`);
    const { code, stderr } = await outcome('/usr/sbin/nginx', ['-t', '-c', join(folder, 'nginx.conf'), '-e', 'stderr']);
    assert.equal(code, 0, stderr);
  });

  test('Envoy takes its configuration', async () => {
    const { 'envoy.yaml': text } = await data('kustomize-envoy', 'envoy');
    await writeFile(join(folder, 'envoy.yaml'), text);
    await run(installed('envoy/envoy'), ['--mode', 'validate', '--config-path', join(folder, 'envoy.yaml')]);
  });
});

describe('the chart', () => {
  test('is clean', () => run(installed('go/helm'), ['lint', '--strict', join(DEPLOY, 'helm/scopegate')]));

  test('has no NetworkPolicy where it is switched off', async () => {
    assert.doesNotMatch(await template(['networkPolicy.enabled=false']), /kind: NetworkPolicy/);
  });

  test('makes of a map whatever scopegate has keys for', async () => {
    const text = await template(['config.resources[0].id=acme', 'config.server.log.level=debug', 'config.mcp.oauth.scopes.tools.delete_*={a}']);
    for (const part of ['- id: acme', 'level: debug', 'delete_*:']) assert.ok(text.includes(part), part);
  });

  for (const [value, found] of [
    ['image.tag=latest', '/image/tag'],
    ['image.digest=sha256:12', '/image/digest'],
    ['replicas=0', '/replicas'],
    ['replica=3', 'replica'],
    ['autoscaling.enabled=maybe', '/autoscaling/enabled'],
    ['config.server.listen_addr=localhost:5025', '/config/server/listen_addr'],
    ['terminationGracePeriodSeconds=5', '/terminationGracePeriodSeconds'],
    ['networkPolicy.gateways=null', '/networkPolicy'],
    ['networkPolicy.gateways[0].pods=x', '/networkPolicy/gateways/0'],
    ['podMonitor.interval=often', '/podMonitor/interval'],
    ['disruptionBudget.maxUnavailable=0', '/disruptionBudget/maxUnavailable'],
  ]) {
    test(`refuses ${value}`, async () => {
      await assert.rejects(template([value]), (error) => error.message.includes(found) || assert.fail(error.message));
    });
  }
});
