import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../compiler/source/diagnostics.ts';
import { printDiagnostic } from '../../../compiler/source/render/text.ts';
import { createSources } from '../../../compiler/source/sources.ts';

function print(text: string, start: number, end: number, extra: Partial<Diagnostic> = {}): string {
  const diagnostic: Diagnostic = {
    severity: 'error',
    code: 'syntax-error',
    message: 'bad',
    range: { start, end },
    ...extra,
  };
  return printDiagnostic(diagnostic, createSources({ name: 'a.bt', text }), { color: false });
}

describe('a diagnostic', () => {
  it('shows place, source line and marker', () => {
    expect(print('begin {\n  @x = y; }', 15, 16)).toBe(
      'a.bt:2:8-9: ERROR: bad\n  @x = y; }\n       ~\n',
    );
  });
  it('shows hints in lines of their own', () => {
    expect(print('abc', 0, 3, { hints: ['one', 'two'] })).toBe(
      'a.bt:1:1-4: ERROR: bad\nabc\n~~~\nHINT: one\nHINT: two\n',
    );
  });
  it('shows tabs as four blanks, in the marker too', () => {
    expect(print('\tx\ty z', 1, 4)).toBe('a.bt:1:2-5: ERROR: bad\n    x    y z\n    ~~~~~~\n');
  });
  it('shows all lines of a longer range, without a marker', () => {
    expect(print('a {\n\tb\n} c', 2, 8)).toBe('a.bt:1-3: ERROR: bad\na {\n\tb\n} c\n');
  });
  it('shows of a long line what stands around the marker', () => {
    const text = `${'ä'.repeat(1000)}bad${'b'.repeat(2000)}`;
    const [, line = '', marker = ''] = print(text, 1000, 1003).split('\n');
    expect(line).toBe(`...${'ä'.repeat(80)}bad${'b'.repeat(157)}...`);
    expect(marker).toBe(`${' '.repeat(83)}~~~`);
    const [, whole = '', cut = ''] = print('c'.repeat(3000), 0, 3000).split('\n');
    expect([whole, cut]).toEqual([`${'c'.repeat(240)}...`, '~'.repeat(240)]);
  });
  it('counts a line feed at its end to the line before', () => {
    expect(print('abc\ndef', 1, 4)).toBe('a.bt:1:2-4: ERROR: bad\nabc\n ~~\n');
  });
  it('marks one character of an empty range, and nothing behind the line', () => {
    expect(print('abc', 1, 1)).toBe('a.bt:1:2-3: ERROR: bad\nabc\n ~\n');
    expect(print('abc', 3, 3)).toBe('a.bt:1:4-5: ERROR: bad\nabc\n');
  });
  it('counts characters, not their halves', () => {
    expect(print('𝄞x', 2, 3)).toBe('a.bt:1:2-3: ERROR: bad\n𝄞x\n ~\n');
  });
  it('stands alone without a place', () => {
    expect(
      printDiagnostic(
        { severity: 'warning', code: 'discarded-value', message: 'odd' },
        createSources({ name: 'a.bt', text: '' }),
        { color: false },
      ),
    ).toBe('WARNING: odd\n');
  });
  it('colours the whole first line: errors red, warnings yellow', () => {
    const source = createSources({ name: 'a.bt', text: 'x' });
    const range = { start: 0, end: 1 };
    const shown = (severity: 'error' | 'warning'): string =>
      printDiagnostic({ severity, code: 'syntax-error', message: 'm', range }, source, {
        color: true,
      });
    expect(shown('error')).toBe('\u001b[31ma.bt:1:1-2: ERROR: m\u001b[0m\nx\n~\n');
    expect(shown('warning')).toBe('\u001b[33ma.bt:1:1-2: WARNING: m\u001b[0m\nx\n~\n');
  });
});
