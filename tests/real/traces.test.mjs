// Traces in a real OpenTelemetry Collector: the content of a span, what it never contains, which requests have one, and
// what happens while the collector is down. Envoy and nginx propagate their context.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { certificate, startCollector } from './lib/collector.mjs';
import { ENVOY_GRPC, ENVOY_HTTP } from './lib/envoy.mjs';
import { CONNECT, EXECUTE, LIST_TOOLS, READ, callTool, startGateway } from './lib/gateway.mjs';
import { startIdp } from './lib/idp.mjs';
import { LUA } from './lib/nginx.mjs';
import { freePort } from './lib/port.mjs';
import { resource, startScopegate, waitFor } from './lib/scopegate.mjs';

const CHECK = 'envoy.service.auth.v3.Authorization/Check';
const SERVER = 2;
const CLIENT = 3;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A context as a gateway would send it. */
function context(flags = '01') {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}

const ofTrace = ({ traceId }) => (span) => span.traceId === traceId;
const isDecision = (span) => span.kind === SERVER && span.resource['service.name'] === 'scopegate';

for (const protocol of ['http', 'grpc']) {
  describe(`spans over OTLP, ${protocol}, with TLS`, () => {
    let tls;
    let collector;
    let idp;
    let gate;

    before(async () => {
      tls = await certificate();
      collector = await startCollector({ tls });
      idp = await startIdp();
      const port = protocol === 'grpc' ? collector.grpcPort : collector.httpPort;
      gate = await startScopegate({
        until: 'ready',
        server: { ca_file: tls.file, otlp: { endpoint: `https://localhost:${port}`, protocol } },
        resources: [resource({ authorizationServers: [idp.issuer], jwks: [{ url: `${idp.jwksUrl}?secret=query`, refresh_unknown_kid: { interval: '1s' } }] })],
      });
    });

    after(async () => {
      await gate?.stop();
      await collector?.stop();
      await idp?.stop();
      await tls?.remove();
    });

    test('a permit', async () => {
      const caller = context();
      const began = BigInt(Date.now()) * 1_000_000n;
      const { status } = await gate.ask({
        token: await idp.token(),
        uri: '/mcp?key=in-the-query',
        body: callTool('echo', { text: 'an-argument' }),
        headers: { ...caller.headers, tracestate: 'vendor=x', 'mcp-protocol-version': '2025-11-25' },
      });
      assert.equal(status, 200);
      const span = await collector.span(ofTrace(caller));
      assert.equal(span.parentSpanId, caller.spanId);
      assert.match(span.spanId, /^(?!0{16})[0-9a-f]{16}$/);
      assert.equal(span.traceState, 'vendor=x');
      assert.equal(span.flags & 0x301, 0x301, 'sampled, and its parent is remote');
      assert.deepEqual([span.name, span.kind, span.status], ['POST /authorize', SERVER, {}]);
      const [start, end] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
      const now = BigInt(Date.now() + 1) * 1_000_000n;
      assert.ok(began <= end && start < end && end <= now && end - start < 5_000_000_000n, `${began} ${start} ${end} ${now}`);
      const { 'enduser.pseudo.id': subject, ...attributes } = span.attributes;
      assert.match(subject, /^[0-9a-f]{16}$/);
      assert.deepEqual(attributes, {
        'http.request.method': 'POST',
        'http.route': '/authorize',
        'url.path': '/authorize',
        'url.scheme': 'http',
        'http.response.status_code': 200,
        'scopegate.resource': 'mcp',
        'scopegate.dialect': 'auth_request',
        'scopegate.decision': 'permit',
        'scopegate.reason': 'granted',
        'scopegate.request.method': 'POST',
        'scopegate.request.path': '/mcp',
        'scopegate.client_id': 'm2m',
        'mcp.protocol.version': '2025-11-25',
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'echo',
      });
    });

    test('the resource that all spans are of', async () => {
      const { resource: { 'service.instance.id': instance, ...rest }, scope, schemaUrl } = await collector.span(isDecision);
      assert.match(instance, UUID);
      assert.deepEqual(rest, { 'service.name': 'scopegate', 'service.version': scope.version });
      assert.deepEqual([scope.name, schemaUrl], ['scopegate', 'https://opentelemetry.io/schemas/1.42.0']);
    });

    test('a denial is an answer, not an error', async () => {
      const caller = context();
      assert.equal((await gate.ask({ headers: caller.headers, uri: '/nowhere' })).reason, 'resource-unknown');
      const { status, attributes } = await collector.span(ofTrace(caller));
      assert.deepEqual(status, {});
      assert.equal(attributes['http.response.status_code'], 403, 'what nginx was told');
      assert.equal(attributes['scopegate.request.path'], '/nowhere');
      assert.deepEqual([attributes['scopegate.decision'], attributes['scopegate.reason']], ['deny', 'resource-unknown']);
      assert.equal(attributes['scopegate.resource'], 'none');
    });

    test('a name from outside is short and printable', async () => {
      const caller = context();
      await gate.ask({ headers: caller.headers, token: await idp.token(), body: callTool(`line\nbreak ${'x'.repeat(500)}`) });
      const { attributes } = await collector.span(ofTrace(caller));
      assert.match(attributes['gen_ai.tool.name'], /^line\?break x{109}$/);
    });

    test('what the gateway does not keep, and what has no context, has no span', async () => {
      const token = await idp.token();
      const dropped = context('00');
      const malformed = context('0g');
      for (const headers of [dropped.headers, malformed.headers, {}]) assert.equal((await gate.ask({ token, headers })).status, 200);
      const caller = context();
      await gate.ask({ token, headers: caller.headers });
      await collector.span(ofTrace(caller));
      // The queue keeps its order: these spans would have come earlier.
      assert.deepEqual(collector.spans.filter((span) => ofTrace(dropped)(span) || ofTrace(malformed)(span)), []);
      assert.ok(collector.spans.filter(isDecision).every(({ parentSpanId }) => parentSpanId));
    });

    test('fetches of keys, and reloads', async () => {
      const fetched = await collector.span(({ kind, attributes }) => kind === CLIENT && attributes['url.full'] === idp.jwksUrl);
      assert.deepEqual([fetched.name, fetched.parentSpanId ?? ''], ['GET', '']);
      assert.deepEqual(fetched.attributes, {
        'http.request.method': 'GET', 'url.full': idp.jwksUrl, 'server.address': '127.0.0.1', 'server.port': idp.port, 'http.response.status_code': 200,
      });
      gate.reload();
      const { attributes, status } = await collector.span(({ name }) => name === 'policy reload');
      assert.equal(attributes['scopegate.reload.cause'], 'SIGHUP');
      assert.match(attributes['scopegate.policy.version'], /^[0-9a-f]{12}$/);
      assert.deepEqual(status, {});
    });

    test('"cannot decide" is an error', async () => {
      await idp.stop();
      const invented = await idp.sign({ header: { kid: 'invented' } });
      // The last fetch must be long enough ago.
      const caller = await waitFor(async () => {
        const one = context();
        return (await gate.ask({ token: invented, headers: one.headers })).status === 503 && one;
      }, { what: 'a request that cannot be decided' });
      const { status, attributes } = await collector.span(ofTrace(caller));
      assert.equal(status.code, 2);
      assert.deepEqual([attributes['error.type'], attributes['http.response.status_code']], ['keys-unavailable', 503]);
      const failed = await collector.span(({ kind, attributes: { 'error.type': type } }) => kind === CLIENT && type);
      assert.equal(failed.attributes['error.type'], 'not-connected');
    });

    test('no token, argument, query or secret was in anything', async () => {
      for (const secret of ['eyJ', 'an-argument', 'in-the-query', 'secret=query', 'Bearer']) assert.ok(!collector.text.includes(secret), secret);
    });

    test('the last spans are sent before the process ends', async () => {
      const caller = context();
      await gate.ask({ headers: caller.headers });
      assert.equal((await gate.stop()).code, 0);
      assert.ok(collector.spans.some(ofTrace(caller)));
    });
  });
}

describe('traces that begin here', () => {
  let collector;
  let gate;

  before(async () => {
    collector = await startCollector();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.grpcPort}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_SERVICE_NAME: 'gate-of-tests',
      SCOPEGATE__SERVER__OTLP__SAMPLE: '1',
    };
    const jwks = [{ secret: 'x'.repeat(32), symmetric_algorithm: 'HS256', header_key_id: 'k' }];
    gate = await startScopegate({ env, resources: [resource({ authorizationServers: ['https://auth.example.com'], jwks })] });
  });

  after(async () => {
    await gate?.stop();
    await collector?.stop();
  });

  test('are kept by the ratio, and the log names them', async () => {
    await gate.ask({});
    const span = await collector.span(({ kind }) => kind === SERVER);
    assert.deepEqual([span.parentSpanId ?? '', span.resource['service.name']], ['', 'gate-of-tests']);
    const line = gate.logs.map((text) => JSON.parse(text)).find(({ message }) => message === 'decision');
    assert.equal(line.trace_id, span.traceId);
  });

  test('but not where the gateway drops its own', async () => {
    const [dropped, kept] = [context('00'), context('01')];
    await gate.ask({ headers: dropped.headers });
    await gate.ask({ headers: kept.headers });
    await collector.span(ofTrace(kept));
    assert.equal(collector.spans.some(ofTrace(dropped)), false);
  });
});

describe('a collector that is away', () => {
  let gate;
  let port;
  let answers;
  let server;
  const seen = [];

  before(async () => {
    port = await freePort();
    const otlp = { endpoint: `http://127.0.0.1:${port}`, sample: 1, headers: 'authorization=Bearer%20${COLLECTOR_TOKEN}', timeout: '2s' };
    const jwks = [{ secret: 'x'.repeat(32), symmetric_algorithm: 'HS256', header_key_id: 'k' }];
    gate = await startScopegate({
      env: { COLLECTOR_TOKEN: 'of-the-collector' }, server: { otlp }, resources: [resource({ authorizationServers: ['https://auth.example.com'], jwks })],
    });
  });

  after(async () => {
    server?.closeAllConnections();
    server?.close();
    await gate?.stop();
  });

  const spans = async (outcome) => (await gate.metrics()).sum('scopegate_spans_total', { outcome });
  const logged = (message) => gate.logs.map((text) => JSON.parse(text)).filter((line) => line.message.startsWith(message));

  test('costs spans, which are counted, and one line in the log', async () => {
    for (let lost = 0; lost < 3;) {
      assert.equal((await gate.ask({})).status, 401);
      const before = lost;
      await waitFor(async () => (lost = await spans('failed')) > before, { what: 'a lost batch' });
    }
    const [line, ...others] = logged('spans are lost');
    assert.deepEqual(others, []);
    assert.equal(line.endpoint, `127.0.0.1:${port}/v1/traces`);
    assert.match(line.cause, /refused/i);
  });

  test('a full queue drops spans, and no request waits', async () => {
    // Accepts the connection, and never answers.
    answers = () => {};
    server = http.createServer((request, response) => {
      seen.push(request.headers);
      answers(request, response);
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    while ((await spans('dropped')) === 0) {
      const statuses = await Promise.all(Array.from({ length: 500 }, async () => (await gate.ask({})).status));
      assert.ok(statuses.every((status) => status === 401));
    }
  });

  test('when it is back, one line says so', async () => {
    answers = (request, response) => request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
    await waitFor(async () => (await spans('exported')) > 0, { within: 20_000, what: 'exported spans' });
    const [{ lost }, ...others] = logged('the collector accepts spans again');
    assert.ok(lost >= 3);
    assert.deepEqual(others, []);
    assert.equal(logged('spans are lost').length, 1);
  });

  test('the headers reach it, and no log', async () => {
    assert.equal(seen.at(-1).authorization, 'Bearer of-the-collector');
    assert.equal(seen.at(-1)['content-type'], 'application/x-protobuf');
    assert.ok(!gate.logs.some((line) => line.includes('of-the-collector')));
  });
});

/** Envoy's own tracer, with the same collector. */
function traced(text, port) {
  const provider = {
    name: 'envoy.tracers.opentelemetry',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig',
      grpc_service: { envoy_grpc: { cluster_name: 'collector' }, timeout: '1s' },
      service_name: 'envoy',
    },
  };
  const cluster = {
    name: 'collector', type: 'STATIC', connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions', explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: { cluster_name: 'collector', endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } }] }] },
  };
  return text
    .replace(/^( +)stat_prefix: mcp$/m, (line, indent) => `${line}\n${indent}tracing: ${JSON.stringify({ provider })}`)
    .replace(/^ {2}clusters:$/m, (line) => `${line}\n    - ${JSON.stringify(cluster)}`);
}

for (const form of [ENVOY_GRPC, ENVOY_HTTP]) {
  test(`${form}: one trace from the client through Envoy's spans to the decision`, async (t) => {
    const collector = await startCollector();
    t.after(() => collector.stop());
    const server = { otlp: { endpoint: `http://127.0.0.1:${collector.httpPort}` } };
    const gateway = await startGateway({ form, server, edit: (text) => traced(text, collector.grpcPort) });
    t.after(() => gateway.stop());
    const caller = context();
    assert.equal((await gateway.call(await gateway.token(CONNECT, EXECUTE), callTool('echo', { text: 'hello' }), { headers: caller.headers })).status, 200);
    const decision = await collector.span((span) => ofTrace(caller)(span) && isDecision(span), 'the decision');
    const question = await collector.span(({ spanId }) => spanId === decision.parentSpanId, "Envoy's question");
    assert.deepEqual([question.resource['service.name'], question.kind], ['envoy', CLIENT]);
    const request = await collector.span(({ spanId }) => spanId === question.parentSpanId, "Envoy's request");
    assert.deepEqual([request.resource['service.name'], request.kind, request.parentSpanId], ['envoy', SERVER, caller.spanId]);
    const { 'enduser.pseudo.id': subject, 'mcp.protocol.version': version, ...attributes } = decision.attributes;
    assert.match(subject, /^[0-9a-f]{16}$/);
    assert.equal(version, '2026-07-28');
    const { hostname, port } = new URL(gateway.url);
    const protocol = form === ENVOY_GRPC
      ? { 'rpc.system.name': 'grpc', 'rpc.method': CHECK, 'rpc.response.status_code': 'OK' }
      : { 'http.request.method': 'POST', 'http.route': '/authorize/{path}', 'url.path': '/authorize/mcp', 'url.scheme': 'http', 'http.response.status_code': 200, 'server.address': hostname, 'server.port': Number(port) };
    assert.equal(decision.name, form === ENVOY_GRPC ? CHECK : 'POST /authorize/{path}');
    assert.deepEqual(attributes, {
      ...protocol,
      'scopegate.resource': 'mcp',
      'scopegate.dialect': form === ENVOY_GRPC ? 'ext_authz_grpc' : 'ext_authz_http',
      'scopegate.decision': 'permit',
      'scopegate.reason': 'granted',
      'scopegate.request.method': 'POST',
      'scopegate.request.path': '/mcp',
      'scopegate.client_id': 'm2m',
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'echo',
    });
  });
}

test('nginx passes the context of the client on', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.stop());
  const gateway = await startGateway({ form: LUA, server: { otlp: { endpoint: `http://127.0.0.1:${collector.httpPort}` } } });
  t.after(() => gateway.stop());
  const caller = context();
  assert.equal((await gateway.call(await gateway.token(CONNECT, READ), LIST_TOOLS, { headers: caller.headers })).status, 200);
  const { parentSpanId, attributes } = await collector.span((span) => ofTrace(caller)(span) && isDecision(span));
  assert.deepEqual([parentSpanId, attributes['scopegate.decision']], [caller.spanId, 'permit']);
});
