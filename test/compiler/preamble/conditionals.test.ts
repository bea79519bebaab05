/** Conditionals of the preprocessor beside those of the C compiler: random nests of branches, and what they define. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { diagnose } from '../../support/build.ts';
import { needs } from '../../support/needs.ts';
import { createRandom, type Random } from '../../support/random.ts';

const PROGRAMS = 100;
const NAMES = ['V0', 'V1', 'V2'] as const;
const OPERATORS = [
  ...['+', '-', '*', '&', '|', '^', '&&', '||', '<', '>', '<=', '>=', '==', '!='],
] as [string, ...string[]];

function condition(random: Random, depth: number): string {
  const inner = () => condition(random, depth - 1);
  if (depth <= 0 || random.oneIn(4))
    return random.pick([
      ...(['0', '1', '2', '0x10', '010', '1u', '-1', 'MISSING'] as const),
      ...NAMES,
    ]);
  switch (random.below(6)) {
    case 0:
      return `${random.oneIn(2) ? '!' : ''}defined(${random.pick([...NAMES, 'MISSING'])})`;
    case 1:
      return `defined ${random.pick([...NAMES, 'MISSING'])}`;
    case 2:
      return `${random.pick(['!', '~', '-'])}(${inner()})`;
    case 3:
      return `(${inner()} ? ${inner()} : ${inner()})`;
    case 4:
      return `(${inner()} ${random.pick(['/', '%', '<<', '>>'])} ${random.pick(['1', '3', '7'])})`;
    default:
      return `(${inner()} ${random.pick(OPERATORS)} ${inner()})`;
  }
}

function lines(random: Random, depth: number): readonly string[] {
  const name = random.pick(NAMES);
  const number = random.below(9);
  const defines = [`#undef ${name}`, `#define ${name} ${number}`];
  // The same definition once more is none.
  if (random.oneIn(3)) defines.push(`#define ${name} ${number}`);
  if (random.oneIn(6)) defines.push(`#undef ${name}`);
  if (depth <= 0 || random.oneIn(4)) return defines;
  const start = random.oneIn(3)
    ? `#if${random.oneIn(2) ? 'n' : ''}def ${random.pick([...NAMES, 'MISSING'])}`
    : `#if ${condition(random, 3)}`;
  const branches = Array.from({ length: random.below(4) }, () => [
    `#elif ${condition(random, 3)}`,
    ...lines(random, depth - 1),
  ]);
  const last = random.oneIn(2) ? ['#else', ...lines(random, depth - 1)] : [];
  return [
    ...[start, ...lines(random, depth - 1), ...branches.flat(), ...last, '#endif'],
    ...(random.oneIn(2) ? lines(random, depth - 1) : []),
  ];
}

/** A preamble after which each name is defined. */
function preamble(seed: number): string {
  const random = createRandom(seed);
  const first = NAMES.map((name, index) => `#define ${name} ${index}`);
  const last = NAMES.flatMap((name) => [`#ifndef ${name}`, `#define ${name} 99`, '#endif']);
  return [...first, ...lines(random, 3), ...lines(random, 3), ...last].join('\n');
}

needs('clang').describe('conditionals', () => {
  it('take the branches that the C compiler takes', () => {
    const all = Array.from({ length: PROGRAMS }, (_, index) => preamble(index + 1));
    const undefine = NAMES.map((name) => `#undef ${name}`).join('\n');
    const input = all.map((text) => `${text}\n:${NAMES.join(' ')}\n${undefine}\n`).join('');
    const compiled = execFileSync('clang-14', ['-E', '-P', '-w', '-x', 'c', '-'], { input });
    const wanted = [...compiled.toString().matchAll(/^:(.*)$/gm)].map(([, values]) => values);
    const found = all.map((text) => {
      const script = `${text}\nbegin { fail("${NAMES.map(() => '%d').join(' ')}", ${NAMES.join(', ')}); }`;
      const messages = diagnose(script).filter(({ severity }) => severity === 'error');
      return messages.map(({ message }) => message).join('; ');
    });
    const wrong = all.flatMap((text, index) =>
      found[index] === wanted[index] ? [] : [{ text, found: found[index], wanted: wanted[index] }],
    );
    expect(wanted).toHaveLength(PROGRAMS);
    expect(wrong).toEqual([]);
  });
});
