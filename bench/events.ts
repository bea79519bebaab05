/**
 * What a probe costs per event. Every body runs under hand-written C, bpfscript and the installed bpftrace in
 * turn, several rounds in one process, against the same number of write(2) calls; the kernel's own run
 * statistics (run_time_ns / run_cnt) give the cost. Read the ratios: times on shared machines drift by a third.
 */
import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { BODIES, type Body } from './bodies.ts';
import { loadedPrograms, type ProgramStats, withStatistics } from './programs.ts';
import { setting } from './settings.ts';
import { geometricMean, median } from './statistics.ts';
import { TOOLS, type Tool } from './tools.ts';

const ROUNDS = setting('BENCH_ROUNDS', 5);
const EVENTS = setting('BENCH_EVENTS', 300_000);
const WORKLOAD = 'test/workload/build/workload';

interface Measurement {
  /** Of all the body's programs together, for one event. */
  readonly ns: number;
  readonly instructions: number;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  await new Promise<void>((resolve) => {
    child.removeAllListeners('exit');
    // bpftrace 0.17 does not hear a signal that comes before its loop.
    const again = setInterval(() => child.kill(signal), 2000);
    child.on('exit', () => {
      clearInterval(again);
      resolve();
    });
    child.kill(signal);
  });
}

async function measure(tool: Tool, body: Body): Promise<Measurement> {
  const child = await tool.start(body);
  try {
    const own = (): readonly ProgramStats[] => loadedPrograms(child.pid ?? 0);
    // Once to fill maps and caches, then the measured part.
    execFileSync(WORKLOAD, ['comm', 'workload', 'writetext', '2000', 'the text of a line']);
    const start = own();
    execFileSync(WORKLOAD, ['comm', 'workload', 'writetext', String(EVENTS), 'the text of a line']);
    const costs = own().flatMap((program) => {
      const first = start.find((other) => other.id === program.id);
      const runs = program.runs - (first?.runs ?? 0);
      // Programs beside the body's (begin, end) do not run for the events; other tasks write too.
      if (runs < EVENTS) return [];
      return [
        {
          ns: (program.runTimeNs - (first?.runTimeNs ?? 0)) / runs,
          instructions: program.instructions,
        },
      ];
    });
    if (costs.length !== body.programs) {
      throw new Error(
        `${tool.name} runs ${costs.length} programs for ${body.name}, not ${body.programs}`,
      );
    }
    return {
      ns: costs.reduce((sum, cost) => sum + cost.ns, 0),
      instructions: costs.reduce((sum, cost) => sum + cost.instructions, 0),
    };
  } finally {
    await stop(child, tool.stopSignal);
  }
}

const key = (tool: Tool, body: Body): string => `${tool.name} ${body.name}`;

/** Measures the bodies of these names, or all where there are none, and prints the table. */
export async function reportEvents(names: readonly string[]): Promise<void> {
  // The empty body is what the others are measured against.
  const chosen = BODIES.filter(
    ({ name }) => name === 'empty' || names.length === 0 || names.includes(name),
  );
  const results = new Map<string, Measurement[]>();
  await withStatistics(async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      for (const body of chosen) {
        for (const tool of TOOLS) {
          const measurement = await measure(tool, body);
          results.set(key(tool, body), [...(results.get(key(tool, body)) ?? []), measurement]);
        }
      }
      process.stderr.write(`round ${round} of ${ROUNDS}\n`);
    }
  });
  report(chosen, results);
}

function report(
  chosen: readonly Body[],
  results: ReadonlyMap<string, readonly Measurement[]>,
): void {
  const ns = (tool: Tool, body: Body): number =>
    median((results.get(key(tool, body)) ?? []).map((m) => m.ns));
  const instructions = (tool: Tool, body: Body): number =>
    results.get(key(tool, body))?.[0]?.instructions ?? 0;
  const [empty, ...bodies] = chosen;
  const [c, ours, theirs] = TOOLS;
  if (!empty || !c || !ours || !theirs) throw new Error('the tables of bodies and tools are empty');

  const net = (tool: Tool, body: Body): number =>
    // A body's own cost: what an empty program costs is the kernel's and the clock's. Never below 1 ns, which
    // is what such clocks can tell apart.
    Math.max(1, ns(tool, body) - body.programs * ns(tool, empty));
  const cell = (value: number, width: number, digits = 0): string =>
    value.toFixed(digits).padStart(width);

  process.stdout.write(
    `ns per event, medians of ${ROUNDS} rounds of ${EVENTS} events; net of an empty program; instructions in brackets\n\n`,
  );
  process.stdout.write(
    'body            C          bpfscript      bpftrace       bpfscript/C  bpftrace/C\n',
  );
  for (const body of chosen) {
    const columns = TOOLS.map(
      (tool) =>
        `${cell(body === empty ? ns(tool, body) : net(tool, body), 6, 1)} (${cell(instructions(tool, body), 4)})`,
    );
    const ratios =
      body === empty
        ? ''
        : `${cell(net(ours, body) / net(c, body), 10, 2)} ${cell(net(theirs, body) / net(c, body), 11, 2)}`;
    process.stdout.write(`${body.name.padEnd(10)} ${columns.join('  ')} ${ratios}\n`);
  }
  if (bodies.length === 0) return;
  const mean = (tool: Tool): number =>
    geometricMean(bodies.map((body) => net(tool, body) / net(c, body)));
  process.stdout.write(
    `\ngeometric mean: bpfscript ${mean(ours).toFixed(2)}, bpftrace ${mean(theirs).toFixed(2)} times the C\n`,
  );
}
