/** Run statistics of loaded BPF programs, from bpftool. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

export interface ProgramStats {
  readonly id: number;
  readonly name: string;
  /** Instructions as the kernel runs them, before its JIT. */
  readonly instructions: number;
  readonly runTimeNs: number;
  readonly runs: number;
}

interface BpftoolProgram {
  readonly id: number;
  readonly name?: string;
  readonly bytes_xlated?: number;
  readonly run_time_ns?: number;
  readonly run_cnt?: number;
}

const SWITCH = '/proc/sys/kernel/bpf_stats_enabled';

/** Turns run statistics on for the time of `work`. */
export async function withStatistics<T>(work: () => Promise<T>): Promise<T> {
  const before = readFileSync(SWITCH, 'utf8');
  writeFileSync(SWITCH, '1');
  try {
    return await work();
  } finally {
    writeFileSync(SWITCH, before);
  }
}

/** Numbers of the programs that a process has loaded, by its file descriptors. */
function heldBy(pid: number): ReadonlySet<number> {
  const folder = `/proc/${pid}/fdinfo`;
  const ids = readdirSync(folder).flatMap((fd) => {
    const id = /^prog_id:\t(\d+)$/m.exec(readFileSync(`${folder}/${fd}`, 'utf8'))?.[1];
    return id === undefined ? [] : [Number(id)];
  });
  return new Set(ids);
}

export function loadedPrograms(pid: number): readonly ProgramStats[] {
  const held = heldBy(pid);
  const programs = JSON.parse(
    execFileSync('bpftool', ['prog', 'show', '-j'], { encoding: 'utf8' }),
  ) as readonly BpftoolProgram[];
  const own = programs.filter((program) => held.has(program.id));
  return own.map((program) => ({
    id: program.id,
    name: program.name ?? '',
    instructions: (program.bytes_xlated ?? 0) / 8,
    runTimeNs: program.run_time_ns ?? 0,
    runs: program.run_cnt ?? 0,
  }));
}
