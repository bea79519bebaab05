/** What the loader finds out about its host before it loads the programs. */
export const LOOKUPS = {
  'kernel-symbol': 'the address of a symbol of the kernel, an error where it has none',
  enumerator:
    "the value of an enumerator by the kernel's BTF, an error where it has none and no `enumerator-found` asks",
  'enumerator-found': '1 if `enumerator` has found that one',
  'enumerator-exists': "1 if the kernel's BTF has an enumerator of that name",
  cgroup: 'the id of a control group by the path of its folder, an error where that is none',
  executable: '1 if the ELF file of that path is ET_EXEC, an error where it cannot be read',
  'kernel-function': "1 if the kernel's BTF has a function of that name",
  kfunc: '1 if `program` may call that function of the kernel',
} as const satisfies Readonly<Record<string, string>>;

export type LookupKind = keyof typeof LOOKUPS;

/**
 * The number of a helper that no kernel has, plus the index of a lookup: called where its answer is needed and there is none. The
 * verifier refuses it where it is reached, and the loader knows by the number what is missing.
 */
export const MISSING_CALL = 0x0bae_0000;

/** So many numbers from there on stand for lookups: the verifier refuses them where they are reached. */
export const MISSING_CALLS = 0x1_0000;
