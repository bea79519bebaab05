/** Numbers of the kernel that a script was compiled with: the loader refuses kernels that have others. */
import type { Btf } from '../../linker/btf/read.ts';
import { asNumber, asObjects, asText, type Json } from '../../linker/inspect/json.ts';
import type { Finding } from './finding.ts';
import type { Host } from './host.ts';
import { enumeratorOf } from './lookups.ts';
import type { ObjectView } from './object.ts';
import { alongPath, typesNamed, withTypesNamed } from './type-path.ts';

export function checkAssumptions(object: ObjectView, host: Host): readonly Finding[] {
  return asObjects(object.manifest.assumptions).map((assumption) =>
    checkAssumption(object, host, assumption),
  );
}

function checkAssumption(object: ObjectView, host: Host, assumption: Json): Finding {
  const enumerator = asText(assumption.enumerator);
  const type = asText(assumption.type);
  const path = asText(assumption.path);
  const isSize = assumption.measured === true;
  const isMost = assumption.most === true;
  const ofPart = isSize ? `sizeof(${type}.${path})` : `offsetof(${type}, ${path})`;
  const name = enumerator || (path ? ofPart : `sizeof(${type})`);
  const file = asText(assumption.file) || object.script;
  const about = {
    kind: enumerator ? 'enumerator' : 'type',
    name,
    place: { file, line: asNumber(assumption.line), column: 0 },
  } as const;
  const [kernel] = host.btfs;
  if (!kernel)
    return {
      ...about,
      verdict: 'unknown',
      reason: 'The description of the kernel has no BTF.',
    };
  const wanted = asText(assumption.value);
  const values = enumerator
    ? [enumeratorOf(host, asText(assumption.enum), enumerator)].map((value) => value?.toString())
    : layouts(kernel, host, type, path, isSize).map(String);
  const here = values.find((value) => value !== undefined);
  const holds = (value: string | undefined) =>
    value !== undefined && BigInt(value) <= BigInt(wanted);
  // Of what is missing CO-RE says where it is reached.
  if (isMost && (here === undefined || values.some(holds))) return { ...about, verdict: 'ok' };
  if (values.includes(wanted)) return { ...about, verdict: 'ok' };
  const copied = path ? `${type}.${path}` : type;
  if (isMost)
    return {
      ...about,
      kind: 'copied struct',
      name: copied,
      verdict: 'other layout',
      reason: `${copied} has ${here} bytes on this kernel, and the script, which copies it whole, has room for ${wanted}, as on Linux ${object.kernel.release}.`,
      hint: 'Read the members that are needed, one by one, or build the script with --kernel, against a description of this kernel.',
    };
  if (assumption.embedded !== undefined)
    return {
      ...about,
      verdict: here === undefined ? 'missing' : 'other layout',
      reason: `${name} is ${here ?? 'not there'} on this kernel, and the script's ${asText(assumption.embedded)} was laid out with ${wanted}, that of Linux ${object.kernel.release}.`,
      hint: 'Build the script with --kernel, against a description of this kernel.',
    };
  return {
    ...about,
    verdict: here === undefined ? 'missing' : 'other layout',
    reason: `${name} is ${here ?? 'not there'} on this kernel, and the script was compiled with ${wanted}, that of Linux ${object.kernel.release}: it stands where a literal is needed.`,
    hint: 'Write a number, or build the script with --kernel, against a description of this kernel.',
  };
}

/** Of all structs of that name: their sizes, or where the member of a path stands in them, or its size. */
function layouts(
  kernel: Btf,
  host: Host,
  type: string,
  path: string,
  isSize: boolean,
): readonly number[] {
  const inBtf = (btf: Btf) =>
    typesNamed(btf, type).flatMap((id) => {
      const leaf = alongPath(btf, id, path === '' ? [] : path.split('.'));
      if (!leaf) return [];
      return [path === '' || isSize ? btf.sizeOf(leaf.type) : Math.floor(leaf.bitOffset / 8)];
    });
  return inBtf(withTypesNamed(kernel, host, type));
}
