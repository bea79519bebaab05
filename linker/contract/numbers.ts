/** Numbers of C by the names that formats of events use: compiler and loader compare the elements of arrays by them. */

export interface CNumber {
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
}

function of(size: CNumber['size'], signed: boolean, ...names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, { size, signed }]));
}

/** `char` is none of them: what sign it has is the choice of each kernel's build. */
export const C_NUMBERS: Readonly<Record<string, CNumber>> = {
  ...of(1, true, 'signed char', 's8', '__s8', 'int8_t'),
  ...of(1, false, 'unsigned char', 'u8', '__u8', 'uint8_t'),
  ...of(2, true, 'short', 's16', '__s16', 'int16_t'),
  ...of(2, false, 'unsigned short', 'u16', '__u16', 'uint16_t', 'umode_t'),
  ...of(4, true, 'int', 's32', '__s32', 'int32_t', 'pid_t', 'key_t', 'mqd_t', 'timer_t'),
  ...of(4, true, 'clockid_t', 'key_serial_t', 'rwf_t'),
  ...of(4, false, 'unsigned', 'unsigned int', 'uint', 'u32', '__u32', 'uint32_t'),
  ...of(4, false, 'uid_t', 'gid_t', 'qid_t'),
  ...of(8, true, 'long', 'long long', 's64', '__s64', 'int64_t', 'ssize_t', 'loff_t', 'off_t'),
  ...of(8, false, 'unsigned long', 'unsigned long long', 'u64', '__u64', 'uint64_t', 'size_t'),
  ...of(8, false, 'aio_context_t'),
};

/** Whether elements of two types are the same bytes: of one name, or numbers of one width and sign. */
export function haveSameBytes(type: string, other: string): boolean {
  const [number, its] = [C_NUMBERS[type], C_NUMBERS[other]];
  if (type === other) return true;
  return number?.size === its?.size && number?.signed === its?.signed && number !== undefined;
}
