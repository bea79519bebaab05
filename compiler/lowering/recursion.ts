/**
 * Keeps the programs of a script from running inside of each other, where one of them stands in a function that helpers
 * call (compiler/probes/recursion.ts). Each CPU has a table of the tasks that are in a program there. It is not one word:
 * programs can be preempted (migrate_disable, kernel/bpf/trampoline.c), and those of the next task would be missed.
 */
import type { FunctionState } from './state.ts';

/** Tasks of one CPU go to rows by the lowest bits of their id, each with room for so many that are in a program at once. */
const ROWS = 8;
const ROW_WORDS = 8;
const ROW_BYTES = ROW_WORDS * 8;
/** Bytes of the table. */
export const RUNNING_SIZE = ROWS * ROW_BYTES;

/** Ends the program where another one of the script is under way in this task, or interrupted by it. */
export function enterExclusive(fn: FunctionState): void {
  const { ir, lowering } = fn;
  const { defaultReturn } = fn.program.probe.target;
  const leave = () => ir.return_(ir.constant(defaultReturn));
  const index = ir.alloca(4, 4);
  ir.store(index, 0, 4, ir.constant(0));
  const table = lowering.callPointer('map_lookup_elem', lowering.runtimeMap('running'), index);
  ir.if_(ir.isNull(table), leave);
  const id = ir.op('and', lowering.call('get_current_pid_tgid'), ir.constant(0xffffffff));
  // An idle task has the id 0, which is that of a free word.
  const task = ir.op('or', id, ir.constant(1n << 32n));
  const row = ir.offset(
    table,
    ir.op('mul', ir.op('and', id, ir.constant(ROWS - 1)), ir.constant(ROW_BYTES)),
  );
  let free = ir.constant(ROW_WORDS);
  for (let i = ROW_WORDS - 1; i >= 0; i -= 1) {
    const word = ir.loadVolatile(row, i * 8, 8);
    ir.if_(ir.compare('eq', word, task), leave);
    free = ir.select(ir.compare('eq', word, ir.constant(0)), ir.constant(i), free);
  }
  ir.if_(ir.compare('eq', free, ir.constant(ROW_WORDS)), leave);
  const within = ir.op('and', ir.opaque(free), ir.constant(ROW_WORDS - 1));
  const word = ir.offset(row, ir.op('shl', within, ir.constant(3)));
  ir.storeVolatile(word, 0, 8, task);
  fn.running = word;
}

/** On every way out of the program. */
export function leaveExclusive(fn: FunctionState): void {
  if (fn.running) fn.ir.storeVolatile(fn.running, 0, 8, fn.ir.constant(0));
}
