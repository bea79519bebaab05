/** Imports of compiled code: `.bpf.o` as it is, `.bpf.c` through clang. Gives what is linked and what can be called. */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { BTF_KIND, ENCODING } from '../../linker/btf/btf.ts';
import type { Btf, BtfType } from '../../linker/btf/read.ts';
import { codeEffects } from '../../linker/code-effects.ts';
import { EFFECTS } from '../../linker/contract/effects.ts';
import { isReservedName } from '../../linker/contract/names.ts';
import {
  conflictsOf,
  ImportError,
  type ImportedFunction,
  type ImportedObject,
  readImported,
} from '../../linker/imported.ts';
import type { KernelDescription, KernelTypes } from '../kernel/types.ts';
import { filesIn, findClang } from '../preamble/clang.ts';
import { archIncludes } from '../preamble/headers.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type { FunctionSignature } from '../types/signature.ts';
import type { IntSize, Type } from '../types/type.ts';
import { BOOL, VOID } from '../types/type.ts';

export interface LinkedImport {
  /** File that is there. */
  readonly path: string;
  /** The import statement. */
  readonly range: Range;
}

export interface LinkedCode {
  readonly objects: readonly ImportedObject[];
  /** Functions that scripts can call, by name. */
  readonly functions: ReadonlyMap<string, FunctionSignature>;
  /** Nobody knows what compiled code has of an architecture. */
  readonly ties: readonly { readonly reason: string; readonly range: Range }[];
}

export interface LinkedContext {
  readonly kernel: KernelDescription;
  /** Code that changes the system is allowed. */
  readonly unsafe: boolean;
  readonly diagnostics: Diagnostics;
  /** Told of each header of the C, for which clang has to run once more. */
  readonly onFile?: (path: string) => void;
}

/** Reads (and compiles) the files; what is wrong with them is reported at their imports. */
export function readLinkedCode(
  imports: readonly LinkedImport[],
  { kernel, unsafe, diagnostics, onFile }: LinkedContext,
): LinkedCode {
  const ranges = new Map<ImportedObject, Range>();
  for (const { path, range } of imports) {
    const bytes = path.endsWith('.c')
      ? compileC(path, range, kernel, diagnostics, onFile)
      : readFileSync(path);
    if (!bytes) continue;
    try {
      ranges.set(readImported(basename(path), bytes), range);
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      diagnostics.error('imported-object', error.message, range);
    }
  }
  const objects = [...ranges.keys()];
  for (const { object, message } of conflictsOf(objects, isReservedName)) {
    diagnostics.error('imported-object', message, ranges.get(object));
  }
  if (!unsafe) for (const [object, range] of ranges) refuseEffects(object, range, diagnostics);
  const functions = new Map<string, FunctionSignature>();
  for (const object of objects) {
    for (const fn of object.functions) {
      const signature = signatureOf(fn, object.btf, kernel.types);
      if (signature) functions.set(fn.name, signature);
    }
  }
  const ties = imports.map(({ path, range }) => ({
    reason: `${basename(path)} is compiled code, as it is for ${kernel.arch}`,
    range,
  }));
  return { objects, functions, ties };
}

/**
 * What imported code does is judged by its instructions, as a loader does. Names that it leaves open are those of other
 * imported objects (conflictsOf).
 */
function refuseEffects(
  { name, elf, pinnedMaps }: ImportedObject,
  range: Range,
  diagnostics: Diagnostics,
): void {
  const hint = 'Use --unsafe to allow code that changes the system.';
  for (const { effect, callee, caller } of codeEffects(elf, () => true))
    diagnostics.error(
      'unsafe',
      `${name} ${EFFECTS[effect].does}: ${caller}() calls ${callee}`,
      range,
      hint,
    );
  for (const map of pinnedMaps)
    diagnostics.error('unsafe', `${name} ${EFFECTS.map.does}: ${map}`, range, hint);
}

function compileC(
  path: string,
  range: Range,
  kernel: KernelDescription,
  diagnostics: Diagnostics,
  onFile: ((path: string) => void) | undefined,
): Uint8Array | undefined {
  const name = basename(path);
  const clang = findClang(dirname(path));
  if (!clang) {
    diagnostics.error(
      'missing-clang',
      `${name} has to be compiled by clang, which is not installed`,
      range,
      'Install clang, or import a .bpf.o that was compiled elsewhere.',
    );
    return undefined;
  }
  // The line marker keeps the name in messages and line information, without the folder.
  const text = `# 1 "${name}"\n${readFileSync(path, 'utf8')}`;
  const options = ['-O2', '-g', '-mcpu=v3', '-I', archIncludes(kernel.arch), '-x', 'c', '-c'];
  const { output, messages, failed } = clang.run([...options, '-fdebug-compilation-dir=.'], text);
  if (onFile) {
    const preprocessed = clang.run(['-E', ...options.filter((option) => option !== '-c')], text);
    const headers = filesIn(preprocessed.output.toString('utf8'));
    for (const header of headers) if (header !== name) onFile(header);
  }
  for (const { severity, text: message, file, line, column } of messages) {
    if (severity === 'note') continue;
    const place = file === '' ? name : `${file}:${line}:${column}`;
    const text = `${place}: ${message}`;
    if (severity === 'error') diagnostics.error('c-error', text, range);
    else diagnostics.warning('c-warning', text, range);
  }
  return failed ? undefined : output;
}

/** undefined for functions with values that scripts do not have, such as whole structs. */
function signatureOf(
  { name, prototype }: ImportedFunction,
  btf: Btf,
  types: KernelTypes,
): FunctionSignature | undefined {
  const returns = typeOf(btf, prototype.sizeOrType, types);
  const parameters = btf.parameters(prototype.id).map((parameter, index) => ({
    name: parameter.name || `argument ${index + 1}`,
    type: typeOf(btf, parameter.type, types),
  }));
  const known = parameters.flatMap((parameter) =>
    parameter.type && parameter.type !== VOID ? [{ ...parameter, type: parameter.type }] : [],
  );
  if (!returns || known.length < parameters.length) return undefined;
  return { name, symbol: name, linked: true, parameters: known, returns };
}

function typeOf(btf: Btf, id: number, types: KernelTypes): Type | undefined {
  const type = btf.resolve(id);
  switch (type.kind) {
    case BTF_KIND.void:
      return VOID;
    case BTF_KIND.int:
      if (btf.int(type.id).encoding & ENCODING.bool) return BOOL;
      return intOf(type, (btf.int(type.id).encoding & ENCODING.signed) !== 0);
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
      return intOf(type, type.kindFlag);
    case BTF_KIND.pointer:
      return { kind: 'pointer', to: pointee(btf, type.sizeOrType, types), space: 'none' };
    default:
      return undefined;
  }
}

function intOf(type: BtfType, signed: boolean): Type | undefined {
  const size = ([1, 2, 4, 8] as const).find((width: IntSize) => width === type.sizeOrType);
  return size && { kind: 'int', size, signed };
}

/** Structs are the kernel's of the same name; those that only the object knows are opaque. */
function pointee(btf: Btf, id: number, types: KernelTypes): Type {
  const type = btf.resolve(id);
  if (
    type.kind === BTF_KIND.struct ||
    type.kind === BTF_KIND.union ||
    type.kind === BTF_KIND.forward
  ) {
    const union = type.kind === BTF_KIND.union || (type.kind === BTF_KIND.forward && type.kindFlag);
    return types.struct(union ? 'union' : 'struct', type.name) ?? VOID;
  }
  return type.kind === BTF_KIND.int ? (typeOf(btf, id, types) ?? VOID) : VOID;
}
