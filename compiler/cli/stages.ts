/** bpftrace's flags that show or write what the compiler makes instead of running it: -d, --emit-elf, --emit-llvm, --aot. */
import type { Compilation } from '../compile.ts';
import type { STAGES } from './emit.ts';
import { UserError } from './errors.ts';
import { writeWhole } from './output.ts';
import { EXIT } from './status.ts';

/** By bpftrace's names: the stage of `build --emit`, or of the loader. */
export const DEBUG_STAGES: Readonly<Record<string, keyof typeof STAGES | 'loader'>> = {
  parse: 'tokens',
  ast: 'ast',
  types: 'typed',
  codegen: 'ir',
  'codegen-opt': 'ir-opt',
  dis: 'asm',
  libbpf: 'loader',
  verifier: 'loader',
};

export interface DebugStages {
  /** Shown by the compiler, which then does not run the script, unless the loader has to show something. */
  readonly compiler: readonly string[];
  /** Shown while the script is loaded. */
  readonly loader: readonly string[];
}

/** `-d` may be repeated, and takes several with commas. Throws a UserError for unknown ones. */
export function readStages(lists: readonly string[]): DebugStages {
  const names = lists.flatMap((list) => list.split(','));
  for (const name of names) {
    if (name === 'all' || Object.hasOwn(DEBUG_STAGES, name)) continue;
    throw new UserError(`unknown stage '${name}' of -d`, {
      status: EXIT.usage,
      hint: `Stages are all, ${Object.keys(DEBUG_STAGES).join(', ')}.`,
    });
  }
  const chosen = Object.keys(DEBUG_STAGES).filter(
    (name) => names.includes('all') || names.includes(name),
  );
  const isLoader = (name: string) => DEBUG_STAGES[name] === 'loader';
  return {
    compiler: chosen.filter((name) => !isLoader(name)),
    loader: chosen.filter(isLoader),
  };
}

export interface EmitOptions {
  readonly emitElf?: string;
  readonly aot?: string;
  /** Prefix of PREFIX.original.ll and PREFIX.optimized.ll. */
  readonly emitLlvm?: string;
}

/** Writes the files that are asked for; whether any was. */
export function emitFiles(compilation: Compilation, options: EmitOptions): boolean {
  const { emitElf, aot, emitLlvm } = options;
  if (emitLlvm !== undefined) {
    writeWhole(`${emitLlvm}.original.ll`, compilation.ir?.() ?? '');
    writeWhole(`${emitLlvm}.optimized.ll`, compilation.optimisedIr?.() ?? '');
  }
  for (const target of [emitElf, aot])
    if (target !== undefined) writeWhole(target, compilation.object?.() ?? '');
  return emitElf !== undefined || aot !== undefined || emitLlvm !== undefined;
}
