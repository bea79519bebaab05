import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderHeader } from '../../../linker/contract/header.ts';
import { renderSchema } from '../../../linker/manifest/schema.ts';

const committed = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('what is made of the contract', () => {
  it.each([
    ['docs/manifest.schema.json', renderSchema],
    ['loader/src/object/contract.h', renderHeader],
  ])('%s is what `npm run docs` makes now', (path, render) => {
    expect(committed(path)).toBe(render());
  });
});
