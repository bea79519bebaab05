/** A kernel of a few events, and attach points resolved against it. */
import { createPrograms } from '../../../compiler/dwarf/programs.ts';
import type {
  KernelDescription,
  KernelFunction,
  TracepointField,
} from '../../../compiler/kernel/types.ts';
import type { ProbeTarget, ProviderContext } from '../../../compiler/probes/probe.ts';
import {
  type ResolvedTarget,
  resolveAttachPoint,
  resolveProbe,
} from '../../../compiler/probes/providers.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { UINT64 } from '../../../compiler/types/type.ts';
import { firstProbe } from '../syntax/support.ts';

const EVENTS = [
  'raw_syscalls:sys_enter',
  'sched:sched_switch',
  'sched:sched_wakeup',
  'syscalls:sys_enter_open',
  'syscalls:sys_enter_openat',
  'syscalls:sys_exit_openat',
];

const RAW: Readonly<Record<string, readonly string[]>> = {
  sched_switch: ['preempt', 'prev', 'next'],
  sched_wakeup: ['p'],
  sys_enter: ['regs', 'id'],
};

export const FIELD: TracepointField = {
  name: 'dfd',
  ctype: 'int',
  type: UINT64,
  offset: 16,
  size: 8,
  signed: false,
  dataLoc: false,
};

function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`).test(text);
}

const unused = (): never => {
  throw new Error('the providers ask for no types');
};

const FUNCTIONS: Readonly<Record<string, KernelFunction | string>> = {
  vfs_read: {
    parameters: [
      { name: 'file', type: UINT64, typeId: 1, slot: 0 },
      { name: 'count', type: UINT64, typeId: 1, slot: 1 },
    ],
    result: { type: UINT64, typeId: 1, slot: 2 },
  },
  vfs_fsync: {
    parameters: [{ name: 'file', type: UINT64, typeId: 1, slot: 0 }],
    result: undefined,
  },
  printk: 'it takes a variable number of arguments',
};

/** Modules that have a function. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  char2uni: ['nls_cp437', 'nls_utf8'],
  dummy_xmit: ['dummy'],
};

/** Functions and events of the module whose types are known. */
const MODULE_FUNCTIONS: Readonly<Record<string, typeof FUNCTIONS>> = {
  dummy: {
    dummy_xmit: {
      parameters: [{ name: 'skb', type: UINT64, typeId: 1, slot: 0 }],
      result: { type: UINT64, typeId: 1, slot: 1 },
    },
    dummy_log: 'it takes a variable number of arguments',
  },
};
const MODULE_EVENTS: Readonly<Record<string, typeof RAW>> = {
  dummy: { sched_wakeup: ['device'] },
};

const kernel: KernelDescription = {
  release: '6.18.0',
  arch: 'x86_64',
  types: {
    struct: unused,
    enum: unused,
    typedef: unused,
    member: unused,
    members: unused,
    ways: unused,
    enumerator: unused,
    enumerators: unused,
  },
  matchTracepoints: (category, event) =>
    EVENTS.filter((name) => {
      const [first = '', second = ''] = name.split(':');
      return matches(category, first) && matches(event, second);
    }),
  tracepoint: (category, event) => (EVENTS.includes(`${category}:${event}`) ? [FIELD] : undefined),
  percpuVariable: () => undefined,
  rawTracepoint: (event, module) =>
    (module === undefined ? RAW : MODULE_EVENTS[module])?.[event]?.map((name, slot) => ({
      name,
      type: UINT64,
      typeId: 1,
      slot,
    })),
  modules: () => ['dummy'],
  function: (name, module) => (module === undefined ? FUNCTIONS : MODULE_FUNCTIONS[module])?.[name],
  functionModules: (name) => MODULES[name] ?? [],
  matchTypedFunctions: (pattern, module) => {
    const own = module === undefined ? FUNCTIONS : (MODULE_FUNCTIONS[module] ?? {});
    return Object.keys(own).filter(
      (name) => typeof own[name] === 'object' && matches(pattern, name),
    );
  },
  matchFunctions: (pattern) =>
    ['f', 'sched_fork', 'vfs_read', 'vfs_rmdir'].filter((name) => matches(pattern, name)),
  btf: new Uint8Array(),
};

/** What a test says of a block, beside that it needs arguments. */
type More = Pick<
  ProviderContext,
  'missingProbes' | 'parameters' | 'needsEvent' | 'onlyKnown' | 'emptyWildcards'
>;

export interface Resolved {
  readonly targets: readonly ProbeTarget[];
  readonly messages: readonly string[];
  readonly hints: readonly string[];
}

function withContext<T>(
  needsArgs: boolean,
  run: (context: ProviderContext) => T,
  more: More = {},
): { readonly result: T; readonly messages: readonly string[]; readonly hints: readonly string[] } {
  const diagnostics = new Diagnostics();
  const result = run({
    kernel,
    programs: createPrograms([]),
    diagnostics,
    unsafe: false,
    needsArgs,
    needsRetval: needsArgs,
    missingProbes: 'error',
    ...more,
  });
  return {
    result,
    messages: diagnostics.all.map(({ message }) => message),
    hints: diagnostics.all.flatMap(({ hints }) => hints ?? []),
  };
}

export function resolve(
  text: string,
  needsArgs = false,
  missingProbes: 'error' | 'warn' | 'ignore' = 'error',
  more: More = {},
): Resolved {
  const [attachPoint] = firstProbe(`${text} { }`).attachPoints;
  if (!attachPoint) throw new Error('no attach point');
  const { result, ...rest } = withContext(
    needsArgs,
    (context) => resolveAttachPoint(attachPoint, context),
    { missingProbes, ...more },
  );
  return { targets: result, ...rest };
}

/** The only target of an attach point without errors. */
export function target(text: string, needsArgs = false): ProbeTarget {
  const { targets, messages } = resolve(text, needsArgs);
  const [first, ...others] = targets;
  if (!first || others.length > 0 || messages.length > 0)
    throw new Error(`${targets.length} targets; ${messages.join('; ')}`);
  return first;
}

/** The only message of an attach point without targets. */
export function refusal(text: string, needsArgs = false): string {
  const { targets, messages } = resolve(text, needsArgs);
  const [first, ...others] = messages;
  if (first === undefined || others.length > 0 || targets.length > 0)
    throw new Error(`${targets.length} targets; ${messages.join('; ')}`);
  return first;
}

export function resolveBlock(
  text: string,
  more: More = {},
): {
  readonly result: readonly ResolvedTarget[];
  readonly messages: readonly string[];
} {
  const probe = firstProbe(`${text} { }`);
  return withContext(false, (context) => resolveProbe(probe, context), more);
}
