/** What the loader is told of parameters, of what a kernel has to be like, and of probes. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

const manifestOf = (script: string): Manifest => inspectObject(build(script)).manifest as Manifest;

describe('parameters', () => {
  it('by number have a place each, as wide as what stands there', () => {
    const { params } = manifestOf(
      'config = { max_strlen = 32 } begin { @ = $1; printf("%s", str($3)); @h = hist(1, $2); @n = $#; }',
    );
    expect(params.map(({ index, as, size }) => [index, as, size])).toEqual([
      ...[
        [1, 'int', 8],
        [2, 'int', 8],
        [3, 'string', 32],
      ],
    ]);
    const places = params.map(({ offset }) => offset).toSorted((a, b) => a - b);
    for (const [at, place] of places.entries())
      if (at > 0) expect(place - (places[at - 1] ?? 0)).toBeGreaterThanOrEqual(8);
  });

  it('have bounds where a literal would have them, and are said of where they stand', () => {
    const { bounds } = manifestOf(
      'begin { @k[1] = 1; print(@k, 3, $3);\n  print(@k, $4); @h = hist(7, $5); @l = lhist(7, 0, 10, $1); }',
    );
    const most = 4294967295;
    expect(bounds).toEqual([
      {
        ...{ param: 3, least: 0, most, place: { line: 1, column: 33, endColumn: 35, text: 0 } },
        expects: 'print() expects an integer from 0 to 4294967295 as div',
      },
      {
        ...{ param: 4, least: 0, most, place: { line: 2, column: 13, endColumn: 15, text: 1 } },
        expects: 'print() expects an integer from 0 to 4294967295 as top',
      },
      {
        ...{ param: 5, least: 0, most: 5, place: { line: 2, column: 31, endColumn: 33, text: 1 } },
        expects: 'hist() bits must be between 0 and 5',
      },
      expect.objectContaining({ param: 1, least: 1 }),
    ]);
    expect(manifestOf('begin { @ = $1; }')).not.toHaveProperty('bounds');
  });

  it('by name are of the type of their default, which the program has from the beginning', () => {
    const script = `config = { max_strlen = 32 } begin {
      @flag = getopt("verbose"); @on = getopt("on", true); @depth = getopt("depth", 5, "how deep"); @low = getopt("low", -3);
      @who = getopt("who", "me"); @again = getopt("depth", 5, "how deep") + getopt("low", -3); @is = getopt("who", "me") == "me";
      if getopt("on", true) { @branch = 1; } @none = $1;
    }`;
    const { options } = manifestOf(script);
    expect(options?.map(({ offset: _, ...option }) => option)).toEqual([
      { name: 'verbose', as: 'bool', default: '0', size: 8 },
      { name: 'on', as: 'bool', default: '1', size: 8 },
      { name: 'depth', as: 'int', signed: false, default: '5', description: 'how deep', size: 8 },
      { name: 'low', as: 'int', signed: true, default: '-3', size: 8 },
      { name: 'who', as: 'string', default: 'me', size: 32 },
    ]);
    expect(new Set(options?.map(({ offset }) => offset)).size).toBe(5);
    const machine = interpret(build(script), { shared: { paramCount: 3n } });
    machine.run();
    const names = ['@flag', '@on', '@depth', '@low', '@who', '@again', '@is', '@branch', '@none'];
    expect(names.map((name) => machine.value(name))).toEqual([
      ...[false, true, 5n, -3n, 'me', 2n, true, 1n, 0n],
    ]);
    expect(manifestOf('begin { @ = 1; }')).not.toHaveProperty('options');
  });

  it('are counted', () => {
    const machine = interpret(build('begin { @ = $#; @twice = $# * 2; }'), {
      shared: { paramCount: 3n },
    });
    machine.run();
    expect([machine.value('@'), machine.value('@twice')]).toEqual([3n, 6n]);
  });

  it('decide how large values and stacks are', () => {
    const { maps, stacks } = manifestOf(
      'kprobe:f { @h = hist(arg0, $1); @l = lhist(arg0, $2, $3, $4); @s[kstack($5)] = 1; @u[ustack(3)] = 1; @fixed = hist(arg0, 2); }',
    );
    const of = (name: string) => maps.find((map) => map.name === name);
    expect(of('@h')?.value).toEqual({ kind: 'hist', bits: 5, bitsParam: 1 });
    expect(of('@l')?.value).toEqual({
      ...{ kind: 'lhist', min: 0, max: 0, step: 0 },
      ...{ minParam: 2, maxParam: 3, stepParam: 4 },
    });
    expect(of('@fixed')?.value).toEqual({ kind: 'hist', bits: 2 });
    for (const [name, has] of [
      ['@h', true],
      ['@l', true],
      ['@fixed', false],
      ['@s', false],
    ] as const)
      expect([name, typeof of(name)?.buckets === 'number']).toEqual([name, has]);
    expect(of('@s')?.key).toMatchObject({ kind: 'stack', space: 'kernel', limit: 1024 });
    expect(of('@u')?.key).toMatchObject({ kind: 'stack', space: 'user', limit: 3 });
    expect(stacks).toEqual({ words: 3, params: [{ param: 5, words: 1 }] });
    expect(manifestOf('kprobe:f { @[kstack(7)] = 1; }')).not.toHaveProperty('stacks');
  });
});

describe('settings', () => {
  it('are those that the loader acts on, the ring in pages of a power of two', () => {
    const config = (text: string) => manifestOf(`config = { ${text} } begin { }`).config;
    expect(config('perf_rb_pages = 5').perfRbPages).toBe(8);
    expect(config('perf_rb_pages = 64').perfRbPages).toBe(64);
    expect(manifestOf('begin { }').config).toMatchObject({
      perfRbPages: 0,
      missingProbes: 'error',
    });
    expect(config('missing_probes = "warn"; print_maps_on_exit = false')).toMatchObject({
      ...{ missingProbes: 'warn', printMapsOnExit: false },
    });
  });
});

describe('an assumption', () => {
  const assumed = (script: string) => manifestOf(script).assumptions ?? [];
  const HELD = 'struct mine { int a; struct list_head l; int b; };\n';

  it('is made of what is copied, which may be smaller', () => {
    expect(assumed('begin {\n print(*curtask.mm); }')).toEqual([
      { type: 'struct mm_struct', most: true, value: expect.stringMatching(/^\d+$/), line: 2 },
    ]);
    expect(assumed('begin { print(curtask.restart_block.futex); }')).toEqual([
      {
        ...{ type: 'struct restart_block', path: 'futex', measured: true, most: true },
        ...{ value: '40', line: 1 },
      },
    ]);
    expect(assumed('begin { print(curtask.pid); }')).toEqual([]);
  });

  it.each([
    ['sizeof(struct list_head)', { type: 'struct list_head', value: '16' }],
    ['offsetof(struct list_head, prev)', { type: 'struct list_head', path: 'prev', value: '8' }],
    [
      'sizeof(curtask.comm)',
      { type: 'struct task_struct', path: 'comm', measured: true, value: '16' },
    ],
    ['PIDTYPE_SID', { enumerator: 'PIDTYPE_SID', enum: 'pid_type', value: '3' }],
    ['TCP_CLOSE', { enumerator: 'TCP_CLOSE', value: '7' }],
    ['sizeof(struct mine)', { type: 'struct list_head', embedded: 'struct mine', value: '16' }],
    ['3', undefined],
  ])('is made of what a number of a type is made of: %s', (number, wanted) => {
    expect(assumed(`${HELD}kprobe:f { @ = lhist(arg0, 0, ${number}, 1); }`)).toEqual(
      wanted ? [{ ...wanted, line: 2 }] : [],
    );
  });

  it("is made of the kernel's structs in one of the script's own, once", () => {
    const held = { type: 'struct list_head', embedded: 'struct mine', value: '16' };
    expect(assumed(`${HELD}kprobe:f { print(((struct mine *)arg0).b); }`)).toEqual([
      { ...held, line: 2 },
    ]);
    expect(
      assumed(`${HELD}kprobe:f {\n print(*(struct mine *)arg0); @ = sizeof(struct mine); }`),
    ).toEqual([{ ...held, line: 3 }]);
    expect(
      assumed(
        `${HELD}kprobe:f { @[0] = ((struct mine *)arg0)[1].a; @[1] = ((struct mine *)arg0).b; }`,
      ),
    ).toEqual([{ ...held, line: 2 }]);
    expect(assumed('struct mine { int a; }; kprobe:f { print(((struct mine *)arg0).a); }')).toEqual(
      [],
    );
  });
});

describe('a probe', () => {
  const SCRIPT = `usdt:/x:p:n { print(arg2 + arg0); }
usdt:/x:p:m { print(arg1); print(arg0); }
usdt:/x:p:o { print(1); }
tracepoint:syscalls:sys_enter_* { @ = count(); }
tracepoint:syscalls:sys_* { @k[kstack] = count(); }
tracepoint:sched:sched_sw* { @n = 1; }
tracepoint:sched:sched_sw* { @k[kstack] = count(); }
tracepoint:sched:sched_switch { @n = 2; }
kprobe:vfs_read,kprobe:vfs_write { @n = 2; }
kretprobe:vfs_$1 { @h = hist(retval); }
uprobe:/x:f { print(uaddr("main")); print(uaddr("other")); print(uaddr("main")); }
`;
  type Probes = Manifest['probes'];
  const probesNow = (): Probes => manifestOf(SCRIPT).probes;
  const finder =
    (probes: Probes) =>
    (name: string, nth = 0) =>
      probes.filter((probe) => probe.name === name)[nth];

  it('says where it stands, and which block has it', () => {
    const lines = SCRIPT.split('\n');
    const probes = probesNow();
    const of = finder(probes);
    for (const { name, line, column = 0, endColumn = 0 } of probes)
      expect((lines[line - 1] ?? '').slice(column - 1, endColumn - 1)).toBe(name);
    expect(probes.map(({ line, block }) => block === line - 1)).not.toContain(false);
    expect(of('kprobe:vfs_write')).toMatchObject({ line: 9, column: 17, block: 8 });
    expect(probes.map(({ name, parameters }) => parameters && name).filter(Boolean)).toEqual([
      'kretprobe:vfs_$1',
    ]);
  });

  it('of a USDT point says which arguments it reads', () => {
    const of = finder(probesNow());
    expect(of('usdt:/x:p:n')).toMatchObject({ arguments: 3, unread: 0b10 });
    expect(of('usdt:/x:p:m')).toMatchObject({ arguments: 2 });
    expect(of('usdt:/x:p:m')).not.toHaveProperty('unread');
    expect(of('usdt:/x:p:o')).not.toHaveProperty('arguments');
    expect(of('kprobe:vfs_read')).not.toHaveProperty('arguments');
  });

  it('that stands for many tracepoints says whether it reads nothing of them', () => {
    const of = finder(probesNow());
    const free = (name: string, nth = 0) => of(name, nth)?.contextFree;
    expect([free('tracepoint:sched:sched_sw*'), free('tracepoint:sched:sched_sw*', 1)]).toEqual([
      true,
      undefined,
    ]);
    expect(free('tracepoint:sched:sched_switch')).toBeUndefined();
    expect(of('tracepoint:syscalls:sys_enter_*')?.syscalls).toBeTypeOf('number');
    expect(of('tracepoint:sched:sched_sw*')).not.toHaveProperty('syscalls');
  });

  it('names the symbols whose addresses it wants, each once', () => {
    const of = finder(probesNow());
    const { addresses = [] } = of('uprobe:/x:f') ?? {};
    expect(addresses.map(({ symbol }) => symbol)).toEqual(['main', 'other']);
    expect(new Set(addresses.map(({ offset }) => offset)).size).toBe(2);
    expect(of('kprobe:vfs_read')).not.toHaveProperty('addresses');
  });
});
