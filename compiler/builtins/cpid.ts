/** cpid and has_cpid: the process that the loader started for `-c`. */
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { BOOL, UINT32 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { plainValue } from './use.ts';

function lowerChild(lowering: Lowering): IrValue {
  return lowering.ir.loadFixed(lowering.shared('childPid'), 0, 4);
}

export const cpid: Builtin = defineBuiltin({
  name: 'cpid',
  summary: 'Process id of the command that -c started; 0, with a warning, without one.',
  analyse: () => typed(UINT32),
  lower(call, lowering) {
    const { ir } = lowering;
    const child = lowerChild(lowering);
    ir.if_(ir.compare('eq', child, ir.constant(0)), () => {
      lowering.emit(
        {
          kind: 'warning',
          fields: [],
          message: 'cpid is 0: no command was started with -c.',
          range: call.range,
        },
        () => {},
      );
    });
    return child;
  },
});

export const hasCpid: Builtin = plainValue(
  'has_cpid',
  BOOL,
  'Whether a command was started with -c.',
  (lowering) =>
    lowering.ir.fromBool(lowering.ir.compare('ne', lowerChild(lowering), lowering.ir.constant(0))),
);
