/** What else an object holds, as tables: programs, maps, what is adapted to the host, and what that has to have. */
import { FEATURES, type KernelFeature } from '../../linker/contract/features.ts';
import { HELPERS } from '../../linker/contract/helpers.ts';
import type { Inspection } from '../../linker/inspect/inspection.ts';
import { TASK_STORAGE } from '../../linker/inspect/maps.ts';
import type { ExploredTable, LineCost } from './exploration.ts';

/** Bytes as people read them. */
function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1 << 20
    ? `${(bytes / 1024).toFixed(1)} KiB`
    : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

/** The first kernel that has a helper, where that is later than the oldest that objects run on. */
function sinceOf(helper: string): string {
  const features: readonly KernelFeature[] = Object.values(FEATURES);
  const feature = features.find((each) => each.helper === helper);
  return feature?.since ?? '';
}

export function tablesOf(
  inspection: Inspection,
  costs: ReadonlyMap<number, LineCost>,
): readonly ExploredTable[] {
  const helpers = new Map<string, number>();
  for (const cost of costs.values())
    for (const [name, count] of cost.helpers) helpers.set(name, (helpers.get(name) ?? 0) + count);
  return [
    {
      title: 'Programs',
      heads: ['program', 'section', 'instructions', 'probes'],
      rows: inspection.programs.map(({ name, section, instructions, probes }) => [
        name,
        section,
        String(instructions),
        probes.join(', '),
      ]),
    },
    {
      title: 'Functions that they call',
      heads: ['function', 'instructions'],
      rows: inspection.functions.map(({ name, instructions }) => [name, String(instructions)]),
    },
    {
      title: 'Maps',
      heads: ['map', 'of the script', 'type', 'entries', 'key', 'value', 'at most'],
      rows: inspection.maps.map((map) => [
        map.name,
        map.script ?? '',
        map.type,
        map.type === TASK_STORAGE ? 'one a thread' : String(map.maxEntries),
        size(map.keySize),
        size(map.valueSize),
        map.type === TASK_STORAGE ? '' : size(map.maxEntries * (map.keySize + map.valueSize)),
      ]),
    },
    {
      title: 'Helpers',
      heads: ['helper', 'number', 'calls', 'since Linux'],
      rows: [...helpers].map(([name, count]) => [
        name,
        String(Object.entries(HELPERS).find(([each]) => each === name)?.[1] ?? ''),
        String(count),
        sinceOf(name),
      ]),
    },
    {
      title: 'Adapted to the host when the object is loaded',
      heads: ['function', 'instruction', 'what', 'of', 'by'],
      rows: inspection.relocations.map((relocation) => [
        relocation.function,
        String(relocation.instruction),
        relocation.kind,
        relocation.of,
        relocation.by,
      ]),
    },
    {
      title: 'Needed of the kernel',
      heads: ['feature', 'since Linux'],
      rows: inspection.features.map((name) => [
        name,
        Object.entries(FEATURES).find(([each]) => each === name)?.[1].since ?? '',
      ]),
    },
  ].filter(({ rows }) => rows.length > 0);
}
