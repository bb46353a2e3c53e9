// The published definitions of custom resources, which Kubernetes itself does not define.
import { readFile, readdir } from 'node:fs/promises';
import Ajv from 'ajv';

const FOLDER = new URL('../../data/resource-definitions/', import.meta.url);

const definitions = await Promise.all((await readdir(FOLDER)).map(async (name) => JSON.parse(await readFile(new URL(name, FOLDER), 'utf8'))));
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false });

/** The definition of a resource, closed: it allows only the members that it names. */
export function definitionOf({ apiVersion, kind }) {
  const found = definitions.find((definition) => definition.apiVersion === apiVersion && definition.kind === kind);
  if (!found) throw new Error(`no definition of ${apiVersion} ${kind}`);
  return { ...found, schema: closed(found.schema) };
}

/** A function that checks whether a resource fits its definition. */
export const validatorOf = (resource) => ajv.compile(definitionOf(resource).schema);

/**
 * The schema, which then allows only the members that it names, like `kubectl --validate=strict`. Kubernetes defines
 * `metadata`.
 */
function closed(schema) {
  if (!schema || typeof schema !== 'object') return schema;
  const { properties, items, additionalProperties, ...rest } = schema;
  // JavaScript lacks Go's flag for case-insensitive matching: such a pattern is not checked.
  if (rest.pattern?.includes('(?i)')) delete rest.pattern;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] || !properties;
  return {
    ...rest,
    ...(items && { items: closed(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: closed(additionalProperties) }),
    ...(properties && { properties: { ...Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, closed(one)])), ...('spec' in properties && { apiVersion: {}, kind: {}, metadata: {} }) } }),
    ...(!isOpen && additionalProperties === undefined && { additionalProperties: false }),
  };
}
