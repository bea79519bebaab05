/** One command line from its words to its exit status: whatever ends it is said on stderr. */
import { CommanderError } from 'commander';
import { isDescriptionError } from '../kernel/error.ts';
import { InstallationError } from '../paths.ts';
import { bugReport } from './bug.ts';
import { UserError } from './errors.ts';
import { runProgram } from './program.ts';
import { sayError } from './say.ts';
import { EXIT } from './status.ts';

export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    return await runProgram(args);
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has already printed its message; help and version are no errors.
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    if (error instanceof UserError) {
      sayError(error);
      return error.status;
    }
    // Descriptions are read on demand, so damage or a missing part shows in the middle of compiling.
    if (error instanceof InstallationError || isDescriptionError(error)) {
      sayError(error);
      return EXIT.script;
    }
    process.stderr.write(bugReport(error));
    return EXIT.bug;
  }
}
