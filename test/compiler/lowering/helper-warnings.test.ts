/** With -k what helpers could not do is told, with what they said and where the script asked for it. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

const STRUCT =
  'struct own { int number; struct own *next; char name[8]; unsigned int low : 4; };\n';

/** The warnings of one firing: what the helper said, its name, and the text at the place. */
function told(statements: string, first = 0n, reportsHelpers = true): readonly unknown[] {
  const script = `${STRUCT}kprobe:vfs_read { $p = (struct own *)arg0; ${statements} }`;
  const object = build(script, { reportsHelpers });
  const machine = interpret(object);
  const { events, lines = [] } = inspectObject(object).manifest as Manifest;
  const places = events.flatMap(({ kind, place, helper }) =>
    kind === 'warning' && helper !== 'map_update_elem' && place
      ? [
          [
            helper,
            (lines[place.text ?? 0] ?? '').slice(
              (place.column ?? 1) - 1,
              (place.endColumn ?? 1) - 1,
            ),
          ],
        ]
      : [],
  );
  const context = new Uint8Array(256);
  new DataView(context.buffer).setBigUint64(112, first, true);
  machine.run(undefined, context);
  const sent = machine.sent().filter(({ kind }) => kind === 'warning');
  expect(sent.length).toBeLessThanOrEqual(places.length);
  return sent.map(({ values }, at) => [values[0], ...(places[at] ?? [])]);
}

const READ = 'probe_read_kernel';

describe('with -k', () => {
  it.each<readonly [statements: string, told: readonly unknown[]]>([
    ['@a = $p.number;', [[-14n, READ, '$p.number']]],
    [
      '@a = $p.next.number;',
      [
        [-14n, READ, '$p.next'],
        [-14n, READ, '$p.next.number'],
      ],
    ],
    ['@a = $p.low;', [[-14n, READ, '$p.low']]],
    ['@a = *(uint64 *)arg0;', [[-14n, READ, '*(uint64 *)arg0']]],
    ['@a = str(arg0);', [[-14n, `${READ}_str`, 'str(arg0)']]],
    ['@a[str(arg0), 1] = 1;', [[-14n, `${READ}_str`, 'str(arg0)']]],
    ['@b[1] = 1; @a = @b[2];', [[0n, 'map_lookup_elem', '@b[2]']]],
    ['@b[1] = 1; @a = @b[1];', []],
    ['@b["x"] = "text"; @a = @b["y"];', [[0n, 'map_lookup_elem', '@b["y"]']]],
    ['@a = curtask.pid;', []],
    ['@a = pid;', []],
  ])('%s', (statements, wanted) => {
    expect(told(statements)).toEqual(wanted);
    // Nobody hears of it without.
    expect(told(statements, 0n, false)).toEqual([]);
  });

  it('nothing is told of what could be read', () => {
    const object = build(
      `${STRUCT}kprobe:vfs_read { $p = (struct own *)arg0; @a = $p.number; @s = str(arg0); }`,
      {
        reportsHelpers: true,
      },
    );
    const machine = interpret(object);
    const context = new Uint8Array(256);
    new DataView(context.buffer).setBigUint64(112, machine.memory.add(new Uint8Array(64)), true);
    machine.run(undefined, context);
    expect(machine.sent()).toEqual([]);
  });
});
