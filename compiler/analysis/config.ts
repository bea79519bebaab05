/** Reads the config block and the environment into the settings of a program. */

import { LOADER_SETTINGS, type LoaderConfig, settingKey } from '../../linker/contract/settings.ts';
import { STACK_MODES } from '../../linker/contract/types.ts';
import { type Advice, replacing } from '../source/advice.ts';
import { didYouMean } from '../source/closest.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import type { Setting } from './settings.ts';
import { DEPRECATED, ENVIRONMENT_ONLY, GATE, RENAMED, SETTINGS } from './settings.ts';
import type { Config } from './typed.ts';

type Value = string | number | boolean;

/** A value as it was given: in the block it has a kind, in the environment it is text. */
type Given = ast.ConfigEntry['value'] | { readonly kind: 'text'; readonly value: string };

/**
 * Settings by precedence: default, config block, environment (`BPFTRACE_MAX_STRLEN=200`). Keys of the block
 * are accepted in lower and upper case and with the prefix.
 */
export function readConfig(
  block: ast.ConfigBlock | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  diagnostics: Diagnostics,
): Config {
  const values = new Map<string, Value>();
  const seen = new Set<string>();
  for (const entry of block?.entries ?? []) {
    const written = plainKey(entry.key);
    const renamed = RENAMED.get(written);
    const key = renamed?.to ?? written;
    if (seen.has(key)) {
      diagnostics.error('duplicate-setting', `${entry.key}: set more than once`, entry.keyRange);
      continue;
    }
    seen.add(key);
    if (DEPRECATED.has(key)) {
      diagnostics.warning(
        'deprecated-setting',
        `${entry.key} is deprecated and has no effect`,
        entry.keyRange,
      );
      continue;
    }
    if (renamed) {
      diagnostics.warning(
        'deprecated-setting',
        `${entry.key} has been renamed, please use ${renamed.to}`,
        entry.keyRange,
        renamed.inverted
          ? inverted(entry, renamed.to)
          : replacing(undefined, entry.keyRange, entry.key, renamed.to),
      );
    }
    const setting = SETTINGS.get(key);
    if (!setting) {
      reportUnknown(entry.key, key, entry.keyRange, diagnostics);
      continue;
    }
    const report = (message: string) =>
      diagnostics.error('setting-value', `${entry.key}: ${message}`, entry.range);
    const value = read(setting, entry.value, report);
    if (value !== undefined) values.set(key, renamed?.inverted ? value !== true : value);
  }
  for (const [key, setting] of SETTINGS) {
    const name = `BPFTRACE_${key.toUpperCase()}`;
    const text = environment[name];
    if (text === undefined) continue;
    const report = (message: string) => diagnostics.error('setting-value', `${name}: ${message}`);
    const value = read(setting, { kind: 'text', value: text }, report);
    if (value !== undefined) values.set(key, value);
  }
  return assemble(values);
}

function plainKey(key: string): string {
  const lower = key.toLowerCase();
  return lower.startsWith('bpftrace_') ? lower.slice('bpftrace_'.length) : lower;
}

function reportUnknown(written: string, key: string, range: Range, diagnostics: Diagnostics): void {
  if (ENVIRONMENT_ONLY.has(key)) {
    diagnostics.error(
      'environment-setting',
      `${written} can only be set as an environment variable`,
      range,
    );
    return;
  }
  diagnostics.error(
    'unknown-setting',
    `${written}: not a known configuration option`,
    range,
    ...didYouMean(key, SETTINGS.keys(), range, written),
  );
}

function read(
  setting: Setting,
  given: Given,
  report: (message: string) => void,
): Value | undefined {
  switch (setting.kind) {
    case 'bool':
      return readBool(given, report);
    case 'int':
      return readInt(setting, given, report);
    case 'string':
    case 'word': {
      if (given.kind === 'int' || given.kind === 'bool') {
        report(`expected ${setting.only ? `one of ${setting.only.join(', ')}` : 'a string'}`);
        return undefined;
      }
      if (setting.only && !setting.only.includes(given.value)) {
        report(`invalid value '${given.value}', expected one of ${setting.only.join(', ')}`);
        return undefined;
      }
      return given.value;
    }
  }
}

const TRUE = new Set(['true', '1', 'on', 'yes']);
const FALSE = new Set(['false', '0', 'off', 'no']);

function readBool(given: Given, report: (message: string) => void): boolean | undefined {
  if (given.kind === 'bool') return given.value;
  const text = String(given.value).toLowerCase();
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  report(`invalid value '${given.value}', expected a boolean (true or false)`);
  return undefined;
}

function readInt(
  setting: Setting & { readonly kind: 'int' },
  given: Given,
  report: (message: string) => void,
): number | undefined {
  const text = String(given.value);
  const isNumber = given.kind === 'int' || (given.kind === 'text' && /^\d+$/.test(text));
  if (!isNumber) {
    report(`invalid value '${text}', expected an unsigned integer`);
    return undefined;
  }
  const value = Number(text);
  if (value < setting.min || value > setting.max) {
    report(`${text} is out of range, expected ${setting.min} to ${setting.max}`);
    return undefined;
  }
  return value;
}

function assemble(values: ReadonlyMap<string, Value>): Config {
  const value = (key: string): Value => {
    const setting = SETTINGS.get(key);
    if (!setting) throw new Error(`no such setting: ${key}`);
    return values.get(key) ?? setting.fallback;
  };
  const ofLoader = Object.keys(LOADER_SETTINGS).map((name) => [name, value(settingKey(name))]);
  return {
    // What `read` let through has the kinds of the table.
    ...(Object.fromEntries(ofLoader) as LoaderConfig),
    license: String(value('license')),
    maxStrlen: Number(value('max_strlen')),
    maxMapKeys: Number(value('max_map_keys')),
    onStackLimit: Number(value('on_stack_limit')),
    stackMode: oneOf(value('stack_mode'), STACK_MODES),
    maxBpfProgs: Number(value('max_bpf_progs')),
    settings: new Map([...SETTINGS.keys()].map((key) => [key, value(key)])),
    unstable: {
      tseries: oneOf(value('unstable_tseries'), GATE),
      dwUstack: oneOf(value('unstable_dw_ustack'), GATE),
      importStatement: oneOf(value('unstable_import_statement'), GATE),
      probeLists: oneOf(value('unstable_probe_lists'), GATE),
      typeinfo: oneOf(value('unstable_typeinfo'), GATE),
    },
  };
}

function oneOf<Word extends string>(value: Value, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new Error(`unchecked setting: ${value}`);
  return word;
}

/** Where the new setting means the opposite, its value changes too. */
function inverted({ range, value }: ast.ConfigEntry, to: string): Advice {
  return replacing(undefined, range, /^\w+\s*=\s*\w+$/, `${to} = ${value.value !== true}`);
}
