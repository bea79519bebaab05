import { describe, expect, it } from 'vitest';
import {
  body,
  expectError,
  expectNoWarnings,
  expectTypes,
  expectWarning,
  plain,
  typed,
} from './expect.ts';

describe('statements', () => {
  it('[TYP-077] [GRM-065] warn about values that nobody uses', () => {
    expectWarning('pid;', 'Return value discarded.', 'pid');
    expectWarning('1 + 2;', 'Return value discarded.');
    expectNoWarnings('_ = pid; print(1); $a = 1; $a++; @m[1] = 1; delete(@m, 1);');
  });

  it('[GRM-079] [GRM-063] warn about what cannot be reached, and leave it out', () => {
    expectWarning('return; print(1); print(2);', 'Unreachable statement.', 'print(1)');
    expectWarning('exit(); print(1);', 'Unreachable statement.', 'print(1)');
    expectWarning('if (pid) { return; } else { exit(); } print(1);', 'Unreachable statement.');
    expect(body('exit(); print(1);')).toHaveLength(1);
    expectNoWarnings('if (pid) { exit(); } print(1);');
  });

  it('[GRM-061] [TYP-080] return integers only', () => {
    expect(plain(body('return pid;'))).toMatchObject([
      { kind: 'return', value: { kind: 'cast', type: { size: 8, signed: true } } },
    ]);
    expectError('return "x";', 'Probe return values can only be integers. Found string[2]', '"x"');
  });

  it('[GRM-052] choose branches at compile time', () => {
    expect(
      plain(body('if comptime (sizeof(uint64) == 8) { print(1); } else { print(2); }')),
    ).toMatchObject([{ kind: 'block', statements: [{ kind: 'expression-statement' }] }]);
    expectError('if comptime (pid) { }', 'Unable to resolve comptime expression', '(pid)');
  });

  it('[GRM-081] want comptime expressions to fold', () => {
    expectTypes('$a = comptime (1 + 2);', { $a: 'int8' });
    expectError('$a = comptime pid;', 'Unable to resolve comptime expression', 'comptime pid');
    // Another kernel may have another size.
    expectError(
      '$a = comptime (sizeof(struct task_struct) == 8);',
      'Unable to resolve comptime expression',
      'comptime (sizeof(struct task_struct) == 8)',
    );
  });

  it('[GRM-040] test the predicate as a condition', () => {
    const [probe] = typed('kprobe:f /pid/ { }').probes;
    expect(probe?.predicate).toMatchObject({ kind: 'cast', type: { kind: 'bool' } });
    expectError('kprobe:f /comm/ { }', 'Invalid condition: string[16]', 'comm');
  });

  it('[GRM-085] collect positional parameters as they are used', () => {
    const program = typed('print($2); print(str($1)); print(str($2));');
    expect(program.params).toEqual([
      { index: 1, as: 'string' },
      { index: 2, as: 'int' },
      { index: 2, as: 'string' },
    ]);
  });

  it('[GRM-080] want a probe', () => {
    expectError('config = { max_map_keys = 5 }', 'No probes to attach');
  });

  it('[PRB-071] have symbols that are unique', () => {
    const program = typed('kprobe:vfs_read, kprobe:vfs_read { } begin { }');
    expect(program.probes.map((probe) => probe.symbol)).toEqual([
      'kprobe_vfs_read_1',
      'kprobe_vfs_read_2',
      'begin_3',
    ]);
  });
});

describe('loops', () => {
  it('[GRM-057] run over ranges in 64 bits', () => {
    expectTypes('for $i : 0..10 { print($i); }', { $i: 'int64' });
    expectTypes('$n = (uint64)5; for $i : 0..$n { print($i); }', { $i: 'uint64' });
    expectError('for $i : 0.."x" { }', 'Loop range requires an integer for the end value', '"x"');
  });

  it('[GRM-056] run over maps as tuples of key and value', () => {
    expectTypes('@m[comm] = 5; for $kv : @m { $k = $kv.0; $v = $kv.1; }', {
      $kv: '(string[16],int8)',
      $k: 'string[16]',
      $v: 'int8',
    });
  });

  it('[TYP-075] [TYP-076] see aggregates as integers', () => {
    expectTypes('@m[comm] = sum(pid); for $kv : @m { }', { $kv: '(string[16],uint64)' });
    expectError(
      '@m[comm] = hist(pid); for $kv : @m { }',
      'Loop expression does not support type: hist_t',
      '@m',
    );
  });

  it('count by a parameter from 0, one up in each round before the body', () => {
    const [block] = plain(body('unroll ($1) { @++; }')) as readonly unknown[];
    const counter = { name: 'unroll' };
    expect(block).toMatchObject({
      kind: 'block',
      statements: [
        { kind: 'assign-variable', variable: counter, value: { kind: 'int', value: 0n } },
        {
          kind: 'while',
          condition: {
            ...{ kind: 'binary', operator: '<', type: { kind: 'bool' } },
            left: { kind: 'variable', variable: counter },
            right: { kind: 'parameter', index: 1 },
          },
          body: {
            statements: [
              {
                kind: 'assign-variable',
                variable: counter,
                value: { operator: '+', left: { variable: counter }, right: { value: 1n } },
              },
              { kind: 'block', statements: [{ kind: 'expression-statement' }] },
            ],
          },
        },
      ],
    });
    expectTypes('unroll ($1) { @++; }', { unroll: 'int64' });
  });

  it('run at most 8,388,608 rounds of numbers that are known', () => {
    const most = 8_388_608;
    expectNoWarnings(`for $i : 0..${most} { }`);
    expectNoWarnings(`for $i : -1..${most - 1} { }`);
    expectNoWarnings(`for $i : 0..(${most + 1} + $1) { }`);
    expectError(
      `for $i : 0..${most + 1} { }`,
      `The range has ${most + 1} rounds; one loop of BPF has at most ${most}`,
      `${most + 1}`,
    );
    expectError(`for $i : -1..${most} { }`, `The range has ${most + 1} rounds`, `${most}`);
  });

  it('warn of a bound of 64 bits without sign beside one with a sign, and of no other', () => {
    const cast = 'Expression of type: uint64 being cast to type: int64.';
    expectWarning('$u = (uint64)5; $s = (int64)1; for $i : $s..$u { }', cast, '$u');
    expectWarning('$u = (uint64)5; $s = (int64)1; for $i : $u..$s { }', cast, '$u');
    expectNoWarnings('$u = (uint64)5; for $i : 0..$u { }');
    expectNoWarnings('$u = (uint32)5; $s = (int64)1; for $i : $s..$u { }');
    expectNoWarnings('$u = (uint64)5; for $i : $1..$u { }');
    expectTypes('$u = (uint64)5; $v = $u + 1; for $i : $u..$v { }', { $i: 'uint64' });
  });

  it('want integers at both ends', () => {
    expectError(
      'for $i : "x"..5 { }',
      'requires an integer for the start value, found string[2]',
      '"x"',
    );
    expectNoWarnings('for $i : true..5 { print($i); }');
  });

  it('go over whole maps, whose type may be known later', () => {
    expectError('@m[1] = 1; for $kv : @m[1] { }', 'has to be a map without a key: @m', '@m[1]');
    expectTypes('for $kv : @m { $v = $kv.1; } @m[1] = pid;', { $v: 'uint32' });
    for (const [aggregate, type] of [
      ['count()', 'int64'],
      ['avg(pid)', 'uint64'],
      ['min((int64)pid)', 'int64'],
    ])
      expectTypes(`@m[1] = ${aggregate}; for $kv : @m { $v = $kv.1; }`, { $v: String(type) });
    for (const aggregate of ['lhist(1, 0, 10, 1)', 'stats(pid)', 'hist(pid)'])
      expectError(
        `@m[1] = ${aggregate}; for $kv : @m { }`,
        'Loop expression does not support type',
        '@m',
      );
  });

  it('have variables of their own: two loops may have one name, and none is there behind', () => {
    expectNoWarnings('for $i : 0..5 { print($i); } for $i : 0..5 { print($i); }');
    expectError('for $i : 0..5 { } print($i);', 'Undefined or undeclared variable: $i', '$i');
    expectError('for $i : 0..5 { for $i : 0..5 { } }', 'shadows existing variable: $i', '$i');
    expectError('@m[1] = 1; $k = 1; for $k : @m { }', 'shadows existing variable: $k', '$k');
  });

  it('want a keyed map that exists', () => {
    expectError(
      '@m = 1; for $kv : @m { }',
      '@m has no explicit keys (scalar map), and cannot be used for iteration',
    );
    expectError('for $kv : @m { }', 'Undefined map: @m');
  });

  it('do not shadow variables', () => {
    expectError(
      '$i = 1; for $i : 0..5 { }',
      'Loop declaration shadows existing variable: $i',
      '$i',
    );
  });

  it('[TYP-072] keep the context out of for', () => {
    expectError(
      'tracepoint:sched:sched_switch { for $i : 0..5 { print(args.prev_pid); } }',
      "'args' builtin is not allowed in a for-loop",
    );
    expectError('kprobe:f { for $i : 0..5 { print(arg0); } }', 'not allowed in a for-loop', 'arg0');
    expectNoWarnings('kprobe:f { unroll (2) { print(arg0); } }');
  });

  it('[GRM-062] allow return, with or without a value', () => {
    expectNoWarnings('for $i : 0..5 { if ($i == 2) { return; } }');
    expectNoWarnings('for $i : 0..5 { if ($i == 2) { exit(); } }');
    expectError(
      'for $i : 0..5 { if ($i == 2) { return; } if ($i == 3) { return 1; } }',
      'Return value used in loop is inconsistent',
    );
  });

  it('[GRM-054] warn about while', () => {
    expectWarning(
      '$i = 0; while ($i < 5) { $i++; }',
      'While loops are deprecated',
      'while ($i < 5)',
    );
  });

  it('[GRM-055] unroll 1 to 100 times', () => {
    expect(body('unroll (3) { print(1); }')).toMatchObject([{ kind: 'unroll', count: 3 }]);
    for (const count of [1, 100])
      expect(body(`unroll (${count}) { print(1); }`)).toMatchObject([{ kind: 'unroll', count }]);
    expectError('unroll (101) { }', 'unroll maximum value is 100', '(101)');
    expectError('unroll (0) { }', 'unroll minimum value is 1', '(0)');
    expectError('unroll (-1) { }', 'unroll minimum value is 1', '(-1)');
    expectError('unroll (pid) { }', 'invalid unroll value');
    expect(body('unroll ($1) { @++; }')).toMatchObject([
      { kind: 'block', statements: [{ kind: 'assign-variable' }, { kind: 'while' }] },
    ]);
  });

  it('[GRM-059] [GRM-060] allow break and continue inside only', () => {
    expectNoWarnings('for $i : 0..5 { if ($i == 2) { continue; } break; }');
    expectError('break;', "'break' statement is not allowed in a probe", 'break');
    expectError('continue;', "'continue' statement is not allowed in a probe");
    expectWarning('for $i : 0..5 { break; print(1); }', 'Unreachable statement.');
  });
});

describe('long chains of else if', () => {
  it.each([49, 50, 51, 100, 101, 120])('have each of %i parts once', (count) => {
    const links = Array.from(
      { length: count },
      (_, part) => `if (pid == ${part + 1000}) { print(${part}); }`,
    );
    const typedText = JSON.stringify(body(links.join(' else ')), (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    const conditions = [...typedText.matchAll(/"value":"(1[01][0-9]{2})n"/g)].map(
      ([, value]) => value,
    );
    expect(conditions).toEqual(links.map((_, part) => `${part + 1000}`));
  });
});
