/**
 * Attach points that one program can serve: those that a list has made of one block, for functions of one file, whose types
 * are those that the block names. Which of them an event belongs to the program knows from its attach cookie, as that of a
 * pattern does.
 */
import type { ProbeTarget } from './probe.ts';
import type { ResolvedTarget } from './providers.ts';

export interface ServedTarget extends ResolvedTarget {
  /** What the program of this target serves, too. */
  readonly others: readonly ResolvedTarget[];
}

/** The targets of one block, of which those that can share a program are one. */
export function shareProgram(resolved: readonly ResolvedTarget[]): readonly ServedTarget[] {
  const served: { first: ResolvedTarget; others: ResolvedTarget[] }[] = [];
  const groups = new Map<string, (typeof served)[number]>();
  for (const one of resolved) {
    const key = groupOf(one);
    const group = key === undefined ? undefined : groups.get(key);
    if (group) group.others.push(one);
    else {
      const alone = { first: one, others: [] };
      served.push(alone);
      if (key !== undefined) groups.set(key, alone);
    }
  }
  return served.map(({ first, others }) =>
    others.length > 0
      ? { ...first, target: manyFunctions(first.target), others }
      : { ...first, others },
  );
}

/** The same for targets that can share a program; undefined for one that cannot. */
function groupOf({ attachPoint, target }: ResolvedTarget): string | undefined {
  const { alias, wildcard, function: name, arguments: typed, target: place } = target;
  if (place.provider !== 'uprobe' && place.provider !== 'uretprobe') return undefined;
  const isShared =
    attachPoint.ofList === true &&
    place.offset === 0 &&
    alias === undefined &&
    typed === undefined &&
    !wildcard &&
    name !== undefined;
  return isShared ? `${place.provider}:${place.path}` : undefined;
}

/** What is known of a program for several functions: as of one for a pattern. */
function manyFunctions(target: ProbeTarget): ProbeTarget {
  return { ...target, section: target.provider, function: undefined, wildcard: true };
}
