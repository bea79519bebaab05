/** From the typed tree to IR, and to what the linker and the loader need to know beside it. */

import type {
  FunctionDefinition,
  MapDefinition,
  VariableDefinition,
} from '../../linker/btf/definitions.ts';
import { bytes, unsigned } from '../../linker/btf/types.ts';
import { OBJECT_LIMITS } from '../../linker/contract/limits.ts';
import type { LinkInput } from '../../linker/input.ts';
import type { TypedProgram } from '../analysis/typed.ts';
import { createModule, type IrModule } from '../llvm/module.ts';
import { layoutOf } from '../types/layout.ts';
import { isSizedAtLoad } from '../types/type.ts';
import { lowerFunctions } from './calls.ts';
import { featureOfSection } from './features.ts';
import { declareWord } from './generations.ts';
import { bucketsVariable, intParameter, option, textParameter } from './globals.ts';
import { findSessions, lowerSession } from './kprobe-session.ts';
import { createManifest } from './manifest.ts';
import { chunkSize, MAP_TYPES } from './map-plans.ts';
import { declareGlobal } from './maps.ts';
import { lowerProgram } from './program.ts';
import { runtimeMaps } from './runtime-maps.ts';
import type { UnitState } from './state.ts';
import { describeType } from './stored-types.ts';
import { taskStorage } from './task-storage.ts';
import {
  createDraftUnit,
  createUnit,
  planUnit,
  type UnitContext,
  type UnitRecords,
} from './unit-state.ts';

export function lower(
  program: TypedProgram,
  context: UnitContext,
): { readonly module: IrModule; readonly input: Omit<LinkInput, 'objects'> } {
  const module = createModule(context.sources.main.name, context.onPart);
  const records: UnitRecords = {
    functions: [],
    variables: new Map(),
    mapSymbols: new Set(),
    linked: new Set(),
    kernelSymbols: new Map(),
  };
  const plan = planUnit(program, context);
  const unit = createUnit(plan, module, records);
  const drafts = createDraftUnit(plan);
  module.license(program.config.license);
  declareParameters(unit);

  lowerFunctions(unit, drafts);
  const programs: FunctionDefinition[] = [];
  for (const probe of program.probes) {
    programs.push({ symbol: probe.symbol, role: 'program' });
    module.program(probe.symbol, probe.target.section, (ir, pointer) =>
      lowerProgram(unit, drafts, probe, ir, pointer),
    );
    const feature = featureOfSection(probe.target.section);
    if (feature !== undefined) unit.features.add(feature);
  }
  const sessions = findSessions(program);
  for (const session of sessions) {
    programs.push({ symbol: session.symbol, role: 'program' });
    module.program(session.symbol, session.entry.target.provider, (ir, pointer) =>
      lowerSession(unit, drafts, session, ir, pointer),
    );
  }
  declareMaps(unit);
  refuseLargeEvents(unit);

  return {
    module,
    input: {
      texts: context.sources.files(),
      kernelBtf: () => context.kernel.btf,
      license: program.config.license,
      functions: [...programs, ...records.functions],
      imports: context.imports ?? [],
      maps: describeMaps(unit, records),
      variables: describeVariables(module, records),
      kernelSymbols: [...records.kernelSymbols.values()],
      sites: unit.sites.sites,
      manifest: createManifest(unit, context, sessions),
    },
  };
}

function refuseLargeEvents(unit: UnitState): void {
  for (const { size, spec } of unit.events.entries)
    if (size > OBJECT_LIMITS.eventBytes)
      unit.diagnostics.error(
        'object-limit',
        `What ${spec.kind} sends takes ${size} bytes; a record has at most ${OBJECT_LIMITS.eventBytes}`,
        spec.range,
        'Lower max_strlen, or send less at a time.',
      );
}

/** Parameters of attach points and of dead code have their place too: the loader sets them all. */
function declareParameters(unit: UnitState): void {
  for (const { index, as } of unit.program.params) {
    if (as === 'int') intParameter(unit, index);
    else textParameter(unit, index);
  }
  for (const { name } of unit.program.options) option(unit, name);
}

/** MAX_BPF_STACK: before Linux 5.11 no key was larger (htab_map_alloc_check, kernel/bpf/hashtab.c). */
const STACK_BYTES = 512;

/** Maps that no program reaches are printed all the same. */
function declareMaps(unit: UnitState): void {
  for (const plan of unit.plans.values()) {
    if (plan.generations) declareWord(unit, plan.generations.word);
    if (isSizedAtLoad(plan.map.value)) bucketsVariable(unit, plan.map.name);
    if (plan.kind === 'hash') {
      if (plan.threads !== undefined) unit.mapVariable(plan.threads);
      for (const store of plan.stores) {
        unit.mapVariable(store.symbol);
        if (plan.generations) unit.mapVariable(store.next);
        if (layoutOf(store.keyType).size > STACK_BYTES) unit.features.add('large_keys');
      }
      continue;
    }
    if (plan.kind === 'slot' || plan.kind === 'series') {
      unit.mapVariable(plan.symbol);
      continue;
    }
    declareGlobal(unit, plan);
  }
}

function describeMaps(unit: UnitState, records: UnitRecords): readonly MapDefinition[] {
  const maps: MapDefinition[] = [];
  for (const plan of unit.plans.values()) {
    const generations = plan.generations ? 2 : 1;
    if (plan.kind === 'slot') {
      maps.push({
        symbol: plan.symbol,
        type: MAP_TYPES.percpuArray,
        maxEntries: generations,
        flags: 0,
        key: unsigned(4),
        value: bytes(plan.present + 8),
      });
    } else if (plan.kind === 'series') {
      maps.push({
        symbol: plan.symbol,
        type: MAP_TYPES.percpuArray,
        maxEntries: plan.chunks * generations,
        flags: 0,
        key: unsigned(4),
        value: bytes(chunkSize(plan)),
      });
    } else if (plan.kind === 'hash') {
      if (plan.threads !== undefined) maps.push(taskStorage(plan.threads));
      for (const store of plan.stores) {
        const symbols = plan.generations ? [store.symbol, store.next] : [store.symbol];
        for (const symbol of symbols)
          maps.push({
            symbol,
            type: plan.mapType,
            maxEntries: plan.maxEntries,
            flags: 0,
            key: describeType(unit.kernel.types, store.keyType),
            value: describeType(unit.kernel.types, plan.map.value),
            sizedAtLoad: isSizedAtLoad(plan.map.value),
          });
      }
    }
  }
  return [...maps, ...runtimeMaps(unit, records.mapSymbols)];
}

/** The lowering's variables with their types, and constants that the façade made as bytes. */
function describeVariables(module: IrModule, records: UnitRecords): readonly VariableDefinition[] {
  const variables: VariableDefinition[] = [];
  for (const { symbol, section, size } of module.globals()) {
    const known = records.variables.get(symbol);
    if (known) variables.push(known);
    else if (section === '.bss' || section === '.rodata') {
      variables.push({ symbol, section, type: bytes(size) });
    }
  }
  return variables;
}
