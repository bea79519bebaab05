/**
 * The BTF of a kernel's modules in a description. A distribution has thousands: a script needs one or two, so they
 * stand in blocks that are unpacked by themselves, and an index says which modules have a name.
 *
 * Section `modules` has a line for each module: `btrfs BLOCK OFFSET SIZE`. Section `module-names` has one for each
 * name of a type, function or enumerator that is not the kernel's own: `btrfs_inode btrfs`, at most a few modules. That
 * of a distribution is nine megabytes: then `module-names/N` has the names whose hash is N.
 */
import { BTF_KIND, BtfError } from '../../linker/btf/btf.ts';
import { extraWords, sectionsOf } from '../../linker/btf/table.ts';
import { KernelDescriptionError } from './error.ts';

/** Where the types of modules come from. */
export interface ModuleSource {
  /** Modules with BTF, sorted. */
  names(): readonly string[];
  /** Those that have something of that name, the likeliest first. */
  having(name: string): readonly string[];
  /** BTF on top of the kernel's own; undefined for an unknown module. */
  btf(module: string): Uint8Array | undefined;
}

/** A module by its name, which has `_` for each `-` of its file. */
export interface ModuleBtf {
  readonly name: string;
  readonly btf: Uint8Array;
}

/** Bytes of a block before it is compressed: unpacking one takes some milliseconds. */
const BLOCK = 2 ** 20;
/** Modules that the index keeps of a name: drivers have the same few helpers by the hundreds. */
const MOST_OF_A_NAME = 4;

export interface ModuleSections {
  readonly modules: Uint8Array;
  readonly 'module-names'?: Uint8Array;
  readonly [names: `module-names/${number}`]: Uint8Array;
  readonly [block: `modules/${number}`]: Uint8Array;
}

/** `textSize`: bytes of the strings in the kernel's own BTF, which the modules' go on from. */
export function encodeModules(all: readonly ModuleBtf[], textSize: number): ModuleSections {
  const sorted = [...all].sort((one, other) => (one.name < other.name ? -1 : 1));
  const blocks: Uint8Array[][] = [[]];
  let size = 0;
  const lines = sorted.map(({ name, btf }) => {
    if (size > 0 && size + btf.length > BLOCK) {
      blocks.push([]);
      size = 0;
    }
    blocks.at(-1)?.push(btf);
    size += btf.length;
    return `${name} ${blocks.length - 1} ${size - btf.length} ${btf.length}\n`;
  });
  const contents = blocks.map(
    (parts, index) => [`modules/${index}`, Buffer.concat(parts)] as const,
  );
  return {
    modules: Buffer.from(lines.join('')),
    ...encodeIndex(sorted, textSize),
    ...Object.fromEntries(contents),
  };
}

/** Parts of an index that is larger than `LARGEST_INDEX`: each is some 70 kB of a distribution's. */
const INDEX_PARTS = 128;
const LARGEST_INDEX = 2 ** 17;

function encodeIndex(
  modules: readonly ModuleBtf[],
  textSize: number,
): Omit<ModuleSections, 'modules'> {
  const owners = new Map<string, string[]>();
  for (const { name: module, btf } of modules)
    for (const name of ownNames(btf, textSize)) {
      const found = owners.get(name);
      if (found) found.push(module);
      else owners.set(name, [module]);
    }
  const parts = Array.from({ length: INDEX_PARTS }, (): string[] => []);
  let size = 0;
  for (const [name, found] of [...owners].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const line = `${name} ${likeliest(name, found).join(' ')}\n`;
    parts[partOf(name)]?.push(line);
    size += line.length;
  }
  if (size <= LARGEST_INDEX) return { 'module-names': Buffer.from(parts.flat().sort().join('')) };
  return Object.fromEntries(
    parts.map((lines, part) => [`module-names/${part}`, Buffer.from(lines.join(''))]),
  );
}

/** FNV-1a of its characters, which are ASCII. */
function partOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1)
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % INDEX_PARTS;
}

/** What begins with a module's name is its own: `btrfs_inode`. */
function likeliest(name: string, modules: readonly string[]): readonly string[] {
  const own = modules.filter((module) => name.startsWith(module));
  return [...new Set([...own, ...modules])].slice(0, MOST_OF_A_NAME);
}

const NAMED = new Set<number>([
  ...[BTF_KIND.struct, BTF_KIND.union, BTF_KIND.enum, BTF_KIND.enum64],
  ...[BTF_KIND.typedef, BTF_KIND.function],
]);

/** Names of types, functions and enumerators that a module has for itself. */
export function ownNames(btf: Uint8Array, textSize: number): ReadonlySet<string> {
  const { words, strings } = sectionsOf(btf);
  const names = new Set<string>();
  const add = (offset: number): void => {
    const start = offset - textSize;
    if (start <= 0) return;
    const end = strings.indexOf(0, start);
    if (end > start) names.add(strings.toString('latin1', start, end));
  };
  for (let at = 0; at < words.length; ) {
    const info = words[at + 1] ?? 0;
    const kind = (info >>> 24) & 0x1f;
    if (NAMED.has(kind)) add(words[at] ?? 0);
    at += 3 + extraWords(info);
  }
  return names;
}

/** What `encodeModules` wrote. A section that is not there is undefined. */
export function decodedModules(section: (name: string) => Buffer | undefined): ModuleSource {
  const places = new Map<string, readonly [number, number, number]>();
  const blocks = new Map<number, Buffer | undefined>();
  let read = false;
  const all = () => {
    if (!read) {
      for (const line of (section('modules')?.toString('utf8') ?? '').split('\n')) {
        const [, name = '', ...numbers] = /^(\S+) (\d+) (\d+) (\d+)$/.exec(line) ?? [];
        const [block = 0, offset = 0, size = 0] = numbers.map(Number);
        if (name !== '') places.set(name, [block, offset, size]);
      }
      read = true;
    }
    return places;
  };
  const indexes = new Map<string, string>();
  const indexWith = (name: string): string => {
    const part = `module-names/${partOf(name)}`;
    const known = indexes.get(part);
    if (known !== undefined) return known;
    const index = `\n${(section('module-names') ?? section(part))?.toString('latin1') ?? ''}`;
    indexes.set(part, index);
    return index;
  };
  return {
    names: () => [...all().keys()],
    having(name) {
      if (!/^\w+$/.test(name)) return [];
      const index = indexWith(name);
      const at = index.indexOf(`\n${name} `);
      if (at === -1) return [];
      return index.slice(at + name.length + 2, index.indexOf('\n', at + 1)).split(' ');
    },
    btf(module) {
      const place = all().get(module);
      if (!place) return undefined;
      const [block, offset, size] = place;
      if (!blocks.has(block)) blocks.set(block, section(`modules/${block}`));
      const bytes = blocks.get(block);
      if (!bytes || offset + size > bytes.length)
        throw new KernelDescriptionError(`the BTF of module ${module} is not there`);
      return bytes.subarray(offset, offset + size);
    },
  };
}

/** Modules whose BTF is at hand, such as those of the running kernel. */
export function plainModules(
  names: () => readonly string[],
  btf: (module: string) => Uint8Array | undefined,
  textSize: () => number,
): ModuleSource {
  const known = new Map<string, ReadonlySet<string>>();
  const namesOf = (module: string): ReadonlySet<string> => {
    const found = known.get(module) ?? ownNamesOf(btf(module), textSize());
    known.set(module, found);
    return found;
  };
  return {
    names,
    having: (name) =>
      likeliest(
        name,
        names().filter((module) => namesOf(module).has(name)),
      ),
    btf,
  };
}

/** A module that is unloaded meanwhile, or has none, has no names. */
function ownNamesOf(btf: Uint8Array | undefined, textSize: number): ReadonlySet<string> {
  try {
    return btf ? ownNames(btf, textSize) : new Set();
  } catch (error) {
    if (error instanceof BtfError) return new Set();
    throw error;
  }
}
