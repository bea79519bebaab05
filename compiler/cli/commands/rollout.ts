import type { Command } from 'commander';
import { type Rollout, summarise } from '../../rollout/summary.ts';
import { printable, renderRollout } from '../../rollout/text.ts';
import { UserError } from '../errors.ts';
import { readInput } from '../input.ts';
import { type Fault, readReports } from '../reports.ts';
import { say } from '../say.ts';
import { EXIT, type ReportStatus } from '../status.ts';

interface RolloutOptions {
  readonly hosts?: string;
  readonly minAttached: string;
  readonly json?: boolean;
}

const MOST_FAULTS = 20;

export function registerRollout(program: Command, report: ReportStatus): void {
  program
    .command('rollout')
    .summary('summarise how an object started on many hosts')
    .description(
      'Reads what `bpfload --report` wrote on hosts, and says of each object on how many it attached, on which kernels, why ' +
        'not on the others, and how long it took. Status 0 where it attached everywhere (or where --min-attached says); else ' +
        'that of the loaders, where it is the same on all hosts that failed, or 1.',
    )
    .argument('<reports...>', 'files, folders with *.json and *.jsonl, or - for standard input')
    .option('--hosts <file>', 'the hosts that should have reported, one a line; # begins a comment')
    .option('--min-attached <percent>', 'be content with so many of the hosts', '100')
    .option('--json', 'as JSON, with all hosts')
    .addHelpText(
      'after',
      `
Examples:
  bpfscript rollout reports/ --hosts fleet.txt
  for host in $(cat fleet.txt); do ssh $host bpfload --dry-run --report - tool.o; done | bpfscript rollout -`,
    )
    .action(async (paths: readonly string[], options: RolloutOptions) => {
      const percent = Number(options.minAttached);
      if (!/^\d+(\.\d+)?$/.test(options.minAttached) || percent > 100)
        throw new UserError(
          `--min-attached takes a number from 0 to 100, not ${options.minAttached}`,
          { status: EXIT.usage },
        );
      const listed = options.hosts === undefined ? undefined : readHosts(options.hosts);
      const { reports, faults } = await readReports(paths);
      if (reports.length === 0 && faults.length === 0 && !listed)
        throw new UserError('there are no reports');
      const rollout = summarise(reports, listed);
      if (options.json)
        process.stdout.write(`${JSON.stringify({ type: 'rollout', ...rollout, faults })}\n`);
      else process.stdout.write(renderRollout(rollout));
      tellFaults(faults);
      const status = statusOf(rollout, faults, percent);
      if (status !== EXIT.ok) report(status);
    });
}

/** Names, one a line. */
function readHosts(file: string): ReadonlySet<string> {
  const lines = Buffer.from(readInput(file)).toString('utf8').split('\n');
  const hosts = new Set(lines.map((line) => line.replace(/#.*/, '').trim()));
  hosts.delete('');
  if (hosts.size === 0) throw new UserError(`${file} names no hosts`);
  return hosts;
}

function tellFaults(faults: readonly Fault[]): void {
  for (const { place, reason } of faults.slice(0, MOST_FAULTS))
    say('WARNING', `${printable(place)}: no report: ${printable(reason)}`);
  const more = faults.length - MOST_FAULTS;
  if (more > 0) say('WARNING', `${more} others are no reports either`);
}

/**
 * Whether enough hosts attached, of each object: those that never reported, and reports that are none, count as hosts that
 * did not.
 */
function statusOf({ objects, silent }: Rollout, faults: readonly Fault[], percent: number): number {
  const statuses = new Set<number>();
  // What is no report is likely that of a host which is missing; where there are more of them, all count.
  const lost = Math.max(silent.length, faults.length);
  for (const { hosts, attached, refusals } of objects) {
    if (attached * 100 >= percent * (hosts + lost)) continue;
    for (const { status } of refusals) statuses.add(status);
    if (faults.length > 0) statuses.add(EXIT.object);
    if (silent.length > 0) statuses.add(EXIT.script);
  }
  if (objects.length === 0) statuses.add(faults.length > 0 ? EXIT.object : EXIT.script);
  const [status = EXIT.ok] = statuses;
  return statuses.size > 1 ? EXIT.script : status;
}
