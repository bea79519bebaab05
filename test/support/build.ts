/** Scripts in, objects out: the compiler as the tests use it. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compile } from '../../compiler/compile.ts';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import type { KernelChoice } from '../../compiler/kernel/named.ts';
import type { KernelDescription } from '../../compiler/kernel/types.ts';
import type { Diagnostic } from '../../compiler/source/diagnostics.ts';
import { printDiagnostic } from '../../compiler/source/render/text.ts';

export { temporaryFolder, withFolder } from './folders.ts';

export interface BuildOptions {
  /** `default`, `host`, or a description's path. */
  readonly kernel?: KernelChoice;
  readonly unsafe?: boolean;
  /** As -k does. */
  readonly reportsHelpers?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** The file that the script is taken to come from, which its imports are relative to. */
  readonly path?: string;
  /** Where separate debug files are looked for. */
  readonly debugFolders?: readonly string[];
  readonly onStage?: (stage: string) => void;
}

const kernels = new Map<string, KernelDescription>();

export function kernelDescription(which: KernelChoice = 'default'): KernelDescription {
  const known = kernels.get(which);
  if (known) return known;
  const description = loadKernelDescription(which);
  kernels.set(which, description);
  return description;
}

/** Every stage of a script. */
export function compileText(
  script: string,
  options: BuildOptions = {},
): ReturnType<typeof compile> {
  return compile(
    options.path === undefined
      ? { name: 'stdin', text: script }
      : { name: basename(options.path), text: script, path: options.path },
    {
      kernel: kernelDescription(options.kernel),
      unsafe: options.unsafe ?? false,
      reportsHelpers: options.reportsHelpers ?? false,
      environment: options.environment ?? {},
      debugFolders: options.debugFolders ?? [],
      ...(options.onStage ? { onStage: options.onStage } : {}),
    },
  );
}

/** The object of a script that has to compile. */
export function build(script: string, options: BuildOptions = {}): Uint8Array {
  const compilation = compileText(script, options);
  if (!compilation.object) {
    throw new Error(
      `the script does not compile:\n${compilation.diagnostics.map((d) => printDiagnostic(d, compilation.sources, { color: false })).join('')}`,
    );
  }
  return compilation.object();
}

/** What the compiler says of a script. */
export function diagnose(script: string, options: BuildOptions = {}): readonly Diagnostic[] {
  return compileText(script, options).diagnostics;
}

export function writeObject(
  folder: string,
  name: string,
  script: string,
  options: BuildOptions = {},
): string {
  const path = join(folder, `${name}.o`);
  writeFileSync(path, build(script, options));
  return path;
}

/** The values that the program of a script with one probe may return, in its optimised code; sorted. */
export function returned(script: string): readonly string[] {
  const ir = compileText(script).optimisedIr?.() ?? '';
  const direct = [...ir.matchAll(/^ +ret i\d+ ([^\s,]+)/gm)].map(([, value]) => value ?? '');
  const values = direct.flatMap((value) => {
    const merged = new RegExp(`^ +${value} = phi i\\d+ (.*)$`, 'm').exec(ir)?.[1];
    return merged ? [...merged.matchAll(/\[ (\S+),/g)].map(([, each]) => each ?? '') : [value];
  });
  return [...new Set(values)].sort();
}
