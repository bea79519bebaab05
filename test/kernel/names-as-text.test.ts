/** `probe` and `func` where a script takes them as strings, and one program serves many events. */
import { expect } from 'vitest';
import { mapEntries } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

const { it, describe } = needs('root');

describe('names of many events', () => {
  it('are searched, measured and joined as strings', async () => {
    const { stdout, status } = await run(
      `tracepoint:syscalls:sys_enter_* /comm == "workload" && strcontains(probe, "_getpp")/ {
         @found[probe] = count();
         @length[strlen(probe)] = count();
         @place[strstr(probe, "getppid")] = count();
         @joined[str_concat(probe, "!")] = count();
         @same[strncmp(probe, "tracepoint:syscalls:sys_exit", 28), strncmp(probe, "trace", 5)] = count();
       }`,
      { workload: 'getppid 7' },
    );
    expect(status).toBe(0);
    const name = 'tracepoint:syscalls:sys_enter_getppid';
    expect(mapEntries(stdout, '@found')).toEqual([[name, 7]]);
    expect(mapEntries(stdout, '@length')).toEqual([[String(name.length), 7]]);
    expect(mapEntries(stdout, '@place')).toEqual([[String(name.indexOf('getppid')), 7]]);
    expect(mapEntries(stdout, '@joined')).toEqual([[`${name}!`, 7]]);
    expect(mapEntries(stdout, '@same')).toEqual([['1, 0', 7]]);
  });

  it('are compared with text, also from a variable and by their alias', async () => {
    const { stdout } = await run(
      `tracepoint:syscalls:sys_*_getppid /comm == "workload"/ {
         $name = probe;
         @[$name == "tracepoint:syscalls:sys_exit_getppid", $name != "tracepoint:syscalls:sys_exit_getppid"] = count();
       }
       parent=tracepoint:syscalls:sys_*_getppid /comm == "workload" && strcontains(probe, "paren")/ { @alias = count(); }`,
      { workload: 'getppid 7' },
    );
    expect(mapEntries(stdout, '@').toSorted()).toEqual([
      ['false, true', 7],
      ['true, false', 7],
    ]);
    expect(stdout).toContain('@alias: 14\n');
  });

  it('are those of functions of a program', async () => {
    const { stdout } = await run(
      `uprobe:${WORKLOAD}:workload_t* { if (strcontains(func, "target")) { @[func, strlen(func), strncmp(func, "workload_text", 13)] = count(); } @at[func == "workload_text"] = count(); }`,
      { workload: 'call 3 1 2 text hello' },
    );
    expect(mapEntries(stdout, '@')).toEqual([['workload_target, 15, 1', 3]]);
    expect(mapEntries(stdout, '@at').toSorted()).toEqual([
      ['false', 3],
      ['true', 1],
    ]);
  });

  it('have to fit where they are text', async () => {
    const long = `${WORKLOAD.replace('/workload/', `/${'./'.repeat(150)}workload/`)}`;
    const { stderr, status } = await run(
      `uprobe:${long}:workload_t* /strcontains(probe, "x")/ { @ = 1; }`,
    );
    expect(status).toBe(1);
    expect(stderr).toContain('The script takes names of probes as text, of up to 255 bytes.');
  });

  it('are symbols of the kernel, too', async () => {
    const { stdout } = await run(
      'begin { $s = ksym(kaddr("vfs_read")); print(($s == "vfs_read", strlen($s), strcontains($s, "_re"))); exit(); }',
      { signal: 'none' },
    );
    expect(stdout).toContain('(true, 8, true)\n');
  });
});
