/**
 * An example of each built-in value and function, by its name. test/kernel/reference.test.ts runs them; what they
 * printed is in outputs.ts.
 */
import type { Entry } from './entry.ts';

const KPROBE = 'a kernel with kprobes';
const FENTRY = 'a kernel with fentry, which is not locked down';

export const BUILT_IN_EXAMPLES: Readonly<Record<string, Entry>> = {
  // ---- the task ----------------------------------------------------------------------------------
  pid: {
    script: 'begin { printf("%d %d\\n", pid, pid(init)); exit(); }',
    wrong: 'begin { print(pid(container)); }',
  },
  tid: {
    script: 'begin { print(tid == pid); exit(); }',
    wrong: 'begin { print(tid(0)); }',
  },
  uid: {
    script: 'begin { printf("%d\\n", uid); exit(); }',
    wrong: 'begin { uid = 0; }',
  },
  gid: {
    script: 'begin { printf("%d\\n", gid); exit(); }',
    wrong: 'begin { print(gid()[0]); }',
  },
  username: {
    script: 'begin { printf("%s\\n", username); exit(); }',
    wrong: 'begin { $n = username + "x"; }',
  },
  comm: {
    script:
      'tracepoint:sched:sched_process_exec /pid == cpid/ { printf("%s %s\\n", comm, comm(pid(init))); }',
    flags: ['-c', 'true'],
    kernel:
      '`comm` any; `comm(pid)` Linux 6.2, and 6.12 in probes that may not call kernel functions before',
    wrong: 'begin { print(comm("ls")); }',
  },
  cgroup: {
    script: 'begin { printf("%d\\n", cgroup); exit(); }',
    wrong: 'begin { print(cgroup.id); }',
  },
  cgroupid: {
    script: 'begin { print(cgroupid("/sys/fs/cgroup") > 0); exit(); }',
    needs: 'control groups of version 2 in `/sys/fs/cgroup`',
    wrong: 'begin { $p = "/"; print(cgroupid($p)); }',
  },
  cgroup_path: {
    script: 'begin { print(cgroup_path(cgroup)); exit(); }',
    needs: 'the names of a machine: for example `unified:/system.slice/ssh.service`',
    wrong: 'begin { print(cgroup_path("/")); }',
  },
  curtask: {
    script: 'begin { printf("%s\\n", curtask.comm); exit(); }',
    wrong: 'begin { print(curtask.command); }',
  },
  ppid: {
    script: 'begin { print(ppid > 0); exit(); }',
    wrong: 'begin { print(ppid(1)); }',
  },
  pcomm: {
    script: 'tracepoint:sched:sched_process_exit /pid == cpid/ { print(strlen(pcomm) > 0); }',
    flags: ['-c', 'true'],
    wrong: 'begin { print(pcomm(pid)); }',
  },
  leader_tid: {
    script: 'begin { print(leader_tid == pid); exit(); }',
    wrong: 'begin { print(leader_tid(tid)); }',
  },
  leader_comm: {
    script: 'begin { print(leader_comm == comm); exit(); }',
    wrong: 'begin { print(leader_comm(tid)); }',
  },
  cpid: {
    script:
      'tracepoint:syscalls:sys_enter_exit_group /pid == cpid/ { printf("%s ends\\n", comm); }',
    flags: ['-c', 'true'],
    wrong: 'begin { print(cpid(1)); }',
  },
  has_cpid: {
    script:
      'begin { if has_cpid { printf("one command\\n"); } else { printf("all\\n"); } exit(); }',
    wrong: 'begin { print(has_cpid(1)); }',
  },
  // ---- the machine and the clock -----------------------------------------------------------------
  cpu: {
    script: 'profile:hz:99 { @[cpu < ncpus] = count(); } interval:ms:200 { exit(); }',
    wrong: 'begin { print(cpu[0]); }',
  },
  ncpus: {
    script: 'begin { print(ncpus > 0); exit(); }',
    wrong: 'begin { unroll(ncpus) { print(1); } }',
  },
  numaid: {
    script: 'begin { printf("node %d\\n", numaid); exit(); }',
    wrong: 'begin { print(numaid(cpu)); }',
  },
  nsecs: {
    script:
      'tracepoint:syscalls:sys_enter_nanosleep,tracepoint:syscalls:sys_enter_clock_nanosleep /pid == cpid/ { @since = nsecs; }\ntracepoint:sched:sched_process_exit /pid == cpid/ { printf("slept at least 10 ms: %d\\n", nsecs - @since > 10ms); clear(@since); }',
    flags: ['-c', 'sleep 0.02'],
    kernel: '`nsecs(tai)` Linux 6.1; the others Linux 5.10',
    wrong: 'begin { print(nsecs(wall)); }',
  },
  elapsed: {
    script: 'interval:ms:100 { printf("%d ms\\n", elapsed / 1ms); exit(); }',
    wrong: 'begin { print(strftime("%S", elapsed("x"))); }',
  },
  jiffies: {
    script: 'begin { print(jiffies > 0); exit(); }',
    wrong: 'begin { print(jiffies(64)); }',
  },
  rand: {
    script: 'begin { $r = rand % 6 + 1; print($r >= 1 && $r <= 6); exit(); }',
    wrong: 'begin { print(rand(6)); }',
  },
  // ---- the probe ---------------------------------------------------------------------------------
  probe: {
    script:
      'tracepoint:syscalls:sys_enter_exit_group,end=interval:s:5 /pid == cpid/ { printf("%s\\n", probe); exit(); }',
    flags: ['-c', 'true'],
    wrong: 'fn f(): int64 { print(probe); return 1; } begin { print(f()); }',
  },
  probetype: {
    script:
      'begin, interval:ms:50 { printf("%s\\n", probetype); if probetype == "interval" { exit(); } }',
    wrong: 'fn f(): int64 { print(probetype); return 1; } begin { print(f()); }',
  },
  func: {
    script: 'uprobe:libc:exit /pid == cpid/ { printf("%s\\n", func); }',
    flags: ['-c', 'true'],
    wrong: 'interval:s:1 { print(func); }',
  },
  args: {
    script:
      'tracepoint:syscalls:sys_enter_openat /pid == cpid && strcontains(str(args.filename), "null")/ { printf("%s %d\\n", str(args.filename), args.flags); }',
    flags: ['-c', 'cat /dev/null'],
    wrong: 'interval:s:1 { print(args.flags); }',
  },
  arg0: {
    script: 'uprobe:libc:exit /pid == cpid/ { printf("status %d\\n", arg0); }',
    flags: ['-c', 'false'],
    wrong: 'begin { print(arg0); }',
  },
  retval: {
    script: 'uretprobe:libc:setlocale /pid == cpid/ { printf("set: %d\\n", retval != 0); }',
    flags: ['-c', 'sleep 0.01'],
    wrong: 'uprobe:libc:setlocale { print(retval); }',
  },
  ctx: {
    script: 'iter:task { if ctx.task.comm == "bpfload" { printf("%s\\n", ctx.task.comm); } }',
    wrong: 'fn f(): int64 { print(ctx); return 1; } begin { print(f()); }',
  },
  reg: {
    script: 'uprobe:libc:exit /pid == cpid/ { printf("%d\\n", reg("di")); }',
    flags: ['-c', 'false'],
    wrong: 'uprobe:libc:exit { print(reg("nothing")); }',
  },
  usermode: {
    script: 'begin { print(usermode); exit(); }',
    wrong: 'tracepoint:syscalls:sys_enter_read { print(usermode); }',
  },
  kstack: {
    script: 'rawtracepoint:sched_switch { printf("%d frames\\n", len(kstack(2))); exit(); }',
    wrong: 'begin { print(kstack(5000)); }',
  },
  ustack: {
    script:
      'config = { show_debug_info = false }\nuprobe:libc:clock_nanosleep /pid == cpid/ { print(ustack(1)); }',
    flags: ['-c', 'sleep 0.2'],
    wrong: 'begin { print(ustack(folded)); }',
  },
  dw_ustack: {
    script:
      'config = { unstable_dw_ustack = enable }\nprofile:hz:99 { @[dw_ustack(3)] = count(); } interval:ms:200 { exit(); }',
    flags: ['--dwarf-pid', '1'],
    needs: 'x86-64, and a process to look at (`-p` or `--dwarf-pid`)',
    wrong: 'config = { unstable_dw_ustack = error } profile:hz:99 { print(dw_ustack); }',
  },
  // ---- output ------------------------------------------------------------------------------------
  printf: {
    script: 'begin { printf("%-8s|%5d|%#x\\n", comm, 42, 255); exit(); }',
    wrong: 'begin { printf("%d %d\\n", 1); }',
  },
  errorf: {
    script: 'begin { errorf("only %d left", 3); exit(1); }',
    wrong: 'begin { errorf("%d", "three"); }',
  },
  warnf: {
    script: 'begin { warnf("only %d left", 3); exit(); }',
    wrong: 'begin { warnf(3); }',
  },
  fail: {
    script:
      'begin { if comptime (sizeof(curtask) != 8) { fail("pointers have %d bytes", 8); } print("fine"); exit(); }',
    wrong: 'begin { fail("no"); }',
  },
  print: {
    script:
      'begin { @["a"] = 1; @["b"] = 20; @["c"] = 3; print(@, 2); print((1, "one")); clear(@); exit(); }',
    wrong: 'begin { print(@nowhere); }',
  },
  time: {
    script: 'begin { time("%Y-%m-%d\\n"); exit(); }',
    wrong: 'begin { time("%Q"); }',
  },
  strftime: {
    script: 'begin { printf("%s\\n", strftime("%H:%M:%S", nsecs)); exit(); }',
    wrong: 'begin { print(strftime("%H", nsecs(monotonic))); }',
  },
  join: {
    script: 'tracepoint:syscalls:sys_enter_execve /ppid == cpid/ { join(args.argv); }',
    flags: ['-c', 'sh -c "true; ls --version > /dev/null; true"'],
    wrong: 'begin { join("a b"); }',
  },
  cat: {
    script: 'begin { cat("/proc/sys/kernel/%s", "ostype"); exit(); }',
    wrong: 'begin { $f = "/etc/hostname"; cat($f); }',
  },
  debugf: {
    script: '// bpfscript: allow(debug-only)\nbegin { debugf("seen %d\\n", 1); exit(); }',
    wrong: 'begin { debugf("%d %d %d %d\\n", 1, 2, 3, 4); }',
  },
  system: {
    script: 'begin { system("echo %s", "hello"); exit(); }',
    flags: ['--allow-run'],
    wrong: 'begin { system("ls"); }',
  },
  skboutput: {
    script:
      'rawtracepoint:net_dev_queue { $r = skboutput("/tmp/out.pcap", args.skb, args.skb.len, 14); exit(); }',
    flags: ['--unsafe'],
    needs: 'packets that are sent',
    wrong: 'begin { $r = skboutput("out.pcap", 0, 64, 0); }',
  },
  exit: {
    script:
      'begin { printf("before\\n"); exit(3); printf("after\\n"); } // bpfscript: allow(unreachable)',
    wrong: 'begin { exit("no"); }',
  },
  unwatch: {
    script: 'watchpoint:$1:8:w { unwatch($1); exit(); }',
    needs: 'hardware breakpoints, and an address of a process (`-p`)',
    wrong: 'begin { unwatch("x"); }',
  },
  // ---- memory and strings ------------------------------------------------------------------------
  str: {
    script:
      'tracepoint:syscalls:sys_enter_execve /ppid == cpid/ { printf("%s\\n", str(args.filename)); }',
    flags: ['-c', 'sh -c "/bin/true; exit"'],
    wrong: 'begin { print(str(comm.x)); }',
  },
  buf: {
    script: 'begin { printf("%rh\\n", buf("abc", 3)); exit(); }',
    wrong: 'begin { print(buf(curtask)); }',
  },
  kptr: {
    script: 'begin { $p = kptr(curtask); print($p.pid > 0); exit(); }',
    wrong: 'begin { $p = kptr("x"); }',
  },
  uptr: {
    script:
      'tracepoint:syscalls:sys_enter_write /pid == cpid/ { printf("%c\\n", *(uint8 *)uptr(args.buf)); }',
    flags: ['-c', 'sh -c "echo hello > /dev/null"'],
    wrong: 'begin { $p = uptr("x"); }',
  },
  ksym: {
    script: 'begin { print(ksym(kaddr("vfs_read"))); exit(); }',
    wrong: 'begin { print(ksym("vfs_read")); }',
  },
  usym: {
    script: 'uprobe:libc:clock_nanosleep /pid == cpid/ { print(usym(reg("ip"))); }',
    flags: ['-c', 'sleep 0.2'],
    wrong: 'begin { print(usym("main")); }',
  },
  uaddr: {
    script: 'uprobe:/usr/bin/bash:main { printf("%s\\n", str(*uaddr("dist_version"))); }',
    flags: ['-c', 'bash -c true'],
    needs: 'a `bash` that exports the variable',
    wrong: 'begin { print(uaddr("main")); }',
  },
  kaddr: {
    script: 'begin { print(kaddr("vfs_read") != 0); exit(); }',
    wrong: 'begin { $s = "vfs_read"; print(kaddr($s)); }',
  },
  percpu_kaddr: {
    script: 'begin { print((uint64)percpu_kaddr("runqueues", 0) != 0); exit(); }',
    needs: 'a kernel with CONFIG_KALLSYMS_ALL',
    wrong: 'begin { print(percpu_kaddr("no_such_variable")); }',
  },
  strlen: {
    script: 'begin { print(strlen("four")); exit(); }',
    wrong: 'begin { print(strlen(4)); }',
  },
  strncmp: {
    script: 'begin { print(strncmp("kworker/0:1", "kworker", 7)); exit(); }',
    wrong: 'begin { $n = 7; print(strncmp("a", "b", $n)); }',
  },
  strcontains: {
    script: 'begin { print(strcontains("/usr/lib/libc.so", "lib")); exit(); }',
    wrong: 'begin { print(strcontains("abc", 1)); }',
  },
  strstr: {
    script: 'begin { printf("%d %d\\n", strstr("hello", "l"), strstr("hello", "x")); exit(); }',
    wrong: 'begin { print(strstr("abc", 1)); }',
  },
  str_concat: {
    script: 'begin { print(str_concat("ab", "cd")); exit(); }',
    wrong: 'begin { print(str_concat("ab", 1)); }',
  },
  memcmp: {
    script: 'begin { print(memcmp("abc", "abd", 3) < 0); exit(); }',
    wrong: 'begin { print(memcmp("abc", "abd", 9)); }',
  },
  bswap: {
    script: 'begin { printf("%x\\n", bswap((uint16)0x1234)); exit(); }',
    wrong: 'begin { print(bswap("ab")); }',
  },
  ntop: {
    script: 'begin { printf("%s %s\\n", ntop(0x0100007f), ntop(pton("::1"))); exit(); }',
    wrong: 'begin { print(ntop("127.0.0.1")); }',
  },
  pton: {
    script: 'begin { $a = pton("192.168.0.1"); print($a[0]); exit(); }',
    wrong: 'begin { print(pton("300.1.1.1")); }',
  },
  macaddr: {
    script: 'begin { print(macaddr(pton("::1"))); exit(); }',
    wrong: 'begin { print(macaddr(1)); }',
  },
  strerror: {
    script: 'begin { printf("%s\\n", strerror(-2)); exit(); }',
    wrong: 'begin { print(strerror("ENOENT")); }',
  },
  signal_name: {
    script: 'begin { printf("%s\\n", signal_name(9)); exit(); }',
    wrong: 'begin { print(signal_name("KILL")); }',
  },
  syscall_name: {
    script:
      'tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @[syscall_name(args.id)] = count(); }\nend { print(len(@) > 1); clear(@); }',
    flags: ['-c', 'true'],
    wrong: 'begin { print(syscall_name("read")); }',
  },
  path: {
    script: 'fentry:filp_close { printf("%s\\n", path(args.filp.f_path)); exit(); }',
    needs: FENTRY,
    wrong: 'kprobe:filp_close { print(path(arg0)); }',
  },
  socket_cookie: {
    script: 'rawtracepoint:inet_sock_set_state { @[socket_cookie(args.sk)] = count(); exit(); }',
    needs: 'connections of TCP',
    wrong: 'begin { print(socket_cookie(pid)); }',
  },
  // ---- maps --------------------------------------------------------------------------------------
  delete: {
    script: 'begin { @["a"] = 1; print(delete(@, "a")); print(len(@)); exit(); }',
    wrong: 'begin { @["a"] = 1; delete(@, 1); }',
  },
  has_key: {
    script:
      'begin { @["a"] = 0; print(has_key(@, "a")); print(has_key(@, "b")); clear(@); exit(); }',
    wrong: 'begin { @ = 1; print(has_key(@, 1)); }',
  },
  find: {
    script: 'begin { @["a"] = 7; if find(@, "a", $v) { print($v); } clear(@); exit(); }',
    wrong: 'begin { @["a"] = 7; print(find(@, "a", @)); }',
  },
  len: {
    script: 'begin { @[1] = 1; @[2] = 1; print(len(@)); clear(@); exit(); }',
    wrong: 'begin { print(len("text")); }',
  },
  clear: {
    script: 'begin { @[1] = 1; clear(@); print(len(@)); exit(); }',
    wrong: 'begin { @[1] = 1; clear(@[1]); }',
  },
  zero: {
    script: 'begin { @["seen"] = 5; zero(@); exit(); }',
    wrong: 'begin { zero(1); }',
  },
  // ---- changing what happens ---------------------------------------------------------------------
  signal: {
    script:
      'tracepoint:syscalls:sys_enter_nanosleep,tracepoint:syscalls:sys_enter_clock_nanosleep /pid == cpid/ { signal("KILL"); printf("killed\\n"); }',
    flags: ['--unsafe', '-c', 'sleep 60'],
    wrong: 'begin { signal("KILL"); }',
  },
  signal_thread: {
    script:
      'tracepoint:syscalls:sys_enter_nanosleep,tracepoint:syscalls:sys_enter_clock_nanosleep /pid == cpid/ { signal_thread(15); printf("sent\\n"); }',
    flags: ['--unsafe', '-c', 'sleep 60'],
    wrong: 'begin { signal_thread("KILL"); }',
  },
  override: {
    script: 'kprobe:__x64_sys_getrandom /comm == "app"/ { override(-11); }',
    flags: ['--unsafe'],
    needs: `${KPROBE} and CONFIG_BPF_KPROBE_OVERRIDE`,
    wrong: 'kprobe:vfs_read { override(-5); }',
  },
  write_user: {
    script:
      'tracepoint:syscalls:sys_enter_write /pid == cpid/ { print(write_user(args.buf, "J", 1)); }',
    flags: ['--unsafe', '-c', 'sh -c "echo hello > /dev/null"'],
    needs: 'a kernel that is not locked down',
    wrong: 'begin { $r = write_user(0, "J", 1); }',
  },
  // ---- questions to the compiler -----------------------------------------------------------------
  is_str: { script: 'begin { print(is_str(comm)); exit(); }', wrong: 'begin { print(is_str()); }' },
  is_ptr: {
    script: 'begin { print(is_ptr(curtask)); exit(); }',
    wrong: 'begin { print(is_ptr()); }',
  },
  is_array: {
    script: 'begin { print(is_array(pton("::1"))); exit(); }',
    wrong: 'begin { print(is_array()); }',
  },
  is_integer: {
    script: 'begin { print(is_integer(pid)); exit(); }',
    wrong: 'begin { print(is_integer()); }',
  },
  is_unsigned_integer: {
    script: 'begin { print(is_unsigned_integer((int8)1)); exit(); }',
    wrong: 'begin { print(is_unsigned_integer()); }',
  },
  is_literal: {
    script: 'begin { print(is_literal(1 + 2)); print(is_literal(pid)); exit(); }',
    wrong: 'begin { print(is_literal()); }',
  },
  config: {
    script: 'config = { max_strlen = 64 }\nbegin { print(config.max_strlen); exit(); }',
    wrong: 'begin { print(config.max_string); }',
  },
  default_str_length: {
    script: 'begin { print(default_str_length); exit(); }',
    wrong: 'begin { print(default_str_length(1)); }',
  },
  // ---- parameters and the host -------------------------------------------------------------------
  getopt: {
    script:
      'begin { printf("%s %d\\n", getopt("name", "nobody", "whom to greet"), getopt("times", 1)); exit(); }',
    wrong: 'begin { print(getopt("a b")); }',
  },
  field_exists: {
    script: 'begin { print(field_exists(curtask.__state)); exit(); }',
    wrong: 'begin { print(field_exists(pid)); }',
  },
  type_exists: {
    script: 'begin { print(type_exists(struct task_struct)); exit(); }',
    wrong: 'begin { print(type_exists(pid)); }',
  },
  enum_exists: {
    script: 'begin { print(enum_exists(BPF_MAP_TYPE_HASH)); exit(); }',
    wrong: 'begin { print(enum_exists(1)); }',
  },
  kfunc_exist: {
    script: 'begin { print(kfunc_exist("bpf_task_from_pid")); exit(); }',
    wrong: 'begin { print(kfunc_exist(1)); }',
  },
  kfunc_allowed: {
    script: 'begin { print(kfunc_allowed("bpf_task_from_pid")); exit(); }',
    wrong: 'begin { print(kfunc_allowed(1)); }',
  },
  elf_is_exe: {
    script: 'begin { print(elf_is_exe("/bin/ls")); exit(); }',
    wrong: 'begin { print(elf_is_exe(1)); }',
  },
};
