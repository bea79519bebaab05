/** Maps that are emptied while programs run have a second generation, which the loader finds by what is said of it. */
import { describe, expect, it } from 'vitest';
import { ringSize } from '../../../compiler/lowering/ring.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';

const EMPTIED = `config = { unstable_tseries = enable }
  kprobe:vfs_read {
    @slot = count(); @scalar = arg0; @keyed[pid] = count(); @hist = hist(arg0); @texts[comm, str(arg0)] = sum(1);
    @series = tseries((int64)arg0, 1s, 4); @stays = count();
  }
  interval:s:1 { ${['slot', 'scalar', 'keyed', 'hist', 'texts', 'series']
    .map((name) => `print(@${name}); clear(@${name});`)
    .join(' ')} print(@stays); }`;

describe('the second generation', () => {
  const { maps } = inspectObject(build(EMPTIED)).manifest as Manifest;
  const of = (name: string) => {
    const map = maps.find((one) => one.name === name);
    if (!map) throw new Error(`no ${name}`);
    return map;
  };

  it('is there for maps that are emptied, and for no others', () => {
    expect(maps.filter(({ next }) => next).map(({ name }) => name)).toEqual(
      maps.map(({ name }) => name).filter((name) => name !== '@stays'),
    );
    for (const { next, generation } of maps)
      expect(next === undefined).toBe(generation === undefined);
  });

  it('of slots are the elements behind those of the first, in the same map', () => {
    for (const name of ['@slot', '@series']) {
      const { stores, next } = of(name);
      const [first, second] = [stores[0], next?.[0]];
      expect(first).not.toHaveProperty('first');
      const entries = first && 'entries' in first ? first.entries : 1;
      expect(second).toEqual({ ...first, first: entries });
    }
  });

  it('of other maps are others of the same form, as many as there are', () => {
    for (const name of ['@keyed', '@texts', '@scalar']) {
      const { stores, next = [] } = of(name);
      const form = (all: typeof stores) =>
        all.map((store) => ({ ...store, map: '', offset: 0, present: 0 }));
      expect(form(next)).toEqual(form(stores));
      const places = [...stores, ...next].map((store) => JSON.stringify(store));
      expect(new Set(places).size).toBe(2 * stores.length);
    }
    expect(of('@texts').stores).toHaveLength(3);
  });

  it('has a word of its own for each map', () => {
    const words = maps.flatMap(({ generation }) => generation ?? []);
    expect(new Set(words).size).toBe(words.length);
  });
});

describe('narrow keys', () => {
  it('are described where they are narrower than the whole, and only there', () => {
    const { maps } = inspectObject(build('kprobe:f { @[str(arg0), 1] = count(); @n[pid] = 1; }'))
      .manifest as Manifest;
    const described = maps.map(({ stores }) =>
      stores.map((store) => ('key' in store && store.key ? store.keySize : undefined)),
    );
    expect(described).toEqual([[33, 129, undefined], [undefined]]);
  });
});

describe('the ring', () => {
  it('has pages by a power of two, and its own size where nothing is asked for', () => {
    expect([0, 1, 2, 3, 4, 5, 64, 65].map(ringSize)).toEqual([
      ...[1 << 20, 4096, 8192, 16384, 16384, 32768, 64 * 4096, 128 * 4096],
    ]);
  });
});

describe('what the loader finds out about its host', () => {
  const asked = (condition: string) =>
    (inspectObject(build(`begin { ${condition} }`)).manifest as Manifest).lookups ?? [];

  it('is asked once for each question', () => {
    const exists = (name: string): string => `if kfunc_exist("${name}") { print(1); }`;
    const [one, two] = [exists('bpf_rdonly_cast'), exists('bpf_dynptr_from_mem')];
    expect(asked(one)).toHaveLength(1);
    expect(asked(one + one)).toHaveLength(1);
    expect(asked(one + two)).toHaveLength(2);
    expect(asked(two + one + two + one)).toHaveLength(2);
    expect(new Set(asked(one + two).map((value) => JSON.stringify(value))).size).toBe(2);
  });
});
