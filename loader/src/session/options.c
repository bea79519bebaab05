#include "session/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"

/* PID_MAX_LIMIT of include/linux/threads.h on 64-bit machines. */
#define MAX_PID 4194304

static int usage_error(struct failure *failure, const char *what, const char *which)
{
	fail(failure, STATUS_USAGE, "%s%s%s", what, which ? " " : "", which ? which : "");
	return fail_hint(failure, "bpfload --help lists the options.");
}

/* 0 where the text is none. */
static uint32_t read_pid(const char *text)
{
	char *end;
	unsigned long pid;

	errno = 0;
	pid = strtoul(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || pid > MAX_PID)
		return 0;
	return (uint32_t)pid;
}

static int take_pid(struct options *options, const char *text, struct failure *failure)
{
	options->pid = read_pid(text);
	if (!options->pid)
		return usage_error(failure, "-p takes a process id from 1 to 4194304, not", text);
	return STATUS_OK;
}

static int take_dwarf_pid(struct options *options, const char *text, struct failure *failure)
{
	uint32_t pid = read_pid(text);

	if (!pid)
		return usage_error(failure, "--dwarf-pid takes a process id from 1 to 4194304, not",
				   text);
	memory_grow(options->dwarf_pids, options->dwarf_pid_count, options->dwarf_pid_room);
	options->dwarf_pids[options->dwarf_pid_count++] = pid;
	return STATUS_OK;
}

/* The place of a word in a list that ends with NULL, or -1. */
static int find_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

static int take_form(struct options *options, const char *text, struct failure *failure)
{
	static const char *const words[] = {[FORM_TEXT] = "text", [FORM_JSON] = "json", NULL};
	int form = find_word(words, text);

	if (form < 0)
		return usage_error(failure, "-f takes text or json, not", text);
	options->form = (enum output_form)form;
	return STATUS_OK;
}

static int take_buffering(struct options *options, const char *text, struct failure *failure)
{
	static const char *const words[] = {
		[BUFFER_LINE] = "line", [BUFFER_NONE] = "none", [BUFFER_FULL] = "full", NULL};
	int buffering = find_word(words, text);

	if (buffering < 0)
		return usage_error(failure, "-B takes none, line or full, not", text);
	options->buffering = (enum buffering)buffering;
	return STATUS_OK;
}

/* A list of names: `kprobe_multi,uprobe_multi`. */
static int take_no_feature(struct options *options, const char *list, struct failure *failure)
{
	static const char *const names[] = {"kprobe_multi", "kprobe_session", "uprobe_multi", NULL};
	static const uint32_t bits[] = {FEATURE_KPROBE_MULTI, FEATURE_KPROBE_SESSION,
					FEATURE_UPROBE_MULTI};

	for (const char *text = list;;) {
		size_t length = strcspn(text, ",");
		char name[32] = "";
		int which;

		if (length < sizeof(name))
			memcpy(name, text, length);
		which = find_word(names, name);
		if (which < 0)
			return usage_error(
				failure,
				"--no-feature takes kprobe_multi, kprobe_session and uprobe_multi (separated by commas), not",
				list);
		options->without |= bits[which];
		if (!text[length])
			return STATUS_OK;
		text += length + 1;
	}
}

static int take_probe_filter(struct options *options, const char *text, struct failure *failure)
{
	char why[128], message[256];
	int error;

	if (options->has_probe_filter)
		return usage_error(failure, "--probe-filter is given twice", NULL);
	error = regcomp(&options->probe_filter, text, REG_EXTENDED | REG_NOSUB);
	if (error) {
		regerror(error, &options->probe_filter, why, sizeof(why));
		snprintf(message, sizeof(message),
			 "--probe-filter is no regular expression (%s):", why);
		return usage_error(failure, message, text);
	}
	options->has_probe_filter = true;
	return STATUS_OK;
}

/* A list of stages: `libbpf,verifier`. */
static int take_stages(struct options *options, const char *list, struct failure *failure)
{
	static const char *const names[] = {"libbpf", "verifier", NULL};

	for (const char *text = list;;) {
		size_t length = strcspn(text, ",");
		char name[16] = "";
		int which;

		if (length < sizeof(name))
			memcpy(name, text, length);
		which = find_word(names, name);
		if (which < 0)
			return usage_error(
				failure, "-d takes libbpf and verifier (separated by commas), not",
				list);
		if (which == 0)
			options->dump_libbpf = true;
		else
			options->dump_verifier = true;
		if (!text[length])
			return STATUS_OK;
		text += length + 1;
	}
}

static int take_nothing(struct options *options, const char *text, struct failure *failure)
{
	(void)options;
	(void)text;
	(void)failure;
	return STATUS_OK;
}

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
};

#define SETS(member) NULL, offsetof(struct options, member), COMMAND_RUN
#define TAKES(take) take, 0, COMMAND_RUN
#define DOES(command) NULL, 0, command

/* In the order of --help. */
static const struct flag flags[] = {
	{'o', NULL, "FILE", "write the script's output to FILE", SETS(output)},
	{'f', NULL, "FORM", "write it as text (default) or json: one object a line",
	 TAKES(take_form)},
	{'B', NULL, "WHEN",
	 "write it out at once (none), when nothing more is waiting (line, the\n"
	 "default), or when much has gathered and at the end (full)",
	 TAKES(take_buffering)},
	{'p', NULL, "PID", "trace this process only; end when it ends", TAKES(take_pid)},
	{'c', NULL, "COMMAND", "run COMMAND, trace from its start, end when it ends", SETS(child)},
	{'q', NULL, NULL, "say nothing but what the script prints", SETS(quiet)},
	{'v', NULL, NULL, "say more; print whole verifier logs", SETS(verbose)},
	{'d', NULL, "STAGES",
	 "print what libbpf and the kernel's verifier say while the object is\n"
	 "loaded: libbpf, verifier, or both with a comma",
	 TAKES(take_stages)},
	{0, "unsafe", NULL, "allow scripts that change the system, such as by system()",
	 SETS(unsafe)},
	{0, "no-warnings", NULL, "no warnings at run time", SETS(no_warnings)},
	{0, "dry-run", NULL, "load and attach, then end: nothing is run or printed", SETS(dry_run)},
	{0, "test", NULL, "run the script's test probes and nothing else", SETS(test)},
	{0, "bench", NULL, "measure the script's bench probes and run nothing else", SETS(bench)},
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
	 "before /usr/lib/debug",
	 SETS(debug_folders)},
	{0, "dwarf-pid", "PID",
	 "have dw_ustack walk the stacks of this process too, besides that of -p;\n"
	 "may be repeated",
	 TAKES(take_dwarf_pid)},
	{0, "no-feature", "LIST",
	 "do without kprobe_multi, kprobe_session or uprobe_multi (separated by\n"
	 "commas) where the kernel has them",
	 TAKES(take_no_feature)},
	{0, "usdt-file-activation", NULL,
	 "accepted for bpftrace's sake; points with semaphores are switched on\n"
	 "in all processes anyway",
	 TAKES(take_nothing)},
	{0, "check", NULL, "check objects (structure, digest, manifest) without loading them",
	 DOES(COMMAND_CHECK)},
	{0, "info", NULL, "print what this host and its kernel offer", DOES(COMMAND_INFO)},
	{0, "version", NULL, "print the version", DOES(COMMAND_VERSION)},
	{'h', "help", NULL, "print this text", DOES(COMMAND_HELP)},
};

#define FLAG_COUNT (sizeof(flags) / sizeof(*flags))
/* Column of the help in --help. */
#define HELP_COLUMN 18
/* What getopt gives for the first flag; above all letters. */
#define FIRST_FLAG 256

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
	fputs("Usage: bpfload [options] OBJECT [parameters]\n"
	      "       bpfload [options] OBJECT -- parameters\n"
	      "       bpfload --check OBJECT...\n"
	      "\n"
	      "Loads an object that bpfscript built, attaches its probes, and prints what they "
	      "report until\n"
	      "the script ends or a signal (SIGINT, SIGTERM, SIGHUP) comes. SIGUSR1 prints all "
	      "maps.\n"
	      "\n"
	      "Options:\n",
	      stdout);
	for (size_t i = 0; i < FLAG_COUNT; i++)
		print_flag(&flags[i]);
	fputs("\n"
	      "Parameters are the script's $1, $2 and so on, and its named ones: --name=value, or "
	      "--name\n"
	      "for a switch. `bpfload OBJECT --help` lists those. Variables such as\n"
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
	      "  bpfload -p 1234 -o out.txt tool.o\n"
	      "  bpfload -c 'ls -l /tmp' tool.o\n"
	      "  bpfload tool.o -- --min=5 nginx a named parameter, and $1 = \"nginx\"\n",
	      stdout);
}

/* The flag that getopt found; NULL for what is none. */
static const struct flag *find_flag(int option)
{
	if (option >= FIRST_FLAG)
		return &flags[option - FIRST_FLAG];
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (flags[i].letter && flags[i].letter == option)
			return &flags[i];
	return NULL;
}

static int parse_option(struct options *options, int option, char **argv, struct failure *failure)
{
	const struct flag *flag = find_flag(option);

	if (flag && flag->take)
		return flag->take(options, optarg, failure);
	if (flag && flag->command != COMMAND_RUN) {
		options->command = flag->command;
		return STATUS_OK;
	}
	if (flag) {
		void *member = (char *)options + flag->member;

		if (flag->argument)
			*(const char **)member = optarg;
		else
			*(bool *)member = true;
		return STATUS_OK;
	}
	return usage_error(failure, option == ':' ? "an argument is missing for" : "unknown option",
			   argv[optind - 1]);
}

/* The table as getopt_long takes it; "+": options end at the object, what follows belongs to the
 * script. */
static void describe_flags(char letters[2 * FLAG_COUNT + 3], struct option names[FLAG_COUNT + 1])
{
	size_t name_count = 0;

	*letters++ = '+';
	*letters++ = ':';
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		const struct flag *flag = &flags[i];

		if (flag->letter) {
			*letters++ = flag->letter;
			if (flag->argument)
				*letters++ = ':';
		}
		if (flag->name)
			names[name_count++] = (struct option){
				flag->name, flag->argument ? required_argument : no_argument, NULL,
				FIRST_FLAG + (int)i};
	}
	*letters = '\0';
	names[name_count] = (struct option){0};
}

/* What stands behind the object: named and positional parameters. The first `--` is only a
 * separator. */
static void parse_parameters(struct options *options, int argc, char **argv, int first)
{
	size_t room = (size_t)(argc - first) + 1;
	bool separated = false;

	options->parameters = memory_array(room, sizeof(*options->parameters));
	options->named = memory_array(room, sizeof(*options->named));
	for (int i = first; i < argc; i++) {
		if (!separated && strcmp(argv[i], "--") == 0)
			separated = true;
		else if (strncmp(argv[i], "--", 2) == 0)
			options->named[options->named_count++] = argv[i];
		else
			options->parameters[options->parameter_count++] = argv[i];
	}
}

int options_parse(struct options *options, int argc, char **argv, struct failure *failure)
{
	struct option names[FLAG_COUNT + 1];
	char letters[2 * FLAG_COUNT + 3];
	int option, status;

	memset(options, 0, sizeof(*options));
	describe_flags(letters, names);
	opterr = 0;
	while ((option = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		status = parse_option(options, option, argv, failure);
		if (status != STATUS_OK || options->command == COMMAND_HELP ||
		    options->command == COMMAND_VERSION || options->command == COMMAND_INFO)
			return status;
	}
	if (options->pid && options->child)
		return usage_error(failure, "-p and -c exclude each other", NULL);
	if (optind >= argc)
		return usage_error(failure, "no object is given", NULL);
	options->objects = (const char *const *)&argv[optind];
	if (options->command == COMMAND_CHECK) {
		options->object_count = (uint32_t)(argc - optind);
		return STATUS_OK;
	}
	options->object_count = 1;
	parse_parameters(options, argc, argv, optind + 1);
	return STATUS_OK;
}

void options_free(struct options *options)
{
	free(options->parameters);
	free(options->named);
	free(options->dwarf_pids);
	options->dwarf_pids = NULL;
	options->dwarf_pid_count = 0;
	options->parameters = NULL;
	options->named = NULL;
	if (options->has_probe_filter)
		regfree(&options->probe_filter);
	options->has_probe_filter = false;
}
