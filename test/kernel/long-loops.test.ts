/** Loops and searches of many steps: what the verifier checks once, in place of walking through all of it. */
import { expect } from 'vitest';
import { mapEntries } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { output, printed } from '../support/script.ts';

const { describe, it } = needs('root');

describe('loops in each other', () => {
  it('of constant rounds run as often as they say [GRM-055]', async () => {
    const body =
      '@sum[1] = @sum[1] + 1; @ = count(); if (@sum[1] % 720 == 0) { printf("%d\\n", @sum[1]); }';
    expect(
      await output(`begin { unroll(20) { unroll(12) { unroll(9) { ${body} } } } exit(); }`),
    ).toBe('720\n1440\n2160\n\n\n@: 2160\n@sum[1]: 2160\n');
  });

  it('over small ranges do, too', async () => {
    expect(
      await printed(
        '$n = 0; for $i : 0..15 { for $j : 0..15 { for $k : 0..15 { @[1]++; $n += $i * $j + $k; } } } print(($n, @[1])); clear(@);',
      ),
    ).toBe('(189000, 3375)');
  });

  it('end as they are told: break, continue, return, exit', async () => {
    expect(
      await printed(
        '$n = 0; $m = 0; unroll(90) { unroll(90) { $n++; if ($n % 2 == 1) { continue; } if ($n % 45 == 0) { break; } $m++; @ = count(); } } print(($n, $m)); clear(@);',
      ),
    ).toBe('(8100, 3960)');
    expect(
      await output(
        'begin { $n = 0; unroll(90) { unroll(90) { $n++; @ = count(); @b = sum($n); if ($n == 5000) { print($n); exit(); } } } print("no"); }',
      ),
    ).toBe('5000\n\n\n@: 5000\n@b: 12502500\n');
  });

  it('may read what the probe was called with, where they are short enough to be walked', async () => {
    const { stdout } = await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "workload"/ { unroll(30) { unroll(10) { @ = sum(args.__syscall_nr); } } }',
      { workload: 'getppid 1' },
    );
    expect(stdout).toContain('@: 33000\n');
  });
});

describe('searches', () => {
  it('of one whole string in another find it', async () => {
    const file = `/tmp/${'a'.repeat(40)}aab${'a'.repeat(200)}`;
    const { stdout } = await run(
      `tracepoint:syscalls:sys_enter_openat /comm == "cat"/ {
         $name = str(args.filename);
         if (strcontains($name, str(args.filename + 40))) {
           @[strstr($name, str(args.filename + 40)), strstr(str(args.filename + 40), $name), strstr($name, str($1)), strstr($name, str($2))] = count();
         }
       }`,
      {
        parameters: ['aaab', 'aabb'],
        workload: async () => {
          const { spawnSync } = await import('node:child_process');
          spawnSync('cat', [file]);
        },
      },
    );
    expect(mapEntries(stdout, '@')).toContainEqual([`40, -1, ${file.indexOf('aaab')}, -1`, 1]);
  });
});
