/** Scripts that one guest runs for a block of tests. */

import { beforeAll } from 'vitest';
import { type BuildOptions, temporaryFolder, writeObject } from './build.ts';
import { type GuestCommand, type GuestResult, isBefore, runInGuest, SERIES } from './guest.ts';
import { hasKernel } from './machine.ts';

export interface GuestScript extends Omit<GuestCommand, 'object'> {
  readonly text: string;
  /** The description that it is built with. */
  readonly kernel?: BuildOptions['kernel'];
}

export interface GuestOptions extends BuildOptions {
  /** Puts further files into the guest's root. */
  readonly prepare?: (folder: string) => void;
  /** Whether to boot at all; unless it is given, where the kernel is there. */
  readonly when?: boolean;
}

/** Shell: the loader that traces. It is the newest: an earlier one may still let go of its events. */
export const LOADER_PID = "$(pidof bpfload | tr ' ' '\\n' | sort -n | tail -n 1)";

/** Series of kernels that scripts are supported on. */
export const SUPPORTED: readonly string[] = SERIES.filter((series) => !isBefore(series, '5.15'));

/**
 * Boots a kernel of the series once before the tests of the `describe` that this is called in, and runs each script in
 * it. What it gives has the result of each by its name.
 */
export function scriptsInGuest<Name extends string>(
  series: string,
  scripts: Readonly<Record<Name, GuestScript>>,
  { prepare, when = hasKernel(series), ...build }: GuestOptions = {},
): (name: Name) => GuestResult {
  const results = new Map<string, GuestResult>();
  beforeAll(async () => {
    if (!when) return;
    const folder = temporaryFolder();
    const names = Object.keys(scripts) as Name[];
    const commands = names.map((name) => {
      const { text, kernel, ...command }: GuestScript = scripts[name];
      writeObject(folder, name, text, { ...build, ...(kernel ? { kernel } : {}) });
      return { ...command, object: `${name}.o` };
    });
    prepare?.(folder);
    for (const [index, result] of (await runInGuest(series, folder, commands)).entries())
      results.set(names[index] ?? '', result);
  }, 240_000);
  return (name) => {
    const result = results.get(name);
    if (!result) throw new Error(`no result of ${name}`);
    return result;
  };
}
