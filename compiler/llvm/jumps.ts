/**
 * Jumps that are too long. A BPF jump counts instructions in 16 signed bits, and LLVM 14 cuts longer ones off without
 * a word (BPFAsmBackend.cpp, applyFixup): such a program would do something else than it should.
 */

/** Instructions that a jump passes at most. */
export const LONGEST_JUMP = 32767;

/** Functions of an assembly text with a jump that does not fit. */
export function farJumps(assembly: string): readonly string[] {
  const far = new Set<string>();
  let symbol = '';
  let at = 0;
  let labels = new Map<string, number>();
  let jumps: (readonly [target: string, at: number])[] = [];
  const finish = (): void => {
    for (const [target, from] of jumps) {
      const to = labels.get(target);
      if (to !== undefined && Math.abs(to - from - 1) > LONGEST_JUMP) far.add(symbol);
    }
    at = 0;
    labels = new Map();
    jumps = [];
  };
  for (const line of assembly.split('\n')) {
    const label = /^([\w.$]+):/.exec(line)?.[1];
    if (label !== undefined) {
      if (label.startsWith('LBB')) {
        labels.set(label, at);
      } else if (!label.startsWith('.L') && !label.startsWith('L')) {
        finish();
        symbol = label;
      }
      continue;
    }
    const text = line.replace(/#.*/, '').trim();
    if (text === '' || text.startsWith('.')) continue;
    const target = /\bgoto (LBB\w+)$/.exec(text)?.[1];
    if (target !== undefined) jumps.push([target, at]);
    // A 64-bit immediate takes two.
    at += /\bll$/.test(text) ? 2 : 1;
  }
  finish();
  return [...far];
}
