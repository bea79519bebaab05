/**
 * Values that programs are called with, by BTF alone: arguments of raw tracepoints, parameters and results of functions,
 * where two kernels hold them differently.
 */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { type Difference, type Place, placeOf } from './leaves.ts';

export interface CallValue {
  /** `rawtracepoint:sched_switch`, `fentry:vfs_read`, `fexit:vfs_read`. */
  readonly probe: string;
  /** A parameter by its name; the result has none. */
  readonly name: string | undefined;
  /** Where it stands in the context, an array of u64. */
  readonly place: Place;
  /** What a pointer leads to, as far as it has a name. */
  readonly pointee: string;
  /** All arguments of the call are so many u64. */
  readonly words: number;
  /** An argument is a struct: Linux before 6.1 attaches nothing to such functions. */
  readonly takesStructs: boolean;
}

/** Of a call: its parameters, and what it returns if that is a value. */
interface Call {
  readonly parameters: readonly { readonly name: string; readonly type: number }[];
  readonly result: number;
}

const EVENT = 'btf_trace_';
/** Functions of an event that name its arguments: the typedef of it does not. */
const NAMED_BY = ['__probestub_', '__traceiter_', '__bpf_trace_'];

export function eventsOf(btf: Btf): ReadonlyMap<string, Call> {
  const prototypes = functionPrototypes(btf);
  const found = new Map<string, Call>();
  for (const id of btf.ofKind(BTF_KIND.typedef)) {
    const name = btf.name(id);
    const pointer = btf.skipModifiers(id);
    if (!name.startsWith(EVENT) || btf.kind(pointer) !== BTF_KIND.pointer) continue;
    const event = name.slice(EVENT.length);
    const own = btf.parameters(btf.skipModifiers(btf.sizeOrType(pointer)));
    const named = NAMED_BY.map((prefix) => prototypes.get(`${prefix}${event}`)).find(
      (each) => each && btf.length(each) === own.length,
    );
    const names = named === undefined ? own : btf.parameters(named);
    // Before them the kernel hands over a pointer of its own.
    const parameters = own
      .slice(1)
      .map(({ type }, index) => ({ type, name: names[index + 1]?.name ?? '' }));
    found.set(event, { parameters, result: 0 });
  }
  return found;
}

/** Functions that the kernel has once: which of several a program is attached to is not for this to say. */
export function functionsOf(btf: Btf): ReadonlyMap<string, Call> {
  return new Map(
    [...functionPrototypes(btf)].flatMap(([name, id]) =>
      id === undefined
        ? []
        : [[name, { parameters: btf.parameters(id), result: btf.sizeOrType(id) }]],
    ),
  );
}

function functionPrototypes(btf: Btf): ReadonlyMap<string, number | undefined> {
  const found = new Map<string, number | undefined>();
  for (const id of btf.ofKind(BTF_KIND.function)) {
    const name = btf.name(id);
    found.set(name, found.has(name) ? undefined : btf.sizeOrType(id));
  }
  return found;
}

function wordsOf(btf: Btf, type: number): number {
  return type !== 0 && btf.sizeOf(type) > 8 ? 2 : 1;
}

function argumentsOf(btf: Btf, probe: string, call: Call): readonly CallValue[] {
  let slot = 0;
  return call.parameters.flatMap(({ name, type }) => {
    const at = slot;
    slot += wordsOf(btf, type);
    return name === '' ? [] : valuesOf(btf, probe, call, name, type, at);
  });
}

function resultOf(btf: Btf, probe: string, call: Call): readonly CallValue[] {
  return valuesOf(btf, probe, call, undefined, call.result, allWords(btf, call));
}

function allWords(btf: Btf, { parameters }: Call): number {
  return parameters.reduce((sum, { type }) => sum + wordsOf(btf, type), 0);
}

/** Nothing of what is no number and no pointer. */
function valuesOf(
  btf: Btf,
  probe: string,
  call: Call,
  name: string | undefined,
  declared: number,
  slot: number,
): readonly CallValue[] {
  const type = btf.skipModifiers(declared);
  const place = type === 0 ? undefined : placeOf(btf, type, slot * 64);
  if (!place) return [];
  const target = place.kind === 'pointer' ? btf.skipModifiers(btf.sizeOrType(type)) : 0;
  const pointee = target === 0 ? '' : btf.name(target);
  const takesStructs = call.parameters.some(
    (parameter) => btf.kind(btf.skipModifiers(parameter.type)) === BTF_KIND.struct,
  );
  return [{ probe, name, place, pointee, words: allWords(btf, call), takesStructs }];
}

/** What of the calls of one kernel another one has otherwise, or not at all. */
function differences(
  built: ReadonlyMap<string, Call>,
  own: ReadonlyMap<string, Call>,
  ofCall: (kernel: 'built' | 'own', name: string, call: Call) => readonly CallValue[],
): readonly Difference<CallValue>[] {
  return [...built].flatMap(([name, call]): readonly Difference<CallValue>[] => {
    const other = own.get(name);
    const theirs = new Map(
      (other ? ofCall('own', name, other) : []).map((value) => [value.name, value]),
    );
    return ofCall('built', name, call).flatMap((value): readonly Difference<CallValue>[] => {
      const there = theirs.get(value.name);
      return there && isSame(value, there) ? [] : [{ built: value, own: there }];
    });
  });
}

function isSame(left: CallValue, right: CallValue): boolean {
  const { place } = left;
  return (
    place.kind === right.place.kind &&
    place.bitOffset === right.place.bitOffset &&
    place.bits === right.place.bits &&
    place.isSigned === right.place.isSigned &&
    left.pointee === right.pointee
  );
}

export type Form = 'arguments' | 'parameters' | 'results';

export function callDifferences(
  built: Btf,
  own: Btf,
): Readonly<Record<Form, readonly Difference<CallValue>[]>> {
  const of = { built, own };
  const functions = [functionsOf(built), functionsOf(own)] as const;
  return {
    arguments: differences(eventsOf(built), eventsOf(own), (kernel, name, call) =>
      argumentsOf(of[kernel], `rawtracepoint:${name}`, call),
    ),
    parameters: differences(...functions, (kernel, name, call) =>
      argumentsOf(of[kernel], `fentry:${name}`, call),
    ),
    results: differences(...functions, (kernel, name, call) =>
      resultOf(of[kernel], `fexit:${name}`, call),
    ),
  };
}
