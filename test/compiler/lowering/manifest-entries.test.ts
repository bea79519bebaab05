/** What the loader is told, entry by entry: of what is sent, of parameters, of probes and of what the kernel has to be. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest, ManifestPlace } from '../../../linker/manifest/manifest.ts';
import { type BuildOptions, build, withFolder } from '../../support/build.ts';

const manifestOf = (script: string, options: BuildOptions = {}): Manifest =>
  inspectObject(build(script, options)).manifest as Manifest;

/** What is sent, without places and with a mark where a control word is. */
function events(script: string) {
  return manifestOf(script, { unsafe: true }).events.map(({ place: _, control, ...event }) => ({
    ...event,
    ...(control === undefined ? {} : { control: true }),
  }));
}

const int = (size: number, signed: boolean) => ({ kind: 'int', size, signed });
const pointer = { kind: 'pointer' };
const control = true;
/** A record with one field behind the header. */
const value = (type: unknown, size: number) => ({
  ...{ kind: 'print-value', size, fields: [{ offset: 8, type }] },
});
const record = (size: number, ...fields: readonly (readonly [string, number, unknown])[]) => ({
  ...{ kind: 'record', size },
  fields: fields.map(([name, offset, type]) => ({ name, offset, type })),
});
const full = {
  ...{ kind: 'warning', size: 16, fields: [{ offset: 8, type: int(8, true) }] },
  helper: 'map_update_elem',
  message: expect.stringMatching(/^Map full; can't update element\. /),
};
const print = { kind: 'print-map', size: 8, fields: [], control };

describe('what is sent', () => {
  it('of values is said by their types, each in as many words as it takes', () => {
    expect(
      events(`kprobe:vfs_read {
        print((uint8)arg0); print((1, "a", (int8)2)); print((a=(uint8)1, b=curtask.pid)); print(comm); print(pid);
        print(ksym(arg0)); print(usym(arg0)); print(kptr(arg0)); print(ntop(1)); print(macaddr((uint8 *)arg0));
        print(buf(arg0, 5)); print(cgroup_path(1)); print(strerror(2)); print(signal_name(9)); print(kstack(2));
        print(ustack(raw, 5)); print(func); print(probe); print(arg0 == 1); print(((int8)1, (uint32)2, true)); print(strftime("%M", nsecs));
      }`).filter(({ kind }) => kind !== 'warning'),
    ).toEqual([
      value(int(1, false), 16),
      value(
        {
          ...{ kind: 'tuple', size: 4 },
          fields: [
            { offset: 0, type: int(1, true) },
            { offset: 1, type: { kind: 'string', size: 2 } },
            { offset: 3, type: int(1, true) },
          ],
        },
        16,
      ),
      value(record(8, ['a', 0, int(1, false)], ['b', 4, int(4, true)]), 16),
      value({ kind: 'string', size: 16 }, 24),
      value(int(4, false), 16),
      value({ kind: 'ksym' }, 16),
      value({ kind: 'usym' }, 24),
      value(pointer, 16),
      value({ kind: 'inet' }, 32),
      value({ kind: 'macaddr' }, 16),
      value({ kind: 'buffer', size: 5 }, 24),
      value({ kind: 'cgroup_path' }, 24),
      value({ kind: 'name', of: 'errno' }, 16),
      value({ kind: 'name', of: 'signal' }, 16),
      value({ kind: 'stack', space: 'kernel', mode: 'bpftrace', limit: 2 }, 24),
      value({ kind: 'stack', space: 'user', mode: 'raw', limit: 5 }, 24),
      value({ kind: 'ksym' }, 16),
      value({ kind: 'string', size: 'kprobe:vfs_read'.length + 1 }, 24),
      value({ kind: 'bool' }, 16),
      value(
        {
          ...{ kind: 'tuple', size: 12 },
          fields: [
            { offset: 0, type: int(1, true) },
            { offset: 4, type: int(4, false) },
            { offset: 8, type: { kind: 'bool' } },
          ],
        },
        24,
      ),
      value({ kind: 'timestamp' }, 24),
    ]);
  });

  it("of structs is said member by member, of the kernel's with the name that it is found by", () => {
    const { events: sent, enums } = manifestOf(`
      struct held { struct list_head l; int b; };
      struct mine { enum { A, B = 7 } e; enum pid_type p; int a[3]; struct { char c; } in; union { int x; char y; } u; };
      enum color { RED, GREEN = -5 };
      kprobe:vfs_read {
        print(*(struct mine *)arg0); print(*(struct held *)arg0); print(RED); print(PIDTYPE_TGID);
        print(curtask.restart_block.futex); print(((struct mine *)arg0).a);
      }`);
    const enumeration = (number: number, size: number, signed = false) => ({
      ...{ kind: 'enum', enum: number, size, signed },
    });
    const list = {
      ...record(16, ['next', 0, pointer], ['prev', 8, pointer]),
      struct: 'struct list_head',
    };
    const three = { kind: 'array', count: 3, element: int(4, true), size: 12 };
    expect(sent.map(({ place: _, ...event }) => event)).toEqual([
      value(
        record(
          28,
          ['e', 0, enumeration(0, 4)],
          ['p', 4, enumeration(1, 4)],
          ['a', 8, three],
          ['in', 20, record(1, ['c', 0, int(1, true)])],
          ['u', 24, record(4, ['x', 0, int(4, true)], ['y', 0, int(1, true)])],
        ),
        40,
      ),
      value(record(24, ['l', 0, list], ['b', 16, int(4, true)]), 32),
      // What the script's own struct holds of the kernel's is described once more, to be compared.
      value(list, 24),
      value(enumeration(2, 8, true), 16),
      value(enumeration(1, 8), 16),
      value(
        {
          ...record(
            40,
            ['uaddr', 0, pointer],
            ['val', 8, int(4, false)],
            ['flags', 12, int(4, false)],
            ['bitset', 16, int(4, false)],
            ['time', 24, int(8, false)],
            ['uaddr2', 32, pointer],
          ),
          within: ['struct restart_block.futex'],
        },
        48,
      ),
      value(three, 24),
    ]);
    expect(enums).toEqual([
      {
        name: '',
        values: [
          ['A', '0'],
          ['B', '7'],
        ],
      },
      {
        ...{ name: 'pid_type', kernel: true },
        values: ['PID', 'TGID', 'PGID', 'SID', 'MAX'].map((name, at) => [
          `PIDTYPE_${name}`,
          `${at}`,
        ]),
      },
      {
        name: 'color',
        values: [
          ['RED', '0'],
          ['GREEN', '-5'],
        ],
      },
    ]);
  });

  it('of maps says which, how much of it, and what becomes of it', () => {
    expect(
      events(`begin {
        print(@a); clear(@a); @a[1] = 1; print(@b); zero(@b); @b[1] = count(); clear(@c); @c[1] = 1; zero(@c);
        print(@a, 3); print(@b, 4, 5); print(@d); print(@b, $1, $2); @d = 7;
      }`),
    ).toEqual([
      ...[{ ...print, map: 0, then: 'clear' }, full, { ...print, map: 1, then: 'zero' }, full],
      { kind: 'clear', size: 8, fields: [], map: 2, control },
      full,
      { kind: 'zero', size: 8, fields: [], map: 2, control },
      { ...print, map: 0, top: 3 },
      { ...print, map: 1, top: 4, div: 5 },
      { ...print, map: 3 },
      { ...print, map: 1, topParam: 1, divParam: 2 },
    ]);
  });

  it('of maps is joined with what empties them, where only other prints stand between', () => {
    const kinds = (statements: string) =>
      events(`begin { @a[1] = 1; @b[1] = 1; } interval:s:1 { ${statements} }`)
        .filter(({ kind }) => kind !== 'warning')
        .map(({ kind, map, then }) => [kind, map, then ?? ''].join(' ').trim());
    const [cleared, zeroed] = ['print-map 0 clear', 'print-map 0 zero'];
    expect(kinds('print(@b); print(@a); clear(@a);')).toEqual(['print-map 1', cleared]);
    expect(kinds('print(@a); print(@b); clear(@a);')).toEqual([cleared, 'print-map 1']);
    expect(kinds('print(@a); print(@b); zero(@a); clear(@b);')).toEqual([
      zeroed,
      'print-map 1 clear',
    ]);
    expect(kinds('print(@a); printf("x"); clear(@a);')).toEqual([cleared, 'printf']);
    // Whatever else comes between sees the map as it is.
    const apart = ['print-map 1', 'print-map 0', 'clear 0'];
    expect(kinds('print(@b); print(@a); @x = 1; clear(@a);')).toEqual(apart);
    expect(kinds('print(@b); print(@a); @a[2] = 1; clear(@a);')).toEqual(apart);
    expect(kinds('print(@b); print(@a); if pid { @x = 1; } clear(@a);')).toEqual(apart);
    expect(kinds('print(@b); print(@a); delete(@b, 1); clear(@a);')).toEqual(apart);
    expect(kinds('print(@b); clear(@a); print(@a);')).toEqual([
      'print-map 1',
      'clear 0',
      'print-map 0',
    ]);
    expect(kinds('print(@a); clear(@a); clear(@a);')).toEqual([cleared, 'clear 0']);
    expect(kinds('print(@a); zero(@a); clear(@a);')).toEqual([zeroed, 'clear 0']);
    expect(kinds('clear(@a);')).toEqual(['clear 0']);
    expect(kinds('print(@b); clear(@a);')).toEqual(['print-map 1', 'clear 0']);
  });

  it('of formats, times and ends has what it is written with', () => {
    const text = (kind: string, format: string, ...fields: readonly unknown[]) => ({
      ...{ kind, format, fields, size: 8 + 8 * fields.length },
    });
    const field = (type: unknown) => ({ offset: 8, type });
    const { formats } = manifestOf(
      'begin { print((strftime("%M", 1), strftime("%H", 1), strftime("%M", 2))); }',
    );
    expect(formats).toEqual(['%M', '%H']);
    expect(
      events(`begin {
        printf("a %d %s", pid, comm); errorf("x %d", (int8)3); warnf("y"); time("%H"); system("ls %d", pid); cat("/x/%d", pid);
        printf("a %d %s", pid, comm); if pid == 7 { exit(3); } exit();
      }`),
    ).toEqual([
      {
        ...{ kind: 'printf', format: 'a %d %s', size: 32 },
        fields: [
          { offset: 8, type: int(4, false) },
          { offset: 12, type: { kind: 'string', size: 16 } },
        ],
      },
      text('errorf', 'x %d', field(int(1, true))),
      text('warnf', 'y'),
      { ...text('time', '%H'), control },
      text('system', 'ls %d', field(int(4, false))),
      text('cat', '/x/%d', field(int(4, false))),
      // In another place.
      expect.objectContaining({ kind: 'printf', format: 'a %d %s', size: 32 }),
      { kind: 'exit', size: 16, fields: [field(int(1, false))], control },
    ]);
  });

  it('is warned of where numbers are divided and elements are not there', () => {
    // A number that is not zero is no reason, whatever its type.
    expect(
      events('begin { @a = pid / 3; @b = (uint64)pid % (uint64)7; @c = (int64)pid / -2; }'),
    ).toEqual([]);
    const warnings = events(
      'begin { @ = 10 / (uint64)@m[pid]; @m[pid] = 1; @n = 10 % (pid - 1); delete(@m, 7); }',
    );
    const divided = {
      ...{ kind: 'warning', size: 8, fields: [] },
      message:
        'Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.',
    };
    expect(warnings).toEqual([
      ...[divided, full, divided],
      {
        ...full,
        helper: 'map_delete_elem',
        message: "Can't delete map element because it does not exist.",
      },
    ]);
  });
});

describe('a place', () => {
  const places = (script: string, options: BuildOptions = {}): readonly ManifestPlace[] =>
    manifestOf(script, options).events.flatMap(({ place }) => place ?? []);

  it('is the columns of its first line, which stands there once', () => {
    const script = 'begin { print(1); print(2);\n  @ = 10 /\n    (uint64)pid; }';
    expect(places(script)).toEqual([
      { line: 1, column: 9, endColumn: 17, text: 0 },
      { line: 1, column: 19, endColumn: 27, text: 0 },
      { line: 2, column: 7, endColumn: 11, text: 1 },
    ]);
    expect(manifestOf(script).lines).toEqual(['begin { print(1); print(2);', '  @ = 10 /']);
  });

  it('in a macro has the uses that led there', () => {
    const script = 'macro twice(x) { print(x); print(2) }\nbegin {\n  twice(3);\n}';
    expect(places(script)).toEqual([
      {
        ...{ line: 1, column: 18, endColumn: 26, text: 1 },
        uses: [{ line: 3, column: 3, endColumn: 11, text: 0 }],
      },
      {
        ...{ line: 1, column: 28, endColumn: 36, text: 1 },
        uses: [{ line: 3, column: 3, endColumn: 11, text: 0 }],
      },
    ]);
    expect(manifestOf(script).lines?.toSorted()).toEqual(
      ['  twice(3);', 'begin {', 'macro twice(x) { print(x); print(2) }'].toSorted(),
    );
  });

  it('in an imported file has its name', () =>
    withFolder((folder) => {
      mkdirSync(join(folder, 'lib'));
      writeFileSync(
        join(folder, 'lib/own.bt'),
        '\nfn divided($n : uint64) : uint64 { return 10 / $n; }\nfn number() : int64 { return PIDTYPE_TGID + TCP_CLOSE; }\n',
      );
      const path = join(folder, 'main.bt');
      const script =
        'import "lib/own.bt";\nbegin { print(divided(pid)); @ = number(); @b = sizeof(struct mine_of_kernel); }';
      const {
        events: sent,
        lookups,
        script: name,
        probes,
      } = manifestOf(`struct mine_of_kernel { struct list_head l; };\n${script}`, { path });
      expect(name).toBe('main.bt');
      expect(sent.map(({ kind, place }) => [kind, place?.line, place?.file])).toEqual([
        ['warning', 2, 'own.bt'],
        ['print-value', 3, undefined],
      ]);
      expect(lookups?.map(({ line, file }) => [line, file])).toEqual([
        [3, 'own.bt'],
        [3, 'own.bt'],
      ]);
      expect(probes[0]).not.toHaveProperty('file');
    }));
});
