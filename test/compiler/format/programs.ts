/** Random scripts, as lists of tokens: every form of the grammar, and those that also compile. */
import type { Random } from '../../support/random.ts';

export type Tokens = readonly string[];

/** A script with every form of the grammar; most of them mean nothing. */
export function anyProgram(random: Random): Tokens {
  return [
    ...many(random, 3, () => cItem(random)),
    ...(random.oneIn(3) ? config(random) : []),
    ...many(random, 2, () => ['import', '"lib.bt"', ';']),
    ...Array.from({ length: 1 + random.below(4) }, () => item(random)).flat(),
  ];
}

function many(random: Random, most: number, make: () => Tokens): Tokens {
  return Array.from({ length: random.below(most + 1) }, make).flat();
}

function cItem(random: Random): Tokens {
  return [
    random.pick([
      '#include <linux/sched.h>\n',
      '#define LIMIT  10\n',
      'struct point { int x; /* across */\n    int y; };',
      'enum color { RED, GREEN = 3 }',
    ]),
  ];
}

function config(random: Random): Tokens {
  const entry = (): Tokens => ['max_map_keys', '=', random.pick(['10', '"text"', 'true', 'word'])];
  const entries = Array.from({ length: random.below(3) }, () => [...entry(), ';']).flat();
  return ['config', '=', '{', ...entries, ...(random.oneIn(2) ? entry() : []), '}'];
}

function item(random: Random): Tokens {
  switch (random.below(7)) {
    case 0:
      return ['let', '@declared', '=', 'lruhash', '(', '100', ')', ...optional(random, ';')];
    case 1:
      return [
        'macro',
        'twice',
        '(',
        '$a',
        ',',
        '@b',
        ',',
        'c',
        ...optional(random, ','),
        ')',
        ...block(random, 2),
      ];
    case 2:
      return [
        'fn',
        'f',
        '(',
        '$a',
        ':',
        ...type(random),
        ')',
        ':',
        ...type(random),
        ...block(random, 2),
      ];
    case 3:
      return probeList(random);
    default:
      return probe(random);
  }
}

function probeList(random: Random): Tokens {
  const value = (): string => random.pick(['"read"', '7', '0x10']);
  const element = (): Tokens => [
    ...(random.oneIn(2) ? ['(', value(), ',', '-', '1', ')'] : [value()]),
    ',',
  ];
  const head = [
    ...['$f', ...many(random, 1, () => [',', '$n']), ':'],
    ...['(', ...many(random, 3, element), value(), ')'],
  ];
  const items = many(random, 2, () => (random.oneIn(4) ? probeList(random) : probe(random)));
  return ['for', ...(random.oneIn(2) ? ['(', ...head, ')'] : head), '{', ...items, '}'];
}

function probe(random: Random): Tokens {
  const point = (): string =>
    random.pick([
      'BEGIN',
      'kprobe:vfs_read',
      'interval:s:1',
      'uprobe:/bin/bash:"read line"',
      'named=end',
    ]);
  const points = many(random, 2, () => [point(), ',']);
  const predicate = random.oneIn(2) ? ['/', ...expression(random, 3), '/'] : [];
  return [...points, point(), ...predicate, ...block(random, 3)];
}

function block(random: Random, depth: number): Tokens {
  const statements = many(random, 4, () => statement(random, depth));
  return ['{', ...statements, ...(random.oneIn(3) ? expression(random, 1) : []), '}'];
}

function statement(random: Random, depth: number): Tokens {
  const nested = depth > 0 ? 12 : 6;
  switch (random.below(nested)) {
    case 0:
      return [
        'let',
        '$x',
        ...(random.oneIn(2) ? [':', ...type(random)] : []),
        '=',
        ...expression(random, 2),
        ';',
      ];
    case 1:
      return [
        '@m',
        '[',
        ...expression(random, 1),
        ',',
        'tid',
        ']',
        random.pick(['=', '+=', '<<=']),
        ...expression(random, 3),
        ';',
      ];
    case 2:
      return ['_', '=', ...expression(random, 2), ';'];
    case 3:
      return [random.pick(['break', 'continue', 'return']), ';'];
    case 4:
      return [...call(random, 2), ';'];
    case 5:
      return ['$x', '=', ...valueBlock(random), ';'];
    case 6:
      return ['if', ...condition(random), ...block(random, depth - 1), ...elseParts(random, depth)];
    case 7:
      return ['while', ...condition(random), ...block(random, depth - 1)];
    case 8:
      return ['unroll', '(', '3', ')', ...block(random, depth - 1)];
    case 9:
      return ['for', '(', '$i', ':', '0', '..', '(', '5', ')', ')', ...block(random, depth - 1)];
    case 10:
      return ['for', '$kv', ':', '@m', ...block(random, depth - 1)];
    default:
      return block(random, depth - 1);
  }
}

function elseParts(random: Random, depth: number): Tokens {
  if (random.oneIn(2)) return [];
  if (random.oneIn(2)) return ['else', ...block(random, depth - 1)];
  return ['else', 'if', 'comptime', ...condition(random), ...block(random, depth - 1)];
}

function valueBlock(random: Random): Tokens {
  if (random.oneIn(2)) return ['{', 'let', '$y', '=', '1', ';', ...expression(random, 1), '}'];
  return ['if', ...condition(random), '{', ...expression(random, 1), '}', 'else', '{', '2', '}'];
}

function condition(random: Random): Tokens {
  return ['(', ...expression(random, 2), ')'];
}

function call(random: Random, depth: number): Tokens {
  const count = random.below(4);
  const args = Array.from({ length: count }, (_, index) => [
    ...expression(random, depth - 1),
    ...(index < count - 1 || random.oneIn(6) ? [','] : []),
  ]).flat();
  return [
    random.pick(['printf', 'print', 'hist', 'a_rather_long_name_of_a_macro']),
    '(',
    ...args,
    ')',
  ];
}

function expression(random: Random, depth: number): Tokens {
  if (depth === 0)
    return [
      random.pick([
        '$variable',
        '@',
        '@map',
        '0x1F',
        '1e6',
        '5ms',
        '"te\\"xt"',
        'comm',
        '$1',
        '$#',
        'true',
      ]),
    ];
  const inner = (): Tokens => expression(random, depth - 1);
  switch (random.below(16)) {
    case 0:
    case 1:
      return [
        ...inner(),
        random.pick(['+', '-', '*', '/', '&&', '||', '==', '<<', '|']),
        ...inner(),
      ];
    case 2:
      return ['(', ...inner(), random.pick(['&&', '||']), ...inner(), '&&', ...inner(), ')'];
    case 3:
      return ['(', ...inner(), ')', '?', ...inner(), ':', ...inner()];
    case 4:
      return ['$a', '?', ':', ...inner()];
    case 5:
      return [
        random.pick(['-', '!', '~', '*', '&']),
        random.pick(['-', '!', '~', '++', '--', '&']),
        '$p',
      ];
    case 6:
      return [random.pick(['++', '--']), '$n'];
    case 7:
      return ['@m', '[', ...inner(), ']', random.pick(['++', '--'])];
    case 8:
      return ['(', ...type(random), ')', '$cast'];
    case 9:
      return call(random, depth);
    case 10:
      return ['(', '(', ...inner(), ')', ')'];
    case 11:
      return ['curtask', '->', 'mm', '.', 'owner', '[', ...inner(), ']'];
    case 12:
      return ['(', ...inner(), ',', ...inner(), ...optional(random, ','), ')', '.', '1'];
    case 13:
      return ['(', 'first', '=', ...inner(), ',', 'second', '=', '2', ')'];
    case 14:
      return random.pick([
        ['sizeof', '(', 'struct', 'task_struct', '*', ')'],
        ['offsetof', '(', 'struct', 'file', ',', 'f_path', '.', 'mnt', ')'],
        ['comptime', '(', '1', '+', '2', ')'],
      ]);
    default:
      return inner();
  }
}

function type(random: Random): Tokens {
  return random.pick([
    ['int64'],
    ['struct', 'file', '*', '*'],
    ['uint8', '[', '4', ']'],
    ['typeof', '(', '$x', ')'],
    ['string', '[', '16', ']', '*'],
  ]);
}

function optional(random: Random, token: string): Tokens {
  return random.oneIn(2) ? [token] : [];
}

// ---- programs that compile ------------------------------------------------------------------------

/** A script of integers, maps and output, which always compiles. */
export function validProgram(random: Random): Tokens {
  const probes = Array.from({ length: 1 + random.below(3) }, () => [
    random.pick(['BEGIN', 'END', 'interval:ms:100', 'profile:hz:99']),
    ...(random.oneIn(2) ? ['/', ...integer(random, 2), '/'] : []),
    '{',
    ...['$a', '=', '(', 'uint64', ')', ...integer(random, 1), ';'],
    ...Array.from({ length: 1 + random.below(4) }, () => validStatement(random, 2)).flat(),
    '}',
  ]);
  return probes.flat();
}

function validStatement(random: Random, depth: number): Tokens {
  const inner = (): Tokens => (depth > 0 ? validStatement(random, depth - 1) : []);
  switch (random.below(7)) {
    case 0:
      return ['$a', '=', '(', 'uint64', ')', '(', ...integer(random, 3), ')', ';'];
    case 1:
      return ['@total', '[', ...integer(random, 1), ',', 'comm', ']', '=', 'count', '(', ')', ';'];
    case 2:
      return [
        'printf',
        '(',
        '"%d %d\\n"',
        ',',
        ...integer(random, 2),
        ',',
        ...integer(random, 2),
        ')',
        ';',
      ];
    case 3:
      return [
        'if',
        '(',
        ...integer(random, 2),
        ')',
        '{',
        ...inner(),
        '}',
        'else',
        '{',
        ...inner(),
        '}',
      ];
    case 4:
      return [
        'for',
        '(',
        `$i${depth}`,
        ':',
        '0',
        '..',
        '3',
        ')',
        '{',
        '@steps',
        '+=',
        '1',
        ';',
        ...inner(),
        '}',
      ];
    case 5:
      return ['unroll', '(', '2', ')', '{', ...inner(), '}'];
    default:
      return ['@last', '=', '(', 'uint64', ')', '(', ...integer(random, 2), ')', ';'];
  }
}

function integer(random: Random, depth: number): Tokens {
  if (depth === 0) return [random.pick(['pid', '7', '0x1f', 'nsecs', '1e3', 'cpu'])];
  const inner = (): Tokens => integer(random, depth - 1);
  switch (random.below(6)) {
    case 0:
      return ['(', ...inner(), random.pick(['+', '-', '*', '&', '|', '^']), ...inner(), ')'];
    case 1:
      return ['(', 'pid', '>', ...inner(), '?', ...inner(), ':', ...inner(), ')'];
    case 2:
      return ['(', 'uint64', ')', '(', ...inner(), '>>', '1', ')'];
    case 3:
      return ['(', 'pid', '==', ...inner(), '&&', ...inner(), '!=', 'tid', ')'];
    case 4:
      return ['~', ...inner()];
    default:
      return inner();
  }
}

// ---- text -----------------------------------------------------------------------------------------

/** The tokens with white space and comments between them, none of which changes what they mean. */
export function spellOut(tokens: Tokens, random: Random, comments: boolean): string {
  let count = 0;
  const gap = (): string => {
    const white = random.pick([' ', ' ', ' ', '\n', '\t', '  \n\n\n  ', '\r\n']);
    if (!comments || !random.oneIn(5)) return white;
    count += 1;
    return random.pick([
      ` // line ${count}\n`,
      `\n// own ${count}\n`,
      `\n\n  // own ${count}\n\n\n`,
      ` /* block ${count} */ `,
      ` /* block ${count} */\n`,
      `\n/* own ${count} */\n`,
      `\n/*\n   * starred ${count}\n */\n`,
      ` /* free\n     text ${count} */ `,
      ` /* two */ // ${count}\n`,
    ]);
  };
  return tokens.map((token) => gap() + token).join('') + gap();
}
