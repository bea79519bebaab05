import { describe, expect, it } from 'vitest';
import { builtins, table } from '../../../compiler/builtins/builtins.ts';

describe('the table of built-ins', () => {
  it('finds built-ins by their present and older names', () => {
    expect(table.find('probe')).toMatchObject({ builtin: { name: 'probe' }, legacy: false });
    expect(table.find('name')).toMatchObject({ builtin: { name: 'probe' }, legacy: true });
    expect(table.find('stack')).toMatchObject({ builtin: { name: 'kstack' }, legacy: true });
    expect(table.find('nonesuch')).toBeUndefined();
  });

  it('has each name once', () => {
    const names = builtins.flatMap(({ name, legacyNames }) => [name, ...legacyNames]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('leaves aggregations to the analysis', () => {
    for (const name of ['count', 'sum', 'avg', 'min', 'max', 'stats', 'hist', 'lhist']) {
      expect(table.find(name)).toBeUndefined();
    }
  });
});
