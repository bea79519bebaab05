/** Objects that libbpf in C and cilium/ebpf in Go attach by their sections alone, without the manifest. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { boot, bootable, isBefore, SERIES } from '../support/guest.ts';
import { GO_PACKAGES, hasKernel, isHere } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { WORKLOAD } from '../support/run.ts';

const root = join(import.meta.dirname, '../..');
const source = (name: string): string => join(root, 'test/support', name);

/** Under a name of its own, each ten times. */
const COMMAND = '/workload comm traced getppid 10 call 10 1 1 read 10 16';
const TRACED = 'comm == "traced"';

/** What counts ten of those. */
const COUNTING: readonly string[] = [
  `kprobe:__x64_sys_getppid /${TRACED}/`,
  `kretprobe:__x64_sys_getppid /${TRACED}/`,
  `tracepoint:syscalls:sys_enter_getppid /${TRACED}/`,
  `uprobe:/workload:workload_target /${TRACED}/`,
  `uretprobe:/workload:workload_target /${TRACED}/`,
  `kprobe:__x64_sys_getppi* /${TRACED}/`,
  `kretprobe:__x64_sys_getppi* /${TRACED}/`,
  `rawtracepoint:sys_enter /args.id == 110 && ${TRACED}/`,
  `fentry:vfs_read /${TRACED}/`,
  `fexit:vfs_read /${TRACED}/`,
  `kprobe:vfs_read /((struct file *)arg0).f_inode != 0 && ${TRACED}/`,
];
/** Only the loader knows what these attach to. */
const REFUSED = {
  'tracepoint:syscalls:sys_enter_getppi*': [
    /failed to find kernel BTF type ID of 'sys_enter_\*'/,
    /./,
  ],
  'usdt:/workload:any:point': [/failed to find USDT support BPF maps/, /no program type/],
  'interval:ms:10': [/cannot attach section perf_event/, /section "perf_event" says no target/],
} as const;

const SCRIPTS: readonly string[] = [...COUNTING, ...Object.keys(REFUSED)];

const isPattern = (script: string): boolean => script.includes('getppi*');
/** Whether attaching or loading takes the kernel's types. */
const isTyped = (script: string): boolean => /^rawtracepoint|^fe|struct/.test(script);

/** From which kernel on libbpf has links of many functions (with CONFIG_FPROBE, which Debian's 6.1 lacks). */
const hasMulti = (series: string): boolean => !isBefore(series, '6.12');

/** Debian's version of cilium/ebpf reads no BTF with 64-bit enums, which kernels have since 6.0. */
const readsBtf = (series: string): boolean => isBefore(series, '6.0');

interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The sum over all CPUs: 16 bytes each, of which the first 8 are the count. */
function sum(hex: string): number {
  const bytes = Buffer.from(hex.trim(), 'hex');
  let total = 0n;
  for (let at = 0; at + 16 <= bytes.length; at += 16) total += bytes.readBigUInt64LE(at);
  return Number(total);
}

function buildLoaders(payload: string, withGo: boolean): void {
  const flags = ['-static', '-std=gnu11', '-Wall', '-Wextra', '-Werror'];
  execFileSync(
    'gcc',
    [...flags, '-o', join(payload, 'c'), source('attach.c'), '-lbpf', '-lelf', '-lz'],
    { stdio: 'pipe' },
  );
  if (!withGo) return;
  execFileSync('go', ['build', '-o', join(payload, 'go'), source('attach.go')], {
    stdio: 'pipe',
    // As Debian's packages of Go are used: there are no modules, and nothing is fetched.
    env: {
      ...process.env,
      ...{ GO111MODULE: 'off', GOPATH: GO_PACKAGES, CGO_ENABLED: '0' },
      GOCACHE: join(root, '.cache/go'),
    },
  });
}

/** Every script by every loader, in one boot. */
async function runAll(
  series: string,
  folder: string,
  loaders: readonly string[],
): Promise<ReadonlyMap<string, Answer>> {
  const payload = join(folder, 'payload');
  mkdirSync(payload);
  buildLoaders(payload, loaders.includes('go'));
  copyFileSync(WORKLOAD, join(payload, 'workload'));
  for (const [index, script] of SCRIPTS.entries())
    writeObject(payload, String(index), `${script} { @ = count(); }`);
  const runs = loaders.flatMap((loader) =>
    SCRIPTS.map((script, index) => ({ loader, script, index })),
  );
  const batch = join(folder, 'batch');
  writeFileSync(
    batch,
    runs.map(({ loader, index }) => `/${loader} AT_ /${index}.o '${COMMAND}'\n`).join(''),
  );
  const log = await boot(['-b', batch, '-o', folder, bootable(series), payload]);
  return new Map(
    runs.map(({ loader, script }, index) => {
      const file = (suffix: string): string => join(folder, `${index + 1}.${suffix}`);
      if (!existsSync(file('rc'))) throw new Error(`${loader} did not run ${script}:\n${log}`);
      const answer = {
        status: Number(readFileSync(file('rc'), 'utf8')),
        stdout: readFileSync(file('out'), 'utf8'),
        stderr: readFileSync(file('err'), 'utf8'),
      };
      return [`${loader} ${script}`, answer];
    }),
  );
}

describe.each(SERIES)('On Linux %s', (series) => {
  const hasGo = isHere('cilium/ebpf');
  let answers: ReadonlyMap<string, Answer> = new Map();
  const folder = temporaryFolder();

  beforeAll(async () => {
    if (hasKernel(series)) answers = await runAll(series, folder, hasGo ? ['c', 'go'] : ['c']);
  }, 900_000);

  const of = (loader: string, script: string): Answer => {
    const answer = answers.get(`${loader} ${script}`);
    if (!answer) throw new Error(`no answer of ${loader} to ${script}`);
    return answer;
  };
  const expectCount = (loader: string, script: string): void => {
    const { status, stdout, stderr } = of(loader, script);
    expect(status, stderr).toBe(0);
    expect(sum(stdout), stderr).toBe(10);
  };

  const c = needs(`Linux ${series}`).it;
  const go = needs(`Linux ${series}`, 'cilium/ebpf').it;

  c.each(COUNTING.filter((script) => hasMulti(series) || !isPattern(script)))(
    'libbpf attaches and runs %s',
    (script) => expectCount('c', script),
  );
  if (!hasMulti(series))
    c.each(COUNTING.filter(isPattern))('libbpf says that it cannot attach %s', (script) => {
      expect(of('c', script).status).toBe(1);
      expect(of('c', script).stderr).toMatch(/cannot attach section k(ret)?probe\.multi\//);
    });

  const within = COUNTING.filter(
    (script) => !isPattern(script) && (readsBtf(series) || !isTyped(script)),
  );
  go.each(within)('cilium/ebpf attaches and runs %s', (script) => expectCount('go', script));
  go.each(COUNTING.filter((script) => !within.includes(script)))(
    'cilium/ebpf says that it cannot load %s',
    (script) => {
      const { status, stderr } = of('go', script);
      expect(status).toBe(1);
      expect(stderr).toMatch(
        isPattern(script) ? /no program type for section "k(ret)?probe\.multi/ : /unknown kind/,
      );
    },
  );

  for (const [script, [byC, byGo]] of Object.entries(REFUSED)) {
    c(`libbpf says that it cannot attach ${script}`, () => {
      expect(of('c', script).status).toBe(1);
      expect(of('c', script).stderr).toMatch(byC);
    });
    go(`cilium/ebpf says that it cannot attach ${script}`, () => {
      expect(of('go', script).status).toBe(1);
      expect(of('go', script).stderr).toMatch(byGo);
    });
  }
});
