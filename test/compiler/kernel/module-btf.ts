/** BTF of a small kernel, and of modules on top of it. */
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { placeOf } from '../../../linker/btf/join.ts';
import { type SyntheticType, writeBtf } from '../../linker/synthetic.ts';

export const INT: SyntheticType = {
  name: 'int',
  kind: BTF_KIND.int,
  sizeOrType: 4,
  words: [(1 << 24) | 32],
};
export const struct = (
  name: string,
  size: number,
  ...words: (string | number)[]
): SyntheticType => ({
  ...{ name, kind: BTF_KIND.struct, length: words.length / 3, sizeOrType: size, words },
});

/** 1: int, 2: struct task { int pid }, 3: pointer to it. */
export const KERNEL = writeBtf([
  INT,
  struct('task', 4, 'pid', 1, 0),
  { kind: BTF_KIND.pointer, sizeOrType: 2 },
]);

/** Ids and strings of a module go on where the kernel's end. */
export function moduleBtf(name: string, ...words: (string | number)[]): Buffer {
  const bytes = writeBtf([struct(name, 16, ...words)]);
  const base = placeOf(KERNEL);
  const own = Buffer.from(bytes);
  const raise = (at: number) => own.writeUInt32LE(own.readUInt32LE(at) + base.textSize, at);
  raise(24);
  for (let at = 36; at < 36 + 4 * words.length; at += 12) raise(at);
  return own;
}
