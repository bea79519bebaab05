/** Debug information that is not in the program: split off (.dwo, .dwp), shared by several programs (dwz), in folders. */
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { splitPrograms } from '../support/split-programs.ts';

const folder = temporaryFolder();
const at = (...parts: readonly string[]) => join(folder, ...parts);

beforeAll(() => splitPrograms(folder));

needs('root').describe('Debug information that the program does not hold', () => {
  it.each([
    ['.dwo files of DWARF 4', 'split4', []],
    ['.dwo files of DWARF 5', 'split5', []],
    ['a package of .dwo files', 'package', []],
    ['.dwo files in a folder of --debuginfo', 'apart', ['--debuginfo', at('elsewhere')]],
    ['a file that dwz has made, DWARF 4', 'shared4', []],
    ['a file that dwz has made, DWARF 5', 'shared5', []],
  ])('is read from %s', (_what, name, flags) => {
    const program = at(name, 'program');
    const script = `
      uprobe:${program}:paint { printf("%d %d %s %d\\n", args.p.x, args.p.y, str(args.p.name), args.n); print(args.c); }
      uprobe:${program}:both { print(args.p.b); }
      uprobe:${program}@two.c:5 { @line = count(); }`;
    const { stdout, stderr } = bpfscript(['-q', '-c', program, ...flags, '-e', script]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    expect(lines.slice(0, 3), stderr).toEqual([
      '1 2 abc 3',
      'GREEN',
      '{ .x = 2, .y = 3, .name = r }',
    ]);
    expect(lines[3]).toMatch(/^@line: [1-9]/);
    expect(bpfscript(['-lv', `uprobe:${program}:paint`, ...flags]).stdout).toBe(
      `uprobe:${program}:paint\n    struct point * p\n    enum colour c\n    int64 n\n`,
    );
  });

  it('is not there where the other file is not, and the script is told so', () => {
    const program = at('apart', 'program');
    const { stderr, status } = bpfscript(['-e', `uprobe:${program}:paint { print(args.n); }`]);
    expect(stderr).toContain("the debug information does not describe the function 'paint'");
    expect(status).toBe(1);
  });
});
