/** Numbers of the BTF format: include/uapi/linux/btf.h and Documentation/bpf/btf.rst of the kernel. */

export const BTF_MAGIC = 0xeb9f;
export const BTF_VERSION = 1;
export const BTF_HEADER_SIZE = 24;

export { BTF_KIND as KIND } from '../../compiler/kernel/btf.ts';

export const ENCODING = { signed: 1, char: 2, bool: 4 } as const;

/** BTF_FUNC_STATIC, BTF_FUNC_GLOBAL, BTF_FUNC_EXTERN; the same numbers as of variables (BTF_VAR_*). */
export const LINKAGE = { static: 0, global: 1, extern: 2 } as const;

/** Types that make no sense together. */
export class BtfError extends Error {}
