/** Numbers of the kernel that are needed to compile: the kernel that runs the script has to have the same. */
import { embeddedIn } from '../kernel/embedded.ts';
import type { Range } from '../source/source.ts';
import { typeName } from '../types/names.ts';
import { isScriptType, type Type } from '../types/type.ts';
import { followsKernel } from './conversion.ts';
import type { Typing } from './state.ts';
import { error } from './state.ts';
import type { Assumption, TypedExpression, TypedInt } from './typed.ts';

/**
 * The number of a literal that the code is made of, such as bounds of histograms. What it comes from, sizes and
 * enumerators of the kernel, is noted: the loader refuses the object where they are others.
 */
export function pinned(typing: Typing, literal: TypedInt): bigint {
  for (const assumption of leaves(typing, literal)) {
    const { assumptions } = typing.round;
    const { of } = assumption;
    if (of.kind === 'layout' && of.root.name === '') {
      error(
        typing,
        'literal-required',
        `The layout of ${typeName(of.root)} is known only where the script runs, because the struct has no name`,
        assumption.range,
      );
    } else if (!assumptions.some((other) => nameOf(other) === nameOf(assumption))) {
      assumptions.push(assumption);
    }
  }
  return literal.value;
}

/**
 * A size of a type, or where something stands in it, was computed: the kernel has to have structs that the script's own
 * hold as large. `before`: only those that begin before that many bits count.
 */
export function holdEmbedded(
  typing: Typing,
  type: Type,
  range: Range,
  before = Number.POSITIVE_INFINITY,
): void {
  const { assumptions, kernel } = typing.round;
  for (const { struct: root, within, bitOffset } of embeddedIn(kernel.types, type)) {
    const isHeld = assumptions.some(({ of }) => of.kind === 'embedded' && of.root.id === root.id);
    if (bitOffset < before && !isHeld)
      assumptions.push({
        ...{ of: { kind: 'embedded', root, within }, value: BigInt(root.size), range },
      });
  }
}

function leaves(typing: Typing, expression: TypedExpression): readonly Assumption[] {
  switch (expression.kind) {
    case 'int': {
      if (!followsKernel(expression)) return [];
      const { atRunTime, layout, enumerator: name, range } = expression;
      if (atRunTime) return leaves(typing, atRunTime);
      if (layout) {
        const { root, path, measured } = layout;
        const of = { kind: 'layout', root, path, ...(measured ? { measured } : {}) } as const;
        return [{ of, value: BigInt(layout.value), range }];
      }
      // Converted to a narrower type, the literal has another value than the enumerator.
      const known = name === undefined ? undefined : typing.round.kernel.types.enumerator(name);
      if (name === undefined || known?.type.kind !== 'enum' || isScriptType(known.type)) return [];
      return [{ of: { kind: 'enumerator', name }, value: known.value, range }];
    }
    case 'binary':
      return [...leaves(typing, expression.left), ...leaves(typing, expression.right)];
    case 'unary':
    case 'cast':
      return leaves(typing, expression.operand);
    default:
      return [];
  }
}

function nameOf({ of }: Assumption): string {
  if (of.kind === 'enumerator') return of.name;
  if (of.kind === 'embedded') return `sizeof(${typeName(of.root)}) in ${typeName(of.within)}`;
  const name = [`${of.root.aggregate} ${of.root.name}`, ...of.path].join('.');
  return of.measured ? `sizeof(${name})` : name;
}
