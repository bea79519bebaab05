/** What a host said of the object: the verifier's log, and what probes cost there. */
import { basename } from 'node:path';
import type { TypedProgram } from '../analysis/typed.ts';
import type { Sources } from '../source/sources.ts';
import { type ExploredLine, type ExploredSource, MOST_LINES } from './exploration.ts';

/**
 * The lines of what `bpfload -d verifier` prints. The log repeats the script's lines above their instructions: `; text`,
 * since Linux 6.10 `; text @ file:line` (verbose_linfo, kernel/bpf/verifier.c).
 */
export function verifierLines(
  log: string,
  sources: readonly ExploredSource[],
  blockOf: (line: number) => number | undefined,
): readonly ExploredLine[] {
  const byText = new Map<string, number>();
  const byPlace = new Map<string, number>();
  for (const { name, firstLine, lines } of sources)
    lines.forEach((text, index) => {
      const known = text.trim();
      if (known !== '' && !byText.has(known)) byText.set(known, firstLine + index);
      byPlace.set(`${basename(name)}:${index + 1}`, firstLine + index);
    });
  const found: ExploredLine[] = [];
  const all = log.split('\n');
  let line: number | undefined;
  for (const text of all.slice(0, MOST_LINES)) {
    const comment = /^; (.*?)(?: @ (\S+:\d+))?$/.exec(text);
    // What is in no block is what functions that scripts share are given for a line.
    if (comment) line = byPlace.get(comment[2] ?? '') ?? byText.get(comment[1]?.trim() ?? '');
    if (line !== undefined && blockOf(line) === undefined) line = undefined;
    const isHeading = /^(func#|Validating |prog )/.test(text);
    if (isHeading) line = undefined;
    found.push({ text, line, ...(isHeading ? { isHeading } : {}) });
  }
  if (all.length > MOST_LINES)
    found.push({ text: `... ${all.length - MOST_LINES} more lines are left out` });
  return found;
}

interface CostRow {
  readonly probe: string;
  readonly events: number;
  readonly ns: number;
}

function isCostRow(value: unknown): value is CostRow {
  if (typeof value !== 'object' || value === null) return false;
  const { probe, events, ns } = value as Partial<Record<keyof CostRow, unknown>>;
  return typeof probe === 'string' && typeof events === 'number' && typeof ns === 'number';
}

/** The last line of type `cost` in what `bpfload --cost -f json` wrote; undefined where there is none. */
export function readCost(text: string): readonly CostRow[] | undefined {
  const line = text
    .split('\n')
    .filter((each) => each.startsWith('{"type": "cost"'))
    .at(-1);
  if (line === undefined) return undefined;
  try {
    const { data } = JSON.parse(line) as { readonly data?: unknown };
    return Array.isArray(data) && data.every(isCostRow) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** Behind the name of the first of probes that share a program (name_of, loader/src/run/cost.c). */
const OTHERS = / and \d+ more$/;

/** What each probe took on the host, by the line that it begins in. */
export function measuredCosts(
  rows: readonly CostRow[],
  program: TypedProgram,
  sources: Sources,
): ReadonlyMap<number, string> {
  const measured = new Map<number, string>();
  for (const { probe, events, ns } of rows) {
    const first = probe.replace(OTHERS, '');
    const known = program.probes.find(({ target, others = [] }) =>
      [{ target }, ...others].some((each) => each.target.name === first),
    );
    if (!known) continue;
    const { line } = sources.globalPosition(known.range.start);
    const text = `${events} events${events > 0 ? ` of ${Math.round(ns / events)} ns` : ''}`;
    const before = measured.get(line);
    measured.set(line, before === undefined ? text : `${before}, ${text}`);
  }
  return measured;
}
