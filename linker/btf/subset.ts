/**
 * The part of a kernel's BTF that an object needs: what `bpfload --btf` takes in place of the kernel's own, for kernels
 * that have none.
 */
import { BTF_KIND } from './btf.ts';
import { BtfBuilder } from './builder.ts';
import { type Btf, readBtf } from './read.ts';

/** Kinds of types that CO-RE looks for by their names. */
const NAMED: readonly number[] = [
  ...[BTF_KIND.int, BTF_KIND.struct, BTF_KIND.union, BTF_KIND.enum],
  ...[BTF_KIND.enum64, BTF_KIND.typedef, BTF_KIND.float],
];

/** Names of the types in an object's BTF, without the flavours (`___old`) that libbpf leaves out. Throws BtfError. */
export function typeNames(object: Uint8Array): readonly string[] {
  const btf = readBtf(object);
  const names = btf.ofKind(...NAMED).map((id) => btf.name(id).replace(/___.*$/, ''));
  return [...new Set(names)].filter((name) => name !== '').sort();
}

/**
 * BTF with all types of these names, and what they have by value. What pointers lead to is there as far as the loader
 * compares it: numbers, and names of structs. Throws BtfError.
 */
export function subsetOf(kernel: Btf, names: readonly string[]): Uint8Array {
  const builder = new BtfBuilder();
  const places = new Map<string, number>();
  const order: { readonly id: number; readonly isForward: boolean }[] = [];
  const take = (id: number, isForward = false): number => {
    if (id === 0) return 0;
    const key = `${id} ${isForward}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, order.push({ id, isForward }));
    return order.length;
  };
  const takePointee = (id: number): number => {
    const type = kernel.resolve(id);
    switch (type.kind) {
      case BTF_KIND.int:
      case BTF_KIND.enum:
      case BTF_KIND.enum64:
      case BTF_KIND.pointer:
      case BTF_KIND.forward:
        return take(type.id);
      case BTF_KIND.struct:
      case BTF_KIND.union:
        return type.name === '' ? 0 : take(type.id, !names.includes(type.name));
      default:
        return 0;
    }
  };
  for (const name of names)
    for (const id of kernel.named(name)) if (NAMED.includes(kernel.kind(id))) take(id);
  // What is taken meanwhile comes behind: ids are places in this list.
  for (const { id, isForward } of order) {
    if (isForward) builder.append(BTF_KIND.forward, kernel.name(id), 0, 0, [], isUnion(id));
    else copy(id);
  }
  return builder.finish();

  function isUnion(id: number): boolean {
    return kernel.kind(id) === BTF_KIND.union;
  }

  function copy(id: number): void {
    const kind = kernel.kind(id);
    const length = kernel.length(id);
    const own = kernel.sizeOrType(id);
    const text = (index: number) => builder.string(kernel.string(kernel.word(id, index)));
    const entries = (tail: (index: number) => readonly number[]) =>
      Array.from({ length }, (_, index) => tail(index)).flat();
    const add = (sizeOrType: number, tail: readonly number[], count = length) =>
      builder.append(kind, kernel.name(id), count, sizeOrType, tail, kernel.flag(id));
    switch (kind) {
      case BTF_KIND.int:
        add(own, [kernel.word(id, 0)]);
        break;
      case BTF_KIND.array:
        add(0, [take(kernel.word(id, 0)), take(kernel.word(id, 1)), kernel.word(id, 2)]);
        break;
      case BTF_KIND.struct:
      case BTF_KIND.union:
        add(
          own,
          entries((at) => [
            text(3 * at),
            take(kernel.word(id, 3 * at + 1)),
            kernel.word(id, 3 * at + 2),
          ]),
        );
        break;
      case BTF_KIND.enum:
        add(
          own,
          entries((at) => [text(2 * at), kernel.word(id, 2 * at + 1)]),
        );
        break;
      case BTF_KIND.enum64:
        add(
          own,
          entries((at) => [text(3 * at), kernel.word(id, 3 * at + 1), kernel.word(id, 3 * at + 2)]),
        );
        break;
      case BTF_KIND.typedef:
      case BTF_KIND.const:
      case BTF_KIND.volatile:
      case BTF_KIND.restrict:
      case BTF_KIND.typeTag:
        add(take(own), []);
        break;
      case BTF_KIND.pointer:
        add(takePointee(own), []);
        break;
      case BTF_KIND.float:
      case BTF_KIND.forward:
        add(own, []);
        break;
      default:
        // A function: only typedefs of one lead there without a pointer, and nothing reads its value.
        builder.append(BTF_KIND.pointer, '', 0, 0, [], false);
    }
  }
}
