/**
 * What BPF itself offers: helpers, types of programs and maps. A kernel's own BTF names them (enum bpf_func_id and its
 * like, include/uapi/linux/bpf.h), also what a distribution brought to an older one.
 */
import { FEATURES, type KernelFeature } from '../../linker/contract/features.ts';
import { HELPERS } from '../../linker/contract/helpers.ts';
import { asTexts } from '../../linker/inspect/json.ts';
import { inspectMaps, TASK_STORAGE } from '../../linker/inspect/maps.ts';
import type { Finding } from './finding.ts';
import { type Host, isSince, keepsThreadValues } from './host.ts';
import { type ObjectView, type ProbeView, placeOfSymbol, type ScriptPlace } from './object.ts';

interface ProgramType {
  readonly type: string;
  /** enum bpf_attach_type. */
  readonly attach?: string;
}

const PERF: ProgramType = { type: 'BPF_PROG_TYPE_PERF_EVENT' };
const KPROBE: ProgramType = { type: 'BPF_PROG_TYPE_KPROBE' };
const tracing = (attach: string): ProgramType => ({ type: 'BPF_PROG_TYPE_TRACING', attach });

const PROGRAM_TYPES: Readonly<Record<string, ProgramType>> = {
  tracepoint: { type: 'BPF_PROG_TYPE_TRACEPOINT' },
  rawtracepoint: tracing('BPF_TRACE_RAW_TP'),
  kprobe: KPROBE,
  kretprobe: KPROBE,
  uprobe: KPROBE,
  uretprobe: KPROBE,
  usdt: KPROBE,
  fentry: tracing('BPF_TRACE_FENTRY'),
  fexit: tracing('BPF_TRACE_FEXIT'),
  iter: tracing('BPF_TRACE_ITER'),
  interval: PERF,
  profile: PERF,
  software: PERF,
  hardware: PERF,
  watchpoint: PERF,
};

/** What a feature of the manifest is in the kernel's own enums, where it is anything there. */
const FEATURE_ENUMERATORS: Readonly<Record<string, readonly [string, string]>> = {
  tp_btf: ['bpf_attach_type', 'BPF_TRACE_RAW_TP'],
  fentry: ['bpf_attach_type', 'BPF_TRACE_FENTRY'],
  fexit: ['bpf_attach_type', 'BPF_TRACE_FEXIT'],
  ringbuf: ['bpf_map_type', 'BPF_MAP_TYPE_RINGBUF'],
};

/** Settings of a kernel's build that a provider wants. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  tracepoint: ['CONFIG_BPF_EVENTS', 'CONFIG_EVENT_TRACING'],
  rawtracepoint: ['CONFIG_BPF_EVENTS', 'CONFIG_DEBUG_INFO_BTF'],
  kprobe: ['CONFIG_BPF_EVENTS', 'CONFIG_KPROBE_EVENTS'],
  kretprobe: ['CONFIG_BPF_EVENTS', 'CONFIG_KPROBE_EVENTS'],
  fentry: ['CONFIG_BPF_JIT', 'CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS', 'CONFIG_DEBUG_INFO_BTF'],
  fexit: ['CONFIG_BPF_JIT', 'CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS', 'CONFIG_DEBUG_INFO_BTF'],
  uprobe: ['CONFIG_BPF_EVENTS', 'CONFIG_UPROBE_EVENTS'],
  uretprobe: ['CONFIG_BPF_EVENTS', 'CONFIG_UPROBE_EVENTS'],
  usdt: ['CONFIG_BPF_EVENTS', 'CONFIG_UPROBE_EVENTS'],
  iter: ['CONFIG_DEBUG_INFO_BTF'],
  watchpoint: ['CONFIG_HAVE_HW_BREAKPOINT'],
};

/** Features that kernels may be built without. */
const FEATURE_SETTINGS: Readonly<Record<string, string>> = {
  bpf_override_return: 'CONFIG_BPF_KPROBE_OVERRIDE',
};

/** Of programs that are loaded; nothing where the description has no configuration. */
export function checkSettings(
  object: ObjectView,
  host: Host,
  probes: readonly ProbeView[],
): readonly Finding[] {
  const config = host.description.config();
  if (!config) return [];
  const wanted: readonly (Pick<Finding, 'name' | 'place'> & { readonly feature?: string })[] = [
    { name: 'CONFIG_BPF_SYSCALL' },
    ...asTexts(object.manifest.features).flatMap((feature) => {
      const name = FEATURE_SETTINGS[feature];
      return name === undefined ? [] : [{ name, feature }];
    }),
    ...probes.flatMap(({ provider, place }) =>
      (SETTINGS[provider] ?? []).map((name) => ({ name, place })),
    ),
  ];
  return wanted.map(({ name, place, feature }) => {
    const about = { kind: 'config', name, place } as const;
    if (['y', 'm'].includes(config.get(name) ?? '')) return { ...about, verdict: 'ok' };
    const reason =
      feature === undefined
        ? `This kernel was built without ${name}, which the script needs.`
        : `This kernel (${host.release}) lacks ${feature}, which the script needs: it wants ${name}.`;
    return { ...about, verdict: 'missing', reason };
  });
}

/** The first kernel that has a helper, by its name without `bpf_`. */
function featureOf(helper: string): KernelFeature | undefined {
  const features: readonly KernelFeature[] = Object.values(FEATURES);
  return features.find((feature) => feature.helper === helper);
}

/** What people call features that have no name of the kernel's. */
const CALLED: Readonly<Record<string, string>> = {
  large_keys: 'keys of more than 512 bytes',
  atomic_exchange: 'atomic exchanges',
};

/** In the loader's words (host/kernel_features.c). */
function lacks({ release }: Host, name: string, { since }: KernelFeature): string {
  return `This kernel (${release}) lacks ${CALLED[name] ?? name}, which the script needs and Linux ${since} brings.`;
}

export function checkFeatures(object: ObjectView, host: Host): readonly Finding[] {
  const known: Readonly<Record<string, KernelFeature>> = FEATURES;
  return asTexts(object.manifest.features).flatMap((name): Finding | readonly Finding[] => {
    const feature = known[name];
    if (!feature)
      return {
        kind: 'feature',
        name,
        verdict: 'unknown',
        reason: `${name} is not a known feature.`,
      };
    // Helpers count where they are called.
    if (feature.helper !== undefined) return [];
    const named = FEATURE_ENUMERATORS[name];
    const has = (named && host.has(...named)) ?? isSince(host.release, feature.since);
    return has
      ? { kind: 'feature', name, verdict: 'ok' }
      : {
          kind: 'feature',
          name,
          verdict: 'missing',
          reason: lacks(host, name, feature),
          place: name === 'large_keys' ? placeOfLargeKeys(object) : undefined,
        };
  });
}

/** MAX_BPF_STACK: what keys had to fit into (htab_map_alloc_check, kernel/bpf/hashtab.c). */
const STACK_BYTES = 512;

function placeOfLargeKeys(object: ObjectView): ScriptPlace | undefined {
  return inspectMaps(object.btf, object.manifest)
    .filter(({ keySize }) => keySize > STACK_BYTES)
    .map(({ name }) => placeOfSymbol(object, name))
    .find((place) => place !== undefined);
}

/** A helper by its number; those that this program does not know have no name. */
export function checkHelper(id: number, host: Host, place: ScriptPlace | undefined): Finding {
  const known = Object.entries(HELPERS).find(([, number]) => number === id)?.[0];
  const named = host.named('bpf_func_id', id)?.replace(/^BPF_FUNC_/, '');
  const name = `bpf_${known ?? named ?? id}`;
  const has =
    known === undefined
      ? named !== undefined || (host.hasEnum('bpf_func_id') ? false : undefined)
      : host.has('bpf_func_id', `BPF_FUNC_${known}`);
  const feature = known === undefined ? undefined : featureOf(known);
  if (has === false && feature)
    return { kind: 'helper', name, verdict: 'missing', reason: lacks(host, name, feature), place };
  return missingUnless(has, { kind: 'helper', name, place }, host, 'helper');
}

export function checkProgramTypes(host: Host, probes: readonly ProbeView[]): readonly Finding[] {
  return probes.flatMap((probe): readonly Finding[] => {
    // A pattern of system calls is one program for all of them.
    const isShared = probe.provider === 'tracepoint' && probe.target.syscalls !== undefined;
    const wanted = isShared ? tracing('BPF_TRACE_RAW_TP') : PROGRAM_TYPES[probe.provider];
    if (!wanted) return [];
    const name = (wanted.attach ?? wanted.type).replace(/^BPF_(PROG_TYPE_)?/, '').toLowerCase();
    const has = wanted.attach
      ? host.has('bpf_attach_type', wanted.attach)
      : host.has('bpf_prog_type', wanted.type);
    return [
      missingUnless(
        has,
        { kind: 'program type', name, place: probe.place },
        host,
        'programs of type',
      ),
    ];
  });
}

export function checkMapTypes(object: ObjectView, host: Host): readonly Finding[] {
  return inspectMaps(object.btf, object.manifest).map(({ name, type }) => {
    const about = { kind: 'map type', name: type, place: placeOfSymbol(object, name) } as const;
    if (type === TASK_STORAGE && !keepsThreadValues(host))
      return {
        ...about,
        verdict: 'left out',
        reason: 'Values of maps by thread stand in hash maps before Linux 6.4.',
      };
    const has = host.has('bpf_map_type', `BPF_MAP_TYPE_${type.toUpperCase()}`);
    return missingUnless(has, about, host, 'maps of type');
  });
}

function missingUnless(
  has: boolean | undefined,
  about: Pick<Finding, 'kind' | 'name' | 'place'>,
  host: Host,
  what: string,
): Finding {
  if (has === true) return { ...about, verdict: 'ok' };
  if (has === undefined)
    return {
      ...about,
      verdict: 'unknown',
      reason: `The description does not say which ${what} there are.`,
    };
  return {
    ...about,
    verdict: 'missing',
    reason: `This kernel (${host.release}) has no ${what} ${about.name}, which the script needs.`,
  };
}
