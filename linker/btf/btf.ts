/** Numbers of the BTF format: include/uapi/linux/btf.h and Documentation/bpf/btf.rst of the kernel. */

export const BTF_MAGIC = 0xeb9f;
export const BTF_VERSION = 1;
export const BTF_HEADER_SIZE = 24;

/** BTF_KIND_*. */
export const BTF_KIND = {
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

/** Of integers: BTF_INT_*. */
export const ENCODING = { signed: 1, char: 2, bool: 4 } as const;

/** BTF_FUNC_STATIC, BTF_FUNC_GLOBAL, BTF_FUNC_EXTERN; the same numbers as of variables (BTF_VAR_*). */
export const LINKAGE = { static: 0, global: 1, extern: 2 } as const;

/** BTF that cannot be read, or types that make no sense together. The message is for users. */
export class BtfError extends Error {}

export function damaged(what: string): BtfError {
  return new BtfError(`the BTF is damaged: ${what}`);
}
