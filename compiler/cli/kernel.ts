/** The kernel description that commands are told of: what reads it is much, and a script that is run again needs none. */
import type { Kernel } from '../kernel/description.ts';
import { hintOf } from '../kernel/error.ts';
import { loadKernelDescription } from '../kernel/load.ts';
import { describedName } from '../kernel/named.ts';
import type { KernelDescription } from '../kernel/types.ts';
import { UserError } from './errors.ts';
import { ARCHITECTURES } from './script.ts';

/**
 * For commands that compile: the first of the descriptions that has something describes it. Refuses those of another
 * architecture than the one that is asked for.
 */
export function readKernel(choices: readonly string[], wanted?: string): KernelDescription {
  const kernel = openKernel(...choices.map((choice) => describedName(choice, wanted)));
  if (!ARCHITECTURES.includes(kernel.arch))
    throw new UserError(`the kernel description is of ${kernel.arch}, which is not supported`, {
      hint: `Scripts are compiled for ${ARCHITECTURES.join(' and ')}`,
    });
  if (wanted !== undefined && wanted !== kernel.arch)
    throw new UserError(
      `the kernel description '${choices[0] ?? 'default'}' is of ${kernel.arch}, not of ${wanted}`,
      {
        hint: `\`bpfscript kernel capture -o FILE\` on a machine of ${wanted} writes one for \`--kernel FILE\`; so does \`bpfscript kernel capture --vmlinux VMLINUX --tracing COPY-OF-TRACEFS -o FILE\` anywhere, or of a Debian package \`bpfscript kernel add 6.12-${wanted}\``,
      },
    );
  return kernel;
}

/** Of any kernel; the embedded one where none is named. */
export function openKernel(...choices: readonly string[]): Kernel {
  const [first = 'default', ...others] = choices;
  try {
    return loadKernelDescription(first, ...others);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error), {
      hint:
        hintOf(error) ??
        '`bpfscript kernel capture -o FILE` writes a description of the running kernel',
    });
  }
}
