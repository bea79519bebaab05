/** Code in a file that is no ELF file: a probe at an offset in it, with --unsafe alone. */
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run } from '../support/run.ts';

const AT = 0x123;
/** mov $42,%eax; ret */
const CODE = Buffer.from([0xb8, 42, 0, 0, 0, 0xc3]);

const folder = temporaryFolder();
const flat = join(folder, 'flat.bin');
const caller = join(folder, 'caller');

needs('root').describe('A flat binary', () => {
  beforeAll(() => {
    writeFileSync(flat, Buffer.concat([Buffer.alloc(AT, 0x90), CODE]));
    chmodSync(flat, 0o755);
    const source = join(folder, 'caller.c');
    writeFileSync(
      source,
      `#include <fcntl.h>
#include <sys/mman.h>
int main(int count, char **words)
{
  char *code = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open(words[1], O_RDONLY), 0);
  int sum = 0;
  for (int i = 0; i < 7; i++)
    sum += ((int (*)(int))(code + ${AT}))(i);
  return sum == 7 * 42 ? 0 : 1;
}
`,
    );
    execFileSync('gcc', ['-o', caller, source]);
  });

  const script = (at: number) =>
    `uprobe:${flat}:0x${at.toString(16)} { @calls = count(); @sum = sum(arg0); @[probe] = count(); }`;

  it('is traced at an offset, with --unsafe', async () => {
    const result = await run(script(AT), {
      flags: ['--unsafe'],
      unsafe: true,
      loader: LOADER_ASAN,
      workload: () => void execFileSync(caller, [flat]),
    });
    expect(mapValue(result.stdout, '@calls'), result.stderr).toBe(7);
    expect(mapValue(result.stdout, '@sum')).toBe(0 + 1 + 2 + 3 + 4 + 5 + 6);
    expect(mapValue(result.stdout, '@', `uprobe:${flat}:0x123`)).toBe(7);
  });

  it('is refused without, and beyond its end', async () => {
    const without = await run(script(AT), { loader: LOADER_ASAN });
    expect(without).toMatchObject({ status: 1, stdout: '' });
    expect(without.stderr).toContain(
      `uprobe target '${flat}' is not a 64-bit ELF file. --unsafe takes the number for an offset in it all the same.`,
    );
    const beyond = await run(script(0x1000), {
      flags: ['--unsafe'],
      unsafe: true,
      loader: LOADER_ASAN,
    });
    expect(beyond.stderr).toContain(`uprobe ${flat} has no code at address 0x1000.`);
  });
});
