/** Typed arguments of functions of programs, and the programs' own types, on this kernel. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';
import { compileTraced, FORMS } from '../support/traced.ts';

const folder = temporaryFolder();
const program = (name: string): string => join(folder, name);

function trace(name: string, script: string, options: RunOptions = {}): Promise<RunResult> {
  return run(script.replaceAll('PROGRAM', program(name)), {
    workload: () => {
      execFileSync(program(name), ['3']);
    },
    ...options,
  });
}

needs('root').describe('arguments of functions of programs', () => {
  beforeAll(() => {
    for (const [name, compiler, flags] of FORMS) compileTraced(folder, name, compiler, flags);
  });

  const SCRIPT = `
    uprobe:PROGRAM:typed {
      @typed[str(args.text) == "PROGRAM", args.flag, args.small, args.c, args.u] = count();
      $n = args.n;
      @node[$n.name, $n.next.name, $n.low, $n.mid, $n.colour] = count();
      @inner[$n.where.x, $n.where.y, $n.wide, $n.bytes[0], $n.grid[1][2]] = count();
      @cast[((struct node *)arg0).next.low, (*args.n).where.y, sizeof(struct node), sizeof(point_t)] = count();
      if (args.c == BLUE) { @blue = count(); }
    }
    uprobe:PROGRAM:floats { @floats[args.a, args.b] = count(); }
    uprobe:PROGRAM:values { @values[args.after] = count(); }
    uprobe:PROGRAM:returns { @returns[args.a, args.b] = count(); }
    uretprobe:PROGRAM:returns { @result[((struct big *)retval).a[1]] = count(); }
    uprobe:PROGRAM:many { @many[args.a, args.f] = count(); }
    uprobe:PROGRAM:wide { @wide[args.a, args.b] = count(); }`;

  it.each(FORMS.map(([name]) => name))(
    'have the values that the program passes: %s [PRB-035]',
    async (name) => {
      const { stdout } = await trace(name, SCRIPT);
      expect(mapEntries(stdout, '@typed')).toEqual(
        expect.arrayContaining([
          ['true, false, -5, BLUE, 65535', 2],
          ['true, true, -5, BLUE, 65535', 1],
        ]),
      );
      expect(mapEntries(stdout, '@node')).toEqual([['headhead, tail, 5, -3, GREEN', 3]]);
      expect(mapEntries(stdout, '@inner')).toEqual([['11, -22, 77, 77, 6', 3]]);
      expect(mapEntries(stdout, '@cast')).toEqual([['1, -22, 72, 8', 3]]);
      expect(mapValue(stdout, '@blue')).toBe(3);
      expect(mapEntries(stdout, '@floats')).toEqual([['42, -9', 3]]);
      expect(mapEntries(stdout, '@values')).toEqual([['99', 3]]);
      expect(mapEntries(stdout, '@returns')).toEqual([['7, 8', 3]]);
      expect(mapEntries(stdout, '@result')).toEqual([['8', 3]]);
      expect(mapEntries(stdout, '@many')).toEqual([['1, 6', 3]]);
      expect(mapEntries(stdout, '@wide')).toEqual([['1, 3', 3]]);
    },
  );

  it('are a record with all that can be read; structs are kept and printed [PRB-035]', async () => {
    const { stdout } = await trace(
      'gcc',
      `uprobe:PROGRAM:floats { print(*args); @all[*args] = count(); }
       uprobe:PROGRAM:typed { @where = args.n.where; @pointer = args.n; @later = @pointer.wide; }`,
    );
    expect(stdout).toContain('{ .a = 42, .b = -9 }\n');
    expect(stdout).toContain('@all[{ .a = 42, .b = -9 }]: 3\n');
    expect(stdout).toContain('@where: { .x = 11, .y = -22 }\n');
    expect(mapValue(stdout, '@later')).toBe(77);
  });

  it('are those of each function of a pattern [PRB-035]', async () => {
    const { stdout } = await trace(
      'gcc',
      'uprobe:PROGRAM:*n* /args.a < 8/ { @[func, probe, args.a] = count(); }'.replace(
        '*n*',
        'r*ns',
      ),
    );
    expect(mapEntries(stdout, '@')).toEqual([[`returns, uprobe:${program('gcc')}:returns, 7`, 3]]);
  });

  it("types of the script go before the program's, and these before the kernel's [PRB-035]", async () => {
    const { stdout } = await trace(
      'gcc',
      `struct big { int low; int high; };
       uretprobe:PROGRAM:returns { @[((struct big *)retval).low, sizeof(struct big)] = count(); }
       uprobe:PROGRAM:typed { @node = sizeof(struct node); }
       BEGIN { @kernels = sizeof(struct node) != 72 ? 1 : 2; }`,
    );
    expect(mapEntries(stdout, '@')).toEqual([['7, 8', 3]]);
    expect(mapValue(stdout, '@node')).toBe(72);
    expect(mapValue(stdout, '@kernels')).toBe(1);
  });
});
