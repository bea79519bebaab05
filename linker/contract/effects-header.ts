/** loader/src/object/effect_tables.h, out of effects.ts and helpers.ts: `npm run docs` writes it. */
import { EFFECTS, type Effect, PERMISSIONS } from './effects.ts';
import { effectOfHelper, HELPERS, OBSERVING_FUNCTIONS } from './helpers.ts';

export function renderEffectsHeader(): string {
  return `${[HEAD, ...effects(), ...calls(), '#endif'].join('\n')}\n`;
}

const HEAD = `/*
 * What code calls, what that does to the machine, and what users have to allow. Made by \`npm run
 * docs\` of linker/contract/effects.ts and helpers.ts: change those, not this.
 */
#ifndef BPFLOAD_EFFECT_TABLES_H
#define BPFLOAD_EFFECT_TABLES_H

/* clang-format off */
`;

function effects(): readonly string[] {
  const entries: readonly (readonly [string, Effect])[] = Object.entries(EFFECTS);
  const rows = entries.map(
    ([name, { does, needs }]) =>
      `\t[${constant('MF_EFFECT', name)}] = {${quoted(does)}, ${constant('MF_NEEDS', needs)}},`,
  );
  return [
    '/* What users have to allow. */',
    `enum mf_permission { ${PERMISSIONS.map((word) => constant('MF_NEEDS', word)).join(', ')} };`,
    '',
    '/* How objects reach outside. */',
    'enum mf_effect {',
    ...entries.map(([name]) => `\t${constant('MF_EFFECT', name)},`),
    '\tMF_EFFECT_NONE,',
    '};',
    '',
    'static const struct mf_effect_row {',
    '\t/* Behind "the script". */',
    '\tconst char *does;',
    '\tenum mf_permission needs;',
    '} mf_effects[] = {',
    ...rows,
    '};',
    '',
  ];
}

function calls(): readonly string[] {
  const rows = Object.entries(HELPERS).map(([name, number]) => {
    const effect = effectOfHelper(number) ?? 'none';
    return `\t[${number}] = {${quoted(name)}, ${constant('MF_EFFECT', effect)}},`;
  });
  return [
    '/* Helpers by their numbers; every other number is unknown. */',
    'static const struct mf_helper {',
    '\tconst char *name;',
    '\tenum mf_effect effect;',
    '} mf_helpers[] = {',
    ...rows,
    '};',
    '',
    '/* Functions of the kernel that have no effect. */',
    'static const char *const mf_observing_functions[] = {',
    ...OBSERVING_FUNCTIONS.map((name) => `\t${quoted(name)},`),
    '};',
    '',
  ];
}

function constant(prefix: string, word: string): string {
  return `${prefix}_${word}`.toUpperCase();
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
