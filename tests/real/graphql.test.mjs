// The example graph behind nginx: a real MCP server with its operations as tools, and the SDK's client.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { CONNECT, EXECUTE, callTool, startGateway } from './lib/gateway.mjs';
import { SECRET } from './lib/idp.mjs';
import { LUA } from './lib/nginx.mjs';

const GRAPH = fileURLToPath(new URL('../../examples/graph', import.meta.url));
const START_DATE = 'execute_operation_get_employee_start_date';
const HIRE = 'execute_operation_hire';
const NEWS = 'execute_operation_news';
const QUERY = 'execute_graphql';

const query = (text) => callTool(QUERY, { query: text });

describe('GraphQL operations behind nginx', () => {
  let gateway;
  before(async () => {
    gateway = await startGateway({
      form: LUA,
      settings: { schema_file: `${GRAPH}/schema.graphql`, enable_arbitrary_operations: true, storage: { provider_id: 'graph' } },
      root: { storage_providers: { file_system: [{ id: 'graph', path: `${GRAPH}/operations` }] } },
      scopes: ['read:all', 'read:fact', 'read:employee', 'read:private', 'read:start', 'read:money', 'write:employee'],
      tools: [START_DATE, HIRE, NEWS, QUERY],
    });
  });
  after(() => gateway?.stop());

  test('a tool whose fields need nothing is permitted', async () => {
    const reply = await gateway.call(await gateway.token(CONNECT, EXECUTE), callTool(NEWS));
    assert.equal(reply.status, 200);
  });

  test('a tool is refused with the first group that lacks least, and permitted with it', async () => {
    const refused = await gateway.refused(async () => gateway.call(await gateway.token(CONNECT, EXECUTE, 'read:start'), callTool(START_DATE)));
    assert.equal(refused.status, 403);
    assert.deepEqual(refused.challenges, gateway.insufficientScope(`${CONNECT} ${EXECUTE} read:all read:start`, `insufficient scopes for tool ${START_DATE}`));
    const reply = await gateway.call(await gateway.token(CONNECT, EXECUTE, 'read:all', 'read:start'), callTool(START_DATE));
    assert.equal(reply.status, 200);
  });

  test('a query is refused for what it touches, wherever that stands', async () => {
    const token = await gateway.token(CONNECT, EXECUTE);
    assert.equal((await gateway.call(token, query('{ news }'))).status, 200);
    for (const text of ['{ news x: fact }', '{ news ...F } fragment F on Query { fact }', 'query A { news } query B { fact }']) {
      const refused = await gateway.refused(() => gateway.call(token, query(text)));
      assert.deepEqual(refused.challenges, gateway.insufficientScope(`${CONNECT} ${EXECUTE} read:fact`, `insufficient scopes for tool ${QUERY}`), text);
    }
    assert.equal((await gateway.call(await gateway.token(CONNECT, EXECUTE, 'read:fact'), query('{ news fact }'))).status, 200);
  });

  test('a query that cannot be checked never arrives', async () => {
    const token = await gateway.token(CONNECT, EXECUTE, 'read:all');
    for (const text of ['', '{', '{ unknown }', '{ news { x } }']) {
      const refused = await gateway.refused(() => gateway.call(token, query(text)));
      assert.ok([400, 403].includes(refused.status), text);
      assert.deepEqual(refused.challenges, []);
    }
  });

  test('a tool that no operation makes is refused', async () => {
    const refused = await gateway.refused(async () => gateway.call(await gateway.token(CONNECT, EXECUTE), callTool('echo', { text: 'x' })));
    assert.equal(refused.status, 403);
  });

  for (const mode of ['auto', 'legacy']) {
    test(`the SDK client (${mode}) steps up from tool to tool`, async () => {
      const authProvider = new ClientCredentialsProvider({ clientId: 'm2m', clientSecret: SECRET, expectedIssuer: gateway.idp.issuer });
      const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
      await client.connect(new StreamableHTTPClientTransport(new URL(gateway.resource), { authProvider }));
      const says = async (name, args = {}) => (await client.callTool({ name, arguments: args })).content[0].text;
      assert.equal(await says(NEWS), NEWS);
      assert.equal(await says(START_DATE, { id: '1' }), START_DATE);
      assert.equal(await says(HIRE, { name: 'x' }), HIRE);
      assert.equal(await says(QUERY, { query: '{ fact }' }), QUERY);
      await client.close();
    });
  }
});
