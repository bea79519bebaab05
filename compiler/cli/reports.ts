/** Reports of starts in files, folders and on standard input: one a line. */
import { constants, createReadStream, fstatSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { LONGEST_REPORT, parseReport, type StartReport } from '../rollout/report.ts';
import { linesOf } from '../telemetry/lines.ts';
import { reasonOf, UserError } from './errors.ts';

/** A line, or a file, that is none. */
export interface Fault {
  readonly place: string;
  readonly reason: string;
}

/** How much is read. */
export interface ReportLimits {
  /** Of larger fleets the reports are summarised in parts. */
  readonly reports: number;
  readonly bytes: number;
  /** What has more lines that are no reports is something else, and is read no further. */
  readonly faults: number;
}

const MOST: ReportLimits = { reports: 200_000, bytes: 512 << 20, faults: 1000 };

/** `paths`: files, folders (files `*.json` and `*.jsonl` in them) and `-`. */
export async function readReports(
  paths: readonly string[],
  most = MOST,
): Promise<{ readonly reports: readonly StartReport[]; readonly faults: readonly Fault[] }> {
  const reports: StartReport[] = [];
  const faults: Fault[] = [];
  let bytes = 0;
  const read = async (name: string, stream: Readable): Promise<void> => {
    const known = faults.length;
    let number = 0;
    const tooMany = (): UserError =>
      new UserError(
        `${name}: there are more than ${most.reports} reports, or ${most.bytes >> 20} MiB of them`,
      );
    // What is read counts, and not what is kept: a line may have no end.
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > most.bytes) throw tooMany();
        yield chunk;
      }
    };
    for await (const whole of linesOf(counted(), LONGEST_REPORT)) {
      const line = whole?.trim();
      number += 1;
      if (line === '') continue;
      if (reports.length === most.reports) throw tooMany();
      if (faults.length - known === most.faults) {
        faults.push({ place: name, reason: `it has ${most.faults} such lines: no more is read` });
        break;
      }
      try {
        if (line === undefined) throw new Error(`it is longer than ${LONGEST_REPORT} bytes`);
        reports.push(parseReport(line));
      } catch (error) {
        faults.push({ place: `${name}:${number}`, reason: reasonOf(error) });
      }
    }
    // What was lost on the way; a stream of none is of no hosts.
    if (number === 0 && stream !== process.stdin)
      faults.push({ place: name, reason: 'it is empty' });
  };
  for (const path of paths) {
    if (path === '-') {
      await read('standard input', process.stdin);
      continue;
    }
    for (const file of filesOf(path)) {
      try {
        await read(file, openFile(file, file === path));
      } catch (error) {
        if (error instanceof UserError) throw error;
        if (file === path) throw new UserError(`cannot read ${file}: ${reasonOf(error)}`);
        faults.push({ place: file, reason: reasonOf(error) });
      }
    }
  }
  return { reports, faults };
}

function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /\.jsonl?$/.test(name));
    return names.sort().map((name) => join(path, name));
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** In a folder, which others may have filled, no link is followed and no pipe waited for. */
function openFile(file: string, isNamed: boolean): Readable {
  if (isNamed) return createReadStream(file);
  const descriptor = openSync(
    file,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  const stream = createReadStream(file, { fd: descriptor });
  if (fstatSync(descriptor).isFile()) return stream;
  stream.destroy();
  throw new Error('it is something else than a file');
}
