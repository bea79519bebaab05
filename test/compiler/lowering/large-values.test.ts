/** Long texts, large memory and values that are converted element by element, seen by interpreting programs. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { type Interpreter, interpret, type Value } from '../../support/interpreter.ts';
import type { World } from '../../support/interpreter-helpers.ts';

function registers(...args: readonly bigint[]): Uint8Array {
  const context = new Uint8Array(256);
  const view = new DataView(context.buffer);
  for (const [index, place] of [112, 104, 96].entries())
    view.setBigUint64(place, args[index] ?? 0n, true);
  return context;
}

const text = (machine: Interpreter, value: string): bigint =>
  machine.memory.add(new Uint8Array(Buffer.from(`${value}\0behind`)));

const values = (machine: Interpreter, ...names: readonly string[]) =>
  names.map((name) => machine.value(name));

const long = (length: number, end = ''): string =>
  `${'abcdefghijk'.repeat(400).slice(0, length - end.length)}${end}`;

describe('two texts that are read', () => {
  it.each([64, 65, 71, 72, 100, 128, 203, 1024])(
    'are equal up to their NUL or to the end of the shorter room: of %d bytes',
    (size) => {
      const machine = interpret(
        build(
          `config = { max_strlen = 1024 } kprobe:vfs_read { $a = str(arg0, ${size}); $b = str(arg1, ${size}); @ = ($a == $b, $a != $b); }`,
        ),
      );
      const most = size - 1;
      const all = [
        ...['', 'a', long(7), long(8), long(9), long(15, 'x'), long(most - 1), long(most)],
        ...[long(most, 'x'), long(Math.max(1, most - 8), 'x'), `x${long(most).slice(1)}`],
      ];
      for (const left of all)
        for (const right of [left, ...all.slice(-4), '']) {
          machine.run(undefined, registers(text(machine, left), text(machine, right)));
          const isEqual = left.slice(0, most) === right.slice(0, most);
          expect([left, right, machine.value('@')]).toEqual([left, right, [isEqual, !isEqual]]);
        }
    },
  );

  it('of different rooms are equal as far as both go', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        $a = str(arg0, 100); $b = str(arg1, 203); @ = ($a == $b, $b == $a);
        @m[str(arg0, 100)] = 1; @in = has_key(@m, str(arg1, 100)); @t = ($a, 1) == ($a, 1);
      }`),
    );
    for (const [left, right, wanted] of [
      [long(50), long(50), true],
      [long(50), long(51), false],
      [long(99), long(99), true],
      [long(90), long(90, 'x'), false],
    ] as const) {
      machine.run(undefined, registers(text(machine, left), text(machine, right)));
      expect(machine.value('@')).toEqual([wanted, wanted]);
      expect([machine.value('@in'), machine.value('@t')]).toEqual([wanted, true]);
    }
  });
});

describe('a text is looked for in another', () => {
  const places = (machine: Interpreter, cases: readonly (readonly [string, string])[]): void => {
    for (const [hay, needle] of cases) {
      machine.run(undefined, registers(text(machine, hay), text(machine, needle)));
      expect([hay, needle, ...values(machine, '@has', '@at')]).toEqual([
        ...[hay, needle, hay.includes(needle), BigInt(hay.indexOf(needle))],
      ]);
    }
  };

  it.each([
    ['in a loop', 32, 16],
    ['by a callback', 200, 100],
    ['by a callback, in the most', 1024, 64],
  ])('%s, wherever it is', (_, room, wanted) => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        $h = str(arg0, ${room}); $n = str(arg1, ${wanted}); @has = strcontains($h, $n); @at = (int64)strstr($h, $n);
      }`),
    );
    const hay = long(room - 1, 'xyz');
    places(machine, [
      ...([
        [hay, 'xyz'],
        [hay, 'xyzz'],
        [hay, ''],
        ['', ''],
        ['', 'a'],
      ] as const),
      ...([
        [hay, 'abc'],
        [hay, 'kab'],
        ['aaaaaaab', 'aab'],
        ['aaa', 'aaaa'],
        [hay, 'ijkx'],
      ] as const),
      [hay, hay.slice(-(wanted - 1))],
      ['abababac', 'ababac'],
    ]);
  });

  it('that the script has, too', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        @short = strcontains(str(arg0, 64), "needle"); @long = strcontains(str(arg0, 1024), "${long(60)}");
        @none = strcontains(str(arg0, 64), ""); @fixed = strcontains("a haystack", str(arg1, 8));
      }`),
    );
    machine.run(undefined, registers(text(machine, `x${long(60)}`), text(machine, 'stack')));
    expect(values(machine, '@short', '@long', '@none', '@fixed')).toEqual([
      false,
      true,
      true,
      true,
    ]);
    machine.run(undefined, registers(text(machine, 'in a needle'), text(machine, 'stacks')));
    expect(values(machine, '@short', '@long', '@none', '@fixed')).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('memory that is larger than per-CPU arrays give', () => {
  const script = (probe: string): string =>
    `config = { max_strlen = 20000 } ${probe} { $a = str(arg0); $b = str(arg1); @same = $a == $b; @[strlen($a), strlen($b)] = count(); }
     ${probe} { $a = str(arg1); $b = str(arg0); @second = (strlen($a), strlen($b)); }`;

  it.each(['kprobe:vfs_read', 'uprobe:/x:f'])('is an element of each CPU: %s', (probe) => {
    const machine = interpret(build(script(probe)), { cpus: 2 });
    const { maps, programs } = inspectObject(build(script(probe)));
    const [first, second] = programs.map(({ name }) => name);
    const wide = maps.find(({ name }) => name === 'wide_scratch');
    expect(wide?.type).toBe('array');
    for (const [left, right] of [
      [long(4000), long(4000)],
      [long(4000), long(4000, 'x')],
      [long(1), long(2)],
      ['', ''],
      ['', ''],
      [long(5), ''],
    ] as const) {
      const context = registers(text(machine, left), text(machine, right));
      machine.run(first, context, 1);
      machine.run(second, context, 0);
      expect(values(machine, '@same', '@second')).toEqual([
        left === right,
        [BigInt(right.length), BigInt(left.length)],
      ]);
    }
    expect(machine.entries('@')).toHaveLength(4);
    expect(machine.sent()).toEqual([]);
  });
});

describe('a program that is interrupted by itself', () => {
  /** Runs the program in itself, so many times, in the middle of its work. */
  function nested(script: string, depth: number): Interpreter {
    let left = depth;
    const world: World = {
      fails: (helper) => {
        if (helper !== 'probe_read_user_str' || left === 0) return undefined;
        left -= 1;
        machine.run(undefined, registers(text(machine, `at ${left}`)));
        return undefined;
      },
    };
    const machine = interpret(build(script), world);
    machine.run(undefined, registers(text(machine, 'outermost')));
    return machine;
  }

  it('has memory of its own four times, and drops the fifth event', () => {
    const script =
      'uprobe:/x:f { $t = str(arg0); @[$t] = count(); @n = count(); printf("%s", $t); }';
    const three = nested(script, 3);
    const texts = (machine: Interpreter) => machine.entries('@').map(([key]) => key);
    expect(texts(three)).toEqual(['at 0', 'at 1', 'at 2', 'outermost']);
    const four = nested(script, 4);
    expect(texts(four)).toEqual(['at 1', 'at 2', 'at 3', 'outermost']);
    // All of it is free again.
    four.run(undefined, registers(text(four, 'later')));
    expect(texts(four)).toContain('later');
  });
});

describe('tuples and records of other elements', () => {
  it('are converted one by one, records by their names', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        @t = ((uint64)1, (int64)-1, "a longer text"); $t = ((uint8)arg0, (int8)arg0, "x"); @t = $t; @copy = @t;
        @r = (a=(int64)1, b="a longer text"); $r = (b="y", a=(int8)arg0); @r = $r;
        @n = (1, ((int64)2, "some text")); @n = ((int8)arg0, ((int8)arg0, "z"));
        @k[(uint64)5, "a text"] = 1; @k[(uint8)arg0, "b"] = 2; @e = ();
        @list[0] = ((uint64)1, "long enough"); @list[1] = $t.0 > 5 ? ((uint8)2, "s") : ((uint8)3, "t");
      }`),
    );
    machine.run(undefined, registers(0xfff0n));
    expect(values(machine, '@t', '@copy', '@r', '@n')).toEqual([
      ...[
        [0xf0n, -16n, 'x'],
        [0xf0n, -16n, 'x'],
        [-16n, 'y'],
        [-16n, [-16n, 'z']],
      ],
    ]);
    expect(machine.entries('@k').map(([key]) => key)).toEqual([
      [5n, 'a text'],
      [0xf0n, 'b'],
    ]);
    expect(machine.entries('@list').map(([, value]) => value)).toEqual([
      [1n, 'long enough'],
      [2n, 's'],
    ]);
  });

  it('that change what they are made of are built beside it', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        @t = (1, 2, "a"); @t = (@t.1, @t.0, str_concat(@t.2, "b")); @u = (@t.0, @t.2); @t = (@t.1, @t.1, @t.2);
        $v = (1, 2); $v = ($v.1, $v.0); @v = $v;
      }`),
    );
    machine.run(undefined, registers());
    expect(values(machine, '@t', '@u', '@v')).toEqual([
      [1n, 1n, 'ab'],
      [2n, 'ab'],
      [2n, 1n],
    ]);
  });
});

describe('values with statements', () => {
  it('are stored, chosen and dropped whole', () => {
    const machine = interpret(
      build(`fn noted($n : int64) : string[16] { @calls += $n; return $n == 1 ? "one" : "many"; }
        fn number($n : int64) : int64 { printf("in %d", $n); return $n * 2; }
        kprobe:vfs_read {
          @t = { $x = arg0 + 1; ($x, "block") }; @s = { let $y = "text"; $y }; @n = { @steps++; arg0 * 3 };
          @c = arg0 == 4 ? { @then = 1; "yes" } : { @else = 1; "another" };
          { @dropped += 1; ("a", 1) }; arg0 == 4 ? noted(1) : noted(2); noted(5); @made = noted(1);
          printf("%d %s %d", number(7), noted(1), { @late = @calls; 9 });
        }`),
    );
    machine.run(undefined, registers(4n));
    expect(values(machine, '@t', '@s', '@n', '@c', '@then', '@else', '@dropped')).toEqual([
      ...[[5n, 'block'], 'text', 12n, 'yes', 1n, undefined, 1n],
    ]);
    expect(values(machine, '@calls', '@made', '@late', '@steps')).toEqual([8n, 'one', 8n, 1n]);
    expect(machine.sent().map((event) => event.values)).toEqual([[7n], [14n, 'one', 9n]]);
  });
});

describe('addresses', () => {
  it('lead to what stands there', () => {
    const machine = interpret(
      build(`struct pair { int a; int b; };
      kprobe:vfs_read {
        $n = (int64)arg0 + 5; @through = *&$n; @m[1] = (int64)arg0 * 3; @element = *&@m[1]; @s = (int64)arg0 + 2; @scalar = *&@s;
        $p = (struct pair *)arg1; @member = (uint64)&$p.b - arg1; @value = *&$p.b;
      }`),
    );
    const pair = machine.memory.add(new Uint8Array(new Int32Array([7, -8]).buffer));
    machine.run(undefined, registers(4n, pair));
    expect(values(machine, '@through', '@element', '@scalar', '@member', '@value')).toEqual([
      ...[9n, 12n, 6n, 4n, -8n],
    ]);
  });
});

describe('a struct of the script', () => {
  it('has bitfields at any place, in memory and in copies', () => {
    const machine = interpret(
      build(`struct f { unsigned int a : 3; int b : 13; unsigned long c : 60; int d : 7; unsigned char e; } __attribute__((packed));
      kprobe:vfs_read {
        $p = (struct f *)arg0; @read = ($p.a, $p.b, $p.c, $p.d, $p.e); $f = *$p; @copied = ($f.a, $f.b, $f.c, $f.d, $f.e);
        @whole = *$p; @kept = (@whole.b, @whole.c, @whole.d);
      }`),
    );
    const fields: readonly (readonly [bits: number, isSigned: boolean])[] = [
      ...([
        [3, false],
        [13, true],
        [60, false],
        [7, true],
      ] as const),
    ];
    for (const seed of [
      0x96f3_a5c9_1b7d_e842_5ae1_73n,
      (1n << 96n) - 1n,
      0x8000_0000_0000_0000_0000_01n,
    ]) {
      const bytes = Buffer.from(seed.toString(16).padStart(24, '0'), 'hex').reverse();
      let at = 0n;
      const wanted: Value[] = fields.map(([bits, isSigned]) => {
        const value = BigInt.asUintN(bits, seed >> at);
        at += BigInt(bits);
        return isSigned ? BigInt.asIntN(bits, value) : value;
      });
      // 83 bits are 11 bytes.
      wanted.push(BigInt(bytes[11] ?? 0));
      machine.run(undefined, registers(machine.memory.add(new Uint8Array(bytes))));
      expect(values(machine, '@read', '@copied')).toEqual([wanted, wanted]);
      expect(machine.value('@kept')).toEqual(wanted.slice(1, 4));
    }
  });
});

describe('the manifest', () => {
  it('has as much room for texts as the script asks for', () => {
    const { maps } = inspectObject(
      build('config = { max_strlen = 300 } kprobe:f { @ = str(arg0); @k[str(arg0)] = 1; }'),
    ).manifest as Manifest;
    expect(maps.map(({ value, stores }) => [value.kind, stores.length])).toEqual([
      ['string', 1],
      ['int', 3],
    ]);
  });
});
