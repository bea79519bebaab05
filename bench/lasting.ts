/**
 * What only large numbers and long times show. A storm of three million events, whose lines
 * and losses have to add up; the time from SIGINT to the end with a map of 100,000 keys; and memory over BENCH_SECONDS
 * (120) of a script that does a bit of everything, while short processes come and go (300,000 in an hour, whose stacks
 * have names): after a quarter of the time it must not grow.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { folder, setting } from './settings.ts';
import { median } from './statistics.ts';

const SECONDS = setting('BENCH_SECONDS', 120);
const THREADS = 2;
const EVENTS_OF_EACH = Math.ceil(setting('BENCH_STORM', 3_000_000) / THREADS);
const EVENTS = THREADS * EVENTS_OF_EACH;
/** So many a second while memory is watched; the loader forgets what exited every 20,480. */
const PROCESSES_A_SECOND = setting('BENCH_PROCESSES', 300_000 / 3600);
const RUNS = 7;
const NOTICE = '__BPFTRACE_NOTIFY_PROBES_ATTACHED';
const WORKLOAD = 'test/workload/build/workload';
const GETPPID = 'tracepoint:syscalls:sys_enter_getppid /comm == "lasting"/';

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly stderr: () => string;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a script; resolves once it is attached. What it prints goes to `output`. */
function start(
  name: string,
  script: string,
  output: string,
  flags: readonly string[] = [],
): Promise<Run> {
  const object = join(folder(), `${name}.o`);
  execFileSync(process.execPath, [
    'dist/bpfscript.js',
    'build',
    '--no-warnings',
    '-e',
    script,
    '-o',
    object,
  ]);
  const child = spawn('loader/build/bpfload', [...flags, '-o', output, object], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, [NOTICE]: '1' },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return new Promise((resolve, reject) => {
    child.stdout.on('data', () => resolve({ child, ended, stderr: () => stderr }));
    ended.then(() => reject(new Error(`${name} ended before it was attached:\n${stderr}`)));
  });
}

async function stop({ child, ended }: Run): Promise<number> {
  const begun = performance.now();
  child.kill('SIGINT');
  await ended;
  return performance.now() - begun;
}

async function storm(form: 'text' | 'json'): Promise<void> {
  const output = join(folder(), 'storm');
  const script = `${GETPPID} { printf("%d %d\\n", tid, cpu); }`;
  const run = await start('storm', script, output, ['-q', '-f', form]);
  const begun = performance.now();
  execFileSync(WORKLOAD, [
    'comm',
    'lasting',
    'threads',
    String(THREADS),
    'getppid',
    String(EVENTS_OF_EACH),
  ]);
  const took = performance.now() - begun;
  await wait(500);
  await stop(run);
  let delivered = 0;
  let lost = Number(/Total lost event count: (\d+)/.exec(run.stderr())?.[1] ?? 0);
  for (const line of readFileSync(output, 'latin1').split('\n')) {
    if (/^\d+ \d+$/.test(line) || line.startsWith('{"type": "printf"')) delivered += 1;
    else lost += Number(/^{"type": "lost_events", "count": (\d+)/.exec(line)?.[1] ?? 0);
  }
  const sum = delivered + lost;
  process.stdout.write(
    `storm as ${form}: ${EVENTS} events in ${took.toFixed(0)} ms, ${delivered} delivered, ${lost} counted as lost: ${sum === EVENTS ? 'all there' : `WRONG, ${sum}`}\n`,
  );
  if (sum !== EVENTS) process.exitCode = 1;
}

const MAPS: readonly (readonly [name: string, statement: string])[] = [
  ['numbers', '@[$i] = $i * 7;'],
  ['strings and numbers, count()', '@[comm, $i] = count();'],
  ['hist()', '@[$i] = hist($i);'],
];

async function ends(): Promise<void> {
  process.stdout.write(`\nSIGINT to end, 100,000 keys to a file; medians of ${RUNS}\n`);
  for (const [name, statement] of MAPS) {
    const output = join(folder(), 'ends');
    const script = `config = { max_map_keys = 100000 } BEGIN { for $i : 0..100000 { ${statement} } } interval:s:99 { }`;
    const times: number[] = [];
    for (let i = 0; i < RUNS; i += 1) {
      const run = await start('ends', script, output, ['-q']);
      await wait(100);
      times.push(await stop(run));
    }
    process.stdout.write(
      `${name.padEnd(30)} ${median(times).toFixed(0).padStart(5)} ms ${(statSync(output).size / 1e6).toFixed(1).padStart(6)} MB\n`,
    );
  }
}

const VARIED = `config = { unstable_tseries = enable }
  ${GETPPID} {
    @calls[comm, tid] = count(); @stack[kstack(8)] = count(); @ns = hist(nsecs % 1000);
    @series[cpu] = tseries(1, 1s, 60, "sum"); @last[tid] = nsecs; printf("%s %d %s\\n", comm, pid, probe);
  }
  tracepoint:syscalls:sys_enter_openat /comm == "lasting"/ {
    @open[str(args.filename)] = count(); printf("%s %s\\n", str(args.filename), strftime("%H:%M:%S", nsecs));
  }
  tracepoint:syscalls:sys_enter_close /comm == "lasting"/ { @ustack[ustack(3)] = count(); delete(@nothing, 1); @nothing[2] = 1; }
  interval:s:1 {
    print(@calls, 5); clear(@calls); print(@stack); print(@ustack); clear(@ustack); print(@ns); zero(@ns);
    print(@series); clear(@last); print(@open); time(); print((pid, comm));
  }`;

function status(pid: number | undefined, field: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
}

/**
 * The most that a script ever held (VmHWM), at a quarter of the time and at its end. What is remembered of processes
 * that exited goes up and down; its height must not.
 */
async function memory(): Promise<void> {
  const run = await start('varied', VARIED, '/dev/null', ['-q']);
  const actions =
    'comm lasting repeat 1000000000 open 20 /etc/hostname close 5 getppid 2000 sleep 10';
  const workload = spawn(WORKLOAD, actions.split(' '), { stdio: 'ignore' });
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  let warm = 0;
  let processes = 0;
  process.stdout.write(`\nmemory over ${SECONDS} s in KiB\n`);
  for (let next = 0; elapsed() < SECONDS; ) {
    await wait(100);
    const due = Math.floor(elapsed() * PROCESSES_A_SECOND) - processes;
    if (due > 0) execFileSync(WORKLOAD, `comm lasting fork ${due} close 1`.split(' '));
    processes += Math.max(due, 0);
    if (elapsed() < SECONDS / 4) warm = status(run.child.pid, 'VmHWM');
    if (elapsed() < next) continue;
    const rss = status(run.child.pid, 'VmRSS');
    process.stdout.write(
      `${elapsed().toFixed(0).padStart(6)} s ${String(rss).padStart(8)}, after ${processes} processes\n`,
    );
    next += SECONDS / 12;
  }
  const most = status(run.child.pid, 'VmHWM');
  workload.kill();
  await stop(run);
  process.stdout.write(
    `${processes} processes; ${warm} KiB at most in a quarter of the time, growth after that: ${most - warm} KiB\n`,
  );
  if (most > warm) process.exitCode = 1;
}

/** Processes whose stacks are kept are remembered: so many, and no more. */
async function flood(): Promise<void> {
  const script = `${GETPPID} { @[ustack(3)] = count(); }`;
  const run = await start('flood', script, '/dev/null', ['-q']);
  process.stdout.write('\nmemory in a flood of short processes in KiB\n');
  for (let processes = 0; processes <= 24_000; processes += 8000) {
    const rss = status(run.child.pid, 'VmRSS');
    process.stdout.write(`${String(processes).padStart(6)}   ${String(rss).padStart(8)}\n`);
    execFileSync(WORKLOAD, ['comm', 'lasting', 'fork', '8000', 'getppid', '1']);
    await wait(200);
  }
  await stop(run);
}

async function idle(): Promise<void> {
  const run = await start('idle', `${GETPPID} { @[comm] = count(); printf("x"); }`, '/dev/null', [
    '-q',
  ]);
  await wait(1000);
  const before = status(run.child.pid, 'voluntary_ctxt_switches');
  await wait(5000);
  const after = status(run.child.pid, 'voluntary_ctxt_switches');
  await stop(run);
  process.stdout.write(`\nwake-ups in 5 idle seconds: ${after - before}\n`);
  if (after !== before) process.exitCode = 1;
}

export async function reportLasting(): Promise<void> {
  await storm('text');
  await storm('json');
  await ends();
  await idle();
  await flood();
  await memory();
}
