import { describe, expect, it } from 'vitest';
import { INT64, UINT64 } from '../../../compiler/types/type.ts';
import { lowered, manifestOf } from './support.ts';
import * as tree from './trees.ts';

describe('the manifest', () => {
  it('tells how each kind of map is kept', () => {
    const maps = [
      tree.map('@scalar', INT64),
      tree.map('@count', { kind: 'count' }),
      tree.map('@keyed', { kind: 'count' }, INT64),
      tree.map('@hist', { kind: 'hist', bits: 0 }, INT64),
      tree.map('@deleted', INT64, undefined, { deleted: true }),
    ];
    const { maps: described } = manifestOf(tree.program(maps, tree.tracepoint, tree.block()));
    expect(described.map((map) => map.stores[0]?.kind)).toEqual([
      'global',
      'percpu-slot',
      'percpu-hash',
      'hash',
      'hash',
    ]);
    expect(described[4]).not.toHaveProperty('key');
    expect(described[1]?.stores[0]).toMatchObject({ map: 'AT_count', valueSize: 16, present: 8 });
  });

  it('has one event for equal events, and none for what the draft saw', () => {
    const body = tree.block(tree.print(tree.pid), tree.print(tree.pid), tree.print(tree.nsecs));
    const { events } = manifestOf(tree.program([], tree.tracepoint, body));
    expect(events.map(({ kind, size }) => [kind, size])).toEqual([
      ['print-value', 16],
      ['print-value', 16],
    ]);
    expect(events[0]?.fields[0]).toEqual({
      offset: 8,
      type: { kind: 'int', size: 4, signed: false },
    });
  });

  it('gives exit a word that survives a full ring', () => {
    const { events } = manifestOf(tree.program([], tree.tracepoint, tree.block(tree.exit)));
    expect(events[0]?.kind).toBe('exit');
    expect(events[0]?.control).toBeTypeOf('number');
  });

  it('names features and the variables that the loader sets', () => {
    const map = tree.map('@', { kind: 'count' });
    const value = tree.read(map, undefined, INT64);
    const body = tree.block(tree.aggregate(map), tree.print(value));
    const manifest = manifestOf(tree.program([map], tree.tracepoint, body));
    expect(manifest.features).toContain('bpf_map_lookup_percpu_elem');
    expect(manifest.features).toContain('ringbuf');
    expect(manifest.globals).toHaveProperty('cpus');
    expect(manifest.globals).toHaveProperty('filterPid');
    expect(manifest.script).toBe('test.bt');
  });

  it('knows all sizes of kernel maps', () => {
    const map = tree.map('@t', UINT64, {
      kind: 'tuple',
      elements: [INT64, { kind: 'string', size: 16 }],
    });
    const body = tree.block(
      tree.assign(map, tree.tuple(tree.int(1), tree.comm), tree.nsecs),
      tree.print(tree.nsecs),
    );
    const { input } = lowered(tree.program([map], tree.tracepoint, body));
    expect(input.maps.map(({ symbol }) => symbol)).toEqual(['AT_t', 'events', 'lost']);
    expect(input.maps.find(({ symbol }) => symbol === 'lost')?.maxEntries).toBe(2);
  });
});
