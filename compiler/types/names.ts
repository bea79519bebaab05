/** How diagnostics write types. */
import type { NameSpace, Type, TypeNumber } from './type.ts';

const NAMES: Readonly<Record<NameSpace, string>> = {
  user: 'username',
  errno: 'strerror',
  signal: 'signal_name',
  syscall: 'syscall_name',
};

/** `uint64`, `string[16]`, `struct task_struct *`, `(int64,string[4])`; `none` for no value at all. */
export function typeName(type: Type): string {
  return nameOf(type, stackName);
}

/** The names of two types that differ, so that one sees in what: stacks by their form, `kstack_t(raw, 5)`. */
export function namesApart(one: Type, other: Type): readonly [string, string] {
  const names = [typeName(one), typeName(other)] as const;
  if (names[0] !== names[1]) return names;
  const form: NameOfStack = (type) => `${stackName(type)}(${type.mode}, ${numberName(type.limit)})`;
  return [nameOf(one, form), nameOf(other, form)];
}

/** As the script has it. */
function numberName(number: TypeNumber): string {
  return typeof number === 'number' ? String(number) : `$${number.parameter}`;
}

type NameOfStack = (type: Extract<Type, { kind: 'stack' }>) => string;

const stackName: NameOfStack = ({ space }) => (space === 'kernel' ? 'kstack_t' : 'ustack_t');

function nameOf(type: Type, ofStack: NameOfStack): string {
  const name = (part: Type): string => nameOf(part, ofStack);
  switch (type.kind) {
    case 'void':
      return 'none';
    case 'int':
      return `${type.signed ? 'int' : 'uint'}${8 * type.size}`;
    case 'string':
    case 'buffer':
      return `${type.kind}[${type.size}]`;
    case 'pointer': {
      const to = type.to.kind === 'void' ? 'void' : name(type.to);
      return to.endsWith('*') ? `${to}*` : `${to} *`;
    }
    case 'array':
      return `${name(type.element)}[${type.count}]`;
    case 'tuple':
      return `(${type.elements.map(name).join(',')})`;
    case 'record':
      return `(${type.fields.map((field) => `${field.name}=${name(field.type)}`).join(',')})`;
    case 'struct':
      return `${type.aggregate} ${type.name || '<anonymous>'}`;
    case 'enum':
      return `enum ${type.name || '<anonymous>'}`;
    case 'stack':
      return ofStack(type);
    case 'ksym':
    case 'usym':
    case 'count':
    case 'hist':
    case 'lhist':
    case 'tseries':
      return `${type.kind}_t`;
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
    case 'stats':
      return `${type.signed ? '' : 'u'}${type.kind}_t`;
    case 'context':
      return 'ctx';
    case 'name':
      return NAMES[type.of];
    case 'bool':
    case 'timestamp':
    case 'inet':
    case 'macaddr':
    case 'cgroup_path':
    case 'probe':
      return type.kind;
  }
}

/** What a kind of value is called in messages such as `str() only supports pointer arguments (integer provided)`. */
export function kindName(type: Type): string {
  switch (type.kind) {
    case 'int':
      return 'integer';
    case 'void':
      return 'none';
    case 'name':
      return typeName(type);
    default:
      return type.kind;
  }
}
