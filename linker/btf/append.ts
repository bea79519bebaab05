/** Copies all types of another object's BTF, with their ids moved. */
import { BTF_KIND, LINKAGE } from './btf.ts';
import type { BtfBuilder } from './builder.ts';
import type { Btf, BtfType } from './read.ts';

export interface Appended {
  /** The new id of a type. */
  id(old: number): number;
  /** New ids of variables, by name. */
  readonly variables: ReadonlyMap<string, number>;
}

/** Sections (DATASEC) are left out: the linker describes the merged ones. */
export function appendBtf(builder: BtfBuilder, from: Btf): Appended {
  const ids = new Map<number, number>([[0, 0]]);
  const kept: BtfType[] = [];
  for (let old = 1; old < from.count; old += 1) {
    const type = from.type(old);
    if (type.kind === BTF_KIND.section) continue;
    ids.set(old, builder.nextId + kept.length);
    kept.push(type);
  }
  const id = (old: number): number => {
    const found = ids.get(old);
    if (found === undefined) throw new Error(`BTF type ${old} is not there`);
    return found;
  };
  const variables = new Map<string, number>();
  for (const type of kept) {
    const added = append(builder, from, type, id);
    if (type.kind === BTF_KIND.variable && from.linkage(type.id) === LINKAGE.global) {
      variables.set(type.name, added);
    }
  }
  return { id, variables };
}

function append(
  builder: BtfBuilder,
  from: Btf,
  type: BtfType,
  id: (old: number) => number,
): number {
  const { kind, name, sizeOrType, entries, kindFlag } = type;
  const add = (refersTo: number, tail: readonly number[], count = entries): number =>
    builder.append(kind, name, count, refersTo, tail, kindFlag);
  switch (kind) {
    case BTF_KIND.int:
      return add(sizeOrType, [from.word(type.id, 0)]);
    case BTF_KIND.pointer:
    case BTF_KIND.typedef:
    case BTF_KIND.volatile:
    case BTF_KIND.const:
    case BTF_KIND.restrict:
    case BTF_KIND.typeTag:
      return add(id(sizeOrType), []);
    // A function that is only declared has linkage `extern`, which the kernel refuses.
    case BTF_KIND.function:
      return add(id(sizeOrType), [], LINKAGE.static);
    case BTF_KIND.variable:
      return add(id(sizeOrType), [Math.min(from.linkage(type.id), LINKAGE.global)]);
    case BTF_KIND.array:
      return add(0, [id(from.word(type.id, 0)), id(from.word(type.id, 1)), from.word(type.id, 2)]);
    case BTF_KIND.struct:
    case BTF_KIND.union:
      return add(
        sizeOrType,
        range(entries).flatMap((index) => [
          builder.string(from.string(from.word(type.id, 3 * index))),
          id(from.word(type.id, 3 * index + 1)),
          from.word(type.id, 3 * index + 2),
        ]),
      );
    case BTF_KIND.enum:
      return add(
        sizeOrType,
        range(entries).flatMap((index) => [
          builder.string(from.string(from.word(type.id, 2 * index))),
          from.word(type.id, 2 * index + 1),
        ]),
      );
    case BTF_KIND.enum64:
      return add(
        sizeOrType,
        range(entries).flatMap((index) => [
          builder.string(from.string(from.word(type.id, 3 * index))),
          from.word(type.id, 3 * index + 1),
          from.word(type.id, 3 * index + 2),
        ]),
      );
    case BTF_KIND.prototype:
      return add(
        id(sizeOrType),
        range(entries).flatMap((index) => {
          const parameter = from.word(type.id, 2 * index + 1);
          const given = from.string(from.word(type.id, 2 * index));
          // The kernel wants names for the parameters of functions; `...` has neither name nor type.
          const named = given === '' && parameter !== 0 ? `a${index}` : given;
          return [builder.string(named), id(parameter)];
        }),
      );
    case BTF_KIND.declTag:
      return add(id(sizeOrType), [from.word(type.id, 0)]);
    case BTF_KIND.forward:
    case BTF_KIND.float:
      return add(sizeOrType, []);
    default:
      throw new Error(`BTF of kind ${kind} cannot be linked`);
  }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
