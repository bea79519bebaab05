/** Damaged scripts: the parser answers with a tree or with diagnostics, and never throws. */

import { expect, it } from 'vitest';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { printDiagnostic } from '../../../compiler/source/render/text.ts';
import { createSources } from '../../../compiler/source/sources.ts';
import { parse } from '../../../compiler/syntax/parse.ts';

const SCRIPTS = [
  '#!/usr/bin/env bpfscript\nBEGIN { printf("Tracing... %d\\n", $1); }\ninterval:s:1 /@c > 0/ { print(@c, 5); clear(@c); }',
  'struct x { int a; } __attribute__((packed));\nconfig = { max_map_keys = 10; stack_mode = perf }\nkprobe:vfs_read /pid == $1/ { @[comm, kstack(3)] = hist(((struct x *)arg0)->a); }',
  'macro m($a, @b, c) { if (c) { $a } else { @b[1] } }\nfn f($x : int64) : int64 { return $x * 2; }\nend { @x = f(1) ? (1, "a\\x41") : (a=1, b=2); }',
  'tracepoint:syscalls:sys_enter_*, uprobe:/bin/bash:"read line" { for ($i : 0..5) { unroll(3) { @a[$i] += sizeof(struct x) } } /* end */ }',
  'let @m = lruhash(100); begin { let $a: uint8[4] = (uint8[4])1; while $a < 5 { $a++; if ($a == 3) { break; } else { continue } } delete(@m[$a.0]); }',
];

const PIECES = [
  ...[
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '/',
    '"',
    "'",
    '\\',
    '$',
    '@',
    ':',
    ';',
    ',',
    '.',
    '#',
    '*/',
    '/*',
  ],
  ...[
    '//',
    '\n',
    ' ',
    '0x',
    '1e',
    '=',
    '->',
    'if',
    'let',
    'macro',
    'import "',
    '\u0000',
    'é',
    '𝄞',
    '..',
  ],
];

/** mulberry32: the same mutations in every run. */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function mutate(text: string, below: (limit: number) => number): string {
  const at = below(text.length + 1);
  const end = Math.min(text.length, at + below(8));
  const piece = PIECES[below(PIECES.length)] ?? '';
  const other = below(text.length + 1);
  switch (below(4)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, at) + piece + text.slice(at);
    case 2:
      return text.slice(0, at) + piece + text.slice(end);
    default:
      return text.slice(0, at) + text.slice(other, other + below(40)) + text.slice(at);
  }
}

it('gives a tree or diagnostics with good places for 2,000 damaged scripts', () => {
  const below = random(20260801);
  const outcome = { trees: 0, errors: 0 };
  for (let round = 0; round < 2000; round += 1) {
    let text = SCRIPTS[round % SCRIPTS.length] ?? '';
    for (let count = 1 + below(4); count > 0; count -= 1) text = mutate(text, below);
    const diagnostics = new Diagnostics();
    const source = { name: 'damaged.bt', text };
    const tree = parse(source, diagnostics);
    expect(tree !== undefined, text).toBe(diagnostics.all.length === 0);
    for (const diagnostic of diagnostics.all) {
      const { start, end } = diagnostic.range ?? { start: -1, end: -1 };
      expect(start >= 0 && start <= end && end <= text.length, `${text}\n${start}-${end}`).toBe(
        true,
      );
      expect(printDiagnostic(diagnostic, createSources(source), { color: false })).toMatch(
        /^damaged\.bt:\d+/,
      );
    }
    outcome[tree ? 'trees' : 'errors'] += 1;
  }
  // Both happen, or the mutations prove nothing.
  expect(outcome.trees).toBeGreaterThan(50);
  expect(outcome.errors).toBeGreaterThan(1000);
});
