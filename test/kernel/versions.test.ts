/**
 * Objects of every version from 0.1.0 on, as its compiler made them (test/versions/VERSION): loaders of today run them.
 * They are never built again; a version adds a folder.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { runObject } from '../support/run.ts';

const FOLDER = 'test/versions';
const VERSIONS = readdirSync(FOLDER);
const { describe, it } = needs('root');

describe.each(VERSIONS)('objects of version %s', (version) => {
  const object = (name: string): string => join(FOLDER, version, `${name}.o`);

  it('print, take parameters, ask and end as they did', async () => {
    const { stdout, status } = await runObject(object('prints'), {
      signal: 'none',
      parameters: ['--times=5'],
    });
    expect(stdout).toBe('nobody 5 ff\n(1, two, { .a = 3, .b = No such file or directory })\n\n\n');
    expect(status).toBe(4);
  });

  it('count in maps, by keys and in histograms', async () => {
    const { stdout, status } = await runObject(object('counts'), {
      workload: 'comm counted getppid 7',
      parameters: ['counted'],
    });
    expect(stdout).toContain('@calls[counted]: 7\n');
    expect(stdout).toContain('@last: (true, counted)\n');
    expect(stdout).toMatch(/^\[8, 16\) +7 \|@+\|$/m);
    expect(status).toBe(0);
  });

  it('find members, enumerators and answers on this kernel', async () => {
    const { stdout, status } = await runObject(object('kernel'), {
      signal: 'none',
      flags: ['-c', '/bin/true'],
    });
    expect(stdout).toContain('/bin/true 6 0 1\n');
    expect(status).toBe(0);
  });
});

describe('the version of the package', () => {
  it('has objects that are kept, and a row of docs/versions.md', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(existsSync(join(FOLDER, version, 'prints.o'))).toBe(true);
    const page = readFileSync('docs/versions.md', 'utf8');
    for (const each of VERSIONS) expect(page).toContain(`| ${each} |`);
  });
});
