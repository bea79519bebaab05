/** Lists of probes in the kernel: a tracer of forty functions. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
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

  it('holds all functions of a file by one link where one block serves them', async () => {
    const held: string[] = [];
    const { stdout, stderr, status } = await run(
      `${ENABLED}for $f : (${FUNCTIONS.map((name) => `"${name}"`).join(', ')})
      {
        uprobe:${program}:$f { printf("%s %s %d\\n", probe, func, arg0); }
        uretprobe:${program}:$f { @[func] = count(); @n = count(); }
      }`,
      {
        flags: ['-q'],
        workload: (pid) => {
          for (const fd of readdirSync(`/proc/${pid}/fd`))
            held.push(readlinkSync(`/proc/${pid}/fd/${fd}`));
          execFileSync(program);
        },
      },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(held.filter((name) => /bpf.link|perf_event/.test(name))).toHaveLength(2);
    const lines = stdout.split('\n');
    expect(lines.slice(0, 40)).toEqual(
      FUNCTIONS.map((name, index) => `uprobe:${program}:${name} ${name} ${index}`),
    );
    expect(lines.filter((line) => /^@\[\w+\]: 1$/.test(line))).toHaveLength(40);
    expect(stdout).toContain('@n: 40\n');
  });

  it('has one row of costs for each program', async () => {
    const { stderr } = await run(
      `${ENABLED}for $f : (${FUNCTIONS.map((name) => `"${name}"`).join(', ')})
      { uprobe:${program}:$f { @ = count(); } uretprobe:${program}:$f { @ = count(); } }`,
      { flags: ['-q', '--cost'], workload: () => void execFileSync(program) },
    );
    const rows = stderr.split('\n').filter((line) => line.includes(program));
    expect(rows.map((row) => row.replace(/ +/g, ' ').split(' ').slice(0, 5)).sort()).toEqual([
      [`uprobe:${program}:${FUNCTIONS[0]}`, 'and', '39', 'more', '40'],
      [`uretprobe:${program}:${FUNCTIONS[0]}`, 'and', '39', 'more', '40'],
    ]);
  });

  it('goes on without functions that are missing, where the script says so', async () => {
    const script = (
      policy: string,
    ) => `config = { unstable_probe_lists = enable; missing_probes = ${policy} }
      for $f : ("${FUNCTIONS[0]}", "not_there", "${FUNCTIONS[1]}")
      { uprobe:${program}:$f { printf("%s\\n", func); } }`;
    const options = { workload: () => void execFileSync(program) };
    const { stdout, stderr } = await run(script('warn'), options);
    expect(stdout).toBe(`${FUNCTIONS[0]}\n${FUNCTIONS[1]}\n\n\n`);
    expect(stderr).toContain(`No matches for uprobe ${program}:not_there. Skipping.`);
    expect(stderr).toContain('Attached 2 probes\n');
    const refused = await run(script('error'), options);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`ERROR: No matches for uprobe ${program}:not_there.`);
  });

  it('lets a filter choose among functions of one program', async () => {
    const { stdout } = await run(
      `${ENABLED}for $f : ("${FUNCTIONS[0]}", "${FUNCTIONS[1]}", "${FUNCTIONS[2]}")
      { uprobe:${program}:$f { printf("%s\\n", func); } }`,
      {
        flags: ['-q', '--probe-filter', `${FUNCTIONS[0]}|${FUNCTIONS[2]}`],
        workload: () => void execFileSync(program),
      },
    );
    expect(stdout).toBe(`${FUNCTIONS[0]}\n${FUNCTIONS[2]}\n\n\n`);
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
