/** loader/src/object/contract.h, out of the tables of this folder: `npm run docs` writes it. */
import { EVENT_KINDS } from './events.ts';
import { FEATURES, type KernelFeature } from './features.ts';
import { OBJECT_LIMITS } from './limits.ts';
import { LOOKUPS, MISSING_CALL, MISSING_CALLS } from './lookups.ts';
import { RUNTIME_MAPS } from './maps.ts';
import { C_NUMBERS } from './numbers.ts';
import { PROVIDERS } from './providers.ts';
import { LOADER_SETTINGS, type LoaderSetting, settingKey } from './settings.ts';
import type { Forms, OptionalShape, Shape } from './shape.ts';
import { STORES } from './stores.ts';
import {
  AGGREGATIONS,
  MOST_FRAMES,
  MOST_HIST_BITS,
  MOST_LHIST_STEPS,
  NAME_SPACES,
  STACK_MODES,
  STACK_SPACES,
  TYPES,
} from './types.ts';
import { SHARED_VARIABLES } from './variables.ts';

export function renderHeader(): string {
  return `${[
    HEAD,
    ...limits(),
    ...maps(),
    ...words('mf_type_kind', 'MF', Object.keys(TYPES), 'Types of values.'),
    '/* The most that positional parameters may ask for. */',
    `#define MF_MOST_HIST_BITS ${MOST_HIST_BITS}u`,
    `#define MF_MOST_LHIST_STEPS ${MOST_LHIST_STEPS}u`,
    `#define MF_MOST_FRAMES ${MOST_FRAMES}u`,
    '',
    ...words('mf_aggregation', 'MF_SERIES', AGGREGATIONS, 'What a slot of a series keeps.'),
    ...words('mf_name_space', 'MF_NAME', NAME_SPACES, 'What a number of kind MF_NAME is of.'),
    ...words('mf_stack_space', 'MF_STACK', STACK_SPACES, 'Whose frames a stack has.'),
    ...words('mf_stack_mode', 'MF_STACK', STACK_MODES, 'How a stack is shown.'),
    ...words('mf_store_kind', 'MF_STORE', Object.keys(STORES), 'Where a map keeps elements.'),
    ...words('mf_event_kind', 'MF_EVENT', Object.keys(EVENT_KINDS), 'What programs send.'),
    ...rareEvents(),
    ...words('mf_lookup_kind', 'MF_LOOKUP', Object.keys(LOOKUPS), 'What is asked of the host.'),
    '/* A call of this helper, plus the index of a lookup, stands where an answer is needed that is missing. */',
    `#define MF_MISSING_CALL ${MISSING_CALL}u`,
    `#define MF_MISSING_CALLS ${MISSING_CALLS}u`,
    '',
    ...words('mf_provider', 'MF', Object.keys(PROVIDERS), 'Long names, as in scripts.'),
    ...targets(),
    ...variables(),
    ...settings(),
    ...features(),
    ...numbers(),
    '#endif',
  ].join('\n')}\n`;
}

const HEAD = `/*
 * What the loader and the compiler both know by name. Made by \`npm run docs\` of the tables in
 * linker/contract: change them, not this.
 */
#ifndef BPFLOAD_CONTRACT_H
#define BPFLOAD_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
`;

function limits(): readonly string[] {
  return [
    '/* The most that an object has. */',
    ...Object.entries(OBJECT_LIMITS).map(
      ([name, most]) => `#define ${constant('MF_MAX', snake(name))} ${most}u`,
    ),
    '',
  ];
}

function maps(): readonly string[] {
  const shared = Object.entries(RUNTIME_MAPS).filter(([, map]) => map.shared);
  return [
    '/* Kernel maps that the compiler puts into objects for the loader. */',
    ...shared.map(([name]) => `#define ${constant('MF_MAP', name)} ${quoted(name)}`),
    '',
  ];
}

/** An enum, and the names of its members in the manifest, by their numbers. */
function words(
  name: string,
  prefix: string,
  list: readonly string[],
  about: string,
): readonly string[] {
  return [
    `/* ${about} */`,
    `enum ${name} {`,
    ...list.map((word) => `\t${constant(prefix, word)},`),
    '};',
    '',
    `static const char *const ${name}_names[] = {`,
    ...list.map((word) => `\t[${constant(prefix, word)}] = ${quoted(word)},`),
    '};',
    '',
  ];
}

function rareEvents(): readonly string[] {
  const rare = Object.entries(EVENT_KINDS).filter(([, kind]) => 'rare' in kind);
  return [
    '/* Rare, however often the probes fire. */',
    'static const bool mf_event_is_rare[] = {',
    ...Object.keys(EVENT_KINDS).map(
      (name) => `\t[${constant('MF_EVENT', name)}] = ${rare.some(([other]) => other === name)},`,
    ),
    '};',
    '',
  ];
}

/** Members of the structs of targets (loader/src/object/targets.h) that say more than the names of their fields. */
const MEMBERS: Readonly<Record<string, string>> = { language: 'cpp', signal: 'is_signal' };

/** The struct of a provider's targets, `mf_NAME_target`, where it is that of several. */
const STRUCTS: Readonly<Partial<Record<string, string>>> = {
  test: 'named',
  bench: 'named',
  kretprobe: 'kprobe',
  fexit: 'fentry',
  uretprobe: 'uprobe',
  interval: 'timer',
  profile: 'timer',
  software: 'counter',
  hardware: 'counter',
};

/** Texts in which `*` stands for anything. */
const PATTERNS = ['category', 'event', 'path', 'module', 'function', 'namespace', 'name', 'object'];

/** Texts in which no parameters are replaced. */
const FIXED = ['program', 'mode', 'pin'];

function targets(): readonly string[] {
  const table: Forms = PROVIDERS;
  const rows = Object.entries(table).flatMap(([provider, forms]) =>
    forms.flatMap((form, index) =>
      Object.entries(form).map(([name, part]) => {
        const parts = [
          constant('MF', provider),
          String(index),
          quoted(name),
          STRUCTS[provider] ?? provider,
          MEMBERS[name] ?? name,
          ...targetField(part),
          String(PATTERNS.includes(name)),
          String(!FIXED.includes(name)),
        ];
        return `\tFIELD(${parts.join(', ')})`;
      }),
    ),
  );
  return [
    '/*',
    ' * What targets have: provider, number of the form, name in the manifest, struct and member (targets.h), how it is',
    ' * read, the greatest number, the one word, whether it has to be there, and whether a text of it may be a pattern,',
    ' * and have parameters in it.',
    ' */',
    '#define MF_TARGET_FIELDS(FIELD) \\',
    rows.join(' \\\n'),
    '',
  ];
}

function targetField(
  part: Shape | OptionalShape<Shape>,
): readonly [string, string, string, string] {
  const optional = part.kind === 'optional';
  const shape = optional ? part.shape : part;
  const needed = String(!optional);
  switch (shape.kind) {
    case 'text':
      return [shape.pattern === '.' ? 'NONEMPTY' : 'TEXT', '0', 'NULL', needed];
    case 'number':
      return ['NUMBER', shape.most === undefined ? 'UINT64_MAX' : `${shape.most}u`, 'NULL', needed];
    case 'choice':
      // The loader keeps whether it is there.
      if (shape.words.length === 1) return ['WORD', '0', quoted(String(shape.words[0])), needed];
      break;
  }
  throw new Error(`the loader has no way to read ${shape.kind} of a target`);
}

function variables(): readonly string[] {
  const entries = Object.entries(SHARED_VARIABLES);
  return [
    '/* Where variables stand through which loader and programs talk; UINT32_MAX: nowhere. */',
    'struct mf_globals {',
    ...entries.map(([name, { about }]) => `\t/* ${about} */\n\tuint32_t ${snake(name)};`),
    '};',
    '',
    'static const struct mf_global {',
    '\tconst char *name;',
    '\t/* In struct mf_globals. */',
    '\tsize_t member;',
    '\tconst char *section;',
    '\tuint32_t size;',
    '} mf_globals[] = {',
    ...entries.map(
      ([name, { section, size }]) =>
        `\t{${quoted(name)}, offsetof(struct mf_globals, ${snake(name)}), ${quoted(section)}, ${size}},`,
    ),
    '};',
    '',
  ];
}

function settings(): readonly string[] {
  const entries: readonly (readonly [string, LoaderSetting])[] = Object.entries(LOADER_SETTINGS);
  const choices = entries.flatMap(([name, setting]) =>
    setting.kind === 'word' ? [{ name, words: setting.only, about: setting.about }] : [],
  );
  return [
    ...choices.flatMap(({ name, words: list, about }) =>
      words(`mf_${snake(name)}`, constant('MF', snake(name)), list, about),
    ),
    'struct mf_config {',
    ...entries.map(([name, setting]) => `\t/* ${setting.about} */\n\t${member(name, setting)};`),
    '\t/* Keys of maps without a size of their own, where the environment says so; 0: as built. */',
    '\tuint32_t max_map_keys;',
    '};',
    '',
    'enum mf_setting_form { MF_SETTING_BOOL, MF_SETTING_INT, MF_SETTING_STRING, MF_SETTING_WORD };',
    '',
    '/* Words are read by their numbers. */',
    ...choices.map(
      ({ name }) =>
        `_Static_assert(sizeof(enum mf_${snake(name)}) == sizeof(uint32_t), "an enum is a number");`,
    ),
    '',
    'static const struct mf_setting {',
    '\tconst char *name;',
    '\t/* Name of the variable in the environment that overrides it. */',
    '\tconst char *variable;',
    '\t/* In struct mf_config. */',
    '\tsize_t member;',
    '\tenum mf_setting_form form;',
    '\t/* Greatest number. */',
    '\tuint32_t most;',
    '\tbool power_of_two;',
    '\tconst char *const *words;',
    '\tuint32_t word_count;',
    '\t/* Of objects that do not say: a number, a text. */',
    '\tuint32_t number;',
    '\tconst char *text;',
    '\t/* What the environment may hold. */',
    '\tconst char *expected;',
    '} mf_settings[] = {',
    ...entries.map(([name, setting]) => settingRow(name, setting)),
    '};',
    '',
  ];
}

function member(name: string, { kind }: LoaderSetting): string {
  if (kind === 'word') return `enum mf_${snake(name)} ${snake(name)}`;
  const type = { bool: 'bool ', int: 'uint32_t ', string: 'const char *' }[kind];
  return `${type}${snake(name)}`;
}

function settingRow(name: string, setting: LoaderSetting): string {
  const parts: string[] = [
    `.name = ${quoted(name)}`,
    `.variable = ${quoted(`BPFTRACE_${settingKey(name).toUpperCase()}`)}`,
    `.member = offsetof(struct mf_config, ${snake(name)})`,
    `.form = ${constant('MF_SETTING', setting.kind)}`,
  ];
  switch (setting.kind) {
    case 'bool':
      parts.push(`.number = ${Number(setting.fallback)}`, `.expected = "true or false"`);
      break;
    case 'int': {
      const { max, unit } = setting;
      const expected = max < 0xffff_ffff ? `a number up to ${max}` : 'a number';
      parts.push(`.most = ${max}u`, `.power_of_two = ${setting.powerOfTwo ?? false}`);
      parts.push(`.number = ${setting.fallback}`);
      parts.push(`.expected = ${quoted(unit === undefined ? expected : `${expected} of ${unit}`)}`);
      break;
    }
    case 'string':
      parts.push(`.text = ${quoted(setting.fallback)}`, '.expected = "text"');
      break;
    case 'word': {
      const last = setting.only.at(-1) ?? '';
      parts.push(`.words = mf_${snake(name)}_names`, `.word_count = ${setting.only.length}`);
      parts.push(`.number = ${setting.only.indexOf(setting.fallback)}`);
      parts.push(`.expected = ${quoted(`${setting.only.slice(0, -1).join(', ')} or ${last}`)}`);
      break;
    }
  }
  return `\t{${parts.join(', ')}},`;
}

function features(): readonly string[] {
  const entries: readonly (readonly [string, KernelFeature])[] = Object.entries(FEATURES);
  const rows = entries.map(([name, { since, helper }]) => {
    const version = since.replace('.', ', ');
    const call = helper === undefined ? '0' : `BPF_FUNC_${helper}`;
    return `\tFEATURE(${quoted(name)}, ${version}, ${call})`;
  });
  return [
    '/* Kernel features: name, first kernel (major, minor), the helper that it is (linux/bpf.h) or 0. */',
    '#define MF_FEATURES(FEATURE) \\',
    rows.join(' \\\n'),
    '',
  ];
}

function numbers(): readonly string[] {
  const rows = Object.entries(C_NUMBERS).map(
    ([name, { size, signed }]) => `\tNUMBER(${quoted(name)}, ${size}, ${signed})`,
  );
  return [
    '/* Numbers of C in formats of events: name, bytes, whether it has a sign. */',
    '#define MF_C_NUMBERS(NUMBER) \\',
    rows.join(' \\\n'),
    '',
  ];
}

function snake(name: string): string {
  return settingKey(name);
}

/** `print-map` => `MF_EVENT_PRINT_MAP`. */
function constant(prefix: string, word: string): string {
  return `${prefix}_${word}`.replaceAll('-', '_').toUpperCase();
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
