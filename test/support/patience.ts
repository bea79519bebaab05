/**
 * How long tests wait for what has to come. No test says how long something takes: what comes late on a busy machine is
 * right, and only what hangs ends by a limit.
 */

/** What takes longer hangs, on a machine that is forty times as slow as a quiet one. Mutants, of which many hang, wait less. */
export const HANGS_SECONDS = Number(process.env.BPFSCRIPT_HANGS_SECONDS ?? 600);
export const HANGS_MS = HANGS_SECONDS * 1000;

/** Looks again until something is so; `what`: for the error, where it never is. */
export async function until(condition: () => boolean, what: () => string): Promise<void> {
  const end = performance.now() + HANGS_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what()}: it does not come`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Flags of vmrun.sh, for a command in a guest and for all of it. */
export const GUEST_LIMITS: readonly string[] = [
  ...['-T', String(HANGS_SECONDS), '-t', String(2 * HANGS_SECONDS)],
];
