/** Questions to the host that the loader answers before it loads the programs. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { MISSING_CALL } from '../../linker/contract/lookups.ts';
import { asNumber, asObjects, asText, type Json } from '../../linker/inspect/json.ts';
import type { Finding } from './finding.ts';
import type { Host } from './host.ts';
import type { ObjectView, ScriptPlace } from './object.ts';

export interface Answer {
  /** In `.rodata`. */
  readonly offset: number;
  /** undefined where only the running host knows. */
  readonly value: bigint | undefined;
  readonly finding: Finding | undefined;
}

export function answers(object: ObjectView, host: Host): readonly Answer[] {
  return asObjects(object.manifest.lookups).map((lookup) => answer(object, host, lookup));
}

function answer(object: ObjectView, host: Host, lookup: Json): Answer {
  const offset = asNumber(lookup.offset);
  const name = asText(lookup.name);
  switch (lookup.kind) {
    case 'enumerator': {
      const enumeration = asText(lookup.enum);
      const value = enumeratorOf(host, enumeration, name);
      const place: ScriptPlace | undefined =
        lookup.line === undefined
          ? undefined
          : { file: asText(lookup.file) || object.script, line: asNumber(lookup.line), column: 0 };
      const finding = enumeratorFinding(object, host, name, value, place);
      // What the code asks for first counts where the call is that stands for a missing answer.
      const isAsked = asObjects(object.manifest.lookups).some(
        (other) =>
          other.kind === 'enumerator-found' &&
          other.name === lookup.name &&
          other.enum === lookup.enum,
      );
      if (finding.verdict === 'missing' && isAsked)
        return { offset, value: 0n, finding: undefined };
      return { offset, value, finding };
    }
    case 'enumerator-found': {
      const isFound = enumeratorOf(host, asText(lookup.enum), name) !== undefined;
      const value = host.btfs.length === 0 ? undefined : isFound ? 1n : 0n;
      return { offset, value, finding: undefined };
    }
    case 'enumerator-exists': {
      const isThere =
        host.btfs.some((btf) => hasEnumerator(btf, name)) ||
        host.withModules(({ types }) => types.enumerator(name)) !== undefined;
      return {
        offset,
        value: isThere ? 1n : 0n,
        finding: {
          kind: 'enumerator',
          name,
          ...(isThere
            ? { verdict: 'ok' }
            : {
                verdict: 'left out',
                reason: `This kernel has no ${name}: the script asks whether it has, and goes on without.`,
              }),
        },
      };
    }
    case 'kernel-function':
    case 'kfunc': {
      // Whether this program type may call it is not in BTF: kernels that have it are taken to allow it.
      const isCall = lookup.kind === 'kfunc';
      const callable = isCall ? host.description.callableFunctions() : undefined;
      const isKernels = host.btfs.some((btf) => btf.find(BTF_KIND.function, name) !== undefined);
      const has = isKernels
        ? (callable?.has(name) ?? true)
        : !isCall && (host.description.functionModules?.(name) ?? []).length > 0;
      return {
        offset,
        value: has ? 1n : 0n,
        finding: {
          kind: 'kernel function',
          name,
          ...(has
            ? { verdict: 'ok' }
            : {
                verdict: 'left out',
                reason: `This kernel has no function ${name}: the script goes on without.`,
              }),
        },
      };
    }
    default:
      return { offset, value: undefined, finding: undefined };
  }
}

/** Of a call that stands where the answer to a lookup is needed and there is none. */
export function missingAnswer(object: ObjectView, host: Host, call: number): Finding | undefined {
  const lookup = asObjects(object.manifest.lookups)[call - MISSING_CALL];
  if (!lookup || host.btfs.length === 0) return undefined;
  const name = asText(lookup.name);
  if (enumeratorOf(host, asText(lookup.enum), name) !== undefined) return undefined;
  const file = asText(lookup.file) || object.script;
  const place = { file, line: asNumber(lookup.line), column: 0 };
  return enumeratorFinding(object, host, name, undefined, place);
}

function enumeratorFinding(
  object: ObjectView,
  host: Host,
  name: string,
  value: bigint | undefined,
  place: ScriptPlace | undefined,
): Finding {
  if (host.btfs.length === 0)
    return {
      kind: 'enumerator',
      name,
      verdict: 'unknown',
      reason: 'The description of the kernel has no BTF.',
      place,
    };
  // The object does not keep what its own kernel had.
  return value === undefined
    ? {
        kind: 'enumerator',
        name,
        verdict: 'missing',
        reason: `This kernel has no enumerator ${name}, which the script uses. It was built for Linux ${object.kernel.release}.`,
        place,
      }
    : { kind: 'enumerator', name, verdict: 'ok', place };
}

/** The kernel's, or that of a module. */
export function enumeratorOf(host: Host, enumeration: string, name: string): bigint | undefined {
  const [own] = host.btfs;
  if (!own) return undefined;
  const value = enumerator(own, enumeration, name);
  if (value !== undefined) return value;
  const joined = host.withModules(({ types }) => types.enumerator(name));
  return joined && enumerator(joined, enumeration, name);
}

function enumerator(btf: Btf, enumeration: string, name: string): bigint | undefined {
  const ids =
    enumeration === ''
      ? btf.ofKind(BTF_KIND.enum, BTF_KIND.enum64).filter((id) => btf.name(id) === '')
      : btf
          .named(enumeration)
          .filter((id) => btf.kind(id) === BTF_KIND.enum || btf.kind(id) === BTF_KIND.enum64);
  for (const id of ids) {
    const found = btf.enumerators(id).find(([each]) => each === name);
    if (found) return found[1];
  }
  return undefined;
}

/** Of any enum. */
function hasEnumerator(btf: Btf, name: string): boolean {
  const places = btf.offsetsOf(name);
  return (
    places.length > 0 &&
    btf.ofKind(BTF_KIND.enum, BTF_KIND.enum64).some((id) => {
      const words = btf.kind(id) === BTF_KIND.enum ? 2 : 3;
      return Array.from({ length: btf.length(id) }).some((_, index) =>
        places.includes(btf.word(id, index * words)),
      );
    })
  );
}
