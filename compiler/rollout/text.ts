/** A summary for people. What hosts wrote is shown with control characters escaped, and cut where it is long. */
import type { MissingProbe, ObjectSummary, Refusal, Rollout } from './summary.ts';

/** Rows, groups and names that are shown; JSON has all. */
const MOST_ROWS = 40;
const MOST_GROUPS = 20;
const MOST_NAMES = 8;
const LONGEST = 300;

export function renderRollout({ objects, silent, unlisted }: Rollout): string {
  return [
    ...objects.map(renderObject),
    ...(silent.length > 0 ? [`never reported: ${names(silent)}\n`] : []),
    ...(unlisted.length > 0 ? [`not in the list: ${names(unlisted)}\n`] : []),
  ].join('\n');
}

/** One line, whatever stands in it. */
export function printable(text: string): string {
  const line = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return line.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

function renderObject(summary: ObjectSummary): string {
  const { object, digest, hosts, attached, partly, dryRuns, times } = summary;
  return [
    `${printable(object)} ${digest ?? '(not read)'}`,
    `attached on ${attached} of ${plural(hosts, 'host')}${partly > 0 ? `, on ${partly} of them without some probes` : ''}${dryRuns === hosts ? ' (dry run)' : dryRuns > 0 ? ` (${dryRuns} of them dry runs)` : ''}`,
    '',
    ...kernelTable(summary),
    ...groups(summary.refusals, renderRefusal),
    ...groups(summary.missing, renderMissing),
    ...(times
      ? [
          '',
          `attached within ${milliseconds(times.p50)} on half of the hosts, ${milliseconds(times.p90)} on 90 %, ${milliseconds(times.p99)} on 99 %, ${milliseconds(times.most)} on ${printable(times.slowest)}`,
        ]
      : []),
    '',
  ].join('\n');
}

function kernelTable({ kernels }: ObjectSummary): readonly string[] {
  const rows = [
    ['kernel', 'machine', 'hosts', 'attached', 'partly', 'refused'],
    ...kernels
      .slice(0, MOST_ROWS)
      .map(({ release, machine, hosts, attached, partly }) => [
        printable(release),
        printable(machine),
        ...[hosts, attached, partly, hosts - attached].map(String),
      ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  // Words to the left, numbers to the right.
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  );
  return [...lines, ...andMore(kernels.length - MOST_ROWS, 'kernel')];
}

function groups<Group>(
  all: readonly Group[],
  render: (group: Group) => readonly string[],
): readonly string[] {
  const shown = all.slice(0, MOST_GROUPS).flatMap((group) => ['', ...render(group)]);
  return [...shown, ...andMore(all.length - MOST_GROUPS, 'other reason')];
}

function renderRefusal({ status, place, reason, hosts, kernels }: Refusal): readonly string[] {
  const where = place === '' ? '' : `${printable(place)}: `;
  const why = reason === '' ? 'it says no reason' : printable(reason);
  return [`refused on ${plural(hosts.length, 'host')} (status ${status}): ${where}${why}`].concat([
    `  kernels: ${names(kernels)}`,
    `  hosts: ${names(hosts)}`,
  ]);
}

function renderMissing({ probe, reason, hosts, kernels }: MissingProbe): readonly string[] {
  return [
    `without ${printable(probe)} on ${plural(hosts.length, 'host')}: ${printable(reason)}`,
    `  kernels: ${names(kernels)}`,
    `  hosts: ${names(hosts)}`,
  ];
}

function names(all: readonly string[]): string {
  const more = all.length - MOST_NAMES;
  const shown = all.slice(0, MOST_NAMES).map(printable).join(' ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function andMore(count: number, what: string): readonly string[] {
  return count > 0 ? [`and ${plural(count, what)}`] : [];
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
