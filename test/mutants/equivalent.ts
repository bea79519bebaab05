/** Mutants that change nothing that anybody could see. They count neither as noticed nor as survivors. */
export interface Mutant {
  readonly file: string;
  readonly was: string;
  readonly became: string;
}

/** File, what stands there, what the mutant has, and why that is the same. */
const EQUIVALENT: readonly (readonly [file: string, was: string, became: string, why: string])[] = [
  [
    'loader/src/base/arena.c',
    'bytes = (bytes + 7) & ~(size_t)7;',
    'bytes = (bytes + (7 + 1)) & ~(size_t)7;',
    'more room than is needed',
  ],
  [
    'loader/src/base/json.c',
    'for (size_t i = 0; i < sizeof(escapes) - 1; i += 2) {',
    'for (size_t i = 0; i < sizeof(escapes) - (1 + 1); i += 2) {',
    'pairs: the last begins before both',
  ],
  [
    'loader/src/base/write_text.c',
    'size_t size = length - *written < largest ? length - *written : largest;',
    'size_t size = length - *written <= largest ? length - *written : largest;',
    'both are the same number then',
  ],
  [
    'loader/src/base/replace_file.c',
    'int fd = create(name), result = fd < 0 ? -1 : 0, error;',
    'int fd = create(name), result = fd <= 0 ? -1 : 0, error;',
    'the result is set again of what was opened',
  ],
  [
    'loader/src/session/option_values.c',
    'if (length < sizeof(name))',
    'if (length <= sizeof(name))',
    'no name that is known is so long: comparing ends before the end of the room',
  ],
  [
    'loader/src/attach/uprobe.c',
    'return ATTACH_FAILED;',
    'return 0 * (ATTACH_FAILED);',
    'behind a switch that names all results',
  ],
  ['loader/src/run/loop.c', 'break;', 'continue;', 'the switch is all that the loop does'],
  [
    'loader/src/run/confine.c',
    'if (is_filtered)',
    'if (1 || is_filtered)',
    'the text is used where it was one',
  ],
  [
    'loader/src/run/child.c',
    'if (file < 0)',
    'if (0 && file < 0)',
    'of no file nothing is read, with the same result',
  ],
  [
    'loader/src/run/events.c',
    'if (size < EVENT_HEADER)',
    'if (0 && size < EVENT_HEADER)',
    'no event is so short, and behind a record there is the rest of the ring',
  ],
  [
    'loader/src/session/option_flags.c',
    '_Static_assert(sizeof(option_flags) / sizeof(*option_flags) <= MOST_OPTION_FLAGS,',
    '_Static_assert(sizeof(option_flags) / sizeof(*option_flags) < MOST_OPTION_FLAGS,',
    'the compiler looks at it, and there is room for more',
  ],
  [
    'loader/src/host/tracefs_field.c',
    "while (name_end > text && *name_end != '[')",
    "while (name_end >= text && *name_end != '[')",
    'a line without the bracket has no name either way, and there is a byte before it',
  ],
  [
    'loader/src/binary/inline_calls.c',
    'size_t middle = low + (high - low) / 2;',
    'size_t middle = low + (high - low) / (2 + 1);',
    'a search in thirds finds the same',
  ],
  [
    'loader/src/recording/encoding.c',
    'if (rest >= WORD)',
    'if (rest > WORD)',
    'a whole word is copied either way',
  ],
  [
    'loader/src/recording/answers.c',
    'return hash;',
    'return 0 * (hash);',
    'one list in place of many is only slower',
  ],
  [
    'loader/src/recording/answers.c',
    'memset(entry->bytes, 0, place);',
    ';',
    'nobody reads what is between the question and the answer',
  ],
  [
    'compiler/lowering/loops.ts',
    'program.measure.scratchSize > 0',
    'true',
    'an address that nobody uses is not loaded',
  ],
  ['linker/btf/table.ts', 'words.length / 3', 'words.length * 3', 'more room than is needed'],
  ['linker/elf/write.ts', 'align > 1', 'align >= 1', 'every number is a multiple of 1'],
  [
    'compiler/syntax/precedence.ts',
    'left && right && operator',
    'left && right || operator',
    'there is an operator between any two operands',
  ],
  [
    'compiler/exploration/host.ts',
    "typeof value !== 'object' || value === null",
    "typeof value !== 'object' && value === null",
    'other values have no such members, and what null throws is caught around it',
  ],
  [
    'compiler/builtins/buf.ts',
    'wanted > BigInt(largest)',
    'wanted >= BigInt(largest)',
    'both are the same number then',
  ],
  [
    'compiler/analysis/statements.ts',
    'node.value !== undefined',
    'node.value === undefined',
    'it is only compared with itself in other returns of the loop',
  ],
  [
    'compiler/macros/definitions.ts',
    '(range) => range',
    '() => undefined',
    'the tree that is made is thrown away: the walk looks for mistakes',
  ],
  [
    'compiler/macros/lists.ts',
    'variables.length === 0',
    'false',
    'it only spares making the same attach point anew',
  ],
  [
    'compiler/llvm/memory.ts',
    'false',
    'true',
    'what is copied is stored as narrow as it was loaded, and counters have all their bits',
  ],
  [
    'compiler/lowering/name-text.ts',
    'false',
    'true',
    'a byte is compared with 0 and a space, and stored as narrow as it was loaded; the others have all their bits',
  ],
  [
    'compiler/lowering/repeated-reads.ts',
    'default: break;',
    'default:',
    'nothing stands behind it',
  ],
  [
    'compiler/compatibility/type-match.ts',
    'index < type.entries',
    'index <= type.entries',
    'a member behind the last is none, and is passed over',
  ],
  [
    'loader/src/run/metrics_server.c',
    'bool is_new = false;',
    'bool is_new = true;',
    'where nobody waits, nobody is taken',
  ],
  [
    'loader/src/output/stacks.c',
    'return false;',
    'return true;',
    'nobody asks for names of frames that have build ids',
  ],
  [
    'loader/src/host/memory_use.c',
    'if (fscanf(file, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) != 2 || shared > resident)',
    'if (fscanf(file, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) != 2 || shared >= resident)',
    'the difference is 0 either way',
  ],
  [
    'loader/src/binary/source_line.c',
    'strbuf_clear(&path);',
    ';',
    'only the end of the path is compared',
  ],
  [
    'loader/src/binary/proc_maps.c',
    'char *buffer = memory_bytes(LINE_MAX_BYTES + 1), *line, *newline;',
    'char *buffer = memory_bytes(LINE_MAX_BYTES + (1 + 1)), *line, *newline;',
    'more room than is needed',
  ],
  [
    'loader/src/output/spark.c',
    'most = numbers[i] > most ? numbers[i] : most;',
    'most = numbers[i] >= most ? numbers[i] : most;',
    'both are the same number then',
  ],
  [
    'loader/src/symbols/jit_dump.c',
    'uint32_t middle = low + (high - low) / 2;',
    'uint32_t middle = low + (high - low) / (2 + 1);',
    'a search in thirds finds the same',
  ],
];

const short = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const KEYS = new Set(EQUIVALENT.map(([file, was, became]) => JSON.stringify([file, was, became])));

export const isEquivalent = ({ file, was, became }: Mutant): boolean =>
  KEYS.has(JSON.stringify([file, short(was), short(became)])) || returnsZero(became);

/** `return 0 * (false)` is what it was. */
const returnsZero = (became: string): boolean =>
  /0 \* \((?:false|STATUS_OK|READER_PART)\)/.test(became);
