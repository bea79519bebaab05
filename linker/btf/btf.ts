/** Numbers of the BTF format: include/uapi/linux/btf.h and Documentation/bpf/btf.rst of the kernel. */

export const BTF_MAGIC = 0xeb9f;
export const BTF_VERSION = 1;
export const BTF_HEADER_SIZE = 24;

export const KIND = {
  void: 0,
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  function: 12,
  prototype: 13,
  variable: 14,
  section: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

export const ENCODING = { signed: 1, char: 2, bool: 4 } as const;

/** BTF_FUNC_STATIC, BTF_FUNC_GLOBAL; the same numbers as of variables (BTF_VAR_*). */
export const LINKAGE = { static: 0, global: 1 } as const;

/** Bytes after the 12-byte head of a type: fixed ones, and for each of its `vlen` entries. */
export function tailSize(kind: number, entries: number): number | undefined {
  switch (kind) {
    case KIND.int:
    case KIND.variable:
    case KIND.declTag:
      return 4;
    case KIND.array:
      return 12;
    case KIND.struct:
    case KIND.union:
    case KIND.section:
    case KIND.enum64:
      return 12 * entries;
    case KIND.enum:
    case KIND.prototype:
      return 8 * entries;
    case KIND.pointer:
    case KIND.forward:
    case KIND.typedef:
    case KIND.volatile:
    case KIND.const:
    case KIND.restrict:
    case KIND.function:
    case KIND.float:
    case KIND.typeTag:
      return 0;
    default:
      return undefined;
  }
}

/** The bytes are not BTF. */
export class BtfError extends Error {}
