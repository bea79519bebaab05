/*
 * What the loader and the compiler both know by name. Made by `npm run docs` of the tables in
 * linker/contract: change them, not this.
 */
#ifndef BPFLOAD_CONTRACT_H
#define BPFLOAD_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */

/* The most that an object has. */
#define MF_MAX_FILE_BYTES 67108864u
#define MF_MAX_SECTIONS 4096u
#define MF_MAX_SYMBOLS 65536u
#define MF_MAX_FUNCTIONS 16384u
#define MF_MAX_ZERO_BYTES 67108864u
#define MF_MAX_EVENT_BYTES 1048576u

/* Kernel maps that the compiler puts into objects for the loader. */
#define MF_MAP_EVENTS "events"
#define MF_MAP_LOST "lost"
#define MF_MAP_PACKETS "packets"
#define MF_MAP_STACKS "stacks"
#define MF_MAP_RUNNING "running"
#define MF_MAP_WIDE_SCRATCH "wide_scratch"
#define MF_MAP_UNWIND_PROCESSES "unwind_processes"
#define MF_MAP_UNWIND_MAPPINGS "unwind_mappings"
#define MF_MAP_UNWIND_ROWS "unwind_rows"
#define MF_MAP_PROBE_NAMES "probe_names"
#define MF_MAP_USDT_SITES "usdt_sites"

/* Types of values. */
enum mf_type_kind {
	MF_VOID,
	MF_BOOL,
	MF_POINTER,
	MF_KSYM,
	MF_USYM,
	MF_TIMESTAMP,
	MF_PROBE,
	MF_COUNT,
	MF_INET,
	MF_MACADDR,
	MF_CGROUP_PATH,
	MF_INT,
	MF_NAME,
	MF_STRING,
	MF_BUFFER,
	MF_ENUM,
	MF_ARRAY,
	MF_TUPLE,
	MF_RECORD,
	MF_STACK,
	MF_SUM,
	MF_MIN,
	MF_MAX,
	MF_AVG,
	MF_STATS,
	MF_HIST,
	MF_LHIST,
	MF_TSERIES,
};

static const char *const mf_type_kind_names[] = {
	[MF_VOID] = "void",
	[MF_BOOL] = "bool",
	[MF_POINTER] = "pointer",
	[MF_KSYM] = "ksym",
	[MF_USYM] = "usym",
	[MF_TIMESTAMP] = "timestamp",
	[MF_PROBE] = "probe",
	[MF_COUNT] = "count",
	[MF_INET] = "inet",
	[MF_MACADDR] = "macaddr",
	[MF_CGROUP_PATH] = "cgroup_path",
	[MF_INT] = "int",
	[MF_NAME] = "name",
	[MF_STRING] = "string",
	[MF_BUFFER] = "buffer",
	[MF_ENUM] = "enum",
	[MF_ARRAY] = "array",
	[MF_TUPLE] = "tuple",
	[MF_RECORD] = "record",
	[MF_STACK] = "stack",
	[MF_SUM] = "sum",
	[MF_MIN] = "min",
	[MF_MAX] = "max",
	[MF_AVG] = "avg",
	[MF_STATS] = "stats",
	[MF_HIST] = "hist",
	[MF_LHIST] = "lhist",
	[MF_TSERIES] = "tseries",
};

/* The most that positional parameters may ask for. */
#define MF_MOST_HIST_BITS 5u
#define MF_MOST_LHIST_STEPS 1000u
#define MF_MOST_FRAMES 1024u

/* What a slot of a series keeps. */
enum mf_aggregation {
	MF_SERIES_LAST,
	MF_SERIES_AVG,
	MF_SERIES_MAX,
	MF_SERIES_MIN,
	MF_SERIES_SUM,
};

static const char *const mf_aggregation_names[] = {
	[MF_SERIES_LAST] = "last",
	[MF_SERIES_AVG] = "avg",
	[MF_SERIES_MAX] = "max",
	[MF_SERIES_MIN] = "min",
	[MF_SERIES_SUM] = "sum",
};

/* What a number of kind MF_NAME is of. */
enum mf_name_space {
	MF_NAME_USER,
	MF_NAME_ERRNO,
	MF_NAME_SIGNAL,
	MF_NAME_SYSCALL,
};

static const char *const mf_name_space_names[] = {
	[MF_NAME_USER] = "user",
	[MF_NAME_ERRNO] = "errno",
	[MF_NAME_SIGNAL] = "signal",
	[MF_NAME_SYSCALL] = "syscall",
};

/* Whose frames a stack has. */
enum mf_stack_space {
	MF_STACK_KERNEL,
	MF_STACK_USER,
};

static const char *const mf_stack_space_names[] = {
	[MF_STACK_KERNEL] = "kernel",
	[MF_STACK_USER] = "user",
};

/* How a stack is shown. */
enum mf_stack_mode {
	MF_STACK_BPFTRACE,
	MF_STACK_PERF,
	MF_STACK_RAW,
	MF_STACK_BUILD_ID,
};

static const char *const mf_stack_mode_names[] = {
	[MF_STACK_BPFTRACE] = "bpftrace",
	[MF_STACK_PERF] = "perf",
	[MF_STACK_RAW] = "raw",
	[MF_STACK_BUILD_ID] = "build_id",
};

/* Where a map keeps elements. */
enum mf_store_kind {
	MF_STORE_HASH,
	MF_STORE_PERCPU_HASH,
	MF_STORE_PERCPU_SLOT,
	MF_STORE_PERCPU_SLOTS,
	MF_STORE_GLOBAL,
};

static const char *const mf_store_kind_names[] = {
	[MF_STORE_HASH] = "hash",
	[MF_STORE_PERCPU_HASH] = "percpu-hash",
	[MF_STORE_PERCPU_SLOT] = "percpu-slot",
	[MF_STORE_PERCPU_SLOTS] = "percpu-slots",
	[MF_STORE_GLOBAL] = "global",
};

/* What programs send. */
enum mf_event_kind {
	MF_EVENT_PRINTF,
	MF_EVENT_PRINT_VALUE,
	MF_EVENT_PRINT_MAP,
	MF_EVENT_CLEAR,
	MF_EVENT_ZERO,
	MF_EVENT_UNWATCH,
	MF_EVENT_EXIT,
	MF_EVENT_TIME,
	MF_EVENT_JOIN,
	MF_EVENT_SYSTEM,
	MF_EVENT_CAT,
	MF_EVENT_WARNING,
	MF_EVENT_ERRORF,
	MF_EVENT_WARNF,
	MF_EVENT_PROCESS,
	MF_EVENT_PACKET,
};

static const char *const mf_event_kind_names[] = {
	[MF_EVENT_PRINTF] = "printf",
	[MF_EVENT_PRINT_VALUE] = "print-value",
	[MF_EVENT_PRINT_MAP] = "print-map",
	[MF_EVENT_CLEAR] = "clear",
	[MF_EVENT_ZERO] = "zero",
	[MF_EVENT_UNWATCH] = "unwatch",
	[MF_EVENT_EXIT] = "exit",
	[MF_EVENT_TIME] = "time",
	[MF_EVENT_JOIN] = "join",
	[MF_EVENT_SYSTEM] = "system",
	[MF_EVENT_CAT] = "cat",
	[MF_EVENT_WARNING] = "warning",
	[MF_EVENT_ERRORF] = "errorf",
	[MF_EVENT_WARNF] = "warnf",
	[MF_EVENT_PROCESS] = "process",
	[MF_EVENT_PACKET] = "packet",
};

/* Rare, however often the probes fire. */
static const bool mf_event_is_rare[] = {
	[MF_EVENT_PRINTF] = false,
	[MF_EVENT_PRINT_VALUE] = false,
	[MF_EVENT_PRINT_MAP] = true,
	[MF_EVENT_CLEAR] = true,
	[MF_EVENT_ZERO] = true,
	[MF_EVENT_UNWATCH] = true,
	[MF_EVENT_EXIT] = true,
	[MF_EVENT_TIME] = false,
	[MF_EVENT_JOIN] = false,
	[MF_EVENT_SYSTEM] = false,
	[MF_EVENT_CAT] = false,
	[MF_EVENT_WARNING] = true,
	[MF_EVENT_ERRORF] = false,
	[MF_EVENT_WARNF] = false,
	[MF_EVENT_PROCESS] = true,
	[MF_EVENT_PACKET] = false,
};

/* What is asked of the host. */
enum mf_lookup_kind {
	MF_LOOKUP_KERNEL_SYMBOL,
	MF_LOOKUP_ENUMERATOR,
	MF_LOOKUP_ENUMERATOR_FOUND,
	MF_LOOKUP_ENUMERATOR_EXISTS,
	MF_LOOKUP_CGROUP,
	MF_LOOKUP_EXECUTABLE,
	MF_LOOKUP_KERNEL_FUNCTION,
	MF_LOOKUP_KFUNC,
};

static const char *const mf_lookup_kind_names[] = {
	[MF_LOOKUP_KERNEL_SYMBOL] = "kernel-symbol",
	[MF_LOOKUP_ENUMERATOR] = "enumerator",
	[MF_LOOKUP_ENUMERATOR_FOUND] = "enumerator-found",
	[MF_LOOKUP_ENUMERATOR_EXISTS] = "enumerator-exists",
	[MF_LOOKUP_CGROUP] = "cgroup",
	[MF_LOOKUP_EXECUTABLE] = "executable",
	[MF_LOOKUP_KERNEL_FUNCTION] = "kernel-function",
	[MF_LOOKUP_KFUNC] = "kfunc",
};

/* A call of this helper, plus the index of a lookup, stands where an answer is needed that is missing. */
#define MF_MISSING_CALL 195952640u
#define MF_MISSING_CALLS 65536u

/* Long names, as in scripts. */
enum mf_provider {
	MF_BEGIN,
	MF_END,
	MF_SELF,
	MF_TEST,
	MF_BENCH,
	MF_TRACEPOINT,
	MF_RAWTRACEPOINT,
	MF_KPROBE,
	MF_KRETPROBE,
	MF_FENTRY,
	MF_FEXIT,
	MF_UPROBE,
	MF_URETPROBE,
	MF_USDT,
	MF_INTERVAL,
	MF_PROFILE,
	MF_SOFTWARE,
	MF_HARDWARE,
	MF_ITER,
	MF_WATCHPOINT,
};

static const char *const mf_provider_names[] = {
	[MF_BEGIN] = "begin",
	[MF_END] = "end",
	[MF_SELF] = "self",
	[MF_TEST] = "test",
	[MF_BENCH] = "bench",
	[MF_TRACEPOINT] = "tracepoint",
	[MF_RAWTRACEPOINT] = "rawtracepoint",
	[MF_KPROBE] = "kprobe",
	[MF_KRETPROBE] = "kretprobe",
	[MF_FENTRY] = "fentry",
	[MF_FEXIT] = "fexit",
	[MF_UPROBE] = "uprobe",
	[MF_URETPROBE] = "uretprobe",
	[MF_USDT] = "usdt",
	[MF_INTERVAL] = "interval",
	[MF_PROFILE] = "profile",
	[MF_SOFTWARE] = "software",
	[MF_HARDWARE] = "hardware",
	[MF_ITER] = "iter",
	[MF_WATCHPOINT] = "watchpoint",
};

/*
 * What targets have: provider, number of the form, name in the manifest, struct and member (targets.h), how it is
 * read, the greatest number, the one word, whether it has to be there, and whether a text of it may be a pattern,
 * and have parameters in it.
 */
#define MF_TARGET_FIELDS(FIELD) \
	FIELD(MF_SELF, 0, "signal", self, is_signal, WORD, 0, "SIGUSR1", true, false, true) \
	FIELD(MF_TEST, 0, "name", named, name, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_BENCH, 0, "name", named, name, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_TRACEPOINT, 0, "category", tracepoint, category, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_TRACEPOINT, 0, "event", tracepoint, event, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_RAWTRACEPOINT, 0, "event", rawtracepoint, event, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_RAWTRACEPOINT, 0, "module", rawtracepoint, module, TEXT, 0, NULL, false, true, true) \
	FIELD(MF_KPROBE, 0, "function", kprobe, function, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_KPROBE, 0, "module", kprobe, module, TEXT, 0, NULL, false, true, true) \
	FIELD(MF_KPROBE, 0, "offset", kprobe, offset, NUMBER, 4294967295u, NULL, true, false, true) \
	FIELD(MF_KPROBE, 1, "address", kprobe, address, TEXT, 0, NULL, true, false, true) \
	FIELD(MF_KRETPROBE, 0, "function", kprobe, function, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_KRETPROBE, 0, "module", kprobe, module, TEXT, 0, NULL, false, true, true) \
	FIELD(MF_KRETPROBE, 0, "offset", kprobe, offset, NUMBER, 4294967295u, NULL, true, false, true) \
	FIELD(MF_KRETPROBE, 1, "address", kprobe, address, TEXT, 0, NULL, true, false, true) \
	FIELD(MF_FENTRY, 0, "function", fentry, function, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_FENTRY, 0, "module", fentry, module, TEXT, 0, NULL, false, true, true) \
	FIELD(MF_FENTRY, 0, "program", fentry, program, TEXT, 0, NULL, false, false, false) \
	FIELD(MF_FEXIT, 0, "function", fentry, function, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_FEXIT, 0, "module", fentry, module, TEXT, 0, NULL, false, true, true) \
	FIELD(MF_FEXIT, 0, "program", fentry, program, TEXT, 0, NULL, false, false, false) \
	FIELD(MF_UPROBE, 0, "path", uprobe, path, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_UPROBE, 0, "function", uprobe, function, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_UPROBE, 0, "offset", uprobe, offset, NUMBER, UINT64_MAX, NULL, true, false, true) \
	FIELD(MF_UPROBE, 0, "language", uprobe, cpp, WORD, 0, "cpp", false, false, true) \
	FIELD(MF_UPROBE, 0, "source", uprobe, source, TEXT, 0, NULL, false, false, true) \
	FIELD(MF_URETPROBE, 0, "path", uprobe, path, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_URETPROBE, 0, "function", uprobe, function, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_URETPROBE, 0, "offset", uprobe, offset, NUMBER, UINT64_MAX, NULL, true, false, true) \
	FIELD(MF_URETPROBE, 0, "language", uprobe, cpp, WORD, 0, "cpp", false, false, true) \
	FIELD(MF_URETPROBE, 0, "source", uprobe, source, TEXT, 0, NULL, false, false, true) \
	FIELD(MF_USDT, 0, "path", usdt, path, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_USDT, 0, "namespace", usdt, namespace, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_USDT, 0, "name", usdt, name, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_INTERVAL, 0, "period", timer, period, TEXT, 0, NULL, true, false, true) \
	FIELD(MF_INTERVAL, 1, "frequency", timer, frequency, TEXT, 0, NULL, true, false, true) \
	FIELD(MF_PROFILE, 0, "period", timer, period, TEXT, 0, NULL, true, false, true) \
	FIELD(MF_PROFILE, 1, "frequency", timer, frequency, TEXT, 0, NULL, true, false, true) \
	FIELD(MF_SOFTWARE, 0, "event", counter, event, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_SOFTWARE, 0, "count", counter, count, TEXT, 0, NULL, false, false, true) \
	FIELD(MF_HARDWARE, 0, "event", counter, event, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_HARDWARE, 0, "count", counter, count, TEXT, 0, NULL, false, false, true) \
	FIELD(MF_ITER, 0, "object", iter, object, TEXT, 0, NULL, true, true, true) \
	FIELD(MF_ITER, 0, "pin", iter, pin, NONEMPTY, 0, NULL, false, false, false) \
	FIELD(MF_WATCHPOINT, 0, "address", watchpoint, address, TEXT, 0, NULL, true, false, true) \
	FIELD(MF_WATCHPOINT, 0, "length", watchpoint, length, TEXT, 0, NULL, true, false, true) \
	FIELD(MF_WATCHPOINT, 0, "mode", watchpoint, mode, TEXT, 0, NULL, true, false, false)

/* Where variables stand through which loader and programs talk; UINT32_MAX: nowhere. */
struct mf_globals {
	/* Process to trace, 0 for all. */
	uint32_t filter_pid;
	/* Device and inode of the PID namespace that filterPid is of, 0 for the initial one. */
	uint32_t filter_namespace;
	/* Device and inode of the loader's PID namespace, 0 for the initial one. */
	uint32_t pid_namespace;
	/* Boot clock in ns when tracing began. */
	uint32_t start;
	/* Nanoseconds from the boot clock to the wall clock when tracing began. */
	uint32_t wall_offset;
	/* What to add to the boot clock for international atomic time. */
	uint32_t tai_offset;
	/* Number of possible CPUs. */
	uint32_t cpus;
	/* Number of positional parameters. */
	uint32_t param_count;
	/* Pid of the child that -c runs. */
	uint32_t child_pid;
	/* Not 0: the kernel keeps values with its threads, and maps of `threads` are used. */
	uint32_t thread_values;
	/* Set by the loader with threadValues; a program that cannot keep a value with its thread clears it, and its map is used, too. */
	uint32_t threads_alone;
	/* Set by the loader before it sleeps; a program that sees it not 0 clears it and wakes the loader. */
	uint32_t sleeping;
};

static const struct mf_global {
	const char *name;
	/* In struct mf_globals. */
	size_t member;
	const char *section;
	uint32_t size;
} mf_globals[] = {
	{"filterPid", offsetof(struct mf_globals, filter_pid), ".rodata", 4},
	{"filterNamespace", offsetof(struct mf_globals, filter_namespace), ".rodata", 16},
	{"pidNamespace", offsetof(struct mf_globals, pid_namespace), ".rodata", 16},
	{"start", offsetof(struct mf_globals, start), ".rodata", 8},
	{"wallOffset", offsetof(struct mf_globals, wall_offset), ".rodata", 8},
	{"taiOffset", offsetof(struct mf_globals, tai_offset), ".rodata", 8},
	{"cpus", offsetof(struct mf_globals, cpus), ".rodata", 8},
	{"paramCount", offsetof(struct mf_globals, param_count), ".rodata", 8},
	{"childPid", offsetof(struct mf_globals, child_pid), ".rodata", 4},
	{"threadValues", offsetof(struct mf_globals, thread_values), ".rodata", 4},
	{"threadsAlone", offsetof(struct mf_globals, threads_alone), ".bss", 8},
	{"sleeping", offsetof(struct mf_globals, sleeping), ".bss", 8},
};

/* Whose memory maps are kept for naming addresses: of each process, of each program, or none. */
enum mf_cache_user_symbols {
	MF_CACHE_USER_SYMBOLS_PER_PID,
	MF_CACHE_USER_SYMBOLS_PER_PROGRAM,
	MF_CACHE_USER_SYMBOLS_NONE,
};

static const char *const mf_cache_user_symbols_names[] = {
	[MF_CACHE_USER_SYMBOLS_PER_PID] = "PER_PID",
	[MF_CACHE_USER_SYMBOLS_PER_PROGRAM] = "PER_PROGRAM",
	[MF_CACHE_USER_SYMBOLS_NONE] = "NONE",
};

/* What is done about probes that the host does not have. */
enum mf_missing_probes {
	MF_MISSING_PROBES_ERROR,
	MF_MISSING_PROBES_WARN,
	MF_MISSING_PROBES_IGNORE,
};

static const char *const mf_missing_probes_names[] = {
	[MF_MISSING_PROBES_ERROR] = "error",
	[MF_MISSING_PROBES_WARN] = "warn",
	[MF_MISSING_PROBES_IGNORE] = "ignore",
};

struct mf_config {
	/* Whose memory maps are kept for naming addresses: of each process, of each program, or none. */
	enum mf_cache_user_symbols cache_user_symbols;
	/* User symbols: names of C++ and Rust as people read them. */
	bool cpp_demangle;
	/* Tables of symbols are read when a name is asked for, not when a process is first seen. */
	bool lazy_symbolication;
	/* Bytes of verifier log that are kept and shown. */
	uint32_t log_size;
	/* Bytes that cat prints of a file. */
	uint32_t max_cat_bytes;
	/* How many places a script may attach to. */
	uint32_t max_probes;
	/* What is done about probes that the host does not have. */
	enum mf_missing_probes missing_probes;
	/* Pages of 4 KiB of the ring, a power of two; 0: by the host's memory. */
	uint32_t perf_rb_pages;
	/* Maps are printed at the end. */
	bool print_maps_on_exit;
	/* Stacks show files, lines and inlined functions where the host has debug information. Names are shown in any case. */
	bool show_debug_info;
	/* Appended to a string whose storage holds no NUL. */
	const char *str_trunc_trailer;
	/* Keys of maps without a size of their own, where the environment says so; 0: as built. */
	uint32_t max_map_keys;
};

enum mf_setting_form { MF_SETTING_BOOL, MF_SETTING_INT, MF_SETTING_STRING, MF_SETTING_WORD };

/* Words are read by their numbers. */
_Static_assert(sizeof(enum mf_cache_user_symbols) == sizeof(uint32_t), "an enum is a number");
_Static_assert(sizeof(enum mf_missing_probes) == sizeof(uint32_t), "an enum is a number");

static const struct mf_setting {
	const char *name;
	/* Name of the variable in the environment that overrides it. */
	const char *variable;
	/* In struct mf_config. */
	size_t member;
	enum mf_setting_form form;
	/* Greatest number. */
	uint32_t most;
	bool power_of_two;
	const char *const *words;
	uint32_t word_count;
	/* Of objects that do not say: a number, a text. */
	uint32_t number;
	const char *text;
	/* What the environment may hold. */
	const char *expected;
} mf_settings[] = {
	{.name = "cacheUserSymbols", .variable = "BPFTRACE_CACHE_USER_SYMBOLS", .member = offsetof(struct mf_config, cache_user_symbols), .form = MF_SETTING_WORD, .words = mf_cache_user_symbols_names, .word_count = 3, .number = 0, .expected = "PER_PID, PER_PROGRAM or NONE"},
	{.name = "cppDemangle", .variable = "BPFTRACE_CPP_DEMANGLE", .member = offsetof(struct mf_config, cpp_demangle), .form = MF_SETTING_BOOL, .number = 1, .expected = "true or false"},
	{.name = "lazySymbolication", .variable = "BPFTRACE_LAZY_SYMBOLICATION", .member = offsetof(struct mf_config, lazy_symbolication), .form = MF_SETTING_BOOL, .number = 0, .expected = "true or false"},
	{.name = "logSize", .variable = "BPFTRACE_LOG_SIZE", .member = offsetof(struct mf_config, log_size), .form = MF_SETTING_INT, .most = 4294967295u, .power_of_two = false, .number = 1000000, .expected = "a number of bytes"},
	{.name = "maxCatBytes", .variable = "BPFTRACE_MAX_CAT_BYTES", .member = offsetof(struct mf_config, max_cat_bytes), .form = MF_SETTING_INT, .most = 4294967295u, .power_of_two = false, .number = 10240, .expected = "a number of bytes"},
	{.name = "maxProbes", .variable = "BPFTRACE_MAX_PROBES", .member = offsetof(struct mf_config, max_probes), .form = MF_SETTING_INT, .most = 4294967295u, .power_of_two = false, .number = 1024, .expected = "a number"},
	{.name = "missingProbes", .variable = "BPFTRACE_MISSING_PROBES", .member = offsetof(struct mf_config, missing_probes), .form = MF_SETTING_WORD, .words = mf_missing_probes_names, .word_count = 3, .number = 0, .expected = "error, warn or ignore"},
	{.name = "perfRbPages", .variable = "BPFTRACE_PERF_RB_PAGES", .member = offsetof(struct mf_config, perf_rb_pages), .form = MF_SETTING_INT, .most = 262144u, .power_of_two = true, .number = 0, .expected = "a number up to 262144"},
	{.name = "printMapsOnExit", .variable = "BPFTRACE_PRINT_MAPS_ON_EXIT", .member = offsetof(struct mf_config, print_maps_on_exit), .form = MF_SETTING_BOOL, .number = 1, .expected = "true or false"},
	{.name = "showDebugInfo", .variable = "BPFTRACE_SHOW_DEBUG_INFO", .member = offsetof(struct mf_config, show_debug_info), .form = MF_SETTING_BOOL, .number = 1, .expected = "true or false"},
	{.name = "strTruncTrailer", .variable = "BPFTRACE_STR_TRUNC_TRAILER", .member = offsetof(struct mf_config, str_trunc_trailer), .form = MF_SETTING_STRING, .text = "..", .expected = "text"},
};

/* Kernel features: name, first kernel (major, minor), the helper that it is (linux/bpf.h) or 0. */
#define MF_FEATURES(FEATURE) \
	FEATURE("bpf_override_return", 4, 16, BPF_FUNC_override_return) \
	FEATURE("bpf_get_stack", 4, 18, BPF_FUNC_get_stack) \
	FEATURE("bpf_get_current_cgroup_id", 4, 18, BPF_FUNC_get_current_cgroup_id) \
	FEATURE("bounded_loops", 5, 3, 0) \
	FEATURE("bpf_send_signal", 5, 3, BPF_FUNC_send_signal) \
	FEATURE("bpf_probe_read_kernel", 5, 5, BPF_FUNC_probe_read_kernel) \
	FEATURE("bpf_probe_read_user", 5, 5, BPF_FUNC_probe_read_user) \
	FEATURE("bpf_probe_read_kernel_str", 5, 5, BPF_FUNC_probe_read_kernel_str) \
	FEATURE("bpf_probe_read_user_str", 5, 5, BPF_FUNC_probe_read_user_str) \
	FEATURE("tp_btf", 5, 5, 0) \
	FEATURE("fentry", 5, 5, 0) \
	FEATURE("fexit", 5, 5, 0) \
	FEATURE("bpf_skb_output", 5, 5, 0) \
	FEATURE("bpf_jiffies64", 5, 6, BPF_FUNC_jiffies64) \
	FEATURE("bpf_send_signal_thread", 5, 6, BPF_FUNC_send_signal_thread) \
	FEATURE("bpf_get_ns_current_pid_tgid", 5, 7, BPF_FUNC_get_ns_current_pid_tgid) \
	FEATURE("ringbuf", 5, 8, BPF_FUNC_ringbuf_reserve) \
	FEATURE("bpf_ktime_get_boot_ns", 5, 8, BPF_FUNC_ktime_get_boot_ns) \
	FEATURE("bpf_d_path", 5, 10, 0) \
	FEATURE("bpf_per_cpu_ptr", 5, 10, BPF_FUNC_per_cpu_ptr) \
	FEATURE("bpf_this_cpu_ptr", 5, 10, BPF_FUNC_this_cpu_ptr) \
	FEATURE("large_keys", 5, 11, 0) \
	FEATURE("bpf_get_current_task_btf", 5, 11, BPF_FUNC_get_current_task_btf) \
	FEATURE("atomic_exchange", 5, 12, 0) \
	FEATURE("bpf_get_socket_cookie", 5, 12, 0) \
	FEATURE("bpf_for_each_map_elem", 5, 13, BPF_FUNC_for_each_map_elem) \
	FEATURE("bpf_snprintf", 5, 13, BPF_FUNC_snprintf) \
	FEATURE("bpf_get_func_ip", 5, 15, BPF_FUNC_get_func_ip) \
	FEATURE("bpf_get_attach_cookie", 5, 15, BPF_FUNC_get_attach_cookie) \
	FEATURE("bpf_task_pt_regs", 5, 15, BPF_FUNC_task_pt_regs) \
	FEATURE("bpf_loop", 5, 17, BPF_FUNC_loop) \
	FEATURE("bpf_strncmp", 5, 17, BPF_FUNC_strncmp) \
	FEATURE("bpf_map_lookup_percpu_elem", 5, 19, BPF_FUNC_map_lookup_percpu_elem) \
	FEATURE("bpf_ktime_get_tai_ns", 6, 1, BPF_FUNC_ktime_get_tai_ns)

/* Numbers of C in formats of events: name, bytes, whether it has a sign. */
#define MF_C_NUMBERS(NUMBER) \
	NUMBER("signed char", 1, true) \
	NUMBER("s8", 1, true) \
	NUMBER("__s8", 1, true) \
	NUMBER("int8_t", 1, true) \
	NUMBER("unsigned char", 1, false) \
	NUMBER("u8", 1, false) \
	NUMBER("__u8", 1, false) \
	NUMBER("uint8_t", 1, false) \
	NUMBER("short", 2, true) \
	NUMBER("s16", 2, true) \
	NUMBER("__s16", 2, true) \
	NUMBER("int16_t", 2, true) \
	NUMBER("unsigned short", 2, false) \
	NUMBER("u16", 2, false) \
	NUMBER("__u16", 2, false) \
	NUMBER("uint16_t", 2, false) \
	NUMBER("umode_t", 2, false) \
	NUMBER("int", 4, true) \
	NUMBER("s32", 4, true) \
	NUMBER("__s32", 4, true) \
	NUMBER("int32_t", 4, true) \
	NUMBER("pid_t", 4, true) \
	NUMBER("key_t", 4, true) \
	NUMBER("mqd_t", 4, true) \
	NUMBER("timer_t", 4, true) \
	NUMBER("clockid_t", 4, true) \
	NUMBER("key_serial_t", 4, true) \
	NUMBER("rwf_t", 4, true) \
	NUMBER("unsigned", 4, false) \
	NUMBER("unsigned int", 4, false) \
	NUMBER("uint", 4, false) \
	NUMBER("u32", 4, false) \
	NUMBER("__u32", 4, false) \
	NUMBER("uint32_t", 4, false) \
	NUMBER("uid_t", 4, false) \
	NUMBER("gid_t", 4, false) \
	NUMBER("qid_t", 4, false) \
	NUMBER("long", 8, true) \
	NUMBER("long long", 8, true) \
	NUMBER("s64", 8, true) \
	NUMBER("__s64", 8, true) \
	NUMBER("int64_t", 8, true) \
	NUMBER("ssize_t", 8, true) \
	NUMBER("loff_t", 8, true) \
	NUMBER("off_t", 8, true) \
	NUMBER("unsigned long", 8, false) \
	NUMBER("unsigned long long", 8, false) \
	NUMBER("u64", 8, false) \
	NUMBER("__u64", 8, false) \
	NUMBER("uint64_t", 8, false) \
	NUMBER("size_t", 8, false) \
	NUMBER("aio_context_t", 8, false)

#endif
