import { describe, expect, it } from 'vitest';
import { compileText } from '../../support/build.ts';
import { warnings } from '../../support/diagnostics.ts';

describe('fentry and fexit of functions that helpers call', () => {
  const notice = (name: string) =>
    `Attaching to dangerous function: ${name}. Where a program of this script would run inside of another one, it does not, so events may be lost.`;

  it('are warned of [PRB-070] [PRB-076]', () => {
    expect(warnings('fentry:_raw_spin_lock { @ = count(); }')).toEqual([
      `${notice('_raw_spin_lock')} @ fentry:_raw_spin_lock`,
    ]);
    expect(warnings('fexit:_raw_spin_lock* { @ = count(); }')).toEqual([
      `${notice('_raw_spin_lock')} @ fexit:_raw_spin_lock*`,
      `${notice('_raw_spin_lock_irqsave')} @ fexit:_raw_spin_lock*`,
    ]);
    expect(warnings('kprobe:_raw_spin_lock, fentry:vfs_read { @ = count(); }')).toEqual([]);
  });

  it('give every program of the script the word that keeps them apart [PRB-076]', () => {
    const uses = (script: string): readonly number[] => {
      const functions = (compileText(script).ir?.() ?? '')
        .split(/^define /m)
        .filter((text) => /^[^\n]* section "/.test(text));
      return functions.map((text) => text.match(/call .*@running\b/g)?.length ?? 0);
    };
    for (const count of uses(
      'fentry:_raw_spin_lock { @ = count(); } tracepoint:sched:sched_switch, interval:s:1 { @b = 1; }',
    ))
      expect(count).toBeGreaterThan(0);
    expect(uses('fentry:$1 { @ = count(); }')).toEqual([1]);
    expect(uses('fentry:vfs_read { @ = count(); } interval:s:1 { @b = 1; }')).toEqual([0, 0]);
  });
});
