// deploy/prometheus and deploy/grafana, with the real Prometheus and the real scopegate: the rules are valid and fire
// when they should, and every query of the dashboard returns data.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { drawing } from './lib/drawing.mjs';
import { startIdp } from './lib/idp.mjs';
import { promtool, startPrometheus } from './lib/prometheus.mjs';
import { resource, startScopegate, waitFor } from './lib/scopegate.mjs';
import { shipped } from './lib/shipped.mjs';

const DOCS = new URL('../../docs/', import.meta.url);
const TRAFFIC_MS = process.env.UPDATE_DOCS ? 90_000 : 12_000;

const rules = parse(await readFile(shipped('prometheus/rules.yaml'), 'utf8')).groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert);
const dashboard = JSON.parse(await readFile(shipped('grafana/scopegate.json'), 'utf8'));
const panels = dashboard.panels.filter((panel) => panel.type !== 'row');

describe('the rules', () => {
  test('are sound', () => promtool(['check', 'rules', shipped('prometheus/rules.yaml')]));

  test('fire when they should, and only then', () => promtool(['test', 'rules', shipped('prometheus/rules.test.yaml')]));

  test('each alert is tried: once firing, once not', async () => {
    const { tests } = parse(await readFile(shipped('prometheus/rules.test.yaml'), 'utf8'));
    const cases = tests.flatMap((one) => one.alert_rule_test ?? []);
    for (const { alert } of alerts) {
      const ofIt = cases.filter((one) => one.alertname === alert);
      assert.ok(ofIt.some((one) => one.exp_alerts.length > 0), `${alert} is not shown to fire`);
      assert.ok(ofIt.some((one) => one.exp_alerts.length === 0), `${alert} is not shown to be silent`);
    }
  });

  test('each alert has its entry in the runbook, and each entry its alert', async () => {
    const page = await readFile(new URL('operations.md', DOCS), 'utf8');
    const entries = [...page.matchAll(/^#### (Scopegate\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(entries.toSorted(), alerts.map(({ alert }) => alert).toSorted());
    for (const { alert, annotations } of alerts) assert.equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`);
  });
});

describe('a scraped scopegate', () => {
  let idp;
  let gate;
  let prometheus;
  let began;

  before(async () => {
    idp = await startIdp({ resource: ['https://mcp.example.com/mcp', 'https://mcp.example.com/other'] });
    const of = (id) => resource({ id, authorizationServers: [idp.issuer], jwks: [{ url: idp.jwksUrl, refresh_interval: '5s', max_stale: '1m', refresh_unknown_kid: { interval: '1s' } }] });
    gate = await startScopegate({ until: 'ready', resources: [of('mcp'), of('other')] });
    const { host, port } = gate.addresses.admin;
    prometheus = await startPrometheus({ target: `${host}:${port}` });
    began = Date.now();
    await drive(gate, idp);
  });

  after(async () => {
    await prometheus?.stop();
    await gate?.stop();
    await idp?.stop();
  });

  test('its page is what promtool wants it to be', async () => {
    const { body } = await gate.admin('/metrics');
    await promtool(['check', 'metrics'], body);
  });

  test('is up, under the labels of the configuration', async () => {
    const [target] = await prometheus.targets();
    assert.equal(target.health, 'up', target.lastError);
    assert.deepEqual((await prometheus.query('up')).map(({ metric, value }) => [metric.namespace, metric.pod, value]), [['default', 'scopegate-0', 1]]);
  });

  test('every rule is evaluated without an error, and every record has a value', async () => {
    const healths = (await prometheus.rules()).map(({ name, health, lastError }) => [name, health, lastError]);
    assert.deepEqual(healths.filter(([, health]) => health !== 'ok'), []);
    assert.equal(healths.length, rules.length);
    for (const { record } of rules.filter((rule) => rule.record)) {
      const samples = await prometheus.query(record);
      assert.ok(samples.some(({ value }) => Number.isFinite(value)), record);
    }
  });

  for (const panel of panels) {
    test(`dashboard: ${panel.title}`, async () => {
      for (const { expr } of panel.targets) {
        const samples = await prometheus.query(filledIn(expr));
        assert.ok(samples.some(({ value }) => Number.isFinite(value)), `no data: ${expr}`);
      }
    });
  }

  test('dashboard: the variables and the annotation', async () => {
    for (const { query: { query } = {} } of dashboard.templating.list.filter((variable) => variable.type === 'query')) {
      const [, metric, label] = query.match(/^label_values\((.*), (\w+)\)$/);
      const values = (await prometheus.query(filledIn(metric))).map((sample) => sample.metric[label]);
      assert.ok(values.every(Boolean) && values.length > 0, query);
    }
    const sinceTheStart = { start: began / 1000, end: Date.now() / 1000, step: 1 };
    for (const { expr } of dashboard.annotations.list) assert.ok((await prometheus.range(filledIn(expr), sinceTheStart)).length > 0, expr);
  });

  test('dashboard: panels do not overlap', () => {
    const taken = new Map();
    for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
      assert.ok(x + w <= 24, title);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          assert.equal(taken.get(`${column}/${line}`), undefined, `${title} over another panel`);
          taken.set(`${column}/${line}`, title);
        }
      }
    }
  });

  if (process.env.UPDATE_DOCS) test('a picture of the queries', async () => {
    const [start, end] = [began / 1000 + 5, Date.now() / 1000];
    const charts = [];
    for (const panel of panels.filter(({ type }) => type === 'timeseries')) {
      const series = [];
      for (const { expr, legendFormat } of panel.targets) {
        for (const { metric, values } of await prometheus.range(filledIn(expr), { start, end, step: 1 })) {
          series.push({ name: legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? ''), values });
        }
      }
      charts.push({ title: panel.title, unit: panel.fieldConfig.defaults.unit, grid: panel.gridPos, series });
    }
    await writeFile(new URL('images/dashboard.svg', DOCS), drawing(charts, { start, end }));
  });
});

/** A query with the dashboard's variables replaced, as in Grafana. */
function filledIn(expr) {
  return expr.replaceAll('$namespace', '.*').replaceAll('$resource', '.*').replaceAll('$__rate_interval', '8s');
}

/**
 * Produces some of each: permits, several kinds of denials, an invented key, a reload, and a provider that stops and
 * restarts.
 */
async function drive(gate, idp) {
  const token = await idp.token({ resource: 'https://mcp.example.com/mcp' });
  const other = await idp.token({ resource: 'https://mcp.example.com/other' });
  const narrow = await idp.token({ resource: 'https://mcp.example.com/mcp', scope: 'mcp:connect' });
  const invented = await idp.sign({ header: { kid: 'invented' } });
  const until = Date.now() + TRAFFIC_MS;
  const outage = [Date.now() + TRAFFIC_MS / 2, Date.now() + TRAFFIC_MS * 0.8];
  let isAway = false;
  for (let round = 0; Date.now() < until; round += 1) {
    await Promise.all(Array.from({ length: 20 }, () => gate.ask({ token })));
    await Promise.all([gate.ask({ token: other, resource: 'other' }), gate.ask({ token: narrow }), gate.ask({})]);
    if (round % 400 === 50) gate.reload();
    if (round % 5 === 0) await gate.ask({ token: invented });
    if (!isAway && Date.now() > outage[0] && Date.now() < outage[1]) {
      isAway = true;
      await idp.stop();
    }
    if (isAway && Date.now() > outage[1]) {
      isAway = false;
      await idp.restart();
    }
    await delay(20 + 15 * Math.sin(round / 40));
  }
  await waitFor(async () => (await gate.metrics()).sum('scopegate_decisions_total', { reason: 'keys-unavailable' }) > 0, { what: 'an undecided request' });
}
