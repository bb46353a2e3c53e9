// The files for gateways that the tests do not run: all fields, types and values exist in the gateways' definitions.
// Not checked: rules in CEL, and whether the gateway works.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { validatorOf } from './lib/definitions.mjs';

const ROOT = new URL('../../', import.meta.url);
const FILES = ['deploy/istio/scopegate.yaml', 'deploy/envoy-gateway/scopegate.yaml', 'deploy/traefik/scopegate.yaml'];

for (const file of FILES) {
  test(`${file} fits the published definitions`, async () => {
    const documents = parseAllDocuments(await readFile(new URL(file, ROOT), 'utf8'));
    assert.ok(documents.length > 1);
    for (const document of documents) {
      assert.deepEqual(document.errors, []);
      const fits = validatorOf(document.toJS());
      assert.ok(fits(document.toJS()), JSON.stringify(fits.errors, null, 2));
    }
  });
}

test('a field that no definition has is found', () => {
  const resource = { apiVersion: 'traefik.io/v1alpha1', kind: 'Middleware', metadata: { name: 'x' }, spec: { forwardAuth: { adress: 'typo' } } };
  assert.equal(validatorOf(resource)(resource), false);
});
