/** `probe`, `func` and symbols of the kernel as text, for what asks more of a string than to be printed. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer } from '../llvm/ir.ts';
import { NAME_TEXT } from '../types/type.ts';
import { constantBytes, lowerValue } from './expressions.ts';
import type { Storage } from './lowering.ts';
import type { FunctionState } from './state.ts';
import { zeroBytes, zeros } from './strings.ts';

const SPACE = 0x20;

/** Where the text of a name of the loader's table stands: in a map that the loader fills. */
export function locateProbeName(fn: FunctionState, name: TypedExpression): IrPointer {
  const { ir, lowering, memory } = fn;
  const key = memory.take(8);
  ir.store(key, 0, 8, lowerValue(fn, name));
  const text = lowering.callPointer('map_lookup_elem', lowering.runtimeMap('probe_names'), key);
  return ir.ifPointer(
    ir.isNull(text),
    () => zeros(fn, NAME_TEXT.size),
    () => text,
  );
}

/**
 * Writes the name of the kernel's function at an address. `%ps` (sprint_symbol_no_offset, kernel/kallsyms.c) puts the
 * module behind it, ` [NAME]`, which is cut off.
 */
export function lowerKernelName(fn: FunctionState, symbol: TypedExpression, to: Storage): void {
  const { ir, lowering, memory } = fn;
  const { size } = NAME_TEXT;
  memory.scope(() => {
    const address = memory.take(8);
    ir.store(address, 0, 8, lowerValue(fn, symbol));
    zeroBytes(fn, to.pointer, size, to.align);
    const format = ir.global(constantBytes(fn, '%ps'));
    lowering.call('snprintf', to.pointer, ir.constant(size), format, address, ir.constant(8));
    const at = memory.take(8);
    const kept = memory.take(8);
    ir.store(at, 0, 8, ir.constant(0));
    ir.store(kept, 0, 8, ir.constant(-1));
    ir.while_(
      () => ir.compare('ult', ir.load(at, 0, 8), ir.constant(size)),
      (loop) => {
        const index = ir.load(at, 0, 8);
        const place = ir.offset(to.pointer, index);
        const byte = ir.load(place, 0, 1, false);
        ir.if_(ir.compare('eq', byte, ir.constant(0)), () => loop.break_());
        ir.if_(ir.compare('eq', byte, ir.constant(SPACE)), () =>
          ir.store(kept, 0, 8, ir.constant(0)),
        );
        ir.store(place, 0, 1, ir.op('and', byte, ir.load(kept, 0, 8)));
        ir.store(at, 0, 8, ir.op('add', index, ir.constant(1)));
      },
    );
  });
}
