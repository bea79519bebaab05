/** Looking for a string in another: strcontains and strstr. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { FunctionBuilder, IrBuilder, IrPointer, IrValue } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { locate } from './expressions.ts';
import type { Lowering } from './lowering.ts';
import type { FunctionState } from './state.ts';

/**
 * Steps that the verifier walks through: of a text that is looked for it knows every byte if the script has it, else
 * both ways are open at each, and it gives up at some thousand of those.
 */
const WALKED = { known: 32_768, unknown: 1024 } as const;

/** A string in memory and the bytes that it has room for. */
interface Text {
  readonly pointer: IrPointer;
  readonly size: number;
}

/**
 * Index of the first occurrence, or -1: tries each place of the haystack in turn. Short searches are loops; long ones
 * call a callback for each byte, which the verifier checks once.
 */
export function lowerSearch(
  fn: FunctionState,
  haystack: TypedExpression,
  needle: TypedExpression,
): IrValue {
  const within = textOf(fn, haystack);
  const wanted = textOf(fn, needle);
  return runsCallback(haystack, needle)
    ? searchByCallback(fn, within, wanted)
    : searchInLoop(fn.lowering, within, wanted);
}

/** Whether a search is a long one. */
export function runsCallback(haystack: TypedExpression, needle: TypedExpression): boolean {
  const steps = layoutOf(haystack.type).size * layoutOf(needle.type).size;
  return steps > (needle.kind === 'string' ? WALKED.known : WALKED.unknown);
}

function textOf(fn: FunctionState, text: TypedExpression): Text {
  return {
    pointer: locate(fn, text, false).pointer,
    size: layoutOf(text.type).size,
  };
}

/** `for (place = 0; place < sizeof(haystack); place++)` */
export function searchInLoop(
  { ir, temporary }: Pick<Lowering, 'ir' | 'temporary'>,
  within: Text,
  wanted: Text,
): IrValue {
  const result = temporary(8);
  const outer = temporary(8);
  const inner = temporary(8);
  ir.store(result, 0, 8, ir.constant(-1));
  ir.store(outer, 0, 8, ir.constant(0));
  ir.while_(
    () => ir.compare('ult', ir.load(outer, 0, 8), ir.constant(within.size)),
    (places) => {
      const place = ir.load(outer, 0, 8);
      lowerPlace(ir, within, wanted, place, { result, inner });
      const found = ir.compare('sge', ir.load(result, 0, 8), ir.constant(0));
      const ended = ir.compare(
        'eq',
        ir.load(ir.offset(within.pointer, place), 0, 1, false),
        ir.constant(0),
      );
      ir.if_(ir.or(found, ended), () => places.break_());
      ir.store(outer, 0, 8, ir.op('add', place, ir.constant(1)));
    },
  );
  return ir.load(result, 0, 8);
}

/** What the callback is given stands on the stack: addresses of both strings and of how far it has come. */
const GIVEN = { within: 0, wanted: 8, progress: 16, size: 24 } as const;
/** That stands in scratch memory: of numbers there the verifier knows nothing, and so it need not follow them. */
const PROGRESS = { place: 0, index: 8, result: 16, size: 24 } as const;

/** Each round compares one byte, and goes on to the next one or to the next place. */
function searchByCallback(fn: FunctionState, within: Text, wanted: Text): IrValue {
  const { ir, lowering, memory, program, unit } = fn;
  const record = ir.alloca(GIVEN.size, 8);
  const progress = memory.take(unit.config.onStackLimit + PROGRESS.size);
  ir.store(progress, PROGRESS.place, 8, ir.constant(0));
  ir.store(progress, PROGRESS.index, 8, ir.constant(0));
  ir.store(progress, PROGRESS.result, 8, ir.constant(-1));
  ir.store(record, GIVEN.within, 8, ir.pointerToInt(within.pointer));
  ir.store(record, GIVEN.wanted, 8, ir.pointerToInt(wanted.pointer));
  ir.store(record, GIVEN.progress, 8, ir.pointerToInt(progress));
  program.callbacks += 1;
  const name = `${program.probe.symbol}_search_${program.callbacks}`;
  const callback = unit.callback(name, 'loop-callback', ['i32', 'ptr'], (code, [, given]) => {
    const pointer = (offset: number): IrPointer =>
      code.intToPointer(code.load(given as IrPointer, offset, 8));
    lowerRound(code, pointer(GIVEN.progress), {
      within: { ...within, pointer: pointer(GIVEN.within) },
      wanted: { ...wanted, pointer: pointer(GIVEN.wanted) },
    });
  });
  const rounds = ir.constant(within.size * wanted.size);
  lowering.call('loop', rounds, ir.callback(callback), record, ir.constant(0));
  return ir.load(progress, PROGRESS.result, 8);
}

function lowerRound(
  ir: FunctionBuilder,
  progress: IrPointer,
  { within, wanted }: { readonly within: Text; readonly wanted: Text },
): void {
  const [again, stop] = [ir.constant(0), ir.constant(1)];
  const byteOf = (text: Text, at: IrValue): IrValue =>
    ir.load(ir.offset(text.pointer, at), 0, 1, false);
  const isBeyond = (text: Text, at: IrValue) => ir.compare('uge', at, ir.constant(text.size));
  const place = ir.opaque(ir.load(progress, PROGRESS.place, 8));
  const index = ir.opaque(ir.load(progress, PROGRESS.index, 8));
  ir.if_(isBeyond(within, place), () => ir.return_(stop));
  ir.if_(isBeyond(wanted, index), () => ir.return_(stop));
  const byte = byteOf(wanted, index);
  ir.if_(ir.compare('eq', byte, ir.constant(0)), () => {
    ir.store(progress, PROGRESS.result, 8, place);
    ir.return_(stop);
  });
  const at = ir.opaque(ir.op('add', place, index));
  ir.if_(ir.not(isBeyond(within, at)), () => {
    ir.if_(ir.compare('eq', byteOf(within, at), byte), () => {
      ir.store(progress, PROGRESS.index, 8, ir.op('add', index, ir.constant(1)));
      ir.return_(again);
    });
  });
  ir.if_(ir.compare('eq', byteOf(within, place), ir.constant(0)), () => ir.return_(stop));
  ir.store(progress, PROGRESS.place, 8, ir.op('add', place, ir.constant(1)));
  ir.store(progress, PROGRESS.index, 8, ir.constant(0));
  ir.return_(again);
}

/**
 * Compares at one place:
 *
 *   for (j = 0; j < sizeof(needle); j++) {
 *     if (!needle[j]) { result = place; break; }
 *     if (place + j >= sizeof(haystack) || haystack[place + j] != needle[j]) break;
 *   }
 */
function lowerPlace(
  ir: IrBuilder,
  within: Text,
  wanted: Text,
  place: IrValue,
  { result, inner }: { readonly result: IrPointer; readonly inner: IrPointer },
): void {
  const zero = ir.constant(0);
  ir.store(inner, 0, 8, zero);
  ir.while_(
    () => ir.compare('ult', ir.load(inner, 0, 8), ir.constant(wanted.size)),
    (bytes) => {
      const index = ir.load(inner, 0, 8);
      const byte = ir.load(ir.offset(wanted.pointer, index), 0, 1, false);
      ir.if_(ir.compare('eq', byte, zero), () => {
        ir.store(result, 0, 8, place);
        bytes.break_();
      });
      const at = ir.op('add', place, index);
      ir.if_(ir.compare('uge', at, ir.constant(within.size)), () => bytes.break_());
      const other = ir.load(ir.offset(within.pointer, at), 0, 1, false);
      ir.if_(ir.compare('ne', other, byte), () => bytes.break_());
      ir.store(inner, 0, 8, ir.op('add', index, ir.constant(1)));
    },
  );
}
