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
    expectWarning('$i = 0; while ($i < 5) { $i++; }', 'While loops are deprecated');
  });

  it('[GRM-055] unroll 1 to 100 times', () => {
    expect(body('unroll (3) { print(1); }')).toMatchObject([{ kind: 'unroll', count: 3 }]);
    expectError('unroll (101) { }', 'unroll maximum value is 100', '(101)');
    expectError('unroll (0) { }', 'unroll minimum value is 1');
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
