/** Map declarations, types that scripts ask about, and settings: on the kernel. */

import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../linker/inspect.ts';
import { build, diagnose } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

describe('map declarations', () => {
  it.each([
    ['hash', '@m[pid] = 1;', 'hash'],
    ['lruhash', '@m[pid] = 1;', 'lru_hash'],
    ['percpuhash', '@m[pid] = count();', 'percpu_hash'],
    ['percpulruhash', '@m[pid] = sum(1);', 'lru_percpu_hash'],
  ])('[GRM-023] [GRM-024] make a map of kind %s and its size', (kind, body, type) => {
    const object = build(`let @m = ${kind}(77); begin { ${body} }`);
    expect(mapsOf(object)).toContainEqual({ name: 'AT_m', type, maxEntries: 77 });
  });

  it('[TYP-062] [CFG-014] are not needed: keyed maps have 4096 entries, or as many as the config says', () => {
    const script = '@m[pid] = 1; @s = 1;';
    expect(mapsOf(build(`begin { ${script} }`))).toContainEqual({
      name: 'AT_m',
      type: 'hash',
      maxEntries: 4096,
    });
    expect(mapsOf(build(`config = { max_map_keys = 9 } begin { ${script} }`))).toContainEqual({
      name: 'AT_m',
      type: 'hash',
      maxEntries: 9,
    });
    expect(
      mapsOf(build(`begin { ${script} }`, { environment: { BPFTRACE_MAX_MAP_KEYS: '5' } })).find(
        ({ name }) => name === 'AT_m',
      )?.maxEntries,
    ).toBe(5);
  });

  it('[GRM-025] [GRM-026] are checked', () => {
    const messages = (script: string) => diagnose(script).map(({ message }) => message);
    expect(messages('let @m = hahs(5); begin { @m[1] = 1; }')).toEqual([
      'Invalid bpf map type: hahs',
    ]);
    expect(messages('let @m = hash(5); begin { }')).toEqual(['Unused map: @m']);
    expect(messages('let @m = hash(0); begin { @m[1] = 1; }')).toEqual([
      '@m: the number of entries must be between 1 and 4294967295',
    ]);
    expect(messages('let @m = percpuhash(5); begin { @m[1] = 1; }')).toEqual([
      'Incompatible map types. Type from declaration: percpuhash. Type from value/key type: hash',
    ]);
    expect(messages('let @m = lruhash(5); begin { @m[1] = count(); }')).toEqual([
      'Incompatible map types. Type from declaration: lruhash. Type from value/key type: percpuhash',
    ]);
  });
});

function mapsOf(object: Uint8Array) {
  return inspectObject(object).maps.map(({ name, type, maxEntries }) => ({
    name,
    type,
    maxEntries,
  }));
}

needs('root').describe('on the kernel', () => {
  it('[GRM-023] a full hash drops what is new, an lruhash what is old', async () => {
    const fill = 'for $i : 0..200 { @m[$i] = $i; }';
    const full = await run(`let @m = hash(20); begin { ${fill} }`, { signal: 'none' });
    expect(mapEntries(full.stdout, '@m').map(([key]) => Number(key))).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
    expect(full.stderr).toContain("Map full; can't update element.");
    const recent = await run(`let @m = lruhash(20); begin { ${fill} }`, { signal: 'none' });
    expect(mapValue(recent.stdout, '@m', '199')).toBe(199);
    expect(mapEntries(recent.stdout, '@m').length).toBeLessThanOrEqual(20);
    expect(recent.stderr).not.toContain('Map full');
  });

  it('[GRM-024] per-CPU maps aggregate', async () => {
    const { stdout } = await run(
      `let @c = percpuhash(5); let @s = percpulruhash(5);
       begin { for $i : 0..40 { @c[$i % 2] = count(); @s[$i % 2] = sum($i); } }`,
      { signal: 'none' },
    );
    expect(mapValue(stdout, '@c', '0')).toBe(20);
    expect(mapValue(stdout, '@s', '1')).toBe(400);
  });

  it('[TYP-084] typeinfo prints as a record', async () => {
    const { stdout } = await run(
      `config = { unstable_typeinfo = enable }
       begin { print(typeinfo(1)); print(typeinfo(comm).full_type); print(typeinfo(struct task_struct).base_type); }`,
      { signal: 'none' },
    );
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '{ .btf_id = 0, .base_type = int, .full_type = int8 }',
      'string[16]',
      'struct',
    ]);
  });

  it('[TYP-082] [TYP-083] [GRM-052] sizes, offsets and types stand in all places', async () => {
    const { stdout } = await run(
      `struct pair { void *a; void *b; };
       begin {
         let $a: typeof((uint8)1) = 200;
         @k[(typeof($a))513] = offsetof(struct list_head, prev) + sizeof((1, (int64)2));
         if comptime (sizeof(struct pair) == 2 * sizeof(void *)) { print(sizeof($a)); }
         else { print(nonsense); }
         print(comptime (sizeof(uint64) * 8));
         print((typeof(@k))300);
       }`,
      { signal: 'none' },
    );
    expect(stdout.split('\n').slice(0, 3)).toEqual(['1', '64', '44']);
    expect(mapValue(stdout, '@k', '1')).toBe(24);
  });

  it('[CFG-016] max_strlen cuts strings', async () => {
    const { stdout } = await run(
      'config = { max_strlen = 6 } begin { $s = str($1); print(sizeof($s)); print($s); }',
      { signal: 'none', parameters: ['abcdefgh'] },
    );
    expect(stdout.split('\n').slice(0, 2)).toEqual(['6', 'abcde']);
  });

  it('[CFG-010] the license is in the object', () => {
    const object = build('config = { license = "Dual MIT/GPL" } begin { }');
    expect(Buffer.from(object).includes('Dual MIT/GPL')).toBe(true);
  });
});
