/**
 * Vitest's runner in the process that runs the tests: after each test, it runs the test again with each fault
 * that the test met. Nothing is loaded again for a fault, so that most cost milliseconds.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { setImmediate as yieldOnce } from 'node:timers/promises';
import type { RunnerTestCase } from 'vitest';
import { VitestTestRunner } from 'vitest/runners';
import { getFn } from 'vitest/suite';
import { mirrors } from './mirrors.ts';
import type { Order, Word } from './warm.ts';

/** What the switches of the instrumented files look at. */
interface Switches {
  activeMutant: string | null | undefined;
  currentTestId: string | undefined;
  hitCount: number | undefined;
  hitLimit: number | undefined;
  mutantCoverage: {
    readonly static: Record<string, number>;
    readonly perTest: Record<string, Record<string, number>>;
  };
}

/** A fault that is met so many times more often than the test needs goes round in circles. */
const ROUNDS = 100;

/** Tests that take longer than that come late, with those of other folders. */
const SLOW_MS = 1000;

const order = JSON.parse(readFileSync(process.env.BPFSCRIPT_MUTANTS ?? '', 'utf8')) as Order;
const rooms = new Map(order.faults.map(({ id, room }) => [id, room]));
const spent = new Map<string, number>();
const done = new Set(order.done);
const noticed = new Set<string>();
const seenAtLoad = new Set<string>();
const world = globalThis as { __stryker__?: Partial<Switches> };
const switches = { ...world.__stryker__ } as Switches;
world.__stryker__ = switches;
switches.activeMutant = null;
switches.mutantCoverage ??= { static: {}, perTest: {} };

const say = (word: Word): void => appendFileSync(order.log, `${JSON.stringify(word)}\n`);

/** How many milliseconds a tick of the kernel's statistics is, which are the same on all machines. */
const TICK_MS = 10;

/** Milliseconds of CPU time so far, with those of commands that have ended: a busy machine changes nothing. */
function cost(): number {
  const { user, system } = process.cpuUsage();
  // Behind the name, which may hold anything: state, and from the 14th on the times of children that were waited for.
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (user + system) / 1000 + (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

function activate(id: string | null, hits = 0): void {
  switches.activeMutant = id;
  switches.hitCount = id === null ? undefined : 0;
  switches.hitLimit = hits * ROUNDS + 10_000;
  // For the commands that the test starts.
  if (id === null) delete process.env.__STRYKER_ACTIVE_MUTANT__;
  else process.env.__STRYKER_ACTIVE_MUTANT__ = id;
}

/** What commands that the test started have met since the last time. */
function metByCommands(): readonly string[] {
  if (!existsSync(order.covered)) return [];
  const ids = readFileSync(order.covered, 'utf8').split('\n').filter(Boolean);
  rmSync(order.covered);
  return ids;
}

export default class WarmRunner extends VitestTestRunner {
  async runTask(test: RunnerTestCase): Promise<void> {
    const file = test.file.name;
    const name = `${file} ${test.id}`;
    activate(null);
    process.env.BPFSCRIPT_MUTANTS_COVERED = order.covered;
    metByCommands();
    switches.currentTestId = test.id;
    const begun = cost();
    await getFn(test)();
    switches.currentTestId = undefined;
    const hits = { ...switches.mutantCoverage.perTest[test.id] };
    for (const id of metByCommands()) hits[id] ??= 1;
    const atLoad = Object.keys(switches.mutantCoverage.static).filter((id) => !seenAtLoad.has(id));
    for (const id of atLoad) seenAtLoad.add(id);
    const met = Object.keys(hits).filter((id) => rooms.has(id));
    say({ kind: 'met', file, ids: met, atLoad });
    const isSlow = cost() - begun > SLOW_MS;
    const isOwn = (id: string) => mirrors(file, { room: rooms.get(id) ?? '' });
    const chosen = met.filter((id) => (isOwn(id) && !isSlow) === order.own);
    if (done.has(name) || chosen.length === 0) return;
    if (await this.#fails(test)) return say({ kind: 'done', test: name });
    let trials: string[] = [];
    for (const id of chosen) {
      if (noticed.has(id) || (spent.get(id) ?? 0) > order.budget) continue;
      const start = cost();
      say({ kind: 'trial', fault: id, test: name });
      activate(id, hits[id]);
      const failed = await this.#fails(test);
      const hangs = (switches.hitCount ?? 0) > (switches.hitLimit ?? 0);
      activate(null);
      spent.set(id, (spent.get(id) ?? 0) + cost() - start);
      trials.push(id);
      if (!failed) continue;
      if (await this.#fails(test)) {
        // Something that one of them left behind.
        say({ kind: 'doubt', faults: trials, test: name });
        await new Promise(() => setInterval(() => undefined, 1000));
      }
      trials = [];
      noticed.add(id);
      say({ kind: 'noticed', fault: id, test: name, hangs });
    }
    metByCommands();
    say({ kind: 'done', test: name });
  }

  override onAfterRunFiles(): void {
    super.onAfterRunFiles();
    say({ kind: 'end' });
  }

  async #fails(test: RunnerTestCase): Promise<boolean> {
    this.onBeforeTryTask(test);
    const { result } = test;
    // Vitest gives up on a process that is silent for a minute.
    await yieldOnce();
    try {
      await getFn(test)();
      return result?.state === 'fail';
    } catch {
      return true;
    } finally {
      if (result?.state === 'fail') Object.assign(result, { state: 'run', errors: undefined });
    }
  }
}
