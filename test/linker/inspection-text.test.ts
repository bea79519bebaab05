/** An inspection as text: each part that there is, and none of what is empty. */
import { expect, it } from 'vitest';
import type { Inspection } from '../../linker/inspect/inspection.ts';
import { renderInspection } from '../../linker/inspect/render.ts';

const BARE: Inspection = {
  ...{ size: 1, script: 'x.bt', producer: 'bpfscript 0.1.0', license: 'GPL', digest: 'valid' },
  ...{
    kernel: { release: '6.1', arch: 'x86_64' },
    ties: [],
    unsafe: false,
    manifest: {},
    btfText: '',
  },
  ...{ outside: [], contradictions: [], programs: [], functions: [], maps: [], events: [] },
  ...{ params: [], options: [], lookups: [], relocations: [], features: [], capabilities: [] },
  sections: [],
};
const shown = (more: object): readonly string[] =>
  renderInspection({ ...BARE, ...more } as Inspection).split('\n');
/** Behind the head, which ends with an empty line. */
const parts = (more: object): readonly string[] => {
  const lines = shown(more);
  return lines.slice(lines.indexOf('') + 1, -1);
};

it('what is empty is left out', () => {
  expect(shown({})).toEqual([
    ...['script        x.bt', 'producer      bpfscript 0.1.0', 'compiled for  6.1 x86_64'],
    ...['runs on       every architecture', 'license       GPL', 'size          1 bytes'],
    ...['digest        valid', ''],
  ]);
});

it('the head says where it runs, who signed it, and what it takes', () => {
  const head = (more: object, name: string) =>
    shown(more)
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length)
      .trim();
  expect(head({ ties: undefined }, 'runs on')).toBe('x86_64 only, as far as it says');
  expect(head({ ties: [{ reason: 'r', line: 1 }] }, 'runs on')).toBe('x86_64 only');
  const signature = (more: object) =>
    head({ signature: { key: 'abc', valid: true, ...more } }, 'signature');
  expect(signature({})).toBe('valid, with key abc');
  expect(signature({ notAfter: 86_400 })).toBe('valid, with key abc, until 1970-01-02T00:00:00Z');
  expect(signature({ valid: false, notAfter: 1 })).toBe(
    'wrong: it does not belong to these bytes (key abc)',
  );
  const params = [
    { index: 1, as: 'int' },
    { index: 3, as: 'string' },
  ];
  expect(head({ params }, 'parameters')).toBe('$1 (int), $3 (string)');
  expect(head({ features: ['a', 'b'] }, 'features')).toBe('a, b');
  expect(head({ contradictions: ['one', 'two'] }, 'contradicts')).toBe('one; two');
});

it('ties have their place where they have one', () => {
  const ties = [
    { reason: 'a register', line: 3 },
    { reason: 'another', line: 12, file: 'own.bt' },
    { reason: 'the third', line: 0 },
  ];
  expect(parts({ ties })).toEqual([
    ...[
      'Tied to x86_64',
      '  x.bt:3     a register',
      '  own.bt:12  another',
      '             the third',
    ],
  ]);
});

it('capabilities and effects say what they are for and what allows them', () => {
  const capabilities = [
    { capability: 'CAP_BPF', for: 'loading' },
    { capability: 'CAP_SYSLOG', for: 'names', names: true },
  ];
  expect(parts({ capabilities })).toEqual([
    ...['Capabilities', '  CAP_BPF     loading', '  CAP_SYSLOG  names; without it, addresses'],
  ]);
  const outside = [
    { does: 'sends signals', what: 'bpf_send_signal', who: 'kprobe:f', needs: 'unsafe' },
    { does: 'runs commands', what: 'ls "x"', needs: 'run' },
    { does: 'writes files', what: 'f', needs: 'write' },
    { does: 'reads files', what: 'g', needs: 'nothing' },
  ];
  expect(parts({ outside })).toEqual([
    'Reaches outside',
    '  sends signals  bpf_send_signal in kprobe:f  --unsafe',
    '  runs commands  "ls \\"x\\""                   --allow-run',
    '  writes files   "f"                          --allow-write',
    '  reads files    "g"                          always allowed',
  ]);
});

it('named parameters have their defaults, texts in quotes', () => {
  const options = [
    { name: 'n', as: 'int', default: '5', description: 'how many' },
    { name: 'text', as: 'string', default: 'x' },
  ];
  expect(parts({ options })).toEqual([
    ...['Named parameters', '  --n     int     5    how many', '  --text  string  "x"'],
  ]);
});

it('programs have their probes below, and a number of one thing is one', () => {
  const programs = [
    { name: 'p', section: 'kprobe', instructions: 1, probes: ['kprobe:a_long_name', 'kprobe:b'] },
    { name: 'longer', section: 'uprobe', instructions: 12, probes: [] },
  ];
  expect(parts({ programs })).toEqual([
    ...['Programs', '  p       kprobe  1 instruction', '    kprobe:a_long_name', '    kprobe:b'],
    '  longer  uprobe  12 instructions',
  ]);
  expect(parts({ functions: [{ name: 'f', instructions: 2 }] })).toEqual([
    ...['Functions', '  f  2 instructions'],
  ]);
});

it('maps have entries, bytes or one a thread, and sizes of what they hold', () => {
  const map = { flags: 0, keySize: 4, valueSize: 8, maxEntries: 1 };
  const maps = [
    { ...map, name: 'AT_x', script: '@x', type: 'hash' },
    { ...map, name: 'h', type: 'hash', maxEntries: 2 },
    { ...map, name: 'events', type: 'ringbuf', maxEntries: 4096, keySize: 0, valueSize: 0 },
    { ...map, name: 't', type: 'task_storage', maxEntries: 0 },
  ];
  expect(parts({ maps })).toEqual([
    'Maps',
    '  @x  AT_x    hash          1 entry            key 4  value 8',
    '      h       hash          2 entries          key 4  value 8',
    '      events  ringbuf       4096 bytes',
    '      t       task_storage  an entry a thread  key 4  value 8',
  ]);
});

it('events are numbered, with their formats', () => {
  const events = [
    { kind: 'printf', size: 1, format: '%d\n' },
    { kind: 'exit', size: 12 },
  ];
  expect(parts({ events })).toEqual([
    ...['Events', '  0  printf  1 byte    "%d\\n"', '  1  exit    12 bytes'],
  ]);
});

it('what is asked of the host and adapted to it stands once, with how often it is there', () => {
  expect(parts({ lookups: [{ kind: 'cgroup', name: '/x' }] })).toEqual([
    ...['Asked of the host', '  cgroup  /x'],
  ]);
  const relocation = { function: 'p', instruction: 3, by: 'core', kind: 'field_exists', of: 'a.b' };
  const relocations = [
    ...[relocation, { ...relocation, instruction: 9 }, { ...relocation, function: 'q' }],
    { ...relocation, of: 'a.c' },
  ];
  expect(parts({ relocations })).toEqual([
    'Adapted to the host',
    '  p  a.b  core field_exists  2 places',
    '  q  a.b  core field_exists  1 place',
    '  p  a.c  core field_exists  1 place',
  ]);
  expect(parts({ sections: [{ name: '.text', size: 1 }] })).toEqual([
    'Sections',
    '  .text  1 byte',
  ]);
});
