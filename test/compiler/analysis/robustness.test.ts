import { describe, expect, it } from 'vitest';
import { analyse } from '../../../compiler/analysis/analyse.ts';
import { table as builtins } from '../../../compiler/builtins/builtins.ts';
import { NO_CONSTANTS } from '../../../compiler/preamble/constants.ts';
import { NO_MACROS } from '../../../compiler/preamble/macros.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { parse } from '../../../compiler/syntax/parse.ts';
import { rounds } from '../../support/random.ts';
import { KERNEL } from './kernel.ts';

const SCRIPTS = [
  'tracepoint:syscalls:sys_enter_openat /comm != "x" && pid > $1/ { @big[pid, str(args.filename)] = (nsecs, comm); @start[tid] = nsecs; if (args.filename == 0) { return 1; } }',
  'tracepoint:syscalls:sys_exit_read /@start[tid]/ { $d = nsecs - @start[tid]; @us = lhist($d / 1000, 0, 1000, 10); @by[comm, kstack(5)] = hist($d, 2); delete(@start[tid]); $fd = args->ret >= 0 ? args->ret : -1; printf("%d %s\\n", $fd, comm); } begin { @start[1] = 1; }',
  'interval:s:1 { for $kv : @n { print($kv.0); } @n[comm] = count(); for $i : 0..5 { if ($i > 3) { break; } @l[$i] = $i * 2; } $s = 0; while ($s < 5) { $s++; } unroll(3) { @u++; } }',
  'begin { let $a: uint8 = 5; $t = (1, (2, "a")); $r = (x=1, y=comm); @w[$t] = $r.y; @e = (enum fruit)1; $v = { let $q = 4; $q << 2 }; @o = pid ?: 5; @k = (int64)curtask.real_parent.se.vruntime - 1; @arr = ((uint8[4])pid)[2]; }',
];

/** Numbers that look random and are the same in every run (xorshift32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The script with a few of its words replaced by words of all the scripts. */
function mutated(script: string, words: readonly string[], random: (below: number) => number) {
  const own = script.split(/\b/);
  for (let count = random(3) + 1; count > 0; count -= 1) {
    own[random(own.length)] = words[random(words.length)] ?? '';
  }
  return own.join('');
}

describe('the analysis of scripts that make no sense', () => {
  it('reports errors and never throws', () => {
    const random = randomFrom(20_261_120);
    const words = SCRIPTS.flatMap((script) => script.split(/\b/));
    let analysed = 0;
    for (let count = 0; count < rounds(4000); count += 1) {
      const text = mutated(SCRIPTS[random(SCRIPTS.length)] ?? '', words, random);
      const source = { name: 'random.bt', text };
      const diagnostics = new Diagnostics();
      const tree = parse(source, diagnostics);
      if (!tree || diagnostics.hasErrors) continue;
      const program = analyse(tree, {
        builtins,
        kernel: KERNEL,
        unsafe: false,
        macros: NO_MACROS,
        constants: NO_CONSTANTS,
        diagnostics,
      });
      expect(program === undefined, text).toBe(diagnostics.hasErrors);
      analysed += 1;
    }
    expect(analysed).toBeGreaterThan(rounds(500));
  });
});
