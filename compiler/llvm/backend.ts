/**
 * LLVM's optimiser and BPF back end, through the addon that scripts/build-backend.sh builds, and what that addon does
 * beside it: Node cannot replace itself by another program.
 */
import { createRequire } from 'node:module';
import type llvm from 'llvm-bindings';
import { InstallationError, nativeFile } from '../paths.ts';
import type { IrModule } from './module.ts';

export type Output = 'object' | 'assembly' | 'ir';

/** Of the function of a module that has most, as its code is before it is written. */
export interface Measures {
  /** Instructions of 8 bytes, at most. */
  readonly instructions: number;
  /** Bytes of stack. */
  readonly frame: number;
}

interface ProcessAddon {
  holdFile(bytes: Uint8Array, name: string): number;
  become(file: string, words: readonly string[], modes: readonly number[]): never;
}

/** Text, processor, passes, what comes out, and whether blocks keep their order. */
type Order = readonly [string, string, string, Output | 'measures', 'folded' | 'kept'];

/** The addon's own. */
interface Begun {
  readonly begun: unique symbol;
}

interface Addon {
  readonly version: string;
  emit(...order: Order): Buffer;
  begin(...order: Order): Begun;
  finish(begun: Begun): Buffer;
  drop(begun: Begun): void;
  release(context: llvm.LLVMContext): void;
}

/**
 * v3 has 32-bit registers, 32-bit jumps and atomics that give the old value; kernels have it since 5.12. v4 needs
 * 6.6 and another LLVM.
 */
const CPU = 'v3';

/**
 * The passes that pay: programs come out no longer than with `default<O2>`, in two thirds of the time. There is none
 * that unrolls loops, inlines callbacks, vectorises, or turns loops into calls of memset. One more `simplifycfg` before
 * `gvn`, or `adce` behind it, changes no example.
 */
const PASSES =
  'function(sroa,early-cse,simplifycfg,instcombine,jump-threading,' +
  'correlated-propagation,gvn,dse,simplifycfg)';

export interface EmitOptions {
  /** LLVM's pass pipeline text; empty for none. */
  readonly passes?: string;
  /** Blocks stay in the order in which they were built, in somewhat longer code. */
  readonly keepsBlocks?: boolean;
}

/**
 * The module, or LLVM text, as an object, assembly or optimised IR. Throws an Error with LLVM's own words, and the
 * function that they are about, for broken IR and for what the back end cannot emit (such as too large a stack).
 */
export function emit(
  module: IrModule | string,
  output: Output,
  options: EmitOptions = {},
): Uint8Array {
  const text = typeof module === 'string' ? module : module.text();
  return loadBackend().emit(...orderOf(text, output, options));
}

const orderOf = (text: string, output: Output, options: EmitOptions): Order => {
  const blocks = options.keepsBlocks ? 'kept' : 'folded';
  return [text, CPU, options.passes ?? PASSES, output, blocks];
};

/** An object that another thread makes meanwhile. */
export interface Emission {
  /** Waits for the object, and works too; throws as `emit` does. Once. */
  take(): Uint8Array;
  /** Nobody takes it any more. */
  drop(): void;
}

/** Begins with LLVM text as an object. */
export function beginObject(text: string, options: EmitOptions = {}): Emission {
  const backend = loadBackend();
  const begun = backend.begin(...orderOf(text, 'object', options));
  return { take: () => backend.finish(begun), drop: () => backend.drop(begun) };
}

/**
 * How large the code of LLVM texts becomes, of which several are looked at at a time, in four fifths of the time that an object takes: nothing is written. Blocks are
 * not folded, which only makes code shorter. Throws as `emit` does.
 */
export function measure(texts: readonly string[]): Measures {
  const backend = loadBackend();
  const orders = texts.map((text): Order => [text, CPU, PASSES, 'measures', 'kept']);
  const [first] = orders;
  if (first && orders.length === 1) return measuresOf(backend.emit(...first));
  const begun = orders.map((order) => backend.begin(...order));
  try {
    const all = begun.map((each) => measuresOf(backend.finish(each)));
    return {
      instructions: Math.max(...all.map(({ instructions }) => instructions)),
      frame: Math.max(...all.map(({ frame }) => frame)),
    };
  } finally {
    for (const each of begun) backend.drop(each);
  }
}

function measuresOf(made: Buffer): Measures {
  const [instructions = Number.NaN, frame = Number.NaN] = made.toString().split(' ').map(Number);
  return { instructions, frame };
}

/** Of LLVM, such as 14.0.6. */
export const llvmVersion = (): string => loadBackend().version;

/** The path of a file that holds the bytes, for this process and for the program that takes its place. */
export function heldFile(bytes: Uint8Array, name: string): string {
  return `/proc/self/fd/${loadProcessAddon().holdFile(Buffer.from(bytes), name)}`;
}

/**
 * Replaces this program by another, with descriptors, environment and process number of this one; `words` begin with
 * its name, `modes` are the status flags of standard input, output and error that it gets, -1 for those that stay.
 * Does not return; throws where the kernel refuses.
 */
export function becomeProgram(
  file: string,
  words: readonly string[],
  modes: readonly number[],
): never {
  return loadProcessAddon().become(file, words, modes);
}

type AddonName = 'backend' | 'process';

/** LLVM, and what is done with this process: scripts that need not be compiled open the latter alone. */
export function addonFile(name: AddonName): string {
  return nativeFile(`${name}.node`);
}

/** llvm-bindings, whose objects are part of the back end: both have one copy of LLVM. */
export const loadBindings = (): typeof llvm => load('backend') as typeof llvm;

/** Frees a context and all that is in it, none of which may be used after that: llvm-bindings keeps every one for good. */
export const releaseContext = (context: llvm.LLVMContext): void => loadBackend().release(context);

const loadBackend = (): Addon => load('backend') as Addon;
const loadProcessAddon = (): ProcessAddon => load('process') as ProcessAddon;

const loaded = new Map<AddonName, unknown>();

/** Looks for it once: that asks for files, and a script asks several times. */
function load(name: AddonName): unknown {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const file = addonFile(name);
  try {
    const addon: unknown = createRequire(import.meta.filename)(file);
    loaded.set(name, addon);
    return addon;
  } catch (error) {
    throw new InstallationError(
      `cannot load ${file}: ${error instanceof Error ? error.message : String(error)}`,
      'It needs a Linux with the GNU C library, as new as that of Debian 12; others can run the objects, with bpfload.',
    );
  }
}
