/**
 * Addresses of a program's variables. The loader knows how far each is from the place that the probe is attached to,
 * in the file and so in memory; where that place is in a process, the program sees itself.
 */

import { unsigned } from '../../linker/btf/types.ts';
import { NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { FunctionState } from './state.ts';

/** Symbol in .rodata of the i64 distance. */
export function distanceSymbol(program: string, name: string): string {
  return `${NAME_PREFIXES.distance}${program}_${Buffer.from(name).toString('hex')}`;
}

export function lowerUserAddress(fn: FunctionState, name: string): IrValue {
  const { ir, lowering, program, unit } = fn;
  const symbol = distanceSymbol(program.probe.symbol, name);
  unit.variable({ symbol, section: '.rodata', type: unsigned(8) });
  const distance = ir.load(ir.global(symbol), 0, 8);
  // The registers of a uprobe still point at its place (handle_swbp). When a function returns they are those of its
  // caller, and bpf_get_func_ip knows the function since Linux 6.6; before that it gives 0.
  if (program.probe.target.provider !== 'uretprobe')
    return ir.op('add', lowering.register('ip'), distance);
  const start = lowering.call('get_func_ip', fn.context);
  return ir.ifValue(
    ir.compare('eq', start, ir.constant(0)),
    () => ir.constant(0),
    () => ir.op('add', start, distance),
  );
}
