/** A CO-RE access in words, such as `task_struct.thread_info.flags`. */
import { BTF_KIND } from './btf.ts';
import type { Btf } from './read.ts';

export const CORE_KIND_NAMES: readonly string[] = [
  'field_byte_offset',
  'field_byte_size',
  'field_exists',
  'field_signed',
  'field_lshift_u64',
  'field_rshift_u64',
  'local_type_id',
  'target_type_id',
  'type_exists',
  'type_size',
  'enumval_exists',
  'enumval_value',
];

/** Follows an access string; anonymous members leave no trace in the result. */
export function describeAccess(btf: Btf, type: number, access: string): string {
  const root = btf.type(type);
  let current = btf.resolve(type);
  if (current.kind === BTF_KIND.enum || current.kind === BTF_KIND.enum64)
    return `${root.name}.${btf.enumerators(current.id)[Number(access)]?.[0] ?? '?'}`;
  let text = root.name;
  for (const index of access.split(':').slice(1).map(Number)) {
    if (current.kind === BTF_KIND.array) {
      text += `[${index}]`;
      current = btf.resolve(btf.array(current.id).element);
      continue;
    }
    const member =
      current.kind === BTF_KIND.struct || current.kind === BTF_KIND.union
        ? btf.members(current.id)[index]
        : undefined;
    if (!member) return `${text}.?`;
    if (member.name !== '') text += `.${member.name}`;
    current = btf.resolve(member.type);
  }
  return text;
}
