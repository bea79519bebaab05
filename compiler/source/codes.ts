/**
 * All kinds of errors and warnings. A code names one for good: scripts silence warnings by it, and other programs sort
 * by it. `explanation` says what is wrong and what can be done, in words that need no script to look at.
 */

interface Kind {
  readonly severity: 'error' | 'warning';
  readonly explanation: string;
}

function error(explanation: string) {
  return { severity: 'error', explanation } as const;
}

function warning(explanation: string) {
  return { severity: 'warning', explanation } as const;
}

export const CODES = {
  // ---- syntax ------------------------------------------------------------------------------------
  'syntax-error': error(
    'The text is not a script from here on: something else has to stand in this place.',
  ),
  unterminated: error('A string or a comment begins here and does not end.'),
  'invalid-literal': error(
    'A number or a text is written in a form that the language does not have, or is too large for 64 bits.',
  ),
  'invalid-parameter': error(
    'Positional parameters are $1 to $65535; in an attach point a $ that means itself stands in double quotes.',
  ),
  'reserved-name': error(
    'The name belongs to a built-in, so nothing else can have it: choose another one.',
  ),
  'duplicate-field': error('A record has two fields of one name.'),
  'invalid-loop': error('A for loop goes over the elements of a map or over a range of integers.'),
  'misplaced-item': error(
    'C definitions, the config block and imports stand before all probes, functions and macros.',
  ),
  'misplaced-import': error('Imports stand at the top of a script, not in a block.'),
  'misplaced-config': error(
    'Only the script that is compiled has a config block: settings hold for the whole program.',
  ),
  'duplicate-config': error('A script has one config block: put all settings into it.'),
  'misplaced-jump': error(
    'break and continue belong into loops, and return into probes and functions; macros have none of their own.',
  ),
  'nesting-depth': error(
    'Brackets, blocks, macros or function calls are nested more deeply than the compiler or the kernel takes.',
  ),

  // ---- settings ----------------------------------------------------------------------------------
  'unknown-setting': error('There is no setting of this name.'),
  'setting-value': error(
    'The setting does not take this value: its kind is another one, or it is out of range.',
  ),
  'duplicate-setting': error('The config block gives a setting two values.'),
  'environment-setting': error('The setting can only be given as an environment variable.'),
  'deprecated-setting': warning('The setting has another name today, or no effect any more.'),
  'disabled-feature': error(
    'The feature may still change, and the config block turns it off, or does not turn it on.',
  ),
  'unstable-feature': warning(
    'The feature may still change: a setting in the config block says that the script relies on it.',
  ),

  // ---- names -------------------------------------------------------------------------------------
  'unknown-identifier': error('Nothing has this name: no built-in, macro, function or enumerator.'),
  'unknown-function': error('There is no function or macro of this name.'),
  'unknown-field': error('The struct, record or context has no field of this name.'),
  'unknown-type': error(
    'Neither the script nor the kernel description nor the traced program defines this type.',
  ),
  'undefined-variable': error('The variable is read where nothing was assigned to it before.'),
  'undefined-map': error('The script reads the map and stores nothing in it.'),
  'unassigned-variable': warning(
    'The variable is declared and read before it has a value: it is zero.',
  ),
  'never-assigned': warning('The variable is declared, and no statement gives it a value.'),
  'unused-map': warning('The map is declared and never used.'),
  shadowing: error('A variable of this name is there already, in this block or in one around it.'),
  redefinition: error('A function, macro, parameter or map is defined twice.'),
  'deprecated-name': warning(
    'The name still works and will go: the message says what to write instead.',
  ),
  'args-arrow': warning('Arguments of a probe are no pointer: they are reached by args.NAME.'),
  unsupported: error('The language has this, and this version of the compiler has not.'),

  // ---- types -------------------------------------------------------------------------------------
  'type-mismatch': error(
    'A variable, a map, or the two sides of a comparison or a choice have one type; here is another one.',
  ),
  'locked-type': error(
    'sizeof, typeof or offsetof have already used the type of this variable or map; a later statement would change it.',
  ),
  'operand-type': error('The operator has no meaning for values of these types.'),
  'invalid-condition': error('A condition is a number, a boolean or a pointer.'),
  'invalid-cast': error('There is no conversion between the two types.'),
  'unnecessary-cast': warning('The value has the type already that it is cast to.'),
  'implicit-cast': warning(
    'A number changes its sign or its size without being asked to: an explicit cast says that it is meant.',
  ),
  'invalid-type': error(
    'There are no values of this type: it has no size, or one that is out of range.',
  ),
  'unsized-type': error('The size of the type is not known, and is needed here.'),
  'type-as-value': error('A type stands where a value is wanted, or a value where a type is.'),
  'no-value': error('What stands here has no value that could be used or kept.'),
  'missing-else': error(
    'An if that is used as a value has one in both cases, so it needs an else.',
  ),
  'constant-overflow': error('The value of a constant expression does not fit into 64 bits.'),
  'division-by-zero': error('A constant is divided by zero.'),
  comptime: error('The value has to be known when the script is compiled.'),
  'string-too-long': error(
    'The text is longer than strings are: the setting max_strlen says how long they get.',
  ),
  'empty-string': warning(
    'Strings keep at most max_strlen bytes: with this setting no text is left.',
  ),
  'value-too-large': error('A variable holds no value of this size: keep a pointer to it instead.'),

  // ---- pointers, structs and arrays --------------------------------------------------------------
  'not-a-pointer': error('Only pointers can be dereferenced.'),
  'not-a-struct': error('Only structs, unions, records and pointers to them have fields.'),
  'not-indexable': error('Only arrays, pointers and tuples have elements with an index.'),
  'index-range': error('The array or the tuple has no element with this index.'),
  'index-type': error('An index is an integer that is not negative.'),
  'distinct-pointers': warning(
    'Pointers to different types are compared: cast one of them if that is meant.',
  ),
  'address-space': warning(
    'An address of a process is used where one of the kernel is expected, or the other way round.',
  ),
  'tagged-pointer': error('The kernel marks the pointer in a way that scripts cannot follow.'),
  'untyped-pointer': error(
    'The kernel takes a pointer here only if it knows itself what it points to.',
  ),
  'common-field': error(
    'The fields that all tracepoints begin with are not there for BPF programs.',
  ),

  // ---- calls -------------------------------------------------------------------------------------
  'argument-count': error('The function takes fewer or more arguments.'),
  'argument-type': error('The function does not take an argument of this type.'),
  'argument-value': error('The function does not take this value as its argument.'),
  'literal-required': error(
    'The argument has to be written as a literal: it is used when the script is compiled.',
  ),
  'map-argument': error('The argument is a map, named without a key.'),
  'builtin-use': error('A built-in value or function cannot be used in this way.'),
  'builtin-warning': warning('A use of a built-in does something else than it seems to.'),
  'probe-required': error(
    'The built-in reads what only a probe has; a function gets it as an argument.',
  ),
  unsafe: error('What changes the traced system, or may harm it, needs --unsafe.'),
  'discarded-value': warning('The result of the statement is not used.'),
  unreachable: warning('The statement is never reached.'),

  // ---- assignments and maps ----------------------------------------------------------------------
  'assignment-target': error('Only variables and maps can be assigned to.'),
  'immutable-value': error(
    'Tuples, records and structs cannot be changed in place: make a new one.',
  ),
  'map-kind': error('There is no such kind of map, or what the script stores needs another one.'),
  'map-size': error(
    'A declared map has room for 1 to 4294967295 elements, and for those that are stored in it.',
  ),
  'map-key-mismatch': error('All uses of a map have keys of one type, or none has a key.'),
  'map-value-use': error(
    'The value of an aggregation stays in its map: it can be printed, or cast to an integer.',
  ),
  'misplaced-aggregation': error(
    'The result of count(), sum(), hist() and their like is assigned to a map at once.',
  ),
  'mixed-aggregations': error('All values of a histogram or a series have the same shape.'),

  // ---- loops -------------------------------------------------------------------------------------
  'while-loop': warning('While loops are deprecated: a for loop over a range does the same.'),
  'unroll-count': error('unroll takes an integer literal from 1 to 100.'),
  'loop-range': error('The ends of a range are integers.'),
  'loop-map': error('A loop over a map needs one with keys, named without one.'),

  // ---- functions and macros ----------------------------------------------------------------------
  'signature-type': error('Values of this type cannot be passed to functions or returned by them.'),
  'missing-return': error('A function with a result returns one on every path.'),
  'return-type': error(
    'What is returned is not of the type that the function or the probe returns.',
  ),
  recursion: error('Functions and macros cannot call themselves: use a loop.'),
  'too-many-macros': error('The expansion of the script uses too many macros.'),
  'macro-arguments': error('No definition of the macro takes these arguments.'),
  'unhygienic-macro': error('A macro reaches maps through its parameters alone.'),

  // ---- imports and C -----------------------------------------------------------------------------
  'missing-import': error('The file to import is not there or cannot be read.'),
  'import-kind': error('Files of this kind cannot be imported.'),
  'world-writable-import': error(
    'Everybody may change the file, and so decide what is traced: it is not imported.',
  ),
  'imported-object': error(
    'The imported object is damaged, or does not fit to the script or to another one.',
  ),
  'missing-clang': error(
    'C definitions, headers and C code are read by clang, which is not installed.',
  ),
  'missing-header': warning('The header is not installed: what it defines is not known.'),
  'c-error': error('What clang, or the preprocessor, says of the C in the script.'),
  'c-warning': warning('What clang, or the preprocessor, warns of in the C of the script.'),
  'c-macro': error(
    'The C macro cannot be used in scripts: its replacement is no expression of the language.',
  ),

  // ---- probes ------------------------------------------------------------------------------------
  'no-probes': error('A script needs at least one probe.'),
  'no-attach-points': error('The probe would attach to nothing: no wildcard in it matches.'),
  'unknown-provider': error(
    'The first word of an attach point says what it is of: there is none of this name.',
  ),
  'unknown-target': error('What the probe attaches to is not there.'),
  'attach-point-form': error(
    'Parts of the attach point are missing, or there are too many, or they do not go together.',
  ),
  'attach-point-value': error('A part of the attach point has a value that means nothing there.'),
  'attach-point-parameter': error(
    'No positional parameter can stand in this part of the attach point.',
  ),
  'attach-point-wildcard': error('No wildcard can stand in this part of the attach point.'),
  'ambiguous-function': error('Several kernel modules have the function: name one of them.'),
  'untraceable-function': error(
    'The kernel does not let BPF programs attach to the function in this way.',
  ),
  'untyped-arguments': error(
    'The types of the arguments are not known when the script is compiled.',
  ),
  'dangerous-function': warning(
    'Programs that attach to this function run inside of other programs, and events may be lost.',
  ),
  'lone-iterator': error('An iterator is the only probe of its script.'),
  'duplicate-probe': error('Test and bench probes have different names.'),
  'pinned-iterator': error(
    'The file of a pinned iterator is written by the kernel alone, which can do less than the loader.',
  ),

  // ---- limits ------------------------------------------------------------------------------------
  'too-many-programs': error('The script needs more BPF programs than max_bpf_progs allows.'),
  'program-too-long': error('A jump in the program spans more instructions than BPF can say.'),
  'stack-limit': error('The program needs more than the 512 bytes of stack that BPF has.'),
  'memory-limit': error('The values of the probe need more memory than the kernel gives it.'),
} as const satisfies Readonly<Record<string, Kind>>;

export type DiagnosticCode = keyof typeof CODES;

type CodeOf<Severity> = {
  readonly [Code in DiagnosticCode]: (typeof CODES)[Code]['severity'] extends Severity
    ? Code
    : never;
}[DiagnosticCode];

export type ErrorCode = CodeOf<'error'>;

/** Codes of what can be silenced. */
export type WarningCode = CodeOf<'warning'>;
