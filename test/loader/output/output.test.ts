/**
 * The loader's output half is tested in C, beside its sources: each of loader/tests/test_*.c is a program, built
 * with sanitizers, that compares what is printed with what has to be. Here they are built and run.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const LOADER = resolve(import.meta.dirname, '../../../loader');

/** Builds a test program and runs it; the result is what it wrote to stderr and its status. */
function run(name: string): { readonly status: number | null; readonly report: string } {
  const program = `build/tests/${name}`;
  execFileSync('make', ['-s', '-C', LOADER, program], { stdio: ['ignore', 'ignore', 'inherit'] });
  const result = spawnSync(resolve(LOADER, program), { encoding: 'utf8', cwd: LOADER });
  return { status: result.status, report: result.stderr };
}

function expectAllChecksHold(name: string): void {
  const { status, report } = run(name);
  expect(report).toMatch(/: [1-9]\d* checks, 0 failed\n$/);
  expect(report).not.toContain('not so:');
  expect(status).toBe(0);
}

describe('output of the loader', () => {
  it('[OUT-022] [OUT-023] [OUT-024] [OUT-025] [OUT-026] [OUT-027] [OUT-028] [OUT-029] draws histograms as the specification shows them', () => {
    expectAllChecksHold('test_hist');
  });

  it('[OUT-039] [OUT-040] [OUT-041] [OUT-042] [OUT-043] [OUT-044] [OUT-045] [OUT-046] formats arguments by the table of printf conversions', () => {
    expectAllChecksHold('test_format');
  });

  it('[OUT-012] [OUT-013] [OUT-014] [OUT-015] [OUT-016] [OUT-049] [FUN-013] prints every form of value', () => {
    expectAllChecksHold('test_values');
  });

  it('[OUT-003] [OUT-004] [OUT-005] [OUT-006] [OUT-007] [OUT-008] [OUT-009] [OUT-010] [OUT-011] [OUT-018] [OUT-019] [OUT-020] [OUT-021] [OUT-030] [OUT-031] [OUT-032] [OUT-063] [OUT-064] [FUN-061] reads, orders and prints maps of the kernel', () => {
    expectAllChecksHold('test_maps');
  });

  it('[OUT-033] [OUT-034] [OUT-035] [OUT-036] [JSN-007] draws series, and puts those of all CPUs together', () => {
    expectAllChecksHold('test_series');
  });

  it('names addresses of the kernel and of processes, also of those that are gone', () => {
    expectAllChecksHold('test_symbols');
  });

  it('[OUT-053] [OUT-055] [FUN-015] [FUN-017] handles events in order and reports what fails', () => {
    expectAllChecksHold('test_output');
  });

  it('[JSN-001] [JSN-003] [JSN-004] [JSN-005] [JSN-006] [JSN-012] [JSN-014] [JSN-015] [JSN-016] [JSN-017] [JSN-019] writes JSON', () => {
    expectAllChecksHold('test_json_output');
  });
});
