/** Sections of debug information. */
import { type ElfFile, sectionNamed } from '../../linker/elf/file.ts';

/** What the attributes refer to; a section that the file does not have is empty. */
export interface DebugSections {
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly str: Uint8Array;
  readonly lineStr: Uint8Array;
  readonly strOffsets: Uint8Array;
  readonly addr: Uint8Array;
  readonly ranges: Uint8Array;
  readonly rnglists: Uint8Array;
}

/** Those of a file, read when they are asked for; `suffix`: `.dwo` of what is split. */
export function sectionsOf(file: ElfFile, suffix: '' | '.dwo' = ''): DebugSections {
  const section = (name: string): Uint8Array => {
    const found = sectionNamed(file, `${name}${suffix}`);
    return found ? file.data(found) : new Uint8Array();
  };
  return {
    info: section('.debug_info'),
    abbrev: section('.debug_abbrev'),
    get str() {
      return section('.debug_str');
    },
    get lineStr() {
      return section('.debug_line_str');
    },
    get strOffsets() {
      return section('.debug_str_offsets');
    },
    get addr() {
      return section('.debug_addr');
    },
    get ranges() {
      return section('.debug_ranges');
    },
    get rnglists() {
      return section('.debug_rnglists');
    },
  };
}
