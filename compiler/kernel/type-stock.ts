/**
 * The types of one or more kernels and of their modules, as one BTF that grows: it begins with the first kernel's,
 * and a name that it has not brings in the module or the next kernel that has it.
 */
import { type BtfPlace, joinKernel, joinModule, placeOf } from '../../linker/btf/join.ts';
import { SCRIPT_TYPES } from '../types/type.ts';
import { KernelDescriptionError } from './error.ts';
import type { ModuleSource } from './modules.ts';

export interface TypeStock {
  /** All that is there so far. */
  bytes(): Uint8Array;
  /** With what has the name and was not there; undefined if there is none. Throws BtfError. */
  more(name: string): Uint8Array | undefined;
  /** With all kernels, but no more modules. */
  kernels(): Uint8Array;
  /** With a module of one of the kernels; undefined where none has it. */
  withModule(
    module: string,
  ): { readonly bytes: Uint8Array; readonly isItsOwn: (id: number) => boolean } | undefined;
  /** Whether a type is of a kernel itself. */
  isKernels(id: number): boolean;
}

export interface StockedKernel {
  btf(): Uint8Array;
  readonly modules?: ModuleSource | undefined;
}

/** From the first id on, up to the next range. */
interface Range {
  readonly from: number;
  readonly to: number;
}

export function createTypeStock(kernels: readonly StockedKernel[]): TypeStock {
  let whole: Uint8Array | undefined;
  const places: BtfPlace[] = [];
  const modules = new Map<string, Range>();
  const bytes = (): Uint8Array => {
    whole ??= kernels[0]?.btf() ?? new Uint8Array();
    return whole;
  };
  const grown = (wider: Uint8Array): number => {
    const { count } = placeOf(wider);
    if (count >= SCRIPT_TYPES)
      throw new KernelDescriptionError('these descriptions have too many types for one object');
    whole = wider;
    return count;
  };
  const placeOfKernel = (index: number): BtfPlace => {
    if (places.length === 0) places.push(placeOf(bytes()));
    for (let next = places.length; next <= index; next += 1) {
      const { bytes: wider, place } = joinKernel(bytes(), kernels[next]?.btf() ?? new Uint8Array());
      grown(wider);
      places.push(place);
    }
    return places[index] ?? placeOf(bytes());
  };
  const join = (index: number, module: string): Range | undefined => {
    const key = `${index} ${module}`;
    const known = modules.get(key);
    if (known) return known;
    const part = kernels[index]?.modules?.btf(module);
    if (!part) return undefined;
    const place = placeOfKernel(index);
    const from = placeOf(bytes()).count;
    const range = { from, to: grown(joinModule(bytes(), part, place)) };
    modules.set(key, range);
    return range;
  };
  return {
    bytes,
    more(name) {
      for (const [index, kernel] of kernels.entries()) {
        if (index > 0 && places.length <= index) {
          placeOfKernel(index);
          return bytes();
        }
        for (const module of kernel.modules?.having(name) ?? [])
          if (!modules.has(`${index} ${module}`) && join(index, module)) return bytes();
      }
      return undefined;
    },
    kernels() {
      placeOfKernel(kernels.length - 1);
      return bytes();
    },
    withModule(module) {
      for (const index of kernels.keys()) {
        const range = join(index, module);
        if (range) return { bytes: bytes(), isItsOwn: (id) => id >= range.from && id < range.to };
      }
      return undefined;
    },
    isKernels: (id) => ![...modules.values()].some(({ from, to }) => id >= from && id < to),
  };
}

/** A stock of one BTF that does not grow. */
export function plainStock(btf: () => Uint8Array): TypeStock {
  return createTypeStock([{ btf }]);
}
