/** Scripts that are nearly right: pieces of scripts changed, moved and repeated. */
import type { Random } from '../support/random.ts';

const PIECE = /\s+|[A-Za-z_$@][\w$]*|\d\w*|"(?:[^"\\\n]|\\.)*"?|\/\/[^\n]*|[-+*/%<>=!&|^]+|./gs;

export const piecesOf = (script: string): readonly string[] => script.match(PIECE) ?? [];

const NUMBERS: readonly [string, ...string[]] = [
  ...(['0', '1', '-1', '2', '7', '63', '64', '65', '255', '4096', '65536', '2147483648'] as const),
  ...['4294967296', '9223372036854775807', '9223372036854775808', '18446744073709551615'],
  ...['18446744073709551616', '0x', '1e9', '1e99', '1_000', '010', '5s', '1us', '9999999999999h'],
];
const WORDS: readonly [string, ...string[]] = [
  ...([
    '"',
    "'",
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    ';',
    ',',
    '.',
    '->',
    '/',
    '?',
    ':',
    '@',
    '$',
  ] as const),
  ...[
    '@x',
    '$x',
    '$1',
    '$#',
    '*',
    '&',
    '!',
    '~',
    '++',
    '--',
    '=',
    '+=',
    '<<',
    '..',
    '\\',
    '#',
    '`',
  ],
  ...['\u0000', '\u00e4', '\u2028', '\ud83d\ude00', '\ufeff', '\r\n', '\t', '/*', '*/', '//', ''],
  ...['if', 'else', 'unless', 'while', 'for', 'unroll', 'let', 'fn', 'macro', 'import', 'config'],
  ...['return', 'break', 'continue', 'struct', 'enum', 'union', 'sizeof', 'offsetof', 'typeof'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'true', 'int8', 'string', 'void'],
  ...['comm', 'pid', 'args', 'ctx', 'arg0', 'retval', 'kstack', 'ustack', 'curtask', 'func', 'cpu'],
  ...['count()', 'hist(1)', 'str(0)', 'buf(0)', 'print(@)', 'clear(@)', 'delete(@x, 1)', '(1, 2)'],
  ...['((int8)1)', '(struct task_struct *)0', '(a = 1)', '*(uint8 *)1', '"%s"', '"%99999999d"'],
];

/** A script made of one of the seeds. Up to six changes; now and then of two scripts. */
export function mutate(seeds: readonly (readonly string[])[], random: Random): string {
  const seed = (): readonly string[] => seeds[random.below(seeds.length)] ?? [];
  const pieces = [...seed()];
  for (let changes = random.oneIn(2) ? 1 : 1 + random.below(6); changes > 0; changes -= 1)
    change(pieces, seed(), random);
  return pieces.join('');
}

/** The piece behind the bracket that belongs to the one at `at`; the one behind it where there is none. */
function behind(pieces: readonly string[], at: number): number {
  let depth = 0;
  for (let i = at; i < pieces.length; i += 1) {
    if ('([{'.includes(pieces[i] || ' ')) depth += 1;
    else if (')]}'.includes(pieces[i] || ' ')) depth -= 1;
    if (depth <= 0) return i + 1;
  }
  return at + 1;
}

function change(pieces: string[], other: readonly string[], random: Random): void {
  const at = random.below(pieces.length + 1);
  const length = random.oneIn(2) ? 1 : behind(pieces, at) - at;
  const from = random.below(other.length + 1);
  switch (random.below(10)) {
    case 0:
      pieces.splice(at, length);
      break;
    case 1:
      pieces.splice(at, 0, ...pieces.slice(at, at + length));
      break;
    case 2:
      pieces.splice(at, length, ...other.slice(from, behind(other, from)));
      break;
    case 3:
      pieces.splice(at, 0, ...other.slice(from, from + 1 + random.below(30)));
      break;
    case 4:
      pieces.splice(at, random.below(2), random.pick(WORDS));
      break;
    case 5: {
      const number = pieces.findIndex((piece, index) => index >= at && /^\d/.test(piece));
      if (number >= 0) pieces[number] = random.pick(NUMBERS);
      break;
    }
    case 6: {
      // A name for another one of the same script.
      const names = pieces.filter((piece) => /^[A-Za-z_$@]/.test(piece));
      const name = pieces.findIndex((piece, index) => index >= at && /^[A-Za-z_$@]/.test(piece));
      if (name >= 0) pieces[name] = names[random.below(names.length)] ?? '';
      break;
    }
    case 7: {
      // One character.
      const piece = pieces[at] ?? '';
      const place = random.below(piece.length + 1);
      const code = random.oneIn(4) ? random.below(0x10000) : random.below(128);
      pieces[at] = piece.slice(0, place) + String.fromCharCode(code) + piece.slice(place + 1);
      break;
    }
    case 8: {
      // Deep, or many.
      const [open, close] = random.pick([
        ['(', ')'],
        ['-', ''],
        ['{ ', ' }'],
        ['if (1) { ', ' }'],
        ['!', ''],
        ['*', ''],
        ['[', ']'],
        ['1 + ', ''],
      ]);
      const times = random.pick([1, 2, 10, 100, 1000]);
      pieces.splice(at, 0, open.repeat(times));
      pieces.splice(behind(pieces, at + 1), 0, close.repeat(times));
      break;
    }
    default: {
      const second = random.below(pieces.length + 1);
      [pieces[at], pieces[second]] = [pieces[second] ?? '', pieces[at] ?? ''];
    }
  }
}
