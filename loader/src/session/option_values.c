#include "session/option_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"

/* PID_MAX_LIMIT of include/linux/threads.h on 64-bit machines. */
#define MAX_PID 4194304
#define MAX_TIMEOUT_NS (365ull * 86400000000000)

/* The command that was typed: `bpfscript` becomes us under its own name. */
const char *typed_command(void)
{
	return strcmp(program_invocation_short_name, "bpfscript") == 0 ? "bpfscript" : "bpfload";
}

int usage_error(struct failure *failure, const char *what, const char *which)
{
	fail(failure, STATUS_USAGE, "%s%s%s", what, which ? " " : "", which ? which : "");
	return fail_hint(failure, "%s --help lists the options.", typed_command());
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

int take_pid(struct options *options, const char *text, struct failure *failure)
{
	options->pid = read_pid(text);
	if (!options->pid)
		return usage_error(failure, "-p takes a process id from 1 to 4194304, not", text);
	return STATUS_OK;
}

int take_dwarf_pid(struct options *options, const char *text, struct failure *failure)
{
	uint32_t pid = read_pid(text);

	if (!pid)
		return usage_error(failure, "--dwarf-pid takes a process id from 1 to 4194304, not",
				   text);
	memory_grow(options->dwarf_pids, options->dwarf_pid_count, options->dwarf_pid_room);
	options->dwarf_pids[options->dwarf_pid_count++] = pid;
	return STATUS_OK;
}

int take_timeout(struct options *options, const char *text, struct failure *failure)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"", 1000000000},	 {"s", 1000000000},    {"ms", 1000000},	     {"us", 1000},
		     {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}};
	char *unit;
	uint64_t count;

	errno = 0;
	count = strtoull(text, &unit, 10);
	if (!errno && count && text[0] >= '0' && text[0] <= '9')
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (strcmp(units[i].name, unit) == 0 &&
			    count <= MAX_TIMEOUT_NS / units[i].ns) {
				options->timeout_ns = count * units[i].ns;
				return STATUS_OK;
			}
	return usage_error(
		failure,
		"--timeout takes a time such as 30s, 500ms, 5m or 2h (up to 365 days), not", text);
}

int take_max_events(struct options *options, const char *text, struct failure *failure)
{
	char *end;

	errno = 0;
	options->max_events = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || !options->max_events)
		return usage_error(failure, "--max-events takes a number from 1, not", text);
	return STATUS_OK;
}

int take_max_series(struct options *options, const char *text, struct failure *failure)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || !number || number > MOST_SERIES)
		return usage_error(failure, "--max-series takes a number from 1 to 1000000, not",
				   text);
	options->max_series = (uint32_t)number;
	return STATUS_OK;
}

int take_write(struct options *options, const char *path, struct failure *failure)
{
	if (!*path)
		return usage_error(failure, "--allow-write takes a folder or a file", NULL);
	memory_grow(options->write, options->write_count, options->write_room);
	options->write[options->write_count++] = path;
	return STATUS_OK;
}

int take_program(struct options *options, const char *path, struct failure *failure)
{
	if (!*path)
		return usage_error(failure, "--exe takes a program or a library", NULL);
	memory_grow(options->programs, options->program_count, options->program_room);
	options->programs[options->program_count++] = path;
	return STATUS_OK;
}

int take_kernel_base(struct options *options, const char *text, struct failure *failure)
{
	char *end;

	errno = 0;
	options->kernel_base = strtoull(text, &end, 16);
	if (errno || *end || end == text || text[0] == '-' || !(options->kernel_base >> 63))
		return usage_error(
			failure,
			"--kernel-base takes the address of _text, such as ffffffff81000000, not",
			text);
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

int take_form(struct options *options, const char *text, struct failure *failure)
{
	static const char *const words[] = {
		[FORM_TEXT] = "text",
		[FORM_JSON] = "json",
		[FORM_TYPED_JSON] = "json2",
		[FORM_FOLDED] = "folded",
		[FORM_OPENMETRICS] = "openmetrics",
		[FORM_PROMETHEUS] = "prometheus",
		NULL,
	};
	int form = find_word(words, text);

	if (form < 0)
		return usage_error(
			failure,
			"-f takes text, json, json2, folded, openmetrics or prometheus, not", text);
	options->form = (enum output_form)form;
	return STATUS_OK;
}

int take_buffering(struct options *options, const char *text, struct failure *failure)
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
int take_no_feature(struct options *options, const char *list, struct failure *failure)
{
	static const char *const names[] = {"kprobe_multi", "kprobe_session", "uprobe_multi",
					    "task_storage", NULL};
	static const uint32_t bits[] = {FEATURE_KPROBE_MULTI, FEATURE_KPROBE_SESSION,
					FEATURE_UPROBE_MULTI, FEATURE_TASK_STORAGE};

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
				"--no-feature takes kprobe_multi, kprobe_session, uprobe_multi and task_storage (separated by commas), not",
				list);
		options->without |= bits[which];
		if (!text[length])
			return STATUS_OK;
		text += length + 1;
	}
}

int take_probe_filter(struct options *options, const char *text, struct failure *failure)
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

/* Above the percent of all CPUs of the largest machine nothing is limited. */
#define MAX_PERCENT 1000000

int take_max_overhead(struct options *options, const char *text, struct failure *failure)
{
	char *end;
	double percent = strtod(text, &end);

	if (*end == '%')
		end++;
	if (*end || text[0] < '0' || text[0] > '9' || !(percent > 0) || percent > MAX_PERCENT)
		return usage_error(
			failure,
			"--max-overhead takes a percentage of one CPU above 0, such as 2.5, not",
			text);
	options->max_overhead = percent;
	return STATUS_OK;
}

int take_on_overhead(struct options *options, const char *text, struct failure *failure)
{
	static const char *const words[] = {[ON_OVERHEAD_DETACH] = "detach",
					    [ON_OVERHEAD_END] = "end",
					    [ON_OVERHEAD_WARN] = "warn",
					    NULL};
	int action = find_word(words, text);

	if (action < 0)
		return usage_error(failure, "--on-overhead takes detach, end or warn, not", text);
	options->on_overhead = (enum on_overhead)action;
	return STATUS_OK;
}

/* Bytes, or with K, M or G behind: 1024 times as many, and so on. */
int take_max_memory(struct options *options, const char *text, struct failure *failure)
{
	static const char units[] = "KMG";
	char *end;
	unsigned long long bytes;
	const char *unit;
	unsigned int shift = 0;

	errno = 0;
	bytes = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		end++;
	}
	if (errno || *end || text[0] < '0' || text[0] > '9' || !bytes ||
	    bytes > UINT64_MAX >> shift)
		return usage_error(
			failure,
			"--max-memory takes a size such as 64M (K, M or G: 1024 bytes and so on), not",
			text);
	options->max_memory = (uint64_t)bytes << shift;
	options->max_memory_text = text;
	return STATUS_OK;
}

/* A list of stages: `libbpf,verifier`. */
int take_stages(struct options *options, const char *list, struct failure *failure)
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

/* bpftrace's word for flags that we have, too. */
int take_mode(struct options *options, const char *text, struct failure *failure)
{
	static const char *const of_compiler[] = {"codegen", "compiler-bench", "format", NULL};

	if (strcmp(text, "test") == 0) {
		options->test = true;
	} else if (strcmp(text, "bench") == 0) {
		options->bench = true;
	} else {
		fail(failure, STATUS_USAGE, "--mode takes test or bench, not %s", text);
		return find_word(of_compiler, text) >= 0
			       ? fail_hint(failure,
					   "bpfscript, which compiles scripts, has that mode.")
			       : STATUS_USAGE;
	}
	return STATUS_OK;
}

int take_nothing(struct options *options, const char *text, struct failure *failure)
{
	(void)options;
	(void)text;
	(void)failure;
	return STATUS_OK;
}
