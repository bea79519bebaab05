/** Kernel maps that the compiler puts into objects itself, beside those of scripts. */

/**
 * By the names of their symbols:
 * - `shared`: the loader works with it, under the same name
 * - otherwise programs have it to themselves
 */
export const RUNTIME_MAPS = {
  /** The ring of records. */
  events: { shared: true },
  /** Records that found no room, by event. */
  lost: { shared: true },
  /** Records that bytes of network packets follow. */
  packets: { shared: true },
  /** Frames by the hash of a stack. */
  stacks: { shared: true },
  /** Whether a program is under way on a CPU. */
  running: { shared: true },
  /** Per-CPU memory of programs. */
  scratch: { shared: false },
  /** The same of what is larger than per-CPU arrays give: an element for each CPU. */
  wide_scratch: { shared: true },
  /** Tables of .eh_frame: of each process, its mappings and their rows. */
  unwind_processes: { shared: true },
  unwind_mappings: { shared: true },
  unwind_rows: { shared: true },
  /** What attach cookies stand for, where a script takes `probe` or `func` as text: char[256] each. */
  probe_names: { shared: true },
  /** Where the arguments of USDT points are kept. */
  usdt_sites: { shared: true },
} as const satisfies Readonly<Record<string, { readonly shared: boolean }>>;

export type RuntimeMap = keyof typeof RUNTIME_MAPS;
