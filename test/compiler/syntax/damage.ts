/** Scripts as they are in the middle of being written, or worse. */
import type { Random } from '../../support/random.ts';

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

/** A script with one to four changes. */
export function damaged(round: number, random: Random): string {
  let text = SCRIPTS[round % SCRIPTS.length] ?? '';
  for (let count = 1 + random.below(4); count > 0; count -= 1) text = mutate(text, random);
  return text;
}
