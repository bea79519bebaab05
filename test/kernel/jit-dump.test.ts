/** Names of code that was made at run time, from the dumps that compilers write for perf. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run } from '../support/run.ts';

const folder = temporaryFolder();
const producer = join(folder, 'producer');
/** Makes functions that call getppid, and says of them what its words tell: `load NAME`, `move`, `lines SHIFT` before the load they are for. */
const SOURCE = `
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static FILE *dump;
static void u32(uint32_t value) { fwrite(&value, 4, 1, dump); }
static void u64(uint64_t value) { fwrite(&value, 8, 1, dump); }
static void prefix(uint32_t kind, uint32_t size) { u32(kind); u32(16 + size); u64(0); }
/* push rbp; mov rbp, rsp; mov eax, 110; syscall; pop rbp; ret */
static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0x5d, 0xc3};
int main(int count, char **words)
{
  char path[64];
  unsigned char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned char *at = memory;
  memset(memory, 0x90, 8192);
  memcpy(memory, code, sizeof(code));
  snprintf(path, sizeof(path), "jit-%d.dump", getpid());
  dump = fopen(path, "w+");
  mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump), 0);
  u32(0x4a695444); u32(1); u32(40); u32(62); u32(0); u32(getpid()); u64(0); u64(0);
  for (int i = 1; i < count; i++) {
    const char *word = words[i];
    if (strcmp(word, "load") == 0) {
      const char *name = words[++i];
      prefix(0, 40 + strlen(name) + 1 + sizeof(code));
      u32(getpid()); u32(getpid()); u64((uint64_t)at); u64((uint64_t)at); u64(1024); u64(7);
      fwrite(name, strlen(name) + 1, 1, dump);
      fwrite(code, sizeof(code), 1, dump);
    } else if (strcmp(word, "move") == 0) {
      prefix(1, 48);
      u32(getpid()); u32(getpid()); u64((uint64_t)at); u64((uint64_t)at); u64((uint64_t)(memory + 4096)); u64(1024); u64(7);
      at = memory + 4096;
      memcpy(at, code, sizeof(code));
    } else if (strcmp(word, "lines") == 0) {
      int shift = atoi(words[++i]);
      prefix(2, 16 + 16 + 8 + 16 + 2);
      u64((uint64_t)at); u64(2);
      u64((uint64_t)at + shift); u32(10); u32(0); fwrite("/a.mine", 8, 1, dump);
      /* Behind the system call; the path is that of the line before. */
      u64((uint64_t)at + shift + 11); u32(11); u32(0); fwrite("\\xff", 2, 1, dump);
    } else if (strcmp(word, "cut") == 0) {
      prefix(0, 40);
    } else if (strcmp(word, "close") == 0) {
      prefix(3, 0);
    }
  }
  fflush(dump);
  for (int i = 0; i < 20; i++) {
    ((void (*)(void))at)();
    usleep(20000);
  }
  return 0;
}
`;

needs('root').describe('Code that a just-in-time compiler made', () => {
  beforeAll(() => {
    writeFileSync(`${producer}.c`, SOURCE);
    execFileSync('gcc', ['-O1', '-o', producer, `${producer}.c`]);
  });

  /** The innermost frame of its functions, as the loader shows it at the end. */
  async function frame(...words: readonly string[]): Promise<string> {
    const { stdout, stderr } = await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "producer"/ { @[ustack(1)] = count(); }',
      {
        loader: LOADER_ASAN,
        workload: () => {
          execFileSync(producer, words, { cwd: folder });
        },
      },
    );
    expect(stderr).toBe('Attached 1 probe\n');
    const [, text] = /^@\[\n {8}(.*)\n\]: 20$/m.exec(stdout) ?? [];
    return text ?? stdout;
  }

  it('has the name of its dump', async () => {
    expect(await frame('load', 'made()')).toBe('made()+11');
  });

  it('has lines, which stand before it, also as V8 counts them', async () => {
    expect(await frame('lines', '0', 'load', 'made', 'close')).toBe('made+11 @/a.mine:11');
    expect(await frame('lines', '64', 'load', 'made')).toBe('made+11 @/a.mine:11');
    // Nobody knows what they are.
    expect(await frame('lines', '8', 'load', 'other', 'lines', '64', 'load', 'other')).toBe(
      'other+11',
    );
    expect(await frame('lines', '5000', 'load', 'made')).toBe('made+11');
  });

  it('has its name where it was moved', async () => {
    expect(await frame('load', 'moved', 'move')).toBe('moved+11');
  });

  it('has none where others were before, since nobody knows which it was', async () => {
    expect(await frame('load', 'one', 'load', 'two')).toMatch(/^0x[0-9a-f]+$/);
    expect(await frame('load', 'again', 'load', 'again')).toBe('again+11');
  });

  it('keeps what stands before damage', async () => {
    expect(await frame('load', 'made', 'cut')).toBe('made+11');
  });

  it('of V8 has the names of scripts, and their lines where V8 writes any', async () => {
    const script = join(folder, 'hot.cjs');
    writeFileSync(
      script,
      `function hotLeaf(n) { let s = 0; for (let i = 0; i < 300; i++) s += i ^ n; process.getuid(); return s; }
function hotOuter(n) { return hotLeaf(n) + 1; }
function run() {
  const end = Date.now() + 500;
  let x = 0;
  while (Date.now() < end) for (let i = 0; i < 100; i++) x += hotOuter(i);
}
// Node itself calls it when it starts: the memory map that is read then has no compiler yet.
setTimeout(run, 400);
`,
    );
    const file = join(folder, 'v8.rec');
    const { stdout } = await run(
      'tracepoint:syscalls:sys_enter_getuid /comm == "node"/ { @[ustack(12)] = count(); }',
      {
        flags: ['record', '-o', file, '--print', '-f', 'folded', '-q'],
        workload: () => {
          // Each function has code of its own from its first call on.
          const flags = ['--perf-prof', '--always-sparkplug', '--no-opt'];
          execFileSync('node', [...flags, script], { cwd: folder });
        },
      },
    );
    const named = stdout
      .split('\n')
      .filter((line) => /(^|;)JS:.hot(Leaf|Outer) [^;]*_\[j\]/.test(line));
    expect(named.length).toBeGreaterThan(0);
    // What was known on the host is in the recording.
    const shown = execFileSync(LOADER_ASAN, ['report', file, '-f', 'folded', '-q'], {
      encoding: 'utf8',
    });
    expect(shown).toBe(stdout);
  });
});
