/** Run statistics of loaded BPF programs, from bpftool. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

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

export function loadedPrograms(): readonly ProgramStats[] {
  const programs = JSON.parse(
    execFileSync('bpftool', ['prog', 'show', '-j'], { encoding: 'utf8' }),
  ) as readonly BpftoolProgram[];
  return programs.map((program) => ({
    id: program.id,
    name: program.name ?? '',
    instructions: (program.bytes_xlated ?? 0) / 8,
    runTimeNs: program.run_time_ns ?? 0,
    runs: program.run_cnt ?? 0,
  }));
}
