/** One damage for each thing that is checked of definitions of maps. What is right beside them is in effects.test.ts. */
import type { SyntheticType } from '../../../linker/synthetic.ts';
import { type Case, Patch } from './patch.ts';

const KIND = { int: 1, pointer: 2, array: 3, struct: 4, func: 12, proto: 13, var: 14, section: 15 };

export function mapDefinitionCases(good: Buffer): readonly Case[] {
  const cases: Case[] = [];
  /** The object's own maps are not called so any more: it has those that `make` makes. */
  const maps = (
    about: string,
    reason: string,
    make: (first: number) => readonly SyntheticType[],
    name = '.mapz',
  ): void => {
    const patch = new Patch(good);
    const btf = patch.contents('.BTF');
    const at = btf.indexOf('\0.maps\0');
    btf.write(name, at + 1, 'latin1');
    cases.push({ about, reason, object: patch.types(make).signed() });
  };
  const section = (id: number): SyntheticType => ({
    ...{ name: '.maps', kind: KIND.section, length: 1, sizeOrType: 8 },
    words: [id, 0, 8],
  });
  const variable = (id: number): SyntheticType => ({
    ...{ name: 'm', kind: KIND.var, sizeOrType: id, words: [1] },
  });
  const struct = (...members: readonly (readonly [string, number])[]): SyntheticType => ({
    ...{ name: '', kind: KIND.struct, length: members.length, sizeOrType: 8 },
    words: members.flatMap(([name, type]) => [name, type, 0]),
  });
  /** A number, an array of `count` of them, and a pointer to it: first, first + 1, first + 2. */
  const numbers = (id: number, count: number): readonly SyntheticType[] => [
    { name: 'int', kind: KIND.int, sizeOrType: 4, words: [32] },
    { kind: KIND.array, sizeOrType: 0, words: [id, id, count] },
    { kind: KIND.pointer, sizeOrType: id + 1 },
  ];
  const map = (
    about: string,
    reason: string,
    count: number,
    ...members: readonly (readonly [string, number])[]
  ): void =>
    maps(about, `the definition of map 'm' ${reason}`, (id) => [
      ...numbers(id, count),
      struct(...members.map(([name, type]) => [name, id + type] as const)),
      variable(id + 3),
      section(id + 4),
    ]);

  map('a member that nobody reads', "has an unknown member 'x'", 1, ['type', 2], ['x', 2]);
  map('a pin of a third kind', "has an impossible 'pinning'", 2, ['pinning', 2]);
  map('a pin that is a number', "has an impossible 'pinning'", 1, ['pinning', 0]);
  map('a pin that is an array', "has an impossible 'pinning'", 1, ['pinning', 1]);
  map('two pins', "has two members 'pinning'", 0, ['pinning', 2], ['pinning', 2]);
  /** A map of maps whose inner one has the member. */
  const inner = (about: string, reason: string, member: string): void =>
    maps(about, `the definition of map 'm' ${reason}`, (id) => [
      ...numbers(id, 1),
      struct([member, id + 2]),
      { kind: KIND.pointer, sizeOrType: id + 3 },
      { kind: KIND.array, sizeOrType: 0, words: [id + 4, id, 0] },
      struct(['values', id + 5]),
      variable(id + 6),
      section(id + 7),
    ]);
  inner('an inner map with a member that nobody reads', "has an unknown member 'x'", 'x');
  inner('a pin of an inner map', "has an impossible 'pinning'", 'pinning');
  inner('maps within an inner map', "has, within another, 'values'", 'values');
  const NO_MAP = "'.maps' holds something that is no map";
  maps('a function', NO_MAP, (id) => [
    { kind: KIND.proto, sizeOrType: 0 },
    { name: 'f', kind: KIND.func, sizeOrType: id },
    section(id + 1),
  ]);
  maps('a number', NO_MAP, (id) => [...numbers(id, 1), variable(id), section(id + 3)]);
  maps('a variable of nothing', NO_MAP, (id) => [variable(0), section(id)]);
  maps(
    'a second section of maps',
    "BTF has two sections '.maps'",
    (id) => [...numbers(id, 1), struct(), variable(id + 3), section(id + 4)],
    '.maps',
  );
  return cases;
}
