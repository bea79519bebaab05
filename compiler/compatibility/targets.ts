/** What probes attach to: whether a kernel has it. Programs and processes are no kernel's. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { asObject, asText } from '../../linker/inspect/json.ts';
import { kernelFunction as functionOf } from '../kernel/functions.ts';
import { wildcard } from '../kernel/wildcard.ts';
import type { Finding, Verdict } from './finding.ts';
import { type Host, isSince, orNone } from './host.ts';
import type { ObjectView, ProbeView } from './object.ts';
import { type Prototype, prototypeOfFunction } from './prototypes.ts';

export interface TargetFinding {
  readonly probe: ProbeView;
  readonly finding: Finding;
  /** Whether its program is loaded. */
  readonly isLoaded: boolean;
}

interface Answer {
  /** undefined: the description does not say. */
  readonly has: boolean | undefined;
  readonly reason?: string;
  /** A pattern: nothing has to match as long as something in its block does. */
  readonly isPattern?: boolean;
  /** Its program is loaded all the same: the kernel says so when it is attached. */
  readonly isLoaded?: boolean;
}

const THERE: Answer = { has: true };

export function checkTargets(
  object: ObjectView,
  host: Host,
  probes: readonly ProbeView[],
): readonly TargetFinding[] {
  const policy = asText(asObject(object.manifest.config).missingProbes) || 'error';
  const answers = probes.map((probe) => ({ probe, answer: answerFor(host, probe) }));
  const blockHas = (block: number | undefined): boolean =>
    block !== undefined &&
    answers.some(({ probe, answer }) => probe.block === block && answer.has !== false);
  return answers.map(({ probe, answer }) => {
    const { has, reason, isPattern, isLoaded = false } = answer;
    const { place } = probe;
    const about = { kind: 'probe', name: probe.name, place } as const;
    if (has === true) return { probe, isLoaded: true, finding: { ...about, verdict: 'ok' } };
    if (has === undefined)
      return {
        probe,
        isLoaded: true,
        finding: {
          ...about,
          verdict: 'unknown',
          reason: reason ?? 'The description does not say.',
        },
      };
    const verdict: Verdict =
      policy !== 'error' || (isPattern && blockHas(probe.block)) ? 'left out' : 'missing';
    return {
      probe,
      isLoaded,
      finding: {
        ...about,
        verdict,
        reason: isPattern
          ? `Probe has no valid attach points: nothing matches ${probe.name}.`
          : (reason ?? `This kernel has no ${probe.name}.`),
        hint: "If this is expected, set the 'missing_probes' config variable to 'warn'.",
      },
    };
  });
}

function answerFor(host: Host, probe: ProbeView): Answer {
  // Parameters of the script are known when it is loaded.
  if (probe.isOpen)
    return {
      has: undefined,
      reason: `What ${probe.name} is depends on a parameter of the script.`,
    };
  switch (probe.provider) {
    case 'tracepoint':
      return tracepoint(host, probe);
    case 'rawtracepoint':
      return rawTracepoint(host, probe);
    case 'kprobe':
    case 'kretprobe':
      return kernelFunction(host, probe);
    case 'fentry':
    case 'fexit':
      return typedFunction(host, probe);
    case 'iter':
      return iterator(host, probe);
    default:
      return THERE;
  }
}

const hasPattern = (text: string): boolean => text.includes('*');

function tracepoint({ description }: Host, { target }: ProbeView): Answer {
  const category = asText(target.category);
  const event = asText(target.event);
  const isPattern = hasPattern(category) || hasPattern(event);
  const matches = orNone(() => description.matchTracepoints(category, event));
  if (!matches)
    return { has: undefined, reason: 'The description of the kernel has no tracepoints.' };
  return {
    has: matches.length > 0,
    isPattern,
    reason: `No matches for tracepoint ${category}:${event}.`,
  };
}

/** Without a description of modules nothing is said of what is in one. */
function ofModule({ description }: Host, module: string): Answer | undefined {
  if (module === '' || module === 'vmlinux') return undefined;
  if (description.modules().includes(module)) return THERE;
  return {
    has: undefined,
    reason: `The description of the kernel does not have module ${module}.`,
  };
}

/** An event of modules by a pattern: those that are not described may have it. */
function inModules(host: Host, pattern: string, event: string): Answer {
  const those = wildcard(pattern);
  const found = host.description
    .modules()
    .some((module) => those.test(module) && host.description.rawTracepoint(event, module));
  if (found || (those.test('vmlinux') && host.description.rawTracepoint(event))) return THERE;
  return {
    has: undefined,
    reason: `The description of the kernel does not have all modules that match ${pattern}.`,
  };
}

function rawTracepoint(host: Host, { target }: ProbeView): Answer {
  const event = asText(target.event);
  if (hasPattern(asText(target.module))) return inModules(host, asText(target.module), event);
  const module = ofModule(host, asText(target.module));
  if (module) return module;
  if (host.btfs.length === 0)
    return { has: undefined, reason: 'The description of the kernel has no BTF.' };
  const matches = wildcard(`btf_trace_${event}`);
  const has = host.btfs.some((btf) =>
    hasPattern(event)
      ? btf.ofKind(BTF_KIND.typedef).some((id) => matches.test(btf.name(id)))
      : btf.find(BTF_KIND.typedef, `btf_trace_${event}`) !== undefined,
  );
  // A module may have it.
  if (!has && host.description.rawTracepoint(event)) return THERE;
  return { has, isPattern: hasPattern(event), reason: `No matches for rawtracepoint ${event}.` };
}

function typedFunction(host: Host, probe: ProbeView): Answer {
  const { provider, target } = probe;
  const name = asText(target.function);
  if (target.program !== undefined)
    return { has: undefined, reason: 'BPF programs are known on the running host only.' };
  const module = ofModule(host, asText(target.module));
  if (module) return module;
  if (host.btfs.length === 0)
    return { has: undefined, reason: 'The description of the kernel has no BTF.' };
  if (hasPattern(name)) {
    const has = host.description.matchTypedFunctions(name).length > 0;
    return { has, isPattern: true, reason: `No matches for ${provider} ${name}.` };
  }
  const [own] = host.btfs;
  const found = own && functionOf(own, name);
  if (found === undefined && (host.description.functionModules?.(name) ?? []).length > 0)
    return THERE;
  if (found === undefined)
    return {
      has: false,
      reason: `No matches for ${provider} ${name}. The kernel's BTF has no such function (it is either non-existing or inlined).`,
    };
  if (typeof found === 'string')
    return { has: false, reason: `${provider} cannot be attached to ${name}: ${found}.` };
  const prototype = own && prototypeOfFunction(own, name);
  return (
    structArgument(host, name, prototype) ?? trampoline(host, probe, prototype?.result.slot ?? 0)
  );
}

/** Kernels before this one attach no typed programs to functions that take structs (btf_distill_func_proto). */
const STRUCT_ARGUMENTS_SINCE = '6.1';

function structArgument(
  { release }: Host,
  name: string,
  prototype: Prototype | undefined,
): Answer | undefined {
  if (!prototype || isSince(release, STRUCT_ARGUMENTS_SINCE)) return undefined;
  const { btf, parameters } = prototype;
  const index = parameters.findIndex(
    ({ type }) => btf.kind(btf.skipModifiers(type)) === BTF_KIND.struct,
  );
  if (index < 0) return undefined;
  return {
    has: false,
    reason: `This kernel attaches no programs to functions with structs for arguments: The function ${name} arg${index} type STRUCT is unsupported.`,
  };
}

/** Words of arguments that a trampoline passes on (arch_prepare_bpf_trampoline of x86-64), and the kernel that brings more. */
const MOST_WORDS = 6;
const MORE_WORDS_SINCE = '6.6';

/** Of a function whose arguments are so many u64. */
function trampoline({ arch, release }: Host, { name }: ProbeView, words: number): Answer {
  if (arch !== 'x86_64' || words <= MOST_WORDS || isSince(release, MORE_WORDS_SINCE)) return THERE;
  return {
    has: false,
    isLoaded: true,
    reason: `Cannot attach ${name}: its arguments are ${words} words, and trampolines of this kernel pass on ${MOST_WORDS}; Linux ${MORE_WORDS_SINCE} brings more.`,
  };
}

function kernelFunction(host: Host, { name: probe, target }: ProbeView): Answer {
  const name = asText(target.function);
  if (name === '') return THERE;
  const module = ofModule(host, asText(target.module));
  if (module) return module;
  const listed = orNone(() => host.description.matchFunctions(name));
  if (hasPattern(name))
    return listed
      ? { has: listed.length > 0, isPattern: true, reason: `No matches for ${probe}.` }
      : { has: undefined, reason: 'The description of the kernel does not list its functions.' };
  // What ftrace does not list may be traced by a breakpoint.
  if (listed && listed.length > 0) return THERE;
  if (host.btfs.some((btf) => btf.find(BTF_KIND.function, name) !== undefined)) return THERE;
  const symbols = host.description.symbols();
  if (symbols?.has(name)) return THERE;
  return symbols || listed
    ? { has: false, reason: `This kernel has no function ${name} that can be traced.` }
    : { has: undefined, reason: 'The description of the kernel does not list its functions.' };
}

function iterator(host: Host, { target }: ProbeView): Answer {
  const name = asText(target.object);
  const [btf] = host.btfs;
  if (!btf) return { has: undefined, reason: 'The description of the kernel has no BTF.' };
  return {
    has: btf.find(BTF_KIND.function, `bpf_iter_${name}`) !== undefined,
    reason: `iter ${name} not available for your kernel version.`,
  };
}
