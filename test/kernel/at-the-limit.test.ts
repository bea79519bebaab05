/** Limits at their last value, where everything has to be there, beside the one behind it: many in each load. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run, WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();
const of = (length: number): string => '0123456789'.repeat(4).slice(0, length);

needs('root').describe('texts at the end of max_strlen', () => {
  it('are whole while they fit, and show where they do not [FUN-019] [FUN-021]', async () => {
    const { stdout } = await run(
      `config = { max_strlen = 16 }
       uprobe:${WORKLOAD}:workload_text {
         $n = strlen(str(arg0)); $s = str(arg0); @[$s, (uint8)1] = count();
         printf("%s|%s|%s|%s|%d %d\\n", $s, str(arg0, 14), str(arg0, 15), str(arg0, $n), $n, $s == "${of(15)}");
       }`,
      { workload: [14, 15, 16, 17].map((length) => `text ${of(length)}`).join(' ') },
    );
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      `${of(14)}|${of(13)}|${of(14)}|${of(13)}|14 0`,
      `${of(15)}|${of(13)}|${of(14)}|${of(14)}|15 1`,
      // 16 bytes fill the text, with no room for a NUL.
      `${of(16)}..|${of(13)}|${of(14)}|${of(15)}|16 0`,
      `${of(16)}..|${of(13)}|${of(14)}|${of(15)}|16 0`,
    ]);
    expect(stdout).toContain(`@[${of(16)}.., 1]: 2\n`);
    expect(stdout).toContain(`@[${of(15)}, 1]: 1\n`);
  });

  it.each([
    [15, false],
    [16, true],
    [17, true],
  ])('are parameters of %d bytes, of which 15 fit: told if cut, %s', async (length, isCut) => {
    const { stdout, stderr } = await run(
      `config = { max_strlen = 16 } begin { $n = (uint64)$2;
         printf("%s|%s|%s|%d %d\\n", str($1), str($1, 15), str($1, $n), strlen(str($1)), str($1) == "${of(15)}"); exit(); }`,
      { parameters: [of(length), '15'], signal: 'none', loader: LOADER_ASAN },
    );
    expect(stdout.split('\n')[0]).toBe(`${of(15)}|${of(14)}|${of(14)}|15 1`);
    const warning = 'WARNING: Positional parameter $1 is longer than 15 bytes';
    expect(stderr.includes(warning)).toBe(isCut);
  });

  it('compare and copy as many bytes as they are told to', async () => {
    const { stdout } = await run(
      `config = { max_strlen = 32 }
       uprobe:${WORKLOAD}:workload_text {
         $s = str(arg0);
         print((strncmp($s, "abcdefgX", 7), strncmp($s, "abcdefgX", 8) != 0, strncmp($s, "abcdefgh", 8), strncmp($s, "abcdefghi", 9) != 0));
         print((memcmp($s, "abcdefgh", 8), memcmp($s, "abcdefgX", 7), memcmp($s, "abcdefgX", 8) != 0));
         $most = (uint64)28; $more = (uint64)29;
         print(strlen($s)); $whole = buf(arg0, $most); $cut = buf(arg0, $more); printf("%rh\\n%rh\\n", $whole, $cut);
       }`,
      { workload: `text abcdefgh${'z'.repeat(30)} text abcdefgh`, settle: 200 },
    );
    const bytes = `61 62 63 64 65 66 67 68${' 7a'.repeat(20)}`;
    expect(stdout.split('\n').slice(0, 8)).toEqual([
      ...['(0, true, 0, true)', '(0, 0, true)', '32', bytes, bytes],
      ...['(0, true, 0, true)', '(0, 0, true)', '8'],
    ]);
  });
});

needs('root').describe('cat()', () => {
  it('prints max_cat_bytes of a file, and not one more [CFG-013]', async () => {
    const files = [9, 10, 11].map((length) => {
      const path = join(folder, `${length}`);
      writeFileSync(path, of(length));
      return path;
    });
    const { stdout } = await run(
      `config = { max_cat_bytes = 10 } begin { ${files.map((file) => `cat("${file}"); printf("|");`).join(' ')} exit(); }`,
      { signal: 'none', loader: LOADER_ASAN },
    );
    expect(stdout.trim()).toBe(`${of(9)}|${of(10)}|${of(10)}|`);
  });
});

needs('root').describe('a map of max_map_keys', () => {
  const STORES = {
    a: '= 1',
    c: '= count()',
    h: '= hist($i)',
    l: '= lhist($i, 0, 10, 1)',
    s: '= "text"',
    x: '= max($i)',
    v: '= avg($i)',
    y: '= stats($i)',
    t: '= tseries($i, 1s, 3)',
    u: '++',
  };
  const names = Object.keys(STORES);
  const lengths = `print((${names.map((name) => `len(@${name})`).join(', ')}));`;
  const script = (keys: number) =>
    `config = { max_map_keys = 3; unstable_tseries = enable }
     begin { for $i : 0..${keys} {
${Object.entries(STORES)
  .map(([name, store]) => `@${name}[$i] ${store};`)
  .join('\n')} }
       ${lengths}
       ${names.map((name) => `delete(@${name}, 1);`).join(' ')} ${lengths}
       for $i : 7..8 { ${Object.entries(STORES)
         .map(([name, store]) => `@${name}[$i] ${store};`)
         .join(' ')} } ${lengths} exit(); }
     end { ${names.map((name) => `clear(@${name});`).join(' ')} }`;
  const all = (count: number) => `(${names.map(() => count).join(', ')})`;

  it.each([3, 4])(
    'holds as many, of every kind, when %d are given to it [CFG-014]',
    async (keys) => {
      const { stdout, stderr } = await run(script(keys), { signal: 'none', flags: ['-q'] });
      expect(stdout.trim().split('\n')).toEqual([all(3), all(2), all(3)]);
      const lines = [...stderr.matchAll(/^stdin:(\d+):.*WARNING: Map full/gm)].map(
        ([, line]) => line,
      );
      expect(lines).toEqual(keys === 3 ? [] : names.map((_, index) => `${index + 3}`));
    },
  );
});

needs('root').describe('max_probes', () => {
  it.each([
    'rawtracepoint:sys_enter, interval:1s, profile:hz:9 { @ = count(); }',
    'tracepoint:raw_syscalls:sys_*, tracepoint:sched:sched_switch { @ = count(); }',
    `uprobe:${WORKLOAD}:workload_outer, uprobe:${WORKLOAD}:workload_m*, uprobe:${WORKLOAD}:workload_inner { @ = count(); }`,
  ])('allows as many probes as it says: %s [PRB-062] [CFG-015]', async (script) => {
    const load = (most: number) =>
      run(`config = { max_probes = ${most} } ${script}`, { signal: 'none', flags: ['--dry-run'] });
    expect(await load(3)).toMatchObject({ stderr: '', status: 0 });
    const refused = await load(2);
    expect(refused.stderr).toContain("Can't attach to 3 probes or more");
    expect(refused.status).toBe(1);
  });
});

needs('root').describe('aggregations and prints', () => {
  it('put the first and the last number of their range where it is, and print as many keys as asked', async () => {
    const { stdout } = await run(
      `begin {
         for $i : -1..1002 { if ($i < 2 || $i > 997) { @l = lhist($i, 0, 1000, 1); } }
         @t[1] = 10; @t[2] = 20; @t[3] = 30;
         print(@t, 2); printf("-\\n"); print(@t, 3); printf("-\\n"); print(@t, 4); printf("-\\n"); print(@t, 1, 30); printf("-\\n"); print(@t, 1, 31);
         $n = 0; unroll(100) { $n++; } printf("%d\\n", $n); exit(); }
       end { clear(@t); }`,
      { signal: 'none', flags: ['-q'] },
    );
    const rows = ['@t[1]: 10', '@t[2]: 20', '@t[3]: 30'];
    expect(stdout.split('\n').slice(0, 15)).toEqual([
      ...[...rows.slice(1), '-', ...rows, '-', ...rows, '-'],
      ...['@t[3]: 1', '-', '@t[3]: 0', '100'],
    ]);
    const buckets = [...stdout.matchAll(/^([[(].*[)\]])\s+([1-9]\d*) \|/gm)];
    expect(buckets.map(([, label, count]) => `${label} ${count}`)).toEqual([
      ...['(..., 0) 1', '[0] 1', '[1] 1', '[998] 1', '[999] 1', '[1000, ...) 2'],
    ]);
  });
});
