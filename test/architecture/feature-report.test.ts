/** What makes a run fail although every test in it passed. */
import { describe, expect, it } from 'vitest';
import { type Demands, judge, type Outcome } from '../support/feature-report.ts';

const TABLE = '| GRM-001 | a | b |\n| GRM-002 | c | d |\n';
const WHOLE: Demands = { all: true, onCi: false, chosen: false };
const passed = (name: string): Outcome => ({ name, state: 'passed' });
const skipped = (name: string): Outcome => ({ name, state: 'skipped' });

function faults(outcomes: readonly Outcome[], demands: Partial<Demands> = {}): readonly string[] {
  return judge(TABLE, outcomes, { ...WHOLE, ...demands }).faults;
}

describe('a whole run', () => {
  it('is right when its tests prove every row', () => {
    expect(faults([passed('one [GRM-001]'), passed('[GRM-002] two')])).toEqual([]);
  });

  it('has to prove every row by a test that passed', () => {
    const outcomes: Outcome[] = [passed('[GRM-001]'), { name: '[GRM-002]', state: 'failed' }];
    expect(faults(outcomes)).toEqual(['docs/feature-table.md: no test proves GRM-002']);
    expect(faults(outcomes, { all: false })).toEqual([]);
  });
});

describe('any run', () => {
  it('has no id in a title that the table does not have', () => {
    const name = 'a.test.ts: x [GRM-003]';
    expect(faults([passed(name)], { all: false })).toEqual([
      `${name}: docs/feature-table.md has no row GRM-003`,
    ]);
  });

  it('skips nothing without a reason, unless titles were chosen', () => {
    const [fault] = faults([skipped('x')], { all: false });
    expect(fault).toContain('x: is skipped, and does not say what lacks');
    expect(faults([skipped('x')], { all: false, chosen: true })).toEqual([]);
  });

  it('skips nothing for the lack of what is here', () => {
    const machine = process.getuid?.() === 0 ? 'root' : 'clang';
    const title = `x (not here: ${machine})`;
    expect(faults([skipped(title)], { all: false })).toEqual([
      `${title}: is skipped, and says that ${machine} lacks, which is here`,
    ]);
    expect(faults([skipped('x (not here: patience)')], { all: false })).toEqual([
      'x (not here: patience): is skipped, and says that patience lacks, which is no need that is known',
    ]);
  });

  it('may skip what really lacks, which also excuses its row, but not on CI where the set-up brings it', () => {
    const title = '[GRM-002] x (not here: Linux 1.0)';
    expect(faults([passed('[GRM-001]'), skipped(title)])).toEqual([]);
    expect(faults([passed('[GRM-001]'), skipped(title)], { onCi: true })).toEqual([
      `${title}: is skipped, and lacks Linux 1.0, which has to be there on CI`,
      'docs/feature-table.md: no test proves GRM-002',
    ]);
  });
});
