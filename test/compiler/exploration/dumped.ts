/** A dump of a host, and what is shown of it beside its script. */
import { type Dump, parseDump } from '../../../compiler/exploration/dump.ts';
import type { ExploredSource } from '../../../compiler/exploration/exploration.ts';
import {
  dumpedLines,
  type Loaded,
  nativeLines,
  translatedLines,
} from '../../../compiler/exploration/loaded.ts';
import { disassemble } from '../../../compiler/llvm/disassembler.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { compileText } from '../../support/build.ts';

export const SCRIPT = 'begin { @a[1] = 2;\n  exit(); }\n';
export const inspection = inspectObject(compileText(SCRIPT).object?.() ?? new Uint8Array());
export const sources: readonly ExploredSource[] = [
  { name: 'x.bt', firstLine: 1, lines: ['begin { @a[1] = 2;', '  exit(); }'] },
];

export interface Line {
  readonly instruction: number;
  readonly native?: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export const LINES: readonly Line[] = [
  { instruction: 0, native: 0, file: 'x.bt', line: 1, column: 9, text: 'begin { @a[1] = 2;' },
  { instruction: 3, native: 5, file: 'x.bt', line: 2, column: 3, text: '  exit(); }' },
];
export const hex = (text: string): string => text.replace(/ /g, '');

/** Of one program with two functions, of six and one translated instructions. */
export const DUMP = {
  type: 'dump',
  schema: 1,
  loader: 'bpfload 0.1.0',
  script: 'x.bt',
  kernel: { release: '6.12.1', version: '#1', machine: 'x86_64' },
  settings: { 'net.core.bpf_jit_enable': 1, 'net.core.bpf_jit_harden': 0 },
  maps: [{ id: 7, name: 'AT_a' }],
  programs: [
    {
      name: 'begin_1',
      id: 3,
      tag: '0123456789abcdef',
      verified: 12,
      translated: hex(
        '18110000070000000000000000000000 8500000010000000 8510020001000000' +
          '8500000008000000 9500000000000000 9500000000000000',
      ),
      // callq +0x7b, lock addq, retq; nop, and a byte that begins nothing.
      native: hex('e87b000000 f0480118 c3 90 06'),
      functions: [
        { name: 'begin_1', instruction: 0, address: 'ffffffffc0000000', size: 10 },
        { name: 'told', instruction: 6, address: 'ffffffffc0000100', size: 2 },
      ],
      lines: LINES,
    },
  ],
  call_base: 'ffffffff81000000',
  symbols: [
    { address: 'ffffffff81000010', name: 'htab_map_update_elem' },
    { address: 'ffffffffc0000080', name: 'bpf_ktime_get_ns' },
  ],
  verifier: '',
};

export type Json = typeof DUMP;
export const program = (change: object): Json => ({
  ...DUMP,
  programs: DUMP.programs.map((each) => ({ ...each, ...change })),
});
export const read = (json: unknown): Dump => parseDump(JSON.stringify(json));
export const everyLine = (): number => 0;

export function besideScript(
  dump: Dump,
  blockOf: (line: number) => number | undefined = everyLine,
): Loaded {
  return {
    dump,
    lineOf: dumpedLines(dump, sources, blockOf),
    isOfScript: (name) => name !== 'shared',
    disassemble,
  };
}

export function translated(
  json: unknown,
  blockOf: (line: number) => number | undefined = everyLine,
) {
  const dump = read(json);
  return translatedLines(besideScript(dump, blockOf), inspection).map(({ text, line }) => [
    text.trim(),
    line,
  ]);
}

export function native(json: unknown) {
  const dump = read(json);
  return nativeLines(besideScript(dump)).map(({ text, line }) => [text.trim(), line]);
}
