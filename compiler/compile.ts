/** The passes in their order: a script's text in, an object (or any stage before it) out. */
import { link } from '../linker/link.ts';
import { analyse } from './analysis/analyse.ts';
import { readMetrics } from './analysis/metrics.ts';
import type { TypedProgram } from './analysis/typed.ts';
import { table as builtins, codeOf } from './builtins/builtins.ts';
import { fitsForCertain } from './certainty.ts';
import { createPrograms } from './dwarf/programs.ts';
import { resolveImports } from './imports/imports.ts';
import { libraryNames, standardLibrary } from './imports/library.ts';
import { readLinkedCode } from './imports/linked.ts';
import { withTypes } from './kernel/layer.ts';
import type { KernelDescription } from './kernel/types.ts';
import { beyondLimits, emitObjects, LimitError, storesToContext } from './limits.ts';
import { beginObject, type Emission, emit } from './llvm/backend.ts';
import type { ModulePart } from './llvm/module.ts';
import { lower } from './lowering/lower.ts';
import { checkPinned } from './lowering/pinned.ts';
import { macroNames } from './macros/definitions.ts';
import { expandMacros } from './macros/expand.ts';
import { expandLists, oncePerList } from './macros/lists.ts';
import { readPreamble } from './preamble/preamble.ts';
import { during } from './source/bug.ts';
import type { DiagnosticCode } from './source/codes.ts';
import { type Diagnostic, Diagnostics } from './source/diagnostics.ts';
import type { Range, Source } from './source/source.ts';
import { createSources, type Sources } from './source/sources.ts';
import type * as ast from './syntax/ast.ts';
import { parse, readAllowed, readMetricsOf } from './syntax/parse.ts';

export interface CompileOptions {
  readonly kernel: KernelDescription;
  /** Functions that change the system are allowed; `run`: those that start commands. */
  readonly unsafe: boolean | 'run';
  /** `BPFTRACE_*` settings that override the script's config block. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folders of C headers, and headers that are read before the script. */
  readonly includeFolders?: readonly string[];
  readonly headers?: readonly string[];
  /** Where separate debug files of traced programs are looked for. */
  readonly debugFolders?: readonly string[];
  /** Its positional parameters, where the script is compiled to be run at once. */
  readonly parameters?: readonly string[];
  /** The process whose paths probes of programs mean (-p). */
  readonly pid?: number;
  /** The object will be asked for: LLVM begins with it while code is still generated. It is the same without. */
  readonly ahead?: boolean;
  /** Programs warn of every helper that fails, also of reads and look-ups. */
  readonly reportsHelpers?: boolean;
  /** Told of each file that is read beside the script and descriptions of kernels; of some more than once. */
  readonly onFile?: (path: string) => void;
  /** Told what each stage took. */
  readonly onStage?: (stage: string, milliseconds: number) => void;
}

/** What came out: stages up to the first that failed, and everything there is to tell the user. */
export interface Compilation {
  /** What the ranges of diagnostics and of the tree refer to. */
  readonly sources: Sources;
  readonly diagnostics: readonly Diagnostic[];
  readonly ast?: ast.Program;
  readonly typed?: TypedProgram;
  /**
   * IR before and after the optimiser, and assembly; made when asked for. They are of the first attempt, also where
   * `object` needs the second, which keeps variables off the stack.
   */
  readonly ir?: () => string;
  readonly optimisedIr?: () => string;
  readonly assembly?: () => string;
  /** The linked object; made when asked for. Throws a LimitError where a program is too large for BPF. */
  readonly object?: () => Uint8Array;
  /** Throws what `object` would, which is made where it is not certain without that: the sooner way to know. */
  readonly checkLimits?: () => void;
}

export function compile(source: Source, options: CompileOptions): Compilation {
  const diagnostics = new Diagnostics();
  const sources = createSources(source);
  const outcome = (ast?: ast.Program) => ({
    sources,
    diagnostics: told(ast ? oncePerList(diagnostics.all, ast, sources) : diagnostics.all, sources),
    ...(ast ? { ast } : {}),
  });
  const pass = <Result>(stage: string, body: () => Result): Result => {
    const begun = performance.now();
    const result = during({ stage, sources }, body);
    options.onStage?.(stage, performance.now() - begun);
    return result;
  };
  const onFile = options.onFile ?? (() => undefined);
  const program = pass('reading the script', () => parse(source, diagnostics));
  if (!program || diagnostics.hasErrors) return outcome(program);

  const imported = pass('imports', () => resolveImports(program, { sources, diagnostics, onFile }));
  if (diagnostics.hasErrors) return outcome(program);

  const preamble = pass('definitions of C', () =>
    readPreamble(imported.program.preamble, {
      kernel: options.kernel,
      sources,
      includeFolders: options.includeFolders ?? [],
      onFile,
      headers: [...(options.headers ?? []).map((path) => ({ path })), ...imported.headers],
      diagnostics,
    }),
  );
  if (diagnostics.hasErrors) return outcome(program);

  const { kernel: layered, macros, constants } = preamble;
  const programs = createPrograms(options.debugFolders ?? [], options.pid, onFile);
  const kernel = withTypes(layered, programs.beside(layered.types));
  const linkedCode = pass('imported code', () =>
    readLinkedCode(imported.objects, {
      kernel,
      unsafe: options.unsafe === true,
      diagnostics,
      ...(options.onFile ? { onFile } : {}),
    }),
  );
  if (diagnostics.hasErrors) return outcome(program);

  const library = standardLibrary(sources);
  const listed = pass('lists of probes', () =>
    expandLists(imported.program, { sources, diagnostics }),
  );
  if (diagnostics.hasErrors) return outcome(program);

  const expanded = pass('macros', () =>
    expandMacros(listed, {
      ...{ sources, diagnostics, library },
      builtin: (name) => builtins.find(name)?.builtin.traits,
    }),
  );
  if (diagnostics.hasErrors) return outcome(program);

  const typed = pass('analysis', () =>
    analyse(expanded, {
      ...options,
      builtins,
      kernel,
      programs,
      macros,
      constants,
      macroNames: () => [...macroNames(imported.program), ...libraryNames()],
      linked: linkedCode.functions,
      diagnostics,
    }),
  );
  if (!typed || diagnostics.hasErrors) return outcome(program);

  const metrics = pass('metrics', () =>
    readMetrics(readMetricsOf(source), typed.maps, diagnostics),
  );
  checkPinned(typed, diagnostics);
  if (diagnostics.hasErrors) return { ...outcome(program), typed };

  const context = {
    builtins: codeOf,
    sources,
    kernel,
    reportsHelpers: options.reportsHelpers ?? false,
    imports: linkedCode.objects,
    ties: [...preamble.ties, ...constants.ties(), ...linkedCode.ties],
    usedPrograms: programs.used,
    metrics,
    diagnostics,
  };
  // What LLVM has begun with while code is still generated.
  const begun: Emission[] = [];
  const onPart = (part: ModulePart) => begun.push(beginObject(part.text()));
  const ahead = options.ahead ? { onPart } : {};
  const lowered = pass('generating code', () =>
    droppingOnError(begun, () => lower(typed, { ...context, ...ahead })),
  );
  const { module } = lowered;
  if (diagnostics.hasErrors) {
    for (const emission of begun) emission.drop();
    return { ...outcome(program), typed };
  }
  const bodies = [...typed.probes, ...typed.functions];
  const makeObject = (): Uint8Array => {
    const make = (unit: typeof module, parts: readonly Emission[]) =>
      pass('making the object', () => emitObjects(unit, bodies, parts));
    const linked = (
      { module: unit, input }: ReturnType<typeof lower>,
      objects: readonly Uint8Array[],
    ): Uint8Array => {
      const { programs } = unit.shared();
      const whole = pass('linking', () => link({ ...input, objects, programs }));
      const stores = linkedCode.objects.length > 0 && options.unsafe !== true;
      const beyond = [...beyondLimits(whole), ...(stores ? storesToContext(whole) : [])];
      if (beyond.length > 0) throw new LimitError(sources, beyond);
      return whole;
    };
    // They can be taken once.
    const first = make(module, begun.splice(0));
    if ('objects' in first) return linked(lowered, first.objects);
    // Once more, with less in registers that would be spilled to the stack.
    const spare = pass('generating code', () => lower(typed, { ...context, sparesStack: true }));
    const second = make(spare.module, []);
    if ('refusals' in second) throw new LimitError(sources, second.refusals);
    return linked(spare, second.objects);
  };
  return {
    ...outcome(program),
    typed,
    ir: () => module.text(),
    optimisedIr: () => Buffer.from(emit(module, 'ir')).toString(),
    assembly: () => Buffer.from(emit(module, 'assembly')).toString(),
    object: makeObject,
    checkLimits: () => {
      if (!pass('measuring the code', () => fitsForCertain(lowered))) makeObject();
    },
  };
}

/** What `make` gives; where it throws, nothing is left to be done. */
function droppingOnError<T>(begun: readonly Emission[], make: () => T): T {
  try {
    return make();
  } catch (error) {
    for (const emission of begun) emission.drop();
    throw error;
  }
}

/** Without warnings of the standard library, and those that comments of the script silence. */
function told(diagnostics: readonly Diagnostic[], sources: Sources): readonly Diagnostic[] {
  const allowed = new Map<Source, ReturnType<typeof readAllowed>>();
  const isAllowed = (code: DiagnosticCode, at: Range): boolean => {
    const { source, start } = sources.place(at);
    const lines = allowed.get(source) ?? readAllowed(source);
    allowed.set(source, lines);
    return lines.get(start.line)?.has(code) === true;
  };
  return diagnostics.filter(({ severity, code, range }) => {
    if (severity === 'error' || !range) return true;
    if (sources.place(range).source.library) return false;
    return ![range, ...sources.uses(range)].some((at) => isAllowed(code, at));
  });
}
