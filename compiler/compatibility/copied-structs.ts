/** Structs of the kernel that a script copies whole: their members have to be where the script finds them. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { asNumber, asObject, asObjects, asText, type Json } from '../../linker/inspect/json.ts';
import type { Finding } from './finding.ts';
import type { Host } from './host.ts';
import type { ObjectView, ScriptPlace } from './object.ts';
import { findMember, isBool, isNumber, numberType } from './type-match.ts';
import { alongPath, typesNamed, withTypesNamed } from './type-path.ts';

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
    each.kind === 'record' && (each.struct !== undefined || each.within !== undefined)
      ? [{ type: each, place }]
      : [];
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

/** Where the script copies a struct first, as far as the room for the copy says it. */
function copyOf({ manifest, script }: ObjectView, type: Json): ScriptPlace | undefined {
  const [way] = Array.isArray(type.within) ? type.within.map(asText) : [];
  const name = asText(type.struct) || way;
  const room = asObjects(manifest.assumptions).find(
    ({ type: of, path, most }) =>
      most === true &&
      name === [asText(of), ...(path === undefined ? [] : [asText(path)])].join('.'),
  );
  return room && { file: asText(room.file) || script, line: asNumber(room.line), column: 0 };
}

function copiedStructs(object: ObjectView): readonly Copied[] {
  const { manifest } = object;
  const all = [
    ...asObjects(manifest.maps).flatMap(({ key, value }) => [
      ...structsIn(key, undefined),
      ...structsIn(value, undefined),
    ]),
    ...asObjects(manifest.events).flatMap((event) =>
      asObjects(event.fields).flatMap(({ type }) => structsIn(type, placeOf(object, event))),
    ),
  ];
  return all.map(({ type, place }) => ({ type, place: place ?? copyOf(object, type) }));
}

export function checkCopies(object: ObjectView, host: Host): readonly Finding[] {
  return copiedStructs(object).map((copied) => checkCopy(copied, host));
}

/** What is to be said of a struct of a name or way; undefined: nothing. */
interface Complaint {
  readonly name: string;
  readonly verdict: 'missing' | 'other layout';
  readonly reason: string;
}

function checkCopy({ type, place }: Copied, host: Host): Finding {
  const ways = Array.isArray(type.within) ? type.within.map(asText) : [];
  const name = asText(type.struct) || (ways[0] ?? '');
  const [btf] = host.btfs;
  if (!btf)
    return {
      kind: 'copied struct',
      name,
      verdict: 'unknown',
      reason: 'The description of the kernel has no BTF.',
      place,
    };
  const complaint =
    type.struct === undefined
      ? checkWithin(type, btf, host, ways)
      : checkNamed(type, withTypesNamed(btf, host, name), name);
  if (!complaint) return { kind: 'copied struct', name, verdict: 'ok', place };
  return {
    kind: 'copied struct',
    ...complaint,
    hint: 'Read the members that are needed, one by one, or build the script with --kernel, against a description of this kernel.',
    place,
  };
}

function missing(name: string): Complaint {
  const reason = `This kernel has no ${name}, which the script copies whole.`;
  return { name, verdict: 'missing', reason };
}

function otherwise(name: string, member: string): Complaint {
  const reason = `${name} has its member ${member} otherwise on this kernel, and the script copies it whole.`;
  return { name, verdict: 'other layout', reason };
}

/** Of several structs of a name one that is as wanted counts. */
function checkNamed(type: Json, btf: Btf, name: string): Complaint | undefined {
  const members = typesNamed(btf, name).map((id) => otherMember(type, btf, id));
  if (members.includes(undefined)) return undefined;
  const member = members.at(-1);
  return member === undefined ? missing(name) : otherwise(name, member);
}

/** Of a struct without a name all ways that this kernel has: nothing says by which of them the script came. */
function checkWithin(
  type: Json,
  btf: Btf,
  host: Host,
  ways: readonly string[],
): Complaint | undefined {
  const found = ways.flatMap((way) => follow(type, btf, host, way) ?? []);
  if (found.length === 0) return missing(ways[0] ?? '');
  return found.find(({ complaint }) => complaint)?.complaint;
}

function follow(
  type: Json,
  kernel: Btf,
  host: Host,
  way: string,
): { readonly complaint: Complaint | undefined } | undefined {
  const [root = '', ...names] = way.split('.');
  const btf = withTypesNamed(kernel, host, root);
  const structs = typesNamed(btf, root).flatMap((id) => {
    const leaf = alongPath(btf, id, names);
    const found = leaf && btf.resolve(leaf.type);
    return found && (found.kind === BTF_KIND.struct || found.kind === BTF_KIND.union)
      ? [found]
      : [];
  });
  const complaints = structs.map(({ id, sizeOrType: size }): Complaint | undefined => {
    const member = otherMember(type, btf, id);
    if (member !== undefined) return otherwise(way, member);
    if (size === asNumber(type.size)) return undefined;
    const reason = `${way} has ${size} bytes on this kernel, ${asNumber(type.size)} where the script was compiled, and it is copied whole.`;
    return { name: way, verdict: 'other layout', reason };
  });
  if (complaints.length === 0) return undefined;
  return { complaint: complaints.includes(undefined) ? undefined : complaints.at(-1) };
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
  if (!isSameKind(type, btf, leaf.type, bits === 1)) return false;
  const number = numberType(btf, leaf.type);
  // Of single bytes the sign may be the compiler's (char).
  if (
    type.kind === 'int' &&
    asNumber(type.size) > 1 &&
    number &&
    number.signed !== (type.signed === true)
  )
    return false;
  return (
    (bits ?? 0) > 0 ||
    (btf.sizeOf(leaf.type) === sizeOf(type) && isSameInside(type, btf, leaf.type))
  );
}

/** Whether the host has a value of that kind there, not just as many bytes. */
function isSameKind(type: Json, btf: Btf, id: number, isBit: boolean): boolean {
  const found = btf.resolve(id);
  switch (type.kind) {
    case 'bool':
      return isBit ? isNumber(found) : isBool(btf, found);
    case 'int':
    case 'enum':
      return isNumber(found);
    case 'pointer':
      return found.kind === BTF_KIND.pointer;
    case 'string':
    case 'buffer':
      return found.kind === BTF_KIND.array && btf.sizeOf(btf.array(found.id).element) === 1;
    case 'array':
      return (
        found.kind === BTF_KIND.array &&
        isSameKind(asObject(type.element), btf, btf.array(found.id).element, false)
      );
    // Records are looked at by themselves: a number may stand in one of another name.
    default:
      return true;
  }
}

/** Of a struct without a name, or an array of such: whether its members are where the script takes them from. */
function isSameInside(type: Json, btf: Btf, id: number): boolean {
  const found = btf.resolve(id);
  if (type.kind === 'array' && found.kind === BTF_KIND.array)
    return isSameInside(asObject(type.element), btf, btf.array(found.id).element);
  // One with a name is looked at by itself.
  if (type.kind !== 'record' || type.struct !== undefined || type.within !== undefined) return true;
  return otherMember(type, btf, found.id) === undefined;
}

/** Of a value in memory. */
function sizeOf(type: Json): number {
  if (type.size !== undefined) return asNumber(type.size);
  return type.kind === 'bool' ? 1 : 8;
}
