// scopegate with TLS behind the gateways, which the lines of the shipped files enable: with and without a client
// certificate, and with a wrong one.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { certificates } from './lib/certificates.mjs';
import { ENVOY_GRPC, ENVOY_HTTP } from './lib/envoy.mjs';
import { CONNECT, LIST_TOOLS, READ, startGateway } from './lib/gateway.mjs';
import { AUTH_REQUEST, LUA } from './lib/nginx.mjs';
import { waitFor } from './lib/scopegate.mjs';
import { uncommented } from './lib/shipped.mjs';

const HOST = 'scopegate.example.com';
const SERVER_SIDE = 'Where scopegate speaks TLS';
const CLIENT_SIDE = 'Where it demands a certificate';
const FORMS = [LUA, AUTH_REQUEST, ENVOY_GRPC, ENVOY_HTTP];

/** The gateway rejects the certificate of scopegate, or scopegate rejects the gateway's: there is no decision. */
const REFUSED = {
  'the gateway has no certificate': { isMutual: true, hasOwn: false },
  'the certificate is of another authority': { server: 'of-another-authority' },
  'the certificate is of another host': { server: 'of-another-host' },
};

describe('scopegate speaks TLS', { concurrency: 2 }, () => {
  let tls;
  before(async () => {
    tls = await certificates();
    await tls.authority('scopegate-ca');
    await tls.authority('other-ca');
    await tls.authority('gateways-ca');
    await tls.sign('scopegate', { by: 'scopegate-ca', host: HOST });
    await tls.sign('of-another-authority', { by: 'other-ca', host: HOST });
    await tls.sign('of-another-host', { by: 'scopegate-ca', host: 'other.example.com' });
    for (const name of ['nginx', 'envoy']) await tls.sign(name, { by: 'gateways-ca', host: `${name}.example.com` });
  });
  after(() => tls?.stop());

  for (const form of FORMS) {
    describe(form, { concurrency: 1 }, () => {
      for (const isMutual of [false, true]) {
        test(`${isMutual ? 'to gateways that have a certificate' : 'to everybody'}: decisions and metadata`, async () => {
          await withGateway(form, tls, { isMutual, hasOwn: isMutual }, async (gateway) => {
            // On a busy machine the first handshake may take longer than the gateway waits.
            const metadata = () => gateway.send({ path: '/.well-known/oauth-protected-resource/mcp' });
            await waitFor(async () => (await metadata()).status === 200, { within: 20_000, what: 'the metadata' });
            assert.equal((await gateway.refused(() => gateway.call(undefined, LIST_TOOLS))).status, 401);
            const weak = await gateway.token(CONNECT);
            const reply = await gateway.refused(() => gateway.call(weak, LIST_TOOLS));
            assert.equal(reply.status, 403);
            assert.deepEqual(reply.challenges, gateway.insufficientScope(`${CONNECT} ${READ}`, `missing required scopes: ${READ}`));
            assert.equal((await gateway.call(await gateway.token(CONNECT, READ), LIST_TOOLS)).status, 200);
          });
        });
      }

      for (const [what, options] of Object.entries(REFUSED)) {
        test(`${what}: 503, and nothing passes`, async () => {
          await withGateway(form, tls, options, async (gateway) => {
            const token = await gateway.token(CONNECT, READ);
            const reply = await gateway.refused(() => gateway.call(token, LIST_TOOLS));
            assert.equal(reply.status, 503);
            assert.deepEqual(reply.challenges, []);
          });
        });
      }
    });
  }
});

async function withGateway(form, tls, { server = 'scopegate', isMutual = false, hasOwn = false }, work) {
  const listener = { cert_file: tls.file(`${server}.crt`), key_file: tls.file(`${server}.key`), ...(isMutual && { client_ca_file: tls.file('gateways-ca.crt') }) };
  const gateway = await startGateway({ form, server: { tls: listener }, edit: (text) => edited(text, tls, hasOwn) });
  try {
    await work(gateway);
  } finally {
    await gateway.stop();
  }
}

function edited(text, { folder }, hasOwn) {
  const speaking = uncommented(text, SERVER_SIDE);
  const all = hasOwn ? uncommented(speaking, CLIENT_SIDE) : speaking;
  const secure = all.replaceAll('proxy_pass http://scopegate', 'proxy_pass https://scopegate').replace('proxy_connect_timeout 250ms', 'proxy_connect_timeout 1s');
  return secure.replaceAll(/\/etc\/(nginx|envoy)\/tls/g, folder);
}
