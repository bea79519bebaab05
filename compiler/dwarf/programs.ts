/** The traced programs that a script names, opened when something is asked of them, and the numbers of their types. */
import { openElfFile } from '../../linker/elf/file.ts';
import { findBinaries } from '../binary/paths.ts';
import { reasonOf } from '../kernel/error.ts';
import type { KernelTypes, Member } from '../kernel/types.ts';
import { DEBUG_TYPES, isDebugType } from '../types/type.ts';
import { isDamage } from './damage.ts';
import { findDebugFile } from './files.ts';
import { createProgram, type TracedProgram } from './program.ts';
import { findSymbols } from './symbols.ts';
import type { Numbering } from './types.ts';

/** Why a program cannot be used, as a sentence without its full stop, and what to do. */
export interface Unreadable {
  readonly reason: string;
  readonly hints: readonly string[];
}

export interface Programs {
  /** The program that the path of a uprobe means on this machine, or why it cannot be used. */
  open(path: string): TracedProgram | Unreadable;
  /** Bytes of a symbol; undefined where this machine does not have the program, or it has no such symbol. */
  symbolSize(path: string, name: string): number | undefined;
  /** Paths of programs that something was taken of by its name: a type, an enumerator, the size of a symbol. */
  readonly used: ReadonlySet<string>;
  /** The kernel's and the script's types, and by their numbers also those of the programs. */
  readonly beside: (types: KernelTypes) => KernelTypes;
}

interface NumberedType {
  readonly program: TracedProgram;
  readonly offset: number;
}

const READABLE = 'The program has to be on the machine that compiles the script.';

/** `folders`: where separate debug files are looked for (--debuginfo). `pid`: the process whose paths are meant (-p). */
export function createPrograms(
  folders: readonly string[],
  pid?: number,
  /** Told of each file that is read. */
  onFile: (path: string) => void = () => undefined,
): Programs {
  const types: NumberedType[] = [];
  const opened = new Map<string, ReturnType<Programs['open']>>();
  const used = new Set<string>();

  const open = (path: string): ReturnType<Programs['open']> => {
    const found = findBinaries(path, pid)[0]?.path;
    if (found === undefined)
      return { reason: `there is no file '${path}' here`, hints: [READABLE] };
    onFile(found);
    try {
      const file = openElfFile(found);
      const debug = findDebugFile(file, folders);
      if (debug) onFile(debug.path);
      if (!debug) return withoutDebugInfo(found);
      const numbers = new Map<number | string, number>();
      const number: Numbering = (offset, key = '') => {
        const known = numbers.get(key || offset);
        if (known !== undefined) return known;
        const id = DEBUG_TYPES + types.length;
        types.push({ program, offset });
        numbers.set(key || offset, id);
        return id;
      };
      const program = createProgram({ file, debug, folders }, number);
      return { ...program, types: noting(program.types, () => used.add(path)) };
    } catch (error) {
      if (isDamage(error)) return { reason: `${found}: ${error.message}`, hints: [] };
      return { reason: `${found} cannot be read: ${reasonOf(error)}`, hints: [READABLE] };
    }
  };

  const find = (id: number): NumberedType => {
    const type = types[id - DEBUG_TYPES];
    if (!type) throw new Error(`no program has a type ${id}`);
    return type;
  };
  const lists = new Map<number, readonly Member[]>();
  const membersOf = (id: number): readonly Member[] => {
    const known = lists.get(id);
    if (known) return known;
    const { program, offset } = find(id);
    const list = program.members(offset);
    lists.set(id, list);
    return list;
  };

  return {
    open(path) {
      const known = opened.get(path) ?? open(path);
      opened.set(path, known);
      return known;
    },
    symbolSize(path, name) {
      const found = findBinaries(path, pid)[0]?.path;
      if (found === undefined) return undefined;
      onFile(found);
      try {
        const size = findSymbols(openElfFile(found), name)[0]?.size;
        if (size !== undefined) used.add(path);
        return size;
      } catch {
        // The loader will tell what is wrong with it.
        return undefined;
      }
    },
    used,
    beside: (kernel) => ({
      struct: (aggregate, name) => kernel.struct(aggregate, name),
      enum: (name) => kernel.enum(name),
      typedef: (name) => kernel.typedef(name),
      enumerator: (name) => kernel.enumerator(name),
      ways: (struct) => (isDebugType(struct) ? [] : kernel.ways(struct)),
      member: (struct, name) =>
        isDebugType(struct)
          ? membersOf(struct.id).find((member) => member.name === name)
          : kernel.member(struct, name),
      members: (struct) => (isDebugType(struct) ? membersOf(struct.id) : kernel.members(struct)),
      enumerators(id) {
        if (!isDebugType({ id })) return kernel.enumerators(id);
        const { program, offset } = find(id);
        return program.enumerators(offset);
      },
    }),
  };
}

/** The same types; what is found by its name is noted. */
function noting(types: TracedProgram['types'], note: () => void): TracedProgram['types'] {
  const noted = <T>(found: T | undefined): T | undefined => {
    if (found !== undefined) note();
    return found;
  };
  return {
    ...types,
    struct: (aggregate, name) => noted(types.struct(aggregate, name)),
    enum: (name) => noted(types.enum(name)),
    typedef: (name) => noted(types.typedef(name)),
    enumerator: (name) => noted(types.enumerator(name)),
  };
}

function withoutDebugInfo(path: string): Unreadable {
  return {
    reason: `${path} has no debug information`,
    hints: [
      'Compile it with -g, install its debug package, or name the folder of its debug file with --debuginfo.',
    ],
  };
}
