/**
 * Programs of 32 bits, which no compiler of the tests' set-up makes: each asks for its parent three times, computes for a
 * moment, and ends.
 */

const ADDRESS = 0x10000;
const HEADERS = 0x34 + 0x20;

/** Where the first instruction is. */
export const ELF32_ENTRY = ADDRESS + HEADERS;

const I386 = Buffer.from(
  [
    // mov $64, %eax; int $0x80: getppid.
    ...Array.from({ length: 3 }, () => 'b840000000cd80'),
    // mov $0x4000000, %ecx; dec %ecx; jnz
    'b9000000044975fd',
    // mov $1, %eax; xor %ebx, %ebx; int $0x80: exit(0).
    'b80100000031dbcd80',
  ].join(''),
  'hex',
);

const ARM = words(
  // mov r7, #64; svc 0: getppid.
  ...Array.from({ length: 3 }, () => [0xe3a07040, 0xef000000]).flat(),
  // mov r1, #0x1000000; subs r1, r1, #1; bne
  ...[0xe3a01401, 0xe2511001, 0x1afffffd],
  // mov r0, #0; mov r7, #1; svc 0: exit(0).
  ...[0xe3a00000, 0xe3a07001, 0xef000000],
);

function words(...all: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * all.length);
  all.forEach((word, index) => {
    bytes.writeUInt32LE(word, 4 * index);
  });
  return bytes;
}

/** An executable for EM_386, or for EM_ARM by its EABI 5. */
export function elf32(machine: 'i386' | 'arm'): Buffer {
  const code = machine === 'i386' ? I386 : ARM;
  const header = Buffer.alloc(HEADERS);
  const size = HEADERS + code.length;
  // ELFCLASS32, little-endian, version 1.
  header.write('7f454c46010101', 'hex');
  // ET_EXEC.
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machine === 'i386' ? 3 : 40, 18);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(ELF32_ENTRY, 24);
  header.writeUInt32LE(0x34, 28);
  header.writeUInt32LE(machine === 'i386' ? 0 : 0x05000000, 36);
  header.writeUInt16LE(0x34, 40);
  header.writeUInt16LE(0x20, 42);
  header.writeUInt16LE(1, 44);
  // PT_LOAD of the whole file, to be read and executed.
  [1, 0, ADDRESS, ADDRESS, size, size, 5, 0x1000].forEach((word, index) => {
    header.writeUInt32LE(word, 0x34 + 4 * index);
  });
  return Buffer.concat([header, code]);
}
