/** Structs of the kernel that a script copies whole: their members have to be where the script finds them. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { asNumber, asObject, asObjects, asText, type Json } from '../../linker/inspect/json.ts';
import type { Finding } from './finding.ts';
import type { Host } from './host.ts';
import type { ObjectView, ScriptPlace } from './object.ts';
import { findMember, numberType } from './type-match.ts';

/** Types of values nest as deep as scripts write them. */
const DEEPEST = 64;

interface Copied {
  readonly type: Json;
  readonly place: ScriptPlace | undefined;
}

function structsIn(type: unknown, place: ScriptPlace | undefined, depth = 0): readonly Copied[] {
  const each = asObject(type);
  if (type === undefined || depth > DEEPEST) return [];
  const own =
    each.kind === 'record' && typeof each.struct === 'string' ? [{ type: each, place }] : [];
  return [
    ...own,
    ...structsIn(each.element, place, depth + 1),
    ...asObjects(each.fields).flatMap((field) => structsIn(field.type, place, depth + 1)),
  ];
}

/** Where the script prints the value, as the manifest has it for events. */
function placeOf({ script }: ObjectView, event: Json): ScriptPlace | undefined {
  if (event.place === undefined) return undefined;
  const { file, line, column } = asObject(event.place);
  return { file: asText(file) || script, line: asNumber(line), column: asNumber(column) };
}

function copiedStructs(object: ObjectView): readonly Copied[] {
  const { manifest } = object;
  return [
    ...asObjects(manifest.maps).flatMap(({ key, value }) => [
      ...structsIn(key, undefined),
      ...structsIn(value, undefined),
    ]),
    ...asObjects(manifest.events).flatMap((event) =>
      asObjects(event.fields).flatMap(({ type }) => structsIn(type, placeOf(object, event))),
    ),
  ];
}

export function checkCopies(object: ObjectView, host: Host): readonly Finding[] {
  return copiedStructs(object).map((copied) => checkCopy(copied, host));
}

function checkCopy({ type, place }: Copied, host: Host): Finding {
  const name = asText(type.struct);
  const [btf] = host.btfs;
  if (!btf)
    return {
      kind: 'copied struct',
      name,
      verdict: 'unknown',
      reason: 'The description of the kernel has no BTF.',
      place,
    };
  const kind = name.startsWith('union ') ? BTF_KIND.union : BTF_KIND.struct;
  const members = btf
    .named(name.slice(name.indexOf(' ') + 1))
    .filter((id) => btf.kind(id) === kind)
    .map((id) => otherMember(type, btf, id));
  if (members.includes(undefined)) return { kind: 'copied struct', name, verdict: 'ok', place };
  const member = members.at(-1);
  return {
    kind: 'copied struct',
    name,
    ...(member === undefined
      ? {
          verdict: 'missing',
          reason: `This kernel has no ${name}, which the script copies whole.`,
        }
      : {
          verdict: 'other layout',
          reason: `${name} has its member ${member} otherwise on this kernel, and the script copies it whole.`,
        }),
    hint: 'Read the members that are needed, one by one, or build the script with --kernel, against a description of this kernel.',
    place,
  };
}

/** The first member that is not where the script takes it from. */
function otherMember(type: Json, btf: Btf, id: number): string | undefined {
  return asObjects(type.fields)
    .filter((field) => !isSameField(field, btf, id))
    .map(({ name }) => asText(name))[0];
}

function isSameField(field: Json, btf: Btf, id: number): boolean {
  const leaf = findMember(
    { btf, type: id, bitOffset: 0, bitSize: 0, name: '' },
    asText(field.name),
  );
  if (!leaf) return false;
  const [first, bits] = Array.isArray(field.bits) ? field.bits.map(asNumber) : [0, 0];
  const place = asNumber(field.offset) * 8 + (first ?? 0);
  if (leaf.bitOffset !== place || leaf.bitSize !== (bits ?? 0)) return false;
  const type = asObject(field.type);
  const number = numberType(btf, leaf.type);
  // Of single bytes the sign may be the compiler's (char).
  if (
    type.kind === 'int' &&
    asNumber(type.size) > 1 &&
    number &&
    number.signed !== (type.signed === true)
  )
    return false;
  return (bits ?? 0) > 0 || btf.sizeOf(leaf.type) === sizeOf(type);
}

/** Of a value in memory. */
function sizeOf(type: Json): number {
  if (type.size !== undefined) return asNumber(type.size);
  return type.kind === 'bool' ? 1 : 8;
}
