/** Makes the state of a unit: one that builds a module, or one that a draft fills and nobody reads. */

import type { FunctionDefinition, KernelSymbol } from '../../linker/btf/definitions.ts';
import { sizeOf } from '../../linker/btf/types.ts';
import type { ImportedObject } from '../../linker/imported.ts';
import type { ManifestMetric, ManifestStacks } from '../../linker/manifest/manifest.ts';
import type { TypedProgram, TypedStatement } from '../analysis/typed.ts';
import type { KernelDescription } from '../kernel/types.ts';
import type { IrModule, ModulePart } from '../llvm/module.ts';
import { mayRecurse } from '../probes/recursion.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Sources } from '../source/sources.ts';
import type { Tie } from './architecture.ts';
import type { BuiltinCodes } from './builtin.ts';
import { type FunctionPlan, functionHeights } from './calls.ts';
import { createDraftBuilder } from './draft.ts';
import { createEventTable } from './events.ts';
import { emptiedMaps } from './generations.ts';
import { type MapPlan, planMap } from './map-plans.ts';
import { createSiteTable } from './sites.ts';
import { wordsOfFrame, wordsOfStack } from './stacks.ts';
import type { ObjectVariable, UnitState } from './state.ts';
import { threadMaps } from './thread-maps.ts';
import { type Visitor, visitExpressionChildren, visitStatementChildren } from './walk.ts';

export interface UnitContext {
  readonly builtins: BuiltinCodes;
  readonly sources: Sources;
  readonly kernel: KernelDescription;
  readonly diagnostics: Diagnostics;
  /** Variables stand in scratch memory, none in registers: for programs that have no stack left. */
  readonly sparesStack?: boolean;
  /** Warn of reads and look-ups that fail. */
  readonly reportsHelpers?: boolean;
  /** Objects whose functions the program may call. */
  readonly imports?: readonly ImportedObject[];
  /** What of these, and of the script's C, is of one architecture. */
  readonly ties?: readonly Tie[];
  /** Paths of programs that types or symbols were taken of. */
  readonly usedPrograms?: ReadonlySet<string>;
  /** What maps are as metrics, by their names. */
  readonly metrics?: ReadonlyMap<string, ManifestMetric>;
  /** Told of parts of the module that are whole, while others are still made. */
  readonly onPart?: (part: ModulePart) => void;
}

/** Everything about a script that its programs do not change. */
export interface UnitPlan {
  readonly program: TypedProgram;
  readonly context: UnitContext;
  readonly plans: ReadonlyMap<string, MapPlan>;
  readonly heights: ReadonlyMap<string, number>;
  /** Filled while functions are built; a draft calls the same ones. */
  readonly functions: Map<string, FunctionPlan>;
  readonly stackWords: number;
  readonly stacks: ManifestStacks;
}

export function planUnit(program: TypedProgram, context: UnitContext): UnitPlan {
  const emptied = emptiedMaps(program);
  const ofThreads = threadMaps(program, context.metrics);
  return {
    program,
    context,
    plans: new Map(
      program.maps.map((map) => {
        const uses = { isEmptied: emptied.has(map.name), isOfThreads: ofThreads.has(map.name) };
        return [map.name, planMap(map, uses)];
      }),
    ),
    heights: functionHeights(program),
    functions: new Map(),
    ...stackSizes(program),
  };
}

/** What a unit that builds a module gives back beside it. */
export interface UnitRecords {
  readonly functions: FunctionDefinition[];
  readonly variables: Map<string, ObjectVariable>;
  readonly mapSymbols: Set<string>;
  readonly kernelSymbols: Map<string, KernelSymbol>;
  /** Functions of imported objects that are called. */
  readonly linked: Set<string>;
}

export function createUnit(plan: UnitPlan, module: IrModule, records: UnitRecords): UnitState {
  return {
    ...common(plan),
    variable(variable) {
      const { symbol, section, type, initial } = variable;
      if (records.variables.has(symbol)) return;
      records.variables.set(symbol, variable);
      module.global({
        ...{ symbol, section, size: sizeOf(type), align: 8 },
        ...(initial ? { bytes: initial } : {}),
      });
    },
    constant: (bytes) => module.constantBytes(bytes, 8),
    mapVariable(symbol) {
      if (records.mapSymbols.has(symbol)) return;
      records.mapSymbols.add(symbol);
      module.map(symbol);
    },
    subprogram(entry, parameters, body) {
      if (records.functions.some((known) => known.symbol === entry.symbol)) return;
      records.functions.push(entry);
      module.callback(entry.symbol, [...parameters], (ir, args) => body(ir, args));
    },
    kernelSymbol(symbol) {
      if (records.kernelSymbols.has(symbol.symbol)) return;
      records.kernelSymbols.set(symbol.symbol, symbol);
      if (symbol.kind === 'variable') module.extern(symbol.symbol);
    },
    linkedFunction(symbol) {
      records.linked.add(symbol);
    },
    callback(name, role, parameters, body) {
      if (records.functions.some((known) => known.symbol === name)) return name;
      records.functions.push({ symbol: name, role });
      module.callback(name, [...parameters], (ir, args) => body(ir, args));
      return name;
    },
  };
}

export function createDraftUnit(plan: UnitPlan): UnitState {
  const draft = createDraftBuilder();
  return {
    ...common(plan),
    variable() {},
    constant: () => '',
    mapVariable() {},
    subprogram() {},
    kernelSymbol() {},
    linkedFunction() {},
    callback(name, _role, parameters, body) {
      body(
        createDraftBuilder(),
        parameters.map(() => draft.nullPointer()),
      );
      return name;
    },
  };
}

function common(plan: UnitPlan) {
  return {
    program: plan.program,
    builtins: plan.context.builtins,
    sources: plan.context.sources,
    kernel: plan.context.kernel,
    diagnostics: plan.context.diagnostics,
    sparesStack: plan.context.sparesStack ?? false,
    exclusive: plan.program.probes.some(({ target }) => mayRecurse(target)),
    reportsHelpers: plan.context.reportsHelpers ?? false,
    config: plan.program.config,
    plans: plan.plans,
    heights: plan.heights,
    functions: plan.functions,
    stackWords: plan.stackWords,
    stacks: plan.stacks,
    sites: createSiteTable(),
    events: createEventTable(),
    formats: [],
    embedded: new Set<number>(),
    held: new Map(),
    copied: new Map(),
    hostValues: [],
    features: new Set<never>(),
    ties: [],
    shared: new Set<never>(),
    scratch: { entries: 0, size: 0 },
    wideScratch: { size: 0 },
  };
}

/** Words of the largest stack that any probe captures. */
/** The words of the largest stack that there may be, and which of it the loader decides. */
function stackSizes(program: TypedProgram): Pick<UnitPlan, 'stackWords' | 'stacks'> {
  let stackWords = 0;
  let words = 0;
  const params = new Map<string, ManifestStacks['params'][number]>();
  const visitor: Visitor = {
    expression(expression) {
      if (expression.kind === 'call' && expression.type.kind === 'stack') {
        const { limit } = expression.type;
        const most = wordsOfStack(expression.type);
        stackWords = Math.max(stackWords, most);
        if (typeof limit === 'number') words = Math.max(words, most);
        else {
          const param = { param: limit.parameter, words: wordsOfFrame(expression.type) };
          params.set(`${param.param} ${param.words}`, param);
        }
      }
      visitExpressionChildren(expression, visitor);
    },
    statement: (statement: TypedStatement) => visitStatementChildren(statement, visitor),
  };
  for (const probe of program.probes) {
    if (probe.predicate) visitor.expression(probe.predicate);
    visitor.statement(probe.body);
  }
  return { stackWords, stacks: { words, params: [...params.values()] } };
}
