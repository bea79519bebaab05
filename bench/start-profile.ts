/** Where the loader's time goes until it waits for events: in its own code, and in the kernel by what it asks for. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './settings.ts';

/** A name that no other process has. */
const TRACED = 'bench-bpfload';
const NOTICE = '__BPFTRACE_NOTIFY_PROBES_ATTACHED';

/** What a thread does between two moments counts for the call that it is in; time without a CPU counts for nothing. */
const SCRIPT = `
tracepoint:sched:sched_process_exec /comm == "${TRACED}"/ { @last[tid] = nsecs; @in[tid] = false; }
tracepoint:raw_syscalls:sys_enter /@last[tid]/ {
  @own = sum(nsecs - @last[tid]); @last[tid] = nsecs; @in[tid] = true; @call[tid] = args.id; @command[tid] = 0;
}
tracepoint:syscalls:sys_enter_bpf /@last[tid]/ { @command[tid] = args.cmd; }
tracepoint:syscalls:sys_enter_epoll_wait, tracepoint:syscalls:sys_enter_epoll_pwait /@last[tid]/ { delete(@last, tid); }
tracepoint:raw_syscalls:sys_exit /@last[tid]/ {
  @calls[syscall_name(@call[tid]), @command[tid]] = sum(nsecs - @last[tid]); @last[tid] = nsecs; @in[tid] = false;
}
tracepoint:sched:sched_switch {
  $from = (uint32)args.prev_pid; $to = (uint32)args.next_pid;
  if (@last[$from]) {
    if (@in[$from]) { @calls[syscall_name(@call[$from]), @command[$from]] = sum(nsecs - @last[$from]); }
    else { @own = sum(nsecs - @last[$from]); }
  }
  if (@last[$to]) { @last[$to] = nsecs; }
}
end { clear(@last); clear(@in); clear(@call); clear(@command); }`;

/** By names of system calls; of bpf(2) by commands (enum bpf_cmd, include/uapi/linux/bpf.h). */
const GROUPS: readonly (readonly [name: string, calls: RegExp])[] = [
  ['maps', /^bpf,(?:[0-4]|22|24|26)$/],
  ['programs: verifier, JIT', /^bpf,(?:5|35)$/],
  ['types', /^bpf,18$/],
  ['attaching', /^(?:bpf,28|perf_event_open,|ioctl,)/],
  ['rest of bpf(2)', /^bpf,/],
  ['files', /^(?:open|read|pread|close|new|fstat|lseek|faccess|access|readlink|memfd|write|fcntl)/],
  ['memory', /^(?:brk|mmap|munmap|mremap|mprotect|madvise),/],
  ['giving up rights', /^(?:prctl|capget|capset|seccomp),/],
  ['other calls', /./],
];

/** One map of the output of -f json, which may be a number. */
function mapOf(lines: string, name: string): Readonly<Record<string, number>> | number {
  for (const line of lines.split('\n'))
    if (line.startsWith('{"type": "map"')) {
      const { data } = JSON.parse(line) as { data: Record<string, Record<string, number>> };
      if (data[name] !== undefined) return data[name];
    }
  throw new Error(`the profile has no ${name}:\n${lines}`);
}

/** Starts the loader with an object so many times; lines of parts and their milliseconds. */
export async function profileStart(object: string, starts: number): Promise<string> {
  const [program, profile, output] = [TRACED, 'profile.o', 'profile.json'].map((name) =>
    join(folder(), name),
  ) as [string, string, string];
  const build = ['dist/bpfscript.js', 'build', '--no-warnings', '-e', SCRIPT, '-o', profile];
  execFileSync(process.execPath, build);
  copyFileSync('loader/build/bpfload', program);
  const tracer = spawn('loader/build/bpfload', ['-q', '-f', 'json', '-o', output, profile], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [NOTICE]: '1' },
  });
  const ended = new Promise<void>((resolve) => tracer.on('close', () => resolve()));
  await Promise.race([new Promise((resolve) => tracer.stdout.once('data', resolve)), ended]);
  for (let start = 0; start < starts; start += 1) {
    const { status } = spawnSync(program, ['-q', '-o', '/dev/null', '--timeout', '1ms', object]);
    if (status !== 0) throw new Error(`${object}: bpfload ended with status ${status}`);
  }
  tracer.kill('SIGINT');
  await ended;
  const lines = readFileSync(output, 'utf8');
  const parts = new Map([['its own code', Number(mapOf(lines, '@own'))]]);
  for (const [call, ns] of Object.entries(mapOf(lines, '@calls'))) {
    const [name = ''] = GROUPS.find(([, calls]) => calls.test(call)) ?? [];
    parts.set(name, (parts.get(name) ?? 0) + ns);
  }
  return [...parts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, ns]) => `  ${name.padEnd(24)} ${(ns / starts / 1e6).toFixed(2).padStart(6)}\n`)
    .join('');
}
