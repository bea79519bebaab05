/** How objects reach outside of what they are for: reading the machine, keeping maps and sending records. */

/** What a user has to allow: `--allow-run`, `--allow-write PATH`, or else `--unsafe`, which allows all. */
export const PERMISSIONS = ['nothing', 'run', 'write', 'unsafe'] as const;

export type Permission = (typeof PERMISSIONS)[number];

export interface Effect {
  /** Follows "the script". */
  readonly does: string;
  readonly needs: Permission;
}

export const EFFECTS = {
  signal: { does: 'sends signals', needs: 'unsafe' },
  memory: { does: 'writes memory of processes', needs: 'unsafe' },
  registers: { does: 'changes registers of processes', needs: 'unsafe' },
  override: { does: 'changes what functions of the kernel return', needs: 'unsafe' },
  network: { does: 'sends or changes packets, or changes sockets', needs: 'unsafe' },
  kernel: { does: 'changes what the kernel does', needs: 'unsafe' },
  command: { does: 'runs commands', needs: 'run' },
  file: { does: 'writes files', needs: 'write' },
  iterator: { does: 'pins iterators', needs: 'write' },
  map: { does: 'pins maps, or takes those that are pinned', needs: 'write' },
  read: { does: 'reads files', needs: 'nothing' },
} as const satisfies Readonly<Record<string, Effect>>;

export type EffectName = keyof typeof EFFECTS;

/** Those that instructions have: what code calls has them. */
export type CodeEffectName = Extract<
  EffectName,
  'signal' | 'memory' | 'registers' | 'override' | 'network' | 'kernel'
>;

/** What does the effect `registers`, where others name what is called. */
export const CONTEXT_STORE = 'a store to its context';
