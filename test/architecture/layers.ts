/** What may use what: the tables that layers.test.ts holds the sources against. */

/**
 * Folders from the ground up, and files that stand beside folders (`compiler/*`: all others there). A file uses its own
 * folder and those before it in its list, so that there is no circle between two of them.
 */
export const COMPILER: readonly string[] = [
  'linker/contract',
  'linker/elf',
  'linker/manifest',
  'linker/btf',
  'linker/*',
  'linker/inspect',
  'compiler/paths',
  'compiler/source',
  'compiler/syntax',
  'compiler/format',
  'compiler/types',
  'compiler/kernel',
  'compiler/image',
  'compiler/binary',
  'compiler/dwarf',
  'compiler/preamble',
  'compiler/imports',
  'compiler/macros',
  'compiler/probes',
  'compiler/listing',
  'compiler/llvm',
  'compiler/analysis',
  'compiler/lowering',
  'compiler/builtins',
  'compiler/drawing',
  'compiler/compatibility',
  'compiler/guest',
  'compiler/exploration',
  'compiler/deployment',
  'compiler/sbom',
  'compiler/registry',
  'compiler/rollout',
  'compiler/telemetry',
  'compiler/*',
  'compiler/reference',
  'compiler/cli',
];

export const LOADER: readonly string[] = [
  'loader/src/base',
  'loader/src/object',
  'loader/src/host',
  'loader/src/binary',
  'loader/src/symbols',
  'loader/src/listing',
  'loader/src/session',
  'loader/src/attach',
  'loader/src/recording',
  'loader/src/output',
  'loader/src/run',
];

/** Packages, and headers of libraries, that one place hides from the rest. */
export const OWNERS: Readonly<Record<string, string>> = {
  'llvm-bindings': 'compiler/llvm',
  elfy: 'linker/elf',
  chevrotain: 'compiler/syntax',
  commander: 'compiler/cli',
  '@bufbuild/protobuf': 'compiler/drawing',
};
