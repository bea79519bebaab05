/** Copies all types of another object's BTF, with their ids moved. */
import { KIND, LINKAGE } from './btf.ts';
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
    if (type.kind === KIND.section) continue;
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
    if (type.kind === KIND.variable && from.linkage(type) === LINKAGE.global) {
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
    case KIND.int:
      return add(sizeOrType, [from.word(type, 0)]);
    case KIND.pointer:
    case KIND.typedef:
    case KIND.volatile:
    case KIND.const:
    case KIND.restrict:
    case KIND.typeTag:
      return add(id(sizeOrType), []);
    // A function that is only declared has linkage `extern`, which the kernel refuses.
    case KIND.function:
      return add(id(sizeOrType), [], LINKAGE.static);
    case KIND.variable:
      return add(id(sizeOrType), [Math.min(from.linkage(type), LINKAGE.global)]);
    case KIND.array:
      return add(0, [id(from.word(type, 0)), id(from.word(type, 1)), from.word(type, 2)]);
    case KIND.struct:
    case KIND.union:
      return add(
        sizeOrType,
        range(entries).flatMap((index) => [
          builder.string(from.string(from.word(type, 3 * index))),
          id(from.word(type, 3 * index + 1)),
          from.word(type, 3 * index + 2),
        ]),
      );
    case KIND.enum:
      return add(
        sizeOrType,
        range(entries).flatMap((index) => [
          builder.string(from.string(from.word(type, 2 * index))),
          from.word(type, 2 * index + 1),
        ]),
      );
    case KIND.enum64:
      return add(
        sizeOrType,
        range(entries).flatMap((index) => [
          builder.string(from.string(from.word(type, 3 * index))),
          from.word(type, 3 * index + 1),
          from.word(type, 3 * index + 2),
        ]),
      );
    case KIND.prototype:
      return add(
        id(sizeOrType),
        range(entries).flatMap((index) => {
          const parameter = from.word(type, 2 * index + 1);
          const given = from.string(from.word(type, 2 * index));
          // The kernel wants names for the parameters of functions; `...` has neither name nor type.
          const named = given === '' && parameter !== 0 ? `a${index}` : given;
          return [builder.string(named), id(parameter)];
        }),
      );
    case KIND.declTag:
      return add(id(sizeOrType), [from.word(type, 0)]);
    case KIND.forward:
    case KIND.float:
      return add(sizeOrType, []);
    default:
      throw new Error(`BTF of kind ${kind} cannot be linked`);
  }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
