/**
 * Whether what was lowered becomes an object for certain, found without making one: what is asked of `check`. Nothing is
 * refused here. What is not far from a limit is made, linked, and looked at (limits.ts), as for `build`.
 */
import { OBJECT_LIMITS } from '../linker/contract/limits.ts';
import type { LinkInput } from '../linker/input.ts';
import { isStackRefusal } from './limits.ts';
import { type Measures, measure } from './llvm/backend.ts';
import { FRAME_BESIDE_CALLS } from './llvm/frames.ts';
import type { IrModule } from './llvm/module.ts';

/** What a jump spans at most, in either direction. */
const LONGEST_JUMP = 32_767;
/**
 * Code is measured with its blocks as they are. Folding leaves out, and ends a block by a jump that it had not: less than
 * twice of it is left.
 */
const FOLDED = 2;

/** Sections of an object that are no program's, and symbols that are neither a function nor a variable or a map: fewer. */
const OTHERS = 32;
/** An instruction, and its records: a relocation, a line, and an access to a type of the kernel. */
const INSTRUCTION_BYTES = 8 + 3 * 16;
/** A function, map or variable: its type in BTF, its symbol, its name. */
const SYMBOL_BYTES = 4096;
/** Types that an object has of its own are described in its manifest, too, in more bytes. */
const TOLD_TWICE = 2;

export interface Lowered {
  readonly module: IrModule;
  readonly input: Omit<LinkInput, 'objects'>;
}

export function fitsForCertain({ module, input }: Lowered): boolean {
  // What they have is not known here.
  if (input.imports.length > 0) return false;
  const measures = measured(module);
  return (
    measures !== undefined &&
    measures.instructions * FOLDED <= LONGEST_JUMP &&
    measures.frame <= FRAME_BESIDE_CALLS &&
    isWithin(boundsOf({ module, input }, measures))
  );
}

/** Undefined where its stack is too large. */
function measured(module: IrModule): Measures | undefined {
  try {
    return measure(module.shared().parts.map((part) => part.text()));
  } catch (error) {
    if (isStackRefusal(error)) return undefined;
    throw error;
  }
}

type Bounds = Readonly<Record<Exclude<keyof typeof OBJECT_LIMITS, 'eventBytes'>, number>>;

const isWithin = (bounds: Bounds): boolean =>
  (Object.keys(bounds) as (keyof Bounds)[]).every((each) => bounds[each] <= OBJECT_LIMITS[each]);

/** At least what an object of it has of each. */
export function boundsOf({ module, input }: Lowered, { instructions }: Measures): Bounds {
  const functions = input.functions.length;
  const symbols =
    functions + input.maps.length + input.variables.length + input.kernelSymbols.length + OTHERS;
  const data = sumOf(module.globals().map(({ size, align }) => size + align));
  const texts = sumOf(input.texts.map(({ text }) => Buffer.byteLength(text)));
  const manifest = JSON.stringify(input.manifest(() => 0)).length;
  const ofKernel = input.sites.length + input.kernelSymbols.length > 0;
  return {
    functions,
    symbols,
    // Each with one of its relocations.
    sections: 2 * functions + OTHERS,
    zeroBytes: data,
    fileBytes:
      functions * instructions * INSTRUCTION_BYTES +
      symbols * SYMBOL_BYTES +
      data +
      texts +
      manifest * TOLD_TWICE +
      // A type of the kernel is taken over once.
      (ofKernel ? input.kernelBtf().length : 0),
  };
}

const sumOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0);
