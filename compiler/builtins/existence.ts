/** field_exists, type_exists and enum_exists: what the kernel that runs the script has, by CO-RE. */
import type { AnalysisScope } from '../analysis/builtin.ts';
import { expression, typeReference } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { KindQuestion } from '../lowering/lowering.ts';
import { BOOL, isFlavour, isScriptType, type StructType, type Type } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { truth } from './use.ts';

interface Way {
  readonly root: StructType;
  readonly path: readonly (string | number)[];
}

/** The way from the struct that the last pointer leads to. */
function wayTo(base: TypedExpression): Way | undefined {
  let { type } = base;
  while (type.kind === 'pointer') type = type.to;
  if (base.type.kind !== 'pointer') {
    if (base.kind === 'member') {
      const way = wayTo(base.base);
      return way && { ...way, path: [...way.path, base.member.name] };
    }
    if (base.kind === 'index') {
      const way = wayTo(base.base);
      // All elements are of one type.
      return way && { ...way, path: [...way.path, 0] };
    }
  }
  return type.kind === 'struct' ? { root: type, path: [] } : undefined;
}

/** The type of the member where the script itself declares it. */
function declared(scope: AnalysisScope, base: TypedExpression, field: string): Type | undefined {
  let { type } = base;
  while (type.kind === 'pointer') type = type.to;
  return type.kind === 'struct' ? scope.kernel.types.member(type, field)?.type : undefined;
}

export const fieldExists: Builtin = defineBuiltin({
  name: 'field_exists',
  parameters: { field: expression('a member of a struct, such as $p.name') },
  summary:
    'Whether the kernel that runs the script has that member. The branch that the answer rules out may name what no kernel description has, and is not loaded.',
  analyse({ field }, use, scope) {
    if (field.kind !== 'field') {
      scope.error('argument-type', 'field_exists() expects a member, such as $p.name', field.range);
      return undefined;
    }
    const base = scope.expression(field.base);
    if (scope.unsettled) return undefined;
    const way = wayTo(base);
    if (!way || way.root.name === '') {
      scope.error(
        'argument-type',
        'field_exists() expects a member of a struct with a name',
        field.range,
      );
      return undefined;
    }
    const { root } = way;
    const type = declared(scope, base, field.field);
    if (isScriptType(root) && !isFlavour(root)) return truth(type !== undefined, use);
    if (isFlavour(root) && !type) {
      scope.error(
        'unknown-field',
        `'${root.aggregate} ${root.name}' does not contain a field named '${field.field}'`,
        field.fieldRange,
      );
      return undefined;
    }
    scope.asks(`${root.aggregate} ${root.name}`);
    const plan: KindQuestion = {
      kind: 'member',
      root,
      path: [...way.path, field.field],
      // A flavour asks for its own kind of member, the kernel's name for any.
      type: isFlavour(root) ? type : undefined,
    };
    return typed(BOOL, { plan });
  },
  lower: ({ plan }, lowering) => lowering.exists(plan),
});

export const typeExists: Builtin = defineBuiltin({
  name: 'type_exists',
  parameters: { type: typeReference },
  summary: 'Whether the kernel that runs the script has that struct, union or enum.',
  analyse({ type: { base, suffixes, range } }, _use, scope) {
    const { kind } = base;
    if ((kind !== 'struct' && kind !== 'union' && kind !== 'enum') || suffixes.length > 0) {
      scope.error(
        'argument-type',
        'type_exists() expects struct, union or enum with a name',
        range,
      );
      return undefined;
    }
    scope.asks(`${kind} ${base.name}`);
    const plan: KindQuestion = { kind: 'type', of: kind, name: base.name };
    return typed(BOOL, { plan });
  },
  lower: ({ plan }, lowering) => lowering.exists(plan),
});

export const enumExists: Builtin = defineBuiltin({
  name: 'enum_exists',
  parameters: { name: expression('the name of an enumerator') },
  summary: 'Whether the kernel that runs the script has that enumerator.',
  analyse({ name: given }, use, scope) {
    if (given.kind !== 'identifier') {
      scope.error('argument-type', 'enum_exists() expects the name of an enumerator', given.range);
      return undefined;
    }
    const { name } = given;
    const type = scope.kernel.types.enumerator(name)?.type;
    if (type?.kind === 'enum' && isScriptType(type)) return truth(true, use);
    const of = type?.kind === 'enum' ? type.name : '';
    const plan: KindQuestion = { kind: 'enumerator', enum: of, name };
    return typed(BOOL, { plan });
  },
  lower: ({ plan }, lowering) => lowering.exists(plan),
});
