/** Bills of materials against the official schema. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'vitest';

const SCHEMAS = join(
  import.meta.dirname,
  '../../node_modules/@cyclonedx/cyclonedx-library/res/schema',
);

/** The official schema, with those that it refers to. */
export function checkCycloneDx(document: unknown): void {
  const schema = (name: string): object =>
    JSON.parse(readFileSync(join(SCHEMAS, `${name}.SNAPSHOT.schema.json`), 'utf8')) as object;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const base = 'http://cyclonedx.org/schema';
  for (const name of ['spdx', 'jsf-0.82'])
    ajv.addSchema(schema(name), `${base}/${name}.SNAPSHOT.schema.json`);
  const check = ajv.compile(schema('bom-1.6'));
  expect(check(document), JSON.stringify(check.errors)).toBe(true);
}
