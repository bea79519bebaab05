/** What scripts compute, seen by interpreting their programs: values in maps, and what is sent. */
import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { type Interpreter, interpret, type Value } from '../../support/interpreter.ts';
import type { World } from '../../support/interpreter-helpers.ts';

/** A script whose first program has run so many times. */
function ran(script: string, world: World = {}, times = 1): Interpreter {
  const machine = interpret(build(script), world);
  for (let time = 0; time < times; time += 1) machine.run();
  return machine;
}

/** What the maps without keys hold, by their names. */
const values = (
  machine: Interpreter,
  ...names: readonly string[]
): readonly (Value | undefined)[] => names.map((name) => machine.value(name));

/** What printf sent. */
const printed = (machine: Interpreter): readonly (readonly Value[])[] =>
  machine
    .sent()
    .filter(({ kind }) => kind === 'printf')
    .map((event) => event.values);

describe('loops', () => {
  it('go over ranges, without their end, and over none where that is not behind the start', () => {
    const machine = ran(`begin {
      for $i : 0..5 { @five += $i; } for $i : 3..3 { @none += 1; } for $i : 5..1 { @none += 1; }
      for $i : -3..2 { @negative += $i; } for $i : pid..pid + 4 { @known++; }
    }`);
    expect(values(machine, '@five', '@none', '@negative', '@known')).toEqual([
      10n,
      undefined,
      -5n,
      4n,
    ]);
  });

  it('end and go on where they are told to, inside of each other too', () => {
    const machine = ran(`begin {
      for $i : 0..10 {
        if $i == 2 { continue; }
        if $i == 7 { break; }
        @outer += 1;
        for $j : 0..10 { if $j > $i { break; } if $j == 1 { continue; } @inner += 1; }
      }
      $n = (int64)0;
      while $n < 100 { $n++; if $n % 2 == 0 { continue; } if $n > 20 { break; } @odd += $n; }
      unroll(4) { @copies += 1; }
      unroll(90) { @many += 1; if @many == 75 { break; } }
    }`);
    // Of i = 0, 1, 3 to 6: as many as i + 1, without one where i is at least 1.
    expect(values(machine, '@outer', '@inner', '@odd', '@copies', '@many')).toEqual([
      ...[6n, 1n + 1n + 3n + 4n + 5n + 6n, 100n, 4n, 75n],
    ]);
  });

  it('leave the program by return, from any depth, at each firing anew', () => {
    const script = `begin {
      @runs += 1;
      for $i : 0..3 { for $j : 0..3 { if @runs == 2 && $i == 1 { return; } @body += 1; } }
      @whole += 1;
    }`;
    expect(values(ran(script, {}, 3), '@runs', '@body', '@whole')).toEqual([3n, 9n + 3n + 9n, 2n]);
  });

  it('go over maps of one size and of several, and end in any of them', () => {
    const script = (stop: string): string => `begin {
      @n[1] = 10; @n[2] = 20; @n[3] = 30;
      @t["a"] = 1; @t["a text of more than sixteen"] = 2;
      @t["a text that is much longer than those before it, of more than 64 bytes"] = 4;
      for $kv : @n { @numbers += $kv.0 * 100 + $kv.1; if $kv.0 == 2 { break; } }
      for $kv : @t { if $kv.1 == ${stop} { break; } @texts += $kv.1; @lengths += strlen($kv.0); }
    }`;
    expect(values(ran(script('9')), '@numbers', '@texts', '@lengths')).toEqual([
      330n,
      7n,
      1n + 26n + 71n,
    ]);
    for (const stop of [1n, 2n, 4n]) {
      const [, texts] = values(ran(script(`${stop}`)), '@numbers', '@texts');
      expect(((texts as bigint | undefined) ?? 0n) & stop).toBe(0n);
    }
  });

  it('change what stands around them, and keep it apart from what they declare', () => {
    const machine = ran(`begin {
      $sum = (int64)0; $text = "before"; $pair = (1, "x");
      for $i : 0..3 { let $own = $i * 2; $sum += $own; $text = "within"; $pair = ($i, "yz"); }
      @sum = $sum; @text = $text; @pair = $pair;
    }`);
    expect(values(machine, '@sum', '@text', '@pair')).toEqual([6n, 'within', [2n, 'yz']]);
  });
});

describe('functions', () => {
  it('take and give numbers and texts, more than registers hold', () => {
    const machine = ran(`
      fn six($a : int64, $b : int64, $c : int64, $d : int64, $e : int64, $f : int64) : int64 {
        return $a + $b * 10 + $c * 100 + $d * 1000 + $e * 10000 + $f * 100000;
      }
      fn text($n : int64) : string { if $n > 1 { return "many"; } return "one"; }
      fn sized($n : int64, $t : string[16]) : string[16] { if $n == 0 { return "none"; } return $t; }
      fn first($n : int64) : int64 { for $i : 0..10 { if $i * $i > $n { return $i; } } return -1; }
      begin {
        @six = six(1, 2, 3, 4, 5, 6); @one = text(1); @many = text(2);
        @none = sized(0, "some"); @some = sized(1, "some");
        @found = first(17); @never = first(1000);
      }`);
    expect(values(machine, '@six', '@one', '@many', '@none', '@some', '@found', '@never')).toEqual([
      ...[654321n, 'one', 'many', 'none', 'some', 5n, -1n],
    ]);
  });

  it('that return nothing end by themselves alone', () => {
    const machine = ran(`
      fn maybe($n : int64) : void { if $n > 1 { return; } @calls += 1; }
      begin { maybe(1); maybe(2); maybe(0); @after = 1; }`);
    expect(values(machine, '@calls', '@after')).toEqual([2n, 1n]);
  });
});

describe('values in memory', () => {
  it('are as wide as their types, with and without a sign', () => {
    const machine = ran(`begin {
      $n = (int64)-2 + pid - 1234;
      @i8 = (int8)$n; @u8 = (uint8)$n; @i16 = (int16)$n; @u16 = (uint16)$n;
      @i32 = (int32)$n; @u32 = (uint32)$n; @u64 = (uint64)$n;
      @t = ((int8)$n, (uint16)$n, $n > 0, "x"); @b = $n < 0;
    }`);
    expect(
      values(machine, '@i8', '@u8', '@i16', '@u16', '@i32', '@u32', '@u64', '@t', '@b'),
    ).toEqual([
      ...[-2n, 254n, -2n, 65534n, -2n, 4294967294n, (1n << 64n) - 2n],
      ...[[-2n, 65534n, false, 'x'], true],
    ]);
  });

  it('leave nothing behind of longer texts that stood there before', () => {
    const machine = ran(
      `begin {
        @runs += 1; $t = "a text that is long";
        if @runs > 1 { $t = "short"; }
        @kept = $t; @[$t] = @runs; @pair = ($t, 1); printf("%s", $t);
        @same = $t == "short"; @length = strlen($t); @both = str_concat($t, "!");
      }`,
      {},
      2,
    );
    expect(values(machine, '@kept', '@pair', '@same', '@length', '@both')).toEqual([
      ...['short', ['short', 1n], true, 5n, 'short!'],
    ]);
    expect(machine.entries('@').map(([key]) => key)).toEqual(['a text that is long', 'short']);
    expect(printed(machine)).toEqual([['a text that is long'], ['short']]);
  });

  it('are chosen whole', () => {
    const machine = ran(`begin {
      @a = pid == 1234 ? "yes" : "another"; @b = pid != 1234 ? "yes" : "another";
      @c = pid == 1234 ? (1, "one") : (2, "two"); @d = (pid == 1 ? 3 : 4) + 1;
    }`);
    expect(values(machine, '@a', '@b', '@c', '@d')).toEqual(['yes', 'another', [1n, 'one'], 5n]);
  });

  it('are compared to their end', () => {
    const machine = ran(`begin {
      @equal = comm == "tested"; @longer = comm == "tested!"; @shorter = comm == "teste";
      @other = comm != "tested"; @pairs = (pid, comm) == (pid, comm);
      @first = strncmp(comm, "testing", 4); @fifth = strncmp(comm, "testing", 6) != 0;
      @has = strcontains(comm, "est"); @hasNot = strcontains(comm, "set");
    }`);
    const all = [
      '@equal',
      '@longer',
      '@shorter',
      '@other',
      '@pairs',
      '@first',
      '@fifth',
      '@has',
      '@hasNot',
    ];
    expect(values(machine, ...all).map((value) => (value === 0n ? false : value))).toEqual([
      ...[true, false, false, false, true, false, true, true, false],
    ]);
  });
});

describe('operators', () => {
  it('work with a sign or without one, and divide by nothing to 1 with a warning', () => {
    const machine = ran(`begin {
      $m = (int64)pid - 1241; $u = (uint64)$m; $zero = (int64)pid - 1234;
      @div = $m / 2; @mod = $m % 3; @udiv = $u / 2; @umod = $u % 3;
      @right = $m >> 1; @uright = $u >> 1; @left = $m << 2; @far = $m >> (pid - 1234 + 63);
      @less = $m < 1; @uless = $u < 1; @not = !$m; @flip = ~$m; @minus = -$m;
      @by = 5 / $zero; @of = 5 % $zero;
    }`);
    const u = (1n << 64n) - 7n;
    const names = ['@div', '@mod', '@udiv', '@umod', '@right', '@uright', '@left', '@far', '@less'];
    expect(values(machine, ...names, '@uless', '@flip', '@minus', '@by', '@of')).toEqual([
      ...[-3n, -1n, u / 2n, u % 3n, -4n, u >> 1n, -28n, -1n, true],
      ...[false, 6n, 7n, 1n, 1n],
    ]);
    expect([false, 0n]).toContain(machine.value('@not'));
    expect(machine.sent().map(({ kind }) => kind)).toEqual(['warning', 'warning']);
  });

  it('look at their right side where the left one leaves it open', () => {
    const machine = ran(`begin {
      $a = pid == 1234; $b = pid != 1234;
      if $a || @one++ { @x = 1; } if $b && @two++ { @y = 1; }
      if $b || @three++ == 0 { @z = 1; } if $a && @four++ == 0 { @w = 1; }
    }`);
    const names = ['@one', '@two', '@three', '@four', '@x', '@y', '@z', '@w'];
    expect(values(machine, ...names)).toEqual([
      ...[undefined, undefined, 1n, 1n, 1n, undefined, 1n, 1n],
    ]);
  });

  it('step before and behind, of variables and of maps', () => {
    const machine = ran(`begin {
      $n = (int64)5; @a = $n++; @b = ++$n; @c = $n--; @d = --$n;
      @m["k"] = 7; @e = @m["k"]++; @f = --@m["k"]; @g = @h++; @i = ++@h;
      @m["k"] += 3; @m["new"] -= 2; @m["k"] *= @m["k"]; @m["k"] = 100 - @m["k"];
    }`);
    expect(values(machine, '@a', '@b', '@c', '@d', '@e', '@f', '@g', '@i')).toEqual([
      ...[5n, 7n, 7n, 5n, 7n, 7n, 0n, 2n],
    ]);
    expect(machine.entries('@m')).toEqual([
      ['k', 0n],
      ['new', -2n],
    ]);
  });
});

describe('an element that is made of itself', () => {
  it('has a key that is computed as often as it stands there', () => {
    const machine = ran(`fn next() : int64 { @calls++; return @calls; }
      begin {
        $i = (int64)0; @m[1] = 10; @m[2] = 20; @m[$i++] = @m[$i++] + 1; @i = $i;
        @f[next()] = @f[next()] + 1; @b[{ @blocks++; 1 }] = @b[{ @blocks++; 1 }] + 1; @s[1] += 5; @s[pid] = @s[pid] + 1;
        @c[1] = @c[1] + { @c[1] = 50; 1 }; @d[1] = 7; @d[1] = @d[1] * 2 + @d[2] - -@d[1];
      }`);
    expect(values(machine, '@i', '@calls', '@blocks')).toEqual([2n, 2n, 2n]);
    expect(machine.entries('@s').map(([, value]) => value)).toEqual([5n, 1n]);
    expect(machine.entries('@d')).toEqual([[1n, 21n]]);
    expect(machine.entries('@c')).toEqual([[1n, 1n]]);
  });
});

describe('maps', () => {
  it('forget, look, count and are emptied', () => {
    const machine = ran(`begin {
      @m[1, "a"] = 1; @m[2, "b"] = 2; @m[3, "a text of more than sixteen bytes"] = 3;
      @had = delete(@m, (1, "a")); @hadNot = delete(@m, (9, "a"));
      @has = has_key(@m, (2, "b")); @hasNot = has_key(@m, (2, "c"));
      @missing = @m[7, "nothing"]; @many = len(@m);
    }`);
    expect(values(machine, '@had', '@hadNot', '@has', '@hasNot', '@missing', '@many')).toEqual([
      ...[true, false, true, false, 0n, 2n],
    ]);
    expect(machine.entries('@m').map(([, value]) => value)).toEqual([2n, 3n]);
  });

  it('aggregate on each CPU, and are read over all of them', () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        $v = (int64)arg0 - 10;
        @count = count(); @sum = sum($v); @min = min($v); @max = max($v); @avg = avg($v);
        @k["k"] = count(); @ks[1] = sum($v); @kmin[1] = min($v); @kmax[1] = max($v); @kavg[1] = avg($v);
        @all = ((int64)@count, (int64)@sum, (int64)@min, (int64)@max, (int64)@avg);
        @keyed = ((int64)@k["k"], (int64)@ks[1], (int64)@kmin[1], (int64)@kmax[1], (int64)@kavg[1]);
        @none = (int64)@kavg[2];
      }`),
      { cpus: 3 },
    );
    for (const [cpu, value] of [
      [0, 3],
      [2, 45],
      [1, 2],
      [2, 12],
    ] as const) {
      const context = new Uint8Array(256);
      context[112] = value;
      machine.run(undefined, context, cpu);
    }
    // -7, 35, -8 and 2.
    expect(machine.value('@all')).toEqual([4n, 22n, -8n, 35n, 5n]);
    expect(machine.value('@keyed')).toEqual([4n, 22n, -8n, 35n, 5n]);
    expect(machine.value('@none')).toBe(0n);
  });

  it('tell ten times at once and then once in a second that they are full, and keep what they have', () => {
    let clock = 5_000_000_000n;
    const machine = interpret(build('let @m = hash(2); begin { @m[@n++] = 1; }'), {
      clock: () => clock,
    });
    const told = (): number => {
      for (let time = 0; time < 30; time += 1) machine.run();
      const sent = machine.sent();
      for (const event of sent) expect(event).toEqual({ kind: 'warning', values: [-7n] });
      return sent.length;
    };
    expect(told()).toBe(10);
    clock += 2_000_000_000n;
    expect(told()).toBe(2);
    clock += 100_000_000_000n;
    expect(told()).toBe(10);
    expect(machine.entries('@m')).toHaveLength(2);
  });
});

describe('a time series', () => {
  it.each([
    ['sum', [9n, 5n]],
    ['min', [2n, 5n]],
    ['max', [4n, 5n]],
    ['avg', [9n, 5n]],
    ['', [3n, 5n]],
  ] as const)(
    'keeps for each interval what it is asked for, the last without a word: %s',
    (aggregation, [first, second]) => {
      let clock = 10_000_000_000n;
      const word = aggregation === '' ? '' : `, "${aggregation}"`;
      const script = `config = { unstable_tseries = enable }
      kprobe:vfs_read { @ = tseries((int64)arg0, 1s, 4${word}); @k[1] = tseries((int64)arg0, 1s, 4${word}); }`;
      const machine = interpret(build(script), { clock: () => clock });
      for (const value of [2, 4, 3, 5]) {
        if (value === 5) clock += 1_000_000_000n;
        const context = new Uint8Array(256);
        context[112] = value;
        machine.run(undefined, context);
      }
      const [, slots] = machine.entries('@k')[0] ?? [];
      const words = (slots as readonly bigint[]) ?? [];
      const size = words.length / 4;
      // Second 10 is in slot 2, second 11 in slot 3; each begins with the number of its interval, and one more.
      const slot = (index: number) => words.slice(index * size, (index + 1) * size);
      expect([slot(2)[0], slot(3)[0], slot(0)[0], slot(1)[0]]).toEqual([11n, 12n, 0n, 0n]);
      expect([slot(2)[1], slot(3)[1]]).toEqual([first, second]);
      if (aggregation === 'avg') expect([slot(2)[2], slot(3)[2]]).toEqual([3n, 1n]);
      if (aggregation === '') expect(slot(3)[2]).toBe(11_000_000_000n);
      expect((machine.value('@') as readonly bigint[]).slice(0, words.length)).toEqual(words);
    },
  );
});

describe('programs', () => {
  it('do nothing for other processes than the one that was asked for', () => {
    const script = 'tracepoint:syscalls:sys_enter_read { @n += 1; }';
    const runs = (filterPid: bigint): Value | undefined => {
      const machine = interpret(build(script), { shared: { filterPid } });
      expect(machine.run()).toBe(1n);
      return machine.value('@n');
    };
    expect(runs(0n)).toBe(1n);
    expect(runs(1234n)).toBe(1n);
    expect(runs(1235n)).toBeUndefined();
  });

  it('end where their predicate does not hold', () => {
    const script = 'kprobe:vfs_read /arg0 == 7 && comm == "tested"/ { @n += 1; }';
    const runs = (first: number, comm: string): Value | undefined => {
      const machine = interpret(build(script), { comm });
      const context = new Uint8Array(256);
      context[112] = first;
      machine.run(undefined, context);
      return machine.value('@n');
    };
    expect([runs(7, 'tested'), runs(8, 'tested'), runs(7, 'teste')]).toEqual([
      1n,
      undefined,
      undefined,
    ]);
  });

  it('return what they are told to', () => {
    const machine = interpret(build('kprobe:vfs_read { if arg0 == 1 { return 5; } @n += 1; }'));
    const context = new Uint8Array(256);
    context[112] = 1;
    expect(machine.run(undefined, context)).toBe(5n);
    expect(machine.run()).toBe(0n);
    expect(machine.value('@n')).toBe(1n);
  });

  it('count what they could not send, and never send a part of it', () => {
    const machine = interpret(build('begin { printf("%d", 1); printf("%d", 2); @after = 1; }'), {
      room: 1,
    });
    machine.run();
    expect(printed(machine)).toEqual([[1n]]);
    expect(machine.value('@after')).toBe(1n);
  });
});
