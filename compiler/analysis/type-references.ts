/** Types as scripts write them: `struct task_struct *`, `uint8[4]`, `string[16]`, `typeof($x)`. */
import { otherDescriptions } from '../kernel/advice.ts';
import { didYouMean } from '../source/closest.ts';
import type * as ast from '../syntax/ast.ts';
import { commonCType, isLaterType, ownType, ownTypeNames, UNSIZED } from '../types/reference.ts';
import type { Type } from '../types/type.ts';
import { VOID } from '../types/type.ts';
import { typeExpression } from './expressions.ts';
import { mapKeyType, mapUse, mapValueType } from './maps.ts';
import { inSpace } from './pointers.ts';
import { typeHints, typesAt } from './program-types.ts';
import type { Typing } from './state.ts';
import { error, isUnknown, UNKNOWN, undefinedMap } from './state.ts';
import { findVariable, variableType } from './variables.ts';

/** The type; undefined after an error. Pointers are in the probe's own space. `[]` is an array of 0. */
export function resolveType(typing: Typing, reference: ast.TypeRef): Type | undefined {
  let type = resolveBase(typing, reference);
  if (type === undefined || isUnknown(type)) return type;
  for (const [index, suffix] of reference.suffixes.entries()) {
    if (suffix.kind === 'pointer') {
      type = { kind: 'pointer', to: type, space: 'none' };
    } else if (index === 0 && isSized(type)) {
      if (suffix.size === undefined || suffix.size < 1) {
        error(typing, 'invalid-type', `${type.kind} needs a size of at least 1`, reference.range);
        return undefined;
      }
      type = { ...type, size: suffix.size };
    } else {
      if (type.kind === 'void') {
        error(typing, 'invalid-type', 'An array of void is not a type', reference.range);
        return undefined;
      }
      type = { kind: 'array', element: type, count: suffix.size ?? 0 };
    }
  }
  return inSpace(type, typing.probe.space);
}

function isSized(type: Type): type is Type & { readonly kind: 'string' | 'buffer' } {
  return (type.kind === 'string' || type.kind === 'buffer') && type.size === UNSIZED;
}

function resolveBase(typing: Typing, reference: ast.TypeRef): Type | undefined {
  const { base, range } = reference;
  const types = typesAt(typing);
  switch (base.kind) {
    case 'struct':
    case 'union': {
      const type = types.struct(base.kind, base.name);
      if (type) return type;
      error(
        typing,
        'unknown-type',
        `Unknown struct/union: '${base.name}'`,
        range,
        ...unknownTypeHints(typing),
      );
      return undefined;
    }
    case 'enum': {
      const type = types.enum(base.name);
      if (!type)
        error(
          typing,
          'unknown-type',
          `Unknown enum: '${base.name}'`,
          range,
          ...unknownTypeHints(typing),
        );
      return type;
    }
    case 'typeof':
      return typeOf(typing, base.of);
    case 'name': {
      const type =
        ownType(base.name) ??
        types.typedef(base.name) ??
        commonCType(base.name) ??
        types.struct('struct', base.name) ??
        types.struct('union', base.name) ??
        types.enum(base.name);
      if (type) return type;
      if (isLaterType(base.name)) {
        error(typing, 'unsupported', `Type "${base.name}" is not supported yet`, range);
      } else {
        const hints = didYouMean(base.name, ownTypeNames(), {
          start: range.start,
          end: range.start + base.name.length,
        });
        error(
          typing,
          'unknown-type',
          `Cannot resolve unknown type "${base.name}"`,
          range,
          ...hints,
          ...(hints.length > 0 ? [] : unknownTypeHints(typing)),
        );
      }
      return undefined;
    }
  }
}

function unknownTypeHints(typing: Typing): readonly string[] {
  return [
    'The kernel description has no such type.',
    ...typeHints(typing),
    otherDescriptions(typing.round.kernel),
  ];
}

/**
 * The type of an expression that is not evaluated, or of a type itself. A bare keyed map has its key's type.
 * What is asked is locked: it must not widen after this.
 */
export function typeOf(typing: Typing, of: ast.TypeRef | ast.Expression): Type | undefined {
  if (of.kind === 'type') return resolveType(typing, of);
  if (of.kind === 'map') {
    const use = mapUse(typing, of.name);
    if (!of.keys && !isUnknown(mapKeyType(typing, of.name))) {
      use.lockedKey ??= use.key?.type;
      return mapKeyType(typing, of.name);
    }
    use.lockedValue ??= use.value?.type;
    const type = mapValueType(typing, of.name);
    if (isUnknown(type)) {
      undefinedMap(typing, of.name, of.range);
      return UNKNOWN;
    }
    return type;
  }
  if (of.kind === 'variable') {
    const variable = findVariable(typing, of.name);
    if (variable) {
      variable.locked ??= typing.round.variables.get(variable.key)?.type;
      return variableType(typing, variable);
    }
  }
  return typeExpression(typing, of).type;
}

/** A type that a value can be declared with. */
export function resolveDeclared(typing: Typing, reference: ast.TypeRef): Type | undefined {
  const type = resolveType(typing, reference);
  if (type === VOID) {
    error(typing, 'invalid-type', 'A variable cannot have type void', reference.range);
    return undefined;
  }
  return type;
}
