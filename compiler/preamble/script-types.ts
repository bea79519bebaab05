/** Types of the preamble as a layer before those of the kernel. */
import { createBtfTypes } from '../kernel/kernel-types.ts';
import { withTypes } from '../kernel/layer.ts';
import type { KernelDescription, KernelTypes, Member } from '../kernel/types.ts';
import { isScriptType, SCRIPT_TYPES, type Type } from '../types/type.ts';
import type { CTypes } from './c-types.ts';
import { isAnonymousEnum } from './declarations.ts';

/** The description with the preamble's types, which win over the kernel's of the same name. */
export function withScriptTypes(kernel: KernelDescription, types: CTypes): KernelDescription {
  const { btf } = types;
  if (!btf) return kernel;
  return withTypes(kernel, layer(createBtfTypes(() => btf).types, kernel.types, types));
}

/** Ids of the preamble's BTF stand above all ids that a kernel can have. */
function layer(own: KernelTypes, kernel: KernelTypes, { enums, standIns }: CTypes): KernelTypes {
  const raise = (type: Type): Type => {
    const original = standIns.original(type);
    if (original) return original;
    switch (type.kind) {
      case 'pointer':
        return { ...type, to: raise(type.to) };
      case 'array':
        return { ...type, element: raise(type.element) };
      case 'struct':
        return { ...type, id: type.id + SCRIPT_TYPES };
      case 'enum':
        return {
          ...type,
          name: isAnonymousEnum(type.name) ? '' : type.name,
          signed: enums.get(type.id)?.signed ?? type.signed,
          id: type.id + SCRIPT_TYPES,
        };
      default:
        return type;
    }
  };
  const raiseMember = (member: Member): Member => ({ ...member, type: raise(member.type) });
  const raised = (type: Type | undefined) => type && raise(type);
  const lower = <T extends { readonly id: number }>(type: T): T => ({
    ...type,
    id: type.id - SCRIPT_TYPES,
  });
  const enumerators = (id: number) => {
    const exact = enums.get(id)?.values;
    return own
      .enumerators(id)
      .map(([name, value], index) => [name, exact?.[index] ?? value] as const);
  };

  return {
    struct(aggregate, name) {
      const found = standIns.has(`${aggregate} ${name}`) ? undefined : own.struct(aggregate, name);
      return found ? { ...found, id: found.id + SCRIPT_TYPES } : kernel.struct(aggregate, name);
    },
    enum: (name) => raised(own.enum(name)) ?? kernel.enum(name),
    typedef: (name) =>
      (standIns.has(name) ? undefined : raised(own.typedef(name))) ?? kernel.typedef(name),
    member(struct, name) {
      if (!isScriptType(struct)) return kernel.member(struct, name);
      const found = own.member(lower(struct), name);
      return found && raiseMember(found);
    },
    members: (struct) =>
      isScriptType(struct) ? own.members(lower(struct)).map(raiseMember) : kernel.members(struct),
    ways: (struct) => (isScriptType(struct) ? [] : kernel.ways(struct)),
    enumerator(name) {
      const found = own.enumerator(name);
      // Of the values that stand for the kernel's enums the names are nobody's, and constants are the kernel's own.
      if (!found || standIns.has(name)) return kernel.enumerator(name);
      if (found.type.kind !== 'enum') return found;
      const exact = enumerators(found.type.id).find(([known]) => known === name);
      return { value: exact?.[1] ?? found.value, type: raise(found.type) };
    },
    enumerators: (id) =>
      id >= SCRIPT_TYPES ? enumerators(id - SCRIPT_TYPES) : kernel.enumerators(id),
  };
}
