/** path(): names of files by the struct path that functions of the kernel have. */

import { describe, expect } from 'vitest';
import { mapEntries, mapValue } from '../support/expect.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const DEEP = '/tmp/traced/a/b/c/file-with-a-name';
const WORK = `mkdir -p /tmp/traced/a/b/c
echo text >${DEEP}
stat ${DEEP} >/tmp/out
stat ${DEEP} >/tmp/out
# It asks for the file's size first.
fallocate -l 4096 ${DEEP}
rm ${DEEP}
`;

const COMMANDS = {
  pointer: {
    text: 'fentry:security_inode_getattr { $p = path(args.path); if (strcontains($p, "traced")) { @[$p] = count(); printf("%s\\n", path(args.path)); } }',
    script: WORK,
  },
  struct: { text: 'fentry:vfs_fallocate { @[path(args.file.f_path)] = count(); }', script: WORK },
  exit: {
    text: 'fexit:vfs_fallocate { $file = args.file; @[path($file.f_path), retval] = count(); }',
    script: WORK,
  },
  short: {
    text: `fentry:vfs_fallocate {
      @a[path(args.file.f_path, 16)] = count(); @b[path(args.file.f_path, ${DEEP.length})] = count();
      @c[path(args.file.f_path, ${DEEP.length + 1})] = count(); @d[path(args.file.f_path, 100)] = count();
      printf("%s %s\\n", path(args.file.f_path, 8), path(args.file.f_path, 200));
    }`,
    script: WORK,
  },
} as const satisfies Readonly<Record<string, GuestScript>>;

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const of = scriptsInGuest(series, COMMANDS);

  const test = needs(`Linux ${series}`).it;

  test('path names the file of a pointer and of a member', () => {
    expect(mapValue(of('pointer').stdout, '@', DEEP), of('pointer').stderr).toBe(3);
    expect(of('pointer').stdout).toContain(`${DEEP}\n${DEEP}\n`);
    expect(mapEntries(of('struct').stdout, '@'), of('struct').stderr).toEqual([[DEEP, 1]]);
    expect(mapEntries(of('exit').stdout, '@'), of('exit').stderr).toEqual([[`${DEEP}, 0`, 1]]);
  });

  test('path keeps the end of what does not fit into its size [FUN-037]', () => {
    const { stdout, stderr } = of('short');
    expect(mapEntries(stdout, '@a'), stderr).toEqual([[DEEP.slice(-15), 1]]);
    expect(mapEntries(stdout, '@b')).toEqual([[DEEP.slice(1), 1]]);
    expect(mapEntries(stdout, '@c')).toEqual([[DEEP, 1]]);
    expect(mapEntries(stdout, '@d')).toEqual([[DEEP, 1]]);
    expect(stdout).toContain(`${DEEP.slice(-7)} ${DEEP}\n`);
  });
});
