/** The standard library: macros by their names, read when they are asked for. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { libraryNames, standardLibrary } from '../../../compiler/imports/library.ts';
import { createSources } from '../../../compiler/source/sources.ts';

const STDLIB = join(import.meta.dirname, '../../../stdlib');

it('has each macro of its files by name, once', () => {
  const written = readdirSync(STDLIB)
    .filter((name) => name.endsWith('.bt'))
    .flatMap((name) => readFileSync(join(STDLIB, name), 'utf8').split('\n'))
    .flatMap((line) => (line.startsWith('macro ') ? [line.slice(6).trim().split(/\W/)[0]] : []));
  expect([...libraryNames()].sort()).toEqual([...new Set(written)].sort());
  expect(libraryNames()).toContain('is_err');
});

it('gives macros of the name, all of those that there are', () => {
  const find = standardLibrary(createSources({ name: 'main.bt', text: '' }));
  for (const name of libraryNames()) {
    const found = find(name);
    expect(found.length).toBeGreaterThan(0);
    for (const macro of found) expect(macro).toMatchObject({ kind: 'macro', name });
  }
  expect(find('no_such_macro')).toEqual([]);
});

it('is read once, where it is asked for, and has places behind the script', () => {
  const sources = createSources({ name: 'main.bt', text: 'begin { }' });
  const find = standardLibrary(sources);
  const [first] = find('is_err');
  const [again] = find('is_err');
  expect(again).toBe(first);
  const range = first?.range ?? { start: 0, end: 0 };
  expect(range.start).toBeGreaterThanOrEqual('begin { }'.length);
  const { source } = sources.place(range);
  expect(source).toMatchObject({ name: 'stdlib/pointers.bt', library: true });
});
