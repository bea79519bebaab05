import type { Command } from 'commander';
import { becomeLoader } from '../loader.ts';

interface SymbolizeOptions {
  readonly debuginfo?: string;
  readonly exe?: readonly string[];
  readonly maps?: string;
  readonly kallsyms?: string;
  readonly kernelBase?: string;
}

export function registerSymbolize(program: Command): void {
  program
    .command('symbolize')
    .summary('put names where a text has addresses')
    .description(
      'Prints a text with names, source lines and inlined functions where it has addresses or places in files (BUILD-ID 0xOFFSET): output of bpfload in any form, a log, or a recording.',
    )
    .argument('[text]', 'a file; without it, or as -, standard input')
    .option(
      '--debuginfo <folders>',
      'files of programs and their debug files, by build id, in folders with : between them',
    )
    .option(
      '--exe <file>',
      "addresses are this program's; with --maps, it is what is mapped under its name; may be repeated",
      (file: string, files: readonly string[] = []) => [...files, file],
    )
    .option('--maps <file>', "the process's /proc/PID/maps, as it was saved")
    .option('--kallsyms <file>', "the host's /proc/kallsyms, as it was saved, or its System.map")
    .option(
      '--kernel-base <address>',
      'where the kernel began on the host (_text), for a System.map',
    )
    .addHelpText(
      'after',
      `
Examples:
  bpfscript symbolize tool.txt --debuginfo debug
  bpfscript symbolize stacks.json --debuginfo debug | bpfscript draw - -o stacks.html
  journalctl -u app | bpfscript symbolize --maps app.maps --exe ./app
  bpfscript symbolize stacks.txt --kallsyms host.kallsyms`,
    )
    .action((text: string | undefined, options: SymbolizeOptions) =>
      becomeLoader(['symbolize', text ?? '-', ...flagsOf(options)]),
    );
}

function flagsOf(options: SymbolizeOptions): readonly string[] {
  const { debuginfo, exe = [], maps, kallsyms, kernelBase } = options;
  return [
    ...flag('--debuginfo', debuginfo),
    ...exe.flatMap((file) => flag('--exe', file)),
    ...flag('--maps', maps),
    ...flag('--kallsyms', kallsyms),
    ...flag('--kernel-base', kernelBase),
  ];
}

function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}
