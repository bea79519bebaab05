import { spawnSync } from 'node:child_process';
import { Argument, type Command } from 'commander';
import { nativeFile } from '../../paths.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { type Completed, completedLoader, completedProgram } from '../completion/words.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SHELLS: Readonly<Record<string, (completed: Completed) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** Writes scripts that complete commands, flags and their values; probes are asked of `bpfscript list`. */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print a completion script for the shell')
    .description(
      'Prints what makes a shell complete commands, flags, their values, probes and file names.',
    )
    .addArgument(new Argument('<shell>', 'whose script').choices(Object.keys(SHELLS)))
    .addArgument(
      new Argument('[command]', 'what to complete (default: both)').choices([
        'bpfscript',
        'bpfload',
      ]),
    )
    .addHelpText(
      'after',
      `
Examples:
  source <(bpfscript completion bash)
  bpfscript completion zsh bpfscript > ~/.zsh/functions/_bpfscript
  bpfscript completion fish | source`,
    )
    .action((shell: string, command: string | undefined) => {
      const own = completedProgram(program);
      const render = SHELLS[shell];
      if (!render) return;
      if (command !== 'bpfload') process.stdout.write(render(own));
      if (command !== 'bpfscript') process.stdout.write(render(completedLoader(loaderHelp(), own)));
    });
}

function loaderHelp(): string {
  return spawnSync(nativeFile('bpfload'), ['--help'], { encoding: 'utf8' }).stdout;
}
