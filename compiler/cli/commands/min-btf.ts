import type { Command } from 'commander';
import { readBtf } from '../../../linker/btf/read.ts';
import { subsetOf, typeNames } from '../../../linker/btf/subset.ts';
import { readElf } from '../../../linker/elf/read.ts';
import type { Kernel } from '../../kernel/description.ts';
import { reasonOf, UserError } from '../errors.ts';
import { noObject, readInput } from '../input.ts';
import { openKernel } from '../kernel.ts';
import { writeWhole } from '../output.ts';
import { collect } from '../script.ts';
import { EXIT } from '../status.ts';

export function registerMinBtf(kernel: Command): void {
  kernel
    .command('min-btf')
    .summary('Writes the types that objects need of a kernel.')
    .description(
      'Writes the types that objects need of a kernel, for `bpfload --btf FILE` where that kernel has no BTF itself.',
    )
    .argument('<objects...>', 'objects that `bpfscript build` wrote')
    .requiredOption(
      '--kernel <which>',
      'description of the kernel that lacks BTF: default (embedded), host, a name, or a file',
      collect,
    )
    .requiredOption('-o, --output <file>', 'where to write')
    .action((objects: readonly string[], options: MinBtfOptions) => {
      const names = [...new Set(objects.flatMap(typesOf))].sort();
      const [which = 'default', ...others] = options.kernel;
      if (others.length > 0)
        throw new UserError('the types are those of one kernel: name one with --kernel', {
          status: EXIT.usage,
        });
      writeWhole(options.output, typesIn(openKernel(which), names));
    });
}

interface MinBtfOptions {
  readonly kernel: readonly string[];
  readonly output: string;
}

function typesOf(file: string): readonly string[] {
  const bytes = readInput(file);
  try {
    const section = readElf(bytes).sections.find(({ name }) => name === '.BTF');
    return section ? typeNames(section.data) : [];
  } catch (error) {
    throw noObject(file, error);
  }
}

function typesIn(kernel: Kernel, names: readonly string[]): Uint8Array {
  try {
    // Asking for a type brings in the module that has it.
    for (const name of names) {
      const found =
        kernel.types.struct('struct', name) ??
        kernel.types.struct('union', name) ??
        kernel.types.enum(name);
      if (!found) kernel.types.typedef(name);
    }
    return subsetOf(readBtf(kernel.btf), names);
  } catch (error) {
    throw new UserError(reasonOf(error));
  }
}
