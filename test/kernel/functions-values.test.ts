/** Functions whose values are shown by the loader: names, addresses, cgroups; and those that compute in the program. */

import { readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

/** What a block prints that runs once. */
async function printed(block: string, preamble = ''): Promise<readonly string[]> {
  const { stdout, stderr, status } = await run(`${preamble}\nbegin { ${block} exit(); }`, {
    signal: 'none',
  });
  expect(stderr.replace(/^Attached .*\n/gm, '')).toBe('');
  expect(status).toBe(0);
  return stdout.trimEnd().split('\n');
}

needs('root').describe('addresses', () => {
  it('[FUN-031] [OUT-017] are shown as IPv4 or IPv6 by their size', async () => {
    expect(
      await printed(`
        print(ntop((uint32)0x0100007f));
        print(ntop(pton("192.168.0.9")));
        print(ntop(pton("2001:db8::ff00:42:8329")));
        print(ntop(pton("::1")));
        print(ntop(pton("::ffff:1.2.3.4")));
        printf("[%s] [%16s]\\n", ntop(0x0200000a), ntop(0x0200000a));`),
    ).toEqual([
      '127.0.0.1',
      '192.168.0.9',
      '2001:db8::ff00:42:8329',
      '::1',
      '::ffff:1.2.3.4',
      '[10.0.0.2] [        10.0.0.2]',
    ]);
  });

  it('[FUN-032] take the family that is given, and none for unknown ones', async () => {
    expect(
      await printed(
        `print(ntop(AF_INET, 0x0100007f));
        print(ntop(AF_INET, pton("::1")));
        print(ntop(AF_INET6, pton("::1")));
        $family = 10;
        print(ntop($family, pton("fe80::1")));
        printf("<%s>\\n", ntop(1, 5));`,
        '#define AF_INET 2\n#define AF_INET6 10',
      ),
    ).toEqual(['127.0.0.1', '0.0.0.0', '::1', 'fe80::1', '<>']);
  });

  it('[FUN-034] are bytes in the order of the network', async () => {
    expect(
      await printed(`
        $bytes = pton("1.2.3.4");
        printf("%d %d %x %x\\n", $bytes[0], $bytes[3], (uint32)$bytes, bswap((uint32)$bytes));
        print(pton("102::"));`),
    ).toEqual(['1 4 4030201 1020304', '[1,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0]']);
  });

  it('[FUN-031] can be keys and values of maps and parts of tuples', async () => {
    expect(
      await printed(`
        @a[ntop(0x0100007f)] = count(); @a[ntop(0x0100007f)] = count();
        @b = (ntop(pton("::2")), 1);
        @c[ntop(pton("::3")), macaddr((uint8[8])0x0605040302aa)] = 7;
        print(@a); print(@b); print(@c); clear(@a); clear(@b); clear(@c);`),
    ).toEqual(
      expect.arrayContaining(['@a[127.0.0.1]: 2', '@b: (::2, 1)', '@c[::3, AA:02:03:04:05:06]: 7']),
    );
  });

  it('[OUT-017] of hardware are six pairs of capital digits', async () => {
    expect(
      await printed(`
        $bytes = (uint8[8])0x0000efcdab896745;
        print(macaddr($bytes)); printf("%s|%20s|\\n", macaddr($bytes), macaddr(comm));`),
    ).toEqual([
      '45:67:89:AB:CD:EF',
      expect.stringMatching(/^45:67:89:AB:CD:EF\| {3}([0-9A-F]{2}:){5}[0-9A-F]{2}\|$/),
    ]);
  });
});

needs('root').describe('numbers by name', () => {
  it('[BLT-007] [OUT-017] [OUT-062] shows users as /etc/passwd names them', async () => {
    const root = readFileSync('/etc/passwd', 'utf8').split('\n')[0]?.split(':')[0];
    expect(await printed('print(username); @[username] = count(); print(@); clear(@);')).toEqual([
      root,
      `@[${root}]: 1`,
    ]);
    const strange = await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "python3"/ { printf("<%s>\\n", username); }',
      {
        workload: async () => {
          const { spawnSync } = await import('node:child_process');
          spawnSync('python3', ['-c', 'import os; os.setuid(54321); os.getppid()']);
        },
      },
    );
    expect(strange.stdout).toContain('<>\n');
  });

  it('[FUN-044] shows errors of either sign', async () => {
    expect(
      await printed(
        '$e = -2; print(strerror(2)); print(strerror($e)); print(strerror(9999)); print(strerror(0));',
      ),
    ).toEqual([
      'No such file or directory',
      'No such file or directory',
      'Unknown error',
      'Success',
    ]);
  });

  it('[FUN-045] shows signals and system calls', async () => {
    expect(
      await printed(`
        print(signal_name(1)); print(signal_name(9)); print(signal_name(0)); print(signal_name(99));
        print(syscall_name(0)); print(syscall_name(4)); print(syscall_name(63)); print(syscall_name(5000));
        @[syscall_name(1)] = 5; print(@); clear(@);`),
    ).toEqual([
      'Hangup',
      'Killed',
      'N/A',
      'N/A',
      'read',
      'stat',
      'uname',
      'unknown system call',
      '@[write]: 5',
    ]);
  });

  it('[OUT-045] shows GFP flags', async () => {
    expect(await printed('printf("%gr %gr %gr\\n", 0, 0xcc0, 0x10);')).toEqual([
      '0 GFP_KERNEL 0x10',
    ]);
  });

  it('[FUN-025] shows addresses without a symbol in hexadecimal', async () => {
    expect(await printed('print(ksym(16)); print(usym(32));')).toEqual(['0x10', '0x20']);
  });
});

needs('root').describe('cgroups', () => {
  const cgroup = '/sys/fs/cgroup';

  it('have paths in the hierarchies that a pattern matches', async () => {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const unified = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2');
    const id = unified ? statSync(unified[1] ?? cgroup).ino : 1;
    const lines = await printed(`
      print(cgroup_path(${id}, "unified")); print(cgroup_path(${id}, "un*"));
      printf("<%s><%s>\\n", cgroup_path(${id}, "none"), cgroup_path(987654321));`);
    const expected = unified ? 'unified:/' : '';
    expect(lines).toEqual([expected, expected, '<><>']);
  });
});

needs('root').describe('bytes and strings', () => {
  it('[FUN-043] compares bytes as unsigned ones', async () => {
    expect(
      await printed(`
        $a = (uint8[4])0x01ff0102; $b = (uint8[4])0x01010102;
        printf("%d %d %d\\n", memcmp($a, $b, 2) == 0, memcmp($a, $b, 4) > 0, memcmp($b, $a, 3) < 0);
        printf("%d %d\\n", memcmp("abc", "abd", 3) < 0, memcmp("abc", "abd", 2));
        printf("%d\\n", memcmp(curtask.comm, comm, 16));
        printf("%d\\n", memcmp(curtask, curtask, 64));`),
    ).toEqual(['1 1 1', '1 0', '0', '0']);
  });

  it('puts strings behind each other', async () => {
    expect(
      await printed(`
        $s = str_concat("ab", "cd"); print($s);
        print(str_concat(str_concat($s, "-"), str_concat("", "ef")));
        @[str_concat($s, "!")] = 1; @["abcd!"] = 2; print(@); clear(@);
        print(sizeof($s)); print(strlen(str_concat(comm, comm)) == 2 * strlen(comm));`),
    ).toEqual(['abcd', 'abcd-ef', '@[abcd!]: 2', '5', 'true']);
  });

  it('[FUN-046] knows the pointers that are errors', async () => {
    expect(
      await printed(
        'print(is_err(0)); $p = (void *)-4095; print(is_err($p)); print(is_err(-4096));',
      ),
    ).toEqual(['false', 'true', 'false']);
  });
});
