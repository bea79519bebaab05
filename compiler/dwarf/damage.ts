/** Files that are not what they claim to be are an answer, not an accident: nobody checks debug information. */
import { ElfError } from '../../linker/elf/elf.ts';
import { DwarfError } from './cursor.ts';

export function isDamage(error: unknown): error is Error {
  return error instanceof DwarfError || error instanceof ElfError;
}

/** What `make` gives, or `otherwise` where the file is damaged. */
export function unlessDamaged<T>(make: () => T, otherwise: (reason: string) => T): T {
  try {
    return make();
  } catch (error) {
    if (isDamage(error)) return otherwise(error.message);
    throw error;
  }
}
