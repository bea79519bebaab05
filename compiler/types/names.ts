/** How diagnostics write types. */
import type { NameSpace, Type } from './type.ts';

const NAMES: Readonly<Record<NameSpace, string>> = {
  user: 'username',
  errno: 'strerror',
  signal: 'signal_name',
  syscall: 'syscall_name',
};

/** `uint64`, `string[16]`, `struct task_struct *`, `(int64,string[4])`; `none` for no value at all. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'void':
      return 'none';
    case 'int':
      return `${type.signed ? 'int' : 'uint'}${8 * type.size}`;
    case 'string':
    case 'buffer':
      return `${type.kind}[${type.size}]`;
    case 'pointer': {
      const to = type.to.kind === 'void' ? 'void' : typeName(type.to);
      return to.endsWith('*') ? `${to}*` : `${to} *`;
    }
    case 'array':
      return `${typeName(type.element)}[${type.count}]`;
    case 'tuple':
      return `(${type.elements.map(typeName).join(',')})`;
    case 'record':
      return `(${type.fields.map((field) => `${field.name}=${typeName(field.type)}`).join(',')})`;
    case 'struct':
      return `${type.aggregate} ${type.name || '<anonymous>'}`;
    case 'enum':
      return `enum ${type.name || '<anonymous>'}`;
    case 'stack':
      return type.space === 'kernel' ? 'kstack_t' : 'ustack_t';
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
