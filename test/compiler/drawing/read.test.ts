/** What scripts printed, read of every form. */
import { describe, expect, it } from 'vitest';
import {
  type Findings,
  isProblem,
  type Print,
  type Problem,
} from '../../../compiler/drawing/findings.ts';
import { readFindings } from '../../../compiler/drawing/read.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

function found(text: string): Findings {
  const findings = readFindings(bytes(text));
  if (isProblem(findings)) throw new Error(`${findings.line}: ${findings.problem}`);
  return findings;
}

function problem(text: string | Uint8Array): Problem {
  const findings = readFindings(typeof text === 'string' ? bytes(text) : text);
  if (!isProblem(findings)) throw new Error('it was read');
  return findings;
}

/** Stacks as folded lines, with a letter of each kind that is not plain. */
function stacks(print: Print | undefined): readonly string[] {
  const letter = { user: '', kernel: '_[k]', jit: '_[j]', inlined: '_[i]', part: '_[p]' };
  return (print?.stacks ?? []).map(
    ({ frames, count }) =>
      `${frames.map(({ name, kind }) => name + letter[kind]).join(';')} ${count}`,
  );
}

const lastOf = ({ maps }: Findings, name: string): Print | undefined =>
  maps.find((map) => map.name === name)?.prints.at(-1);

describe('folded stacks', () => {
  it('are frames with a number behind them', () => {
    const findings = found('a b;main;work(int, char const*) 12\n\nmain;sys_[k];x_[i];y_[j] 3\n');
    expect(stacks(findings.maps[0]?.prints[0])).toEqual([
      'a b;main;work(int, char const*) 12',
      'main;sys_[k];x_[i];y_[j] 3',
    ]);
  });

  it.each([
    ['main;work\n', 1],
    ['main 1\nmain;work x1\n', 2],
    ['main 1.5\n', 1],
    [`${'a;'.repeat(5000)}b 1\n`, 1],
  ])('are refused with their line: %j', (text, line) => {
    expect(problem(text).line).toBe(line);
  });
});

describe('text', () => {
  it('has stacks with the other parts of their keys before them, those of the kernel last', () => {
    const findings = found(`Attaching 1 probe...
some text
@[
        do_syscall_64+12
        entry_SYSCALL_64_after_hwframe+118
, 
        write [inlined] @io.c:12
        main+3 @main.c:4
        0x7f12
, a b, 5]: 7
@[
    leaf+1
]: 2
`);
    expect(stacks(lastOf(findings, '@'))).toEqual([
      'a b_[p];5_[p];[unknown];main;write_[i];entry_SYSCALL_64_after_hwframe_[k];do_syscall_64_[k] 7',
      'leaf 2',
    ]);
  });

  it('has stacks as perf writes them', () => {
    const findings = found(`@[
\t55a0 operator new(unsigned long)+4 (/usr/lib/x.so)
\t55b0 [unknown] (/usr/bin/node)
\t55c0 foo+1 ([jit])
]: 1
`);
    expect(stacks(lastOf(findings, '@'))).toEqual(['foo_[j];[node];operator new(unsigned long) 1']);
  });

  it('has histograms, whose bounds belong to their buckets', () => {
    const findings = found(`@h[a, b]:
(..., 0)               1 |@@    |
[0]                    2 |@@    |
[4, 8)                 3 |@@    |
[512, 1K)              4 |@@    |
[1k, 2k)               5 |@@    |
[1M, 2M)               6 |@@    |

@l:
[10, 20)               1 |@@    |
[30, ...)              2 |@@    |

`);
    expect(lastOf(findings, '@h')?.rows).toEqual([
      {
        key: 'a, b',
        value: {
          kind: 'buckets',
          buckets: [
            { high: -1, count: 1 },
            { low: 0, high: 0, count: 2 },
            { low: 4, high: 7, count: 3 },
            { low: 512, high: 1023, count: 4 },
            { low: 1024, high: 2047, count: 5 },
            { low: 1048576, high: 2097151, count: 6 },
          ],
        },
      },
    ]);
    expect(lastOf(findings, '@l')?.rows[0]?.value).toEqual({
      kind: 'buckets',
      buckets: [
        { low: 10, high: 19, count: 1 },
        { low: 30, count: 2 },
      ],
    });
  });

  it('has numbers by key, averages, and no texts', () => {
    const findings = found(
      '@x: -5\n@k[a]: 1\n@k[b, 2]: 18446744073709551615\n@s: { .count = 2, .average = 3, .total = 6 }\n@t: word\n',
    );
    const amounts = findings.maps.map(({ name, prints }) => [
      name,
      ...(prints[0]?.rows ?? []).map(({ key, value }) => [
        key,
        value.kind === 'amount' ? value.amount.text : value.kind,
      ]),
    ]);
    expect(amounts).toEqual([
      ['@x', ['', '-5']],
      ['@k', ['a', '1'], ['b, 2', '18446744073709551615']],
      ['@s', ['', '3']],
      ['@t'],
    ]);
  });

  it('begins a new print where a key comes again, or after another line', () => {
    const { maps } = found('@[a]: 1\n@[b]: 2\n@[a]: 3\n12:00:00\n@[c]: 4\n\n\n@[d]: 5\n');
    expect(maps[0]?.prints.map(({ rows }) => rows.map(({ key }) => key).join())).toEqual([
      'a,b',
      'a',
      'c,d',
    ]);
  });

  it('that is cut off is refused with its line', () => {
    expect(problem('@[\n    main+1\n')).toMatchObject({ line: 1 });
    expect(problem('@x: 1\n@[\n    main+1\n@y: 1\n')).toMatchObject({ line: 2 });
  });
});

describe('JSON', () => {
  it('has maps whose keys are text', () => {
    const findings = found(
      [
        '{"type": "attached_probes", "count": 1, "data": {"probes": 1}}',
        JSON.stringify({ type: 'map', data: { '@': { '\nleaf+1\nmain+2\n,ls': 3 } } }),
        '{"type": "hist", "data": {"@h": {"a": [{"min": 4, "max": 7, "count": 2}]}}}',
        '{"type": "hist", "data": {"@l": [{"max": -1, "count": "9007199254740993"}]}}',
        '{"type": "stats", "data": {"@s": {"count": 2, "average": 3, "total": 6}}}',
        '{"type": "stats", "data": {"@sk": {"count": {"count": 2, "average": 3, "total": 6}}}}',
        '{"type": "tseries", "data": {"@t": [{"interval_start": "2026-01-31 12:00:00.000000000", "value": 4}]}}',
        '{"type": "map", "data": {"@n": "18446744073709551615"}}',
      ].join('\n'),
    );
    expect(stacks(lastOf(findings, '@'))).toEqual(['ls_[p];main;leaf 3']);
    const shown = (name: string): unknown => lastOf(findings, name)?.rows;
    expect(shown('@h')).toMatchObject([
      { key: 'a', value: { buckets: [{ low: 4, high: 7, count: 2 }] } },
    ]);
    expect(shown('@l')).toMatchObject([{ key: '', value: { kind: 'buckets' } }]);
    expect(shown('@s')).toMatchObject([{ key: '', value: { amount: { value: 3 } } }]);
    expect(shown('@sk')).toMatchObject([{ key: 'count', value: { amount: { value: 3 } } }]);
    expect(shown('@t')).toMatchObject([{ value: { points: [{ value: 4 }] } }]);
    expect(shown('@n')).toMatchObject([{ value: { amount: { text: '18446744073709551615' } } }]);
  });

  it('with types has frames, times and the script', () => {
    const stack = (of: string): object => ({ kind: 'stack', of, mode: 'bpftrace' });
    const findings = found(
      [
        { type: 'session', boot: 1, wall: '', schema: 2, script: 'x.bt', producer: 'p' },
        {
          type: 'map',
          boot: 5,
          wall: '',
          name: '@',
          key_types: [stack('kernel'), { kind: 'string' }, stack('user')],
          value_type: { kind: 'count' },
          data: [
            {
              key: [
                [{ address: '0x1', name: 'sys' }],
                'ls',
                [
                  { address: '0x2', name: 'in', inlined: true },
                  { address: '0x2', name: 'leaf' },
                  { address: '0x3', module: '/bin/ls' },
                  { address: '0x4', name: 'jitted', module: '[jit]' },
                  { address: '0x5' },
                ],
              ],
              value: 3,
            },
            { key: [[], 'x', []], value: 1 },
          ],
        },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    expect(findings.script).toBe('x.bt');
    expect(lastOf(findings, '@')?.time).toBe(5);
    expect(stacks(lastOf(findings, '@'))).toEqual([
      'ls_[p];[unknown];jitted_[j];[ls];leaf;in_[i];sys_[k] 3',
      'x_[p] 1',
    ]);
  });

  it.each(['{"type": "map", "data"', '{"type": 5}', '{"typ": "map"}', '{}', '{"type":"map"}\n[1]'])(
    'that is damaged is refused with its line: %s',
    (text) => {
      expect(problem(text).line).toBe(text.includes('\n') ? 2 : 1);
    },
  );

  it('with members of other kinds gives nothing that can be drawn', () => {
    const odd = [
      { type: 'map', data: { '@': null } },
      { type: 'map', data: [] },
      { type: 'hist', data: { '@': [{ count: 'x' }] } },
      { type: 'hist', data: { '@': [{ min: 0, max: 1, count: -1 }] } },
      {
        type: 'map',
        name: '@',
        key_types: 'x',
        data: [{ key: [{ kind: 1 }], value: [[]] }, 5, null],
      },
      { type: 'map', name: 5, key_types: [], data: {} },
    ];
    const { maps } = found(odd.map((line) => JSON.stringify(line)).join('\n'));
    for (const { prints } of maps) for (const print of prints) expect(print.rows).toEqual([]);
  });
});

it('what is empty, or no text, is refused', () => {
  expect(problem('\n\n')).toEqual({ problem: 'it is empty' });
  expect(problem(Uint8Array.of(0x7f, 0x45, 0))).toEqual({ problem: 'it is no text' });
});
