/** What a check prints: a table for people, lines for programs, and diagnostics with the lines of the script. */
import { describe, expect, it } from 'vitest';
import type { Compatibility } from '../../../compiler/compatibility/check.ts';
import type { Finding } from '../../../compiler/compatibility/finding.ts';
import type { ObjectView, ScriptPlace } from '../../../compiler/compatibility/object.ts';
import { renderLines, renderTable, reportOf } from '../../../compiler/compatibility/report.ts';

const at = (line: number, column = 0, file = 'x.bt'): ScriptPlace => ({ file, line, column });

const on = (release: string, ...findings: readonly Finding[]): Compatibility => ({
  ...{ release, findings, loads: !findings.some(({ verdict }) => verdict === 'missing') },
});

const member = (verdict: Finding['verdict'], more: Partial<Finding> = {}): Finding => ({
  ...{ kind: 'member', name: 'struct sock.mark', verdict, ...more },
});

/** An object that holds these lines of its script. */
const holding = (...lines: readonly string[]): ObjectView =>
  ({
    script: 'x.bt',
    lineOf: (file: string, line: number) => (file === 'x.bt' ? lines[line - 1] : undefined),
  }) as unknown as ObjectView;

describe('the table', () => {
  it('has a row for each thing and a column for each kernel', () => {
    const columns = [
      on('6.1', member('ok'), { kind: 'helper', name: 'bpf_loop', verdict: 'ok' }),
      on('5.10.0-long', member('missing')),
    ];
    expect(renderTable('x.o', columns)).toBe(
      [
        'x.o                      6.1  5.10.0-long',
        'member struct sock.mark  ok   missing',
        'helper bpf_loop          ok   -',
        'loads                    yes  no',
        '',
      ].join('\n'),
    );
  });

  it('says below how things are adapted or left out, each reason once', () => {
    const moved = member('adapted', { reason: 'It stands elsewhere.', place: at(3, 7) });
    const columns = [
      on('6.1', moved, member('missing', { name: 'a', reason: 'This kernel has none.' })),
      on('5.10', moved, member('left out', { name: 'b', place: at(4) })),
      on('5.4', member('left out', { name: 'c', reason: 'Not asked.' }), member('unknown')),
    ];
    expect(renderTable('x.o', columns).split('\n').slice(-4)).toEqual([
      'x.bt:3:7: struct sock.mark: adapted. It stands elsewhere. (6.1, 5.10)',
      'x.bt:4: b: left out.  (5.10)',
      'c: left out. Not asked. (5.4)',
      '',
    ]);
  });

  it('obeys no terminal', () => {
    expect(renderTable('x\u001b[2J.o', [on('6.1')])).toBe('x?[2J.o  6.1\nloads    yes\n');
  });
});

describe('lines of JSON', () => {
  it('have what is known of each finding, and no more', () => {
    const columns = [
      on('6.1', member('ok', { place: undefined })),
      on('5.10', member('missing', { reason: 'None.', hint: 'Do.', place: at(3, 7) })),
      on('5.4', member('unknown', { place: at(2) })),
    ];
    const data = { object: 'x.o' };
    const about = { kind: 'member', name: 'struct sock.mark' };
    expect(
      renderLines('x.o', columns)
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        type: 'check',
        data: { ...data, kernel: '6.1', loads: true, findings: [{ ...about, verdict: 'ok' }] },
      },
      {
        type: 'check',
        data: {
          ...{ ...data, kernel: '5.10', loads: false },
          findings: [
            {
              ...{ ...about, verdict: 'missing', reason: 'None.', hint: 'Do.' },
              place: { file: 'x.bt', line: 3, column: 7 },
            },
          ],
        },
      },
      {
        type: 'check',
        data: {
          ...{ ...data, kernel: '5.4', loads: true },
          findings: [{ ...about, verdict: 'unknown', place: { file: 'x.bt', line: 2 } }],
        },
      },
    ]);
  });
});

describe('diagnostics', () => {
  const SCRIPT = ['begin {', '  @x = $s->sk.mark + 1;', '}'];

  function told(...findings: readonly Finding[]) {
    return reportOf(holding(...SCRIPT), [on('5.10', ...findings)]).flatMap(
      ({ sources, diagnostics }) =>
        diagnostics.map(({ severity, code, message, hints, range }) => ({
          ...{ severity, code, message, hints },
          text: range && sources.main.text.slice(range.start, range.end),
        })),
    );
  }

  it('are errors for faults and warnings for what is not known, with codes of their own', () => {
    for (const [verdict, severity, code] of [
      ['missing', 'error', 'missing-on-kernel'],
      ['other layout', 'error', 'other-layout-on-kernel'],
      ['refused', 'error', 'refused-by-kernel'],
      ['unknown', 'warning', 'not-known-of-kernel'],
    ] as const)
      expect(told(member(verdict, { reason: 'So it is.' }))).toEqual([
        { severity, code, message: 'Linux 5.10: So it is.', hints: undefined, text: undefined },
      ]);
    for (const verdict of ['ok', 'adapted', 'left out'] as const)
      expect(told(member(verdict))).toEqual([]);
    expect(told(member('missing', { hint: 'Do it.' }))).toMatchObject([
      { message: 'Linux 5.10: struct sock.mark is missing.', hints: ['Do it.'] },
    ]);
  });

  it('point at the word of their place, or at the whole line', () => {
    const text = (line: number, column = 0) =>
      told(member('missing', { place: at(line, column) }))[0]?.text;
    expect(text(2, 8)).toBe('$s->sk.mark');
    expect(text(2, 3)).toBe('@x');
    expect(text(2, 6)).toBe('=');
    expect(text(2, 22)).toBe('1');
    expect(text(2, 23)).toBe(';');
    for (const column of [0, 24, 99]) expect(text(2, column)).toBe('  @x = $s->sk.mark + 1;');
    expect(text(1, 1)).toBe('begin');
    expect(text(3)).toBe('}');
    // A line that the object does not hold is an empty one.
    expect(text(7)).toBe('');
    // One beyond all scripts is none.
    expect(text(99_999)).toBe('');
    expect(text(100_000)).toBeUndefined();
  });

  it('are those of all kernels, file by file', () => {
    const reports = reportOf(holding(...SCRIPT), [
      on(
        '6.1',
        member('missing', { place: at(1) }),
        member('missing', { place: at(1, 1, 'other.bt') }),
      ),
      on('5.10', member('unknown', { place: at(2) }), member('missing')),
    ]);
    expect(
      reports.map(({ sources, diagnostics }) => [
        sources.main.name,
        diagnostics.map(({ message }) => message.split(':')[0]),
      ]),
    ).toEqual([
      ['x.bt', ['Linux 6.1', 'Linux 5.10', 'Linux 5.10']],
      ['other.bt', ['Linux 6.1']],
    ]);
    expect(reports[0]?.sources.main.text).toBe(SCRIPT.slice(0, 2).join('\n'));
    expect(reports[1]?.sources.main.text).toBe('');
  });
});
