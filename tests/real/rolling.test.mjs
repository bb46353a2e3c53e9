// A rolling update without a cluster: three replicas behind nginx and Envoy are replaced in turn under load, while the
// provider rotates its keys and restarts. No request may be lost, and no answer may be wrong.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ENVOY_GRPC, ENVOY_HTTP } from './lib/envoy.mjs';
import { CONNECT, LIST_TOOLS, READ, callTool, startGateway } from './lib/gateway.mjs';
import { LUA } from './lib/nginx.mjs';
import { waitFor } from './lib/scopegate.mjs';
import { uncommented } from './lib/shipped.mjs';

const FORMS = [LUA, ENVOY_GRPC, ENVOY_HTTP];
const REPLICAS = 3;
/** How often each replica is replaced. */
const ROUNDS = Number(process.env.DRILL_ROUNDS ?? 1);
const LOADERS = 6;
const DRAIN = '2s';
/** How long the provider is down while a replica starts. The replica has no keys before the provider is back. */
const OUTAGE_MS = 500;

/** Adds Envoy's access log to failures. */
const EDITS = { [ENVOY_GRPC]: (text) => uncommented(text, 'access log') };

describe('a rolling update under load', { concurrency: 1 }, () => {
  for (const form of FORMS) {
    test(`behind ${form}: nothing is lost, no answer is wrong`, async (t) => {
      // The first request with a new key waits for the fetch, also on a busy machine.
      const refresh_unknown_kid = { max_wait: '1s', interval: '1s', burst: 20 };
      const gateway = await startGateway({ form, replicas: REPLICAS, server: { drain: DRAIN }, source: { refresh_unknown_kid }, edit: EDITS[form] });
      const drill = new Drill(gateway);
      try {
        await drill.run();
      } finally {
        await gateway.stop();
      }
      const undecided = (await gateway.front.errors()).split('\n').filter((line) => line.includes('"status":503'));
      const { answered, replaced, rotations, outages, wrong } = drill;
      t.diagnostic(`${form}: ${answered} requests, ${replaced} replicas replaced, ${rotations} rotations, ${outages} restarts of the provider, ${wrong.length} lost or wrong`);
      assert.equal(wrong.length, 0, [JSON.stringify(wrong.slice(0, 10)), gateway.undecided(), ...undecided].join('\n'));
      assert.ok(answered > 20 * replaced, `${answered} requests`);
    });
  }
});

class Drill {
  answered = 0;
  replaced = 0;
  rotations = 0;
  outages = 0;
  wrong = [];
  #gateway;
  #tokens;
  #underWay = new Set();
  #isOn = true;

  constructor(gateway) {
    this.#gateway = gateway;
  }

  async run() {
    await this.#rotate();
    const loaders = Array.from({ length: LOADERS }, (_, i) => this.#load(i));
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        for (let replica = 0; replica < REPLICAS; replica += 1) await this.#replace(replica);
      }
    } finally {
      this.#isOn = false;
      await Promise.all(loaders);
    }
  }

  /**
   * The provider signs with another key before, during and after the replacement. It is down while the new process
   * starts.
   */
  async #replace(replica) {
    const { idp } = this.#gateway;
    await this.#rotate();
    let back;
    const restarted = this.#gateway.restart(replica, async () => {
      // If a replica has not seen a key before the provider stops, it cannot verify its tokens and must answer 503.
      await this.#gateway.acquaint(this.#tokens.good, { except: replica });
      await idp.stop();
      back = pause(OUTAGE_MS).then(() => idp.restart());
    });
    await this.#rotate();
    await restarted;
    await back;
    this.outages += 1;
    await this.#rotate();
    this.replaced += 1;
  }

  /**
   * Makes a new key and new tokens. The provider still publishes the previous key. Requests with an older one must have
   * been answered.
   */
  async #rotate() {
    const { idp } = this.#gateway;
    await waitFor(() => [...this.#underWay].every(({ tokens }) => tokens === this.#tokens), { every: 5, what: 'answers to older tokens' });
    await idp.rotate({ keepOld: true });
    this.rotations += 1;
    this.#tokens = {
      good: await this.#gateway.token(CONNECT, READ),
      narrow: await this.#gateway.token(CONNECT),
      foreign: await idp.token({ scope: CONNECT, resource: this.#gateway.otherResource }),
    };
  }

  /** The turns of the load: the request, its token and the expected status. */
  #turn(i, { good, narrow, foreign }) {
    const turns = [
      [good, LIST_TOOLS, 200],
      [undefined, LIST_TOOLS, 401],
      [narrow, LIST_TOOLS, 403],
      [good, callTool('admin-reset'), 403],
      [foreign, LIST_TOOLS, 401],
    ];
    return turns[i % turns.length];
  }

  async #load(first) {
    for (let i = first; this.#isOn; i += 1) {
      const underWay = { tokens: this.#tokens };
      this.#underWay.add(underWay);
      const [token, message, status] = this.#turn(i, underWay.tokens);
      const began = Date.now();
      const answer = await this.#gateway.call(token, message).catch((error) => ({ status: error.code }));
      this.#underWay.delete(underWay);
      this.answered += 1;
      if (answer.status !== status) this.wrong.push({ wanted: status, status: answer.status, challenge: answer.challenges?.[0], at: new Date(), ms: Date.now() - began });
      await pause(5);
    }
  }
}
