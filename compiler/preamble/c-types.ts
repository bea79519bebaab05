/** From the C of a preamble to its BTF, by clang. */

import { BTF_KIND } from '../../linker/btf/btf.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { readElf } from '../../linker/elf/read.ts';
import { OWN_FILE } from './c-source.ts';
import { type Clang, type ClangMessage, filesIn } from './clang.ts';
import { type Declarations, findDeclarations } from './declarations.ts';
import { createStandIns, type Known, type StandIns } from './stand-ins.ts';

export interface EnumValues {
  readonly signed: boolean;
  readonly values: readonly bigint[];
}

export interface CTypes {
  /** undefined where the C defines no type. */
  readonly btf: Uint8Array | undefined;
  /** Enums by BTF id whose values BTF itself may not tell right. */
  readonly enums: ReadonlyMap<number, EnumValues>;
  readonly macros: ReadonlyMap<string, string>;
  /** Types of the kernel that it uses. */
  readonly standIns: StandIns;
}

/** undefined after errors, which are among the messages then. */
export function compileTypes(
  clang: Clang,
  options: readonly string[],
  source: string,
  known: Known,
): {
  readonly types: CTypes | undefined;
  readonly messages: readonly ClangMessage[];
  readonly files: readonly string[];
} {
  const preprocessed = clang.run(['-E', '-dD', '-x', 'c', ...options], source);
  const text = preprocessed.output.toString('utf8');
  const files = filesIn(text);
  if (preprocessed.failed) return { types: undefined, messages: preprocessed.messages, files };
  const declarations = findDeclarations(text);
  const standIns = createStandIns(known);
  const compiled = compileUses(clang, declarations, standIns);
  const messages = [...preprocessed.messages, ...compiled.messages];
  if (!compiled.object) return { types: undefined, messages, files };
  const btf = sectionOf(compiled.object, '.BTF');
  const enums = btf ? readEnums(clang, declarations, standIns, btf) : new Map<number, EnumValues>();
  return { types: { btf, enums, macros: declarations.macros, standIns }, messages, files };
}

const COMPILE: readonly string[] = [...['-g', '-O0', '-c', '-x', 'cpp-output', '-ferror-limit=0']];

/** The kernel's types that are missing first, then the script's. */
function withStandIns({ text }: Declarations, standIns: StandIns): string {
  return `# 1 "${OWN_FILE}"\n${standIns.text()}\n# 1 "${OWN_FILE}"\n${text}`;
}

/**
 * Compiles the text with a variable of each type. A variable that clang refuses, because the search by words
 * took something else for a type, is left out the second time. What the kernel has of what is missing is added as
 * long as anything is.
 */
function compileUses(
  clang: Clang,
  declarations: Declarations,
  standIns: StandIns,
): { readonly object: Buffer | undefined; readonly messages: readonly ClangMessage[] } {
  let uses: readonly string[] = [
    // Whole objects, because clang describes what only pointers lead to as a forward declaration.
    ...declarations.tags.map((tag, index) => `${tag} bpfscript_tag_${index};`),
    ...declarations.typedefs.map((name, index) => `${name} *bpfscript_typedef_${index};`),
  ];
  const compile = () =>
    clang.run(
      COMPILE,
      `${withStandIns(declarations, standIns)}\n# 1 "${OWN_FILE}"\n${uses.join('\n')}\n`,
    );
  let result = compile();
  while (result.failed && standIns.add(result.messages)) result = compile();
  const errors = result.messages.filter((message) => message.severity === 'error');
  if (result.failed && errors.length > 0 && errors.every(({ file }) => file === OWN_FILE)) {
    const refused = new Set(errors.map(({ line }) => line));
    uses = uses.map((use, index) => (refused.has(index + 1) ? '' : use));
    result = compile();
  }
  return { object: result.failed ? undefined : result.output, messages: result.messages };
}

function sectionOf(object: Buffer, name: string): Uint8Array | undefined {
  return readElf(object).sections.find((section) => section.name === name)?.data;
}

/**
 * Values of enums that need more than BTF gives. Before LLVM 15 it has 32 bits of each value and no sign, so clang
 * is asked for the values as data.
 */
function readEnums(
  clang: Clang,
  declarations: Declarations,
  standIns: StandIns,
  bytes: Uint8Array,
): ReadonlyMap<number, EnumValues> {
  const btf = readBtf(bytes);
  const doubtful = btf.ofKind(BTF_KIND.enum, BTF_KIND.enum64).filter((id) => {
    if (btf.kind(id) !== BTF_KIND.enum || btf.flag(id)) return false;
    return (
      btf.sizeOrType(id) > 4 ||
      btf.enumerators(id).some(([, value]) => value < 0n || value >= 1n << 31n)
    );
  });
  if (doubtful.length === 0) return new Map();
  const lists = doubtful.map((id) => ({
    id,
    names: btf.enumerators(id).map(([name]) => name),
  }));
  const words = lists.flatMap(({ names }) => names.flatMap((name) => [name, `(${name}) < 0`]));
  const section = 'bpfscript.values';
  const data = `const unsigned long long bpfscript_values[] __attribute__((section("${section}"), used)) = {${words.join(', ')}};`;
  const result = clang.run(
    COMPILE,
    `${withStandIns(declarations, standIns)}\n# 1 "${OWN_FILE}"\n${data}\n`,
  );
  const values = result.failed ? undefined : sectionOf(result.output, section);
  // What has just compiled compiles again: the rest is a name that is hidden by another one.
  if (!values) return new Map();
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  let at = 0;
  return new Map(
    lists.map(({ id, names }) => {
      const pairs = names.map(() => {
        const value = view.getBigUint64(at, true);
        const negative = view.getBigUint64(at + 8, true) !== 0n;
        at += 16;
        return negative ? BigInt.asIntN(64, value) : value;
      });
      return [id, { signed: pairs.some((value) => value < 0n), values: pairs }] as const;
    }),
  );
}
