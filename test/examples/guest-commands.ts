/** What the tools that need kprobes, or an address of the kernel, are to see in guests that have them. */
import type { GuestCommand } from '../support/guest.ts';

/** Shell commands that wait until something is so, for some seconds at the most. */
const until = (condition: string): string =>
  `for i in $(seq 2000); do ${condition} && break; usleep 1000; done`;

// Port 4242 in state 0A, which is LISTEN.
const CONNECT = `nc -l -p 4242 >/dev/null &
${until("cat /proc/net/tcp /proc/net/tcp6 | grep -q ':1092 .* 0A '")}
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
  // What is written comes 40 ms after the reader began to wait, however late that was.
  fileslower: {
    script: `mkfifo /tmp/fifo
head -n 1 /tmp/fifo >/dev/null &
exec 3>/tmp/fifo
${until('grep -q pipe_ /proc/$!/wchan')}
usleep 40000
echo x >&3
wait
`,
    parameters: '20',
  },
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
