/** Tests that need something of the machine: where it is not here they are skipped, and their titles say what lacks. */
import { describe, it } from 'vitest';
import { isHere, type Need } from './machine.ts';

type Titled = (title: string, ...rest: never[]) => unknown;

/** A function of vitest that takes a title, and its `each`, with a note behind the titles. */
function noted<Api extends Titled>(api: Api, note: string): Api {
  return new Proxy(api, {
    apply: (target, self, [title, ...rest]: readonly unknown[]): unknown =>
      Reflect.apply(target, self, [`${title} ${note}`, ...rest]),
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      if (property !== 'each' || typeof value !== 'function') return value;
      return (...rows: readonly unknown[]) =>
        noted(Reflect.apply(value, target, rows) as Titled, note);
    },
  });
}

/** `describe` and `it` for tests that need something of the machine. */
export function needs(...all: readonly Need[]): {
  readonly describe: typeof describe.skip;
  readonly it: typeof it.skip;
} {
  const lacking = all.filter((need) => !isHere(need));
  if (lacking.length === 0) return { describe, it };
  const note = `(not here: ${lacking.join(', ')})`;
  return { describe: noted(describe.skip, note), it: noted(it.skip, note) };
}
