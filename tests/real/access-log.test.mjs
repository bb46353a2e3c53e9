// Envoy's access log for decisions over gRPC, written by the shipped configuration.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ENVOY_GRPC } from './lib/envoy.mjs';
import { CONNECT, EXECUTE, LIST_TOOLS, READ, callTool, startGateway } from './lib/gateway.mjs';
import { waitFor } from './lib/scopegate.mjs';
import { uncommented } from './lib/shipped.mjs';

describe('the access log of Envoy', () => {
  let gateway;
  before(async () => {
    gateway = await startGateway({ form: ENVOY_GRPC, edit: (text) => uncommented(text, 'access log') });
  });
  after(() => gateway?.stop());

  /** The log line of the only request that `work` sends, and its status. */
  const logged = async (work) => {
    const lines = async () => (await gateway.front.errors()).split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    const before = (await lines()).length;
    const { status } = await work();
    const line = await waitFor(async () => (await lines())[before], { within: 15_000, what: 'a line of the access log' });
    const { time, flags, ...rest } = JSON.parse(line);
    assert.ok(time);
    assert.equal(rest.status, status);
    return rest;
  };

  test('has subject, client, scopes and operation of a permit', async () => {
    const token = await gateway.token(CONNECT, EXECUTE);
    assert.deepEqual(await logged(() => gateway.call(token, callTool('echo', { text: 'a secret' }))), {
      status: 200, reason: 'granted', subject: 'm2m', client: 'm2m', scopes: `${CONNECT} ${EXECUTE}`, operation: 'tools/call', name: 'echo',
    });
  });

  test('has them of a denial for missing scopes', async () => {
    const token = await gateway.token(CONNECT, EXECUTE);
    assert.deepEqual(await logged(() => gateway.call(token, callTool('admin-reset'))), {
      status: 403, reason: 'scope-insufficient', subject: 'm2m', client: 'm2m', scopes: `${CONNECT} ${EXECUTE}`, operation: 'tools/call', name: 'admin-reset',
    });
  });

  test('has only the reason if no token was verified', async () => {
    const nobody = { subject: null, client: null, scopes: null };
    const { operation, name, ...rest } = await logged(() => gateway.call('opaque', LIST_TOOLS));
    assert.deepEqual(rest, { status: 401, reason: 'token-malformed', ...nobody });
  });

  test('has the reason of what could not be decided', async () => {
    const fresh = await gateway.idp.rotate({ keepOld: true });
    assert.ok(fresh);
    const token = await gateway.token(CONNECT, READ);
    await gateway.idp.stop();
    const { status, reason } = await logged(() => gateway.call(token, LIST_TOOLS));
    assert.deepEqual([status, reason], [503, 'keys-unavailable']);
  });
});
