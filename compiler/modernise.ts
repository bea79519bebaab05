/** Scripts of the older dialect in today's: `bpfscript fmt --modernise`. */
import { type CompileOptions, compile } from './compile.ts';
import { writtenProbes } from './macros/lists.ts';
import { applies } from './source/advice.ts';
import type { DiagnosticCode } from './source/codes.ts';
import type { Diagnostic } from './source/diagnostics.ts';
import type { Range, Source } from './source/source.ts';
import type { Sources } from './source/sources.ts';
import type * as ast from './syntax/ast.ts';
import { someNode } from './syntax/walk.ts';

/** Codes of what today's dialect writes in another way; the fixes of their diagnostics are made. */
const OLDER: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  'args-arrow',
  'deprecated-name',
  'deprecated-setting',
  'undefined-variable',
]);

/** What warnings of the older dialect name, and no edit can say: a person has to. */
const TOLD: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([...OLDER, 'while-loop']);

/** One edit can bring out what another one hid; each takes something older away, so that it ends. */
const MOST_ROUNDS = 1000;

const CURRENT_NAMES: Readonly<Record<string, string>> = { BEGIN: 'begin', END: 'end' };

interface Edit {
  /** In the script's own text. */
  readonly range: Range;
  readonly text: string;
}

export interface Modernised {
  /** As far as it could be rewritten. */
  readonly source: Source;
  readonly sources: Sources;
  /** Errors, which kept some of the script from being looked at, and what is older and stays. */
  readonly left: readonly Diagnostic[];
}

/** The script without what warnings call older. What it prints is the same. */
export function modernise(source: Source, options: CompileOptions): Modernised {
  let current = source;
  for (let round = 0; ; round++) {
    const { ast: program, diagnostics, sources } = compile(current, options);
    const edits = program
      ? apart([
          ...diagnostics.flatMap((diagnostic) => editsOf(diagnostic, program, sources)),
          ...renamedProbes(program),
        ])
      : [];
    if (edits.length === 0 || round === MOST_ROUNDS) {
      const left = diagnostics.filter(
        ({ severity, code }) => severity === 'error' || TOLD.has(code),
      );
      return { source: current, sources, left };
    }
    current = { ...current, text: changed(current.text, edits) };
  }
}

/** What a diagnostic says that there should be; nothing where it is no matter of dialects, or of another file. */
function editsOf(
  { code, range, fixes }: Diagnostic,
  program: ast.Program,
  sources: Sources,
): readonly Edit[] {
  if (!OLDER.has(code) || !range || sources.place(range).source !== sources.main) return [];
  // Names that may have been meant are guesses: a declaration is none.
  const sure = (fixes ?? []).filter(
    ({ text }) => code !== 'undefined-variable' || /^let /.test(text),
  );
  const [fix, ...others] = sure;
  if (fix && others.length === 0) {
    return applies(fix, sources) ? [{ range: sources.place(fix.range).range, text: fix.text }] : [];
  }
  const { text } = sources.main;
  if (code === 'deprecated-setting') return removedSetting(program, range, text);
  return code === 'deprecated-name' ? deletion(program, range, text) : [];
}

/** A setting without effect, with the `;` behind it. */
function removedSetting(program: ast.Program, key: Range, text: string): readonly Edit[] {
  const entry = program.config?.entries.find(({ keyRange }) => keyRange.start === key.start);
  if (!entry) return [];
  const { start, end } = entry.range;
  const behind = /^\s*;/.exec(text.slice(end))?.[0] ?? '';
  return [{ range: { start, end: end + behind.length }, text: '' }];
}

/** `delete(@m[a, b])` => `delete(@m, (a, b))` */
function deletion(program: ast.Program, range: Range, text: string): readonly Edit[] {
  const call = callAt(program, range);
  const [map, ...others] = call?.args ?? [];
  if (map?.kind !== 'map' || others.length > 0 || !map.keys) return [];
  const first = map.keys[0];
  const last = map.keys.at(-1);
  if (!first || !last) return [];
  const keys = text.slice(first.range.start, last.range.end);
  const key = map.keys.length > 1 ? `(${keys})` : keys;
  return [{ range: map.range, text: `${map.name}, ${key}` }];
}

function callAt(program: ast.Program, range: Range): ast.Call | undefined {
  let found: ast.Call | undefined;
  someNode(program, (node) => {
    const call = node as Partial<ast.Call>;
    if (call.kind === 'call' && call.range?.start === range.start && call.range.end === range.end)
      found = node as ast.Call;
    return found !== undefined;
  });
  return found;
}

/** BEGIN and END, of which no warning says anything. */
function renamedProbes(program: ast.Program): readonly Edit[] {
  return writtenProbes(program.items).flatMap(({ attachPoints }) =>
    attachPoints.flatMap(({ fields: [provider] }) => {
      const name = provider && CURRENT_NAMES[provider.text];
      return provider && name !== undefined ? [{ range: provider.range, text: name }] : [];
    }),
  );
}

/** Those of the edits that do not touch each other, in the order of the text; the others come in the next round. */
function apart(edits: readonly Edit[]): readonly Edit[] {
  const sorted = [...edits].sort((left, right) => left.range.start - right.range.start);
  const taken: Edit[] = [];
  for (const edit of sorted) {
    const last = taken.at(-1);
    if (!last || edit.range.start > last.range.end) taken.push(edit);
  }
  return taken;
}

function changed(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const { range, text: put } of edits) {
    result += text.slice(at, range.start) + put;
    at = range.end;
  }
  return result + text.slice(at);
}
