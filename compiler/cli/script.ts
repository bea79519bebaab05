/** Reads the script that a command line names and compiles it, with its diagnostics printed to stderr. */
import { readFileSync } from 'node:fs';
import { type Compilation, compile } from '../compile.ts';
import { type KernelChoice, loadKernelDescription } from '../kernel/load.ts';
import type { KernelDescription } from '../kernel/types.ts';
import { printDiagnostic } from '../source/printer.ts';
import type { Source } from '../source/source.ts';
import { reasonOf, UserError } from './errors.ts';
import { EXIT } from './status.ts';

export interface ScriptOptions {
  /** Program text of `-e`. */
  readonly e?: string;
  readonly kernel?: string;
  readonly unsafe?: boolean;
  /** False with --no-warnings. */
  readonly warnings: boolean;
}

/** FILE, `-` for standard input, or `-e PROGRAM`. */
export function readScript(file: string | undefined, options: ScriptOptions): Source {
  if (options.e !== undefined) return { name: 'stdin', text: options.e };
  if (file === undefined) {
    throw new UserError("USAGE: filename or -e 'program' required.", {
      status: EXIT.usage,
      hint: 'bpfscript --help shows examples',
    });
  }
  try {
    return {
      name: file === '-' ? 'stdin' : file,
      text: readFileSync(file === '-' ? 0 : file, 'utf8'),
      ...(file === '-' ? {} : { path: file }),
    };
  } catch (error) {
    throw new UserError(`cannot read the script ${file}: ${reasonOf(error)}`);
  }
}

export function readKernel(choice: string): KernelDescription {
  try {
    return loadKernelDescription(choice as KernelChoice);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error), {
      hint: '`bpfscript kernel capture -o FILE` writes a description of the running kernel',
    });
  }
}

/** Compiles and prints diagnostics. Gives undefined after errors, which have then been printed. */
export function compileScript(
  source: Source,
  options: ScriptOptions,
  kernel: KernelDescription,
): Compilation | undefined {
  const compilation = compile(source, {
    kernel,
    unsafe: options.unsafe ?? false,
    environment: process.env,
  });
  const color = useColor();
  let failed = false;
  for (const diagnostic of compilation.diagnostics) {
    if (diagnostic.severity === 'error') failed = true;
    else if (!options.warnings) continue;
    process.stderr.write(printDiagnostic(diagnostic, compilation.sources, { color }));
  }
  return failed ? undefined : compilation;
}

function useColor(): boolean {
  const wish = process.env.BPFTRACE_COLOR ?? 'auto';
  if (wish === 'always') return true;
  return wish !== 'never' && Boolean(process.stdout.isTTY) && Boolean(process.stderr.isTTY);
}
