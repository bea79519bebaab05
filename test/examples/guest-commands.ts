/** What the tools that need kprobes, or an address of the kernel, are to see in guests that have them. */
import type { GuestCommand } from '../support/guest.ts';

const CONNECT = `nc -l -p 4242 >/dev/null &
usleep 200000
echo hello | nc -w 1 127.0.0.1 4242
wait
`;

export const IN_GUESTS: Readonly<Record<string, Omit<GuestCommand, 'object'>>> = {
  capable: { script: 'ping -c 1 127.0.0.1 >/dev/null\n' },
  vfsstat: { workload: 'read 100 10 write 30 10 sleep 1100', parameters: '0' },
  vfscount: {
    script:
      '/workload read 100 10\nmkdir /tmp/d\nrmdir /tmp/d\ntouch /tmp/f\nmv /tmp/f /tmp/g\nrm /tmp/g\n',
  },
  filelife: { script: 'touch /tmp/short\nusleep 20000\nrm /tmp/short\nrm /script-0.sh\n' },
  fileslower: { script: '(usleep 40000; echo x) | head -n 1 >/dev/null\n', parameters: '20' },
  tcpaccept: { script: CONNECT },
  tcplife: { script: CONNECT },
  loads: {
    workload: 'spin 1100',
    parameters: '0x$(awk \'$3 == "avenrun" { print $1 }\' /proc/kallsyms)',
  },
  oomkill: {
    script: `mkdir -p /sys/fs/cgroup/small
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
echo 8M >/sys/fs/cgroup/small/memory.max
echo $$ >/sys/fs/cgroup/small/cgroup.procs
tail -c 67108864 /dev/zero
`,
  },
};
