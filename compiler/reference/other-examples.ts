/** Examples of aggregations, settings, and conversions of printf and strftime, by their names. */
import type { Entry } from './entry.ts';

export const AGGREGATION_EXAMPLES: Readonly<Record<string, Entry>> = {
  count: {
    script: 'begin { @["a"] = count(); @["b"] = count(); @["a"] = count(); exit(); }',
    wrong: 'begin { $n = count(); }',
  },
  sum: {
    script: 'begin { @ = sum(3); @ = sum(4); exit(); }',
    wrong: 'begin { @ = sum("3"); }',
  },
  min: {
    script: 'begin { @ = min(3); @ = min(-4); exit(); }',
    wrong: 'begin { @ = min(); }',
  },
  max: {
    script: 'begin { @ = max(3); @ = max(-4); exit(); }',
    wrong: 'begin { @a = max(1); @b = @a; }',
  },
  avg: {
    script: 'begin { @ = avg(3); @ = avg(4); @ = avg(8); printf("%d\\n", (int64)@); exit(); }',
    wrong: 'begin { @ = avg(comm); }',
  },
  stats: {
    script: 'begin { @ = stats(3); @ = stats(4); @ = stats(8); exit(); }',
    wrong: 'begin { @[1] = stats(1); print(@, 5); }',
  },
  hist: {
    script: 'begin { for $i : 1..20 { @ = hist($i * $i); } exit(); }',
    wrong: 'begin { @ = hist(1, 9); }',
  },
  lhist: {
    script: 'begin { for $i : 0..10 { @ = lhist($i * $i, 0, 60, 20); } exit(); }',
    wrong: 'begin { @ = lhist(5, 0, 10, 0); }',
  },
  tseries: {
    script:
      'config = { unstable_tseries = enable }\ninterval:ms:100 { @ = tseries(7, 1s, 5, "max"); exit(); }',
    wrong: 'begin { @ = tseries(1, 1s); }',
  },
};

const block = (setting: string, rest: string): Entry => ({
  script: `config = { ${setting} }\n${rest}`,
});
const hello = 'begin { printf("hello\\n"); exit(); }';

/** `wrong` of all of them is a value of another kind, which the page says once. */
export const SETTING_EXAMPLES: Readonly<Record<string, Entry>> = {
  cache_user_symbols: block(
    'cache_user_symbols = "PER_PROGRAM"',
    'begin { printf("hello\\n"); exit(); }',
  ),
  cpp_demangle: block('cpp_demangle = false', hello),
  lazy_symbolication: block('lazy_symbolication = true', hello),
  license: block('license = "Dual BSD/GPL"', hello),
  log_size: block('log_size = 200000', hello),
  max_bpf_progs: block('max_bpf_progs = 2', hello),
  max_cat_bytes: block('max_cat_bytes = 3', 'begin { cat("/proc/sys/kernel/ostype"); exit(); }'),
  max_map_keys: block(
    'max_map_keys = 2',
    'begin { for $i : 0..3 { @[$i] = 1; } print(len(@)); clear(@); exit(); }',
  ),
  max_probes: block('max_probes = 4', hello),
  max_strlen: block('max_strlen = 8', 'begin { print(sizeof(str((uint64)0))); exit(); }'),
  missing_probes: block(
    'missing_probes = ignore',
    'begin { printf("attached\\n"); exit(); }\ntracepoint:syscalls:sys_enter_olduname { print(1); }',
  ),
  on_stack_limit: block('on_stack_limit = 16', hello),
  perf_rb_pages: block('perf_rb_pages = 64', hello),
  print_maps_on_exit: block('print_maps_on_exit = false', 'begin { @ = 1; exit(); }'),
  show_debug_info: block('show_debug_info = false', hello),
  stack_mode: {
    ...block('stack_mode = raw', 'uprobe:libc:exit /pid == cpid/ { print(len(ustack(1))); }'),
    flags: ['-c', 'true'],
  },
  str_trunc_trailer: {
    ...block(
      'str_trunc_trailer = "~"; max_strlen = 4',
      'tracepoint:syscalls:sys_enter_execve /ppid == cpid/ { print(str(args.filename)); }',
    ),
    flags: ['-c', 'sh -c "/bin/true; exit"'],
  },
  unstable_dw_ustack: block('unstable_dw_ustack = enable', hello),
  unstable_import_statement: block('unstable_import_statement = enable', hello),
  unstable_probe_lists: {
    ...block(
      'unstable_probe_lists = enable',
      'for $f : ("getpid", "getppid") { uprobe:libc:$f /pid == cpid/ { @[$f] = count(); } }',
    ),
    flags: ['-c', 'bash -c "exit"'],
  },
  unstable_tseries: block('unstable_tseries = enable', hello),
  unstable_typeinfo: block(
    'unstable_typeinfo = enable',
    'begin { print(typeinfo(pid).full_type); exit(); }',
  ),
  use_blazesym: block('use_blazesym = true', hello),
};

const printf = (format: string, value: string): Entry => ({
  script: `begin { printf("${format}\\n", ${value}); exit(); }`,
});

export const CONVERSION_EXAMPLES: Readonly<Record<string, Entry>> = {
  d: {
    ...printf('%d|%5d|%-5d|%05d|%.3d', '-7, 42, 42, 42, 7'),
    wrong: 'begin { printf("%d", comm); }',
  },
  i: printf('%i', '-7'),
  u: printf('%u', '7'),
  x: printf('%x %#x %08x', '255, 255, 255'),
  X: printf('%X', '255'),
  o: printf('%o', '8'),
  c: { ...printf('%c', '65'), wrong: 'begin { printf("%c", "A"); }' },
  p: printf('%p', '4096'),
  s: printf('%s|%5s|%-5s|%.2s', '"abc", "abc", "abc", "abc"'),
  r: { ...printf('%r', 'buf("a\\x01b", 3)'), wrong: 'begin { printf("%r", 5); }' },
  rx: printf('%rx', 'buf("a\\x01b", 3)'),
  rh: printf('%rh', 'buf("a\\x01b", 3)'),
  gr: printf('%gr', '0xcc0'),
};

/** One for all of strftime's: the time of boot, which is 0, has a fixed form in each. */
export const TIME_EXAMPLE = (letter: string): Entry => ({
  script: `begin { printf("%s\\n", strftime("%${letter}", 0)); exit(); }`,
});
