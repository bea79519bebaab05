/** Reading `function+offset`, as kprobe and uprobe have it. */
import { type Advice, replacing } from '../source/advice.ts';
import type { AttachField } from '../syntax/ast.ts';
import { parseInteger } from '../syntax/literals.ts';

export interface FunctionPlace {
  readonly name: string;
  /** Bytes from the function's start. */
  readonly offset: number;
}

/** Splits at the last `+`; undefined if what follows is no number of at most 32 bits. */
export function readFunction(text: string): FunctionPlace | undefined {
  const plus = text.lastIndexOf('+');
  if (plus === -1) return { name: text, offset: 0 };
  const result = parseInteger(text.slice(plus + 1));
  if (!('value' in result) || result.value > 0xffff_ffffn) return undefined;
  return { name: text.slice(0, plus), offset: Number(result.value) };
}

/** As canonical names show it: the offset in decimal. */
export function showFunction({ name, offset }: FunctionPlace): string {
  return offset === 0 ? name : `${name}+${offset}`;
}

export function isAddress(text: string): boolean {
  return /^[0-9]/.test(text);
}

/** How many arguments come in registers, as `argN` counts them: on x86-64 by the System V ABI, on arm64 by AAPCS64. */
export function argumentRegisters(arch: string): number {
  return arch === 'aarch64' ? 8 : 6;
}

/** A slash behind a function name is a predicate that lacks the space before it. */
export function slashHints(field: AttachField | undefined): readonly Advice[] {
  const slash = field?.text.indexOf('/') ?? -1;
  if (!field || slash === -1) return [];
  const { range } = field;
  const at = { start: range.start + slash, end: range.start + slash + 1 };
  return [replacing('Put a space between the probe and its /predicate/.', at, '/', ' /')];
}
