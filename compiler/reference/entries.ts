/** All that the reference has an example of, in the order of its pages. */
import { AGGREGATIONS } from '../analysis/aggregates.ts';
import { SETTINGS } from '../analysis/settings.ts';
import { builtins } from '../builtins/builtins.ts';
import { TIME_CONVERSIONS } from '../builtins/time.ts';
import { CONVERSIONS } from '../types/format.ts';
import { BUILT_IN_EXAMPLES } from './built-in-examples.ts';
import type { Entry } from './entry.ts';
import {
  AGGREGATION_EXAMPLES,
  CONVERSION_EXAMPLES,
  SETTING_EXAMPLES,
  TIME_EXAMPLE,
} from './other-examples.ts';

export interface Shown {
  /** What its output is recorded under: `printf`, `count`, `config.max_strlen`, `%d`, `strftime %H`. */
  readonly id: string;
  readonly entry: Entry;
}

/** arg1 to arg11 are shown with arg0. */
export const isRepeated = (name: string): boolean => /^arg[1-9]\d?$/.test(name);

/** The example of a table's row, which has to be there. */
export function entryOf(examples: Readonly<Record<string, Entry>>, name: string): Entry {
  const entry = examples[name];
  if (!entry) throw new Error(`the reference has no example of ${name}`);
  return entry;
}

export const settingId = (name: string): string => `config.${name}`;
export const conversionId = (name: string): string => `%${name}`;
export const timeId = (letter: string): string => `strftime %${letter}`;

function shown(
  names: readonly string[],
  examples: Readonly<Record<string, Entry>>,
  id: (name: string) => string = (name) => name,
): readonly Shown[] {
  return names.map((name) => ({ id: id(name), entry: entryOf(examples, name) }));
}

export const ENTRIES: readonly Shown[] = [
  ...shown(
    builtins.map(({ name }) => name).filter((name) => !isRepeated(name)),
    BUILT_IN_EXAMPLES,
  ),
  ...shown(Object.keys(AGGREGATIONS), AGGREGATION_EXAMPLES),
  ...shown([...SETTINGS.keys()], SETTING_EXAMPLES, settingId),
  ...shown(Object.keys(CONVERSIONS), CONVERSION_EXAMPLES, conversionId),
  ...Object.keys(TIME_CONVERSIONS).map((letter) => ({
    id: timeId(letter),
    entry: TIME_EXAMPLE(letter),
  })),
];

/** The text of outputs.ts. */
export function recorded(outputs: Readonly<Record<string, string>>): string {
  return `/** Made by \`npm run docs -- --run\`: what the examples of the reference printed. */
export const OUTPUTS: Readonly<Record<string, string>> = ${JSON.stringify(outputs, undefined, 2)};
`;
}
