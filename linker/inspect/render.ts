/** An inspection as text for people. */
import type { Permission } from '../contract/effects.ts';
import type { InspectedRelocation, Inspection } from './inspection.ts';
import { type InspectedMap, TASK_STORAGE } from './maps.ts';

/** What a user gives the loader for it. */
const OPTIONS: Readonly<Record<Permission, string>> = {
  nothing: 'always allowed',
  run: '--allow-run',
  write: '--allow-write',
  unsafe: '--unsafe',
};

function signature({ signature: found }: Inspection): string {
  if (!found) return '';
  if (!found.valid) return `wrong: it does not belong to these bytes (key ${found.key})`;
  const until = found.notAfter === undefined ? '' : new Date(found.notAfter * 1000).toISOString();
  return `valid, with key ${found.key}${until === '' ? '' : `, until ${until.replace('.000', '')}`}`;
}

/** Sections with headings and aligned columns; what is empty is left out. */
export function renderInspection(inspection: Inspection): string {
  const { kernel } = inspection;
  const head = [
    ['script', inspection.script],
    ['producer', inspection.producer],
    ['compiled for', `${kernel.release} ${kernel.arch}`],
    ['runs on', runsOn(inspection)],
    ['license', inspection.license],
    ['size', `${inspection.size} bytes`],
    ['digest', inspection.digest],
    ['signature', signature(inspection)],
    ['parameters', inspection.params.map(({ index, as }) => `$${index} (${as})`).join(', ')],
    ['features', inspection.features.join(', ')],
    ['contradicts', inspection.contradictions.join('; ')],
  ].filter(([, value]) => value !== '');

  const blocks = [
    table(head),
    heading(
      `Tied to ${kernel.arch}`,
      (inspection.ties ?? []).map(({ reason, line, file }) => [
        line > 0 ? `${file ?? inspection.script}:${line}` : '',
        reason,
      ]),
    ),
    heading(
      'Capabilities',
      inspection.capabilities.map(({ capability, for: use, names }) => [
        capability,
        names ? `${use}; without it, addresses` : use,
      ]),
    ),
    heading(
      'Reaches outside',
      inspection.outside.map(({ does, what, who, needs }) => [
        does,
        who === undefined ? JSON.stringify(what) : `${what} in ${who}`,
        OPTIONS[needs],
      ]),
    ),
    heading(
      'Named parameters',
      inspection.options.map((option) => [
        `--${option.name}`,
        option.as,
        option.as === 'string' ? JSON.stringify(option.default) : option.default,
        option.description ?? '',
      ]),
    ),
    heading(
      'Programs',
      inspection.programs.flatMap((program) => [
        [program.name, program.section, count(program.instructions, 'instruction')],
        ...program.probes.map((probe) => [`  ${probe}`]),
      ]),
    ),
    heading(
      'Functions',
      inspection.functions.map(({ name, instructions }) => [
        name,
        count(instructions, 'instruction'),
      ]),
    ),
    heading(
      'Maps',
      inspection.maps.map((map) => [
        map.script ?? '',
        map.name,
        map.type,
        entriesOf(map),
        map.keySize > 0 ? `key ${map.keySize}` : '',
        map.valueSize > 0 ? `value ${map.valueSize}` : '',
      ]),
    ),
    heading(
      'Events',
      inspection.events.map((event, index) => [
        String(index),
        event.kind,
        count(event.size, 'byte'),
        event.format === undefined ? '' : JSON.stringify(event.format),
      ]),
    ),
    heading(
      'Asked of the host',
      inspection.lookups.map(({ kind, name }) => [kind, name]),
    ),
    heading('Adapted to the host', relocations(inspection.relocations)),
    heading(
      'Sections',
      inspection.sections.map(({ name, size }) => [name, count(size, 'byte')]),
    ),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

function runsOn({ ties, kernel }: Inspection): string {
  if (ties?.length === 0) return 'every architecture';
  return `${kernel.arch} only${ties ? '' : ', as far as it says'}`;
}

function entriesOf({ type, maxEntries }: InspectedMap): string {
  if (type === TASK_STORAGE) return 'an entry a thread';
  return type === 'ringbuf' ? count(maxEntries, 'byte') : count(maxEntries, 'entry', 'entries');
}

/** Once for each function and field, however many instructions there are. */
function relocations(all: readonly InspectedRelocation[]): readonly (readonly string[])[] {
  const groups = new Map<string, { readonly row: readonly string[]; places: number }>();
  for (const { function: name, by, kind, of } of all) {
    const row = [name, of, `${by} ${kind}`];
    const key = row.join('\0');
    const group = groups.get(key) ?? { row, places: 0 };
    group.places += 1;
    groups.set(key, group);
  }
  return [...groups.values()].map(({ row, places }) => [...row, count(places, 'place')]);
}

function heading(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${title}\n${table(rows, '  ')}`;
}

function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  // A cell that stands alone in its row, such as a probe's name, widens no column.
  for (const row of rows)
    if (row.length > 1)
      row.forEach((cell, index) => {
        widths[index] = Math.max(widths[index] ?? 0, cell.length);
      });
  return rows
    .map((row) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  '))
    .map((line) => `${indent}${line.trimEnd()}\n`)
    .join('');
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
