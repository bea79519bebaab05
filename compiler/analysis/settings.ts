/** The table of configuration keys: what each accepts, its default, and which ones are gone or renamed. */

import { LOADER_SETTINGS, settingKey } from '../../linker/contract/settings.ts';
import { STACK_MODES } from '../../linker/contract/types.ts';

type Form =
  | { readonly kind: 'bool'; readonly fallback: boolean }
  | {
      readonly kind: 'int';
      readonly fallback: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: 'string'; readonly fallback: string; readonly only?: readonly string[] }
  /** One of a few words. */
  | { readonly kind: 'word'; readonly fallback: string; readonly only: readonly string[] };

/** `about`: a sentence for the reference. */
export type Setting = Form & { readonly about: string };

/** What to do about features that may still change. */
export const GATE = ['error', 'warn', 'enable'] as const;
const UINT32_MAX = 0xffff_ffff;

/** The licenses with which the kernel lets a program call GPL-only helpers (include/linux/license.h). */
const LICENSES = [
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
];

function count(fallback: number, min = 0, max = UINT32_MAX): Form {
  return { kind: 'int', fallback, min, max };
}

function flag(fallback: boolean): Form {
  return { kind: 'bool', fallback };
}

function word(fallback: string, only: readonly string[]): Form {
  return { kind: 'word', fallback, only };
}

const gate = (feature: string, fallback: (typeof GATE)[number]): Setting => ({
  ...word(fallback, GATE),
  about: `What becomes of ${feature}, which may still change: an error, a warning, or nothing.`,
});

/** Those of the compiler alone. */
const OWN: Readonly<Record<string, Setting>> = {
  license: {
    ...{ kind: 'string', fallback: 'GPL', only: LICENSES },
    about: 'The license that the programs say they have; these let them call all helpers.',
  },
  max_bpf_progs: { ...count(1024), about: 'How many BPF programs a script may become.' },
  max_map_keys: {
    ...count(4096, 1),
    about: 'Room for so many keys in each map with keys that is not declared.',
  },
  // A value of a map is at most 2^15 bytes here, so that it stays in reach of one load instruction.
  max_strlen: {
    ...count(1024, 1, 32_768),
    about: 'Bytes that a string has room for unless its size is given, with its NUL.',
  },
  on_stack_limit: {
    ...count(64),
    about: 'Values up to so many bytes stand on the stack of a program, larger ones beside it.',
  },
  stack_mode: { ...word('bpftrace', STACK_MODES), about: 'The mode of stacks that name none.' },
  use_blazesym: {
    ...flag(true),
    about: 'Accepted, without effect: the loader names addresses itself.',
  },
  unstable_tseries: gate('`tseries`', 'warn'),
  unstable_dw_ustack: gate('`dw_ustack`', 'warn'),
  unstable_import_statement: gate('`import` as a statement', 'error'),
  unstable_probe_lists: gate('`for` over a list of values outside of blocks', 'error'),
  unstable_typeinfo: gate('`typeinfo`', 'error'),
};

/** And those that the loader acts on. */
const OF_LOADER = Object.entries(LOADER_SETTINGS).map(
  ([name, setting]): readonly [string, Setting] => [
    settingKey(name),
    setting.kind === 'int' ? { min: 0, ...setting } : setting,
  ],
);

export const SETTINGS: ReadonlyMap<string, Setting> = new Map(
  [...Object.entries(OWN), ...OF_LOADER].sort(([left], [right]) => (left < right ? -1 : 1)),
);

/** Accepted with a warning, without effect. */
export const DEPRECATED: ReadonlySet<string> = new Set([
  'symbol_source',
  'max_type_res_iterations',
  'unstable_addr',
  'unstable_import',
  'unstable_macro',
  'unstable_map_decl',
]);

/** Older names; `inverted` ones mean the opposite. */
export const RENAMED: ReadonlyMap<string, { readonly to: string; readonly inverted: boolean }> =
  new Map([
    ['strlen', { to: 'max_strlen', inverted: false }],
    ['no_cpp_demangle', { to: 'cpp_demangle', inverted: true }],
    ['cat_bytes_max', { to: 'max_cat_bytes', inverted: false }],
    ['map_keys_max', { to: 'max_map_keys', inverted: false }],
  ]);

export const ENVIRONMENT_ONLY: ReadonlySet<string> = new Set([
  'btf',
  'kernel_build',
  'kernel_source',
  'vmlinux',
]);
