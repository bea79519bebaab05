/* The command line. */
#ifndef BPFLOAD_OPTIONS_H
#define BPFLOAD_OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

struct failure;

enum command {
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_REPORT,
	COMMAND_SYMBOLIZE,
	COMMAND_LIST,
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_INFO
};

/* -f, -B. */
enum output_form {
	FORM_TEXT,
	FORM_JSON,
	FORM_TYPED_JSON,
	FORM_FOLDED,
	FORM_OPENMETRICS,
	FORM_PROMETHEUS,
};
enum buffering { BUFFER_LINE, BUFFER_NONE, BUFFER_FULL };

/* --on-overhead: what is done with a probe that costs too much. */
enum on_overhead { ON_OVERHEAD_DETACH, ON_OVERHEAD_END, ON_OVERHEAD_WARN };

/* What --no-feature names: bits of options.without. */
enum optional_feature {
	FEATURE_KPROBE_MULTI = 1,
	FEATURE_KPROBE_SESSION = 2,
	FEATURE_UPROBE_MULTI = 4,
	FEATURE_TASK_STORAGE = 8,
};

struct options {
	enum command command;
	/* -o; NULL: standard output. */
	const char *output;
	/* `bpfload record`: the file of -o, and whether what is recorded is shown, too; NULL:
	 * nothing is recorded. */
	const char *recording;
	bool print;
	/* The script's maps are shown on the terminal while it runs. */
	bool top;
	enum output_form form;
	enum buffering buffering;
	/* On SIGHUP the file of -o is opened anew, instead of ending. */
	bool reopen;
	/* Tracing ends after so long, ns, or so many events; 0: it does not. */
	uint64_t timeout_ns, max_events;
	/* -c; NULL: none. */
	const char *child;
	/* -p; 0: every process. */
	uint32_t pid;
	bool quiet;
	bool verbose;
	/* -d */
	bool dump_libbpf;
	bool dump_verifier;
	/* Everything is allowed that a script can do; */
	bool unsafe;
	/* or to run commands, */
	bool allow_run;
	/* or to write these files, and new ones in these folders. */
	const char **write;
	uint32_t write_count, write_room;
	bool no_warnings;
	/* What probes cost is told at the end, and on SIGUSR2. */
	bool cost;
	/* Percent of one CPU, and of the traced process's time, that tracing may take; 0: as much
	 * as it does. */
	double max_overhead;
	enum on_overhead on_overhead;
	/* Bytes that tracing may hold, and as they were written; 0 and NULL: as many as it does. */
	uint64_t max_memory;
	const char *max_memory_text;
	/* Where metrics are asked for, as it was written; NULL: nowhere. */
	const char *metrics;
	/* Series of one map that metrics show. */
	uint32_t max_series;
	/* Keys, one of which the object has to be signed with; NULL: none has to. */
	const char *verify;
	/* Who we are once everything is attached; NULL: who we were. */
	const char *user;
	/* Nothing is given up then. */
	bool keep_privileges;
	/* Load, attach, end. */
	bool dry_run;
	/* Where it is written how the start went; `-`: standard output, NULL: nowhere. */
	const char *start_report;
	/* Where it is written what the kernel made of the programs; `-`: standard output, NULL:
	 * nowhere. */
	const char *dump;
	/* Run the script's test probes, its bench probes, instead of tracing. */
	bool test, bench;
	/* Features that are not to be used even where the kernel has them. */
	uint32_t without;
	/* Names of the probes to attach; has_probe_filter: there is one. */
	regex_t probe_filter;
	bool has_probe_filter;
	/* A file in place of available_filter_functions; NULL: none. */
	const char *traceable_functions;
	/* A file in place of the kernel's BTF; NULL: what BPFTRACE_BTF says (host.h). */
	const char *btf;
	/* Folders of separate debug files, separated by colons; NULL: none but the system's. */
	const char *debug_folders;
	/* `bpfload symbolize`: programs, a memory map, and symbols of a kernel that begins there
	 * (saved_symbols.h). */
	const char **programs;
	uint32_t program_count, program_room;
	const char *maps, *kallsyms;
	uint64_t kernel_base;
	/* Processes whose stacks dw_ustack is to walk, besides that of -p. */
	uint32_t *dwarf_pids;
	uint32_t dwarf_pid_count, dwarf_pid_room;
	/* What is no option, and no named parameter; objects and positional parameters point into
	 * it. */
	const char **words;
	/* COMMAND_RUN: one object; COMMAND_CHECK: one or more; COMMAND_REPORT: one recording;
	 * COMMAND_SYMBOLIZE: one text; COMMAND_LIST: searches, perhaps none. */
	const char *const *objects;
	uint32_t object_count;
	/* Positional parameters, $1 first. */
	const char **parameters;
	uint32_t parameter_count;
	/* Named parameters in the order of the command line: `--name` or `--name=value`. */
	const char **named;
	uint32_t named_count;
};

/*
 * Reads the command line: options stand anywhere before `--`, the object and its parameters in
 * their order. The result is an exit status: STATUS_OK or STATUS_USAGE. Free with options_free in
 * either case.
 */
int options_parse(struct options *options, int argc, char **argv, struct failure *failure);
void options_free(struct options *options);

/* Whether a word, `-x` or `--name` with or without `=value`, is an option of the command that
 * compiles. */
bool options_is_of_compiler(const char *word);

/* Prints the text of --help. */
void options_print_help(void);

#endif
