import { describe, expect, it, vi } from 'vitest';
import { headerConstants } from '../../../compiler/preamble/constants.ts';
import { diagnose } from '../../support/build.ts';
import { read } from './support.ts';

/** Of a header that no machine has. */
const INCLUDE = '#include <net/not_installed.h>\n';

function numberOf(name: string, arch = 'x86_64'): bigint | undefined {
  return headerConstants(arch, true).find(name)?.value;
}

function messages(script: string): readonly string[] {
  return diagnose(script).map(({ severity, message, hints = [] }) =>
    [`${severity}: ${message}`, ...hints].join(' | '),
  );
}

describe('the table of constants', () => {
  it.each([
    ['AF_INET6', 10n, '<linux/socket.h>'],
    ['SOCK_STREAM', 1n, '<sys/socket.h>'],
    ['IPPROTO_UDP', 17n, '<linux/in.h>'],
    ['IFNAMSIZ', 16n, '<linux/if.h>'],
    ['ETH_P_IPV6', 0x86ddn, '<linux/if_ether.h>'],
    ['ENOENT', 2n, '<linux/errno.h>'],
    ['ERESTARTSYS', 512n, '<linux/errno.h>'],
    ['TASK_UNINTERRUPTIBLE', 2n, '<linux/sched.h>'],
    ['CLONE_NEWUSER', 0x10000000n, '<linux/sched.h>'],
    ['SIGKILL', 9n, '<linux/signal.h>'],
    ['S_IFDIR', 0o40000n, '<linux/stat.h>'],
    ['O_CREAT', 0o100n, '<linux/fcntl.h>'],
    ['AT_FDCWD', -100n, '<linux/fcntl.h>'],
    ['DT_DIR', 4n, '<linux/fs_types.h>'],
    ['MADV_DONTNEED', 4n, '<linux/mman.h>'],
    ['BPF_F_CURRENT_CPU', 0xffffffffn, '<linux/bpf.h>'],
  ])('has %s with its value and header', (name, value, header) => {
    expect(headerConstants('x86_64', false).find(name)).toEqual({ value, header });
  });

  it('has the value of each architecture', () => {
    expect([numberOf('O_DIRECTORY'), numberOf('O_DIRECTORY', 'aarch64')]).toEqual([65536n, 16384n]);
    expect([numberOf('O_DIRECT'), numberOf('O_DIRECT', 'aarch64')]).toEqual([16384n, 65536n]);
  });

  it('lacks what changes from kernel to kernel', () => {
    expect(['AF_MAX', 'LINUX_VERSION_CODE'].map((name) => numberOf(name))).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('a script that includes a header which is not installed', () => {
  it('has the constants of headers, also in macros and conditionals', () => {
    vi.stubEnv('PATH', '');
    const script = `${INCLUDE}#define FAMILY AF_INET6
#ifdef ETH_P_IP
#if SIGKILL == 9
#define KNOWN 1
#endif
#endif
begin { @[-EAGAIN] = FAMILY + ETH_P_IP + KNOWN; }`;
    expect(messages(script)).toEqual([expect.stringMatching(/^warning: The header of/)]);
    vi.unstubAllEnvs();
  });

  it('has them in its definitions of C', () => {
    const { preamble } = read(`${INCLUDE}struct link { char name[IFNAMSIZ]; };`);
    expect(preamble.kernel.types.struct('struct', 'link')?.size).toBe(16);
  });

  it('says what is unknown', () => {
    expect(messages(`${INCLUDE}begin { print(AF_NONSENSE); }`).at(-1)).toContain(
      "Unknown identifier: 'AF_NONSENSE'",
    );
  });
});

describe('a script that includes nothing', () => {
  it('is told which header has the constant', () => {
    expect(messages('begin { print(AF_INET6); }')).toEqual([
      "error: Unknown identifier: 'AF_INET6' | <linux/socket.h> defines it: add #include <linux/socket.h>, which need not be installed.",
    ]);
  });
});
