/** One-line expectations about the analysis of scripts. */
import { expect } from 'vitest';
import { analyse } from '../../../compiler/analysis/analyse.ts';
import type { TypedProgram, TypedStatement } from '../../../compiler/analysis/typed.ts';
import { table as builtins } from '../../../compiler/builtins/builtins.ts';
import { readPreamble } from '../../../compiler/preamble/preamble.ts';
import { type Diagnostic, Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { createSources } from '../../../compiler/source/sources.ts';
import { parse } from '../../../compiler/syntax/parse.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { KERNEL } from './kernel.ts';

export interface Analysis {
  readonly text: string;
  readonly program: TypedProgram | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

interface Options {
  readonly unsafe?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Text without a probe is the body of one at `begin`. */
function complete(script: string): string {
  return /^\s*(struct|#|config|let @|begin|end|BEGIN|\w+:)/.test(script)
    ? script
    : `begin { ${script} }`;
}

export function analysed(script: string, options: Options = {}): Analysis {
  const text = complete(script);
  const source = { name: 'test.bt', text };
  const diagnostics = new Diagnostics();
  const tree = parse(source, diagnostics);
  if (!tree || diagnostics.hasErrors) {
    throw new Error(`does not parse: ${diagnostics.all.map((d) => d.message).join('; ')}\n${text}`);
  }
  const { kernel, macros, constants } = readPreamble(tree.preamble, {
    kernel: KERNEL,
    sources: createSources(source),
    includeFolders: [],
    headers: [],
    diagnostics,
  });
  const program = analyse(tree, {
    builtins,
    kernel,
    unsafe: options.unsafe ?? false,
    macros,
    constants,
    diagnostics,
    environment: options.environment ?? {},
  });
  return { text, program, diagnostics: diagnostics.all };
}

function messages(analysis: Analysis, severity: Diagnostic['severity']): string[] {
  return analysis.diagnostics
    .filter((diagnostic) => diagnostic.severity === severity)
    .map(({ message, range }) =>
      range ? `${message} @ ${analysis.text.slice(range.start, range.end)}` : message,
    );
}

/** The typed program of a script that has no errors. */
export function typed(script: string, options: Options = {}): TypedProgram {
  const analysis = analysed(script, options);
  expect(messages(analysis, 'error')).toEqual([]);
  if (!analysis.program) throw new Error('no program and no error');
  return analysis.program;
}

/** Types of maps (`@m: 'key -> value'` or the value alone) and of the first probe's variables, by name. */
export function expectTypes(script: string, expected: Readonly<Record<string, string>>): void {
  const program = typed(script);
  const found: Record<string, string> = {};
  for (const map of program.maps) {
    const value = typeName(map.value);
    found[map.name] = map.key ? `${typeName(map.key)} -> ${value}` : value;
  }
  for (const probe of program.probes) {
    for (const { name, type } of probe.variables) found[name] ??= typeName(type);
  }
  expect(found).toMatchObject(expected);
}

/** There is an error of that text, at `place` where it is given, and no other one. */
export function expectError(
  script: string,
  message: string,
  place?: string,
  options?: Options,
): void {
  const errors = messages(analysed(script, options), 'error');
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(message);
  if (place !== undefined) expect(errors[0]?.split(' @ ').at(-1)).toBe(place);
}

export function expectWarning(script: string, message: string, place?: string): void {
  const analysis = analysed(script);
  expect(messages(analysis, 'error')).toEqual([]);
  const warnings = messages(analysis, 'warning');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(message);
  if (place !== undefined) expect(warnings[0]?.split(' @ ').at(-1)).toBe(place);
}

export function expectNoWarnings(script: string): void {
  const analysis = analysed(script);
  expect(messages(analysis, 'error')).toEqual([]);
  expect(messages(analysis, 'warning')).toEqual([]);
}

/** The statements of the first probe. */
export function body(script: string): readonly TypedStatement[] {
  return typed(script).probes[0]?.body.statements ?? [];
}

/** The tree without places, for comparisons. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (key === 'range' ? [] : [[key, plain(inner)]])),
  );
}
