// Each shipped gateway with each behaviour. The results are the tables of docs/gateways.md: UPDATE_DOCS=1 writes them,
// otherwise they must match the page.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CADDY } from './lib/caddy.mjs';
import { ENVOY_GRPC, ENVOY_HTTP } from './lib/envoy.mjs';
import { startGateway } from './lib/gateway.mjs';
import { HAPROXY } from './lib/haproxy.mjs';
import { oncePatient } from './lib/late.mjs';
import { AUTH_REQUEST, LUA } from './lib/nginx.mjs';
import { BODIES } from './lib/behaviours/bodies.mjs';
import { TOKENS } from './lib/behaviours/tokens.mjs';
import { TRAFFIC, openStream, watchForAMinute } from './lib/behaviours/traffic.mjs';

const ROWS = {
  [AUTH_REQUEST]: 'nginx plain',
  [LUA]: 'nginx with body',
  [ENVOY_GRPC]: 'Envoy gRPC',
  [ENVOY_HTTP]: 'Envoy HTTP',
  [CADDY]: 'Caddy',
  [HAPROXY]: 'HAProxy',
};
const TABLES = [TOKENS, BODIES, TRAFFIC];
const PAGE = new URL('../../docs/gateways.md', import.meta.url);
const MARKS = ['<!-- matrix: written by tests/real/matrix.test.mjs -->\n', '<!-- end of matrix -->'];

/** The number of rows that run at once. Each waits a minute for its stream. */
const AT_ONCE = 3;

const cells = Object.fromEntries(Object.keys(ROWS).map((form) => [form, {}]));

describe('matrix', { concurrency: AT_ONCE }, () => {
  for (const [form, name] of Object.entries(ROWS)) {
    describe(name, { concurrency: 1 }, () => {
      const row = { form };
      const started = [];
      row.start = async (options) => {
        const gateway = await startGateway({ form, ...options });
        started.push(gateway);
        return gateway;
      };
      before(async () => {
        row.gateway = await row.start();
        row.stream = watchForAMinute(row.gateway, await openStream(row.gateway));
        row.stream.catch(() => {}); // the test that awaits it reports it
      });
      after(async () => {
        for (const gateway of started) await gateway.stop();
      });
      for (const [behaviour, check] of Object.entries(Object.assign({}, ...TABLES))) {
        test(behaviour, async (t) => {
          cells[form][behaviour] = 'failed';
          cells[form][behaviour] = await oncePatient(() => check(row), (text) => t.diagnostic(text)) ?? '–';
        });
      }
    });
  }
});

after(async () => {
  const page = await readFile(PAGE, 'utf8');
  const [head, rest] = page.split(MARKS[0]);
  const [table, tail] = rest.split(MARKS[1]);
  const tables = TABLES.map(toTable).join('\n');
  if (process.env.UPDATE_DOCS) await writeFile(PAGE, [head, MARKS[0], tables, MARKS[1], tail].join(''));
  else assert.equal(tables, table, 'docs/gateways.md does not say what was found; see UPDATE_DOCS');
});

function toTable(behaviours) {
  const names = Object.keys(behaviours);
  const line = (values) => `| ${values.join(' | ')} |\n`;
  const rows = Object.entries(ROWS).map(([form, name]) => line([name, ...names.map((behaviour) => cells[form][behaviour])]));
  return [line(['', ...names]), line(Array(names.length + 1).fill('---')), ...rows].join('');
}
