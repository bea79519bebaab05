/** What is a process's is read as such, and what is the kernel's as that: here each helper finds nothing in the other's memory. */
import { describe, expect, it } from 'vitest';
import { build, kernelDescription } from '../../support/build.ts';
import { type Interpreter, interpret, type Value } from '../../support/interpreter.ts';

const STRUCT = `struct own {
  uint32_t number; char name[12]; int8_t cells[4]; unsigned int low : 4; unsigned int high : 12; struct own *next; char *text; struct { uint16_t deep; } in;
};
struct pair { struct own own[1]; };`;

/** A struct that leads to itself, and to a text beside it. */
function placed(machine: Interpreter, space: 'kernel' | 'user'): bigint {
  const bytes = new Uint8Array(64);
  const address = machine.memory.add(bytes, space);
  const text = machine.memory.add(new Uint8Array(Buffer.from('a text\0')), space);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 77, true);
  // Nothing behind the NUL is a part of it.
  bytes.set(Buffer.from('name\0garbag'), 4);
  bytes.set([1, 2, 253, 4], 16);
  view.setUint16(20, 0xabc5, true);
  view.setBigUint64(24, address, true);
  view.setBigUint64(32, text, true);
  view.setUint16(40, 0x1234, true);
  return address;
}

const READ = `@number = $p.number; @name = $p.name; @cell = $p.cells[$i]; @fixed = $p.cells[3]; @low = $p.low; @high = $p.high;
  @next = $p.next.next.number; @text = str($p.text); @deep = $p.next.in.deep; $copy = *$p; @copied = $copy.in.deep;
  @behind = $copy.next.number; @kept = *$p; @tuple = (1, *$p); @within = @kept.next.next.number; @part = @tuple.1.next.number;
  $both = *(struct pair *)$p; @both = $both.own[0].next.number; $one = $both.own[0]; @one = str($one.text);
  @element = $p.next[0].number; @first = *(uint32 *)$p.next; @buf = buf($p.text, 6); @is = $p.name == "name";
  @same = str($p.text) == "a text"; @array = $p.cells; @k[str($p.text)] = 1; @n[$p.name] = 1; @t = ($p.name, 1);`;

const NAMES: readonly (readonly [name: string, there: Value, otherwise: Value])[] = [
  ['@number', 77n, 0n],
  ['@name', 'name', ''],
  ['@cell', -3n, 0n],
  ['@fixed', 4n, 0n],
  ['@low', 5n, 0n],
  ['@high', 0xabcn, 0n],
  ['@next', 77n, 0n],
  ['@text', 'a text', ''],
  ['@deep', 0x1234n, 0n],
  ['@copied', 0x1234n, 0n],
  ['@behind', 77n, 0n],
  ['@within', 77n, 0n],
  ['@part', 77n, 0n],
  ['@both', 77n, 0n],
  ['@one', 'a text', ''],
  ['@element', 77n, 0n],
  ['@first', 77n, 0n],
  ['@is', true, false],
  ['@same', true, false],
  ['@t', ['name', 1n], ['', 1n]],
  ['@array', [1n, 2n, -3n, 4n], [0n, 0n, 0n, 0n]],
];

/** Register of the first argument, and the second, which is 2. */
function registers(first: bigint): Uint8Array {
  const context = new Uint8Array(256);
  const view = new DataView(context.buffer);
  view.setBigUint64(112, first, true);
  view.setBigUint64(104, 2n, true);
  return context;
}

describe('a char array', () => {
  it('is one key whatever stands behind its NUL, as wide as it is', () => {
    const machine = interpret(
      build(
        `${STRUCT} kprobe:vfs_read { $p = (struct own *)arg0; $n = $p.name; @[$p.name] = count(); @v[$n, 1] = count(); @s = $n; @l = strlen($n); }`,
      ),
    );
    for (const name of [
      'name\0garbage',
      'name\0other',
      'name',
      'twelve bytes',
      'twelve byte',
      '\0hidden',
    ]) {
      const bytes = new Uint8Array(64);
      bytes.set(Buffer.from(name), 4);
      machine.run(undefined, registers(machine.memory.add(bytes)));
      expect(machine.value('@s')).toBe(name.replace(/\0.*/s, ''));
    }
    const names = ['name', 'twelve bytes', 'twelve byte', ''];
    expect(machine.entries('@').map(([key]) => key)).toEqual(names);
    expect(machine.entries('@v').map(([key]) => key)).toEqual(names.map((name) => [name, 1n]));
  });
});

describe('a pointer leads to memory', () => {
  it.each<readonly [what: string, probe: string, pointer: string, space: 'kernel' | 'user']>([
    ['of the kernel in a kprobe', 'kprobe:vfs_read', '(struct own *)arg0', 'kernel'],
    ['of the process in a uprobe', 'uprobe:/x:f', '(struct own *)arg0', 'user'],
    ['of the process by uptr', 'kprobe:vfs_read', '(struct own *)uptr(arg0)', 'user'],
    ['of the kernel by kptr', 'uprobe:/x:f', '(struct own *)kptr(arg0)', 'kernel'],
  ])('%s', (_, probe, pointer, space) => {
    const script = `${STRUCT} ${probe} { $p = ${pointer}; $i = arg1; ${READ} }`;
    for (const where of ['kernel', 'user'] as const) {
      const machine = interpret(build(script));
      machine.run(undefined, registers(placed(machine, where)));
      const isThere = where === space;
      expect([where, ...NAMES.map(([name]) => [name, machine.value(name)])]).toEqual([
        where,
        ...NAMES.map(([name, there, otherwise]) => [name, isThere ? there : otherwise]),
      ]);
      expect(machine.value('@buf')).toBe(isThere ? 'a text' : '\0'.repeat(6));
      expect(machine.entries('@n')).toEqual([[isThere ? 'name' : '', 1n]]);
      expect(machine.entries('@k')).toEqual([[isThere ? 'a text' : '', 1n]]);
    }
  });

  it("of the process where a system call's argument is one", () => {
    const fields = kernelDescription().tracepoint('syscalls', 'sys_enter_openat') ?? [];
    const { offset = -1 } = fields.find(({ name }) => name === 'filename') ?? {};
    const machine = interpret(
      build(
        'tracepoint:syscalls:sys_enter_openat { @ = str(args.filename); @first = *args.filename; @k[str(args.filename), 1] = 1; printf("%s", str(args.filename)); }',
      ),
    );
    const context = new Uint8Array(256);
    const view = new DataView(context.buffer);
    for (const [space, text] of [
      ['user', 'a file'],
      ['kernel', ''],
    ] as const) {
      const address = machine.memory.add(new Uint8Array(Buffer.from('a file\0')), space);
      view.setBigUint64(offset, address, true);
      machine.run(undefined, context);
      expect([machine.value('@'), machine.value('@first')]).toEqual([
        text,
        BigInt(text.length > 0 ? 'a'.charCodeAt(0) : 0),
      ]);
      expect(machine.sent().flatMap((event) => event.values)).toEqual([text]);
    }
    expect(machine.entries('@k').map(([key]) => key)).toEqual([
      ['a file', 1n],
      ['', 1n],
    ]);
  });
});

describe('a warning of what failed has what the helper said', () => {
  it.each([
    ['in the program', (body: string) => `kprobe:vfs_read { ${body} }`],
    ['in a loop', (body: string) => `kprobe:vfs_read { for $i : 0..arg1 { ${body} } }`],
    [
      'in a loop over a map',
      (body: string) => `kprobe:vfs_read { @o[1] = 1; @o[2] = 1; for $kv : @o { ${body} } }`,
    ],
    ['in a function', (body: string) => `fn f() : void { ${body} } kprobe:vfs_read { f(); f(); }`],
    [
      'in a session',
      (body: string) => `kprobe:vfs_read { ${body} ${body} } kretprobe:vfs_read { @ret = 1; }`,
    ],
    ['in a block twice', (body: string) => `kprobe:vfs_read { ${body} ${body} }`],
  ])('%s', (_, script) => {
    const text = script(
      '@n++; @m[@n] = 1; @l[@n] += 2; @c[@n] = count(); @h[@n] = hist(1); @v[@n]++; delete(@gone, 3); @gone[1] = 1;',
    );
    // What the loop goes over is put there before.
    let hasBegun = !text.includes('$kv');
    const machine = interpret(build(text), {
      fails: (helper) => {
        hasBegun ||= helper === 'for_each_map_elem';
        if (!hasBegun) return undefined;
        return { map_update_elem: -12n, map_delete_elem: -2n }[helper];
      },
    });
    machine.run(undefined, registers(1n));
    const sent = machine.sent();
    expect(sent.length).toBeGreaterThanOrEqual(7);
    for (const event of sent)
      expect([-12n, -2n]).toContain(event.kind === 'warning' && event.values[0]);
    expect(sent.filter(({ values }) => values[0] === -2n).length).toBeGreaterThan(0);
    expect(sent.filter(({ values }) => values[0] === -12n).length).toBeGreaterThanOrEqual(6);
  });
});
