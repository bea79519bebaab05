/**
 * Keeps the programs of a script from running inside of each other on a CPU, where one of them stands in a function
 * that helpers call (compiler/probes/recursion.ts): a word for each CPU says that one is under way.
 */
import type { FunctionState } from './state.ts';

/** Ends the program where another one of the script is under way on this CPU. */
export function enterExclusive(fn: FunctionState): void {
  const { ir, lowering } = fn;
  const { defaultReturn } = fn.program.probe.target;
  const leave = () => ir.return_(ir.constant(defaultReturn));
  const index = ir.alloca(4, 4);
  ir.store(index, 0, 4, ir.constant(0));
  const word = lowering.callPointer('map_lookup_elem', lowering.runtimeMap('running'), index);
  ir.if_(ir.isNull(word), leave);
  ir.if_(ir.toBool(ir.loadVolatile(word, 0, 8)), leave);
  ir.storeVolatile(word, 0, 8, ir.constant(1));
  fn.running = word;
}

/** On every way out of the program. */
export function leaveExclusive(fn: FunctionState): void {
  if (fn.running) fn.ir.storeVolatile(fn.running, 0, 8, fn.ir.constant(0));
}
