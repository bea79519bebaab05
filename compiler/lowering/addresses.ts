/** Addresses of what stands in memory: `&x`. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import { variableStorage } from './expressions.ts';
import { locateMapValue } from './maps.ts';
import { materialise, placeOf } from './members.ts';
import type { FunctionState } from './state.ts';
import { tracepointFieldAddress } from './tracepoint.ts';

export function lowerAddressOf(fn: FunctionState, operand: TypedExpression): IrValue {
  const { ir } = fn;
  switch (operand.kind) {
    case 'variable':
      return ir.pointerToInt(variableStorage(fn, operand.variable).pointer);
    case 'map':
      return ir.pointerToInt(locateMapValue(fn, operand));
    case 'tracepoint-field':
      return tracepointFieldAddress(fn, operand);
    default: {
      const place = materialise(fn, placeOf(fn, operand));
      return place.where === 'program' ? ir.pointerToInt(place.pointer) : place.address;
    }
  }
}
