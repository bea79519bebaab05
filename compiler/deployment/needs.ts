/** What an object takes of a host that runs it in a container. */
import { FEATURES } from '../../linker/contract/features.ts';
import type { Inspection } from '../../linker/inspect/inspection.ts';

/** Something that is mounted from the host, at the same place. */
export interface Mount {
  readonly path: string;
  readonly readOnly: boolean;
  readonly why: string;
}

export interface HostNeeds {
  /** Without `CAP_`, each with what it is for. */
  readonly capabilities: ReadonlyMap<string, readonly string[]>;
  readonly mounts: readonly Mount[];
  /** The host's processes have to be seen. */
  readonly processes: boolean;
  /** The first kernel that has all features. */
  readonly kernel: string;
  /** As machines call it; undefined: any. */
  readonly architecture: string | undefined;
  /** Files and folders of traced programs that nobody can know of: they are patterns, or parameters. */
  readonly openPaths: readonly string[];
}

/** CAP_BPF and CAP_PERFMON, and ring buffers. */
const FIRST_KERNEL = '5.8';
/** Links that want less than CAP_SYS_ADMIN, for processes too. */
const SMALLER_UPROBES = '6.10';

export interface NeedsOptions {
  /** What probes cost is measured, which takes CAP_SYS_ADMIN (kernel/bpf/syscall.c, bpf_enable_stats). */
  readonly measured: boolean;
  /** All hosts have this kernel, or a later one. */
  readonly kernel?: string;
}

interface Target {
  readonly provider?: unknown;
  readonly path?: unknown;
  readonly pin?: unknown;
}

export function hostNeeds(inspection: Inspection, options: NeedsOptions): HostNeeds {
  const kernel = latest([
    FIRST_KERNEL,
    ...(options.kernel === undefined ? [] : [options.kernel]),
    ...inspection.features.map((name) => sinceOf(name)),
  ]);
  const capabilities = new Map<string, string[]>();
  const want = (capability: string, why: string): void => {
    const name = capability.replace(/^CAP_/, '');
    capabilities.set(name, [...(capabilities.get(name) ?? []), why]);
  };
  for (const use of inspection.capabilities) {
    if (use.for.includes('uprobe.multi') && compare(kernel, SMALLER_UPROBES) >= 0) continue;
    want(use.capability, use.for);
  }
  if (options.measured) want('CAP_SYS_ADMIN', 'to measure what probes cost (--max-overhead)');
  const { mounts, openPaths } = mountsOf(inspection);
  return {
    capabilities,
    mounts,
    openPaths,
    processes:
      capabilities.has('SYS_PTRACE') ||
      inspection.outside.some(({ effect, what }) => effect === 'read' && what.startsWith('/proc/')),
    kernel,
    architecture: inspection.ties?.length === 0 ? undefined : inspection.kernel.arch,
  };
}

function mountsOf(inspection: Inspection): Pick<HostNeeds, 'mounts' | 'openPaths'> {
  const mounts = new Map<string, Mount>();
  const mount = (path: string, why: string, readOnly = true): void => {
    mounts.set(path, { path, why, readOnly: readOnly && (mounts.get(path)?.readOnly ?? true) });
  };
  const openPaths: string[] = [];
  if (inspection.capabilities.some(({ for: why }) => why.includes('tracefs')))
    mount('/sys/kernel/tracing', 'events, their fields, and functions that can be traced');
  for (const { target } of probesOf(inspection)) {
    if (typeof target.path !== 'string') continue;
    if (!target.path.startsWith('/') || /[*?[$]/.test(target.path)) openPaths.push(target.path);
    else mount(target.path, 'a program that is traced');
  }
  if (JSON.stringify(inspection.manifest).includes('"kind":"cgroup_path"'))
    mount('/sys/fs/cgroup', 'names of cgroups');
  if (hasContainers(inspection)) {
    mount('/sys/fs/cgroup', 'names of cgroups');
    for (const path of CONTAINER_NAMES) mount(path, 'names of pods and containers');
  }
  for (const { effect, what } of inspection.outside) {
    if (effect === 'map' || effect === 'iterator')
      mount('/sys/fs/bpf', 'where it pins, or is pinned', false);
    if (effect === 'read' && !what.startsWith('/proc/')) mount(what, 'a file that it reads');
  }
  return { mounts: [...mounts.values()], openPaths: [...new Set(openPaths)] };
}

/** Where the kubelet keeps them (loader/src/host). */
const CONTAINER_NAMES = ['/var/log/pods', '/var/log/containers'];

/** Whether metrics show whose cgroups there are. */
function hasContainers({ manifest }: Inspection): boolean {
  const { maps } = manifest as {
    readonly maps: readonly { readonly metric?: { readonly cgroup?: number } }[];
  };
  return maps.some(({ metric }) => metric?.cgroup !== undefined);
}

function probesOf(inspection: Inspection): readonly { readonly target: Target }[] {
  const { probes } = inspection.manifest as {
    readonly probes: readonly { readonly target: Target }[];
  };
  return probes;
}

function sinceOf(name: string): string {
  const table: Readonly<Record<string, { readonly since: string } | undefined>> = FEATURES;
  return table[name]?.since ?? FIRST_KERNEL;
}

/** Of versions such as 5.15: less than 0 where the left one is older. */
export function compare(left: string, right: string): number {
  const [major = 0, minor = 0] = left.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = right.split('.').map(Number);
  return major - otherMajor || minor - otherMinor;
}

function latest(versions: readonly string[]): string {
  return versions.reduce((left, right) => (compare(left, right) >= 0 ? left : right));
}

/** A machine that is not small; who has larger ones says what they want. */
const CPUS = 16;
const MEBIBYTE = 1 << 20;
/** Of the loader, its programs, and a text of metrics. */
const LOADER_BYTES = 32 * MEBIBYTE;
/** What the kernel holds beside an element's key and value. */
const ELEMENT_BYTES = 64;

/** What maps, programs and the loader hold at most, as Kubernetes writes it: maps count as full. */
export function memoryOf(inspection: Inspection): string {
  const maps = inspection.maps.map(({ type, maxEntries, keySize, valueSize }) => {
    if (type === 'ringbuf') return maxEntries;
    const copies = type.startsWith('percpu') || type.includes('_percpu') ? CPUS : 1;
    return maxEntries * (keySize + valueSize * copies + ELEMENT_BYTES);
  });
  const bytes = maps.reduce((sum, each) => sum + each, LOADER_BYTES);
  return `${Math.max(64, Math.ceil(bytes / MEBIBYTE / 16) * 16)}Mi`;
}

/** Milliseconds of CPU in a second, as Kubernetes writes them, of nanoseconds that the loader took of so many. */
export function cpuOf({
  loader,
  elapsed,
}: {
  readonly loader: number;
  readonly elapsed: number;
}): string {
  return `${Math.max(1, Math.ceil((loader / elapsed) * 1000))}m`;
}
