/**
 * The analysis: from the tree as written to the typed tree. First come settings, map declarations, signatures, and the
 * attach points: a block becomes one copy for each target that needs code of its own.
 *
 * Types flow in all directions (a map's type follows from assignments in other probes, which may read further
 * maps), so copies and functions are typed in rounds. Each round types all of them, with the types of maps and variables
 * that the round before found, and collects what flows into each; it ends when a round finds what it began
 * with. What has no type even then (`$x++` and nothing else) is taken for an integer, and the rounds go on. Of the
 * rounds only the last one's tree and diagnostics count.
 */

import { createPrograms, type Programs } from '../dwarf/programs.ts';
import type { KernelDescription } from '../kernel/types.ts';
import type { HeaderConstants } from '../preamble/constants.ts';
import type { CMacros } from '../preamble/macros.ts';
import { isFunctionKnown, isNameKnown, type ProbeTarget } from '../probes/probe.ts';
import { isWholeParameter, type ResolvedTarget, resolveProbe } from '../probes/providers.ts';
import { dangerousFunctions } from '../probes/recursion.ts';
import { checkProbes } from '../probes/rules.ts';
import { shareProgram } from '../probes/shared.ts';
import { during } from '../source/bug.ts';
import { type Diagnostic, Diagnostics } from '../source/diagnostics.ts';
import type * as ast from '../syntax/ast.ts';
import type { FunctionSignature } from '../types/signature.ts';
import type { BuiltinTable } from './builtin.ts';
import { isBuiltinName } from './calls.ts';
import { readConfig } from './config.ts';
import { condition } from './conversion.ts';
import { mapSymbols, readDeclarations } from './declarations.ts';
import { typeExpression } from './expressions.ts';
import { reachedFunctions, readFunctions, typeFunction, typeSignature } from './functions.ts';
import { createSettling, type Step } from './settling.ts';
import type { Facts, Round, Typing } from './state.ts';
import { guarding, isUnknown } from './state.ts';
import { typeBody } from './statements.ts';
import type { Traits } from './traits.ts';
import type { Config, TypedProbe, TypedProgram } from './typed.ts';
import { allowUnstable } from './unstable.ts';
import { assignsMap, firstUse, mentionsName, mentionsNameIn } from './uses.ts';
import { checkVariables } from './variables.ts';

export interface AnalysisContext {
  readonly builtins: BuiltinTable;
  readonly kernel: KernelDescription;
  /** The programs of user probes; the default finds those of this machine. */
  readonly programs?: Programs;
  /** Functions that change the system are allowed. */
  readonly unsafe: boolean | 'run';
  readonly diagnostics: Diagnostics;
  /** Macros of the C preamble. */
  readonly macros: CMacros;
  /** Of headers that may not be installed. */
  readonly constants: HeaderConstants;
  /** Names that are no longer in the program, but that a user may have meant. */
  readonly macroNames?: () => readonly string[];
  /** Functions of imported objects, by name. */
  readonly linked?: ReadonlyMap<string, FunctionSignature>;
  /** Of a script that is compiled to be run at once: its positional parameters. */
  readonly parameters?: readonly string[];
  /** `BPFTRACE_*` settings override the config block. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A block and one of the targets that it is typed for. */
interface Copy {
  readonly probe: ast.Probe;
  /** Number of the block in the script. */
  readonly block: number;
  readonly attachPoint: ast.AttachPoint;
  readonly target: ProbeTarget;
  /** What its program serves, too. */
  readonly others: readonly ResolvedTarget[];
}

const NO_FACTS: Facts = { maps: new Map(), variables: new Map() };

/** The typed program; undefined when there are errors, which are in the context's diagnostics. */
export function analyse(program: ast.Program, context: AnalysisContext): TypedProgram | undefined {
  const { diagnostics } = context;
  const config = readConfig(program.config, context.environment ?? {}, diagnostics);
  reportUnsupported(program, diagnostics);
  for (const range of program.lists ?? [])
    allowUnstable({ config, diagnostics }, 'probeLists', range);
  const declarations = readDeclarations(program, diagnostics);
  const linked = context.linked ?? new Map<string, FunctionSignature>();
  const functions = readFunctions(
    program,
    (name) => isBuiltinName(context.builtins, name),
    linked,
    diagnostics,
  );
  const programs = context.programs ?? createPrograms([]);
  const copies = resolveCopies(program, context, programs, config);
  if (copies.length > config.maxBpfProgs) {
    diagnostics.error(
      'too-many-programs',
      `Your program is trying to generate more than ${copies.length} BPF programs, which exceeds the current limit of ${config.maxBpfProgs}`,
      undefined,
      'The setting max_bpf_progs raises the limit.',
    );
  }

  const symbols = mentionsSuch(program, context, ({ kernelSymbol }) => kernelSymbol === true);
  const names = copies.map(({ target }) => target.alias ?? target.name);
  let known = NO_FACTS;
  let assume = false;
  const settling = createSettling(config.maxStrlen);
  /** Of the last round that had some: rounds that never settle may have them in turn. */
  let mistakes: readonly Diagnostic[] = [];
  for (;;) {
    const signatures = new Map(linked);
    const round: Round = {
      items: program.items,
      builtins: context.builtins,
      kernel: context.kernel,
      programs,
      functions: signatures,
      namesAtLoad: copies.some(({ target }) => !isNameKnown(target)),
      nameIndex: (copy) => names.indexOf(names[copy] ?? ''),
      functionsAtLoad: symbols || copies.some(({ target }) => !isFunctionKnown(target)),
      config,
      unsafe: context.unsafe,
      diagnostics: new Diagnostics(),
      macros: context.macros,
      constants: context.constants,
      macroNames: context.macroNames ?? (() => []),
      known,
      assume,
      maps: new Map(),
      variables: new Map(),
      params: new Map(),
      parameters: context.parameters,
      takesParameters: program.items.some(hasWholeParameter),
      bounds: new Map(),
      options: new Map(),
      sawUnknown: false,
      asked: [],
      assumptions: [],
      undefinedMaps: [],
    };
    functions.forEach((node, index) => {
      signatures.set(node.name, typeSignature(round, node, copies.length + index));
    });
    const probes = copies.map((copy, index) =>
      during({ range: copy.attachPoint.range }, () => typeCopy(round, copy, index)),
    );
    const bodies = functions.flatMap((node, index) => {
      const signature = signatures.get(node.name);
      const body = signature && typeFunction(round, node, signature, copies.length + index);
      return body ? [body] : [];
    });
    const step = settling.step(round);
    if (round.diagnostics.hasErrors) mistakes = round.diagnostics.all;
    if (step.kind === 'endless') {
      if (mistakes.length > 0) diagnostics.addAll(distinct(mistakes));
      else reportEndless(program, step, diagnostics);
      return undefined;
    }
    if (step.kind === 'changed') {
      known = step.known;
    } else if (round.sawUnknown && !assume) {
      assume = true;
    } else {
      const maps = mapSymbols(round, declarations);
      const reached = reachedFunctions(probes, bodies, round.diagnostics);
      reportUndefinedMaps(program, round, diagnostics.hasErrors);
      diagnostics.addAll(distinct(round.diagnostics.all));
      if (diagnostics.hasErrors) return undefined;
      const params = [...round.params.values()].sort((a, b) => a.index - b.index);
      const options = [...round.options.values()];
      const { assumptions, takesParameters } = round;
      const bounds = [...round.bounds.values()];
      return {
        ...{ probes, functions: reached, maps, params, takesParameters, bounds },
        ...{ options, config, assumptions },
      };
    }
  }
}

/** Whether a block of the item stands at an attach point that is a parameter from its provider on. */
function hasWholeParameter(item: ast.Program['items'][number]): boolean {
  return item.kind === 'probe' && item.attachPoints.some(isWholeParameter);
}

/** Types that follow from themselves without end, where no other mistake explains it. */
function reportEndless(
  program: ast.Program,
  { maps, variables }: Extract<Step, { kind: 'endless' }>,
  diagnostics: Diagnostics,
): void {
  const hint = 'Assign a value of the same type each time, or say the type: let $x: TYPE;';
  for (const name of maps)
    diagnostics.error(
      'endless-type',
      `The type of ${name} follows from itself and never ends`,
      firstUse(program, name),
      hint,
    );
  for (const key of maps.length > 0 ? [] : variables) {
    const start = Number(key.split(':').at(-1));
    diagnostics.error(
      'endless-type',
      'The type of this variable follows from itself and never ends',
      { start, end: start + 1 },
      hint,
    );
  }
}

/** Whether the script uses a built-in of that trait. */
function mentionsSuch(
  program: ast.Program,
  { builtins, macros }: AnalysisContext,
  isSuch: (traits: Traits) => boolean,
): boolean {
  return mentionsNameIn(
    program.items,
    (name) => {
      const found = builtins.find(name);
      return found !== undefined && isSuch(found.builtin.traits);
    },
    macros,
  );
}

/** After other errors, a map that some statement stores into is undefined because of them. */
function reportUndefinedMaps(program: ast.Program, round: Round, failed: boolean): void {
  const others = failed || round.diagnostics.hasErrors;
  for (const { name, range } of round.undefinedMaps) {
    if (!others || !assignsMap(program, name))
      round.diagnostics.error('undefined-map', `Undefined map: ${name}`, range);
  }
}

function reportUnsupported(program: ast.Program, diagnostics: Diagnostics): void {
  if (!program.items.some((item) => item.kind === 'probe')) {
    diagnostics.error(
      'no-probes',
      'No probes to attach',
      undefined,
      'A script needs at least one probe.',
    );
  }
}

function resolveCopies(
  program: ast.Program,
  context: AnalysisContext,
  programs: Programs,
  { missingProbes }: Config,
): readonly Copy[] {
  const copies: Copy[] = [];
  const checked: ResolvedTarget[] = [];
  for (const [block, item] of program.items.entries()) {
    if (item.kind !== 'probe') continue;
    const asks = (part: Traits['asksOf']): boolean =>
      mentionsName(
        item,
        (name) => context.builtins.find(name)?.builtin.traits.asksOf === part,
        context.macros,
      );
    const targets = resolveProbe(item, {
      kernel: context.kernel,
      programs,
      diagnostics: context.diagnostics,
      unsafe: context.unsafe === true,
      needsArgs: asks('fields'),
      needsRetval: asks('result'),
      needsEvent: asks('event'),
      ...(context.parameters ? { parameters: context.parameters } : {}),
      missingProbes,
    });
    warnOfRecursion(targets, context.diagnostics);
    checked.push(...targets);
    const asksProgram = mentionsNameIn(
      [item.body, item.predicate],
      (name) => context.builtins.find(name)?.builtin.traits.asksOf === 'program',
      context.macros,
    );
    const served = asksProgram
      ? targets.map((one) => ({ ...one, others: [] }))
      : shareProgram(targets);
    copies.push(...served.map((one) => ({ probe: item, block, ...one })));
  }
  checkProbes(checked, context.diagnostics);
  // With missing_probes = warn all of them may be left out.
  if (copies.length === 0 && program.items.some(({ kind }) => kind === 'probe'))
    if (!context.diagnostics.hasErrors)
      context.diagnostics.error('no-probes', 'No probes to attach');
  return copies;
}

function warnOfRecursion(targets: readonly ResolvedTarget[], diagnostics: Diagnostics): void {
  for (const { attachPoint, target } of targets) {
    for (const name of dangerousFunctions(target))
      diagnostics.warning(
        'dangerous-function',
        `Attaching to dangerous function: ${name}. Where a program of this script would run inside of another one, it does not, so events may be lost.`,
        attachPoint.range,
      );
  }
}

function typeCopy(round: Round, copy: Copy, index: number): TypedProbe {
  const typing: Typing = {
    round,
    probe: copy.target,
    copy: index,
    variables: [],
    scope: { parent: undefined, names: new Map() },
    loops: [],
    calls: new Set(),
    routine: undefined,
    asked: new Set(),
  };
  const { test: predicate, guarded } = guarding(
    typing,
    () => copy.probe.predicate && condition(typing, typeExpression(typing, copy.probe.predicate)),
  );
  const { block } = typeBody(guarded, copy.probe.body);
  checkVariables(typing);
  return {
    target: copy.target,
    symbol: `${copy.target.name.replace(/[^A-Za-z0-9]/g, '_')}_${index + 1}`,
    range: copy.attachPoint.range,
    block: copy.block,
    ...(copy.others.length > 0
      ? {
          others: copy.others.map(({ target, attachPoint: { range } }) => ({ target, range })),
        }
      : {}),
    variables: typing.variables
      .map((variable) => variable.symbol)
      .filter((symbol) => !isUnknown(symbol.type)),
    predicate,
    body: block,
    calls: [...typing.calls],
  };
}

/** A block with several targets gives the same message for each of them: it is said once. */
function distinct(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter((diagnostic) => {
    const { range, message, severity } = diagnostic;
    const key = `${severity} ${range?.start} ${range?.end} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
