/** loader/src/object/effect_tables.h, out of effects.ts and helpers.ts: `npm run docs` writes it. */
import { CAPABILITY_USES, type CapabilityUse } from './capabilities.ts';
import { CONTEXT_STORE, EFFECTS, type Effect, PERMISSIONS } from './effects.ts';
import { effectOfHelper, HELPERS, OBSERVING_FUNCTIONS } from './helpers.ts';
import { PROGRAM_SECTIONS } from './sections.ts';

export function renderEffectsHeader(): string {
  return `${[HEAD, ...effects(), ...calls(), ...capabilities(), ...sections(), '#endif'].join('\n')}\n`;
}

const HEAD = `/*
 * What code calls, what that does to the machine, what users have to allow, and what objects take
 * capabilities for. Made by \`npm run docs\` of helpers.ts, effects.ts and capabilities.ts in
 * linker/contract: change those, not this.
 */
#ifndef BPFLOAD_EFFECT_TABLES_H
#define BPFLOAD_EFFECT_TABLES_H

#include <stdbool.h>

/* clang-format off */
`;

function sections(): readonly string[] {
  return [
    '/* How sections of programs begin. */',
    'static const char *const mf_program_sections[] = {',
    ...PROGRAM_SECTIONS.map((word) => `\t${quoted(word)},`),
    '};',
    '',
  ];
}

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
    `#define MF_CONTEXT_STORE ${quoted(CONTEXT_STORE)}`,
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

function capabilities(): readonly string[] {
  const entries: readonly (readonly [string, CapabilityUse])[] = Object.entries(CAPABILITY_USES);
  return [
    '/* What objects take capabilities for. */',
    'enum mf_use {',
    ...entries.map(([name]) => `\t${constant('MF_USE', name)},`),
    '\tMF_USE_COUNT,',
    '};',
    '',
    'static const struct mf_capability_use {',
    '\tconst char *capability;',
    '\t/* Without it the object runs, and shows addresses in place of names. */',
    '\tbool is_of_names;',
    '} mf_capability_uses[] = {',
    ...entries.map(
      ([name, { capability, names }]) =>
        `\t[${constant('MF_USE', name)}] = {${quoted(capability)}, ${names ?? false}},`,
    ),
    '};',
    '',
  ];
}

function constant(prefix: string, word: string): string {
  return `${prefix}_${word}`.replaceAll('-', '_').toUpperCase();
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
