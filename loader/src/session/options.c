#include "session/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"
#include "session/option_flags.h"
#include "session/option_values.h"

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
	bool used[MOST_OPTION_FLAGS];
};

/* As it is written. */
static const char *name_of(const struct option_flag *flag)
{
	static char name[64];

	if (flag->name)
		snprintf(name, sizeof(name), "--%s", flag->name);
	else
		snprintf(name, sizeof(name), "-%c", flag->letter);
	return name;
}

static int use(struct reader *reader, const struct option_flag *flag, const char *argument,
	       struct failure *failure)
{
	void *member = (char *)reader->options + flag->member;

	reader->used[flag - option_flags] = true;
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
static int use_with(struct reader *reader, const struct option_flag *flag, const char *word,
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
	if (strcmp(word, "-l") == 0 || strcmp(word, "--list") == 0)
		return fail_hint(failure, "%s list shows what can be traced.", typed_command());
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
		const struct option_flag *flag = NULL;
		int status;

		for (size_t i = 0; i < option_flag_count && !flag; i++)
			if (option_flags[i].letter == *letter)
				flag = &option_flags[i];
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

static const struct option_flag *find_name(const char *word, const char **argument)
{
	size_t length = strcspn(word + 2, "=");

	*argument = word[2 + length] ? word + 2 + length + 1 : NULL;
	for (size_t i = 0; i < option_flag_count; i++)
		if (option_flags[i].name && strlen(option_flags[i].name) == length &&
		    strncmp(option_flags[i].name, word + 2, length) == 0)
			return &option_flags[i];
	return NULL;
}

/* `--name`, `--name=ARGUMENT`, or `--name ARGUMENT`. */
static int read_name(struct reader *reader, const char *word, struct failure *failure)
{
	const char *argument;
	const struct option_flag *flag = find_name(word, &argument);
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
	else if (strcmp(word, "list") == 0)
		reader->options->command = COMMAND_LIST;
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

/* --top: the terminal is its own. */
static int check_top(const struct options *options, bool records, struct failure *failure)
{
	const char *wrong = records				? "record"
			    : options->output			? "-o"
			    : options->form != FORM_TEXT	? "-f"
			    : options->buffering != BUFFER_LINE ? "-B"
			    : options->test			? "--test"
			    : options->bench			? "--bench"
			    : options->dry_run			? "--dry-run"
			    : options->command == COMMAND_CHECK ? "--check"
								: NULL;

	if (options->top && wrong)
		return usage_error(failure, "--top does not go with", wrong);
	return STATUS_OK;
}

/* Of commands that trace nothing: `which` is the one. */
static int check_flags(const struct reader *reader, const char *command, int which,
		       struct failure *failure)
{
	char message[64];

	snprintf(message, sizeof(message), "%s does not take", command);
	for (size_t i = 0; i < option_flag_count; i++)
		if (reader->used[i] && !(option_flags[i].is_for & which))
			return usage_error(failure, message, name_of(&option_flags[i]));
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

/* Commands that trace nothing. */
static int check_other(struct reader *reader, struct failure *failure)
{
	switch (reader->options->command) {
	case COMMAND_REPORT:
		return check_report(reader, failure);
	case COMMAND_SYMBOLIZE:
		return check_symbolize(reader, failure);
	default:
		return check_flags(reader, "list", FOR_LIST, failure);
	}
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
	if (options->command == COMMAND_REPORT || options->command == COMMAND_SYMBOLIZE ||
	    options->command == COMMAND_LIST) {
		int status = check_other(&reader, failure);

		options->objects = reader.words;
		options->object_count = reader.word_count;
		return status;
	}
	for (size_t i = 0; i < option_flag_count; i++)
		if (reader.used[i] && option_flags[i].is_for == FOR_SYMBOLIZE)
			return usage_error(failure, "only symbolize takes",
					   name_of(&option_flags[i]));
	if (options->print && !records)
		return usage_error(failure, "--print is for record", NULL);
	if (check_top(options, records, failure) != STATUS_OK)
		return STATUS_USAGE;
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
