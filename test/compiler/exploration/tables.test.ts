/** What an object holds, as tables of an exploration. */
import { describe, expect, it } from 'vitest';
import { tablesOf } from '../../../compiler/exploration/tables.ts';
import type { Inspection } from '../../../linker/inspect/inspection.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build } from '../../support/build.ts';

const EMPTY: Inspection = {
  ...inspectObject(build('begin { exit(); }')),
  ...{ programs: [], functions: [], maps: [], relocations: [], features: [] },
};
const map = { flags: 0, name: 'm', type: 'hash', maxEntries: 1, keySize: 0, valueSize: 0 };

function rows(change: Partial<Inspection>, title: string): readonly (readonly string[])[] {
  const found = tablesOf({ ...EMPTY, ...change }, new Map()).filter((each) => each.title === title);
  expect(found.map(({ heads }) => heads.length)).toEqual(found.map((each) => each.rows[0]?.length));
  return found.flatMap((each) => each.rows);
}

describe('Tables', () => {
  it('are not there without rows', () => {
    expect(tablesOf(EMPTY, new Map())).toEqual([]);
  });

  it('have programs with their probes, and what they call', () => {
    expect(
      rows(
        { programs: [{ name: 'p', section: 'kprobe', instructions: 7, probes: ['k:a', 'k:b'] }] },
        'Programs',
      ),
    ).toEqual([['p', 'kprobe', '7', 'k:a, k:b']]);
    expect(
      rows({ functions: [{ name: 'f', instructions: 3 }] }, 'Functions that they call'),
    ).toEqual([['f', '3']]);
  });

  it('have sizes of maps as people read them', () => {
    const sizes = [0, 1023, 1024, 1536, 1024 ** 2 - 1, 1024 ** 2, 5.5 * 1024 ** 2];
    const maps = sizes.map((valueSize) => ({ ...map, valueSize }));
    expect(rows({ maps }, 'Maps').map((row) => row[5])).toEqual([
      ...['0 B', '1023 B', '1.0 KiB', '1.5 KiB', '1024.0 KiB', '1.0 MiB', '5.5 MiB'],
    ]);
  });

  it('have what maps take at most, where that is known', () => {
    const whole = { ...map, script: '@m', maxEntries: 100, keySize: 8, valueSize: 16 };
    expect(rows({ maps: [whole, { ...whole, type: 'task_storage' }, map] }, 'Maps')).toEqual([
      ['m', '@m', 'hash', '100', '8 B', '16 B', '2.3 KiB'],
      ['m', '@m', 'task_storage', 'one a thread', '8 B', '16 B', ''],
      ['m', '', 'hash', '1', '0 B', '0 B', '0 B'],
    ]);
  });

  it('count the calls of a helper in all lines', () => {
    const cost = { instructions: 1, stack: 0 };
    const tables = tablesOf(
      EMPTY,
      new Map([
        [1, { ...cost, helpers: new Map([['ringbuf_reserve', 2]]) }],
        [
          2,
          {
            ...cost,
            helpers: new Map([
              ['ringbuf_reserve', 3],
              ['map_lookup_elem', 1],
            ]),
          },
        ],
        [3, { ...cost, helpers: new Map([['nobody_knows', 1]]) }],
      ]),
    );
    expect(tables).toEqual([
      {
        title: 'Helpers',
        heads: ['helper', 'number', 'calls', 'since Linux'],
        rows: [
          ['ringbuf_reserve', '131', '5', '5.8'],
          ['map_lookup_elem', '1', '1', ''],
          ['nobody_knows', '', '1', ''],
        ],
      },
    ]);
  });

  it('say what is adapted, and what a kernel has to have since when', () => {
    const relocation = { function: 'f', instruction: 4, by: 'core', kind: 'immediate', of: 'a.b' };
    expect(
      rows(
        { relocations: [relocation as Inspection['relocations'][number]] },
        'Adapted to the host when the object is loaded',
      ),
    ).toEqual([['f', '4', 'immediate', 'a.b', 'core']]);
    expect(rows({ features: ['ringbuf', 'of_tomorrow'] }, 'Needed of the kernel')).toEqual([
      ['ringbuf', '5.8'],
      ['of_tomorrow', ''],
    ]);
  });
});
