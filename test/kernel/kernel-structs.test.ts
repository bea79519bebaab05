/** Structs of the kernel, whose members are what /proc, stat(2) and the C library say of the same process. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

/** RLIMIT_* of <sys/resource.h> by how /proc calls them. */
const LIMITS = [
  ...['cpu time', 'file size', 'data size', 'stack size', 'core file size', 'resident set'],
  ...['processes', 'open files', 'locked memory', 'address space', 'file locks'],
  ...['pending signals', 'msgqueue size', 'nice priority', 'realtime priority'],
] as const;
const UNLIMITED = (1n << 64n) - 1n;
/** A soft limit that nothing heeds: its low half is negative as an int. */
const LOCKS = 2684354566;

/** Soft and hard limit of this process, which its children inherit. */
function limit(name: string): string {
  if (name === 'file locks') return `${LOCKS} ${UNLIMITED}`;
  const line = readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`Max ${name} `));
  const [soft, hard] = line?.slice(26).trim().split(/\s+/) ?? [];
  const number = (text = ''): bigint => (text === 'unlimited' ? UNLIMITED : BigInt(text));
  return `${number(soft)} ${number(hard)}`;
}

/** A member by how the script names it, and what it has to be. */
type Row = readonly [format: string, values: string, wanted: string];

const { ino, nlink, size, mode, uid } = statSync(WORKLOAD);
const NAME = 'fifteen-letters';
const EXE = 'curtask.mm.exe_file';

const ROWS: readonly Row[] = [
  // Bit fields of the kernel: chrt sets the one, and nothing the other.
  ['%d %d', 'curtask.sched_reset_on_fork, curtask.no_cgroup_migration', '1 0'],
  // A char array that is as full as it can be.
  ['%s %d', 'curtask.comm, strlen(curtask.comm)', `${NAME} 15`],
  ['%s', 'curtask.nsproxy.uts_ns.name.nodename', hostname()],
  ['%s', 'curtask.nsproxy.uts_ns.name.sysname', 'Linux'],
  // Structs without names in unions without names.
  ['%d', `${EXE}.f_path.dentry.d_name.len`, `${basename(WORKLOAD).length}`],
  ['%s', `str(${EXE}.f_path.dentry.d_name.name)`, basename(WORKLOAD)],
  ['%lu %u', `${EXE}.f_inode.i_ino, ${EXE}.f_inode.i_nlink`, `${ino} ${nlink}`],
  ['%ld %o', `${EXE}.f_inode.i_size, ${EXE}.f_inode.i_mode`, `${size} ${mode.toString(8)}`],
  ['%u', `${EXE}.f_inode.i_uid.val`, `${uid}`],
  // Pointers in an array behind a pointer: standard input is /dev/null.
  ['%x', 'curtask.files.fdt.fd[0].f_inode.i_rdev', ((1 << 20) | 3).toString(16)],
  // Arrays of structs, and what lies far from the start of a large one.
  ...LIMITS.map(
    (name, index): Row => [
      '%lu %lu',
      `curtask.signal.rlim[${index}].rlim_cur, curtask.signal.rlim[${index}].rlim_max`,
      limit(name),
    ],
  ),
  // The kernel's one signed bit field, of 30 bits, behind one of 2: the limit's low half as such.
  ['%d %d', '$register.iter.depth, $register.iter.state', `${(LOCKS | 0) >> 2} ${LOCKS & 3}`],
  ['%d %d', 'curtask.signal.nr_threads, curtask.thread_pid.level', '1 LEVEL'],
  ['%d', 'curtask.signal.rlim[$index].rlim_cur == curtask.signal.rlim[7].rlim_cur', '1'],
  ['%d %d', 'curtask.pid == tid, curtask.group_leader.pid == pid', '1 1'],
  ['%d %d', 'curtask.real_parent.pid != pid, curtask.signal.oom_score_adj', '1 ADJUSTED'],
  ['%d', '(int64)curtask.static_prio', '120'],
  // The first task, which all others come from, has no memory: behind a pointer that is none everything is zero.
  ['%d %d', '$kernel.mm.map_count, $kernel.mm.exe_file.f_path.dentry.d_name.len', '0 0'],
  ['%s|%s', 'str($kernel.mm.exe_file.f_path.dentry.d_name.name), $kernel.comm', '|swapper/0'],
  ['%d', '$kernel.signal.rlim[3].rlim_cur > 0', '1'],
];

needs('root').describe('structs of the kernel', () => {
  it.each([
    ['the running kernel', 'host'],
    ['another one', undefined],
  ])('have the members that the system tells of the same process, by %s', async (_, kernel) => {
    const level = (/^NSpid:(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '')
      .trim()
      .split(/\s+/).length;
    const adjusted = readFileSync('/proc/self/oom_score_adj', 'utf8').trim();
    const prints = ROWS.map(
      ([format, values], index) => `printf("${index} ${format}\\n", ${values});`,
    );
    const { stdout, stderr } = await run(
      `tracepoint:syscalls:sys_enter_getppid /comm == "${NAME}"/ {
         $index = (uint64)7; $kernel = curtask;
         $locks = (uint64)&curtask.signal.rlim[${LIMITS.indexOf('file locks')}].rlim_cur;
         $register = kptr((struct bpf_reg_state *)($locks - offsetof(struct bpf_reg_state, iter) - 12));
         unroll(50) { if ($kernel.pid != 0) { $kernel = $kernel.real_parent; } }
         ${prints.join('\n')} exit(); }`,
      {
        ...(kernel ? { kernel } : {}),
        signal: 'none',
        workload: () => {
          const words = ['comm', NAME, 'getppid', '1'];
          const limited = [`--locks=${LOCKS}:unlimited`, 'chrt', '-R', '-o', '0', WORKLOAD];
          const { status } = spawnSync('prlimit', [...limited, ...words], {
            stdio: ['ignore', 'ignore', 'inherit'],
          });
          expect(status).toBe(0);
        },
      },
    );
    const lines = stdout.split('\n');
    const found = ROWS.map(([, values], index) => {
      const start = `${index} `;
      return [values, lines.find((line) => line.startsWith(start))?.slice(start.length)];
    });
    expect(found, stderr).toEqual(
      ROWS.map(([, values, wanted]) => [
        values,
        wanted.replace('LEVEL', `${level - 1}`).replace('ADJUSTED', adjusted),
      ]),
    );
  });

  it('hold texts that fill their arrays, and tell them from those that end before', async () => {
    // What no NUL ends is shown as what may have been cut.
    const shown = (path: string) => (path.length < 108 ? path : `${path}..`);
    const paths = [106, 107, 108].map((length) => `/tmp/${'x'.repeat(length - 5)}`);
    const { stdout, stderr } = await run(
      `tracepoint:syscalls:sys_enter_connect /comm == "paths"/ {
         $s = (struct sockaddr_un *)args.uservaddr; $p = $s.sun_path;
         @[$p, (uint8)1] = count(); @[$s.sun_path, (uint8)1] = count();
         printf("%d %d %d %s\\n", $s.sun_family, strlen($p), $s.sun_path[105], $p);
       }`,
      { workload: `comm paths ${paths.map((path) => `connect ${path}`).join(' ')}` },
    );
    expect(stdout.split('\n').slice(0, 3), stderr).toEqual(
      paths.map((path) => `1 ${path.length} 120 ${shown(path)}`),
    );
    expect(stdout.match(/^@\[.*, 1\]: 2$/gm)).toEqual(
      expect.arrayContaining(paths.map((path) => `@[${shown(path)}, 1]: 2`)),
    );
  });
});
