/** Runs the command with the process's arguments: the beginning of the bundle (launch.ts). */
import { bugReport } from './bug.ts';
import { runCommandLine } from './command-line.ts';
import { reasonOf } from './errors.ts';
import './modes.ts';
import { say } from './say.ts';
import { EXIT } from './status.ts';
import { noticeOpening } from './streams.ts';

noticeOpening('stderr');
noticeOpening('stdout', (stream) =>
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads has seen enough, as in `bpfscript list | head`.
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    say('ERROR', `cannot write to standard output: ${reasonOf(error)}`);
    process.exit(EXIT.script);
  }),
);

process.on('uncaughtException', (error) => {
  process.stderr.write(bugReport(error));
  process.exit(EXIT.bug);
});

async function main(): Promise<void> {
  process.exitCode = await runCommandLine(process.argv.slice(2));
}

export const finished = main();
