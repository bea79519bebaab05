/**
 * What the grammar chooses by. chevrotain finds it out of the grammar each time that a parser is made, which takes it
 * longer than a small script takes the whole compiler; so it is written down (choices.ts, by `npm run docs`), and the
 * parser takes it from there. The tests say whether it is what chevrotain finds.
 */

import {
  EOF,
  getLookaheadPaths,
  type ILookaheadStrategy,
  type LookaheadProductionType,
  type TokenType,
} from './chevrotain.ts';
import { CHOICES } from './choices.ts';
import { VOCABULARY } from './tokens.ts';

/** By places in the grammar (`rule/production/occurrence`): for each alternative the tokens that it begins with. */
export type Choices = Readonly<Record<string, string>>;

/** Between alternatives. */
const OR = ' | ';
/** What an alternative without tokens begins with. */
const ANYTHING = '*';

/** Collects what chevrotain finds out of a grammar that it analyses. */
export function collectChoices(): { readonly strategy: ILookaheadStrategy; found(): Choices } {
  const found = new Map<string, string>();
  const collect = (
    options: Readonly<Pick<Parameters<typeof getLookaheadPaths>[0], 'rule' | 'maxLookahead'>> & {
      readonly prodOccurrence: number;
    },
    prodType: LookaheadProductionType,
  ): void => {
    const { rule, maxLookahead, prodOccurrence: occurrence } = options;
    const paths = getLookaheadPaths({ rule, maxLookahead, occurrence, prodType });
    // The second of an option is what stands behind it.
    const alternatives = prodType === 'Alternation' ? paths : paths.slice(0, 1);
    found.set(`${rule.name}/${prodType}/${occurrence}`, alternatives.map(namesOf).join(OR));
  };
  return {
    strategy: {
      validate: () => [],
      buildLookaheadForAlternation(options) {
        collect(options, 'Alternation');
        return () => undefined;
      },
      buildLookaheadForOptional(options) {
        collect(options, options.prodType);
        return () => false;
      },
    },
    found: () => Object.fromEntries(found),
  };
}

/** Paths are one token long, or none: the parser looks one ahead. */
function namesOf(paths: readonly TokenType[][]): string {
  return paths.map(([first]) => first?.name ?? ANYTHING).join(' ');
}

/** choices.ts. */
export function renderChoices(choices: Choices): string {
  const lines = Object.entries(choices).map(([place, tokens]) => `  '${place}': '${tokens}',`);
  return `/** Written by \`npm run docs\`, out of the grammar: see lookahead.ts. */
import type { Choices } from './lookahead.ts';

export const CHOICES: Choices = {
${lines.join('\n')}
};
`;
}

/** The sides of chevrotain's parser that its types do not show. */
interface Analysed {
  selfAnalysisDone: boolean;
  readonly fullRuleNameToShort: Readonly<Record<string, number>>;
  setLaFuncCache(key: number, choose: Choose): void;
}

interface Looking {
  LA_FAST(ahead: number): { readonly tokenTypeIdx: number };
}

/** The alternative to take, or whether to take an option. */
type Choose = (
  this: Looking,
  alternatives?: readonly { readonly GATE?: () => boolean }[],
) => number | boolean | undefined;

/** chevrotain's numbers of productions (its parse/grammar/keys.ts), in the keys of what it has found. */
const PRODUCTIONS: Readonly<Record<string, number>> = {
  Alternation: 1 << 8,
  Option: 2 << 8,
  Repetition: 3 << 8,
  RepetitionMandatory: 4 << 8,
  RepetitionWithSeparator: 5 << 8,
  RepetitionMandatoryWithSeparator: 6 << 8,
};

/** Does for a parser, at the end of its constructor, what chevrotain's own analysis does. */
export function takeChoices(parser: object): void {
  const analysed = parser as Analysed;
  for (const [place, text] of Object.entries(CHOICES)) {
    const [rule = '', production = '', occurrence] = place.split('/');
    const short = analysed.fullRuleNameToShort[rule];
    const kind = PRODUCTIONS[production];
    if (short === undefined || kind === undefined)
      throw new Error(`the grammar has no ${place}: \`npm run docs\` writes choices.ts anew`);
    const choose = production === 'Alternation' ? alternative(text) : option(text);
    analysed.setLaFuncCache(short | kind | Number(occurrence), choose);
  }
  analysed.selfAnalysisDone = true;
}

/** The first alternative that the next token begins, and whose gate is open. */
function alternative(text: string): Choose {
  const tokens = onFirstUse(text);
  return function (alternatives = []) {
    const type = this.LA_FAST(1).tokenTypeIdx;
    for (const [index, begins] of tokens().entries())
      if (
        (begins === undefined || begins.has(type)) &&
        alternatives[index]?.GATE?.call(this) !== false
      )
        return index;
    return undefined;
  };
}

function option(text: string): Choose {
  const tokens = onFirstUse(text);
  return function () {
    const [begins] = tokens();
    return begins === undefined || begins.has(this.LA_FAST(1).tokenTypeIdx);
  };
}

/** Of each alternative the tokens, undefined where it has none. A script comes to few of all places. */
function onFirstUse(text: string): () => readonly (ReadonlySet<number> | undefined)[] {
  let read: readonly (ReadonlySet<number> | undefined)[] | undefined;
  return () => {
    read ??= text.split(OR).map((names) => {
      const all = names.split(' ');
      return all.includes(ANYTHING) ? undefined : new Set(all.flatMap(numbersOf));
    });
    return read;
  };
}

let byName: ReadonlyMap<string, TokenType> | undefined;

/** A token, and those that count as it. */
function numbersOf(name: string): readonly number[] {
  byName ??= new Map([...VOCABULARY, EOF].map((each) => [each.name, each]));
  const { tokenTypeIdx: own, categoryMatches: others = [] } = byName.get(name) ?? {};
  if (own === undefined) throw new Error(`there is no token ${name}`);
  return [own, ...others];
}
