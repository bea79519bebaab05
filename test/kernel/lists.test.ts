/** Lists of probes in the kernel: a tracer of forty functions. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const program = join(temporaryFolder(), 'app');
const FUNCTIONS = ['stream', 'event', 'comm', 'buffer'].flatMap((what) =>
  [
    ...['create', 'destroy', 'put', 'get', 'wait'],
    ...['sync', 'query', 'record', 'copy', 'flush'],
  ].map((verb) => `${what}_${verb}`),
);
const ENABLED = 'config = { unstable_probe_lists = enable }\n';

needs('root').describe('a list of probes', () => {
  beforeAll(() => {
    const source = `${program}.c`;
    const define = (name: string) =>
      `__attribute__((noinline, noclone, used)) long ${name}(long x) { __asm__ volatile("" : "+r"(x)); return x + 1; }`;
    const call = (name: string, index: number) => `sum += ${name}(${index});`;
    writeFileSync(
      source,
      `${FUNCTIONS.map(define).join('\n')}\nint main(void) { long sum = 0; ${FUNCTIONS.map(call).join('\n')} return sum == 1; }\n`,
    );
    execFileSync('gcc', ['-O1', '-o', program, source]);
  });

  it('traces both ends of forty functions, each with what the list says of it', async () => {
    const list = FUNCTIONS.map((name, index) => `("${name}", ${index * 3})`).join(', ');
    const { stdout, stderr, status } = await run(
      `${ENABLED}for $f, $n : (${list})
      {
        uprobe:${program}:$f /arg0 * 3 == $n/ { printf("%s %d %s\\n", $f, $n, func); }
        uretprobe:${program}:$f { printf("%s returns %d\\n", $f, retval); }
      }`,
      { workload: () => void execFileSync(program) },
    );
    expect(stderr).toBe('Attached 80 probes\n');
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual(
      FUNCTIONS.flatMap((name, index) => [
        `${name} ${index * 3} ${name}`,
        `${name} returns ${index + 1}`,
      ]),
    );
  });

  it('shows where a program had to warn, and for which element', async () => {
    const { stderr } = await run(
      `${ENABLED}let @m = hash(1);\nfor $f : ("${FUNCTIONS[0]}", "${FUNCTIONS[1]}") { uprobe:${program}:$f { @m[$f] = 1; } }`,
      { workload: () => void execFileSync(program) },
    );
    expect(stderr).toContain("WARNING: Map full; can't update element");
    expect(stderr).toContain('expanded from');
    expect(stderr).toContain(FUNCTIONS[1]);
  });
});
