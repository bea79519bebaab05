/** Raw tracepoints: arguments by number, patterns, parameters and modules. */

import { describe, expect, it } from 'vitest';
import { errors } from '../support/diagnostics.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

/** Of read(2), on x86-64. */
const READ = 0;
const CALLS = 'comm rawcalls read 50 100 read 20 1000';

needs('root').describe('A raw tracepoint', () => {
  it('has its arguments by number, 64 bits each [PRB-029]', async () => {
    const { stdout, stderr } = await run(
      `rawtracepoint:sys_enter /comm == "rawcalls" && arg1 == ${READ}/ { @enter = count(); @same[arg0 == (uint64)args.regs] = count(); }
       rawtracepoint:sys_exit /comm == "rawcalls"/ { @exit[(int64)arg1] = count(); }`,
      { workload: CALLS },
    );
    expect(mapValue(stdout, '@enter'), stderr).toBe(70);
    expect(mapEntries(stdout, '@same')).toEqual([['true', 70]]);
    expect(mapValue(stdout, '@exit', '100')).toBe(50);
    expect(mapValue(stdout, '@exit', '1000')).toBe(20);
  });

  it('has pointers that the verifier lets no program load, by name and by number', async () => {
    const { stdout, stderr } = await run(
      `rawtracepoint:workqueue_execute_end { @[args.function == arg1] = count(); @name[ksym((uint64)args.function)] = count(); }
       interval:ms:200 { if (has_key(@, true)) { exit(); } }`,
      { signal: 'none' },
    );
    expect(
      mapEntries(stdout, '@').map(([key]) => key),
      stderr,
    ).toEqual(['true']);
    for (const [name] of mapEntries(stdout, '@name'))
      expect(name).toMatch(/^[a-z_]\w+(?:\.\w+)*$/i);
  });

  it('of a pattern counts each event once, by one program or one for each event', async () => {
    const { stdout, stderr } = await run(
      `rawtracepoint:sys_* /comm == "rawcalls"/ { @copied = count(); @size[comm] = sum(1); }
       rawtracepoint:sys_e* /comm == "rawcalls"/ { @named[probe] = count(); }
       rawtracepoint:sys_enter /comm == "rawcalls"/ { @enter = count(); }
       rawtracepoint:sys_exit /comm == "rawcalls"/ { @exit = count(); }`,
      { workload: CALLS },
    );
    const [enter, exit] = [mapValue(stdout, '@enter'), mapValue(stdout, '@exit')];
    expect(enter, stderr).toBeGreaterThan(70);
    // What the workload does first and last may see one end only.
    expect(mapValue(stdout, '@copied')).toBe((enter ?? 0) + (exit ?? 0));
    expect(mapValue(stdout, '@named', 'rawtracepoint:sys_enter')).toBe(enter);
    expect(mapValue(stdout, '@named', 'rawtracepoint:sys_exit')).toBe(exit);
    expect(stderr).toContain('Attached 6 probes');
  });

  it('of a pattern keeps its copies apart in memory that does not fit on the stack', async () => {
    const { stdout } = await run(
      `rawtracepoint:sys_e* /comm == "rawcalls"/ { $s = str_concat(comm, comm); for $i : 0..20 { @rounds = count(); } @[$s] = count(); }
       rawtracepoint:sys_enter, rawtracepoint:sys_exit /comm == "rawcalls"/ { @both = count(); }`,
      { workload: CALLS },
    );
    const both = mapValue(stdout, '@both') ?? 0;
    expect(mapValue(stdout, '@', 'rawcallsrawcalls')).toBe(both);
    expect(mapValue(stdout, '@rounds')).toBe(20 * both);
  });

  it('can be named by a parameter, and tells its name', async () => {
    const { stdout, stderr } = await run(
      `rawtracepoint:$1 /comm == "rawcalls" && arg1 == ${READ}/ { @ = count(); }`,
      { workload: CALLS, parameters: ['sys_enter'] },
    );
    expect(mapValue(stdout, '@'), stderr).toBe(70);
    const missing = await run('rawtracepoint:$1 { @ = count(); }', {
      parameters: ['no_such_event'],
    });
    expect(missing.stderr).toContain('No matches for rawtracepoint no_such_event.');
    expect(missing.status).toBe(1);
  });

  it('of modules by a pattern are those of the kernel, too, where that matches', async () => {
    const events = async (text: string) => {
      const { stdout, stderr, status } = await run(
        `rawtracepoint:${text} /comm == "rawcalls"/ { @[probe] = count(); }
         rawtracepoint:sys_enter /comm == "rawcalls" && arg1 == ${READ}/ { @all = count(); }`,
        { workload: CALLS },
      );
      expect(mapValue(stdout, '@all'), stderr).toBe(70);
      expect(status).toBe(0);
      return mapEntries(stdout, '@')
        .map(([name]) => name)
        .toSorted();
    };
    expect(await events('*:sys_enter')).toEqual(['rawtracepoint:sys_enter']);
    expect(await events('vm*:sys_e*')).toEqual([
      'rawtracepoint:sys_enter',
      'rawtracepoint:sys_exit',
    ]);
    const plain = await run(
      `rawtracepoint:*:sys_e* /comm == "rawcalls"/ { @ = count(); } rawtracepoint:vml*:sys_enter /comm == "rawcalls" && args.id == ${READ}/ { @reads = count(); }`,
      { workload: CALLS },
    );
    expect(mapValue(plain.stdout, '@reads'), plain.stderr).toBe(70);
    expect(mapValue(plain.stdout, '@')).toBeGreaterThanOrEqual(140);
    const none = await run('rawtracepoint:nothing_*:sys_enter { @ = count(); }');
    expect(none.stderr).toContain('nothing matches rawtracepoint:nothing_*:sys_enter.');
    expect(none.status).toBe(1);
  });

  it('of a module that is not loaded is a missing probe', async () => {
    const text = 'rawtracepoint:no_such_module:event { @ = count(); }';
    const { stderr, status } = await run(text);
    expect(stderr).toContain(
      'specified module no_such_module in probe rawtracepoint:no_such_module:event is not loaded.',
    );
    expect(status).toBe(1);
    const pattern = await run('rawtracepoint:no_such_module:e* { @ = count(); }');
    expect(pattern.status).toBe(1);
  });
});

describe('Arguments of a raw tracepoint', () => {
  it('have no types where only the host knows the event', () => {
    expect(errors('rawtracepoint:$1 { print(args.id); }')[0]).toContain(
      'args cannot be typed: which event this is depends on positional parameters',
    );
    expect(errors('rawtracepoint:xfs:xfs_alloc { print(args.x); }')[0]).toContain(
      'args cannot be typed: the kernel description has no such events of module xfs',
    );
    expect(errors('rawtracepoint:xfs:xfs_alloc { print(arg1); }')).toEqual([]);
    expect(errors('rawtracepoint:sched_switch { print(arg7); }')[0]).toContain(
      'arg7 is not available: rawtracepoint:sched_switch has arg0 to arg3',
    );
  });
});
