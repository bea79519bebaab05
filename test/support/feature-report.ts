/**
 * A vitest reporter that holds a run against docs/feature-table.md: an id in a title that the table does not have, a
 * skipped test that does not say what lacks or lacks what is here, and, with all tests, a row that no test proves make
 * the run fail.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { wrongSkip } from './machine.ts';

const ROW = /^\| ([A-Z]{3}-\d{3}) \|/gm;
const ID = /\[([A-Z]{3}-\d{3})\]/g;

/** One test's end: `file: suite > title`, and how it came out. */
export interface Outcome {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
}

export interface Demands {
  /** Whether all tests ran: only then does a row that none proves say anything. */
  readonly all: boolean;
  readonly onCi: boolean;
  /** Whether titles were chosen (-t), which skips all others. */
  readonly chosen: boolean;
}

export interface Verdict {
  readonly rows: number;
  readonly proven: number;
  readonly skipped: readonly string[];
  readonly faults: readonly string[];
}

/** The verdict on a run. `table` is the text of docs/feature-table.md. */
export function judge(table: string, outcomes: readonly Outcome[], demands: Demands): Verdict {
  const idsOf = (text: string): string[] => [...text.matchAll(ID)].map(([, id]) => id ?? '');
  const rows = new Set([...table.matchAll(ROW)].map(([, id]) => id ?? ''));
  const passed = outcomes.filter(({ state }) => state === 'passed');
  const skipped = outcomes
    .filter(({ state }) => state === 'skipped' && !demands.chosen)
    .map(({ name }) => name);
  const proven = new Set(passed.flatMap(({ name }) => idsOf(name)));
  // What is skipped with reason is not missing: this machine cannot prove it.
  const excused = new Set(
    skipped.filter((name) => wrongSkip(name, demands.onCi) === undefined).flatMap(idsOf),
  );
  const faults: string[] = [];
  for (const { name } of outcomes)
    for (const id of idsOf(name))
      if (!rows.has(id)) faults.push(`${name}: docs/feature-table.md has no row ${id}`);
  for (const name of skipped) {
    const wrong = wrongSkip(name, demands.onCi);
    if (wrong !== undefined) faults.push(`${name}: is skipped, and ${wrong}`);
  }
  if (demands.all)
    for (const row of rows)
      if (!proven.has(row) && !excused.has(row))
        faults.push(`docs/feature-table.md: no test proves ${row}`);
  const count = [...rows].filter((row) => proven.has(row)).length;
  return { rows: rows.size, proven: count, skipped, faults };
}

export default class FeatureReport implements Reporter {
  private chosen = false;

  onInit(vitest: Vitest): void {
    this.chosen = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const outcomes = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        name: `${relative(process.cwd(), module.moduleId)}: ${test.fullName}`,
        state: test.result().state,
      })),
    );
    const table = readFileSync(join(import.meta.dirname, '../../docs/feature-table.md'), 'utf8');
    const all = process.env.BPFSCRIPT_ALL_TESTS !== undefined;
    const { rows, proven, skipped, faults } = judge(table, outcomes, {
      all,
      onCi: all && process.env.CI !== undefined,
      chosen: this.chosen,
    });
    const lines = [
      `Rows of docs/feature-table.md that this run proves: ${proven} of ${rows}`,
      `Skipped tests: ${skipped.length}`,
      ...skipped.map((name) => `  ${name}`),
      ...faults.map((fault) => `FAULT ${fault}`),
    ];
    process.stdout.write(`\n${lines.join('\n')}\n`);
    if (faults.length > 0) process.exitCode = 1;
  }
}
