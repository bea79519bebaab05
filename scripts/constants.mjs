// Reads the integer constants of C headers. scripts/constants.sh says of which, and calls
//   node scripts/constants.mjs OUTPUT KERNEL_HEADERS...
// with the folders of several kernels' headers (linux-headers-*-common of Debian), oldest first.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of the kernel's interface: what system calls, networks, files, memory and processes are spoken of with. */
const PUBLIC = [
  ...[
    'errno',
    'fcntl',
    'signal',
    'stat',
    'mman',
    'sched',
    'wait',
    'poll',
    'resource',
    'time',
    'timex',
    'times',
    'types',
  ],
  ...[
    'socket',
    'in',
    'in6',
    'ip',
    'ipv6',
    'tcp',
    'udp',
    'icmp',
    'icmpv6',
    'igmp',
    'sctp',
    'un',
    'vm_sockets',
    'net',
  ],
  ...[
    'if',
    'if_arp',
    'if_ether',
    'if_packet',
    'if_link',
    'if_addr',
    'if_tun',
    'if_vlan',
    'if_bridge',
    'neighbour',
  ],
  ...[
    'netlink',
    'rtnetlink',
    'genetlink',
    'netfilter',
    'netfilter_ipv4',
    'filter',
    'pkt_sched',
    'pkt_cls',
    'sockios',
    'ethtool',
  ],
  ...[
    'fs',
    'magic',
    'mount',
    'openat2',
    'limits',
    'falloc',
    'fiemap',
    'fanotify',
    'inotify',
    'eventpoll',
    'eventfd',
    'memfd',
  ],
  ...[
    'fuse',
    'nfs',
    'nfs4',
    'io_uring',
    'aio_abi',
    'loop',
    'nvme_ioctl',
    'virtio_ids',
    'virtio_blk',
    'virtio_net',
    'xattr',
    'quota',
  ],
  ...[
    'capability',
    'prctl',
    'ptrace',
    'seccomp',
    'audit',
    'keyctl',
    'landlock',
    'securebits',
    'futex',
    'membarrier',
    'rseq',
  ],
  ...[
    'bpf',
    'bpf_common',
    'perf_event',
    'elf',
    'elf-em',
    'personality',
    'reboot',
    'utsname',
    'sysinfo',
    'taskstats',
    'kcmp',
  ],
  ...[
    'kvm',
    'vfio',
    'userfaultfd',
    'mempolicy',
    'msg',
    'sem',
    'shm',
    'ipc',
    'ioprio',
    'blktrace_api',
    'hdreg',
    'major',
  ],
  ...[
    'tty',
    'kd',
    'input',
    'input-event-codes',
    'watchdog',
    'dm-ioctl',
    'can',
    'tls',
    'mptcp',
    'xfrm',
    'wireguard',
    'binfmts',
  ],
];
/** Headers inside of the kernel: without its configuration, only what they define by numbers can be read. */
const INTERNAL = [
  'sched',
  'socket',
  'errno',
  'stat',
  'fs_types',
  'fs',
  'net',
  'mm',
  'if_ether',
  'signal',
];
/** Of the C library, for scripts that include what programs include. */
const LIBC = [
  ...['errno', 'fcntl', 'signal', 'dirent', 'poll', 'sched', 'time', 'limits'],
  ...[
    'epoll',
    'eventfd',
    'inotify',
    'ioctl',
    'mman',
    'mount',
    'prctl',
    'resource',
    'socket',
    'stat',
    'timerfd',
    'wait',
  ].map((name) => `sys/${name}`),
  ...['in', 'ip', 'ip_icmp', 'tcp', 'udp'].map((name) => `netinet/${name}`),
  ...['net/if', 'net/if_arp', 'net/ethernet', 'netdb'],
];
/** Short for the compiler, long for folders of the kernel. */
const MACHINES = [
  { target: 'x86_64-linux-gnu', folder: 'x86', libc: '/usr/include/x86_64-linux-gnu' },
  { target: 'aarch64-linux-gnu', folder: 'arm64', libc: '/usr/aarch64-linux-gnu/include' },
];
/** What some of the kernel's headers take from a C library, which may be none of this machine. */
const LIBC_STUBS = [
  [
    'sys/socket.h',
    'struct sockaddr { unsigned short sa_family; char sa_data[14]; };\nstruct sockaddr_storage { char bytes[128]; };\n',
  ],
  ['sys/time.h', 'struct timeval { long tv_sec, tv_usec; };\n'],
  ['netinet/in.h', '#include <linux/in.h>\n#include <linux/in6.h>\n'],
  [
    'stdint.h',
    '#include <linux/types.h>\ntypedef __u8 uint8_t; typedef __u16 uint16_t; typedef __u32 uint32_t; typedef __u64 uint64_t;\ntypedef __s32 int32_t; typedef __s64 int64_t;\n',
  ],
];
/** What headers expect of the kernel's build, which strips it from those that it installs: `linux/compiler.h`. */
const KERNEL_WORDS = `
#define __force
#define __bitwise
#define __user
#define __iomem
#define __attribute_const__
#define __counted_by(m)
#define __counted_by_le(m)
#define __counted_by_be(m)
#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
typedef unsigned fmode_t;
`;

const HEAD = `# Integer constants of kernel and C headers, made by scripts/constants.sh: do not edit.
# NAME VALUE, or NAME X86-64 ARM64 where they differ (- where one has none), below the header that defines them.
`;

const [output, ...kernels] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'constants-'));
try {
  writeFileSync(output, table(await readAll()));
} finally {
  rmSync(work, { recursive: true });
}

/** Each constant of each kernel and machine: `Map<header, Map<name, value>>`. */
async function readAll() {
  const jobs = [];
  for (const [index, kernel] of kernels.entries()) {
    const uapi = join(kernel, 'include/uapi/linux');
    const headers = PUBLIC.map((name) => `${name}.h`).filter((name) =>
      existsSync(join(uapi, name)),
    );
    for (const machine of MACHINES) {
      const wrappers = makeWrappers(kernel, machine, index);
      const options = [
        '-target',
        machine.target,
        '-nostdinc',
        '-isystem',
        wrappers,
        '-include',
        'linux/compiler.h',
        '-DCONFIG_64BIT',
        ...[`arch/${machine.folder}/include/uapi`, 'include/uapi'].flatMap((path) => [
          '-isystem',
          join(kernel, path),
        ]),
      ];
      for (const name of INTERNAL) {
        const path = join(kernel, `include/linux/${name}.h`);
        const header = `linux/${name}.h`;
        if (existsSync(path))
          jobs.push({
            header,
            machine,
            index,
            options,
            source: internalSource(path, existsSync(join(uapi, `${name}.h`)) ? header : undefined),
          });
      }
      for (const name of headers)
        jobs.push({
          header: `linux/${name}`,
          machine,
          index,
          options,
          source: { text: `#include <linux/${name}>\n` },
        });
    }
  }
  for (const machine of MACHINES)
    for (const name of LIBC)
      jobs.push({
        header: `${name}.h`,
        machine,
        index: kernels.length,
        options: ['-target', machine.target, '-D_GNU_SOURCE', '-isystem', machine.libc],
        source: { text: `#include <${name}.h>\n` },
      });
  let next = 0;
  const worker = async () => {
    while (next < jobs.length) {
      const job = jobs[next++];
      job.values = await valuesOf(job);
    }
  };
  await Promise.all([worker(), worker()]);
  return jobs;
}

/** Headers of asm/ that a machine takes from asm-generic/, as the kernel's build makes them. */
function makeWrappers(kernel, { folder }, index) {
  const to = join(work, `${index}-${folder}`);
  mkdirSync(join(to, 'asm'), { recursive: true });
  for (const name of readdirSync(join(kernel, 'include/uapi/asm-generic')))
    if (!existsSync(join(kernel, `arch/${folder}/include/uapi/asm`, name)))
      writeFileSync(join(to, 'asm', name), `#include <asm-generic/${name}>\n`);
  for (const [path, text] of LIBC_STUBS) {
    mkdirSync(join(to, path, '..'), { recursive: true });
    writeFileSync(join(to, path), text);
  }
  mkdirSync(join(to, 'linux'));
  for (const name of ['compiler', 'compiler_types'])
    writeFileSync(join(to, 'linux', `${name}.h`), `#pragma once\n${KERNEL_WORDS}`);
  return to;
}

/** The header's definitions behind those of its public half. */
function internalSource(path, uapi) {
  const lines =
    readFileSync(path, 'utf8')
      .replaceAll(/\\\n/g, ' ')
      .match(/^#\s*define\s+[A-Z_][A-Z0-9_]*\s.*$/gm) ?? [];
  return {
    text: `${uapi ? `#include <${uapi}>\n` : ''}${lines.map((line) => line.replace(/\/\*.*?(?:\*\/|$)|\/\/.*$/g, '')).join('\n')}\n`,
  };
}

function run(options, input) {
  return new Promise((resolve) => {
    const child = execFile(
      'clang-14',
      ['-x', 'c', '-w', '-ferror-limit=0', '-fno-caret-diagnostics', ...options, '-o', '-', '-'],
      { maxBuffer: 1 << 28 },
      (_, stdout, stderr) => resolve({ stdout, stderr }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** `Map<name, value>` of the integers that a source defines. */
async function valuesOf({ options, source }) {
  const { stdout } = await run(['-E', '-dD', ...options], source.text);
  const body = stdout.slice(stdout.indexOf('# 1 "<stdin>"'));
  const names = new Set(
    [...body.matchAll(/^#define ([A-Z][A-Z0-9_]*) ./gm)].map(([, name]) => name),
  );
  for (const [, list] of body.matchAll(/\benum\b\s*\w*\s*\{([^}]*)\}/g))
    for (const [, name] of list.matchAll(/(?:^|,)(?:\s|^#.*$)*([A-Z][A-Z0-9_]*)\s*(?==|,|$)/gm))
      names.add(name);
  let list = [...names];
  const lines = source.text.split('\n').length;
  for (let round = 0; round < 3 && list.length > 0; round += 1) {
    const text = list
      .map((name, at) => `const long long v${at} = ((${name}) | 0), n${at} = ((${name}) | 0) < 0;`)
      .join('\n');
    const { stdout: ir, stderr } = await run(
      ['-S', '-emit-llvm', ...options],
      `${source.text}${text}\n`,
    );
    const refused = new Set(
      [...stderr.matchAll(/^<stdin>:(\d+):\d+: (?:fatal )?error/gm)].map(
        ([, line]) => Number(line) - lines,
      ),
    );
    if (refused.size === 0) {
      const found = new Map(
        [...ir.matchAll(/^@([vn]\d+) = .*constant i64 (-?\d+)/gm)].map(([, key, value]) => [
          key,
          BigInt(value),
        ]),
      );
      return new Map(
        list.flatMap((name, at) => {
          const value = found.get(`v${at}`);
          if (value === undefined) return [];
          return [[name, found.get(`n${at}`) === 1n ? value : BigInt.asUintN(64, value)]];
        }),
      );
    }
    list = list.filter((_, at) => !refused.has(at));
  }
  return new Map();
}

/**
 * The text of the table. A constant stands at the first header that defines it; one to which two kernels or two headers
 * give different values is left out, and what the kernel says goes before what the C library says.
 */
function table(jobs) {
  const known = new Map();
  for (const { header, machine, index, values } of jobs)
    for (const [name, value] of values) {
      const ofLibc = index === kernels.length;
      const entry = known.get(name) ?? { header, ofLibc, values: new Map() };
      known.set(name, entry);
      if (ofLibc && !entry.ofLibc) continue;
      const own = entry.values.get(machine.folder) ?? new Set();
      entry.values.set(machine.folder, own.add(value));
    }
  const lines = new Map();
  for (const [name, { header, values }] of known) {
    const [x86, arm64] = MACHINES.map(({ folder }) => [...(values.get(folder) ?? [])]);
    if (x86.length > 1 || arm64.length > 1) continue;
    const text = x86[0] === arm64[0] ? `${x86[0]}` : `${x86[0] ?? '-'} ${arm64[0] ?? '-'}`;
    lines.set(header, [...(lines.get(header) ?? []), `${name} ${text}`]);
  }
  const sections = [...lines].map(([header, list]) => `<${header}>\n${list.join('\n')}\n`);
  return `${HEAD}${sections.join('')}`;
}
