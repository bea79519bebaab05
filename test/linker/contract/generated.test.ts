import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderEffectsHeader } from '../../../linker/contract/effects-header.ts';
import { renderHeader } from '../../../linker/contract/header.ts';
import { renderSchema } from '../../../linker/manifest/schema.ts';

const committed = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('what is made of the contract', () => {
  it.each([
    ['docs/manifest.schema.json', renderSchema],
    ['loader/src/object/contract.h', renderHeader],
    ['loader/src/object/effect_tables.h', renderEffectsHeader],
  ])('%s is what `npm run docs` makes now', (path, render) => {
    expect(committed(path)).toBe(render());
  });
});
