/** `-f json`: every line is one object that docs/output.schema.json describes. */

import { describe, expect, it } from 'vitest';
import { bpfscript } from '../support/command.ts';
import { isMessage, jsonLines } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';

interface JsonRun extends RunResult {
  /** Lines behind the one of attached probes. */
  readonly lines: readonly string[];
}

async function runJson(script: string, options: RunOptions = {}): Promise<JsonRun> {
  const result = await run(script, {
    signal: 'none',
    ...options,
    flags: ['-f', 'json', '-q', ...(options.flags ?? [])],
  });
  const lines = jsonLines(result.stdout);
  return { ...result, lines };
}

describe('the schema of JSON output', () => {
  it.each([
    { type: 'map', data: { x: 1 } },
    { type: 'map', data: { '@x': 1.5 } },
    { type: 'hist', data: { '@x': [{ count: 1 }] } },
    { type: 'printf', data: 1 },
    { type: 'lost_events', count: -1, data: { events: 1 } },
    { type: 'nothing', data: {} },
  ])('refuses %j', (line) => {
    expect(isMessage(line)).toBe(false);
  });
});

needs('root').describe('JSON output', () => {
  it('[JSN-001] [JSN-002] [JSN-018] [CLI-006] prints maps, scalar and keyed', async () => {
    const { lines, stderr, status } = await runJson(
      `BEGIN {
        @x = 5; @ = -1; @k[1] = 1; @k[2] = 7; @s["a b"] = 1; @t[1, "x y"] = 2; @n[(1, (2, 3))] = 4;
        @p["(a)"] = true; @e[1] = 1; delete(@e, 1); print(@k, 1); print(@k, 0, 2);
      }`,
    );
    expect(lines).toEqual([
      '{"type": "map", "data": {"@k": {"2": 7}}}',
      '{"type": "map", "data": {"@k": {"1": 0, "2": 3}}}',
      '{"type": "map", "data": {"@": -1}}',
      '{"type": "map", "data": {"@k": {"1": 1, "2": 7}}}',
      '{"type": "map", "data": {"@n": {"1,(2,3)": 4}}}',
      '{"type": "map", "data": {"@p": {"(a)": true}}}',
      '{"type": "map", "data": {"@s": {"a b": 1}}}',
      '{"type": "map", "data": {"@t": {"1,x y": 2}}}',
      '{"type": "map", "data": {"@x": 5}}',
    ]);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  it('[JSN-003] [JSN-004] [JSN-005] prints histograms with bounds that belong to their buckets', async () => {
    const { lines } = await runJson(
      `BEGIN {
        @h = hist(-5); @h = hist(0); @h = hist(5); @k["a"] = hist(1);
        @l = lhist(-1, 0, 20, 10); @l = lhist(3, 0, 20, 10); @l = lhist(99, 0, 20, 10);
      }`,
    );
    expect(lines).toEqual([
      '{"type": "hist", "data": {"@h": [{"max": -1, "count": 1},{"min": 0, "max": 0, "count": 1},' +
        '{"min": 1, "max": 1, "count": 0},{"min": 2, "max": 3, "count": 0},{"min": 4, "max": 7, "count": 1}]}}',
      '{"type": "hist", "data": {"@k": {"a": [{"min": 1, "max": 1, "count": 1}]}}}',
      '{"type": "hist", "data": {"@l": [{"max": -1, "count": 1},{"min": 0, "max": 9, "count": 1},' +
        '{"min": 10, "max": 19, "count": 0},{"min": 20, "count": 1}]}}',
    ]);
  });

  it('[JSN-006] [JSN-015] prints statistics', async () => {
    const { lines } = await runJson(
      `BEGIN {
        @a = avg(2); @a = avg(4); @s = stats(10); @s = stats(20); @k[1] = stats(-4); @c = count(); @m = max(3);
      }`,
    );
    expect(lines).toEqual([
      '{"type": "stats", "data": {"@a": 3}}',
      '{"type": "map", "data": {"@c": 1}}',
      '{"type": "stats", "data": {"@k": {"1": {"count": 1, "average": -4, "total": -4}}}}',
      '{"type": "map", "data": {"@m": 3}}',
      '{"type": "stats", "data": {"@s": {"count": 2, "average": 15, "total": 30}}}',
    ]);
  });

  it('[JSN-008] [JSN-014] [JSN-017] prints values of every form', async () => {
    const { lines } = await runJson(
      `struct point { int x; unsigned char bytes[3]; }
      BEGIN {
        print(1); print(-1); print(true); print("text");
        print(9007199254740992); print(9007199254740993); print(-9007199254740993); print((uint64)1 << 63);
        print((1, "a", (2, true))); print((a = 1, b = "x"));
        print((uint8 *)64);
      }`,
    );
    expect(
      lines.map((line) => line.replace('{"type": "value", "data": ', '').slice(0, -1)),
    ).toEqual([
      '1',
      '-1',
      'true',
      '"text"',
      '9007199254740992',
      '"9007199254740993"',
      '"-9007199254740993"',
      '9223372036854775808',
      '[1,"a",[2,true]]',
      '{"a": 1, "b": "x"}',
      '64',
    ]);
  });

  it('[JSN-017] keeps numbers that a double cannot hold, wherever they stand', async () => {
    const big = '18446744073709551615';
    const { lines } = await runJson(
      `BEGIN {
        $b = (uint64)${big}; @m = $b; @k[1] = $b; @t[1] = ($b, (a = $b)); @sum = sum($b); @max[1] = max($b);
        @stats = stats($b); @series = tseries($b, 1d, 3); print((uint64 *)$b); print(-9223372036854775807); }`,
    );
    const text = lines.join('\n');
    expect(text.match(new RegExp(`"${big}"`, 'g'))).toHaveLength(10);
    expect(text).toContain('{"type": "value", "data": "-9223372036854775807"}');
    for (const line of lines) {
      // What a reader makes of it is what was written: no number is rounded.
      for (const [, digits = ''] of line.replace(/"[^"]*"/g, '""').matchAll(/(-?\d+)/g)) {
        expect(String(Number(digits))).toBe(digits);
      }
    }
  });

  it('[JSN-016] escapes text, and stays UTF-8', async () => {
    const { lines } = await runJson(
      String.raw`BEGIN { printf("a\"b\\c\n\r\t\x01\x1b/é\xff"); @["\n\""] = 1; }`,
    );
    expect(lines).toEqual([
      String.raw`{"type": "printf", "data": "a\"b\\c\n\r\t\u0001\u001b/é\ufffd"}`,
      String.raw`{"type": "map", "data": {"@": {"\n\"": 1}}}`,
    ]);
  });

  it('[JSN-009] prints text of printf, time, cat, join and system as strings', async () => {
    const { lines, stderr } = await runJson(
      String.raw`BEGIN {
        printf("%d\n", 1); time("%%\n"); cat("/proc/sys/kernel/ostype");
        system("printf 'a\\nb'; sleep 9 2>/dev/null &"); system("exit 3"); printf("");
      }`,
      { unsafe: true, flags: ['--unsafe'] },
    );
    expect(lines).toEqual([
      String.raw`{"type": "printf", "data": "1\n"}`,
      String.raw`{"type": "time", "data": "%\n"}`,
      String.raw`{"type": "cat", "data": "Linux\n"}`,
      String.raw`{"type": "syscall", "data": "a\nb"}`,
      '{"type": "syscall", "data": ""}',
      '{"type": "printf", "data": ""}',
    ]);
    expect(stderr).toBe('');
  });

  it('[JSN-009] prints the words of join as one string', async () => {
    const { lines } = await runJson(
      'tracepoint:syscalls:sys_enter_execve /pid == cpid/ { join(args.argv); }',
      { flags: ['-c', '/bin/true a "b c"'], unsafe: true },
    );
    expect(lines).toEqual([String.raw`{"type": "join", "data": "/bin/true a b c\n"}`]);
  });

  it('[JSN-010] [JSN-019] tells errorf and warnf with their places', async () => {
    const { lines, stderr } = await runJson(
      `BEGIN {
        errorf("bad \\"%d\\"", 5);
        warnf("odd");
      }`,
    );
    expect(lines).toEqual([
      String.raw`{"type": "errorf", "msg": "bad \"5\"", "filename": "stdin", "line": 2, "col": 9}`,
      '{"type": "warnf", "msg": "odd", "filename": "stdin", "line": 3, "col": 9}',
    ]);
    expect(stderr).toBe('');
  });

  it('[JSN-008] prints names, addresses and stacks as strings', async () => {
    const { lines } = await runJson(
      `tracepoint:syscalls:sys_enter_getppid /comm == "workload"/ {
        print(strerror(2)); print(ntop(0x0100007f)); @[kstack(raw, 2)] = 1; print(probe); exit();
      }`,
      { workload: 'getppid 1' },
    );
    expect(lines.slice(0, 3)).toEqual([
      '{"type": "value", "data": "No such file or directory"}',
      '{"type": "value", "data": "127.0.0.1"}',
      '{"type": "value", "data": "tracepoint:syscalls:sys_enter_getppid"}',
    ]);
    expect(lines[3]).toMatch(/^{"type": "map", "data": {"@": {"\\n(?:[0-9a-f]+\\n)*": 1}}}$/);
  });

  it('[JSN-011] [JSN-019] tells errors at run time on standard output', async () => {
    const { lines, stderr } = await runJson(
      `let @m = hash(1);
      BEGIN { $zero = (uint64)0; if (pid == 0) { $zero = 1; } @m[1] = 1; @m[2] = 1;
        @d = 5 / $zero; clear(@m); clear(@d); }`,
    );
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        type: 'helper_error',
        msg: expect.stringContaining('Map full'),
        helper: 'map_update_elem',
        retcode: -7,
        filename: 'stdin',
        line: 2,
        col: expect.any(Number),
      },
      {
        type: 'runtime_error',
        msg: expect.stringContaining('Divide or modulo by 0'),
        filename: 'stdin',
        line: 3,
        col: expect.any(Number),
      },
    ]);
    expect(stderr).toBe('');
  });

  it('[JSN-012] [JSN-019] tells attached probes and lost events on standard output', async () => {
    const attached = await run('BEGIN { exit(); } interval:s:9 { }', {
      signal: 'none',
      flags: ['-f', 'json'],
    });
    expect(attached).toMatchObject({
      stdout: '{"type": "attached_probes", "count": 2, "data": {"probes": 2}}\n',
      stderr: '',
    });
    expect(jsonLines(attached.stdout)).toHaveLength(1);
  });

  it('[JSN-012] [JSN-019] tells lost events on standard output', async () => {
    // Nobody reads the ring while BEGIN runs.
    const { lines, stderr } = await runJson(
      'config = { perf_rb_pages = 1 } BEGIN { for $i : 0..1000 { printf("%d", $i); } }',
    );
    const messages = lines.map((line) => JSON.parse(line) as { type: string; count?: number });
    const printed = messages.filter(({ type }) => type === 'printf').length;
    const lost = messages
      .filter(({ type }) => type === 'lost_events')
      .reduce((sum, { count }) => sum + (count ?? 0), 0);
    expect(lost).toBeGreaterThan(0);
    expect(printed + lost).toBe(1000);
    expect(stderr).toBe('');
  });

  it.each(['none', 'line', 'full'])('[CLI-007] prints the same with -B %s', async (when) => {
    const { lines } = await runJson('BEGIN { printf("a"); printf("b\\n"); @x = 1; }', {
      flags: ['-B', when],
    });
    expect(lines).toEqual([
      '{"type": "printf", "data": "a"}',
      String.raw`{"type": "printf", "data": "b\n"}`,
      '{"type": "map", "data": {"@x": 1}}',
    ]);
  });

  it('[CLI-006] [CLI-007] is what bpfscript -f json gives', () => {
    const script = ['-e', 'BEGIN { @x = 1; }'];
    expect(bpfscript(['-q', '-f', 'json', '-B', 'full', ...script])).toEqual({
      stdout: '{"type": "map", "data": {"@x": 1}}\n',
      stderr: '',
      status: 0,
    });
    expect(bpfscript(['-f', 'xml', ...script])).toMatchObject({ stdout: '', status: 2 });
  });

  it('[CLI-006] [CLI-007] refuses forms and times that there are not', async () => {
    expect(await run('BEGIN { }', { signal: 'none', flags: ['-f', 'xml'] })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        '-f takes text, json, json2, folded, openmetrics or prometheus, not xml',
      ),
    });
    expect(await run('BEGIN { }', { signal: 'none', flags: ['-B', 'some'] })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('-B takes none, line or full, not some'),
    });
  });
});
