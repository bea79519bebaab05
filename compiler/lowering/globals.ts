/** Variables through which the loader and the programs talk: `.rodata` before loading, `.bss` at run time. */
import type { ManifestGlobals } from '../../linker/manifest/manifest.ts';
import type { UnitGlobal } from '../unit.ts';
import type { SharedGlobal } from './lowering.ts';
import type { UnitState } from './state.ts';

export const SHARED_GLOBALS: Readonly<Record<SharedGlobal & keyof ManifestGlobals, UnitGlobal>> = {
  filterPid: { symbol: 'filter_pid', section: '.rodata', type: { int: 4 }, size: 4 },
  pidNamespace: { symbol: 'pid_namespace', section: '.rodata', type: { bytes: 16 }, size: 16 },
  start: { symbol: 'start_time', section: '.rodata', type: { int: 8 }, size: 8 },
  wallOffset: { symbol: 'wall_offset', section: '.rodata', type: { int: 8 }, size: 8 },
  cpus: { symbol: 'cpu_count', section: '.rodata', type: { int: 8 }, size: 8 },
  paramCount: { symbol: 'param_count', section: '.rodata', type: { int: 8 }, size: 8 },
  childPid: { symbol: 'child_pid', section: '.rodata', type: { int: 4 }, size: 4 },
  sleeping: { symbol: 'sleeping', section: '.bss', type: { int: 8 }, size: 8 },
};

/** Symbol of `$N` as a number. */
export function intParameter(unit: UnitState, index: number): string {
  const symbol = `param_${index}`;
  unit.variable({ symbol, section: '.rodata', type: { int: 8 }, size: 8 });
  return symbol;
}

/** Symbol of `$N` as text. */
export function textParameter(unit: UnitState, index: number): string {
  const symbol = `param_${index}_text`;
  const size = unit.config.maxStrlen;
  unit.variable({ symbol, section: '.rodata', type: { bytes: size }, size });
  return symbol;
}
