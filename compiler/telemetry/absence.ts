/** What is said of a loader that does not answer: once for each time that it is away. */

/** Milliseconds that a loader may take to end, from the first connection that it breaks to the last line that it prints. */
const LONGEST_END = 10_000;

export interface Absence {
  /** A reading that failed, and why. */
  add(reason: string): void;
  /** A reading that did not. */
  end(): void;
}

/** One that had answered may just be ending, which nobody has to be told: it has time for that. `now` in milliseconds. */
export function createAbsence(
  tell: (reason: string) => void,
  now: () => number = () => performance.now(),
): Absence {
  let since: number | undefined;
  let answered = false;
  let told = false;
  return {
    add(reason) {
      since ??= now();
      if (told || (answered && now() - since < LONGEST_END)) return;
      tell(reason);
      told = true;
    },
    end() {
      since = undefined;
      answered = true;
      told = false;
    },
  };
}
