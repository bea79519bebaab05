/** Damaged scripts: the parser answers with a tree or with diagnostics, and never throws. */
import { expect, it } from 'vitest';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { printDiagnostic } from '../../../compiler/source/render/text.ts';
import { createSources } from '../../../compiler/source/sources.ts';
import { parse } from '../../../compiler/syntax/parse.ts';
import { createRandom, type Random } from '../../support/random.ts';

const SCRIPTS = [
  '#!/usr/bin/env bpfscript\nBEGIN { printf("Tracing... %d\\n", $1); }\ninterval:s:1 /@c > 0/ { print(@c, 5); clear(@c); }',
  'struct x { int a; } __attribute__((packed));\nconfig = { max_map_keys = 10; stack_mode = perf }\nkprobe:vfs_read /pid == $1/ { @[comm, kstack(3)] = hist(((struct x *)arg0)->a); }',
  'macro m($a, @b, c) { if (c) { $a } else { @b[1] } }\nfn f($x : int64) : int64 { return $x * 2; }\nend { @x = f(1) ? (1, "a\\x41") : (a=1, b=2); }',
  'tracepoint:syscalls:sys_enter_*, uprobe:/bin/bash:"read line" { for ($i : 0..5) { unroll(3) { @a[$i] += sizeof(struct x) } } /* end */ }',
  'let @m = lruhash(100); begin { let $a: uint8[4] = (uint8[4])1; while $a < 5 { $a++; if ($a == 3) { break; } else { continue } } delete(@m[$a.0]); }',
];

const PIECES = [
  ...['{', '}', '(', ')', '[', ']', '/', '"', "'", '\\', '$', '@', ':', ';', ',', '.', '#'],
  ...['*/', '/*', '//', '\n', ' ', '0x', '1e', '=', '->', 'if', 'let', 'macro', 'import "'],
  ...['\u0000', 'é', '𝄞', '..', 'else', 'fn f', '?', 'typeof(', 'struct s {'],
];

function mutate(text: string, { below }: Random): string {
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

function damaged(round: number, random: Random): string {
  let text = SCRIPTS[round % SCRIPTS.length] ?? '';
  for (let count = 1 + random.below(4); count > 0; count -= 1) text = mutate(text, random);
  return text;
}

/** What is wrong with the parser's answer; undefined when all is well. */
function objection(text: string): string | undefined {
  const diagnostics = new Diagnostics();
  const tree = parse({ name: 'damaged.bt', text }, diagnostics);
  if ((tree !== undefined) !== (diagnostics.all.length === 0))
    return 'neither a tree nor diagnostics, or both';
  for (const { range, message } of diagnostics.all) {
    if (!message.startsWith('syntax: ')) return `a message of another kind: ${message}`;
    const { start, end } = range ?? { start: -1, end: -1 };
    if (start < 0 || start > end || end > text.length) return `a place outside: ${start}-${end}`;
  }
  return undefined;
}

it('gives a tree or diagnostics with good places for 100,000 damaged scripts', () => {
  const random = createRandom(20260801);
  for (let round = 0; round < 100_000; round += 1) {
    const text = damaged(round, random);
    const found = objection(text);
    // One assertion in a hundred thousand rounds is not what takes the time.
    if (found !== undefined) expect.fail(`${found}\n${text}`);
  }
}, 240_000);

it('gives trees of some damaged scripts, and shows the errors of the others', () => {
  const random = createRandom(7);
  const outcome = { trees: 0, errors: 0 };
  for (let round = 0; round < 1000; round += 1) {
    const source = { name: 'damaged.bt', text: damaged(round, random) };
    const diagnostics = new Diagnostics();
    const tree = parse(source, diagnostics);
    for (const diagnostic of diagnostics.all)
      expect(
        printDiagnostic(diagnostic, createSources(source), { color: false }),
        source.text,
      ).toMatch(/^damaged\.bt:\d+/);
    outcome[tree ? 'trees' : 'errors'] += 1;
  }
  // Both happen, or the mutations prove nothing.
  expect(outcome.trees).toBeGreaterThan(25);
  expect(outcome.errors).toBeGreaterThan(500);
});
