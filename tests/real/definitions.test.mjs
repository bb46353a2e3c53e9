// The files for gateways that are not run here have only fields, types and values that the gateways' own definitions have.
// Not checked: rules in CEL, and that the thing works.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import Ajv from 'ajv';
import { parseAllDocuments } from 'yaml';

const ROOT = new URL('../../', import.meta.url);
const DEFINITIONS = new URL('tests/data/resource-definitions/', ROOT);
const FILES = ['deploy/istio/scopegate.yaml', 'deploy/envoy-gateway/scopegate.yaml', 'deploy/traefik/scopegate.yaml'];

const definitions = await Promise.all((await readdir(DEFINITIONS)).map(async (name) => JSON.parse(await readFile(new URL(name, DEFINITIONS), 'utf8'))));
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });

for (const file of FILES) {
  test(`${file} fits the published definitions`, async () => {
    const documents = parseAllDocuments(await readFile(new URL(file, ROOT), 'utf8'));
    assert.ok(documents.length > 1);
    for (const document of documents) {
      assert.deepEqual(document.errors, []);
      const { schema } = definitionOf(document.toJS());
      const fits = ajv.compile(schema);
      assert.ok(fits(document.toJS()), JSON.stringify(fits.errors, null, 2));
    }
  });
}

test('a field that no definition has is found', () => {
  const resource = { apiVersion: 'traefik.io/v1alpha1', kind: 'Middleware', metadata: { name: 'x' }, spec: { forwardAuth: { adress: 'typo' } } };
  assert.equal(ajv.compile(definitionOf(resource).schema)(resource), false);
});

function definitionOf({ apiVersion, kind }) {
  const found = definitions.find((definition) => definition.apiVersion === apiVersion && definition.kind === kind);
  assert.ok(found, `no definition of ${apiVersion} ${kind}`);
  return { ...found, schema: closed(found.schema) };
}

/** The schema with no members but those it names, as `kubectl --validate=strict` has it; `metadata` is Kubernetes' own. */
function closed(schema) {
  if (!schema || typeof schema !== 'object') return schema;
  const { properties, items, additionalProperties, ...rest } = schema;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] || !properties;
  return {
    ...rest,
    ...(items && { items: closed(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: closed(additionalProperties) }),
    ...(properties && { properties: { ...Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, closed(one)])), ...('spec' in properties && { apiVersion: {}, kind: {}, metadata: {} }) } }),
    ...(!isOpen && additionalProperties === undefined && { additionalProperties: false }),
  };
}
