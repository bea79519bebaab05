/**
 * Kinds of programs, as sections of objects are named after them, up to the slash. Of these the kernel takes no more than
 * what they look at and whom they call: what they return changes nothing but themselves. Every other kind of libbpf's
 * (section_defs, tools/lib/bpf/libbpf.c) decides something for the kernel, such as `fmod_ret`, `lsm` and `xdp`.
 */
export const PROGRAM_SECTIONS = [
  'fentry',
  'fexit',
  'iter',
  'kprobe',
  'kprobe.multi',
  'kretprobe',
  'kretprobe.multi',
  'perf_event',
  'raw_tp',
  'tp_btf',
  'tracepoint',
  'uprobe',
  'uretprobe',
  'usdt',
] as const;
