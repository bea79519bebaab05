/** join: the strings of an array such as argv, put together by the loader. */
import { optional, text } from '../analysis/parameters.ts';
import type { Type } from '../types/type.ts';
import { UINT32, VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { address, addressArgument, argument, spaceOfPointer } from './use.ts';

const MOST_STRINGS = 16;
const STRING_SIZE = 1024;

/** {u32 count, char[16][1024]} */
const FIELDS: readonly Type[] = [
  UINT32,
  { kind: 'array', element: { kind: 'string', size: STRING_SIZE }, count: MOST_STRINGS },
];

export const join: Builtin = defineBuiltin({
  name: 'join',
  traits: { onlyPrints: true, needsLoader: 'Use printf with str() of each element.' },
  parameters: { array: address, separator: optional(text) },
  summary: 'Prints up to 16 strings of a char *array[], with a separator (a space) and a newline.',
  analyse: ({ array, separator }, _use, scope) =>
    typed(VOID, {
      args: [addressArgument(array, scope)],
      plan: { separator: separator?.value ?? ' ' },
    }),
  /** Reads pointers until one is NULL or cannot be read, and each string straight into the record. */
  lower(call, lowering) {
    const { ir } = lowering;
    const array = argument(call, 0);
    const space = spaceOfPointer(array);
    const start = lowering.value(array);
    lowering.emit(
      { kind: 'join', fields: FIELDS, format: call.plan.separator, range: call.range },
      (field) => {
        const strings = field(1).pointer;
        const counter = lowering.temporary(8);
        const pointer = lowering.temporary(8);
        ir.store(counter, 0, 8, ir.constant(0));
        ir.while_(
          () => ir.compare('ult', ir.load(counter, 0, 8), ir.constant(MOST_STRINGS)),
          (loop) => {
            const index = ir.load(counter, 0, 8);
            const element = ir.op('add', start, ir.op('shl', index, ir.constant(3)));
            // A read that fails leaves zero, as if the array ended here.
            lowering.probeRead(pointer, 8, element, space);
            const string = ir.load(pointer, 0, 8);
            ir.if_(ir.compare('eq', string, ir.constant(0)), () => loop.break_());
            const slot = ir.offset(strings, ir.op('mul', index, ir.constant(STRING_SIZE)));
            lowering.probeReadString(slot, STRING_SIZE, string, space);
            ir.store(counter, 0, 8, ir.op('add', index, ir.constant(1)));
          },
        );
        ir.store(field(0).pointer, 0, 4, ir.load(counter, 0, 8));
      },
    );
    return undefined;
  },
});
