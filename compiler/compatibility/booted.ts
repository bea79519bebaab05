/** What the loader made of objects in a guest, in the words of a check. */
import { statSync } from 'node:fs';
import { asText } from '../../linker/inspect/json.ts';
import type { Compatibility } from './check.ts';
import { type Finding, isFault } from './finding.ts';
import { type ObjectView, type ProbeView, probesOf, type ScriptPlace } from './object.ts';

/** What the loader said, and how it ended. */
interface LoadResult {
  readonly status: number;
  readonly said: string;
}

/** What the loader says of an object that it does not load: `FILE:LINE: ERROR: ...`, and perhaps a hint. */
interface Refusal {
  readonly reason: string;
  readonly hint: string | undefined;
  readonly place: ScriptPlace | undefined;
}

const LARGEST_FILE = 2 ** 26;
/** Probes of the machine itself, which a guest has not. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(['hardware', 'watchpoint']);

/** Files of this machine that the object's probes attach to, and which a guest gets; no patterns, and no bare names. */
export function tracedFiles(object: ObjectView): readonly string[] {
  return probesOf(object).flatMap((probe) => (isFile(probe) ? [pathOf(probe)] : []));
}

function pathOf({ target }: ProbeView): string {
  return asText(target.path);
}

function isFile(probe: ProbeView): boolean {
  const path = pathOf(probe);
  if (!path.startsWith('/') || path.includes('*')) return false;
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size <= LARGEST_FILE;
}

/** What a guest lacks of what the object traces: its refusal says nothing of the kernel then. */
function missingInGuests(object: ObjectView): ProbeView | undefined {
  return probesOf(object).find(
    (probe) =>
      OF_THE_MACHINE.has(probe.provider) || (probe.target.path !== undefined && !isFile(probe)),
  );
}

/** Of one object on a kernel that was booted. */
export function booted(object: ObjectView, release: string, result: LoadResult): Compatibility {
  const finding = findingOf(object, result);
  return { release, loads: !isFault(finding), findings: [finding] };
}

function findingOf(object: ObjectView, { status, said }: LoadResult): Finding {
  const about = { kind: 'boot', name: 'bpfload' } as const;
  if (status === 0) return { ...about, verdict: 'ok' };
  const { reason, hint, place } = refusalOf(said, status);
  const lacking = missingInGuests(object);
  if (lacking)
    return {
      ...about,
      verdict: 'unknown',
      reason: `${lacking.name} cannot be tried in a guest: ${reason}`,
      place: lacking.place,
    };
  return { ...about, verdict: 'refused', reason, place, ...(hint === undefined ? {} : { hint }) };
}

function refusalOf(said: string, status: number): Refusal {
  const [, file, line, text] = /^(?:(\S+?):(\d+)(?::[\d-]+)?: )?ERROR: (.*)$/m.exec(said) ?? [];
  const [, hint] = /^HINT: (.*)$/m.exec(said) ?? [];
  return {
    reason: text ?? `bpfload ended with status ${status}.`,
    hint,
    place:
      file === undefined || line === undefined
        ? undefined
        : { file, line: Number(line), column: 0 },
  };
}
