/** IR and assembly as lines that know their line of the script. */
import { HELPERS } from '../../linker/contract/helpers.ts';
import type { ExploredLine, LineCost } from './exploration.ts';

/** Without their `bpf_`. */
export const HELPER_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(HELPERS).map(([name, number]) => [number, name]),
);

/** LLVM's line 0 is no place. */
const lineOf = (text: string | undefined): number | undefined => Number(text) || undefined;

/** Whether a function has that name in the script; those that scripts share have lines that mean nothing. */
export type OfScript = (symbol: string) => boolean;

/** What stands behind the code is metadata, which the lines show in another way. */
export function irLines(ir: string, isOfScript: OfScript): readonly ExploredLine[] {
  const places = new Map<string, number | undefined>();
  for (const [, id = '', line] of ir.matchAll(/^(!\d+) = !DILocation\(line: (\d+),/gm))
    places.set(id, lineOf(line));
  const lines: ExploredLine[] = [];
  let isOwn = false;
  for (const text of ir.split('\n')) {
    if (/^!/.test(text)) continue;
    const name = /^define [^@]*@([^(]+)\(/.exec(text)?.[1];
    if (name !== undefined) isOwn = isOfScript(name);
    const place = /, !dbg (!\d+)/.exec(text)?.[1];
    // Memory of a function belongs to no statement, wherever LLVM puts it.
    const isOfFunction = / = (alloca|bitcast) /.test(text);
    lines.push({
      text: text.replace(/, !dbg !\d+/, '').replace(/ !dbg !\d+ \{$/, ' {'),
      ...(isOwn && place !== undefined && !isOfFunction ? { line: places.get(place) } : {}),
      ...(name !== undefined ? { isHeading: true } : {}),
    });
  }
  return collapsed(lines);
}

/** Without runs of empty lines. */
function collapsed(lines: readonly ExploredLine[]): readonly ExploredLine[] {
  return lines.filter(({ text }, index) => text !== '' || lines[index - 1]?.text !== '');
}

/** The code of LLVM's assembly, without directives; calls of helpers have their names. */
export function assemblyLines(assembly: string, isOfScript: OfScript): readonly ExploredLine[] {
  const lines: ExploredLine[] = [];
  let isCode = true;
  let isOwn = false;
  let line: number | undefined;
  for (const text of assembly.split('\n')) {
    const section = /^\t\.section\t(?:"([^"]+)"|([^,]+)),"([^"]*)"/.exec(text);
    if (section) isCode = section[3]?.includes('x') ?? false;
    else if (text === '\t.text') isCode = true;
    if (!isCode) continue;
    const place = /^\t\.loc\t\d+ (\d+) /.exec(text);
    if (place) line = isOwn ? lineOf(place[1]) : undefined;
    const label = /^([A-Za-z_][^:]*):/.exec(text)?.[1];
    if (label !== undefined && !label.startsWith('LBB')) {
      // The line that a function itself has is that of the whole file.
      line = undefined;
      isOwn = isOfScript(label);
      lines.push({ text: label, isHeading: true });
    } else if (label !== undefined) {
      lines.push({ text: `${label}:` });
    } else if (isInstruction(text)) {
      lines.push({ text: withHelper(text), line });
    }
  }
  return lines;
}

function isInstruction(text: string): boolean {
  return text.startsWith('\t') && !/^\t(\.|#)/.test(text);
}

function withHelper(text: string): string {
  const number = /^\tcall (\d+)$/.exec(text)?.[1];
  const name = HELPER_NAMES.get(Number(number));
  return name === undefined ? text.replace('\t', '  ') : `  call ${name}`;
}

/** By line of the script, what the assembly has of it. */
export function lineCosts(lines: readonly ExploredLine[]): ReadonlyMap<number, LineCost> {
  const costs = new Map<
    number,
    { instructions: number; helpers: Map<string, number>; stack: number }
  >();
  // Registers that hold addresses on the stack are made by two instructions: `r2 = r10`, `r2 += -8`.
  for (const { text, line } of lines) {
    if (line === undefined || !text.startsWith('  ')) continue;
    const cost = costs.get(line) ?? {
      instructions: 0,
      helpers: new Map<string, number>(),
      stack: 0,
    };
    costs.set(line, cost);
    // A 64-bit constant takes two (BPF_LD_IMM64).
    cost.instructions += / ll$/.test(text) ? 2 : 1;
    const helper = /^ {2}call ([a-z_]\w*)$/.exec(text)?.[1];
    if (helper !== undefined && Object.hasOwn(HELPERS, helper))
      cost.helpers.set(helper, (cost.helpers.get(helper) ?? 0) + 1);
    const depth = /r10 - (\d+)|r\d \+= -(\d+)$/.exec(text);
    cost.stack = Math.max(cost.stack, Number(depth?.[1] ?? depth?.[2] ?? 0));
  }
  return costs;
}
