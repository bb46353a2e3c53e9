// How a gateway behaves while scopegate is down or restarts, and with streams that outlive their token.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { CADDY } from '../caddy.mjs';
import { CONNECT, LIST_TOOLS, READ, openSession } from '../gateway.mjs';
import { Late } from '../late.mjs';

const LOADERS = 4;
const DRAIN = '1s';
const TICKS = 6;
const TICK_MS = 10_000;
const UNBUFFERED_MS = 1_000;
/** With the leeway of 30 s the token expires before the stream ends. */
const TOKEN_TTL_S = 10;

export const TRAFFIC = {
  'scopegate down': down,
  'scopegate restarts': restarts,
  'a minute of SSE': minuteOfEvents,
  'token expires in the stream': tokenExpires,
};

async function down({ gateway }) {
  const token = await gateway.token(CONNECT, READ);
  await gateway.cutOff();
  for (const presented of [token, undefined]) {
    const reply = await gateway.refused(() => gateway.call(presented, LIST_TOOLS));
    assert.equal(reply.status, 503);
    assert.deepEqual(reply.challenges, []);
    assert.ok(Number(reply.headers['retry-after']) > 0);
  }
  await gateway.reconnect();
  assert.equal((await gateway.call(token, LIST_TOOLS)).status, 200);
  return '503';
}

/** Two replicas restart in turn under load. Every answer must be right, and none may be missing. */
async function restarts({ form, start }) {
  const gateway = await start({ replicas: 2, server: { drain: DRAIN } });
  const turns = [[undefined, 401], [await gateway.token(CONNECT), 403], [await gateway.token(CONNECT, READ), 200]];
  const load = { isOn: true, right: 0, wrong: [] };
  const loaders = Array.from({ length: LOADERS }, () => loadWith(gateway, turns, load));
  let slow = '';
  try {
    for (const replica of [0, 1]) {
      const before = load.right;
      await gateway.restart(replica);
      if (load.right - before <= 20) slow = `${load.right - before} requests while replica ${replica} restarted`;
    }
  } finally {
    load.isOn = false;
    await Promise.all(loaders);
    assert.deepEqual(load.wrong.filter((answer) => !isLost(answer)), [], 'wrong answers');
  }
  // A replica answers 503 until it has keys. The gateways then ask another replica, except Caddy, which cannot.
  const lost = load.wrong.filter(({ status }) => form !== CADDY || status !== 503);
  // On a busy machine an answer can also be late, and counts as lost. tests/real/rolling.test.mjs tolerates none.
  if (slow || lost.length > 0) throw new Late(`${slow} lost: ${JSON.stringify(lost)}\n${gateway.undecided()}`);
  return form === CADDY ? 'no wrong answer' : 'no loss';
}

/** A request without a decision. Any other unexpected answer is a wrong decision. */
function isLost({ status }) {
  return status === 503 || !Number.isInteger(status);
}

async function loadWith(gateway, turns, load) {
  for (let i = 0; load.isOn; i += 1) {
    const [token, status] = turns[i % turns.length];
    const answer = await gateway.call(token, LIST_TOOLS).catch((error) => ({ status: error.code }));
    if (answer.status === status) load.right += 1;
    else load.wrong.push({ status: answer.status, wanted: status });
    await pause(5);
  }
}

async function minuteOfEvents({ stream }) {
  await stream;
  return '60 s';
}

async function tokenExpires({ gateway, stream }) {
  const { token } = await stream;
  const reply = await gateway.refused(() => gateway.send({ token, headers: { accept: 'text/event-stream' } }));
  assert.equal(reply.status, 401);
  assert.match(reply.challenges[0], /expired/);
  return 'lives on, then 401';
}

/** Opens a stream with a token that expires while the stream is open. */
export async function openStream(gateway) {
  const token = await gateway.idp.token({ scope: CONNECT, ttl: TOKEN_TTL_S });
  const session = await openSession(`http://127.0.0.1:${gateway.mcp.port}/mcp`);
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'mcp-session-id': session };
  const response = await fetch(gateway.resource, { headers, signal: abort.signal });
  assert.equal(response.status, 200);
  return { token, events: response.body.pipeThrough(new TextDecoderStream()).getReader(), abort };
}

/** The server sends an event every ten seconds for a minute. Each must arrive at once. */
export async function watchForAMinute(gateway, { token, events, abort }) {
  try {
    for (let tick = 1; tick <= TICKS; tick += 1) {
      await pause(TICK_MS);
      await gateway.mcp.notify(`tick ${tick}`);
      await within(UNBUFFERED_MS, arrivalOf(events, `"data":"tick ${tick}"`));
    }
  } finally {
    abort.abort();
  }
  return { token };
}

/** Reads until `text` arrives. The server's keep-alive comments come between. */
async function arrivalOf(events, text) {
  for (let seen = ''; !seen.includes(text);) {
    const { value, done } = await events.read();
    assert.equal(done, false);
    seen += value;
  }
}

/** The result of `promise`, or an error if it takes too long. */
async function within(milliseconds, promise) {
  const late = pause(milliseconds, undefined, { ref: false }).then(() => { throw new Late(`nothing within ${milliseconds} ms`); });
  return Promise.race([promise, late]);
}
