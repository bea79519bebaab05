/** docs/builtins is made of the tables; and its examples, also those that this machine cannot run, compile. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENTRIES, entryOf } from '../../../compiler/reference/entries.ts';
import { OUTPUTS } from '../../../compiler/reference/outputs.ts';
import { renderReference } from '../../../compiler/reference/render.ts';
import { diagnose } from '../../support/build.ts';

const FOLDER = new URL('../../../docs/builtins/', import.meta.url);

describe('the reference', () => {
  it('is what `npm run docs` makes now', () => {
    const pages = renderReference();
    expect(readdirSync(FOLDER).sort()).toEqual([...pages.keys()].sort());
    for (const [name, text] of pages) {
      expect(readFileSync(new URL(name, FOLDER), 'utf8'), name).toBe(text);
    }
  });

  it('says of what it has no example', () => {
    const entry = { script: 'begin { exit(); }' };
    expect(entryOf({ pid: entry }, 'pid')).toBe(entry);
    expect(() => entryOf({ pid: entry }, 'tid')).toThrow('the reference has no example of tid');
  });

  it('has an output for every example that runs everywhere, and for no other', () => {
    const run = ENTRIES.filter(({ entry }) => entry.needs === undefined).map(({ id }) => id);
    expect(Object.keys(OUTPUTS).sort()).toEqual([...run].sort());
  });

  it.each(ENTRIES)('has an example of $id that compiles without warnings', ({ entry }) => {
    const unsafe = (entry.flags ?? []).some((flag) => /^--(unsafe|allow-run)$/.test(flag));
    expect(diagnose(entry.script, { unsafe })).toEqual([]);
  });
});
