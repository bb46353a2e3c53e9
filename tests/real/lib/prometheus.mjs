// A real Prometheus with the files of deploy/prometheus, and promtool.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freePort } from './port.mjs';
import { render, startDaemon } from './shipped.mjs';

const run = promisify(execFile);
const SCRAPE_SECONDS = 1;

/** Runs `promtool`. If it finds a mistake, the promise fails with its output. */
export async function promtool(args, input) {
  const running = run('promtool', args, { timeout: 60_000 });
  if (input !== undefined) running.child.stdin.end(input);
  return running.catch((error) => {
    throw new Error(`promtool ${args.join(' ')}\n${error.stdout}${error.stderr}`);
  });
}

/**
 * Starts Prometheus with the shipped configuration and rules. It scrapes `target` (`host:port`) and evaluates the rules
 * each second.
 */
export async function startPrometheus({ target }) {
  const port = await freePort();
  const config = await render('prometheus/prometheus.yaml', [
    ["'127.0.0.1:9464'", `'${target}'`],
    ['scrape_interval: 15s', `scrape_interval: ${SCRAPE_SECONDS}s`],
    ['evaluation_interval: 15s', `evaluation_interval: ${SCRAPE_SECONDS}s`],
  ]);
  const daemon = await startDaemon({
    program: 'prometheus',
    args: ['--config.file=prometheus.yaml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    files: { 'prometheus.yaml': config, 'rules.yaml': await render('prometheus/rules.yaml', [['interval: 30s', `interval: ${SCRAPE_SECONDS}s`]]) },
    port,
  });
  return new Prometheus(port, daemon);
}

class Prometheus {
  #url;
  #daemon;

  constructor(port, daemon) {
    this.#url = `http://127.0.0.1:${port}`;
    this.#daemon = daemon;
  }

  /** The samples of a query at this moment: `[{ metric, value }]`. */
  async query(query) {
    const { result } = await this.#get('query', { query });
    return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** The series of a query from `start` to `end`, in seconds since 1970: `[{ metric, values: [[time, value]] }]`. */
  async range(query, { start, end, step }) {
    const { result } = await this.#get('query_range', { query, start, end, step });
    return result.map(({ metric, values }) => ({ metric, values: values.map(([time, value]) => [time, Number(value)]) }));
  }

  /** The scraped targets. */
  async targets() {
    return (await this.#get('targets', { state: 'active' })).activeTargets;
  }

  /** Every rule, with its health and its last error. */
  async rules() {
    return (await this.#get('rules', {})).groups.flatMap((group) => group.rules);
  }

  stop() {
    return this.#daemon.stop();
  }

  async #get(what, parameters) {
    const response = await fetch(`${this.#url}/api/v1/${what}?${new URLSearchParams(parameters)}`);
    const { data, error } = await response.json();
    if (!response.ok) throw new Error(`${error}: ${parameters.query}`);
    return data;
  }
}
