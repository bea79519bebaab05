import type { Command } from 'commander';
import type { DiagnosticForm } from '../../source/render/render.ts';
import { listByLoader } from '../list-by-loader.ts';
import {
  architectureOption,
  debugFolderOption,
  diagnosticsOption,
  kernelOption,
} from '../script.ts';
import type { ReportStatus } from '../status.ts';

interface Options {
  readonly e?: string;
  readonly verbose?: boolean;
  readonly pid?: string;
  readonly kernel?: readonly string[];
  readonly arch?: string;
  readonly debuginfo?: string;
  readonly warnings: boolean;
  readonly diagnostics: DiagnosticForm;
}

export function registerList(program: Command, report: ReportStatus): void {
  program
    .command('list')
    .summary('list probes, and types of the kernel')
    .description(
      'Lists the probes that patterns match, one a line, sorted. No match prints nothing. Needs root only for what ' +
        'the kernel shows to nobody else, such as tracepoints.',
    )
    .argument(
      '[search...]',
      'patterns, several words or separated by commas, in which * stands for any characters (default: all of the kernel); ' +
        'struct, union or enum and a name; or a script, whose attach points are listed',
    )
    .option('-e <program>', 'program text instead of a script')
    .option('-v, --verbose', 'with the arguments of each probe, or the members of each type')
    .option('-p, --pid <pid>', 'search the files of this process')
    .addOption(kernelOption('host where it can be read'))
    .addOption(architectureOption())
    .addOption(debugFolderOption())
    .option('--no-warnings', 'do not say what cannot be listed')
    .addOption(diagnosticsOption())
    .addHelpText(
      'after',
      `
Examples:
  bpfscript list 'tracepoint:syscalls:sys_enter_*'
  bpfscript list -v tracepoint:sched:sched_switch
  bpfscript list 'kprobe:tcp_*,fentry:tcp_*'
  bpfscript list 'uprobe:libc:pthread_*'
  bpfscript list 'usdt:/usr/bin/node:*'
  bpfscript list -p 1234 'uprobe:*alloc*'
  bpfscript list -v 'struct sock' enum pid_type 'kprobe:tcp_*'
  bpfscript list --kernel default tool.bt`,
    )
    .action(async (words: readonly string[], options: Options) => {
      await listByLoader(words, options);
      const { printList } = await import('../listing.ts');
      report(printList(words, options));
    });
}
