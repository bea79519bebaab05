/** What all programs on events of perf have in common: counters, clocks, watchpoints. */
import type { ManifestTarget } from '../../linker/manifest/manifest.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import type { ProbeTarget } from './probe.ts';

export function perfProgram(
  attachPoint: AttachPoint,
  name: string,
  target: ManifestTarget,
  parameterised: boolean,
): ProbeTarget {
  return {
    provider: target.provider,
    name,
    alias: attachPoint.alias,
    section: 'perf_event',
    context: 'perf-event',
    space: 'none',
    defaultReturn: 0,
    // interval fires whatever process runs; the others are given the pid when they are attached.
    filtersPid: false,
    registers: 0,
    hasRetval: false,
    function: undefined,
    wildcard: false,
    target,
    parameterised,
  };
}
