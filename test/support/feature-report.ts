/** A vitest reporter that counts which rows of docs/feature-table.md the run has proven, and what was skipped. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const ROW = /^\| ([A-Z]{3}-\d{3}) \|/gm;
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
    const byArea = new Map<string, { proven: number; all: number }>();
    for (const row of rows) {
      const area = byArea.get(row.slice(0, 3)) ?? { proven: 0, all: 0 };
      byArea.set(row.slice(0, 3), {
        proven: area.proven + (proven.has(row) ? 1 : 0),
        all: area.all + 1,
      });
    }
    const unknown = [...proven].filter((id) => !rows.includes(id));
    const areas = [...byArea]
      .map(([area, count]) => `${area} ${count.proven}/${count.all}`)
      .join('  ');
    process.stdout.write(
      `\nFeature rows proven in this run: ${rows.filter((row) => proven.has(row)).length} of ${rows.length}   ${areas}\n`,
    );
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
