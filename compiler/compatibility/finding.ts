/** What a check of an object against a kernel says of one thing that the object asks for. */
import type { ScriptPlace } from './object.ts';

/** From the best to the worst. */
export const VERDICTS = [
  'ok',
  'adapted',
  'left out',
  'unknown',
  'missing',
  'other layout',
  'refused',
] as const;

/**
 * `adapted`: the kernel has it elsewhere, or as another number, and loading the object takes care of that. `left out`:
 * the kernel lacks it, and the script goes on without. `unknown`: the description does not say. `missing`, `other
 * layout`: the object does not load. `refused`: a kernel that was booted did not load it.
 */
export type Verdict = (typeof VERDICTS)[number];

export const FEATURE_KINDS = [
  'architecture',
  'probe',
  'program type',
  'map type',
  'helper',
  'kernel function',
  'kernel variable',
  'feature',
  'config',
  'tracepoint field',
  'argument',
  'member',
  'type',
  'enumerator',
  'copied struct',
  'boot',
] as const;

export type FeatureKind = (typeof FEATURE_KINDS)[number];

export interface Finding {
  readonly kind: FeatureKind;
  /** As scripts and kernels call it: `struct sock.sk_tsflags`, `sched:sched_switch.next_pid`, `bpf_loop`. */
  readonly name: string;
  readonly verdict: Verdict;
  /** A whole sentence; of all that is not ok. */
  readonly reason?: string;
  readonly hint?: string;
  readonly place?: ScriptPlace | undefined;
}

export function isFault({ verdict }: Pick<Finding, 'verdict'>): boolean {
  return verdict === 'missing' || verdict === 'other layout' || verdict === 'refused';
}

export function worse(one: Verdict, other: Verdict): boolean {
  return VERDICTS.indexOf(one) > VERDICTS.indexOf(other);
}

/** One finding for each thing: the worst of those about it, the first where several are equally bad. */
export function summarise(findings: readonly Finding[]): readonly Finding[] {
  const worst = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.kind} ${finding.name}`;
    const known = worst.get(key);
    if (!known || worse(finding.verdict, known.verdict)) worst.set(key, finding);
  }
  return [...worst.values()].sort(
    (one, other) => FEATURE_KINDS.indexOf(one.kind) - FEATURE_KINDS.indexOf(other.kind),
  );
}
