/**
 * Pinned iterators. Whoever reads their file gets text, and no loader is there any more to make it of records: the
 * kernel formats (bpf_seq_printf), and what it cannot say is an error.
 */
import type { TypedCall, TypedExpression, TypedProbe, TypedProgram } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import { type Conversion, parseFormat } from '../types/format.ts';
import { typeName } from '../types/names.ts';
import { sequenceOf } from './iterator.ts';
import type { FunctionState } from './state.ts';
import { usesCall } from './walk.ts';

/** Functions of scripts have no target. */
export function isPinned(target: ProbeTarget | undefined): boolean {
  return target?.target.provider === 'iter' && target.target.pin !== undefined;
}

/** Reports what a pinned iterator, and the functions that it calls, cannot do. */
export function checkPinned(program: TypedProgram, diagnostics: Diagnostics): void {
  if (!program.probes.some(({ target }) => isPinned(target))) return;
  for (const probe of program.probes)
    eachCall(probe, (call) => {
      const { format } = call.traits;
      if (format !== undefined) checkFormat(call, format, diagnostics);
      else checkCall(call, diagnostics);
    });
  for (const definition of program.functions)
    eachCall(definition, (call) => {
      if (call.traits.format !== undefined)
        diagnostics.error(
          'pinned-iterator',
          `${call.builtin} in a function cannot reach the file of a pinned iterator`,
          call.range,
          'Return the values, and print them in the block; or use a macro.',
        );
      else checkCall(call, diagnostics);
    });
}

function eachCall(probe: TypedProbe, visit: (call: TypedCall) => void): void {
  usesCall(probe, (call) => {
    visit(call);
    return false;
  });
}

function checkCall(call: TypedCall, diagnostics: Diagnostics): void {
  const { needsLoader: instead } = call.traits;
  if (instead !== undefined)
    diagnostics.error(
      'pinned-iterator',
      `${call.builtin}() cannot be used in a pinned iterator: no loader is there when it runs`,
      call.range,
      instead,
    );
}

function checkFormat(call: TypedCall, format: string, diagnostics: Diagnostics): void {
  const { conversions } = parseFormat(format);
  for (const [index, conversion] of conversions.entries()) {
    const argument = call.args[index];
    if (!argument) continue;
    const problem = formatProblem(conversion, argument);
    if (problem)
      diagnostics.error(
        'pinned-iterator',
        `${call.builtin}: ${problem.message}`,
        argument.range,
        problem.hint,
      );
  }
}

/** Why the kernel cannot format a value (bpf_bprintf_prepare, kernel/bpf/helpers.c). */
function formatProblem(
  { name, flags, text, width }: Conversion,
  { type }: TypedExpression,
): { readonly message: string; readonly hint: string } | undefined {
  const no = (what: string) =>
    `the kernel, which prints of a pinned iterator, does not know ${what}`;
  if (name === 's' && type.kind !== 'string')
    return {
      message: no(`%s of type '${typeName(type)}'`),
      hint: 'It prints strings and numbers: use a conversion for each of them, such as %d.',
    };
  if (['o', 'r', 'rx', 'rh', 'gr'].includes(name))
    return { message: no(text), hint: 'Use %x or %d of numbers.' };
  if (flags.includes('#')) return { message: no(text), hint: 'Write the 0x before a %x.' };
  if (name === 'p' && (width !== undefined || flags !== ''))
    return { message: no(text), hint: 'Use %p alone, or %16llx.' };
  return undefined;
}

/** A format of the kernel, for one call, and the arguments that it takes. */
interface Chunk {
  format: string;
  readonly values: number[];
}

/** MAX_BPRINTF_VARARGS (include/linux/bpf.h). */
const MOST_ARGUMENTS = 12;

/** In its formats the kernel takes nothing but these. */
const ODD_BYTES = /[^\x20-\x7e\t\n\v\f\r]/;

/** Formats as the kernel takes them, in order; `values` are indexes of arguments. */
export function kernelFormats(format: string): readonly Readonly<Chunk>[] {
  const chunks: Chunk[] = [];
  let current: Chunk | undefined;
  let literalFrom = 0;
  const begin = (): Chunk => {
    const chunk: Chunk = { format: '', values: [] };
    chunks.push(chunk);
    return chunk;
  };
  const literal = (end: number) => {
    const text = format.slice(literalFrom, end).replaceAll('%%', '%');
    if (text === '') return;
    const odd = ODD_BYTES.test(text);
    // Behind %s it wants a space or punctuation.
    if (!current || odd || (current.format.endsWith('s') && /^\w/.test(text))) current = begin();
    current.format += text.replaceAll('%', '%%');
    if (odd) current = undefined;
  };
  for (const [index, conversion] of parseFormat(format).conversions.entries()) {
    literal(conversion.offset);
    literalFrom = conversion.offset + conversion.text.length;
    if (!current || current.values.length === MOST_ARGUMENTS) current = begin();
    current.format += kernelConversion(conversion);
    current.values.push(index);
  }
  literal(format.length);
  return chunks;
}

/** Values are extended to 64 bits here; precision means nothing, as for the loader. */
function kernelConversion({ name, flags, width }: Conversion): string {
  if (name === 'c') return '%c';
  if (name === 'p') return '0x%llx';
  return `%${flags}${width ?? ''}${name === 's' ? '' : 'll'}${name}`;
}

/** Writes formatted text to the seq_file. */
export function printToSequence(
  fn: FunctionState,
  format: string,
  args: readonly TypedExpression[],
): void {
  const { ir, lowering } = fn;
  const { conversions } = parseFormat(format);
  fn.memory.scope(() => {
    const values = args.map((argument, index): IrValue => {
      if (argument.type.kind === 'string')
        return ir.pointerToInt(lowering.address(argument, false));
      const conversion = conversions[index];
      const value = lowering.value(argument);
      return conversion ? narrowed(fn, conversion, value) : value;
    });
    const room = fn.memory.take(8 * Math.min(MOST_ARGUMENTS, Math.max(1, values.length)));
    const sequence = sequenceOf(fn);
    for (const chunk of kernelFormats(format)) {
      if (chunk.values.length === 0) {
        const text = chunk.format.replaceAll('%%', '%');
        const length = ir.constant(text.length);
        lowering.call('seq_write', sequence, lowering.constantString(text), length);
        continue;
      }
      for (const [slot, index] of chunk.values.entries()) {
        const value = values[index];
        if (value) ir.store(room, 8 * slot, 8, value);
      }
      lowering.call(
        'seq_printf',
        sequence,
        lowering.constantString(chunk.format),
        ir.constant(chunk.format.length + 1),
        room,
        ir.constant(8 * chunk.values.length),
      );
    }
  });
}

/** Without a modifier an argument counts as int, whatever its own size: as the loader has it (format_parse.c). */
function narrowed({ ir }: FunctionState, { name, length }: Conversion, value: IrValue): IrValue {
  const size = length === '' ? 4 : length === 'h' ? 2 : length === 'hh' ? 1 : 8;
  if (size === 8 || name === 'p' || name === 'c') return value;
  return ir.extend(value, size, name === 'd' || name === 'i');
}
