/**
 * BTF of what programs use of the kernel itself: extern variables and functions in DATASEC `.ksyms`, as clang writes
 * them for `__ksym`. libbpf compares their types with the kernel's by kind (`bpf_core_types_are_compat` in
 * tools/lib/bpf/relo_core.c), so structs are empty.
 */

import { BTF_KIND, LINKAGE } from './btf.ts';
import type { BtfBuilder } from './builder.ts';
import type { KernelSymbol } from './definitions.ts';
import type { Btf } from './read.ts';
import { addType } from './types.ts';

export const KERNEL_SYMBOLS = '.ksyms';
/** Types of variables nest a few levels deep. */
const DEEPEST = 16;

export function addKernelSymbols(
  builder: BtfBuilder,
  kernel: () => Btf,
  symbols: readonly KernelSymbol[],
): void {
  if (symbols.length === 0) return;
  const entries = symbols.map((symbol) => ({
    variable:
      symbol.kind === 'variable'
        ? builder.variable(
            symbol.symbol,
            shapeOf(builder, kernel(), symbol.type, 0),
            LINKAGE.extern,
          )
        : builder.function(
            symbol.symbol,
            addType(builder, symbol.returns),
            symbol.parameters.map(({ name, type }) => ({ name, type: addType(builder, type) })),
            LINKAGE.extern,
          ),
    offset: 0,
    size: 0,
  }));
  builder.section(KERNEL_SYMBOLS, 0, entries);
}

/** The kinds of a kernel type, as deep as pointers and arrays go. */
function shapeOf(builder: BtfBuilder, kernel: Btf, id: number, depth: number): number {
  const type = kernel.resolve(id);
  const inner = (of: number): number => shapeOf(builder, kernel, of, depth + 1);
  if (depth > DEEPEST) return 0;
  switch (type.kind) {
    case BTF_KIND.int: {
      const { encoding, bits } = kernel.int(type.id);
      return builder.int(type.name, type.sizeOrType, encoding, bits);
    }
    case BTF_KIND.float:
      return builder.float(type.name, type.sizeOrType);
    case BTF_KIND.pointer:
      return builder.pointer(inner(type.sizeOrType));
    case BTF_KIND.array: {
      const { element, count } = kernel.array(type.id);
      return builder.array(inner(element), count);
    }
    case BTF_KIND.struct:
    case BTF_KIND.forward:
      return builder.aggregate('struct', type.name, type.sizeOrType, []);
    case BTF_KIND.union:
      return builder.aggregate('union', type.name, type.sizeOrType, []);
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
      return builder.enum(
        type.name,
        type.sizeOrType,
        type.kindFlag,
        [],
        type.kind === BTF_KIND.enum64,
      );
    case BTF_KIND.prototype:
      return builder.prototype(
        inner(type.sizeOrType),
        kernel.parameters(type.id).map(({ name, type: of }, index) => ({
          name: name || `arg${index}`,
          type: inner(of),
        })),
      );
    default:
      return 0;
  }
}
