/** Structs of the kernel in structs of the script's own, at any depth. */
import { expect, it } from 'vitest';
import { embeddedIn } from '../../../compiler/kernel/embedded.ts';
import type { KernelTypes, Member } from '../../../compiler/kernel/types.ts';
import { int, SCRIPT_TYPES, type StructType, type Type } from '../../../compiler/types/type.ts';

const struct = (name: string, id: number): StructType => ({
  ...{ kind: 'struct', aggregate: 'struct', name, id, size: 64, align: 8 },
});
const kernels = struct('sock', 5);
const own = (name: string, index: number) => struct(name, SCRIPT_TYPES + index);
const array = (element: Type): Type => ({ kind: 'array', element, count: 3 });

/** Structs of the script, by their members' types: each eight bytes behind the one before. */
function types(members: ReadonlyMap<StructType, readonly Type[]>): KernelTypes {
  const none = () => undefined;
  return {
    ...{ struct: none, enum: none, typedef: none, member: none, enumerator: none },
    ...{ ways: () => [], enumerators: () => [] },
    members: (of) =>
      (members.get(of) ?? []).map(
        (type, index): Member => ({
          name: `m${index}`,
          type,
          bitOffset: index * 64,
          bitSize: 0,
          tag: undefined,
          indexes: [index],
        }),
      ),
  };
}

it('are found with the struct that has them, and their places from the outermost one on', () => {
  const [outer, inner] = [own('outer', 1), own('inner', 2)];
  const known = types(
    new Map<StructType, readonly Type[]>([
      [
        outer,
        [
          int(4, true),
          kernels,
          array(array(inner)),
          { kind: 'pointer', to: kernels, space: 'kernel' },
        ],
      ],
      [inner, [int(8, true), array(kernels)]],
    ]),
  );
  const expected = [
    { struct: kernels, within: outer, bitOffset: 64 },
    { struct: kernels, within: inner, bitOffset: 128 + 64 },
  ];
  expect(embeddedIn(known, outer)).toEqual(expected);
  expect(embeddedIn(known, array(outer))).toEqual(expected);
  expect(embeddedIn(known, inner)).toEqual([{ struct: kernels, within: inner, bitOffset: 64 }]);
});

it('are none in what is the kernel’s own, or no struct', () => {
  const known = types(new Map([[kernels, [kernels]]]));
  for (const type of [kernels, array(kernels), int(4, true)])
    expect(embeddedIn(known, type)).toEqual([]);
});

it('are looked for 32 structs deep, and no deeper, so that a circle has an end', () => {
  const chain = Array.from({ length: 40 }, (_, index) => own(`s${index}`, index));
  const known = types(
    new Map(chain.map((each, index) => [each, [chain[index + 1] ?? kernels, kernels] as const])),
  );
  const depths = embeddedIn(known, chain[0] ?? kernels).map(({ within }) => within.name);
  expect(depths).toHaveLength(33);
  expect(depths[0]).toBe('s32');
  expect(depths.at(-1)).toBe('s0');
});
