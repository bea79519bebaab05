import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { printDiagnostic } from '../../../compiler/source/render/text.ts';
import { kernelDescription } from '../../support/build.ts';
import { createRandom } from '../../support/random.ts';

const SCRIPTS = [
  `macro one() { 1 } macro add(x, y) { x + y } macro bump($v, @m) { $v += 1; @m[$v] = $v; }
   macro tmp(x) { let $t = x; $t * 2 } macro size(T) { sizeof(T) } macro stop() { exit(); }
   begin { $a = 1; print((one, add(2, 3) * tmp(tmp($a)))); bump($a, @k); print(size(typeof(uint16))); unroll(one) { stop(); } }`,
  `macro one() { 1 } macro f(x) { "expr" } macro f($x) { "var" } macro f(@x) { "map" } macro f(x, y) { f(x) }
   macro sum(@m, $v) { for $kv : @m { $v += $kv.1; if ($v > 5) { break; } } $v } macro as(x, T) { (typeof(T))x }
   begin { @k[1] = 2; $s = 0; print((f(1), f($s), f(@k), f(1, 2))); print(sum(@k, $s)); print(as($s++, typeof(uint8)));
     print(is_err(as(1, typeof(int64)))); print(strcap(comm)); if (one() == 1) { print(container_of(curtask, typeof(struct task_struct), pid)); } }`,
];

describe('macros that make no sense', () => {
  it('are reported, each where it can be shown', () => {
    const random = createRandom(11);
    const kernel = kernelDescription();
    const words = SCRIPTS.join(' ').split(/\b/);
    let reported = 0;
    for (let count = 0; count < 300; count += 1) {
      const own = (SCRIPTS[count % SCRIPTS.length] ?? '').split(/\b/);
      for (let changes = random.below(3) + 1; changes > 0; changes -= 1) {
        own[random.below(own.length)] = words[random.below(words.length)] ?? '';
      }
      const text = own.join('');
      const options = { kernel, unsafe: false, environment: {} };
      const { diagnostics, sources, ir } = compile({ name: 'a.bt', text }, options);
      const failed = diagnostics.some(({ severity }) => severity === 'error');
      expect(ir === undefined, text).toBe(failed);
      for (const diagnostic of diagnostics) {
        expect(printDiagnostic(diagnostic, sources, { color: false }), text).toMatch(
          diagnostic.range ? /^(a|stdlib\/\w+)\.bt:\d+/ : /^(ERROR|WARNING): /,
        );
        reported += 1;
      }
    }
    expect(reported).toBeGreaterThan(200);
  });
});
