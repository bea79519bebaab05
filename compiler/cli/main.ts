/** Runs the command with the process's arguments: the beginning of the bundle (launch.ts). */
import { CommanderError } from 'commander';
import { isDescriptionError } from '../kernel/error.ts';
import { InstallationError } from '../paths.ts';
import { bugReport } from './bug.ts';
import { reasonOf, UserError } from './errors.ts';
import './modes.ts';
import { runProgram } from './program.ts';
import { say } from './say.ts';
import { EXIT } from './status.ts';

// Whoever reads has seen enough, as in `bpfscript list | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  say('ERROR', `cannot write to standard output: ${reasonOf(error)}`);
  process.exit(EXIT.script);
});

process.on('uncaughtException', (error) => {
  process.stderr.write(bugReport(error));
  process.exit(EXIT.bug);
});

async function main(): Promise<void> {
  try {
    process.exitCode = await runProgram(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has already printed its message; help and version are no errors.
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    } else if (error instanceof UserError) {
      say('ERROR', error.message);
      if (error.hint) say('HINT', error.hint);
      process.exitCode = error.status;
    } else if (error instanceof InstallationError) {
      say('ERROR', error.message);
      say('HINT', error.hint);
      process.exitCode = EXIT.script;
    } else if (isDescriptionError(error)) {
      // Descriptions are read on demand, so damage or a missing part shows in the middle of compiling.
      say('ERROR', error.message);
      process.exitCode = EXIT.script;
    } else {
      process.stderr.write(bugReport(error));
      process.exitCode = EXIT.bug;
    }
  }
}

export const finished = main();
