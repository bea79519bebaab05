#include "session/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"
#include "session/option_values.h"

struct flag {
	/* 0: it has none. */
	char letter;
	/* NULL: it has none. */
	const char *name;
	/* What --help calls its argument; NULL: it takes none. */
	const char *argument;
	/* Lines of --help. */
	const char *help;
	/* `text` is the argument. The result is an exit status. */
	int (*take)(struct options *options, const char *text, struct failure *failure);
	/* Without `take`: offset in struct options of the bool, or the text, that it sets; */
	size_t member;
	/* or what is done instead of running an object. */
	enum command command;
	/* The commands beside tracing that it is for. */
	enum { FOR_NONE, FOR_REPORT, FOR_SYMBOLIZE, FOR_BOTH } is_for;
};

#define SETS(member) NULL, offsetof(struct options, member), COMMAND_RUN, FOR_NONE
#define TAKES(take) take, 0, COMMAND_RUN, FOR_NONE
#define DOES(command) NULL, 0, command, FOR_NONE
/* The same for report, too. */
#define SETS_SHOWN(member) NULL, offsetof(struct options, member), COMMAND_RUN, FOR_REPORT
#define TAKES_SHOWN(take) take, 0, COMMAND_RUN, FOR_REPORT
/* For both others, too; for symbolize alone. */
#define SETS_NAMING(member) NULL, offsetof(struct options, member), COMMAND_RUN, FOR_BOTH
#define SETS_NAMES(member) NULL, offsetof(struct options, member), COMMAND_RUN, FOR_SYMBOLIZE
#define TAKES_NAMES(take) take, 0, COMMAND_RUN, FOR_SYMBOLIZE

/* In the order of --help. */
static const struct flag flags[] = {
	{'o', "output", "FILE", "write the script's output (record: the recording) to FILE",
	 SETS_SHOWN(output)},
	{'f', "format", "FORM",
	 "write it as text (default), json or json2 (one object a line), folded (stacks),\n"
	 "openmetrics, or prometheus (metrics, for node_exporter)",
	 TAKES_SHOWN(take_form)},
	{'B', NULL, "WHEN",
	 "write it out at once (none), when nothing more is waiting (line, the\n"
	 "default), or when much has gathered and at the end (full)",
	 TAKES_SHOWN(take_buffering)},
	{0, "reopen", NULL,
	 "on SIGHUP, open the file of -o anew (it was moved away, as logrotate\n"
	 "does) instead of ending",
	 SETS(reopen)},
	{0, "timeout", "TIME", "end after 30s, 500ms, 5m or 2h, as after Ctrl-C",
	 TAKES(take_timeout)},
	{0, "max-events", "N", "end after N events: whatever the script prints one by one",
	 TAKES(take_max_events)},
	{0, "print", NULL, "record: show what is recorded, too", SETS(print)},
	{'p', "pid", "PID", "trace this process only; end when it ends", TAKES(take_pid)},
	{'c', "cmd", "COMMAND", "run COMMAND, trace from its start, end when it ends", SETS(child)},
	{'q', "quiet", NULL, "say nothing but what the script prints", SETS_SHOWN(quiet)},
	{'v', "verbose", NULL, "say more; print whole verifier logs", SETS_SHOWN(verbose)},
	{'d', "debug", "STAGES",
	 "print what libbpf and the kernel's verifier say while the object is\n"
	 "loaded: libbpf, verifier, or both with a comma",
	 TAKES(take_stages)},
	{0, "unsafe", NULL, "allow scripts that change the system, such as by system()",
	 SETS(unsafe)},
	{0, "allow-run", NULL, "allow scripts to run commands (system), and no more",
	 SETS(allow_run)},
	{0, "allow-write", "PATH",
	 "allow scripts to write this file, or new files below this folder (skboutput,\n"
	 "pins), and no more; may be repeated",
	 TAKES(take_write)},
	{0, "verify", "PATH",
	 "run only an object that is signed with this key, or with one of this\n"
	 "folder (*.pub)",
	 SETS(verify)},
	{0, "user", "NAME", "once everything is attached, become this user", SETS(user)},
	{0, "keep-privileges", NULL,
	 "once everything is attached, do not give up capabilities and system\n"
	 "calls that are not needed any more",
	 SETS(keep_privileges)},
	{0, "no-warnings", NULL, "no warnings at run time", SETS_SHOWN(no_warnings)},
	{0, "cost", NULL,
	 "at the end, and on SIGUSR2, say how often each probe ran, and what it took", SETS(cost)},
	{0, "max-overhead", "PERCENT",
	 "let tracing take so much of one CPU, and of the time of the process of -p\n"
	 "or -c: above it for a second it warns, and then does what --on-overhead says",
	 TAKES(take_max_overhead)},
	{0, "on-overhead", "ACTION",
	 "detach (default) the probe that takes most; end, with all results; or warn",
	 TAKES(take_on_overhead)},
	{0, "max-memory", "SIZE",
	 "let maps, programs and bpfload hold so much, such as 64M: what wants more\n"
	 "does not start, and what grows beyond it ends, with all results",
	 TAKES(take_max_memory)},
	{0, "metrics", "ADDRESS:PORT",
	 "answer Prometheus there, over HTTP: metrics of the script's maps; without\n"
	 "ADDRESS, on 127.0.0.1",
	 SETS(metrics)},
	{0, "max-series", "N", "show N series of a map as metrics (10000), and count the others",
	 TAKES(take_max_series)},
	{0, "dry-run", NULL, "load and attach, then end: nothing is run or printed", SETS(dry_run)},
	{0, "report", "FILE",
	 "write how the start went, as JSON: what is attached or missing, or why\n"
	 "nothing is, and how long it took; with --dry-run, - is standard output",
	 SETS(start_report)},
	{0, "test", NULL, "run the script's test probes and nothing else", SETS(test)},
	{0, "bench", NULL, "measure the script's bench probes and run nothing else", SETS(bench)},
	{0, "mode", "MODE", "test and bench: as --test and --bench", TAKES(take_mode)},
	{0, "probe-filter", "REGEX",
	 "attach only probes whose full name this extended regular expression\n"
	 "matches, such as ^kprobe:vfs_; begin and end run in any case",
	 TAKES(take_probe_filter)},
	{0, "traceable-functions", "FILE",
	 "match patterns of kernel functions with this list instead of the\n"
	 "kernel's available_filter_functions: lines `function` or\n"
	 "`function [module]`",
	 SETS(traceable_functions)},
	{0, "btf", "FILE",
	 "take the kernel's types from this file, for kernels without BTF of\n"
	 "their own; the environment variable BPFTRACE_BTF does the same",
	 SETS(btf)},
	{0, "debuginfo", "DIRS",
	 "look for separate debug files in these folders (separated by colons)\n"
	 "before /usr/lib/debug; report and symbolize: name from there what has no\n"
	 "name yet",
	 SETS_NAMING(debug_folders)},
	{0, "exe", "FILE",
	 "symbolize: addresses are those of this program; with --maps, take it for\n"
	 "what is mapped under its name; may be repeated",
	 TAKES_NAMES(take_program)},
	{0, "maps", "FILE", "symbolize: the process's /proc/PID/maps, as it was saved",
	 SETS_NAMES(maps)},
	{0, "kallsyms", "FILE",
	 "symbolize: the host's /proc/kallsyms, as it was saved, or its System.map",
	 SETS_NAMES(kallsyms)},
	{0, "kernel-base", "ADDRESS",
	 "symbolize: where the kernel began on the host (_text), for a System.map",
	 TAKES_NAMES(take_kernel_base)},
	{0, "dwarf-pid", "PID",
	 "have dw_ustack walk the stacks of this process too, besides that of -p;\n"
	 "may be repeated",
	 TAKES(take_dwarf_pid)},
	{0, "no-feature", "LIST",
	 "do without kprobe_multi, kprobe_session or uprobe_multi (separated by\n"
	 "commas) where the kernel has them",
	 TAKES(take_no_feature)},
	{'b', NULL, NULL, "accepted for bpftrace's sake; BTF is always used", TAKES(take_nothing)},
	{0, "usdt-file-activation", NULL,
	 "accepted for bpftrace's sake; points with semaphores are switched on\n"
	 "in all processes anyway",
	 TAKES(take_nothing)},
	{0, "check", NULL, "check objects (structure, digest, manifest) without loading them",
	 DOES(COMMAND_CHECK)},
	{0, "info", NULL, "print what this host and its kernel offer", DOES(COMMAND_INFO)},
	{'V', "version", NULL, "print the version", DOES(COMMAND_VERSION)},
	{'h', "help", NULL, "print this text", DOES(COMMAND_HELP)},
};

#define FLAG_COUNT (sizeof(flags) / sizeof(*flags))
/* Column of the help in --help. */
#define HELP_COLUMN 18

static void print_flag(const struct flag *flag)
{
	int width = printf("  ");

	if (flag->letter)
		width += printf("-%c", flag->letter);
	if (flag->name)
		width += printf("%s--%s", flag->letter ? ", " : "", flag->name);
	if (flag->argument)
		width += printf(" %s", flag->argument);
	if (width > HELP_COLUMN - 2)
		width = printf("\n") - 1;
	for (const char *line = flag->help; *line;) {
		int length = (int)strcspn(line, "\n");

		printf("%*s%.*s\n", HELP_COLUMN - width, "", length, line);
		line += length + (line[length] == '\n');
		width = 0;
	}
}

void options_print_help(void)
{
	fputs("Usage: bpfload [options] OBJECT [options and parameters] [-- parameters]\n"
	      "       bpfload record -o FILE [options] OBJECT [options and parameters] [-- parameters]\n"
	      "       bpfload report FILE [-f FORM] [-o FILE] [-B WHEN] [--debuginfo DIRS] [--no-warnings] [-q]\n"
	      "       bpfload symbolize [FILE] [--debuginfo DIRS] [--exe FILE] [--maps FILE] [--kallsyms FILE]\n"
	      "       bpfload --check OBJECT...\n"
	      "\n"
	      "Loads an object that bpfscript built, attaches its probes, and prints what they "
	      "report until\n"
	      "the script ends or a signal (SIGINT, SIGTERM, SIGHUP) comes. SIGUSR1 prints all "
	      "maps.\n"
	      "record keeps what they report in a file, unformatted; report prints what such a "
	      "file (-: standard input)\n"
	      "holds, later and on any machine; symbolize puts names into a text with addresses.\n"
	      "\n"
	      "Options:\n",
	      stdout);
	for (size_t i = 0; i < FLAG_COUNT; i++)
		print_flag(&flags[i]);
	fputs("\n"
	      "Options may stand anywhere before a `--`. Parameters are the script's $1, $2 and "
	      "so on, by their\n"
	      "place, and its named ones: --name=value, or --name for a switch. `bpfload OBJECT "
	      "--help` lists\n"
	      "those; behind `--` they may be called as options are. Variables such as\n"
	      "BPFTRACE_MAX_MAP_KEYS, BPFTRACE_PERF_RB_PAGES, BPFTRACE_MAX_PROBES and "
	      "BPFTRACE_MISSING_PROBES\n"
	      "go before the settings of the object.\n"
	      "\n"
	      "Exit status: 0 ok, 1 script or attach error, 2 usage, 3 the kernel lacks a feature, "
	      "4 no\n"
	      "permission, 5 the object is not valid; exit(n) of the script passes through.\n"
	      "\n"
	      "Examples:\n"
	      "  bpfload tool.o                  trace until Ctrl-C\n"
	      "  bpfload tool.o 10 nginx         with $1 = 10 and $2 = \"nginx\"\n"
	      "  bpfload tool.o -p 1234 -o out.txt\n"
	      "  bpfload -c 'ls -l /tmp' tool.o\n"
	      "  bpfload record -o tool.rec --timeout 1m tool.o\n"
	      "  bpfload report tool.rec -f json2\n"
	      "  bpfload tool.o -- --min=5 nginx a named parameter, and $1 = \"nginx\"\n",
	      stdout);
}

/* Reading argv. */
struct reader {
	struct options *options;
	/* `next` is the word that comes next. */
	char **argv;
	int argc, next;
	/* What is no option: the object, or several, and positional parameters. */
	const char **words;
	uint32_t word_count;
	/* Behind `--`. */
	bool separated;
	/* By flag: it was given. */
	bool used[FLAG_COUNT];
};

/* As it is written. */
static const char *name_of(const struct flag *flag)
{
	static char name[64];

	if (flag->name)
		snprintf(name, sizeof(name), "--%s", flag->name);
	else
		snprintf(name, sizeof(name), "-%c", flag->letter);
	return name;
}

static int use(struct reader *reader, const struct flag *flag, const char *argument,
	       struct failure *failure)
{
	void *member = (char *)reader->options + flag->member;

	reader->used[flag - flags] = true;
	if (flag->take)
		return flag->take(reader->options, argument, failure);
	if (flag->command != COMMAND_RUN)
		reader->options->command = flag->command;
	else if (flag->argument)
		*(const char **)member = argument;
	else
		*(bool *)member = true;
	return STATUS_OK;
}

/* With the argument that stands in the same word, or else in the next. */
static int use_with(struct reader *reader, const struct flag *flag, const char *word,
		    const char *argument, struct failure *failure)
{
	if (!argument && reader->next < reader->argc)
		argument = reader->argv[reader->next++];
	if (!argument)
		return usage_error(failure, "an argument is missing for", word);
	return use(reader, flag, argument, failure);
}

bool options_is_of_compiler(const char *word)
{
	static const char *const names[] = {"-e",
					    "-I",
					    "-l",
					    "-k",
					    "--include",
					    "--list",
					    "--fmt",
					    "--aot",
					    "--warnings",
					    "--emit-elf",
					    "--emit",
					    "--arch",
					    "--emit-llvm",
					    "--kernel",
					    "--diagnostics",
					    "--allow",
					    "--name",
					    "--expand",
					    "--verify-llvm-ir",
					    NULL};
	size_t length = word[1] == '-' ? strcspn(word, "=") : 2;

	for (size_t i = 0; names[i]; i++)
		if (strlen(names[i]) == length && strncmp(names[i], word, length) == 0)
			return true;
	return false;
}

static int unknown(const struct reader *reader, const char *word, struct failure *failure)
{
	bool behind = reader->word_count > 0;

	fail(failure, STATUS_USAGE, "unknown option %s", word);
	if (options_is_of_compiler(word))
		return fail_hint(failure,
				 "%.*s is an option of bpfscript, for when a script is compiled.",
				 word[1] == '-' ? (int)strcspn(word, "=") : 2, word);
	if (behind)
		return fail_hint(failure,
				 "A parameter of the script that begins with - stands behind --.");
	return fail_hint(
		failure,
		"Named parameters of the script stand behind the object; %s --help lists the options.",
		typed_command());
}

/* `-x`, `-xARGUMENT`, `-x ARGUMENT`, or several at once. */
static int read_letters(struct reader *reader, const char *word, struct failure *failure)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const char *rest = letter[1] ? letter + 1 : NULL;
		const struct flag *flag = NULL;
		int status;

		for (size_t i = 0; i < FLAG_COUNT && !flag; i++)
			if (flags[i].letter == *letter)
				flag = &flags[i];
		if (!flag)
			return unknown(reader, word, failure);
		if (flag->argument)
			return use_with(reader, flag, word, rest, failure);
		status = use(reader, flag, NULL, failure);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static const struct flag *find_name(const char *word, const char **argument)
{
	size_t length = strcspn(word + 2, "=");

	*argument = word[2 + length] ? word + 2 + length + 1 : NULL;
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (flags[i].name && strlen(flags[i].name) == length &&
		    strncmp(flags[i].name, word + 2, length) == 0)
			return &flags[i];
	return NULL;
}

/* `--name`, `--name=ARGUMENT`, or `--name ARGUMENT`. */
static int read_name(struct reader *reader, const char *word, struct failure *failure)
{
	const char *argument;
	const struct flag *flag = find_name(word, &argument);
	char message[128];

	if (flag && flag->argument)
		return use_with(reader, flag, word, argument, failure);
	if (!flag)
		return unknown(reader, word, failure);
	if (argument) {
		snprintf(message, sizeof(message), "--%s takes no argument, as in", flag->name);
		return usage_error(failure, message, word);
	}
	return use(reader, flag, NULL, failure);
}

/* Named parameters behind the object: what has the name of an option here has to stand behind `--`.
 */
static bool is_named(const struct reader *reader, const char *word)
{
	const char *argument;

	if (reader->separated)
		return strncmp(word, "--", 2) == 0;
	if (!reader->word_count || reader->options->command == COMMAND_CHECK)
		return false;
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0 ||
	       (strncmp(word, "--", 2) == 0 && !find_name(word, &argument));
}

static bool is_word(const struct reader *reader, const char *word)
{
	/* A negative number is no option, and `-` alone is a file. */
	return reader->separated || word[0] != '-' || !word[1] ||
	       (reader->word_count && word[1] >= '0' && word[1] <= '9');
}

static int read_word(struct reader *reader, const char *word, struct failure *failure)
{
	struct options *options = reader->options;

	if (!reader->separated && strcmp(word, "--") == 0)
		reader->separated = true;
	else if (is_named(reader, word))
		options->named[options->named_count++] = strcmp(word, "-h") == 0 ? "--help" : word;
	else if (is_word(reader, word))
		reader->words[reader->word_count++] = word;
	else if (word[1] == '-')
		return read_name(reader, word, failure);
	else
		return read_letters(reader, word, failure);
	return STATUS_OK;
}

/* The word before everything else, where it is one of ours. */
static bool read_command(struct reader *reader)
{
	const char *word = reader->argc > 1 ? reader->argv[1] : "";

	if (strcmp(word, "report") == 0)
		reader->options->command = COMMAND_REPORT;
	else if (strcmp(word, "symbolize") == 0)
		reader->options->command = COMMAND_SYMBOLIZE;
	else if (strcmp(word, "record") != 0)
		return false;
	reader->next++;
	return true;
}

static bool is_metrics(const struct options *options)
{
	return options->form == FORM_OPENMETRICS || options->form == FORM_PROMETHEUS;
}

/* `bpfload record`: -o is its file. */
static int check_record(struct options *options, struct failure *failure)
{
	const char *wrong = options->reopen	  ? "--reopen"
			    : options->metrics	  ? "--metrics"
			    : is_metrics(options) ? "-f openmetrics or prometheus"
			    : options->test	  ? "--test"
			    : options->bench	  ? "--bench"
			    : options->dry_run	  ? "--dry-run"
						  : NULL;

	if (wrong)
		return usage_error(failure, "record does not go with", wrong);
	if (!options->output)
		return usage_error(failure, "record needs the file of the recording: -o", NULL);
	if (options->form != FORM_TEXT && !options->print)
		return usage_error(failure, "-f is for report, or goes with --print", NULL);
	options->recording = options->output;
	options->output = NULL;
	return STATUS_OK;
}

/* Of commands that trace nothing: `which` is the one. */
static int check_flags(const struct reader *reader, const char *command, int which,
		       struct failure *failure)
{
	char message[64];

	snprintf(message, sizeof(message), "%s does not take", command);
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (reader->used[i] && !(flags[i].is_for & which))
			return usage_error(failure, message, name_of(&flags[i]));
	return reader->options->named_count ? unknown(reader, reader->options->named[0], failure)
					    : STATUS_OK;
}

/* `bpfload symbolize`: without a file it is standard input. */
static int check_symbolize(struct reader *reader, struct failure *failure)
{
	const struct options *options = reader->options;

	if (check_flags(reader, "symbolize", FOR_SYMBOLIZE, failure) != STATUS_OK)
		return STATUS_USAGE;
	if (options->kernel_base && !options->kallsyms)
		return usage_error(failure, "--kernel-base goes with --kallsyms", NULL);
	if (options->program_count > 1 && !options->maps)
		return usage_error(
			failure,
			"several files of --exe go with --maps, which says where they were", NULL);
	if (reader->word_count > 1)
		return usage_error(failure, "symbolize takes one file, and not", reader->words[1]);
	if (!reader->word_count)
		reader->words[reader->word_count++] = "-";
	return STATUS_OK;
}

/* `bpfload report`. */
static int check_report(const struct reader *reader, struct failure *failure)
{
	const struct options *options = reader->options;

	if (check_flags(reader, "report", FOR_REPORT, failure) != STATUS_OK)
		return STATUS_USAGE;
	if (is_metrics(options))
		return usage_error(failure, "report takes text, json, json2 or folded with -f",
				   NULL);
	if (reader->word_count != 1)
		return usage_error(failure,
				   reader->word_count ? "report takes one recording, and not"
						      : "no recording is given",
				   reader->word_count ? reader->words[1] : NULL);
	return STATUS_OK;
}

int options_parse(struct options *options, int argc, char **argv, struct failure *failure)
{
	struct reader reader = {.options = options, .argv = argv, .argc = argc, .next = 1};
	bool records;

	memset(options, 0, sizeof(*options));
	options->max_series = DEFAULT_MAX_SERIES;
	records = read_command(&reader) && options->command == COMMAND_RUN;
	options->words = reader.words = memory_array((size_t)argc + 1, sizeof(*reader.words));
	options->named = memory_array((size_t)argc + 1, sizeof(*options->named));
	while (reader.next < argc) {
		int status = read_word(&reader, argv[reader.next++], failure);

		if (status != STATUS_OK || options->command == COMMAND_HELP ||
		    options->command == COMMAND_VERSION || options->command == COMMAND_INFO)
			return status;
	}
	if (options->command == COMMAND_REPORT || options->command == COMMAND_SYMBOLIZE) {
		int status = options->command == COMMAND_REPORT ? check_report(&reader, failure)
								: check_symbolize(&reader, failure);

		options->objects = reader.words;
		options->object_count = reader.word_count;
		return status;
	}
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (reader.used[i] && flags[i].is_for == FOR_SYMBOLIZE)
			return usage_error(failure, "only symbolize takes", name_of(&flags[i]));
	if (options->print && !records)
		return usage_error(failure, "--print is for record", NULL);
	if (records && options->command == COMMAND_RUN &&
	    check_record(options, failure) != STATUS_OK)
		return STATUS_USAGE;
	if (options->start_report && (options->test || options->bench))
		return usage_error(failure, "--report is for what attaches, and not for",
				   options->test ? "--test" : "--bench");
	if (options->start_report && strcmp(options->start_report, "-") == 0 && !options->dry_run)
		return usage_error(failure, "--report - goes with --dry-run: else name a file",
				   NULL);
	if (options->reopen && !options->output)
		return usage_error(failure, "--reopen is for a file that -o names", NULL);
	if (options->pid && options->child)
		return usage_error(failure, "-p and -c exclude each other", NULL);
	if (!reader.word_count)
		return usage_error(failure, "no object is given", NULL);
	options->objects = reader.words;
	options->object_count = reader.word_count;
	if (options->command == COMMAND_CHECK)
		return options->named_count ? unknown(&reader, options->named[0], failure)
					    : STATUS_OK;
	options->object_count = 1;
	options->parameters = reader.words + 1;
	options->parameter_count = reader.word_count - 1;
	return STATUS_OK;
}

void options_free(struct options *options)
{
	free(options->words);
	free(options->named);
	free(options->dwarf_pids);
	free(options->write);
	free(options->programs);
	options->programs = NULL;
	options->program_count = 0;
	options->write = NULL;
	options->write_count = 0;
	options->dwarf_pids = NULL;
	options->dwarf_pid_count = 0;
	options->words = options->parameters = NULL;
	options->named = NULL;
	if (options->has_probe_filter)
		regfree(&options->probe_filter);
	options->has_probe_filter = false;
}
