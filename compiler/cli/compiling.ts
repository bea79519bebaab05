/** Compiles a script for a command, and prints what is to be said of it: what commands take that may come to do without. */
import { type Compilation, compile } from '../compile.ts';
import type { KernelDescription } from '../kernel/types.ts';
import { LimitError } from '../limits.ts';
import type { DiagnosticForm } from '../source/render/render.ts';
import type { Source } from '../source/source.ts';
import {
  debugFolders,
  hasErrors,
  readPid,
  renderDiagnostics,
  type ScriptOptions,
  shown,
} from './script.ts';

/** Compiles and prints diagnostics. Gives undefined after errors, which have then been printed. */
export function compileScript(
  source: Source,
  options: ScriptOptions,
  kernel: KernelDescription,
): Compilation | undefined {
  const compilation = compile(source, {
    kernel,
    unsafe: options.unsafe ?? (options.allowRun ? 'run' : false),
    environment: process.env,
    includeFolders: options.I ?? [],
    headers: options.include ?? [],
    debugFolders: debugFolders(options),
    reportsHelpers: options.reportsHelpers ?? false,
    ...(options.parameters ? { parameters: options.parameters } : {}),
    ...(options.pid === undefined ? {} : { pid: readPid(options.pid) }),
    ...(options.onStage ? { onStage: options.onStage } : {}),
    ahead: options.ahead ?? false,
    ...(options.onFile ? { onFile: options.onFile } : {}),
  });
  const diagnostics = shown(compilation, options);
  const text = renderDiagnostics([{ ...compilation, diagnostics }], options.diagnostics);
  // Opening the stream takes Node a millisecond, and most scripts have nothing to be told of.
  if (text !== '') process.stderr.write(text);
  return hasErrors(compilation) ? undefined : compilation;
}

/** What `make` gives of a compilation; undefined where BPF does not allow the program, which is then printed. */
export function withinLimits<T>(make: () => T, form: DiagnosticForm): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    process.stderr.write(renderDiagnostics([error], form));
    return undefined;
  }
}
