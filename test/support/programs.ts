/** Random small programs, each with what the language says that it prints: the oracle runs while the text is made. */
import { type Aggregate, keyText, randomAggregate } from './aggregates.ts';
import { createRandom } from './random.ts';

/**
 * What a program does: `once` it runs a single time; `firing` it runs again and again, with aggregations, and reads what
 * it left; in a `storm` it runs on several CPUs at once, so that it does only what no order changes.
 */
export type Variant = 'once' | 'firing' | 'storm';

/** What stays between two runs. */
export interface Maps {
  readonly byNumber: Map<bigint, bigint>;
  readonly byText: Map<string, bigint>;
  /** Of each aggregation the numbers that it was given, by key. */
  readonly given: Map<Aggregate, Map<string, bigint[]>>;
}

/** Where a program stands: variables, maps and what it has printed. */
interface State extends Maps {
  readonly numbers: Map<string, bigint>;
  readonly texts: Map<string, string>;
  printed: string;
}

type Outcome = 'next' | 'break' | 'continue' | 'return';

interface Expression {
  readonly text: string;
  readonly value: (state: State) => bigint;
}

interface Statement {
  readonly text: string;
  readonly run: (state: State) => Outcome;
}

/** What a place in a program can name, and how deep it is. */
interface Scope {
  readonly readable: readonly [string, ...string[]];
  readonly depth: number;
  readonly inLoop: boolean;
}

export interface RandomProgram {
  /** Statements, with `NAME` where its maps are named and `INPUT` where a number comes in. */
  readonly body: string;
  readonly aggregates: readonly Aggregate[];
  /** What the program prints for each of the inputs, one after the other, and what it leaves in its maps. */
  readonly expect: (inputs: readonly bigint[]) => Maps & { readonly printed: readonly string[] };
}

const FLAT = ['set', 'set', 'update', 'choose', 'store', 'add', 'delete', 'step', 'print'] as const;
const NESTED = ['if', 'if', 'jump', 'walk', 'loop'] as const;
type Kind = (typeof FLAT | typeof NESTED)[number] | 'aggregate' | 'forget' | 'sum up';

/** Statements by what a program does: those that fit everywhere, and those that hold others. */
const KINDS: Readonly<Record<Variant, readonly [readonly [Kind, ...Kind[]], readonly Kind[]]>> = {
  once: [FLAT, NESTED],
  firing: [
    [...FLAT, 'aggregate', 'aggregate', 'aggregate', 'forget'],
    [...NESTED, 'sum up'],
  ],
  storm: [
    ['set', 'update', 'choose', 'step', 'aggregate', 'aggregate', 'aggregate', 'aggregate'],
    ['if', 'if', 'jump', 'loop'],
  ],
};

const NUMBERS = ['$a', '$b', '$c'] as const;
const TEXTS = ['$s', '$t'] as const;
const WORDS = ['', 'a', 'key', 'longer text', 'the longest text of all, of 40 characters'] as const;

const OPERATORS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '/': (a, b) => (b === 0n ? 1n : a / b),
  '%': (a, b) => (b === 0n ? 1n : a % b),
};

const COMPARISONS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
};

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

export function randomProgram(seed: number, variant: Variant = 'once'): RandomProgram {
  const random = createRandom(seed);
  let names = 0;
  const aggregates =
    variant === 'once'
      ? []
      : Array.from({ length: 6 }, (_, index) => randomAggregate(random, index));
  const [flat, nested] = KINDS[variant];

  const constant = (): Expression => {
    const value = BigInt(random.pick([0, 1, 2, 3, 5, 10, 100, -1, -7, 70000]));
    return { text: `(int64)${value}`, value: () => value };
  };
  const variable = (scope: Scope): Expression => {
    const name = random.pick(scope.readable);
    return { text: name, value: (state) => state.numbers.get(name) ?? 0n };
  };
  const key = (scope: Scope, depth: number): Expression => {
    const of = expression(scope, depth);
    return { text: `(${of.text} & 3)`, value: (state) => of.value(state) & 3n };
  };
  const text = (): { readonly text: string; readonly value: (state: State) => string } => {
    if (random.oneIn(2)) {
      const name = random.pick(TEXTS);
      return { text: name, value: (state) => state.texts.get(name) ?? '' };
    }
    const word = random.pick(WORDS);
    return { text: `"${word}"`, value: () => word };
  };
  const condition = (scope: Scope, depth: number): Expression => {
    if (random.oneIn(5)) {
      const [left, right] = [random.pick(TEXTS), text()];
      return {
        text: `${left} == ${right.text}`,
        value: (state) => (state.texts.get(left) === right.value(state) ? 1n : 0n),
      };
    }
    if (variant !== 'storm' && random.oneIn(6)) {
      const at = key(scope, depth - 1);
      return {
        text: `has_key(@nNAME, ${at.text})`,
        value: (state) => (state.byNumber.has(at.value(state)) ? 1n : 0n),
      };
    }
    if (depth > 0 && random.oneIn(4)) {
      const [a, b] = [condition(scope, depth - 1), condition(scope, depth - 1)];
      return random.oneIn(2)
        ? { text: `(${a.text} && ${b.text})`, value: (s) => (a.value(s) ? b.value(s) : 0n) }
        : { text: `(${a.text} || ${b.text})`, value: (s) => (a.value(s) ? 1n : b.value(s)) };
    }
    const operator = random.pick(['==', '!=', '<', '>=']);
    const [a, b] = [expression(scope, depth - 1), expression(scope, depth - 1)];
    const compare = COMPARISONS[operator];
    return {
      text: `(${a.text} ${operator} ${b.text})`,
      value: (state) => (compare?.(a.value(state), b.value(state)) ? 1n : 0n),
    };
  };
  const expression = (scope: Scope, depth: number): Expression => {
    if (depth <= 0) return random.oneIn(3) ? constant() : variable(scope);
    const choice = random.below(variant === 'firing' ? 11 : 8);
    if (variant === 'storm' && (choice === 1 || choice === 3)) return variable(scope);
    switch (choice) {
      case 0: {
        const [c, a, b] = [
          condition(scope, depth - 1),
          expression(scope, depth - 1),
          expression(scope, depth - 1),
        ];
        return {
          text: `(${c.text} ? ${a.text} : ${b.text})`,
          value: (state) => (c.value(state) ? a : b).value(state),
        };
      }
      case 1: {
        const at = key(scope, depth - 1);
        return {
          text: `@nNAME[${at.text}]`,
          value: (state) => state.byNumber.get(at.value(state)) ?? 0n,
        };
      }
      case 2: {
        const of = text();
        return {
          text: `(int64)strlen(${of.text})`,
          value: (state) => BigInt(of.value(state).length),
        };
      }
      case 3: {
        const of = text();
        return {
          text: `@tNAME[${of.text}]`,
          value: (state) => state.byText.get(of.value(state)) ?? 0n,
        };
      }
      case 8:
      case 9:
        return reading(scope, depth);
      default: {
        // Each division by zero is told, which takes a storm's time.
        const operator = random.pick(
          variant === 'storm'
            ? ['+', '-', '*', '&', '|', '^']
            : ['+', '-', '*', '&', '|', '^', '/', '%'],
        );
        const [a, b] = [expression(scope, depth - 1), expression(scope, depth - 1)];
        const compute = OPERATORS[operator];
        return {
          text: `(${a.text} ${operator} ${b.text})`,
          value: (state) => wrap(compute?.(a.value(state), b.value(state)) ?? 0n),
        };
      }
    }
  };

  const aggregate = (): Aggregate => {
    const found = aggregates[random.below(aggregates.length)];
    if (!found) throw new Error('a program without aggregations has no use of one');
    return found;
  };
  const give = (of: Aggregate, scope: Scope, depth: number): Statement => {
    const [at, value] = [place(of, scope, depth), expression(scope, depth)];
    return simple(`${of.name}${at.text} = ${of.call(value.text)};`, (s) => {
      const [given, where] = [value.value(s), at.of(s)];
      const byKey = s.given.get(of) ?? new Map<string, bigint[]>();
      s.given.set(of, byKey);
      byKey.set(where, [...(byKey.get(where) ?? []), given]);
    });
  };
  /** A key of an aggregation, as it stands behind its name, and as the loader prints it. */
  const place = (of: Aggregate, scope: Scope, depth = 1) => {
    const [number, word] = [key(scope, depth), text()];
    return {
      text: of.by === 'none' ? '' : `[${keyText(of, number.text, word.text)}]`,
      arguments: of.by === 'none' ? '' : `, (${keyText(of, number.text, word.text)})`,
      of: (s: State): string =>
        of.by === 'none' ? '' : keyText(of, `${number.value(s)}`, word.value(s)),
    };
  };
  /** What an aggregation is so far. */
  const reading = (scope: Scope, depth: number): Expression => {
    const of = aggregate();
    if (of.by !== 'none' && random.oneIn(3))
      return {
        text: `(int64)len(${of.name})`,
        value: (s) => BigInt(s.given.get(of)?.size ?? 0),
      };
    const at = place(of, scope);
    if (of.reads === undefined) {
      if (of.by === 'none') return expression(scope, depth - 1);
      return {
        text: `(int64)has_key(${of.name}${at.arguments})`,
        value: (s) => (s.given.get(of)?.has(at.of(s)) ? 1n : 0n),
      };
    }
    const { reads } = of;
    return {
      text: `(int64)${of.name}${at.text}`,
      value: (s) => {
        const numbers = s.given.get(of)?.get(at.of(s));
        return numbers ? wrap(reads(numbers)) : 0n;
      },
    };
  };

  const statement = (scope: Scope): Statement => {
    const inner = { ...scope, depth: scope.depth - 1 };
    const kind = random.pick(scope.depth > 0 ? [...flat, ...nested] : flat);
    switch (kind) {
      case 'aggregate':
        return give(aggregate(), scope, 2);
      case 'forget': {
        const of = aggregate();
        const at = place(of, scope);
        return simple(`delete(${of.name}${at.arguments});`, (s) =>
          s.given.get(of)?.delete(at.of(s)),
        );
      }
      case 'sum up': {
        const [of, name, kv] = [aggregate(), random.pick(NUMBERS), `$kv${names++}`];
        const { reads } = of;
        if (of.by === 'none' || reads === undefined) return print(scope);
        return simple(`for ${kv} : ${of.name} { ${name} += (int64)${kv}.1; }`, (s) => {
          for (const numbers of s.given.get(of)?.values() ?? [])
            s.numbers.set(name, wrap((s.numbers.get(name) ?? 0n) + reads(numbers)));
        });
      }
      case 'set': {
        const [name, value] = [random.pick(NUMBERS), expression(scope, 2)];
        return simple(`${name} = ${value.text};`, (s) => s.numbers.set(name, value.value(s)));
      }
      case 'update': {
        const [name, operator] = [
          random.pick(NUMBERS),
          random.pick(variant === 'storm' ? ['+', '-', '*', '^'] : ['+', '-', '*', '^', '/']),
        ];
        const value = expression(scope, 1);
        return simple(`${name} ${operator}= ${value.text};`, (s) => {
          const now = s.numbers.get(name) ?? 0n;
          s.numbers.set(name, wrap(OPERATORS[operator]?.(now, value.value(s)) ?? 0n));
        });
      }
      case 'choose': {
        const name = random.pick(TEXTS);
        const [c, a, b] = [condition(scope, 1), text(), text()];
        return simple(`${name} = ${c.text} ? ${a.text} : ${b.text};`, (s) =>
          s.texts.set(name, (c.value(s) ? a : b).value(s)),
        );
      }
      case 'store': {
        const [at, value] = [key(scope, 1), expression(scope, 2)];
        return simple(`@nNAME[${at.text}] = ${value.text};`, (s) => {
          const stored = value.value(s);
          s.byNumber.set(at.value(s), stored);
        });
      }
      case 'add': {
        const [at, value] = [text(), expression(scope, 1)];
        return simple(`@tNAME[${at.text}] += ${value.text};`, (s) => {
          const where = at.value(s);
          s.byText.set(where, wrap((s.byText.get(where) ?? 0n) + value.value(s)));
        });
      }
      case 'delete': {
        const at = key(scope, 1);
        return simple(`delete(@nNAME, ${at.text});`, (s) => s.byNumber.delete(at.value(s)));
      }
      case 'step': {
        const name = random.pick(NUMBERS);
        const other = random.pick(NUMBERS);
        return simple(`${name} = ${other}++ * 2;`, (s) => {
          const now = s.numbers.get(other) ?? 0n;
          s.numbers.set(other, wrap(now + 1n));
          s.numbers.set(name, wrap(now * 2n));
        });
      }
      case 'print':
        return print(scope);
      case 'if': {
        const [c, yes, no] = [condition(scope, 2), block(inner), block(inner)];
        return {
          text: `if ${c.text} { ${yes.text} } else { ${no.text} }`,
          run: (s) => (c.value(s) ? yes : no).run(s),
        };
      }
      case 'jump': {
        const word = scope.inLoop ? random.pick(['break', 'continue', 'return']) : 'return';
        const c = condition(scope, 2);
        const go: Outcome = word === 'break' || word === 'continue' ? word : 'return';
        return { text: `if ${c.text} { ${word}; }`, run: (s) => (c.value(s) ? go : 'next') };
      }
      case 'walk': {
        // Only sums, because the order of keys is the kernel's.
        const name = random.pick(NUMBERS);
        const kv = `$kv${names++}`;
        return simple(`for ${kv} : @nNAME { ${name} += ${kv}.0 * 3 + ${kv}.1; }`, (s) => {
          for (const [at, value] of s.byNumber)
            s.numbers.set(name, wrap((s.numbers.get(name) ?? 0n) + at * 3n + value));
        });
      }
      case 'loop':
        return loop(scope);
    }
  };
  const loop = (scope: Scope): Statement => {
    const index = `$i${names++}`;
    const [from, width] = [key(scope, 1), key(scope, 1)];
    const body = block({
      ...scope,
      readable: [...scope.readable, index],
      depth: scope.depth - 1,
      inLoop: true,
    });
    return {
      text: `for ${index} : ${from.text}..(${from.text} + ${width.text}) { ${body.text} }`,
      run: (s) => {
        const first = from.value(s);
        const end = first + width.value(s);
        for (let at = first; at < end; at++) {
          s.numbers.set(index, at);
          const outcome = body.run(s);
          if (outcome === 'break') break;
          if (outcome === 'return') return outcome;
        }
        return 'next';
      },
    };
  };
  const print = (scope: Scope): Statement => {
    const [value, of] = [expression(scope, 1), text()];
    return simple(`printf("%lld %s;", ${value.text}, ${of.text});`, (s) => {
      s.printed += `${value.value(s)} ${of.value(s)};`;
    });
  };
  const block = (scope: Scope): Statement => {
    const statements = Array.from({ length: 1 + random.below(4) }, () => statement(scope));
    return {
      text: statements.map((each) => each.text).join('\n'),
      run: (s) => {
        for (const each of statements) {
          const outcome = each.run(s);
          if (outcome !== 'next') return outcome;
        }
        return 'next';
      },
    };
  };

  const scope: Scope = { readable: [...NUMBERS], depth: 3, inLoop: false };
  const parts = [
    statement(scope),
    loop(scope),
    statement(scope),
    block(scope),
    variant === 'storm' ? block(scope) : print(scope),
    // What is read has to be given something somewhere, which does not read it.
    ...(variant === 'firing' ? aggregates.map((of) => give(of, scope, 0)) : []),
  ];
  const begins = variant === 'storm' ? '' : `@nNAME[3] = $a; @tNAME["${WORDS[4]}"] = (int64)0;`;
  return {
    body: `$a = (int64)INPUT; $b = $a * 7 - 3; $c = (int64)0; $s = ""; $t = "${WORDS[4]}"; $s = "key";
${begins}
${parts.map((part) => part.text).join('\n')}`,
    aggregates,
    expect: (inputs) => {
      const maps: Maps = { byNumber: new Map(), byText: new Map(), given: new Map() };
      const printed = inputs.map((input) => {
        if (begins) {
          maps.byNumber.set(3n, input);
          maps.byText.set(WORDS[4], 0n);
        }
        const state = { ...maps, ...variables(input), printed: '' };
        for (const part of parts) if (part.run(state) !== 'next') break;
        return state.printed;
      });
      return { ...maps, printed };
    },
  };
}

/** What variables have when a program begins. */
function variables(input: bigint): Pick<State, 'numbers' | 'texts'> {
  return {
    numbers: new Map([
      ['$a', input],
      ['$b', wrap(input * 7n - 3n)],
      ['$c', 0n],
    ]),
    texts: new Map([
      ['$s', 'key'],
      ['$t', WORDS[4]],
    ]),
  };
}

function simple(text: string, change: (state: State) => void): Statement {
  return {
    text,
    run: (state) => {
      change(state);
      return 'next';
    },
  };
}
