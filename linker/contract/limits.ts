/** What loaders take of an object. Beyond it the compiler says so, not the host. */
export const OBJECT_LIMITS = {
  /** Bytes of the file; far more than any script makes. */
  fileBytes: 64 << 20,
  /** Of them every program that names its target has one. */
  sections: 4096,
  symbols: 65_536,
  functions: 16_384,
  /** Bytes of a section without bytes in the file: scalars. */
  zeroBytes: 64 << 20,
  /** Bytes of a record in the ring. */
  eventBytes: 1 << 20,
} as const;

export type ObjectLimit = keyof typeof OBJECT_LIMITS;

/** Rounds of one bpf_loop: BPF_MAX_LOOPS (include/linux/bpf.h). */
export const MOST_ROUNDS = 8 * 1024 * 1024;
