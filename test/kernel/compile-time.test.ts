/** What the compiler knows: settings, kinds of expressions, and simple functions whose result shows on a kernel. */

import { describe, expect, it } from 'vitest';
import { returned } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { errors } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { printed } from '../support/script.ts';

describe('what the compiler knows', () => {
  it('[FUN-049] is_str() and its siblings decide what is compiled', () => {
    const kinds = (expression: string) =>
      ['is_str', 'is_ptr', 'is_array', 'is_integer', 'is_unsigned_integer', 'is_literal'].filter(
        (name) =>
          errors(`begin { $v = ${expression}; if comptime ${name}($v) { fail("yes"); } }`).length,
      );
    expect(kinds('"abc"')).toEqual(['is_str']);
    expect(kinds('comm')).toEqual(['is_str']);
    expect(kinds('curtask')).toEqual(['is_ptr']);
    expect(kinds('(uint8[4])1')).toEqual(['is_array']);
    expect(kinds('(int32)pid')).toEqual(['is_integer']);
    expect(kinds('(uint32)pid')).toEqual(['is_integer', 'is_unsigned_integer']);
    expect(kinds('(1, 2)')).toEqual([]);
    // A branch that is not compiled may be wrong.
    const script = 'begin { if comptime is_str(1) { print(strlen(1)); } else { return 7; } }';
    expect(errors(script)).toEqual([]);
    expect(returned(script)).toEqual(['7']);
  });

  it('[FUN-049] is_literal() tells literals from values', () => {
    const literal = (expression: string) =>
      errors(`begin { if comptime is_literal(${expression}) { fail("yes"); } }`).length > 0;
    for (const one of ['1', '-1', '"a"', 'true', '1 + 2', 'sizeof(uint8)', 'config.max_strlen'])
      expect(literal(one)).toBe(true);
    for (const one of ['pid', 'comm', '$1', '(1, 2)', 'getopt("a")'])
      expect(literal(one)).toBe(false);
  });

  it('[FUN-078] [FUN-079] they take one expression', () => {
    for (const name of ['is_str', 'is_ptr', 'is_array', 'is_integer', 'is_literal']) {
      expect(errors(`begin { print(${name}()); }`)).toEqual([
        `${name}() requires 1 argument (0 provided) @ ${name}()`,
      ]);
      expect(errors(`begin { print(${name}(1, 2)); }`)).toHaveLength(1);
    }
    expect(errors('begin { print(config(1)); }')).toHaveLength(1);
    expect(errors('begin { print(config.max_strle); }')).toEqual([
      "Record does not contain a field named 'max_strle' @ max_strle",
    ]);
  });

  it('[BLT-025] config has literals', () => {
    expect(
      errors(
        'config = { max_strlen = 100 } begin { if comptime config.max_strlen != 100 { fail("no"); } }',
      ),
    ).toEqual([]);
    expect(errors('begin { print(str(0, config.max_strlen - 1)); }')).toEqual([]);
    expect(
      errors('begin { if comptime config.missing_probes == "error" { fail("yes"); } }'),
    ).toHaveLength(1);
    expect(errors('begin { if comptime default_str_length != 1024 { fail("no"); } }')).toEqual([]);
  });

  it('[FUN-069] one map has one kind of histogram', () => {
    expect(errors('begin { @ = hist(1, 2); @ = hist(1, 3); }')).toHaveLength(1);
    expect(errors('begin { @ = hist(1, 2); @ = hist(2, 2); }')).toEqual([]);
    expect(errors('begin { @ = hist(1, 6); }')).toHaveLength(1);
    expect(errors('begin { @ = hist(1, pid); }')).toHaveLength(1);
  });

  it('[FUN-070] lhist() wants sensible bounds, and the same in all places', () => {
    const says = (args: string) => errors(`begin { @ = lhist(${args}); }`);
    expect(says('1, 0, 10, 1')).toEqual([]);
    expect(says('1, 10, 0, 1')).toHaveLength(1);
    expect(says('1, 5, 5, 1')).toHaveLength(1);
    expect(says('1, 0, 10, 0')).toHaveLength(1);
    expect(says('1, 0, 10, -1')).toHaveLength(1);
    expect(says('1, 0, 1000, 1')).toEqual([]);
    expect(says('1, 0, 1001, 1')).toEqual([
      expect.stringContaining('lhist() too many buckets, must be <= 1000 (would need 1001)'),
    ]);
    expect(says('1, 0, pid, 1')).toHaveLength(1);
    expect(says('1, 0, 10')).toHaveLength(1);
    expect(errors('begin { @ = lhist(1, 0, 10, 1); @ = lhist(1, 0, 10, 2); }')).toHaveLength(1);
  });
});

needs('root').describe('at run time', () => {
  it('[CFG-028] [BLT-025] config prints what the script was compiled with', async () => {
    const { stdout } = await run(
      'config = { max_strlen = 200; missing_probes = warn; stack_mode = perf } begin { print((config.max_strlen, config.missing_probes, config().stack_mode, config.print_maps_on_exit, default_str_length)); print(config); }',
      { signal: 'none' },
    );
    const [fields, whole = ''] = stdout.split('\n');
    expect(fields).toBe('(200, warn, perf, true, 200)');
    expect(whole).toContain('max_strlen = 200');
    expect(whole).toContain('license = GPL');
    expect(whole).toContain('max_map_keys = 4096');
    const { stdout: environment } = await run('begin { print(config.max_map_keys); }', {
      signal: 'none',
      environment: { BPFTRACE_MAX_MAP_KEYS: '77' },
    });
    expect(environment).toMatch(/^77\n/);
  });

  it('[FUN-042] str_concat() holds both texts', async () => {
    expect(
      await printed(
        '$a = str_concat("ab", "cde"); printf("[%s] %d\\n", $a, strlen($a)); print(str_concat(str_concat(comm, "/"), comm)); print(sizeof(str_concat("ab", "cde"))); @m["abcde"] = 1; print(@m[$a]);',
      ),
    ).toBe('[abcde] 5\nbpfload/bpfload\n6\n1');
  });

  it('[FUN-047] container_of() leads back to the struct', async () => {
    expect(
      await printed(
        '$t = curtask; $m = (uint64)$t + offsetof(struct task_struct, se.vruntime); $c = container_of($m, typeof(struct task_struct), se.vruntime); print(($c == $t, $c.pid == $t.pid, $c.comm));',
      ),
    ).toBe('(true, true, bpfload)');
  });

  it('[FUN-048] offsetof() reaches into members', async () => {
    const script =
      'struct inner { int a; char b[4]; }; struct outer { long x; struct inner y; struct { short z; }; }; begin { print((offsetof(struct outer, y), offsetof(struct outer, y.b), offsetof(struct outer, z))); $o = (struct outer *)0; print(offsetof(*$o, y.a)); print(offsetof(struct task_struct, se.vruntime) - offsetof(struct task_struct, se) == offsetof(struct sched_entity, vruntime)); }';
    const { stdout } = await run(script, { signal: 'none' });
    expect(stdout.trimEnd()).toBe('(8, 12, 16)\n8\ntrue');
  });

  it('[FUN-067] stats() has count, average and total', async () => {
    const { stdout } = await run(
      'begin { @["a"] = stats(10); @["a"] = stats(30); @["b"] = stats(-5); @s = stats(7); }',
      { signal: 'none' },
    );
    expect(stdout).toContain('@s: { .count = 1, .average = 7, .total = 7 }\n');
    expect(stdout).toContain('@[a]: { .count = 2, .average = 20, .total = 40 }\n');
    expect(stdout).toContain('@[b]: { .count = 1, .average = -5, .total = -5 }\n');
  });

  it('[FUN-069] [FUN-070] hist() and lhist() count in their buckets', async () => {
    const { stdout } = await run(
      'begin { @h = hist(6, 1); @h = hist(7, 1); @l = lhist(5, 0, 10, 5); @l = lhist(-1, 0, 10, 5); @l = lhist(10, 0, 10, 5); }',
      { signal: 'none' },
    );
    expect(stdout).toMatch(/^\[6, 8\) +2 \|@+\|$/m);
    expect(stdout).toMatch(/^\(\.\.\., 0\) +1 /m);
    expect(stdout).toMatch(/^\[5, 10\) +1 /m);
    expect(stdout).toMatch(/^\[10, \.\.\.\) +1 /m);
  });

  it('[BLT-006] leader_tid and leader_comm are those of the main thread', async () => {
    const { stdout } = await run(
      'tracepoint:syscalls:sys_enter_getppid /leader_comm == "leader"/ { @[leader_tid == pid, leader_comm, tid == leader_tid] = count(); @t[leader_comm(curtask), leader_tid(curtask) == leader_tid] = count(); }',
      { workload: 'comm leader threads 2 getppid 3' },
    );
    expect(stdout).toContain('@[true, leader, false]: 6\n');
    expect(stdout).toContain('@t[leader, true]: 6\n');
  });

  it('[BLT-026] $# counts the positional parameters', async () => {
    const script = 'begin { printf("%d %d %s\\n", $#, $1, str($2)); }';
    const of = async (parameters: readonly string[]) =>
      (await run(script, { signal: 'none', flags: ['--no-warnings'], parameters })).stdout.trim();
    expect(await of([])).toBe('0 0');
    expect(await of(['7', 'x', 'y'])).toBe('3 7 x');
    expect(bpfscript(['-q', '-e', script, '5', 'z']).stdout.trim()).toBe('2 5 z');
  });
});
