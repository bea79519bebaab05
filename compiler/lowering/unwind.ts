/**
 * dw_ustack: the frames of a process by tables that the loader has made of .eh_frame, for code without frame
 * pointers. Each round of a bpf_loop is a frame: it finds the code's mapping and row by binary search, and with
 * them the caller. x86-64.
 */
import type { RuntimeMap } from '../../linker/contract/maps.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import type { TypeNumber } from '../types/type.ts';
import { createFunction } from './function.ts';
import { numberValue } from './globals.ts';
import type { FunctionState } from './state.ts';

/** {u32 first mapping, u32 number of mappings}, by pid. */
export const PROCESS_SIZE = 8;

/** struct unwind_mapping: u64 start, end, base; u32 first row, number of rows. */
export const MAPPING_SIZE = 32;
const MAPPING = { start: 0, end: 8, base: 16, firstRow: 24, rowCount: 28 } as const;

/** struct unwind_row (loader/src/binary/eh_frame.h): u32 address, i16 distance, u8 base, i8 frame pointer. */
export const ROW_SIZE = 8;
const ROW = { address: 0, distance: 4, base: 6, framePointer: 7 } as const;
const BASE_UNKNOWN = 0;
const BASE_FRAME_POINTER = 2;
const BASE_END = 3;

/**
 * The walk stands in scratch memory, before the frames: see Loops. The callback gets a record on the stack with its
 * address.
 */
const WALK = { ip: 0, sp: 8, bp: 16, count: 24, failed: 32, first: 40, mappings: 48 } as const;
export const WALK_SIZE = 56;

/** In struct pt_regs (arch/x86/include/uapi/asm/ptrace.h). */
const REGISTERS = [
  [WALK.ip, 128],
  [WALK.sp, 152],
  [WALK.bp, 32],
] as const;

/** Enough for a table of 16 million rows. */
const SEARCH_STEPS = 24;

/** Stands in the place of a frame that could not be found (loader/src/output/stacks.c). */
const FAILURE = 0xffff_ffff_ffff_ffffn;

const NO_TABLES =
  'dw_ustack has no tables for the process. Name it with --dwarf-pid or -p, and start it before the tracer.';

/**
 * Writes up to `limit` addresses behind the walk, perhaps with the mark of a failure as the last, and gives their
 * bytes; 0 where the process has no tables. `walk` is scratch memory.
 */
export function lowerUnwind(fn: FunctionState, walk: IrPointer, limit: TypeNumber): IrValue {
  const { ir, lowering, program, unit } = fn;
  lowering.tie(`dw_ustack walks stacks of ${unit.kernel.arch}`);
  const record = ir.alloca(8, 8);
  const key = ir.alloca(8, 8);
  program.callbacks += 1;
  const name = `${program.probe.symbol}_unwind_${program.callbacks}`;
  const callback = unit.callback(name, 'loop-callback', ['i32', 'ptr'], (inner, args) => {
    const [index, given] = args;
    if (!index || !given) throw new Error('a loop callback has two parameters');
    const callee = createFunction(program, inner, {
      role: 'callback',
      frame: undefined,
      result: undefined,
      context: inner.nullPointer(),
    });
    lowerStep(callee, index as IrValue, given as IrPointer, limit);
  });

  ir.store(key, 0, 4, lowering.taskId('pid', 'curr_ns'));
  const process = lowering.callPointer(
    'map_lookup_elem',
    lowering.runtimeMap('unwind_processes'),
    key,
  );
  return ir.ifValue(
    ir.isNull(process),
    () => {
      lowering.emit({ kind: 'warning', fields: [], message: NO_TABLES }, () => undefined);
      return ir.constant(0);
    },
    () => {
      const task = lowering.callPointer('get_current_task_btf');
      const registers = ir.pointerToInt(lowering.callPointer('task_pt_regs', task));
      for (const [word, offset] of REGISTERS)
        lowering.probeRead(
          ir.offset(walk, word),
          8,
          ir.op('add', registers, ir.constant(offset)),
          'kernel',
        );
      ir.store(walk, WALK.count, 8, ir.constant(0));
      ir.store(walk, WALK.failed, 8, ir.constant(0));
      ir.store(walk, WALK.first, 8, ir.load(process, 0, 4, false));
      ir.store(walk, WALK.mappings, 8, ir.load(process, 4, 4, false));
      ir.store(record, 0, 8, ir.pointerToInt(walk));
      lowering.call('loop', numberValue(fn, limit), ir.callback(callback), record, ir.constant(0));
      const count = ir.loadVolatile(walk, WALK.count, 8);
      const marked = ir.and(
        ir.toBool(ir.loadVolatile(walk, WALK.failed, 8)),
        ir.compare('ult', count, numberValue(fn, limit)),
      );
      return ir.ifValue(
        marked,
        () => {
          ir.store(frameAt(fn, walk, count), 0, 8, ir.constant(FAILURE));
          return ir.op('shl', ir.op('add', count, ir.constant(1)), ir.constant(3));
        },
        () => ir.op('shl', count, ir.constant(3)),
      );
    },
  );
}

function frameAt({ ir }: FunctionState, walk: IrPointer, index: IrValue): IrPointer {
  return ir.offset(ir.offset(walk, WALK_SIZE), ir.op('shl', index, ir.constant(3)));
}

/** One frame: keeps its address, and makes the registers those of its caller. */
function lowerStep(fn: FunctionState, index: IrValue, record: IrPointer, limit: TypeNumber): void {
  const { ir, lowering } = fn;
  const walk = ir.intToPointer(ir.load(record, 0, 8));
  const stop = (): void => ir.return_(ir.constant(1));
  const fail = (): void => {
    ir.store(walk, WALK.failed, 8, ir.constant(1));
    stop();
  };
  const number = ir.extend(index, 4, false);
  ir.if_(ir.compare('uge', number, numberValue(fn, limit)), stop);
  const ip = ir.load(walk, WALK.ip, 8);
  ir.store(frameAt(fn, walk, number), 0, 8, ip);
  ir.store(walk, WALK.count, 8, ir.op('add', number, ir.constant(1)));

  // A return address may be that of the next function: the call is what stands before it.
  const place = ir.select(
    ir.compare('eq', number, ir.constant(0)),
    ip,
    ir.op('sub', ip, ir.constant(1)),
  );
  const first = ir.load(walk, WALK.first, 8);
  const mapping = search(fn, 'unwind_mappings', first, ir.load(walk, WALK.mappings, 8), {
    field: MAPPING.start,
    width: 8,
    value: place,
  });
  ir.if_(ir.isNull(mapping), fail);
  ir.if_(ir.compare('uge', place, ir.load(mapping, MAPPING.end, 8)), fail);
  const row = search(
    fn,
    'unwind_rows',
    ir.load(mapping, MAPPING.firstRow, 4, false),
    ir.load(mapping, MAPPING.rowCount, 4, false),
    {
      field: ROW.address,
      width: 4,
      value: ir.op('sub', place, ir.load(mapping, MAPPING.base, 8)),
    },
  );
  ir.if_(ir.isNull(row), fail);
  const base = ir.load(row, ROW.base, 1, false);
  ir.if_(ir.compare('eq', base, ir.constant(BASE_UNKNOWN)), fail);
  ir.if_(ir.compare('eq', base, ir.constant(BASE_END)), stop);

  const from = ir.select(
    ir.compare('eq', base, ir.constant(BASE_FRAME_POINTER)),
    ir.load(walk, WALK.bp, 8),
    ir.load(walk, WALK.sp, 8),
  );
  const words = (value: IrValue): IrValue => ir.op('shl', value, ir.constant(3));
  const frame = ir.op('add', from, words(ir.load(row, ROW.distance, 2, true)));
  const saved = ir.load(row, ROW.framePointer, 1, true);
  const read = (word: number, address: IrValue): void => {
    const result = lowering.probeRead(ir.offset(walk, word), 8, address, 'user');
    ir.if_(ir.compare('ne', result, ir.constant(0)), fail);
  };
  ir.if_(ir.toBool(saved), () => read(WALK.bp, ir.op('add', frame, words(saved))));
  read(WALK.ip, ir.op('sub', frame, ir.constant(8)));
  ir.store(walk, WALK.sp, 8, frame);
  ir.if_(ir.compare('eq', ir.load(walk, WALK.ip, 8), ir.constant(0)), stop);
  ir.return_(ir.constant(0));
}

/** The last of `count` elements of an array from `first` on whose field is not above the value; null: none. */
function search(
  fn: FunctionState,
  map: RuntimeMap,
  first: IrValue,
  count: IrValue,
  wanted: { readonly field: number; readonly width: 4 | 8; readonly value: IrValue },
): IrPointer {
  const { ir, lowering } = fn;
  const low = ir.alloca(8, 8);
  const high = ir.alloca(8, 8);
  const steps = ir.alloca(8, 8);
  const key = ir.alloca(8, 8);
  ir.store(low, 0, 8, first);
  ir.store(high, 0, 8, ir.op('add', first, count));
  ir.store(steps, 0, 8, ir.constant(0));
  const at = (index: IrValue): IrPointer => {
    ir.store(key, 0, 4, index);
    return lowering.callPointer('map_lookup_elem', lowering.runtimeMap(map), key);
  };
  ir.while_(
    () =>
      ir.and(
        ir.compare('ult', ir.load(low, 0, 8), ir.load(high, 0, 8)),
        ir.compare('ult', ir.load(steps, 0, 8), ir.constant(SEARCH_STEPS)),
      ),
    ({ break_ }) => {
      ir.store(steps, 0, 8, ir.op('add', ir.load(steps, 0, 8), ir.constant(1)));
      const sum = ir.op('add', ir.load(low, 0, 8), ir.load(high, 0, 8));
      const middle = ir.op('lshr', sum, ir.constant(1));
      const element = at(middle);
      ir.if_(ir.isNull(element), break_);
      const value = ir.load(element, wanted.field, wanted.width, false);
      ir.if_(
        ir.compare('ule', value, wanted.value),
        () => ir.store(low, 0, 8, ir.op('add', middle, ir.constant(1))),
        () => ir.store(high, 0, 8, middle),
      );
    },
  );
  const end = ir.load(low, 0, 8);
  return ir.ifPointer(
    ir.compare('ule', end, first),
    () => ir.nullPointer(),
    () => at(ir.op('sub', end, ir.constant(1))),
  );
}
