import { execFileSync } from 'node:child_process';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';

const HEADER = 'src/output/map_rows.h';

// A stale object takes a struct for the one of another version: what it writes goes beyond it.
it.each([
  'release/output/map_print',
  'asan/output/map_print',
  'fuzz/loader/output/map_print',
  'fuzz/fixture',
])('%s is built again when a header of it was changed', (name) => {
  const build = temporaryFolder();
  const object = `${join(build, name)}.o`;
  mkdirSync(dirname(object), { recursive: true });
  writeFileSync(object, '');
  writeFileSync(`${object.slice(0, -1)}d`, `${object}: ${HEADER}\n`);
  // Newer than everything there is.
  const later = Date.now() / 1000 + 3600;
  utimesSync(object, later, later);
  const commands = (...changed: readonly string[]): string =>
    execFileSync('make', ['-n', '-C', 'loader', `BUILD=${build}`, ...changed, object], {
      encoding: 'utf8',
    });
  expect(commands()).toContain('up to date');
  expect(commands('-W', HEADER)).toContain(`-o ${object}`);
});
