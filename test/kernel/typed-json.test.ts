/** `-f json2`: keys, stacks and values with their parts and types. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { isTypedMessage, typedLines } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, run } from '../support/run.ts';

const folder = temporaryFolder();
const program = join(folder, 'inlined');
const SOURCE = `#include <unistd.h>
__attribute__((noinline, noclone)) int leaf(int x) {
  __asm__ volatile("" : "+r"(x) : "r"(__builtin_frame_address(0)));
  return x;
}
static inline __attribute__((always_inline)) int square(int x) {
  int y = leaf(x);
  return y * y;
}
__attribute__((noinline, noclone)) int work(int x) {
  int y = square(x);
  return y + 1;
}
int main(void) {
  int sum = work(3);
  usleep(100000);
  return sum == 0;
}
`;

type Line = Readonly<Record<string, unknown>>;

/** What was printed, without clocks, which are looked at in one test. */
async function typed(script: string, options: RunOptions = {}): Promise<readonly Line[]> {
  const { stdout, stderr, status } = await run(script, {
    signal: 'none',
    ...options,
    flags: ['-f', 'json2', '-q', ...(options.flags ?? [])],
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return typedLines(stdout).map((line) => {
    const { boot: _boot, wall: _wall, ...rest } = JSON.parse(line) as Line;
    return rest;
  });
}

describe('the schema of typed JSON', () => {
  const clocks = { boot: 1, wall: '2026-01-31T12:00:00.000000000Z' };
  it.each([
    { type: 'map', data: { '@x': 1 } },
    { ...clocks, type: 'map', name: '@x', key_types: [], value_type: {}, data: [] },
    { ...clocks, type: 'printf', data: 1 },
    { ...clocks, wall: 'now', type: 'printf', data: 'x' },
    { ...clocks, type: 'session', schema: 1, script: 'x', producer: 'y' },
  ])('refuses %j', (line) => {
    expect(isTypedMessage(line)).toBe(false);
  });
});

needs('root').describe('Typed JSON', () => {
  beforeAll(() => {
    const source = join(folder, 'inlined.c');
    writeFileSync(source, SOURCE);
    execFileSync('gcc', ['-O1', '-g', '-fno-omit-frame-pointer', '-o', program, source]);
  });

  it('begins with what the session is, and has both clocks in every line', async () => {
    const before = Date.now() - 1;
    const { stdout } = await run('BEGIN { printf("%lld\\n", nsecs); }', {
      signal: 'none',
      flags: ['-f', 'json2', '-q'],
    });
    const lines = typedLines(stdout).map((line) => JSON.parse(line) as Line);
    expect(lines.map(({ type }) => type)).toEqual(['session', 'printf']);
    expect(lines[0]).toMatchObject({ schema: 2, script: 'stdin', architecture: 'x86_64' });
    for (const { wall } of lines) {
      const time = Date.parse(String(wall));
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(Date.now() + 1);
    }
    const [, printed] = lines;
    const sent = printed?.values;
    // A program's clock comes before the one of the line that it made.
    expect(Number(printed?.boot)).toBeGreaterThanOrEqual(Number(sent));
    expect(Number(printed?.boot) - Number(sent)).toBeLessThan(10e9);
  });

  it('has keys as arrays, and the types of keys and values', async () => {
    const lines = await typed(
      'BEGIN { @x = -5; @k[1, "a b"] = count(); @m = max(3); @n[(1, (2, "c"))] = true; }',
    );
    expect(lines.slice(1)).toEqual([
      {
        type: 'map',
        name: '@k',
        key_types: [{ kind: 'int', size: 1, signed: true }, { kind: 'string' }],
        value_type: { kind: 'count' },
        data: [{ key: [1, 'a b'], value: 1 }],
      },
      {
        type: 'map',
        name: '@m',
        key_types: [],
        value_type: { kind: 'max' },
        data: [{ key: [], value: 3 }],
      },
      {
        type: 'map',
        name: '@n',
        key_types: [
          { kind: 'int', size: 1, signed: true },
          { kind: 'tuple', fields: [{ kind: 'int', size: 1, signed: true }, { kind: 'string' }] },
        ],
        value_type: { kind: 'bool' },
        data: [{ key: [1, [2, 'c']], value: true }],
      },
      {
        type: 'map',
        name: '@x',
        key_types: [],
        value_type: { kind: 'int', size: 1, signed: true },
        data: [{ key: [], value: -5 }],
      },
    ]);
  });

  it('has the bounds of buckets, and what the buckets are of', async () => {
    const lines = await typed(
      'BEGIN { @h["a"] = hist(6); @l = lhist(12, 0, 30, 10); @s = stats(4); }',
    );
    expect(lines.slice(1)).toMatchObject([
      {
        value_type: { kind: 'hist' },
        data: [{ key: ['a'], value: [{ min: 4, max: 7, count: 1 }] }],
      },
      {
        value_type: { kind: 'lhist', min: 0, max: 30, step: 10 },
        data: [{ value: [{ min: 10, max: 19, count: 1 }] }],
      },
      { value_type: { kind: 'stats' }, data: [{ value: { count: 1, average: 4, total: 4 } }] },
    ]);
  });

  it('has the CPU of an event, the arguments of printf, and the type of a value', async () => {
    const lines = await typed(
      'BEGIN { printf("%d %s\\n", 5, comm); print((a = 1, b = "x")); print((uint8 *)64); print(cpu); }',
    );
    const [, printed, record, pointer, cpu] = lines;
    expect(printed).toMatchObject({ type: 'printf', data: '5 bpfload\n', values: [5, 'bpfload'] });
    expect(record).toMatchObject({
      type: 'value',
      value_type: {
        kind: 'record',
        fields: [{ name: 'a' }, { name: 'b', type: { kind: 'string' } }],
      },
      data: { a: 1, b: 'x' },
    });
    expect(pointer).toMatchObject({ value_type: { kind: 'pointer' }, data: '0x40' });
    for (const line of lines.slice(1)) expect(line.cpu).toBe(cpu?.data);
  });

  it('has stacks as frames, with source lines, inlined functions and build ids', async () => {
    const script = `uprobe:${program}:leaf+4 { @[ustack(3), comm] = count(); @raw[ustack(raw, 1)] = count();
      @id[ustack(build_id, 1)] = count(); @perf[ustack(perf, 1)] = count(); @sym[usym(reg("ip"))] = count(); }`;
    const lines = await typed(script, {
      signal: 'SIGINT',
      workload: () => {
        execFileSync(program);
      },
    });
    const rows = Object.fromEntries(
      lines.slice(1).map(({ name, data }) => [name, (data as readonly { key: unknown }[])[0]?.key]),
    );
    const module = program;
    const id = expect.stringMatching(/^[0-9a-f]{40}$/);
    const at = expect.stringMatching(/^0x[0-9a-f]+$/);
    const place = { address: at, module, build_id: id, file_offset: at };
    const file = expect.stringContaining('inlined.c');
    expect(rows['@']).toEqual([
      [
        { ...place, name: 'leaf', offset: 4, file, line: 3 },
        { address: at, name: 'square', module, file, line: 7, inlined: true },
        { ...place, name: 'work', offset: expect.any(Number), file, line: 11 },
        { ...place, name: 'main', offset: expect.any(Number), file, line: 15 },
      ],
      'inlined',
    ]);
    expect(rows['@raw']).toEqual([[place]]);
    expect(rows['@id']).toEqual([[{ build_id: id, file_offset: at }]]);
    expect(rows['@perf']).toEqual([[{ ...place, name: 'leaf', offset: 4 }]]);
    expect(rows['@sym']).toMatchObject([{ address: at, name: 'leaf', module }]);
  });
});
