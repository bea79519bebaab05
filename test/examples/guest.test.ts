/** The tools that need kprobes or an address of the kernel, in guests that have them. */

import { beforeAll, describe, expect } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { mapValue } from '../support/expect.ts';
import { isBefore, runInGuest, SERIES } from '../support/guest.ts';
import { hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import type { RunResult } from '../support/run.ts';
import { IN_GUESTS } from './guest-commands.ts';
import { linesLike, text } from './support.ts';

type Result = Omit<RunResult, 'endedAfter'>;

describe.each(SERIES.filter((series) => !isBefore(series, '5.15')))('on Linux %s', (series) => {
  const names = Object.keys(IN_GUESTS);
  const results = new Map<string, Result>();
  const folder = temporaryFolder();
  const of = (name: string): Result => {
    const result = results.get(name);
    if (!result) throw new Error(`no result of ${name}`);
    return result;
  };
  const lines = (name: string, pattern: RegExp): readonly string[] =>
    linesLike(of(name).stdout, pattern);

  beforeAll(async () => {
    if (!hasKernel(series)) return;
    for (const name of names) writeObject(folder, name, text(name));
    const commands = names.map((name) => ({ object: `${name}.o`, ...IN_GUESTS[name] }));
    (await runInGuest(series, folder, commands)).forEach((result, index) => {
      results.set(names[index] ?? '', result);
    });
  });

  const test = needs(`Linux ${series}`).it;

  test('all end well', () => {
    expect(names.filter((name) => of(name).status !== 0)).toEqual([]);
  });

  test('capable shows that ping wants CAP_NET_RAW (13)', () => {
    expect(lines('capable', /^[\d:]+ +0 +\d+ +ping +13 yes$/).length).toBeGreaterThanOrEqual(1);
  });

  test('vfsstat counts reads and writes', () => {
    // A line for each second: the workload may be in any of them, or in two.
    const seconds = [...of('vfsstat').stdout.matchAll(/read (\d+), write (\d+),/g)];
    const sum = (column: number): number =>
      seconds.reduce((total, each) => total + Number(each[column]), 0);
    expect(sum(1)).toBeGreaterThanOrEqual(100);
    expect(sum(1)).toBeLessThan(200);
    expect(sum(2)).toBeGreaterThanOrEqual(30);
  });

  test('vfscount counts each function', () => {
    const { stdout } = of('vfscount');
    expect(mapValue(stdout, '@calls', 'vfs_mkdir')).toBe(1);
    expect(mapValue(stdout, '@calls', 'vfs_rmdir')).toBe(1);
    expect(mapValue(stdout, '@calls', 'vfs_rename')).toBe(1);
    expect(mapValue(stdout, '@calls', 'vfs_unlink')).toBe(1);
    expect(mapValue(stdout, '@calls', 'vfs_read')).toBeGreaterThanOrEqual(100);
  });

  test('filelife shows only files that were created while it traced', () => {
    const [short, ...others] = lines('filelife', /^rm /);
    expect(others).toEqual([]);
    expect(Number(/^rm +\d+ +(\d+) short$/.exec(short ?? '')?.[1])).toBeGreaterThanOrEqual(20_000);
  });

  test('fileslower shows a read that waited', () => {
    expect(lines('fileslower', /^head +\d+ +R +2 +\d\d+ /)).toHaveLength(1);
  });

  test('tcpaccept shows the peer of an IPv6 listener', () => {
    expect(lines('tcpaccept', /^[\d:]+ +\d+ +nc +4242 127\.0\.0\.1:\d+$/)).toHaveLength(1);
  });

  test('tcplife shows both ends', () => {
    expect(lines('tcplife', /^\d+ +nc +\d+ +\d+ +\d+ +\d+ 127\.0\.0\.1:\d+$/)).toHaveLength(2);
  });

  test('loads reads the averages that the kernel keeps', () => {
    expect(of('loads').stdout).toMatch(
      /^\d\d:\d\d:\d\d {2}load averages: \d+\.\d\d \d+\.\d\d \d+\.\d\d$/m,
    );
  });

  test('oomkill shows the victim', () => {
    expect(lines('oomkill', /^[\d:]+ +\d+ +tail +\d+ +tail +\d+ +\d+ 0$/)).toHaveLength(1);
  });
});
