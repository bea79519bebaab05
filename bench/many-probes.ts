/** Scripts of many probes, and a nested unroll, beside `bpftrace -d`, which compiles and attaches nothing: CPU time. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds, stages } from './cpu-time.ts';
import { folder, setting, settings } from './settings.ts';
import { median } from './statistics.ts';

const ROUNDS = setting('BENCH_ROUNDS', 5);
/** How many probes; those that differ by 500 take bpftrace a minute. */
const PROBES = settings('BENCH_PROBES', [10, 100, 500]);
const MOST_DIFFERENT = 100;

/** Thirty lines of what scripts do. */
export const BODY = `{
  $fd = args.fd;
  @calls[comm] = count();
  @total[pid, tid] = sum($fd);
  @last[tid] = nsecs;
  if ($fd > 3) {
    @high[comm, pid] = count();
    @sizes = hist($fd);
  } else {
    @low[comm] = count();
    @sizes2[comm] = hist($fd);
  }
  if (@start[tid]) {
    $d = nsecs - @start[tid];
    @lat[comm] = hist($d);
    @latsum[comm] = sum($d);
    @latmax[comm] = max($d);
    @latavg[comm] = avg($d);
    if ($d > 1000000) {
      printf("%s %d %d slow %d\\n", comm, pid, tid, $d);
      @slow[comm, pid] = count();
    }
    delete(@start, tid);
  }
  @start[tid] = nsecs;
  if (comm == "bash") {
    @bash = count();
    @bashfd[$fd] = count();
    printf("bash %d %d\\n", pid, $fd);
  }
  @lin = lhist($fd, 0, 100, 10);
  @minv[pid] = min($fd);
}`;

/** Events with a descriptor: more probes than that come to them again. */
export const EVENTS = [
  ...['read', 'write', 'pread64', 'pwrite64', 'readv', 'writev', 'fsync', 'fchdir'],
] as const;

/** In the dialect that old and new bpftrace share; `differ`: each has a constant of its own. */
function script(count: number, differ: boolean): string {
  const body = BODY.replace('args.fd', 'args->fd').replace(
    'delete(@start, tid)',
    'delete(@start[tid])',
  );
  return Array.from({ length: count }, (_, index) => {
    const own = differ ? body.replace('$d > 1000000', `$d > ${1_000_000 + index}`) : body;
    return `tracepoint:syscalls:sys_enter_${EVENTS[index % EVENTS.length]} ${own}\n`;
  }).join('');
}

const UNROLL =
  'BEGIN { unroll(12) { unroll(15) { unroll(12) { @a = count(); printf("%d\\n", 1); } } } }\n';

/** Prints a line for each script, and where the time of the largest goes. */
export function reportManyProbes(): void {
  const cases = PROBES.flatMap((count) =>
    [true, false]
      .filter((differ) => !differ || count <= MOST_DIFFERENT)
      .map((differ) => ({
        name: `${count} probes, ${differ ? 'each with a constant of its own' : 'but for the event alike'}`,
        text: script(count, differ),
      })),
  );
  cases.push({ name: '2,160 steps of nested unroll', text: UNROLL });
  process.stdout.write(
    `CPU seconds, medians of ${ROUNDS}, in turn\n\n${''.padEnd(42)} bpfscript   bpftrace   ratio\n`,
  );
  let profile = '';
  for (const { name, text } of cases) {
    const file = join(folder(), 'many.bt');
    writeFileSync(file, text);
    const build = [process.execPath, 'dist/bpfscript.js', 'build', '--no-warnings', file];
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      ours.push(cpuSeconds([...build, '-o', join(folder(), 'many.o')], process.env));
      theirs.push(cpuSeconds(['bpftrace', '-d', file], process.env));
    }
    const [own, peer] = [median(ours), median(theirs)];
    process.stdout.write(
      `${name.padEnd(42)} ${own.toFixed(2).padStart(9)} ${peer.toFixed(2).padStart(10)} ${(own / peer).toFixed(2).padStart(7)}\n`,
    );
    if (text !== UNROLL)
      profile = `\n${name}: ms by stage (--timings)\n\n${stages([...build, '-o', join(folder(), 'many.o')], 1, process.env)}`;
  }
  process.stdout.write(profile);
}
