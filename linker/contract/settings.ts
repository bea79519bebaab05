/** Settings of scripts that the loader acts on. Those of the compiler alone are in compiler/analysis/settings.ts. */

interface Described {
  readonly about: string;
}

export type LoaderSetting = Described &
  (
    | { readonly kind: 'bool'; readonly fallback: boolean }
    /** `unit`: what is counted. `powerOfTwo`: greater values are rounded up to one; 0 stays. */
    | {
        readonly kind: 'int';
        readonly fallback: number;
        readonly max: number;
        readonly unit?: 'bytes';
        readonly powerOfTwo?: true;
      }
    /** Bytes of a script. */
    | { readonly kind: 'string'; readonly fallback: string }
    | { readonly kind: 'word'; readonly fallback: string; readonly only: readonly string[] }
  );

const UINT32_MAX = 0xffff_ffff;

/**
 * By their names in the manifest's `config`. Scripts write them as `max_cat_bytes`, environments as
 * `BPFTRACE_MAX_CAT_BYTES`.
 */
export const LOADER_SETTINGS = {
  cacheUserSymbols: {
    kind: 'word',
    only: ['PER_PID', 'PER_PROGRAM', 'NONE'],
    fallback: 'PER_PID',
    about:
      'Whose memory maps are kept for naming addresses: of each process, of each program, or none.',
  },
  cppDemangle: {
    kind: 'bool',
    fallback: true,
    about: 'User symbols: names of C++ and Rust as people read them.',
  },
  lazySymbolication: {
    kind: 'bool',
    fallback: false,
    about: 'Tables of symbols are read when a name is asked for, not when a process is first seen.',
  },
  logSize: {
    kind: 'int',
    max: UINT32_MAX,
    fallback: 1_000_000,
    unit: 'bytes',
    about: 'Bytes of verifier log that are kept and shown.',
  },
  maxCatBytes: {
    kind: 'int',
    max: UINT32_MAX,
    fallback: 10_240,
    unit: 'bytes',
    about: 'Bytes that cat prints of a file.',
  },
  maxProbes: {
    kind: 'int',
    max: UINT32_MAX,
    fallback: 1024,
    about: 'How many places a script may attach to.',
  },
  missingProbes: {
    kind: 'word',
    only: ['error', 'warn', 'ignore'],
    fallback: 'error',
    about: 'What is done about probes that the host does not have.',
  },
  perfRbPages: {
    kind: 'int',
    // A gigabyte.
    max: 262_144,
    fallback: 0,
    powerOfTwo: true,
    about: "Pages of 4 KiB of the ring, a power of two; 0: by the host's memory.",
  },
  printMapsOnExit: {
    kind: 'bool',
    fallback: true,
    about: 'Maps are printed at the end.',
  },
  showDebugInfo: {
    kind: 'bool',
    fallback: true,
    about:
      'Stacks show files, lines and inlined functions where the host has debug information. Names are shown in any case.',
  },
  strTruncTrailer: {
    kind: 'string',
    fallback: '..',
    about: 'Appended to a string whose storage holds no NUL.',
  },
} as const satisfies Readonly<Record<string, LoaderSetting>>;

export type LoaderSettingName = keyof typeof LOADER_SETTINGS;

/** Values by name, as in `config`. */
export type LoaderConfig = {
  readonly [Name in LoaderSettingName]: SettingValue<(typeof LOADER_SETTINGS)[Name]>;
};

type SettingValue<S extends LoaderSetting> = S extends { readonly kind: 'bool' }
  ? boolean
  : S extends { readonly kind: 'int' }
    ? number
    : S extends { readonly only: readonly (infer Word)[] }
      ? Word
      : string;

/** `maxCatBytes` => `max_cat_bytes`, as scripts write it. */
export function settingKey(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
