/**
 * All kinds of errors and warnings. A code names one for good: scripts silence warnings by it, and other programs sort
 * by it. What it says needs no script to look at: `bpfscript explain`, docs/diagnostics.md and the rules of SARIF show
 * it, and a test compiles the examples.
 */

interface Kind {
  readonly severity: 'error' | 'warning';
  /** What is wrong, and what can be done. */
  readonly explanation: string;
  /** A script with just that; absent where it takes a file, another kernel or a long script. */
  readonly example?: string;
}

function kind<Severity extends Kind['severity']>(severity: Severity) {
  return (explanation: string, example?: string) =>
    ({ severity, explanation, ...(example === undefined ? {} : { example }) }) as const;
}

const error = kind('error');
const warning = kind('warning');

export const CODES = {
  // ---- syntax ------------------------------------------------------------------------------------
  'syntax-error': error(
    'The text is not a script from here on: something else has to stand in this place.',
    'BEGIN { print(1 }',
  ),
  unterminated: error(
    'A string or a comment begins here and does not end.',
    'BEGIN { print("hello); }',
  ),
  'invalid-literal': error(
    'A number or a text is written in a form that the language does not have, or is too large for 64 bits.',
    "BEGIN { print('a'); }",
  ),
  'invalid-parameter': error(
    'Positional parameters are $1 to $65535, and names with a $ in attach points are variables of a list around the probe; a $ that means itself stands in double quotes there.',
    'BEGIN { print($0); }',
  ),
  'reserved-name': error(
    'The name belongs to a built-in, so nothing else can have it: choose another one.',
    'fn pid(): int64 { return 1; } BEGIN { }',
  ),
  'duplicate-field': error(
    'A record has two fields of one name.',
    'BEGIN { $r = (a = 1, a = 2); }',
  ),
  'invalid-loop': error(
    'A for loop goes over the elements of a map or over a range of integers.',
    'BEGIN { for $i : 3 { } }',
  ),
  'invalid-list': error(
    'A list of probes has at least one element and one probe, and each of its elements a value for each variable.',
    'for $f, $n : (("a", 1), "b") { usdt:./app:$f { print($n); } }',
  ),
  'misplaced-item': error(
    'C definitions, the config block and imports stand before all probes, functions and macros.',
    'BEGIN { } struct pair { int a; int b; };',
  ),
  'misplaced-config': error(
    'Only the script that is compiled has a config block: settings hold for the whole program.',
  ),
  'duplicate-config': error(
    'A script has one config block: put all settings into it.',
    'config = { max_strlen = 64 } config = { max_map_keys = 64 } BEGIN { }',
  ),
  'misplaced-jump': error(
    'break and continue belong into loops, and return into probes and functions; macros have none of their own.',
    'BEGIN { break; }',
  ),
  'nesting-depth': error(
    'Brackets, blocks, macros or function calls are nested more deeply than the compiler or the kernel takes.',
  ),

  'invalid-allow': error(
    'A comment allows a warning that is not there, or an error, which cannot be silenced.',
    'BEGIN { print(1); } // bpfscript: allow(unreachabel)',
  ),

  'invalid-metric': error(
    'A comment says what a map is as a metric, but not in a way that the map, or the format of metrics, allows.',
    'BEGIN { @reads = count(); } // bpfscript: metric @reads reads-total',
  ),

  // ---- settings ----------------------------------------------------------------------------------
  'unknown-setting': error(
    'There is no setting of this name.',
    'config = { max_strln = 64 } BEGIN { }',
  ),
  'setting-value': error(
    'The setting does not take this value: its kind is another one, or it is out of range.',
    'config = { max_map_keys = "many" } BEGIN { }',
  ),
  'duplicate-setting': error(
    'The config block gives a setting two values.',
    'config = { max_strlen = 64; max_strlen = 128 } BEGIN { }',
  ),
  'environment-setting': error(
    'The setting can only be given as an environment variable.',
    'config = { btf = "/boot/vmlinux" } BEGIN { }',
  ),
  'deprecated-setting': warning(
    'The setting has another name today, or no effect any more.',
    'config = { symbol_source = "dwarf" } BEGIN { }',
  ),
  'disabled-feature': error(
    'The feature may still change, and the config block turns it off, or does not turn it on.',
    'config = { unstable_tseries = error } BEGIN { @ = tseries(1, 1s, 10); }',
  ),
  'unstable-feature': warning(
    'The feature may still change: a setting in the config block says that the script relies on it.',
    'BEGIN { @ = tseries(1, 1s, 10); }',
  ),

  // ---- names -------------------------------------------------------------------------------------
  'unknown-identifier': error(
    'Nothing has this name: no built-in, macro, function or enumerator.',
    'BEGIN { print(cmom); }',
  ),
  'unknown-function': error('There is no function or macro of this name.', 'BEGIN { prnt(1); }'),
  'unknown-field': error(
    'The struct, record or context has no field of this name.',
    'BEGIN { print(curtask.pids); }',
  ),
  'unknown-type': error(
    'Neither the script nor the kernel description nor the traced program defines this type.',
    'BEGIN { print(sizeof(struct nothing)); }',
  ),
  'undefined-variable': error(
    'The variable is read where nothing was assigned to it before.',
    'BEGIN { print($x); }',
  ),
  'undefined-map': error(
    'The script reads the map and stores nothing in it.',
    'BEGIN { print(@x); }',
  ),
  'unassigned-variable': warning(
    'The variable is declared and read before it has a value: it is zero.',
    'BEGIN { let $x; print($x); $x = 1; }',
  ),
  'never-assigned': warning(
    'The variable is declared, and no statement gives it a value.',
    'BEGIN { let $x; }',
  ),
  'unused-map': warning('The map is declared and never used.', 'let @x = hash(10); BEGIN { }'),
  shadowing: error(
    'A variable of this name is there already, in this block or in one around it.',
    'BEGIN { let $x = 1; let $x = 2; }',
  ),
  redefinition: error(
    'A function, macro, parameter or map is defined twice.',
    'fn f(): int64 { return 1; } fn f(): int64 { return 2; } BEGIN { }',
  ),
  'deprecated-name': warning(
    'The name still works and will go: the message says what to write instead.',
    'kprobe:vfs_read { print(stack); }',
  ),
  'args-arrow': warning(
    'Arguments of a probe are no pointer: they are reached by args.NAME.',
    'tracepoint:syscalls:sys_enter_openat { print(args->flags); }',
  ),
  unsupported: error(
    'The language has this, and this version of the compiler has not.',
    'BEGIN { print((inet)0); }',
  ),

  // ---- types -------------------------------------------------------------------------------------
  'no-address': error(
    'Only what stands in memory has an address: no result of an operator or a call, and no bitfield.',
    'BEGIN { $p = &pid; }',
  ),
  'endless-type': error(
    'The type of a map or variable follows from itself and has no end, such as a tuple that holds itself.',
  ),
  'type-mismatch': error(
    'A variable, a map, or the two sides of a comparison or a choice have one type; here is another one.',
    'BEGIN { $x = 1; $x = "one"; }',
  ),
  'locked-type': error(
    'sizeof, typeof or offsetof have already used the type of this variable or map; a later statement would change it.',
    'BEGIN { $x = (int8)1; print(sizeof($x)); $x = 70000; }',
  ),
  'operand-type': error(
    'The operator has no meaning for values of these types.',
    'BEGIN { print("a" * 2); }',
  ),
  'invalid-condition': error(
    'A condition is a number, a boolean or a pointer.',
    'BEGIN { if ("text") { } }',
  ),
  'invalid-cast': error(
    'There is no conversion between the two types.',
    'BEGIN { $x = (string[4])7; }',
  ),
  'unnecessary-cast': warning(
    'The value has the type already that it is cast to.',
    'BEGIN { $x = (int64)-1; $y = (int64)$x; }',
  ),
  'sign-comparison': warning(
    'A number without a sign is compared with 0, below which it never is: a cast gives it a sign.',
    'BEGIN { if (nsecs < 0) { exit(); } }',
  ),
  'address-as-text': warning(
    'A pointer that is printed with %s shows its address; str() reads the text that stands there.',
    'tracepoint:syscalls:sys_enter_open { printf("%s", args.filename); }',
  ),
  'implicit-cast': warning(
    'A number changes its sign or its size without being asked to: an explicit cast says that it is meant.',
    'BEGIN { $x = -1; $x = nsecs; }',
  ),
  'invalid-type': error(
    'There are no values of this type: it has no size, or one that is out of range.',
    'BEGIN { print(sizeof(string[0])); }',
  ),
  'unsized-type': error(
    'The size of the type is not known, and is needed here.',
    'BEGIN { $p = (void *)0; print(*$p); }',
  ),
  'type-as-value': error(
    'A type stands where a value is wanted, or a value where a type is.',
    'BEGIN { @ = sum(typeof(pid)); }',
  ),
  'no-value': error(
    'What stands here has no value that could be used or kept.',
    'BEGIN { $x = print(1); }',
  ),
  'missing-else': error(
    'An if that is used as a value has one in both cases, so it needs an else.',
    'BEGIN { $x = if (pid > 1) { 1 }; }',
  ),
  'constant-overflow': error(
    'The value of a constant expression does not fit into 64 bits.',
    'BEGIN { print(0xffffffffffffffff + 1); }',
  ),
  'division-by-zero': error('A constant is divided by zero.', 'BEGIN { print(1 / 0); }'),
  comptime: error(
    'The value has to be known when the script is compiled.',
    'BEGIN { print(comptime pid); }',
  ),
  'string-too-long': error(
    'The text is longer than strings are: the setting max_strlen says how long they get.',
    'config = { max_strlen = 4 } BEGIN { print("longer"); }',
  ),
  'empty-string': warning(
    'Strings keep at most max_strlen bytes: with this setting no text is left.',
    'BEGIN { print("abc" + 5); }',
  ),
  'value-too-large': error(
    'A variable holds no value of this size: keep a pointer to it instead.',
    'BEGIN { $t = *curtask; }',
  ),

  // ---- pointers, structs and arrays --------------------------------------------------------------
  'not-a-pointer': error(
    'Only pointers, and integers as addresses, can be dereferenced.',
    'BEGIN { print(*comm); }',
  ),
  'not-a-struct': error(
    'Only structs, unions, records and pointers to them have fields.',
    'BEGIN { print(pid.x); }',
  ),
  'not-indexable': error(
    'Only arrays, pointers and tuples have elements with an index.',
    'BEGIN { print(pid[0]); }',
  ),
  'index-range': error(
    'The array or the tuple has no element with this index.',
    'BEGIN { print((1, 2).5); }',
  ),
  'index-type': error(
    'An index is an integer that is not negative.',
    'BEGIN { print(curtask.comm["a"]); }',
  ),
  'distinct-pointers': warning(
    'Pointers to different types are compared: cast one of them if that is meant.',
    'BEGIN { if ((int32 *)1 == (int64 *)1) { } }',
  ),
  'address-space': warning(
    'An address of a process is used where one of the kernel is expected, or the other way round.',
    'BEGIN { $p = kptr((int8 *)1); $p = uptr((int8 *)1); }',
  ),
  'tagged-pointer': error('The kernel marks the pointer in a way that scripts cannot follow.'),
  'untyped-pointer': error(
    'The kernel takes a pointer here only if it knows itself what it points to.',
    'fentry:tcp_close { print(socket_cookie((struct sock *)pid)); }',
  ),
  'common-field': error(
    'The fields that all tracepoints begin with are not there for BPF programs.',
    'tracepoint:syscalls:sys_enter_openat { print(args.common_pid); }',
  ),

  // ---- calls -------------------------------------------------------------------------------------
  'argument-count': error(
    'The function takes fewer or more arguments.',
    'BEGIN { exit(1, 2, 3); }',
  ),
  'argument-type': error(
    'The function does not take an argument of this type.',
    'BEGIN { @ = sum("text"); }',
  ),
  'argument-value': error(
    'The function does not take this value as its argument.',
    'BEGIN { @ = lhist(5, 0, 10, 0); }',
  ),
  'literal-required': error(
    'The argument has to be written as a literal: it is used when the script is compiled.',
    'BEGIN { $f = "x"; printf($f); }',
  ),
  'map-argument': error('The argument is a map, named without a key.', 'BEGIN { clear(1); }'),
  'named-parameter': error(
    'A named parameter has a name that options can have, and one default and description in all its uses.',
    'BEGIN { print(getopt("a b")); }',
  ),
  format: error(
    'The format is not one that is known here, or its conversions and the arguments do not fit.',
    'BEGIN { printf("%d %d", 1); }',
  ),
  fail: error(
    'The script itself calls this an error: the compiler has reached a fail().',
    'BEGIN { fail("no"); }',
  ),
  'probe-kind': error(
    'What the built-in gives is not there in probes of this kind, or the kernel does not let them ask for it.',
    'BEGIN { print(arg0); }',
  ),
  'context-in-loop': error(
    'The body of a for loop may be a function of its own, without the context: assign the value to a variable before it.',
    'kprobe:vfs_read { for $i : 0..3 { print(arg0); } }',
  ),
  'kernel-lacks': error(
    'The kernel or the architecture that the script is compiled for lacks what the built-in needs.',
  ),
  'shortened-text': warning(
    'The text or the bytes are cut to what max_strlen allows.',
    'kprobe:vfs_read { print(str(arg1, 5000)); }',
  ),
  'exit-status': warning('A process has a status from 0 to 255.', 'BEGIN { exit(256); }'),
  'ignored-argument': warning(
    'The argument has no meaning for a map of this kind.',
    'BEGIN { @x[1] = stats(1); print(@x, 5); }',
  ),
  'map-in-loop': warning(
    'The map is printed as it is when the event is handled, not in each round.',
    'BEGIN { @x[1] = 1; for $i : 0..3 { print(@x); } }',
  ),
  'debug-only': warning(
    'The function writes where all programs write: it is for debugging.',
    'BEGIN { debugf("x"); }',
  ),
  'probe-required': error(
    'The built-in reads what only a probe has; a function gets it as an argument.',
    'fn f(): uint64 { return arg0; } BEGIN { }',
  ),
  unsafe: error(
    'What changes the traced system, or may harm it, needs --unsafe.',
    'BEGIN { system("ls"); }',
  ),
  'discarded-value': warning(
    'The result of the statement is not used.',
    'BEGIN { strlen("text"); }',
  ),
  unreachable: warning('The statement is never reached.', 'BEGIN { return; print(1); }'),

  // ---- assignments and maps ----------------------------------------------------------------------
  'assignment-target': error('Only variables and maps can be assigned to.', 'BEGIN { pid = 1; }'),
  'immutable-value': error(
    'Tuples, records and structs cannot be changed in place: make a new one.',
    'BEGIN { $t = (1, 2); $t.0 = 3; }',
  ),
  'map-kind': error(
    'There is no such kind of map, or what the script stores needs another one.',
    'let @x = heap(10); BEGIN { @x[1] = 1; }',
  ),
  'map-size': error(
    'A declared map has room for 1 to 4294967295 elements, and for those that are stored in it.',
    'let @x = hash(0); BEGIN { @x[1] = 1; }',
  ),
  'map-key-mismatch': error(
    'All uses of a map have keys of one type, or none has a key.',
    'BEGIN { @x = 1; @x[1] = 1; }',
  ),
  'map-value-use': error(
    'The value of an aggregation stays in its map: it can be printed, or cast to an integer.',
    'BEGIN { @a = count(); @b = @a; }',
  ),
  'misplaced-aggregation': error(
    'The result of count(), sum(), hist() and their like is assigned to a map at once.',
    'BEGIN { $x = count(); }',
  ),
  'mixed-aggregations': error(
    'All values of a histogram or a series have the same shape.',
    'BEGIN { @ = hist(1); @ = hist(1, 3); }',
  ),

  // ---- loops -------------------------------------------------------------------------------------
  'while-loop': warning(
    'While loops are deprecated: a for loop over a range does the same.',
    'BEGIN { $i = 0; while ($i < 3) { $i++; } }',
  ),
  'unroll-count': error(
    'unroll takes an integer literal from 1 to 100.',
    'BEGIN { unroll(0) { } }',
  ),
  'loop-range': error('The ends of a range are integers.', 'BEGIN { for $i : 0.."b" { } }'),
  'loop-rounds': error(
    'A loop over a range has more rounds than BPF allows: 8388608.',
    'BEGIN { for $i : 0..9000000 { } }',
  ),
  'loop-map': error(
    'A loop over a map needs one with keys, named without one.',
    'BEGIN { @x = 1; for $kv : @x { } }',
  ),

  // ---- functions and macros ----------------------------------------------------------------------
  'signature-type': error(
    'Values of this type cannot be passed to functions or returned by them.',
    'fn f($t: struct task_struct): int64 { return 1; } BEGIN { }',
  ),
  'missing-return': error(
    'A function with a result returns one on every path.',
    'fn f(): int64 { } BEGIN { }',
  ),
  'return-type': error(
    'What is returned is not of the type that the function or the probe returns.',
    'BEGIN { return "text"; }',
  ),
  recursion: error(
    'Functions and macros cannot call themselves: use a loop.',
    'fn f($n: int64): int64 { return f($n); } BEGIN { print(f(1)); }',
  ),
  'too-many-macros': error('The expansion of macros, or of lists of probes, is too long.'),
  'macro-arguments': error(
    'No definition of the macro takes these arguments.',
    'macro m(a) { a } BEGIN { print(m(1, 2)); }',
  ),
  'unhygienic-macro': error(
    'A macro reaches maps through its parameters alone.',
    'macro m() { @x } BEGIN { @x = 1; print(m()); }',
  ),

  // ---- imports and C -----------------------------------------------------------------------------
  'missing-import': error(
    'The file to import is not there or cannot be read.',
    'import "nowhere.bt"; BEGIN { }',
  ),
  'import-kind': error(
    'Files of this kind cannot be imported.',
    'import "/etc/hostname"; BEGIN { }',
  ),
  'world-writable-import': error(
    'Everybody may change the file, and so decide what is traced: it is not imported.',
  ),
  'imported-object': error(
    'The imported object is damaged, or does not fit to the script or to another one.',
  ),
  'missing-clang': error(
    'C definitions, headers and C code are read by clang, which is not installed.',
  ),
  'missing-header': warning(
    'The header is not installed: what it defines is not known.',
    '#include <nowhere.h>\nBEGIN { }',
  ),
  'c-error': error(
    'What clang, or the preprocessor, says of the C in the script.',
    '#error no\nBEGIN { }',
  ),
  'c-warning': warning(
    'What clang, or the preprocessor, warns of in the C of the script.',
    '#warning careful\nBEGIN { }',
  ),
  'c-macro': error(
    'The C macro cannot be used in scripts: its replacement is no expression of the language.',
    '#define M +\nBEGIN { print(M); }',
  ),

  // ---- probes ------------------------------------------------------------------------------------
  'no-probes': error('A script needs at least one probe.', 'macro m() { 1 }'),
  'no-attach-points': error(
    'The probe would attach to nothing: no wildcard in it matches.',
    'tracepoint:sched:nothing_* { }',
  ),
  'unknown-provider': error(
    'The first word of an attach point says what it is of: there is none of this name.',
    'kprob:vfs_read { }',
  ),
  'unknown-target': error(
    'What the probe attaches to is not there.',
    'tracepoint:sched:sched_swich { }',
  ),
  'undescribed-target': warning(
    'The kernel description does not have what the probe attaches to. The host may: it is looked for again when the object is loaded. With missing_probes = warn, what needs types that no description has is left out.',
    'kprobe:vfs_raed { }',
  ),
  'attach-point-form': error(
    'Parts of the attach point are missing, or there are too many, or they do not go together.',
    'kprobe { }',
  ),
  'attach-point-value': error(
    'A part of the attach point has a value that means nothing there.',
    'interval:fortnight:1 { }',
  ),
  'attach-point-parameter': error(
    'No positional parameter can stand in this part of the attach point.',
    'iter:$1 { }',
  ),
  'attach-point-wildcard': error(
    'No wildcard can stand in this part of the attach point.',
    'iter:* { }',
  ),
  'ambiguous-function': error('Several kernel modules have the function: name one of them.'),
  'untraceable-function': error(
    'The kernel does not let BPF programs attach to the function in this way.',
    'fentry:_printk { }',
  ),
  'untyped-arguments': error(
    'The types of the arguments are not known when the script is compiled.',
    'fentry:$1 { print(args.file); }',
  ),
  'dangerous-function': warning(
    'Programs that attach to this function run inside of other programs, and events may be lost.',
    'fentry:_raw_spin_lock { }',
  ),
  'lone-iterator': error('An iterator is the only probe of its script.', 'iter:task { } BEGIN { }'),
  'duplicate-probe': error(
    'Test and bench probes have different names.',
    'test:one { } test:one { }',
  ),
  'pinned-iterator': error(
    'The file of a pinned iterator is written by the kernel alone, which can do less than the loader.',
    'iter:task:tasks { print(1); }',
  ),

  // ---- limits ------------------------------------------------------------------------------------
  'too-many-programs': error(
    'The script needs more BPF programs than max_bpf_progs allows.',
    'config = { max_bpf_progs = 1 } BEGIN { } END { }',
  ),
  'program-too-long': error('A jump in the program spans more instructions than BPF can say.'),
  'stack-limit': error('The program needs more than the 512 bytes of stack that BPF has.'),
  'object-limit': error(
    'The object would be larger, or have more of something, than loaders take.',
  ),
  'memory-limit': error('The values of the probe need more memory than the kernel gives it.'),
  // ---- objects on other kernels ------------------------------------------------------------------
  'missing-on-kernel': error(
    'The kernel lacks what the object needs, so the object does not load there. Behind `missing_probes`, or behind a parameter, it is left out.',
  ),
  'other-layout-on-kernel': error(
    'The kernel has what the object needs in a form that loading cannot adapt to, so the object does not load there. Build the script with --kernel, against a description of that kernel.',
  ),
  'refused-by-kernel': error(
    "The kernel was booted, and the loader did not load the object there: the message is the loader's.",
  ),
  'not-known-of-kernel': warning(
    'The description of the kernel does not say whether the kernel has what the object needs: capture it on the running kernel, as root.',
  ),
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

export const DIAGNOSTIC_CODES = Object.keys(CODES) as readonly DiagnosticCode[];

export function isDiagnosticCode(text: string): text is DiagnosticCode {
  return Object.hasOwn(CODES, text);
}

export function kindOf(code: DiagnosticCode): Kind {
  return CODES[code];
}

/** Which codes `--allow` and comments take. */
export const WARNING_CODES: readonly DiagnosticCode[] = DIAGNOSTIC_CODES.filter(
  (code) => CODES[code].severity === 'warning',
);
