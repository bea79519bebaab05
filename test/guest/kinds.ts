/**
 * What differs between kernels, in scripts: each is built once, and has to print what a build for the very kernel prints,
 * or be refused with the reason. Nothing that is right by chance is in here: each reads what at least two of the kernels
 * number, size or lay out differently. `GETPPID` stands for the number of that system call.
 */
import type { GuestCommand } from '../support/guest.ts';

export interface Kind extends Pick<GuestCommand, 'workload' | 'script'> {
  readonly title: string;
  readonly text: string;
  /** Standard output, where it is known; else that of the object which was built for the kernel. */
  readonly expected?: RegExp;
}

/** Values at the start of a script. */
function values(title: string, list: string, before = ''): Kind {
  return { title, text: `begin { ${before} print((${list})); exit(); }` };
}

/** What a thread `traced` of a workload sees. */
function traced(title: string, actions: string, text: string, expected?: RegExp): Kind {
  return {
    title,
    text,
    workload: `comm traced ${actions}`,
    ...(expected === undefined ? {} : { expected }),
  };
}

/** A connection that nobody listens for: its packet is dropped. */
const REFUSED = { script: 'nc -w 1 127.0.0.1 9 </dev/null\nexit 0\n' };
/** A connection that ends. */
const CONNECTED = {
  script:
    'nc -l -p 4242 >/dev/null &\nusleep 200000\necho hello | nc -w 1 127.0.0.1 4242\nwait\nexit 0\n',
};
const NODE = '$n = *((struct pglist_data **)kaddr("node_data"));';
const CALLED = 'rawtracepoint:sys_enter /comm == "traced" && args.id == GETPPID/';

const ENUMERATORS: readonly Kind[] = [
  values('prints names of enumerators', 'SKB_DROP_REASON_UDP_CSUM, SKB_DROP_REASON_TCP_FLAGS'),
  values('prints the last enumerators', 'SKB_DROP_REASON_MAX, (uint64)SKB_DROP_REASON_MAX'),
  values('counts events of the kernel', 'NR_VM_EVENT_ITEMS, (uint64)NR_VM_NODE_STAT_ITEMS'),
  {
    title: 'keys maps by enumerators',
    text: 'begin { @[NR_VM_NODE_STAT_ITEMS] = SKB_DROP_REASON_NOMEM; @n[NR_VM_ZONE_STAT_ITEMS] = 1; exit(); }',
  },
  {
    title: 'names reasons of dropped packets by the tracepoint',
    text: 'tracepoint:skb:kfree_skb { @[args.reason] = count(); }',
    ...REFUSED,
    expected: /@\[SKB_DROP_REASON_NO_SOCKET\]: \d+/,
  },
  {
    title: 'names reasons of dropped packets by the raw tracepoint',
    text: 'rawtracepoint:kfree_skb { @[args.reason] = count(); }',
    ...REFUSED,
    expected: /@\[SKB_DROP_REASON_NO_SOCKET\]: \d+/,
  },
  values(
    'has enumerators of enums without a name',
    '(uint64)REQ_F_APOLL_MULTISHOT, (uint64)REQ_F_FORCE_ASYNC',
  ),
  values('has bits of block requests', '(uint64)BIO_CHAIN, (uint64)BIO_QOS_MERGED | BIO_CLONED'),
  {
    title: 'asks for enumerators of enums without a name',
    text: 'begin { printf("%d\\n", enum_exists(REQ_F_APOLL_MULTISHOT) ? (uint64)REQ_F_APOLL_MULTISHOT > 0 : 2); exit(); }',
    expected: /^[12]$/m,
  },
  {
    title: 'leaves out enumerators behind a parameter',
    text: 'begin { if ($1) { print((uint64)REQ_F_APOLL_MULTISHOT); print((uint64)BIO_QOS_MERGED); } print("on"); exit(); }',
    expected: /^on$/m,
  },
  values('computes with enumerators', '-NR_VM_EVENT_ITEMS, 100000 / NR_VM_EVENT_ITEMS'),
];

const SCALARS: readonly Kind[] = [
  {
    title: 'reads a scalar that became wider',
    text: 'kprobe:tcp_close { $s = (struct sock *)arg0; @[$s.sk_tsflags, $s.sk_type, $s.sk_protocol] = count(); }',
    ...CONNECTED,
  },
  {
    title: 'reads the numbers around it',
    text: 'kprobe:tcp_close { $s = (struct sock *)arg0; @[$s.sk_pacing_shift, $s.sk_rcvlowat, $s.sk_priority, $s.sk_protocol] = count(); }',
    ...CONNECTED,
  },
  traced(
    'reads numbers and flags of inodes',
    'open 2 /dev/null',
    'kprobe:vfs_open /comm == "traced"/ { $p = (struct path *)arg0; $i = $p->dentry->d_inode; @[$i.i_mode, $i.i_flags, $i.i_blkbits, $i.i_nlink, $i.i_ino, $i.i_uid.val] = count(); }',
  ),
  traced(
    'reads numbers of files',
    'read 2 5',
    'kprobe:vfs_read /comm == "traced"/ { $f = (struct file *)arg0; @[$f.f_mode, $f.f_flags] = count(); }',
  ),
  traced(
    'reads numbers of memory',
    'getppid 1',
    `${CALLED} { $m = curtask->mm; print(($m.map_count > 0, $m.def_flags, $m.task_size, $m.mm_users.counter)); }`,
  ),
  traced(
    'reads numbers of tasks',
    'getppid 1',
    `${CALLED} { $t = curtask; print(($t.prio, $t.static_prio, $t.policy, $t.exit_signal, $t.jobctl, $t.personality, $t.se.load.weight, $t.in_execve)); }`,
  ),
  traced(
    'reads numbers of cgroups and namespaces',
    'getppid 1',
    `${CALLED} { $t = curtask; print(($t.nsproxy.uts_ns.ns.inum, $t.nsproxy.pid_ns_for_children.level, $t.cgroups.dfl_cgrp.level)); }`,
  ),
];

const ARGUMENTS: readonly Kind[] = [
  {
    title: 'reads slots of raw tracepoints of locks',
    text: 'rawtracepoint:mmap_lock_acquire_returned /comm == "ls"/ { @[args.write, args.success] = count(); } end { printf("%d %d\\n", @[true, true] > 0, @[false, true] > 0); clear(@); }',
    script: 'ls >/dev/null\n',
    expected: /^1 1$/m,
  },
  {
    title: 'reads slots of raw tracepoints of releases',
    text: 'rawtracepoint:mmap_lock_released /comm == "ls"/ { @[args.write] = count(); } end { printf("%d %d\\n", @[true] > 0, @[false] > 0); clear(@); }',
    script: 'ls >/dev/null\n',
    expected: /^1 1$/m,
  },
  {
    title: 'reads tasks of raw tracepoints of switches',
    text: 'rawtracepoint:sched_switch { @[args.prev.pid == tid] = count(); } end { printf("%d %d\\n", @[true] > 0, @[false]); clear(@); }',
    workload: 'sleep 1',
    expected: /^1 0$/m,
  },
  traced(
    'reads results that became wider or narrower',
    'open 2 /nowhere',
    'fexit:do_sys_openat2 /comm == "traced"/ { @[retval] = count(); }',
    /^@\[-2\]: 2$/m,
  ),
  traced(
    'reads parameters by their names',
    'read 3 9',
    'fentry:vfs_read /comm == "traced"/ { @[args.count] = count(); }',
    /^@\[9\]: 3$/m,
  ),
  traced(
    'reads results of writes',
    'write 3 17',
    'fexit:vfs_write /comm == "traced"/ { @[retval, args.count] = count(); }',
    /^@\[17, 17\]: 3$/m,
  ),
  {
    title: 'reads parameters of connections',
    text: 'fentry:tcp_close { @[args.sk.__sk_common.skc_family, args.timeout] = count(); }',
    ...CONNECTED,
  },
];

const SIZES: readonly Kind[] = [
  values('sizes tasks', 'sizeof(struct task_struct), sizeof(struct mm_struct)'),
  values(
    'sizes zones and sockets',
    'sizeof(struct zone), sizeof(struct sock), sizeof(struct inode)',
  ),
  values('sizes by expressions', 'sizeof(struct task_struct) / 8 + 1, sizeof(struct page) * 2'),
  values(
    'sizes members and arrays',
    'sizeof(((struct pglist_data *)0).node_zones), sizeof(((struct mm_struct *)0).saved_auxv), sizeof(((struct task_struct *)0).comm), sizeof(struct zone[3])',
  ),
  values(
    'sizes structs without names',
    'sizeof(((struct sock *)0).sk_backlog), sizeof(((struct task_struct *)0).cpus_mask.bits)',
  ),
  {
    title: 'sizes what is needed to compile',
    text: 'begin { unroll(sizeof(((struct mm_struct *)0).saved_auxv) / 200) { print(1); } exit(); }',
  },
  {
    title: 'reads as many elements as the kernel has',
    text: `begin { $m = (struct mm_struct *)0; ${NODE} $i = NR_VM_NODE_STAT_ITEMS - 1; print(($n.vm_stat[$i].counter, sizeof($m.rss_stat) > 0)); for $j : 0..8 { print(str($n.node_zones[$j].name)); } exit(); }`,
    expected: /^\(-?\d+, true\)\nDMA\nDMA32\nNormal\nMovable\n/m,
  },
  traced(
    'reads vectors of processes by a variable index',
    'getppid 1',
    `${CALLED} { for $i : 0..31 { print(curtask.mm.saved_auxv[$i * 2]); } }`,
  ),
  values('places members', 'offsetof(struct task_struct, pid), offsetof(struct sock, sk_mark)'),
  values('places members in members', 'offsetof(struct task_struct, se.run_node)'),
  values(
    'finds the containers of members',
    '$t.pid == tid, $t.tgid == pid',
    '$c = (uint64)curtask + offsetof(struct task_struct, comm); $t = container_of(kptr((int8 *)$c), typeof(struct task_struct), comm);',
  ),
  traced(
    'finds containers in system calls',
    'getppid 1',
    `tracepoint:syscalls:sys_enter_getppid /comm == "traced"/ { $c = (uint64)curtask + offsetof(struct task_struct, comm);
       $t = container_of(kptr((int8 *)$c), typeof(struct task_struct), comm); print(($t.pid == tid, $t.tgid == pid)); }`,
    /^\(true, true\)$/m,
  ),
  values(
    'steps by pointers',
    '(uint64)($p + 1), (uint64)($p - 1)',
    '$p = (struct task_struct *)1048576;',
  ),
  {
    title: 'steps by increments',
    text: 'begin { $p = (struct inode *)1048576; $p++; @p = $p; @p++; print(((uint64)$p, (uint64)$p--, (uint64)--$p)); print((uint64)@p); clear(@p); exit(); }',
  },
  {
    title: 'steps through arrays of structs',
    text: `begin { ${NODE} for $i : 0..3 { printf("%s %d\\n", str($n.node_zones[$i].name), $n.node_zones[$i].spanned_pages); } exit(); }`,
    expected: /^DMA \d+\nDMA32 \d+\nNormal \d+$/m,
  },
  {
    title: 'steps through arrays by pointers',
    text: `begin { ${NODE} $z = (struct zone *)((uint64)$n + offsetof(struct pglist_data, node_zones)); printf("%s %s\\n", str($z.name), str(($z + 1).name)); exit(); }`,
    expected: /^DMA DMA32$/m,
  },
];

const COPIES: readonly Kind[] = [
  traced(
    'copies credentials',
    'getppid 1',
    `${CALLED} { $c = *curtask->cred; print(($c.uid.val, $c.euid.val, $c.securebits)); }`,
  ),
  traced(
    'copies structs that some kernels have larger',
    'getppid 1',
    `${CALLED} { $s = curtask.se; $t = (1, curtask.signal.ioac); print(($s.load.weight, $t.1.rchar)); }`,
  ),
  traced(
    'keeps copies in maps',
    'getppid 1',
    `${CALLED} { @ = *curtask->nsproxy; print(@.uts_ns == curtask->nsproxy->uts_ns); print(@.net_ns == curtask->nsproxy->net_ns); clear(@); }`,
  ),
  traced(
    'keeps copies of large structs in maps',
    'getppid 1',
    `${CALLED} { @m[1] = *curtask->signal; print(@m[1].nr_threads); clear(@m); }`,
  ),
  traced(
    'prints members that are structs',
    'getppid 1',
    `${CALLED} { print(curtask->se.load); print(curtask->cred->uid); }`,
  ),
  traced(
    'copies into tuples',
    'getppid 1',
    `${CALLED} { $t = (1, *curtask->cred); print(($t.1.uid.val, $t.1.fsgid.val)); }`,
  ),
];

const TEXTS: readonly Kind[] = [
  {
    title: 'prints all arguments with dynamic text',
    text: 'tracepoint:sched:sched_process_exec /str(args.filename) == "/bin/true"/ { print(*args); }',
    script: '/bin/true\n',
    expected: /^\{ \.filename = \/bin\/true, \.pid = \d+, \.old_pid = \d+ \}$/m,
  },
  {
    title: 'reads names that became dynamic text',
    text: 'tracepoint:sched:sched_process_fork { @[args.parent_comm == comm] = count(); } end { printf("%d %d\\n", @[true] > 0, @[false]); clear(@); }',
    script: '/bin/true\n',
    expected: /^1 0$/m,
  },
  {
    title: 'reads names of wake-ups',
    text: 'tracepoint:sched:sched_wakeup { @[args.comm == ""] = count(); } end { printf("%d %d\\n", @[false] > 0, @[true]); clear(@); }',
    workload: 'sleep 50',
    expected: /^1 0$/m,
  },
  {
    title: 'keys maps by long names among other values',
    text: 'fexit:vfs_open /comm == "cat"/ { @[str(args.path.dentry.d_name.name), comm, retval == 0, args.path.dentry.d_inode.i_nlink > 0] = count(); }',
    script: 'cat /drive >/dev/null\n',
    expected: /^@\[drive, cat, true, true\]: 1$/m,
  },
  {
    title: 'reads per-CPU variables',
    text: 'begin { $r = (struct rq *)percpu_kaddr("runqueues", 0); print(($r.cpu, $r.online)); exit(); }',
    expected: /^\(0, 1\)$/m,
  },
];

export const KINDS: readonly Kind[] = [
  ...ENUMERATORS,
  ...SCALARS,
  ...ARGUMENTS,
  ...SIZES,
  ...COPIES,
  ...TEXTS,
];
