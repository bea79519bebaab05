/** Scripts of the older dialect become today's, and mean the same. */
import { describe, expect, it } from 'vitest';
import { modernise } from '../../compiler/modernise.ts';
import { diagnose, kernelDescription } from '../support/build.ts';

function modernised(text: string): { text: string; left: readonly string[] } {
  const { source, left } = modernise(
    { name: 'old.bt', text },
    { kernel: kernelDescription(), unsafe: true, environment: {} },
  );
  return { text: source.text, left: left.map(({ code }) => code) };
}

/** [what is older, before, after]. */
const ROWS: readonly (readonly [string, string, string])[] = [
  ['names of probes', 'BEGIN { exit(); } END { print(1); }', 'begin { exit(); } end { print(1); }'],
  [
    'names of providers',
    'kfunc:vfs_read, kretfunc:vfs_read { print(1); }',
    'fentry:vfs_read, fexit:vfs_read { print(1); }',
  ],
  ['names of values', 'kprobe:f { @[stack] = count(); }', 'kprobe:f { @[kstack] = count(); }'],
  [
    'arguments behind arrows',
    'tracepoint:syscalls:sys_enter_openat { print(args->flags); print(args->mode); }',
    'tracepoint:syscalls:sys_enter_openat { print(args.flags); print(args.mode); }',
  ],
  [
    'results of system calls, in two edits of one place',
    'tracepoint:syscalls:sys_exit_read { print(args->retval); }',
    'tracepoint:syscalls:sys_exit_read { print(args.ret); }',
  ],
  [
    'deletions',
    'begin { @a[1] = 1; @b[1, "x"] = 1; delete(@a[1]); delete( @b[1, "x"] ); }',
    'begin { @a[1] = 1; @b[1, "x"] = 1; delete(@a, 1); delete( @b, (1, "x") ); }',
  ],
  [
    'settings with other names, also those that mean the opposite',
    'config = { strlen = 64; no_cpp_demangle = true } begin { exit(); }',
    'config = { max_strlen = 64; cpp_demangle = false } begin { exit(); }',
  ],
  [
    'settings without effect',
    'config = { symbol_source = "dwarf"; max_strlen = 64; unstable_macro = 1 } begin { exit(); }',
    'config = {  max_strlen = 64;  } begin { exit(); }',
  ],
  [
    'variables that live longer than the block that assigns them',
    'begin { if (pid > 1) { $x = 1; } if (pid > 2) { $x = 2; } print($x); }',
    'begin { let $x; if (pid > 1) { $x = 1; } if (pid > 2) { $x = 2; } print($x); }',
  ],
  [
    'such variables in blocks of blocks',
    'begin { if (pid > 1) { if (pid > 2) { $y = 2; } else { $y = 3; } print($y); } }',
    'begin { if (pid > 1) { let $y; if (pid > 2) { $y = 2; } else { $y = 3; } print($y); } }',
  ],
];

describe('modernising', () => {
  it.each(ROWS)('rewrites %s', (_what, before, after) => {
    expect(modernised(before)).toEqual({ text: after, left: [] });
    expect(
      diagnose(after, { unsafe: true }).filter(({ severity }) => severity === 'error'),
    ).toEqual([]);
    expect(modernised(after).text).toBe(after);
  });

  it('tells of loops that a person has to rewrite', () => {
    const { text, left } = modernised('BEGIN { $i = 0; while ($i < 3) { $i++; } }');
    expect(text).toBe('begin { $i = 0; while ($i < 3) { $i++; } }');
    expect(left).toEqual(['while-loop']);
  });

  it('leaves a variable alone that a block declares for itself, and one that nobody assigns', () => {
    const own = 'begin { if (pid > 1) { let $x = 1; print($x); } print($x); }';
    expect(modernised(own)).toEqual({ text: own, left: ['undefined-variable'] });
    const misspelt = 'begin { $count = 1; print($coutn); }';
    expect(modernised(misspelt)).toEqual({ text: misspelt, left: ['undefined-variable'] });
  });

  it('leaves alone what a comment allows', () => {
    const allowed =
      'tracepoint:syscalls:sys_enter_openat { print(args->flags); } // bpfscript: allow(args-arrow)';
    expect(modernised(allowed)).toEqual({ text: allowed, left: [] });
  });

  it('leaves a script alone that has errors, and tells these', () => {
    expect(modernised('BEGIN {')).toEqual({ text: 'BEGIN {', left: ['syntax-error'] });
    const { text, left } = modernised('BEGIN { print(nothing_known); } END { $x = args->y; }');
    expect(text).toContain('begin {');
    expect(left.length).toBeGreaterThan(0);
  });

  it('changes nothing but what is older: texts, comments and names stay', () => {
    const text = '// BEGIN strlen\nBEGIN { printf("BEGIN args->x"); @BEGIN = 1; /* END */ } // END';
    expect(modernised(text)).toEqual({ text: text.replace('\nBEGIN', '\nbegin'), left: [] });
  });

  it('takes the semicolon away with a setting, and deletes by one key or none as they stand', () => {
    expect(modernised('config = { symbol_source = "dwarf" ; } begin { exit(); }').text).toBe(
      'config = {  } begin { exit(); }',
    );
    expect(modernised('config = { symbol_source = "dwarf" } begin { exit(); }').text).toBe(
      'config = {  } begin { exit(); }',
    );
    const today = 'begin { @a[1, 2] = 1; delete(@a, (1, 2)); @b = 1; delete(@b); }';
    expect(modernised(today)).toEqual({ text: today, left: [] });
  });
});
