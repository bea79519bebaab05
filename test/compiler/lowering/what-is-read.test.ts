/** What scripts read, seen by interpreting their programs: elements of arrays, fields, texts, names, maps once more. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build, kernelDescription } from '../../support/build.ts';
import { type Interpreter, interpret } from '../../support/interpreter.ts';
import type { World } from '../../support/interpreter-helpers.ts';

/** Registers of a kprobe whose first two arguments are these. */
function registers(first: bigint, second = 0n): Uint8Array {
  const context = new Uint8Array(256);
  const view = new DataView(context.buffer);
  view.setBigUint64(112, first, true);
  view.setBigUint64(104, second, true);
  return context;
}

/** A kprobe that has run with the address of these bytes, and a number for each time. */
function ranWith(
  script: string,
  bytes: Uint8Array,
  seconds: readonly bigint[] = [0n],
  world: World = {},
): Interpreter {
  const machine = interpret(build(script), world);
  const address = machine.memory.add(bytes);
  for (const second of seconds) machine.run(undefined, registers(address, second));
  return machine;
}

const values = (machine: Interpreter, ...names: readonly string[]) =>
  names.map((name) => machine.value(name));

const kinds = (machine: Interpreter): readonly string[] => machine.sent().map(({ kind }) => kind);

const manifestOf = (script: string): Manifest => inspectObject(build(script)).manifest as Manifest;

const warnings = (script: string): readonly string[] =>
  manifestOf(script).events.flatMap((event) =>
    event.kind === 'warning' ? [(event as { readonly message?: string }).message ?? ''] : [],
  );

describe('an element of an array', () => {
  const STRUCT = 'struct row { uint32_t before; int16_t cells[4]; uint32_t behind; }';
  const row = new Uint8Array(new Int16Array([100, 0, -10, -20, -30, -40, 900, 0]).buffer);

  it('is the one at the index, and the first with a warning where there is none', () => {
    const script = `${STRUCT} kprobe:vfs_read { @[arg1] = ((struct row *)arg0).cells[arg1]; }`;
    const machine = ranWith(script, row, [0n, 3n, 4n, 1n, (1n << 64n) - 1n]);
    expect(machine.entries('@').map(([, value]) => value)).toEqual([-10n, -40n, -10n, -20n, -10n]);
    expect(kinds(machine)).toEqual(['warning', 'warning']);
  });

  it('is as far from the start as those before it are wide', () => {
    const script = `struct wide { uint8_t a[3]; uint64_t b[2]; struct { uint32_t x; uint32_t y; } c[2]; }
      kprobe:vfs_read {
        $w = (struct wide *)arg0; $i = arg1;
        @a = $w.a[$i + 1]; @b = $w.b[$i]; @x = $w.c[$i].x; @y = $w.c[$i].y; @last = $w.a[2];
        $copy = $w.a; @copied = $copy[$i];
      }`;
    const bytes = Uint8Array.from({ length: 40 }, (_, at) => at);
    const machine = ranWith(script, bytes, [1n]);
    const word = (at: number, size: number) =>
      BigInt(
        `0x${Buffer.from(bytes.subarray(at, at + size))
          .reverse()
          .toString('hex')}`,
      );
    expect(values(machine, '@a', '@b', '@x', '@y', '@last', '@copied')).toEqual([
      ...[2n, word(16, 8), word(32, 4), word(36, 4), 2n, 1n],
    ]);
  });

  it('has an index that is checked, unless it is a number that no kernel changes', () => {
    const at = (index: string): readonly string[] =>
      warnings(`${STRUCT} kprobe:vfs_read { @ = ((struct row *)arg0).cells[${index}]; }`);
    expect(at('3')).toEqual([]);
    expect(at('PIDTYPE_TGID')).toHaveLength(1);
    expect(at('pid')).toHaveLength(1);
    expect(at('PIDTYPE_TGID')[0]).toContain('out of bounds');
  });
});

describe('a struct that is printed', () => {
  it('has its bitfields in the unit of their type, and where they cross one at their byte', () => {
    const fields = (struct: string) => {
      const script = `${struct} kprobe:vfs_read { print(*(struct f *)arg0); }`;
      const type = manifestOf(script).events.find(({ kind }) => kind === 'print-value')?.fields[0]
        ?.type;
      return type?.kind === 'record'
        ? type.fields.map(({ name, offset, bits }) => [name, offset, bits])
        : type;
    };
    expect(
      fields(
        'struct f { int a : 3; unsigned int b : 5; unsigned int c : 30; unsigned char d : 4; unsigned long e : 40; int g; };',
      ),
    ).toEqual([
      ['a', 0, [0, 3]],
      ['b', 0, [3, 5]],
      ['c', 4, [0, 30]],
      ['d', 8, [0, 4]],
      ['e', 8, [4, 40]],
      ['g', 16, undefined],
    ]);
    expect(
      fields(
        'struct f { unsigned int a : 9; unsigned int b : 28; unsigned int c : 27; } __attribute__((packed));',
      ),
    ).toEqual([
      ['a', 0, [0, 9]],
      ['b', 1, [1, 28]],
      ['c', 4, [5, 27]],
    ]);
  });
});

describe('a char array', () => {
  const STRUCT = 'struct named { char name[8]; char next[8]; }';
  const named = (name: string) =>
    new Uint8Array(Buffer.from(name.padEnd(8, '\0').concat('garbage')));

  it.each(['', 'a', 'seven.x', 'eight.xx'])('is read whole and no further: "%s"', (name) => {
    const machine = ranWith(
      `${STRUCT} kprobe:vfs_read {
        $n = ((struct named *)arg0).name; @ = $n; @k[$n] = 1; @length = strlen($n); @pair = ($n, 1);
        @is = $n == "${name}"; @else = $n == "eight.x"; printf("%s|", ((struct named *)arg0).name);
      }`,
      named(name),
    );
    expect(values(machine, '@', '@length', '@pair', '@is', '@else')).toEqual([
      ...[name, BigInt(name.length), [name, 1n], true, false],
    ]);
    expect(machine.entries('@k')).toEqual([[name, 1n]]);
    expect(machine.sent().flatMap((event) => event.values)).toEqual([name]);
  });

  it('leaves nothing behind of another one that was longer', () => {
    const machine = interpret(
      build(
        `${STRUCT} kprobe:vfs_read { $n = ((struct named *)arg0).name; @[$n] = count(); @last = $n; }`,
      ),
    );
    for (const name of ['eight.xx', 'one', 'eight.xx', '', 'one'])
      machine.run(undefined, registers(machine.memory.add(named(name))));
    expect(machine.entries('@').map(([key]) => key)).toEqual(['eight.xx', 'one', '']);
    expect(machine.value('@last')).toBe('one');
  });
});

describe('texts', () => {
  it('of any length are stored to their end, in places of any size', () => {
    for (const length of [0, 1, 7, 8, 9, 15, 16, 63, 64, 127, 128, 129, 200]) {
      const text = 'abcdefghij'.repeat(20).slice(0, length);
      const machine = interpret(
        build(`begin {
          $t = "${'z'.repeat(201)}"; $t = "${text}"; @ = $t; @k["${text}", 1] = 1; printf("%s", $t);
          @same = $t == "${text}"; @length = strlen($t); @t = ("${text}", 7);
        }`),
      );
      machine.run();
      expect(values(machine, '@', '@same', '@length', '@t')).toEqual([
        ...[text, true, BigInt(length), [text, 7n]],
      ]);
      expect(machine.entries('@k')).toEqual([[[text, 1n], 1n]]);
      expect(machine.sent().flatMap((event) => event.values)).toEqual([text]);
    }
  });

  it('of shorter types are whole in longer places, with nothing behind them', () => {
    const script = `struct named { char name[8]; char next[8]; }
      fn wide($t : string[40]) : string[40] { return $t; }
      kprobe:vfs_read {
        $n = ((struct named *)arg0).name; $c = comm; $t = "${'z'.repeat(100)}"; $u = $t;
        if arg1 == 0 { $t = $n; $u = $c; }
        @t = $t; @u = $u; @[$t] = 1; @l = (strlen($t), strlen($u)); @is = ($t == "eight.xx", $u == "tested");
        @pair = ("${'z'.repeat(50)}", 1); @pair = ($n, 2); @[$u] = 1; @w = wide($n); @x = arg1 == 0 ? $n : $t;
        @k["${'z'.repeat(90)}"] = 1; @k[$n] = 2; @k[$c] = 3; @v[0] = "${'z'.repeat(60)}"; @v[1] = $n; @v[2] = $c; @r = (a=$t, b=7); @r = (a=$n, b=8);
      }`;
    const bytes = new Uint8Array(Buffer.from('eight.xxgarbage and more of it'));
    const machine = ranWith(script, bytes, [1n, 0n, 0n]);
    const long = 'z'.repeat(100);
    expect(values(machine, '@t', '@u', '@l', '@is', '@pair', '@w', '@x', '@r')).toEqual([
      ...['eight.xx', 'tested', [8n, 6n], [true, true], ['eight.xx', 2n], 'eight.xx', 'eight.xx'],
      ['eight.xx', 8n],
    ]);
    expect(machine.entries('@').map(([key]) => key)).toEqual(
      expect.arrayContaining([long, 'eight.xx', 'tested']),
    );
    expect(machine.entries('@')).toHaveLength(3);
    expect(machine.entries('@k').map(([, value]) => value)).toEqual(
      expect.arrayContaining([1n, 2n, 3n]),
    );
    expect(machine.entries('@k')).toHaveLength(3);
    expect(machine.entries('@v').map(([, value]) => value)).toEqual([
      ...['z'.repeat(60), 'eight.xx', 'tested'],
    ]);
  });

  it('are cut where their place is smaller', () => {
    const machine = interpret(
      build(`fn sized($t : string[4]) : string[4] { return $t; }
        begin { @ = str("abcdef", 4); @cut = sized("abc"); @k[str(comm, 3)] = 1; @whole = str(comm, 64); }`),
    );
    machine.run();
    expect(values(machine, '@', '@cut', '@whole')).toEqual(['abc', 'abc', 'tested']);
    expect(machine.entries('@k')).toEqual([['te', 1n]]);
  });
});

describe('names as text', () => {
  it('are those of the function at an address, without its module', () => {
    const names = ['vfs_read', 'f', 'ext4_file_read_iter [ext4]', 'a_function_of_a_module [m]'];
    const machine = interpret(
      build(`kprobe:vfs_* {
        @is = func == "vfs_read"; @length = strlen(func); @[str_concat(func, "!")] = 1; @pair = (1, func == "f");
        @has = strcontains(func, "module");
      }`),
      { symbol: (address) => names[Number(address)] ?? '' },
    );
    const seen = [0, 1, 2, 3, 1].map((index) => {
      const context = new Uint8Array(256);
      new DataView(context.buffer).setBigUint64(128, BigInt(index), true);
      machine.run(undefined, context);
      return values(machine, '@is', '@length', '@pair', '@has');
    });
    expect(seen).toEqual([
      [true, 8n, [1n, false], false],
      [false, 1n, [1n, true], false],
      [false, 19n, [1n, false], false],
      [false, 22n, [1n, false], true],
      [false, 1n, [1n, true], false],
    ]);
    expect(machine.entries('@').map(([key]) => key)).toEqual([
      ...['vfs_read!', 'f!', 'ext4_file_read_iter!', 'a_function_of_a_module!'],
    ]);
  });
});

describe('numbers that are cast', () => {
  const TYPES = ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'];
  const cast = (type: string, value: bigint): bigint => {
    const bits = Number(/\d+/.exec(type)?.[0]);
    return type.startsWith('u') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
  };

  it('are cut and extended by the types on the way, for each pair', () => {
    const pairs = TYPES.flatMap((from) => TYPES.map((to) => [from, to] as const));
    const script = `kprobe:vfs_read { ${pairs
      .map(([from, to]) => `@${from}_${to} = (${to})(${from})arg0;`)
      .join(' ')} }`;
    for (const value of [0x8182_8384_8586_8788n, 0x7172_7374_7576_7778n, (1n << 64n) - 1n]) {
      const machine = interpret(build(script));
      machine.run(undefined, registers(value));
      for (const [from, to] of pairs)
        expect([from, to, machine.value(`@${from}_${to}`)]).toEqual([
          ...[from, to, cast(to, cast(from, value))],
        ]);
    }
  });

  it('have the same bytes as arrays, and are read back from them', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        @eight = (uint8[8])arg0; @four = (uint16[4])arg0; @two = (int32[2])arg0; @small = (uint8[4])(uint32)arg0;
        $bytes = (uint8[8])arg0; @back = (uint64)$bytes;
      }`),
    );
    machine.run(undefined, registers(0x8182_8384_8586_8788n));
    expect(machine.value('@eight')).toEqual([
      0x88n,
      0x87n,
      0x86n,
      0x85n,
      0x84n,
      0x83n,
      0x82n,
      0x81n,
    ]);
    expect(machine.value('@four')).toEqual([0x8788n, 0x8586n, 0x8384n, 0x8182n]);
    expect(machine.value('@two')).toEqual([
      cast('int32', 0x8586_8788n),
      cast('int32', 0x8182_8384n),
    ]);
    expect(machine.value('@small')).toEqual([0x88n, 0x87n, 0x86n, 0x85n]);
    expect(machine.value('@back')).toBe(0x8182_8384_8586_8788n);
  });

  it('are read back from arrays that stand at any place', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        $one = ((uint8)7, (uint8[8])arg0); $two = ((uint8)7, (uint8[2])(uint16)arg0, (uint8[4])(uint32)arg0);
        $four = ((uint16)7, (uint16[4])arg0);
        @ = ((uint64)$one.1, (uint16)$two.1, (int16)$two.1, (int32)$two.2, (uint64)$four.1);
      }`),
    );
    machine.run(undefined, registers(0x8182_8384_8586_8788n));
    expect(machine.value('@')).toEqual([
      ...[0x8182_8384_8586_8788n, 0x8788n, -0x7878n, cast('int32', 0x8586_8788n)],
      0x8182_8384_8586_8788n,
    ]);
  });

  it('change elements of tuples and records, each by its own type', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        @t = ((uint8)arg0, (int8)arg0, "x"); @t = ((uint64)arg0 & 0xffff, (int64)-1, "longer");
        @n = (arg0 > 5, ((int8)arg0, (uint16)arg0), comm);
      }`),
    );
    machine.run(undefined, registers(0x1234_fff8n));
    expect(machine.value('@t')).toEqual([0xfff8n, -1n, 'longer']);
    expect(machine.value('@n')).toEqual([true, [-8n, 0xfff8n], 'tested']);
  });
});

describe('a map that a condition has read', () => {
  it.each([
    ['while (@s < 9) { @s++; }', 9n],
    ['unroll(2) { @s += 1; }', 7n],
    ['for $i : 0..3 { @s += 1; }', 8n],
    ['for $i : 0..30 { @s += 1; }', 35n],
    ['for $kv : @other { @s += $kv.1; }', 105n],
    ['grow();', 6n],
    ['@s++;', 6n],
    ['--@s;', 4n],
    ['@s = 40;', 40n],
    ['clear(@s); @s = 2;', 2n],
    ['@x = @s++;', 6n],
    ['if pid { @s = 3; }', 3n],
    ['$y = { @s = 11; 4 };', 11n],
    ['@x = 1;', 5n],
    ['printf("%d", @s);', 5n],
    ['while (@x < 3) { @x++; }', 5n],
  ])('is read again behind what may change it: %s', (statement, wanted) => {
    const script = (map: string) =>
      `fn grow() : void { @s${map} += 1; }
       begin { @other[1] = 100; @x = 0; @s${map} = 5; if @s${map} { ${statement.replaceAll('@s', `@s${map}`).replaceAll(`clear(@s${map})`, map ? `delete(@s, tid)` : 'clear(@s)')} @u = @s${map}; } @end = @s${map}; }`;
    for (const map of ['', '[tid]']) {
      const machine = interpret(build(script(map)));
      machine.run();
      expect(values(machine, '@u', '@end')).toEqual([wanted, wanted]);
    }
  });

  it('is read again where its key is another by then', () => {
    const machine = interpret(
      build(`begin {
        @s[1] = 10; @s[2] = 20; $k = 1; if @s[$k] { $k = 2; @a = @s[$k]; }
        if @s[$k] == 20 && @s[1] == 10 { @b = @s[$k]; @c = @s[1]; } if !@s[3] { @d = @s[2] + @s[3]; }
        if @s[1] > 5 { @e = @s[2]; @f = @s[1]; }
      }`),
    );
    machine.run();
    expect(values(machine, '@a', '@b', '@c', '@d', '@e', '@f')).toEqual([
      ...[20n, 20n, 10n, 20n, 20n, 10n],
    ]);
  });
});

describe('fields of tracepoints', () => {
  it('of any width are numbers, arrays or texts of their own bytes', () => {
    const fields = kernelDescription().tracepoint('sock', 'inet_sock_set_state') ?? [];
    const context = new Uint8Array(256).fill(0xee);
    const at = (name: string, size: number): Uint8Array => {
      const { offset = -1 } = fields.find((field) => field.name === name) ?? {};
      return context.subarray(offset, offset + size);
    };
    at('oldstate', 4).set([0xfb, 255, 255, 255]);
    at('newstate', 4).set([7, 0, 0, 0]);
    at('sport', 2).set([0x90, 0x91]);
    at('dport', 2).set([0x50, 0]);
    at('saddr', 4).set([10, 20, 30, 240]);
    at('daddr_v6', 16).set(Array.from({ length: 16 }, (_, index) => 200 + index));
    const machine = interpret(
      build(`tracepoint:sock:inet_sock_set_state {
        @ = (args.oldstate, args.newstate, args.sport, args.dport);
        @addr = (args.saddr[0], args.saddr[3], args.daddr_v6[0], args.daddr_v6[15]);
        @bytes = buf(args.daddr_v6, 16); $p = args.daddr_v6; @through = $p[15]; $q = (uint16 *)args.saddr; @two = *$q;
      }`),
    );
    machine.run(undefined, context);
    expect(machine.value('@')).toEqual([-5n, 7n, 0x9190n, 0x50n]);
    expect(machine.value('@addr')).toEqual([10n, 240n, 200n, 215n]);
    expect(values(machine, '@through', '@two')).toEqual([215n, 0x140an]);
    expect(machine.value('@bytes')).toBe(
      Buffer.from(Array.from({ length: 16 }, (_, index) => 200 + index)).toString('latin1'),
    );
  });
});

describe('variables', () => {
  it('hold the context of their program, in loops that are functions too', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        $r = (struct pt_regs *)ctx; @first = $r.di; @second = ((struct pt_regs *)ctx).si;
        for $i : 0..20 { @sum += $r.di; }
      }`),
    );
    machine.run(undefined, registers(5n, 7n));
    machine.run(undefined, registers(6n, 8n));
    expect(values(machine, '@first', '@second', '@sum')).toEqual([...[6n, 8n, 220n]]);
  });

  it('are nothing where they were not given a value, at each firing and in each round', () => {
    const machine = interpret(
      build(`begin {
        let $n; let $t; let $p;
        if @runs++ == 0 { $n = (int64)7; $t = "set"; $p = (1, "pair"); }
        @n = $n; @t = $t; @p = $p;
        for $i : 0..20 { if $i == 3 { let $own = 5; @sum += $own; } let $other; if $i != 4 { @others += $other; } $other = (int64)9; }
      }`),
    );
    machine.run();
    expect(values(machine, '@n', '@t', '@p', '@sum', '@others')).toEqual([
      ...[7n, 'set', [1n, 'pair'], 5n, 0n],
    ]);
    machine.run();
    expect(values(machine, '@n', '@t', '@p', '@sum', '@others')).toEqual([
      ...[0n, '', [0n, ''], 10n, 0n],
    ]);
  });
});
