/**
 * Whatever is kept while a probe runs is new when it runs again: each row runs for long and short texts in turn, as a
 * probe and as a function, on the stack and in scratch memory, beside a model of what it says.
 */
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

interface Firing {
  /** Bytes of the text. */
  readonly n: number;
  readonly s: string;
  /** Name of the thread. */
  readonly name: string;
  /** How many there were before. */
  readonly index: number;
}

interface Row {
  readonly title: string;
  /**
   * `$n` and `$s` are length and text that the probe was called with, `$b` is where it stands; `say` prints a line,
   * `@NAME` are maps of this row.
   */
  readonly body: string;
  /** The lines of the n-th firing; `all` are the firings up to it. */
  readonly says: (firing: Firing, all: readonly Firing[]) => readonly (string | number)[];
}

// Of each size class of keys (below 32 bytes, below 128, longer), and longer ones before shorter ones.
const LONG = `the-longest-text${'-and-so-on'.repeat(12)}`;
const MIDDLE = 'a-text-of-forty-characters-or-very-nearly';
const TEXTS = [LONG, 'b', MIDDLE, 'middle-text', 'b', LONG, 'xy', MIDDLE, 'seven77'];
const NAMES = ['firings', 'firings-longer'] as const;
const FIRINGS: readonly Firing[] = TEXTS.map((s, index) => ({
  ...{ n: s.length, s, index },
  name: NAMES[index % 3 === 1 ? 1 : 0],
}));

const isLong = ({ n }: Firing) => n > 10;
const before = (all: readonly Firing[]): Firing | undefined => all.at(-2);
/** How many of the firings have what this one has. */
const times = <T>(all: readonly Firing[], of: (firing: Firing) => T): number => {
  const last = all.at(-1);
  return last ? all.filter((one) => of(one) === of(last)).length : 0;
};
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, index) => index);

const ROWS: readonly Row[] = [
  // ---- variables and branches
  {
    title: 'a variable that one branch sets',
    body: 'let $x; if ($n > 10) { $x = $n; } say("%d", $x);',
    says: (f) => [isLong(f) ? f.n : 0],
  },
  {
    title: 'a variable that each branch sets',
    body: 'let $x; if ($n > 10) { $x = 1; } else if ($n > 1) { $x = 2; } else { $x = 3; } say("%d", $x);',
    says: (f) => [isLong(f) ? 1 : f.n > 1 ? 2 : 3],
  },
  {
    title: 'a text that one branch sets',
    body: 'let $x; if ($n > 10) { $x = $s; } say("(%s) %d", $x, strlen($x));',
    says: (f) => [isLong(f) ? `(${f.s}) ${f.n}` : '() 0'],
  },
  {
    title: 'a text that has another one first',
    body: '$x = "abc"; if ($n > 10) { $x = $s; } say("%s %d", $x, strlen($x));',
    says: (f) => [isLong(f) ? `${f.s} ${f.n}` : 'abc 3'],
  },
  {
    title: 'a tuple that one branch sets',
    body: 'let $x; if ($n > 10) { $x = ($n, $s); } say("%d (%s)", $x.0, $x.1);',
    says: (f) => [isLong(f) ? `${f.n} (${f.s})` : '0 ()'],
  },
  {
    title: 'variables of one name in two blocks',
    body: 'if ($n > 10) { let $x = $s; say("%s", $x); } if ($n < 30) { let $x = $n; say("%d", $x); }',
    says: (f) => [...(isLong(f) ? [f.s] : []), ...(f.n < 30 ? [f.n] : [])],
  },
  {
    title: 'a variable of a round',
    body: 'for $i : 0..3 { let $x; if ($i == 1) { $x = $n; } say("%d", $x); }',
    says: (f) => [0, f.n, 0],
  },
  {
    title: 'choices',
    body: 'say("%d %s", $n > 10 ? $n : 7, $n > 10 ? $s : "no");',
    says: (f) => [isLong(f) ? `${f.n} ${f.s}` : '7 no'],
  },
  {
    title: 'choices that count',
    body: '$x = $n > 10 ? @NAMEa++ : @NAMEb++; say("%d %d", @NAMEa, @NAMEb);',
    says: (_, all) => {
      const long = all.filter(isLong).length;
      return [`${long} ${all.length - long}`];
    },
  },
  {
    title: 'a value or another one',
    body: 'say("%d", ($n & 2) ?: $n + 100);',
    says: (f) => [f.n & 2 || f.n + 100],
  },
  {
    title: 'the right side of && and ||, which is not always evaluated',
    body: '$and = $n > 10 && @NAMEa++ >= 0; $or = $n > 10 || @NAMEb++ > 0; say("%d %d %d %d", $and, $or, @NAMEa, @NAMEb);',
    says: (f, all) => {
      const long = all.filter(isLong).length;
      const short = all.length - long;
      return [`${isLong(f) ? 1 : 0} ${isLong(f) || short > 1 ? 1 : 0} ${long} ${short}`];
    },
  },
  {
    title: 'if as a value',
    body: '$x = if ($n > 10) { $y = $s; $y } else { "short" }; say("%s %d", $x, strlen($x));',
    says: (f) => [isLong(f) ? `${f.s} ${f.n}` : 'short 5'],
  },
  {
    title: 'a block as a value',
    body: '$x = { let $q; if ($n > 10) { $q = $n; } $q + 1 }; say("%d", $x);',
    says: (f) => [isLong(f) ? f.n + 1 : 1],
  },
  // ---- loops
  {
    title: 'break in a range',
    body: '$c = 0; for $i : 0..20 { if ($i == $n) { break; } $c++; } say("%d", $c);',
    says: (f) => [Math.min(f.n, 20)],
  },
  {
    title: 'break in a long range',
    body: '$c = 0; for $i : 0..200000 { if ($i == $n * 10000) { break; } $c++; } say("%d", $c);',
    says: (f) => [Math.min(f.n * 10000, 200000)],
  },
  {
    title: 'continue in a range',
    body: '$c = 0; for $i : 0..$n { if ($i % 3 == 1) { continue; } $c += $i; } say("%d", $c);',
    says: (f) => [sum(upTo(f.n).filter((i) => i % 3 !== 1))],
  },
  {
    title: 'return out of two loops',
    body: 'for $i : 0..4 { for $j : 0..5 { if ($i * 5 + $j == $n) { say("%d,%d", $i, $j); return; } } } say("end");',
    says: (f) => [f.n < 20 ? `${Math.floor(f.n / 5)},${f.n % 5}` : 'end'],
  },
  {
    title: 'break of the inner loop alone',
    body: '$c = 0; for $i : 0..3 { for $j : 0..9 { if ($j == $n) { break; } $c++; } $c += 100; } say("%d", $c);',
    says: (f) => [3 * (Math.min(f.n, 9) + 100)],
  },
  {
    title: 'break, continue and return in unroll',
    body: '$i = 0; $c = 0; unroll(9) { $i++; if ($i == 4) { continue; } if ($i > $n) { break; } if ($i == 8) { say("eight"); return; } $c += $i; } say("%d", $c);',
    says: (f) => {
      const added = upTo(9)
        .map((i) => i + 1)
        .filter((i) => i <= f.n);
      if (added.includes(8)) return ['eight'];
      return [sum(added.filter((i) => i !== 4))];
    },
  },
  {
    title: 'break in while',
    body: '$i = 0; while ($i < 15) { $i++; if ($i == $n) { break; } } say("%d", $i);',
    says: (f) => [Math.min(f.n, 15)],
  },
  {
    title: 'break in a loop over a map',
    body: '@NAME[0] = 1; @NAME[1] = 1; @NAME[2] = 1; $c = 0; for $kv : @NAME { $c++; if ($n > 10) { break; } } say("%d", $c);',
    says: (f) => [isLong(f) ? 1 : 3],
  },
  {
    title: 'return in a loop over a map',
    body: '@NAME[0] = 1; @NAME[1] = 1; for $kv : @NAME { if ($n > 10) { say("returned"); return; } } say("end");',
    says: (f) => [isLong(f) ? 'returned' : 'end'],
  },
  {
    title: 'break in a loop over texts of all lengths',
    body: '@NAME[$s] += 1; $c = 0; for $kv : @NAME { $c++; if ($n == 11) { break; } } say("%d", $c);',
    says: (f, all) => [f.n === 11 ? 1 : new Set(all.map(({ s }) => s)).size],
  },
  {
    title: 'a variable that a loop changes',
    body: '$last = "none"; for $i : 0..$n { if ($i == 10) { $last = $s; } } say("%s", $last);',
    says: (f) => [isLong(f) ? f.s : 'none'],
  },
  // ---- texts
  {
    title: 'a text in a map without a key',
    body: '$old = @NAME; @NAME = $s; say("%s (%s) %d", @NAME, $old, strlen(@NAME));',
    says: (f, all) => [`${f.s} (${before(all)?.s ?? ''}) ${f.n}`],
  },
  {
    title: 'a text as the value of a key',
    body: '@NAME[1] = $s; say("%s %d", @NAME[1], @NAME[1] == $s);',
    says: (f) => [`${f.s} 1`],
  },
  {
    title: 'a literal as the value of a key',
    body: '@NAME[1] = $n > 10 ? "a literal that is long" : "short"; say("%s %d", @NAME[1], strlen(@NAME[1]));',
    says: (f) => [isLong(f) ? 'a literal that is long 22' : 'short 5'],
  },
  {
    title: 'a text as a key',
    body: '@NAME[$s] += 1; say("%d %d", @NAME[$s], @NAME["b"]);',
    says: (_, all) => [`${times(all, ({ s }) => s)} ${all.filter(({ s }) => s === 'b').length}`],
  },
  {
    title: 'the text before as a key',
    body: '$old = @NAMEold; @NAMEold = $s; @NAME[$old, $s, 1] += 1; say("%d", @NAME[$old, $s, 1]);',
    says: (_, all) => {
      const pairs = all.map(({ s }, index) => `${all[index - 1]?.s} ${s}`);
      return [pairs.filter((pair) => pair === pairs.at(-1)).length];
    },
  },
  {
    title: 'a joined text',
    body: '$x = str_concat($s, "!"); $y = str_concat($x, $s); @NAME[$y] += 1; say("%s %d %d", $y, strlen($y), @NAME[$y]);',
    says: (f, all) => [`${f.s}!${f.s} ${2 * f.n + 1} ${times(all, ({ s }) => s)}`],
  },
  {
    title: 'texts that are compared',
    body: 'say("%d %d %d %d", $s == "b", $s != @NAME, strncmp($s, "middle", 6) == 0, strcontains($s, "text")); @NAME = $s;',
    says: (f, all) => [
      [f.s === 'b', f.s !== (before(all)?.s ?? ''), f.s.startsWith('middle'), f.s.includes('text')]
        .map(Number)
        .join(' '),
    ],
  },
  {
    title: 'bytes of a text',
    body: '@NAME[buf($s, $n)] += 1; say("%r %d", buf($s, $n), @NAME[buf($s, $n)]);',
    says: (f, all) => [`${f.s} ${times(all, ({ s }) => s)}`],
  },
  {
    title: 'a text as a key, read on the spot',
    body: '@NAME[str(uptr($b))] += 1; @NAMEt[(uint8)1, str(uptr($b)), $n] += 1; say("%d %d", @NAME[$s], @NAMEt[(uint8)1, $s, $n]);',
    says: (_, all) => {
      const same = times(all, ({ s }) => s);
      return [`${same} ${same}`];
    },
  },
  {
    title: 'a longer and a shorter text in one variable',
    body: 'let $x; if ($n > 10) { $x = $s; } else { $x = comm; } @NAME[$x] += 1; say("%s %d", $x, @NAME[$x]);',
    says: (f, all) => {
      const of = (one: Firing) => (isLong(one) ? one.s : one.name);
      return [`${of(f)} ${times(all, of)}`];
    },
  },
  {
    title: 'a longer and a shorter text in one variable, round by round',
    body: 'let $x; for $i : 0..2 { if ($i == 0) { $x = $s; } else { $x = comm; } @NAME[$x] += 1; } say("%s %d", $x, @NAME[$x]);',
    says: (f, all) => [`${f.name} ${times(all, ({ name }) => name)}`],
  },
  {
    title: 'a longer or a shorter text that is printed',
    body: 'say("(%s) (%s)", $n > 10 ? $s : comm, $n > 10 ? comm : $s);',
    says: (f) => [isLong(f) ? `(${f.s}) (${f.name})` : `(${f.name}) (${f.s})`],
  },
  {
    title: 'names of the thread',
    body: '@NAME[comm] += 1; @NAMEk[curtask.comm] += 1; @NAMEl = curtask.comm; $c = curtask.comm; @NAMEt[$c, (uint8)1] += 1; say("%s %d %d %d", @NAMEl, @NAME[comm], @NAMEk[comm], @NAMEt[comm, (uint8)1]);',
    says: (f, all) => {
      const same = times(all, ({ name }) => name);
      return [`${f.name} ${same} ${same} ${same}`];
    },
  },
  {
    title: 'a text that is made of itself',
    body: '$x = $s; $x = str_concat("<", $x); $x = str_concat($x, ">"); say("%s", $x);',
    says: (f) => [`<${f.s}>`],
  },
  // ---- tuples, records, keys with holes
  {
    title: 'a tuple that is made of itself',
    body: '$t = ($n, $n + 1, $s); $t = ($t.1, $t.0, $t.2); $r = (a = $n, b = $n + 1); $r = (a = $r.b, b = $r.a); say("%d %d %s %d %d", $t.0, $t.1, $t.2, $r.a, $r.b);',
    says: (f) => [`${f.n + 1} ${f.n} ${f.s} ${f.n + 1} ${f.n}`],
  },
  {
    title: 'keys with a hole at their end',
    body: '@NAME[$n, (uint8)1] += 1; @NAMEn[(uint8)1, ($n, (uint8)2), (uint8)3] += 1; @NAMEs[$s, $n, (uint16)1] += 1; say("%d %d %d", @NAME[$n, (uint8)1], @NAMEn[(uint8)1, ($n, (uint8)2), (uint8)3], @NAMEs[$s, $n, (uint16)1]);',
    says: (_, all) => {
      const same = times(all, ({ n }) => n);
      return [`${same} ${same} ${times(all, ({ s }) => s)}`];
    },
  },
  {
    title: 'pairs of a loop as keys',
    body: '@NAME[(uint8)1] = $n; for $kv : @NAME { @NAMEc[$kv] += 1; $pair = $kv; @NAMEd[$pair, (uint8)1] += 1; } say("%d %d", @NAMEc[((uint8)1, $n)], @NAMEd[((uint8)1, $n), (uint8)1]);',
    says: (_, all) => {
      const same = times(all, ({ n }) => n);
      return [`${same} ${same}`];
    },
  },
  {
    title: 'a tuple in a map',
    body: '$old = @NAME; @NAME = ($s, $n, (uint8)1); say("%s %d %s", @NAME.0, @NAME.1, $old.0);',
    says: (f, all) => [`${f.s} ${f.n} ${before(all)?.s ?? ''}`],
  },
  {
    title: 'a record in a map',
    body: '$r = (a = (uint8)$n, t = $s, b = $n); @NAME[$r.t] = $r; say("%d %s %d", @NAME[$s].a, @NAME[$s].t, @NAME[$s].b);',
    says: (f) => [`${f.n} ${f.s} ${f.n}`],
  },
  {
    title: 'keys with holes',
    body: '@NAME[(uint8)$n, $n, (uint16)1, (uint64)2] += 1; @NAMEr[(a = (uint8)$n, b = (uint32)$n, c = (uint8)0)] += 1; say("%d %d", @NAME[(uint8)$n, $n, (uint16)1, (uint64)2], @NAMEr[(a = (uint8)$n, b = (uint32)$n, c = (uint8)0)]);',
    says: (_, all) => {
      const same = times(all, ({ n }) => n);
      return [`${same} ${same}`];
    },
  },
  {
    title: 'keys with holes and texts',
    body: '@NAME[(uint8)1, $s, (uint64)$n, comm] += 1; say("%d", @NAME[(uint8)1, $s, (uint64)$n, comm]);',
    says: (_, all) => [times(all, ({ s, name }) => `${s} ${name}`)],
  },
  {
    title: 'nested tuples',
    body: '$t = ((uint8)1, ($s, ((uint8)$n, $n))); @NAME[$t] += 1; say("%s %d %d", $t.1.0, $t.1.1.1, @NAME[$t]);',
    says: (f, all) => [`${f.s} ${f.n} ${times(all, ({ s }) => s)}`],
  },
  {
    title: 'addresses of both lengths as keys',
    body: 'if ($n > 10) { @NAME[ntop((uint8[16])pton("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))] += 1; } else { @NAME[ntop((uint32)0x01010101)] += 1; } say("%d", len(@NAME));',
    says: (_, all) => [new Set(all.map(isLong)).size],
  },
  {
    title: 'arrays',
    body: '$a = (uint8[8])$n; @NAME[$a] += 1; say("%d %d %d", $a[0], $a[7], @NAME[$a]);',
    says: (f, all) => [`${f.n} 0 ${times(all, ({ n }) => n)}`],
  },
  // ---- maps
  {
    title: 'counters',
    body: '@NAME++; @NAMEs += $n; $x = @NAME--; ++@NAME; say("%d %d %d", @NAME, @NAMEs, $x);',
    says: (_, all) => [`${all.length} ${sum(all.map(({ n }) => n))} ${all.length}`],
  },
  {
    title: 'what is deleted',
    body: '$was = has_key(@NAME, 1); if ($n > 10) { @NAME[1] = $n; } $gone = delete(@NAME, 1); say("%d %d %d %d", $was, $gone, @NAME[1], has_key(@NAME, 1));',
    says: (f) => [`0 ${isLong(f) ? 1 : 0} 0 0`],
  },
  {
    title: 'what is kept for the next',
    body: 'if (has_key(@NAME, 1)) { say("%d", $n + @NAME[1]); delete(@NAME, 1); } else { @NAME[1] = $n; }',
    says: (f, all) => (f.index % 2 === 1 ? [f.n + (before(all)?.n ?? 0)] : []),
  },
  {
    title: 'aggregates',
    body: '@NAMEc = count(); @NAMEs = sum($n); @NAMEa = avg($n); @NAMEi = min($n); @NAMEx = max($n); say("%d %d %d %d %d", @NAMEc, @NAMEs, @NAMEa, @NAMEi, @NAMEx);',
    says: (_, all) => {
      const numbers = all.map(({ n }) => n);
      const total = sum(numbers);
      const mean = Math.trunc(total / all.length);
      return [`${all.length} ${total} ${mean} ${Math.min(...numbers)} ${Math.max(...numbers)}`];
    },
  },
  {
    title: 'aggregates by texts',
    body: '@NAME[$s] = count(); @NAMEx[$s, (uint8)1] = max($n); say("%d %d", @NAME[$s], @NAMEx[$s, (uint8)1]);',
    says: (f, all) => [`${times(all, ({ s }) => s)} ${f.n}`],
  },
  {
    title: 'macros',
    body: '$x = 5; twice($x, @NAME, $n); say("%d %d", $x, @NAME);',
    says: (f) => [`${5 + 2 * f.n} ${f.n}`],
  },
  {
    title: 'functions',
    body: 'say("%d %s", firstOver($n), named($n, $s));',
    says: (f) => [`${f.n > 5 ? 6 : 99} ${isLong(f) ? f.s : 'none'}`],
  },
];

const SHARED = `
macro twice($v, @m, e) { $v += e; @m = e; $v += e; }
fn firstOver($n: uint64): uint64 {
  for $i : 0..$n { if ($i == 5) { return 6; } }
  return 99;
}
fn named($n: uint64, $s: string[160]): string[160] {
  let $x: string[160] = "none"; if ($n > 10) { $x = $s; } return $x;
}
`;

/** A row's statements with names and lines of its own. */
function bodyOf(row: Row, id: string): string {
  return row.body
    .replaceAll('NAME', id)
    .replace(/say\("([^"]*)"/g, (_, format) => `printf("${id} ${format}\\n"`);
}

const WRITE =
  'tracepoint:syscalls:sys_enter_write /strncmp(comm, "firings", 7) == 0 && args.fd > 2/';
const TAKE = '$n = args.count; $s = str(args.buf, 159); $b = (uint64)args.buf;';

/** Each row as a probe of its own, whose lines begin with `p` and its number. */
function probes(): string {
  return ROWS.map((row, index) => `${WRITE} { ${TAKE} ${bodyOf(row, `p${index}`)} }`).join('\n');
}

/** Each row as a function, whose lines begin with `f` and its number. A program may use 64 maps, so a few are called by each. */
function functions(): string {
  const defined = ROWS.map(
    (row, index) =>
      `fn row${index}($n: uint64, $s: string[160], $b: uint64): void { ${bodyOf(row, `f${index}`)} }`,
  );
  const calls = ROWS.map((_, index) => `row${index}($n, $s, $b);`);
  const callers = upTo(Math.ceil(calls.length / 15)).map(
    (part) => `${WRITE} { ${TAKE} ${calls.slice(part * 15, part * 15 + 15).join(' ')} }`,
  );
  return [...defined, ...callers].join('\n');
}

/** The lines of a run by their row, in order. */
function linesOf(stdout: string, kind: string): readonly (readonly string[])[] {
  const found = stdout.split('\n').map((line) => /^([pf]\d+) (.*)$/.exec(line));
  return ROWS.map((_, index) =>
    found.flatMap((match) => (match?.[1] === `${kind}${index}` ? [match[2] ?? ''] : [])),
  );
}

needs('root').describe('a probe that fires again', () => {
  for (const [kind, script] of [
    ['p', probes],
    ['f', functions],
  ] as const)
    it.each([0, 64])(
      `knows nothing of what it did before, ${kind === 'p' ? 'itself' : 'in functions'}, with on_stack_limit = %d`,
      async (limit) => {
        const config = `config = { on_stack_limit = ${limit}; max_strlen = 160; print_maps_on_exit = false }`;
        const { stdout, stderr, status } = await run(`${config}\n${SHARED}\n${script()}`, {
          workload: [
            'pin 0',
            ...FIRINGS.map(({ name, s }) => `comm ${name} writetext 1 ${s}`),
          ].join(' '),
          flags: ['-q'],
        });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        const lines = linesOf(stdout, kind);
        const got = ROWS.map(({ title, body }, index) => ({ title, body, said: lines[index] }));
        const wanted = ROWS.map(({ title, body, says }) => ({
          title,
          body,
          said: FIRINGS.flatMap((firing, index) =>
            says(firing, FIRINGS.slice(0, index + 1)).map(String),
          ),
        }));
        expect(got).toEqual(wanted);
      },
    );
});
