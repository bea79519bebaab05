/** Kernels that differ from the embedded one in what a test says: nothing of them runs. */
import type { Kernel } from '../../../compiler/kernel/description.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';

export const EMBEDDED: Kernel = loadKernelDescription('default');

/** The embedded kernel with other names in its types, of the same length: what had the name is not there. */
export function kernelWithout(...names: readonly string[]): Kernel {
  const btf = Buffer.from(EMBEDDED.btf);
  for (const name of names) {
    const whole = Buffer.from(`\0${name}\0`);
    for (let at = btf.indexOf(whole); at !== -1; at = btf.indexOf(whole, at + 1))
      btf.write('~', at + 1);
  }
  // No module has it either.
  return { ...EMBEDDED, btf, rawTracepoint: () => undefined };
}

/** The embedded kernel, but for some of what its description says. */
export function kernelWith(changes: Partial<Kernel>): Kernel {
  return { ...EMBEDDED, ...changes };
}
