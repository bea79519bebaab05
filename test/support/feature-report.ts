/** A vitest reporter that counts which rows of docs/feature-table.md the run has proven, and what was skipped. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const ROW = /^\| ([A-Z]{3}-\d{3}) \|/gm;
/** Set by scripts/test.sh: only then does a missing row say anything. */
const WHOLE_RUN = process.env.BPFSCRIPT_ALL_TESTS !== undefined;
const ID = /\[([A-Z]{3}-\d{3})\]/g;

export default class FeatureReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const proven = new Set<string>();
    const skipped: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'skipped')
          skipped.push(`${relative(process.cwd(), module.moduleId)}: ${test.fullName}`);
        if (state !== 'passed') continue;
        for (const [, id] of test.fullName.matchAll(ID)) if (id) proven.add(id);
      }
    }
    const table = readFileSync(join(import.meta.dirname, '../../docs/feature-table.md'), 'utf8');
    const rows = [...table.matchAll(ROW)].map((match) => match[1] ?? '');
    const areas = new Map<string, { readonly proven: string[]; readonly missing: string[] }>();
    for (const row of rows) {
      const area = areas.get(row.slice(0, 3)) ?? { proven: [], missing: [] };
      areas.set(row.slice(0, 3), area);
      (proven.has(row) ? area.proven : area.missing).push(row);
    }
    const unknown = [...proven].filter((id) => !rows.includes(id));
    const count = rows.filter((row) => proven.has(row)).length;
    process.stdout.write(`\nFeature rows proven in this run: ${count} of ${rows.length}\n`);
    for (const [area, { proven: done, missing }] of areas) {
      const list =
        missing.length === 0 || !WHOLE_RUN
          ? ''
          : `   not: ${missing.map((row) => row.slice(4)).join(' ')}`;
      process.stdout.write(`  ${area} ${done.length}/${done.length + missing.length}${list}\n`);
    }
    if (unknown.length > 0)
      process.stdout.write(
        `Ids in test titles that the table does not have: ${unknown.join(' ')}\n`,
      );
    if (skipped.length > 0)
      process.stdout.write(
        `Skipped tests: ${skipped.length}\n${skipped.map((name) => `  ${name}\n`).join('')}`,
      );
  }
}
