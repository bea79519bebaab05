/**
 * What the passes have to know of a built-in, or of one call of it, beside its type. They ask for these, never for
 * a name. What is absent does not hold.
 */
export interface Traits {
  // ---- the analysis and the macros ----
  /** Changes the system, or what happens in it: needs --unsafe. With `run` it starts commands: --allow-run will do. */
  readonly unsafe?: true | 'run';
  /** Called for what it does as often as for what it gives: nobody is warned of a result that is dropped. */
  readonly discardable?: boolean;
  /** Of which part of an attach point its type or value is: each that matches may need a copy of the block. */
  readonly asksOf?: 'fields' | 'result' | 'event' | 'program';
  /** Stands for the probe's fields: `args.NAME`, `*args`. */
  readonly holdsFields?: boolean;
  /** The name of the probe, which is known here if the probe's is. */
  readonly namesProbe?: boolean;
  /** Was an integer once, which most scripts still cast. */
  readonly customaryCast?: boolean;
  /** A symbol of the kernel: where a script has it, `func` in the kernel is one too. */
  readonly kernelSymbol?: boolean;
  /** The name of the probed function, which may be known here. */
  readonly namesFunction?: boolean;
  /** The bits of what a function returned, whose sign nobody has told. */
  readonly givesResult?: boolean;
  /** An integer that is an address in the kernel, whatever the probe's arguments point to. */
  readonly kernelAddress?: boolean;
  /** The clock that its nanoseconds are of. */
  readonly clock?: string;

  // ---- the lowering ----
  /** Gives the same for as long as a program runs. */
  readonly steady?: boolean;
  /** May give something else each time that it is asked. */
  readonly varies?: boolean;
  /** A pointer whose type the verifier knows, so that members are read by loads. */
  readonly btfPointer?: boolean;
  /** The program ends with it. */
  readonly endsProgram?: boolean;
  /** Reads what the program was called with, which the callback of a loop does not have. */
  readonly readsContext?: boolean;
  /** It runs a callback, which is one frame more on the stack. */
  readonly runsCallback?: boolean;
  /** What it does with its map; it may change it in any way if this is absent. */
  readonly onMap?: 'looks' | 'prints' | 'clear' | 'zero';
  /** Prints, and leaves maps as they are. */
  readonly onlyPrints?: boolean;
  /** Number of the argument of the probed function or point that it reads. */
  readonly argument?: number;
  /** The symbol of the traced program whose address it wants. */
  readonly userSymbol?: string;
  /** It cannot stand in one program for both ends of a function (kprobe.session). */
  readonly notInSession?: boolean;
  /** The loader does its work, and is not there when a pinned iterator runs: what to use instead. */
  readonly needsLoader?: string;
  /** Prints text of that format, which the kernel itself can do in a pinned iterator. */
  readonly format?: string;
}
