/** What a host said of a script: its verifier's log and its costs. */
import { describe, expect, it } from 'vitest';
import { parseDump } from '../../../compiler/exploration/dump.ts';
import { measuredCosts, readCost, verifierLines } from '../../../compiler/exploration/host.ts';
import { compileText } from '../../support/build.ts';

const everywhere = (): number => 0;

describe('The log of a verifier', () => {
  const sources = [
    { name: '/a/x.bt', firstLine: 1, lines: ['', '  same();', 'same();', 'last();'] },
    { name: '/b/y.bt', firstLine: 6, lines: ['same();', 'other();'] },
  ];
  const linesOf = (...log: readonly string[]) =>
    verifierLines(log.join('\n'), sources, everywhere).map(({ line }) => line);

  it('is of the first line that has a text, without what stands around it', () => {
    expect(linesOf('; same();', ';   other();  ', '; unknown')).toEqual([2, 7, undefined]);
  });

  it('is of the file and line that it names, whatever their text', () => {
    expect(linesOf('; same(); @ y.bt:1', '; same(); @ x.bt:3', '; nothing @ x.bt:4')).toEqual([
      6, 3, 4,
    ]);
    expect(linesOf('; same(); @ z.bt:1')).toEqual([2]);
  });

  it('is of no line from a heading on, until the next comment', () => {
    const log = ['; last();', '0: x', 'func#1 @3', '1: x', '; last();', 'Validating a() func#1...'];
    const found = verifierLines(
      [...log, '2: x', '; last();', 'prog x', '3: x'].join('\n'),
      sources,
      everywhere,
    );
    expect(found.map(({ line }) => line)).toEqual([
      ...[4, 4, undefined, undefined, 4, undefined, undefined, 4, undefined, undefined],
    ]);
    expect(found.flatMap(({ isHeading }, index) => (isHeading === true ? [index] : []))).toEqual([
      2, 5, 8,
    ]);
  });

  it('is shown whole as long as a page can hold it', () => {
    const whole = verifierLines('x\n'.repeat(199_999), sources, everywhere);
    expect([whole.length, whole.at(-1)?.text]).toEqual([200_000, '']);
    const cut = verifierLines('x\n'.repeat(200_000), sources, everywhere);
    expect([cut.length, cut.at(-1)?.text]).toEqual([200_001, '... 1 more lines are left out']);
  });
});

describe('Costs', () => {
  const row = { probe: 'kprobe:vfs_read', events: 3, ns: 10 };

  it('are those of the last line that has some', () => {
    const line = (events: number) => JSON.stringify({ type: 'cost', data: [{ ...row, events }] });
    const text = `${[line(1), line(2), '{"type": "end"}'].join('\n')}\n`;
    expect(readCost(text.replaceAll('"type":', '"type": '))).toEqual([{ ...row, events: 2 }]);
  });

  it.each([
    ['no list', 5],
    ['a list of nothing', [null]],
    ['a probe without name', [{ ...row, probe: 1 }]],
    ['events that are text', [{ ...row, events: '3' }]],
    ['a time that is text', [{ ...row, ns: '10' }]],
    ['one good and one bad row', [row, {}]],
  ])('are none where they are %s', (_, data) => {
    expect(readCost(`{"type": "cost", "data": ${JSON.stringify(data)}}`)).toBeUndefined();
  });

  it('of several probes in one line stand side by side, and those of strangers are left out', () => {
    const { typed, sources } = compileText(
      'kprobe:vfs_read { @ = count(); } kprobe:vfs_write { @ = count(); }',
    );
    if (!typed) throw new Error('the script has errors');
    const costs = measuredCosts(
      [row, { probe: 'kprobe:vfs_write', events: 0, ns: 0 }, { ...row, probe: 'kprobe:other' }],
      typed,
      sources,
    );
    expect([...costs]).toEqual([[1, '3 events of 3 ns, 0 events']]);
  });
});

describe('A dump', () => {
  const MINIMAL = {
    type: 'dump',
    schema: 1,
    loader: 'bpfload 1',
    script: 'x.bt',
    kernel: { release: '6.1.0', machine: 'x86_64' },
    settings: {},
    maps: [],
    programs: [],
    symbols: [],
    verifier: 'log',
  };
  const read = (change: object) => parseDump(JSON.stringify({ ...MINIMAL, ...change }));
  const program = {
    name: 'p',
    tag: 't',
    translated: null,
    native: null,
    functions: [{ name: 'f', instruction: 2, size: 3 }],
    lines: [{ instruction: 1, file: 'x.bt', line: 4, text: 'a' }],
  };

  it('may lack what the host hides', () => {
    expect(read({ programs: [program] })).toEqual({
      loader: 'bpfload 1',
      script: 'x.bt',
      release: '6.1.0',
      machine: 'x86_64',
      settings: new Map(),
      maps: new Map(),
      programs: [
        {
          name: 'p',
          tag: 't',
          verified: undefined,
          translated: undefined,
          native: undefined,
          functions: [{ name: 'f', instruction: 2, address: undefined, size: 3 }],
          lines: [{ instruction: 1, native: undefined, file: 'x.bt', line: 4, text: 'a' }],
        },
      ],
      leftOut: 0,
      callBase: undefined,
      symbols: new Map(),
      verifier: 'log',
    });
  });

  it('has all of it where the host shows it', () => {
    const dump = read({
      settings: { 'net.core.bpf_jit_enable': 1 },
      maps: [{ id: 7, name: 'AT_a' }],
      left_out: 3,
      call_base: 'ffffffff81000000',
      symbols: [{ address: 'f', name: 'g' }],
      programs: [
        {
          ...program,
          verified: 9,
          translated: '00ff',
          native: '',
          functions: [{ ...program.functions[0], address: '10' }],
          lines: [{ ...program.lines[0], native: 6 }],
        },
      ],
    });
    expect([...dump.settings, ...dump.maps, ...dump.symbols]).toEqual([
      ['net.core.bpf_jit_enable', 1],
      [7, 'AT_a'],
      [15n, 'g'],
    ]);
    expect([dump.leftOut, dump.callBase]).toEqual([3, 0xffffffff81000000n]);
    const [{ verified, translated, native, functions, lines } = {} as never] = dump.programs;
    expect({ verified, translated, native }).toEqual({
      verified: 9,
      translated: Buffer.from([0, 255]),
      native: Buffer.alloc(0),
    });
    expect([functions[0]?.address, lines[0]?.native]).toEqual([16n, 6]);
  });

  it.each(['', 'x', '-1', '12345678901234567', '1 ', 'F'])('has no address %j', (address) => {
    expect(() => read({ call_base: address })).toThrow('call_base is no address');
  });

  it.each(['0', '00 0', 'AA', 'zz'])('has no code %j', (code) => {
    expect(() => read({ programs: [{ ...program, translated: code }] })).toThrow(
      'translated is no code',
    );
  });
});
