/**
 * Every number that scripts are held to, on both sides: what is just allowed has no error, and what is just beyond has
 * its own.
 */
import { describe, expect, it } from 'vitest';
import { LimitError } from '../../compiler/limits.ts';
import { build } from '../support/build.ts';
import { errors } from '../support/diagnostics.ts';

/** A script for each number; the last that is allowed, the first that is not, and what is said of that. */
type Bound = readonly [
  script: (number: bigint) => string,
  allowed: bigint,
  refused: bigint,
  said: string,
];

const body = (text: (number: bigint) => string) => (number: bigint) => `begin { ${text(number)} }`;
const U32 = (1n << 32n) - 1n;
const U64 = (1n << 64n) - 1n;
const I64 = (1n << 63n) - 1n;
const repeated = (text: string, count: bigint): string => text.repeat(Number(count));

const LITERALS: readonly Bound[] = [
  [
    body((n) => `print(${n});`),
    U64,
    U64 + 1n,
    'overflow error, maximum value is 18446744073709551615',
  ],
  [body((n) => `print(0x${n.toString(16)});`), U64, U64 + 1n, 'overflow error'],
  [body((n) => `print(${n}u);`), U32, U32 + 1n, 'overflow error, maximum value is 4294967295'],
  [body((n) => `print(${n}ul);`), U64, U64 + 1n, 'overflow error'],
  [body((n) => `print(${n}l);`), I64, I64 + 1n, 'maximum value is 9223372036854775807'],
  [body((n) => `print(${n}ll);`), I64, I64 + 1n, 'maximum value is 9223372036854775807'],
  [body((n) => `print(1e${n});`), 19n, 20n, 'overflow error'],
  [body((n) => `print(${n}e19);`), 1n, 2n, 'overflow error'],
  [body((n) => `print(${n}s);`), 18_446_744_073n, 18_446_744_074n, 'overflow error'],
  [body((n) => `print(-${n});`), I64 + 1n, I64 + 2n, 'negative value will underflow'],
  [body((n) => `print("\\${n.toString(8)}");`), 0o377n, 0o400n, 'octal'],
  [body((n) => `print(1 << ${n});`), 63n, 64n, 'overflow'],
  [body((n) => `print(1u >> ${n});`), 63n, 64n, 'overflow'],
  [body((n) => `print(1 << ${n});`), 0n, -1n, 'overflow'],
  [body((n) => `print(${n} + 1);`), U64 - 1n, U64, 'overflow'],
  [body((n) => `print(${n} * 2);`), I64, I64 + 1n, 'overflow'],
  [body((n) => `print($${n});`), 65_535n, 65_536n, 'positional parameter $65536 is out of range'],
  [body((n) => `print($${n});`), 1n, 0n, 'positional parameter $0 is out of range'],
];

const SETTINGS: readonly Bound[] = [
  [(n) => `config = { max_strlen = ${n} } begin { }`, 32_768n, 32_769n, 'max_strlen'],
  [(n) => `config = { max_strlen = ${n} } begin { }`, 1n, 0n, 'max_strlen'],
  [(n) => `config = { max_map_keys = ${n} } begin { }`, U32, U32 + 1n, 'max_map_keys'],
  [(n) => `config = { max_map_keys = ${n} } begin { }`, 1n, 0n, 'max_map_keys'],
  [(n) => `config = { max_probes = ${n} } begin { }`, U32, U32 + 1n, 'max_probes'],
  [(n) => `config = { max_bpf_progs = ${n} } begin { }`, U32, U32 + 1n, 'max_bpf_progs'],
  [(n) => `config = { max_cat_bytes = ${n} } begin { }`, U32, U32 + 1n, 'max_cat_bytes'],
  [(n) => `config = { log_size = ${n} } begin { }`, U32, U32 + 1n, 'log_size'],
  [(n) => `config = { on_stack_limit = ${n} } begin { }`, U32, U32 + 1n, 'on_stack_limit'],
  [(n) => `config = { perf_rb_pages = ${n} } begin { }`, 262_144n, 262_145n, 'perf_rb_pages'],
  [
    (n) => `config = { max_bpf_progs = ${n} } begin { print(1); } end { print(2); }`,
    2n,
    1n,
    'exceeds the current limit of 1',
  ],
  [(n) => `config = { max_strlen = ${n} } begin { print("abcd"); }`, 5n, 4n, 'too long'],
  [
    (n) => `config = { max_strlen = 4 } begin { print("${repeated('a', n)}"); }`,
    3n,
    4n,
    'too long',
  ],
  [(n) => `config = { max_strlen = ${n} } begin { print(buf(comm)); }`, 5n, 4n, 'buf() needs'],
];

const AGGREGATIONS: readonly Bound[] = [
  [body((n) => `@ = hist(5, ${n});`), 5n, 6n, 'hist'],
  [body((n) => `@ = hist(5, ${n});`), 0n, -1n, 'hist'],
  [
    body((n) => `@ = lhist(5, 0, ${n}, 1);`),
    1000n,
    1001n,
    'lhist() too many buckets, must be <= 1000',
  ],
  [body((n) => `@ = lhist(5, 0, ${n}, 3);`), 3002n, 3003n, 'lhist() too many buckets'],
  [body((n) => `@ = lhist(5, 0, 10, ${n});`), 1n, 0n, 'lhist() step must be >= 1'],
  [body((n) => `@ = lhist(5, ${n}, 10, 1);`), 9n, 10n, 'lhist() min must be less than max'],
  [body((n) => `@ = tseries(5, ${n}, 1);`), 1n, 0n, 'tseries() interval_ns must be >= 1'],
  [body((n) => `@ = tseries(5, ${n}, 1);`), (1n << 53n) - 1n, 1n << 53n, 'must be below 2^53'],
  [body((n) => `@ = tseries(5, 1s, ${n});`), 1n, 0n, 'tseries() num_intervals must be >= 1'],
  [body((n) => `@ = tseries(5, 1s, ${n});`), 1_000_000n, 1_000_001n, 'must be <= 1000000'],
  [
    (n) => `let @x = hash(${n}); begin { @x[1] = 1; }`,
    1n,
    0n,
    'the number of entries must be between 1 and 4294967295',
  ],
  [
    (n) => `let @x = hash(${n}); begin { @x[1] = 1; }`,
    U32,
    U32 + 1n,
    'the number of entries must be between 1 and 4294967295',
  ],
  [body((n) => `@[1] = 1; print(@, ${n});`), U32, U32 + 1n, 'print'],
  [body((n) => `@[1] = 1; print(@, ${n});`), 0n, -1n, 'print'],
  [body((n) => `@[1] = 1; print(@, 1, ${n});`), U32, U32 + 1n, 'print'],
];

const LOOPS: readonly Bound[] = [
  [body((n) => `unroll(${n}) { print(1); }`), 100n, 101n, 'unroll'],
  [body((n) => `unroll(${n}) { print(1); }`), 1n, 0n, 'unroll'],
  [body((n) => `for $i : 0..${n} { print($i); }`), 8_388_608n, 8_388_609n, 'rounds'],
  [body((n) => `for $i : -1..${n} { print($i); }`), 8_388_607n, 8_388_608n, 'rounds'],
];

const CALLS: readonly Bound[] = [
  [body((n) => `print(str(1, ${n}));`), 0n, -1n, 'str() cannot use negative length (-1)'],
  [body((n) => `print(buf(1, ${n}));`), 0n, -1n, 'buf() cannot use negative length (-1)'],
  [body((n) => `print(memcmp(comm, comm, ${n}));`), 16n, 17n, 'memcmp'],
  [body((n) => `print(memcmp(comm, comm, ${n}));`), 0n, -1n, 'memcmp'],
  [body((n) => `print(strncmp("a", "b", ${n}));`), 0n, -1n, 'strncmp'],
  [body((n) => `print((1, 2).${n});`), 1n, 2n, 'index'],
  [body((n) => `print(curtask.comm[${n}]);`), 15n, 16n, 'index'],
  [body((n) => `print(curtask.comm[${n}]);`), 0n, -1n, 'index'],
  [body((n) => `print(strftime("%H", ${n}));`), 0n, -1n, 'strftime'],
  [body((n) => `print(kstack(${n}));`), 1024n, 1025n, 'kstack'],
  [body((n) => `print(ustack(${n}));`), 1024n, 1025n, 'ustack'],
  [
    (n) => `config = { max_strlen = ${n} } begin { print(strcontains(str(1), str(2))); }`,
    1024n,
    1025n,
    'more than the limit of 1048576',
  ],
  [
    (n) => `struct a { unsigned char x[${n}]; } begin { print(ntop(((struct a *)1)->x)); }`,
    4n,
    5n,
    'ntop',
  ],
  [
    (n) => `struct a { unsigned char x[${n}]; } begin { print(ntop(((struct a *)1)->x)); }`,
    16n,
    15n,
    'ntop',
  ],
  [
    (n) => `struct a { unsigned char x[${n}]; } begin { print(ntop(((struct a *)1)->x)); }`,
    16n,
    17n,
    'ntop',
  ],
  [
    (n) => `struct a { unsigned char x[${n}]; } begin { print(macaddr(((struct a *)1)->x)); }`,
    6n,
    5n,
    'macaddr',
  ],
  [body((n) => `debugf("${repeated('%d', n)}"${repeated(', 1', n)});`), 3n, 4n, 'debugf'],
  [body((n) => `print(sizeof(string[${n}]));`), 1n, 0n, 'string'],
];

const UNSAFE: readonly Bound[] = [
  [(n) => `tracepoint:syscalls:sys_enter_openat { signal(${n}); }`, 64n, 65n, 'signal'],
  [(n) => `tracepoint:syscalls:sys_enter_openat { signal(${n}); }`, 1n, 0n, 'signal'],
];

const PROBES: readonly Bound[] = [
  [(n) => `interval:s:${n} { }`, 9_223_372_036n, 9_223_372_037n, 'too long'],
  [(n) => `interval:us:${n} { }`, 1n, 0n, 'interval'],
  [(n) => `interval:${n}ns { }`, 1000n, 999n, 'must be at least 1us long'],
  [(n) => `profile:hz:${n} { }`, 1n, 0n, 'profile'],
  [(n) => `kprobe:vfs_read { print(arg${n}); }`, 5n, 6n, 'arg'],
  [(n) => `usdt:/bin/true:a:b { print(arg${n}); }`, 11n, 12n, 'arg'],
];

const DEPTHS: readonly Bound[] = [
  // Of brackets there may be 200; the stack of the parser may end before.
  [body((n) => `print(${repeated('(', n)}1${repeated(')', n)});`), 142n, 143n, 'nests too deeply'],
  [
    body((n) => `print(${repeated('(1, ', n)}1${repeated(')', n)});`),
    142n,
    143n,
    'nests too deeply',
  ],
  [
    body((n) => `print(${repeated('(uint64)(', n)}pid${repeated(')', n)});`),
    142n,
    143n,
    'nests too deeply',
  ],
  [body((n) => `${repeated('if (pid) { ', n)}${repeated('}', n)}`), 143n, 144n, 'nests too deeply'],
  [body((n) => `$a = 1; print(${repeated('!', n)}$a);`), 994n, 995n, 'nests too deeply'],
  [body((n) => `$a = 1; print(${repeated('$a + ', n)}$a);`), 994n, 995n, 'nests too deeply'],
  // With more room than what stands here: each of them is more nodes when types are known.
  [body((n) => `print(${repeated('pid ? 1 : ', n)}2);`), 497n, 498n, 'nests too deeply'],
  [body((n) => `$a = $1; print(${repeated('$a ?: ', n)}2);`), 497n, 498n, 'nests too deeply'],
  [body((n) => `$a = $1; print(${repeated('$a == ', n)}$a);`), 497n, 498n, 'nests too deeply'],
  [body((n) => `$a = $1; print(${repeated('$a < ', n)}$a);`), 497n, 498n, 'nests too deeply'],
  [body((n) => `$a = $1; print(${repeated('$a && ', n)}$a);`), 497n, 1000n, 'nests too deeply'],
  [
    (n) =>
      `macro m0() { 1 } ${Array.from({ length: Number(n) }, (_, i) => `macro m${i + 1}() { m${i}() }`).join(' ')} begin { print(m${n}()); }`,
    99n,
    100n,
    'Macros use each other more than 100 levels deep',
  ],
  [
    (n) =>
      `fn f0(): int64 { return 1; } ${Array.from({ length: Number(n) }, (_, i) => `fn f${i + 1}(): int64 { return f${i}(); }`).join(' ')} begin { print(f${n}()); }`,
    6n,
    7n,
    'nested 9 deep; the kernel allows 8',
  ],
  [
    body((n) => `$x = $1; $y = ${repeated('if ($x) { 1 } else ', n)}{ 2 }; print($y);`),
    100n,
    101n,
    'else if',
  ],
];

function errorsOf(script: string, unsafe: boolean): readonly string[] {
  const found = errors(script, { unsafe });
  if (found.length > 0) return found;
  try {
    build(script, { unsafe });
  } catch (error) {
    if (error instanceof LimitError) return error.diagnostics.map(({ message }) => message);
    throw error;
  }
  return [];
}

describe.each([
  ['literals', LITERALS],
  ['settings', SETTINGS],
  ['aggregations and maps', AGGREGATIONS],
  ['loops', LOOPS],
  ['calls', CALLS],
  ['calls that change the system', UNSAFE],
  ['probes', PROBES],
  ['depths', DEPTHS],
])('bounds of %s', (name, bounds) => {
  it('allow their last number, and refuse the one beyond', () => {
    const wrong = bounds.flatMap(([script, allowed, refused, said]) => {
      const unsafe = name === 'calls that change the system';
      const fine = errorsOf(script(allowed), unsafe).map(
        (one) => `${script(allowed).slice(0, 200)}: ${one}`,
      );
      const found = errorsOf(script(refused), unsafe);
      const right = found.length > 0 && found.every((one) => one.includes(said));
      return [
        ...fine,
        ...(right
          ? []
          : [`${script(refused).slice(0, 200)}: ${found.join('; ')} and not '${said}'`]),
      ];
    });
    expect(wrong).toEqual([]);
  });
});
