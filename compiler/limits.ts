/**
 * What BPF itself does not allow and only shows when code is generated: more than 512 bytes of stack, jumps over more
 * than 32,767 instructions.
 */
import { storeEffects } from '../linker/code-effects.ts';
import { EFFECTS } from '../linker/contract/effects.ts';
import { OBJECT_LIMITS, type ObjectLimit } from '../linker/contract/limits.ts';
import { STT } from '../linker/elf/elf.ts';
import { readElf } from '../linker/elf/read.ts';
import type { TypedProbe } from './analysis/typed.ts';
import { runsIntoLoops } from './llvm/back-edges.ts';
import { beginObject, type Emission, type EmitOptions, emit } from './llvm/backend.ts';
import { programsWithoutRoom } from './llvm/frames.ts';
import type { IrModule } from './llvm/module.ts';
import type { ErrorCode } from './source/codes.ts';
import type { Diagnostic } from './source/diagnostics.ts';
import type { Sources } from './source/sources.ts';

/** A script that is right and cannot become a program. Objects are made on demand, so it shows only then. */
export class LimitError extends Error {
  readonly sources: Sources;
  readonly diagnostics: readonly Diagnostic[];

  constructor(sources: Sources, diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ message }) => message).join('\n'));
    this.sources = sources;
    this.diagnostics = diagnostics;
  }
}

/** What is counted, and how it is called. */
const COUNTED = {
  fileBytes: 'bytes',
  sections: 'sections (each program with a target of its own is one)',
  symbols: 'symbols (maps, variables, programs)',
  functions: 'programs and functions',
  zeroBytes: 'bytes of variables',
  eventBytes: 'bytes of a record',
} as const satisfies Readonly<Record<ObjectLimit, string>>;

/** What loaders would refuse of an object (linker/contract/limits.ts). */
export function beyondLimits(object: Uint8Array): readonly Diagnostic[] {
  const { sections, symbols } = readElf(object);
  const counts: readonly (readonly [ObjectLimit, number])[] = [
    ['fileBytes', object.length],
    ['sections', sections.length],
    ['symbols', symbols.length],
    ['functions', symbols.filter(({ type }) => type === STT.func).length],
    ['zeroBytes', sections.find(({ name }) => name === '.bss')?.size ?? 0],
  ];
  return counts
    .filter(([limit, count]) => count > OBJECT_LIMITS[limit])
    .map(([limit, count]) => ({
      severity: 'error',
      code: 'object-limit',
      message: `The object would have ${count} ${COUNTED[limit]}; loaders take ${OBJECT_LIMITS[limit]}`,
      hints: ['Split the script, or use patterns, which are one program each.'],
    }));
}

/**
 * Stores of imported code to the context that a script hands to it. Whether there are any shows only once all is linked.
 */
export function storesToContext(object: Uint8Array): readonly Diagnostic[] {
  return storeEffects(readElf(object)).map(({ effect, callee, caller }) => ({
    severity: 'error',
    code: 'unsafe',
    message: `imported code ${EFFECTS[effect].does}: ${caller}() has ${callee}`,
    hints: ['Use --unsafe to allow code that changes the system.'],
  }));
}

type Probes = readonly Pick<TypedProbe, 'symbol' | 'range'>[];

/** Objects of a module's parts, or why BPF does not allow them. */
export type Emitted =
  | { readonly objects: readonly Uint8Array[] }
  | { readonly refusals: readonly Diagnostic[] };

/** `begun` are the first parts, where LLVM has begun with them. */
export function emitObjects(
  module: IrModule,
  probes: Probes,
  begun: readonly Emission[] = [],
): Emitted {
  const first = emitWithin(module, probes, {}, begun);
  if ('refusals' in first) return first;
  const again = first.objects.some((object) => runsIntoLoops(readElf(object)));
  const emitted = again ? emitWithin(module, probes, { keepsBlocks: true }, []) : first;
  if ('refusals' in emitted) return emitted;
  const full = emitted.objects.flatMap((object) => programsWithoutRoom(readElf(object)));
  if (full.length === 0) return emitted;
  return { refusals: full.map((symbol) => stackRefusal(probes, symbol)) };
}

const STACK_LIMIT = /in function (\S+) [^\n]*BPF stack limit of 512 bytes is exceeded/;
/** What the back end adds to LLVM's words (far-jumps.cpp). */
const FAR_JUMP = /in function (.+) a jump is too long\n/g;

/** Whether it is what the back end throws where a stack is too large. */
export const isStackRefusal = (error: unknown): boolean =>
  error instanceof Error && STACK_LIMIT.test(error.message);

/** The objects, or what does not fit; other refusals are bugs and stay exceptions. */
function emitWithin(
  module: IrModule,
  probes: Probes,
  options: EmitOptions,
  begun: readonly Emission[],
): Emitted {
  const { parts } = module.shared();
  const emissions = [
    ...begun,
    ...parts
      .slice(begun.length)
      .map((part) => (parts.length > 1 ? beginObject : laterObject)(part.text(), options)),
  ];
  const objects: Uint8Array[] = [];
  const far: string[] = [];
  try {
    for (const emission of emissions) {
      const made = takeWithin(emission);
      if (made instanceof Uint8Array) objects.push(made);
      else if ('stack' in made) return { refusals: [stackRefusal(probes, made.stack)] };
      else far.push(...made.far);
    }
  } finally {
    for (const emission of emissions) emission.drop();
  }
  return far.length > 0
    ? { refusals: far.map((name) => lengthRefusal(probes, name)) }
    : { objects };
}

/** Without another thread: nothing is beside it. */
const laterObject = (text: string, options: EmitOptions): Emission => ({
  take: () => emit(text, 'object', options),
  drop() {},
});

/** The object, or functions with what BPF does not allow: one whose stack is too large, all with jumps that are too long. */
function takeWithin(
  emission: Emission,
): Uint8Array | { readonly stack: string } | { readonly far: readonly string[] } {
  try {
    return emission.take();
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const stack = STACK_LIMIT.exec(message)?.[1];
    if (stack !== undefined) return { stack };
    const far = [...message.matchAll(FAR_JUMP)].map(([, name = '']) => name);
    if (far.length === 0) throw error;
    return { far };
  }
}

function lengthRefusal(probes: Probes, symbol: string): Diagnostic {
  return refusal(
    probes,
    symbol,
    'program-too-long',
    'The program is too long for BPF: a jump in it spans more than 32767 instructions',
    'Split it into several probes, or use loops.',
  );
}

function stackRefusal(probes: Probes, symbol: string): Diagnostic {
  return refusal(
    probes,
    symbol,
    'stack-limit',
    'The program needs more than the 512 bytes of stack that BPF has',
    'Use fewer values at a time, or keep some of them in maps.',
  );
}

/** The callbacks of a program have its symbol at the beginning of theirs. */
function refusal(
  probes: Probes,
  symbol: string,
  code: ErrorCode,
  message: string,
  hint: string,
): Diagnostic {
  const probe =
    probes.find((candidate) => symbol === candidate.symbol) ??
    probes.find((candidate) => symbol.startsWith(`${candidate.symbol}_`));
  return {
    severity: 'error',
    code,
    message,
    ...(probe ? { range: probe.range } : {}),
    hints: [hint],
  };
}
