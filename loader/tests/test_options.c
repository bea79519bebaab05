/* The command line: what options take, to the last number that they take, and what goes with what.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/failure.h"
#include "check.h"
#include "session/option_flags.h"
#include "session/option_values.h"
#include "session/options.h"

#define MOST_WORDS 16

static struct options options;
static struct failure failure;

/* Reads words that are separated by single spaces, behind the command's name. */
static int parse(const char *line)
{
	static char words[256];
	char *argv[MOST_WORDS] = {"bpfload"};
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word && argc < MOST_WORDS; word = strtok(NULL, " "))
		argv[argc++] = word;
	/* What went wrong before is nothing to numbers. */
	errno = ERANGE;
	return options_parse(&options, argc, argv, &failure);
}

/* Nothing is left that points at what is gone. */
static void drop(void)
{
	options_free(&options);
	CHECK(!options.words && !options.parameters && !options.named);
	failure_clear(&failure);
}

/* Leaves the options to look at; drop() ends that. */
static void accepts(const char *line)
{
	if (!CHECK(parse(line) == STATUS_OK))
		fprintf(stderr, "  bpfload %s: %s\n", line, failure.text);
}

static void refuses(const char *line, const char *why)
{
	int status = parse(line);

	if (!CHECK(status == STATUS_USAGE) || !CHECK(strcmp(failure.text, why) == 0))
		fprintf(stderr, "  bpfload %s: %d, %s\n", line, status, failure.text);
	drop();
}

/* With the place where options are listed. */
static void refuses_use(const char *line, const char *why)
{
	parse(line);
	if (!CHECK(strcmp(failure.hint, "bpfload --help lists the options.") == 0))
		fprintf(stderr, "  bpfload %s\n", line);
	drop();
	refuses(line, why);
}

static void refuses_values(const char *option, const char *takes, const char *const *values)
{
	char line[128], why[256];

	for (size_t i = 0; values[i]; i++) {
		snprintf(line, sizeof(line), "%s %s a.o", option, values[i]);
		snprintf(why, sizeof(why), "%s takes %s, not %s", option, takes, values[i]);
		refuses_use(line, why);
	}
}

static void test_process_ids(void)
{
	static const char *const wrong[] = {
		"0", "4194305", "-1", "+5", "5x", "x", "/", ":", "99999999999999999999", NULL};

	accepts("-p 1 a.o");
	CHECK(options.pid == 1);
	drop();
	accepts("-p4194304 a.o");
	CHECK(options.pid == 4194304);
	drop();
	accepts("-p 9 a.o");
	CHECK(options.pid == 9);
	drop();
	accepts("--dwarf-pid 7 --dwarf-pid=4194304 a.o");
	CHECK(options.dwarf_pid_count == 2);
	CHECK(options.dwarf_pids[0] == 7 && options.dwarf_pids[1] == 4194304);
	drop();
	CHECK(!options.dwarf_pids && options.dwarf_pid_count == 0);
	refuses_values("-p", "a process id from 1 to 4194304", wrong);
	refuses_values("--dwarf-pid", "a process id from 1 to 4194304", wrong);
}

static void expect_timeout(const char *text, uint64_t ns)
{
	char line[64];

	snprintf(line, sizeof(line), "--timeout %s a.o", text);
	accepts(line);
	if (!CHECK(options.timeout_ns == ns))
		fprintf(stderr, "  %s: %llu\n", text, (unsigned long long)options.timeout_ns);
	drop();
}

static void test_times(void)
{
	static const char *const wrong[] = {"0",
					    "0s",
					    "366d",
					    "31536001",
					    "8761h",
					    "525601m",
					    "s",
					    "-1",
					    "1w",
					    "1.5s",
					    "/5",
					    ":5",
					    "99999999999999999999",
					    NULL};

	expect_timeout("1", 1000000000);
	expect_timeout("9s", 9000000000);
	expect_timeout("500ms", 500000000);
	expect_timeout("3us", 3000);
	expect_timeout("5m", 300000000000);
	expect_timeout("2h", 7200000000000);
	expect_timeout("365d", 31536000000000000);
	expect_timeout("31536000", 31536000000000000);
	expect_timeout("8760h", 31536000000000000);
	refuses_values("--timeout", "a time such as 30s, 500ms, 5m or 2h (up to 365 days)", wrong);
}

static void test_counts(void)
{
	static const char *const no_counts[] = {
		"0", "-1", "1x", "x", "/1", ":1", "18446744073709551616", NULL};
	static const char *const no_series[] = {
		"0", "1000001", "-1", "1x", "/", ":", "18446744073709551616", NULL};

	accepts("a.o");
	CHECK(options.max_events == 0 && options.max_series == 10000);
	drop();
	accepts("--max-events 1 --max-series 1 a.o");
	CHECK(options.max_events == 1 && options.max_series == 1);
	drop();
	accepts("--max-events 18446744073709551615 --max-series 1000000 a.o");
	CHECK(options.max_events == UINT64_MAX && options.max_series == 1000000);
	drop();
	accepts("--max-events 9 --max-series 9 a.o");
	CHECK(options.max_events == 9 && options.max_series == 9);
	drop();
	refuses_values("--max-events", "a number from 1", no_counts);
	refuses_values("--max-series", "a number from 1 to 1000000", no_series);
}

static void expect_memory(const char *text, uint64_t bytes)
{
	char line[64];

	snprintf(line, sizeof(line), "--max-memory %s a.o", text);
	accepts(line);
	if (!CHECK(options.max_memory == bytes && strcmp(options.max_memory_text, text) == 0))
		fprintf(stderr, "  %s: %llu\n", text, (unsigned long long)options.max_memory);
	drop();
}

static void test_memory(void)
{
	static const char *const wrong[] = {"0",
					    "0K",
					    "64T",
					    "64MB",
					    "M",
					    "-1",
					    "/1",
					    ":1",
					    "18446744073709551616",
					    "18014398509481984K",
					    "17179869184G",
					    NULL};

	expect_memory("1", 1);
	expect_memory("9", 9);
	expect_memory("3K", 3 << 10);
	expect_memory("64M", 64 << 20);
	expect_memory("2G", 2ull << 30);
	expect_memory("18446744073709551615", UINT64_MAX);
	expect_memory("18014398509481983K", 18014398509481983ull << 10);
	expect_memory("17179869183G", 17179869183ull << 30);
	refuses_values("--max-memory", "a size such as 64M (K, M or G: 1024 bytes and so on)",
		       wrong);
}

static void test_overhead(void)
{
	static const char *const wrong[] = {"0",   "0%", "1000000.5", "-1",  "x",   "5x",
					    "5%%", "/1", ":1",	      "nan", "inf", NULL};

	accepts("--max-overhead 2.5% a.o");
	CHECK(options.max_overhead == 2.5 && options.on_overhead == ON_OVERHEAD_DETACH);
	drop();
	accepts("--max-overhead 1000000 --on-overhead end a.o");
	CHECK(options.max_overhead == 1000000 && options.on_overhead == ON_OVERHEAD_END);
	drop();
	accepts("--max-overhead 9 --on-overhead warn a.o");
	CHECK(options.max_overhead == 9 && options.on_overhead == ON_OVERHEAD_WARN);
	drop();
	accepts("--on-overhead warn --on-overhead detach a.o");
	CHECK(options.on_overhead == ON_OVERHEAD_DETACH);
	drop();
	refuses_values("--max-overhead", "a percentage of one CPU above 0, such as 2.5", wrong);
	refuses_values("--on-overhead", "detach, end or warn", (const char *const[]){"stop", NULL});
}

static void test_words(void)
{
	static const struct {
		const char *line;
		enum output_form form;
	} forms[] = {{"-f text a.o", FORM_TEXT},
		     {"-f json a.o", FORM_JSON},
		     {"-fjson2 a.o", FORM_TYPED_JSON},
		     {"--format=folded a.o", FORM_FOLDED},
		     {"--format openmetrics a.o", FORM_OPENMETRICS},
		     {"-f prometheus a.o", FORM_PROMETHEUS}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		accepts(forms[i].line);
		CHECK(options.form == forms[i].form);
		drop();
	}
	refuses_values("-f", "text, json, json2, folded, openmetrics or prometheus",
		       (const char *const[]){"xml", "js", "json3", NULL});
	accepts("a.o");
	CHECK(options.buffering == BUFFER_LINE);
	drop();
	accepts("-B none a.o");
	CHECK(options.buffering == BUFFER_NONE);
	drop();
	accepts("-B full -B line a.o");
	CHECK(options.buffering == BUFFER_LINE);
	drop();
	accepts("-Bfull a.o");
	CHECK(options.buffering == BUFFER_FULL);
	drop();
	refuses_values("-B", "none, line or full", (const char *const[]){"all", NULL});
}

static void test_lists(void)
{
	accepts("--no-feature kprobe_multi,kprobe_session,uprobe_multi,task_storage a.o");
	CHECK(options.without == (FEATURE_KPROBE_MULTI | FEATURE_KPROBE_SESSION |
				  FEATURE_UPROBE_MULTI | FEATURE_TASK_STORAGE));
	drop();
	accepts("--no-feature uprobe_multi --no-feature task_storage a.o");
	CHECK(options.without == (FEATURE_UPROBE_MULTI | FEATURE_TASK_STORAGE));
	drop();
	/* As many bytes as there is room for, and one more. */
	refuses_values(
		"--no-feature",
		"kprobe_multi, kprobe_session, uprobe_multi and task_storage (separated by commas)",
		(const char *const[]){"kprobe", "kprobe_multi,", ",kprobe_multi", "kprobe_multi,x",
				      "0123456789012345678901234567890",
				      "01234567890123456789012345678901", NULL});
	accepts("-d libbpf a.o");
	CHECK(options.dump_libbpf && !options.dump_verifier);
	drop();
	accepts("-d verifier a.o");
	CHECK(!options.dump_libbpf && options.dump_verifier);
	drop();
	accepts("--debug=verifier,libbpf a.o");
	CHECK(options.dump_libbpf && options.dump_verifier);
	drop();
	refuses_values("-d", "libbpf and verifier (separated by commas)",
		       (const char *const[]){"all", "libbpf,", "libbpf,x", "0123456789abcde",
					     "0123456789abcdef", NULL});
}

static void test_kernel_base(void)
{
	static const char *const wrong[] = {
		"7fffffffffffffff", "10000000000000000", "-1", "ffffffff81000000x", "x", NULL};
	char line[128], why[256];

	accepts("symbolize --kallsyms k --kernel-base 8000000000000000 t");
	CHECK(options.kernel_base == 1ull << 63);
	drop();
	accepts("symbolize --kallsyms k --kernel-base 0xffffffff81000000 t");
	CHECK(options.kernel_base == 0xffffffff81000000);
	drop();
	for (size_t i = 0; wrong[i]; i++) {
		snprintf(line, sizeof(line), "symbolize --kallsyms k --kernel-base %s t", wrong[i]);
		snprintf(
			why, sizeof(why),
			"--kernel-base takes the address of _text, such as ffffffff81000000, not %s",
			wrong[i]);
		refuses_use(line, why);
	}
}

static void test_probe_filter(void)
{
	accepts("--probe-filter ^kprobe:vfs_(read|write)$ a.o");
	CHECK(options.has_probe_filter);
	CHECK(regexec(&options.probe_filter, "kprobe:vfs_read", 0, NULL, 0) == 0);
	CHECK(regexec(&options.probe_filter, "kprobe:vfs_readv", 0, NULL, 0) != 0);
	drop();
	CHECK(!options.has_probe_filter);
	refuses_use("--probe-filter a --probe-filter a a.o", "--probe-filter is given twice");
	refuses_use("--probe-filter ( a.o",
		    "--probe-filter is no regular expression (Unmatched ( or \\(): (");
}

static void test_mode(void)
{
	accepts("--mode test a.o");
	CHECK(options.test && !options.bench);
	drop();
	accepts("--mode bench a.o");
	CHECK(!options.test && options.bench);
	drop();
	refuses("--mode x a.o", "--mode takes test or bench, not x");
	parse("--mode x a.o");
	CHECK(!failure.hint[0]);
	drop();
	for (const char *const *mode =
		     (const char *const[]){"codegen", "compiler-bench", "format", NULL};
	     *mode; mode++) {
		char line[64];

		snprintf(line, sizeof(line), "--mode %s a.o", *mode);
		CHECK(parse(line) == STATUS_USAGE && failure.hint &&
		      strcmp(failure.hint, "bpfscript, which compiles scripts, has that mode.") ==
			      0);
		drop();
	}
}

static void test_paths(void)
{
	accepts("--allow-write /a --allow-write=/b/c a.o");
	CHECK(options.write_count == 2 && strcmp(options.write[0], "/a") == 0 &&
	      strcmp(options.write[1], "/b/c") == 0);
	drop();
	CHECK(!options.write && options.write_count == 0);
	accepts("symbolize --exe one --maps m --exe two t");
	CHECK(options.program_count == 2 && strcmp(options.programs[1], "two") == 0);
	drop();
	CHECK(!options.programs && options.program_count == 0);
	refuses_use("--allow-write= a.o", "--allow-write takes a folder or a file");
	refuses_use("symbolize --exe= t", "--exe takes a program or a library");
}

/* Words that are no options, and those that could be either. */
static void test_places(void)
{
	accepts("a.o one -5 --min=3 --on -q two");
	CHECK(options.object_count == 1 && strcmp(options.objects[0], "a.o") == 0);
	CHECK(options.parameter_count == 3 && strcmp(options.parameters[1], "-5") == 0 &&
	      strcmp(options.parameters[2], "two") == 0);
	CHECK(options.named_count == 2 && strcmp(options.named[0], "--min=3") == 0 &&
	      strcmp(options.named[1], "--on") == 0);
	CHECK(options.quiet && options.command == COMMAND_RUN);
	drop();
	accepts("-qv - -- -q --quiet -- x");
	CHECK(options.quiet && options.verbose && strcmp(options.objects[0], "-") == 0);
	CHECK(options.parameter_count == 2 && strcmp(options.parameters[0], "-q") == 0);
	CHECK(options.named_count == 2 && strcmp(options.named[0], "--quiet") == 0 &&
	      strcmp(options.named[1], "--") == 0);
	drop();
	accepts("a.o -h");
	CHECK(options.command == COMMAND_RUN && options.named_count == 1 &&
	      strcmp(options.named[0], "--help") == 0);
	drop();
	accepts("-qh");
	CHECK(options.command == COMMAND_HELP);
	drop();
	accepts("--version nonsense --nonsense");
	CHECK(options.command == COMMAND_VERSION);
	drop();
	accepts("--check a.o b.o");
	CHECK(options.command == COMMAND_CHECK && options.object_count == 2);
	drop();
	refuses_use("-p", "an argument is missing for -p");
	refuses_use("a.o --timeout", "an argument is missing for --timeout");
	refuses_use("--quiet=yes a.o", "--quiet takes no argument, as in --quiet=yes");
	refuses_use("-q", "no object is given");
	refuses_use("-p 1 -c x a.o", "-p and -c exclude each other");
}

static void refuses_with_hint(const char *line, const char *why, const char *hint)
{
	parse(line);
	if (!CHECK(strcmp(failure.hint, hint) == 0))
		fprintf(stderr, "  bpfload %s: %s\n", line, failure.hint);
	drop();
	refuses(line, why);
}

static void test_unknown(void)
{
	refuses_with_hint(
		"--nonsense a.o", "unknown option --nonsense",
		"Named parameters of the script stand behind the object; bpfload --help lists the options.");
	refuses_with_hint("a.o -x", "unknown option -x",
			  "A parameter of the script that begins with - stands behind --.");
	refuses_with_hint("-l", "unknown option -l", "bpfload list shows what can be traced.");
	refuses_with_hint("--list", "unknown option --list",
			  "bpfload list shows what can be traced.");
	refuses_with_hint("-ecode a.o", "unknown option -ecode",
			  "-e is an option of bpfscript, for when a script is compiled.");
	refuses_with_hint("--emit=ir a.o", "unknown option --emit=ir",
			  "--emit is an option of bpfscript, for when a script is compiled.");
	refuses_with_hint("--check a.o --min=3", "unknown option --min=3",
			  "A parameter of the script that begins with - stands behind --.");
	refuses_with_hint(
		"report --min=3 r", "unknown option --min=3",
		"Named parameters of the script stand behind the object; bpfload --help lists the options.");
	CHECK(options_is_of_compiler("-e") && options_is_of_compiler("--kernel=host"));
	CHECK(!options_is_of_compiler("--kernels") && !options_is_of_compiler("--kerne"));
}

static void test_record(void)
{
	static const char *const not_with[][2] = {
		{"--reopen", "--reopen"},
		{"--metrics 1", "--metrics"},
		{"-f prometheus", "-f openmetrics or prometheus"},
		{"-f openmetrics", "-f openmetrics or prometheus"},
		{"--test", "--test"},
		{"--bench", "--bench"},
		{"--dry-run", "--dry-run"}};
	char line[128], why[128];

	accepts("record -o r a.o -f json --print");
	CHECK(options.command == COMMAND_RUN && !options.output &&
	      strcmp(options.recording, "r") == 0 && options.print);
	drop();
	for (size_t i = 0; i < sizeof(not_with) / sizeof(*not_with); i++) {
		snprintf(line, sizeof(line), "record -o r a.o %s", not_with[i][0]);
		snprintf(why, sizeof(why), "record does not go with %s", not_with[i][1]);
		refuses_use(line, why);
	}
	refuses_use("record a.o", "record needs the file of the recording: -o");
	refuses_use("record -o r -f json a.o", "-f is for report, or goes with --print");
	refuses_use("--print a.o", "--print is for record");
	accepts("a.o record");
	CHECK(!options.recording && strcmp(options.parameters[0], "record") == 0);
	drop();
}

static void test_top(void)
{
	static const char *const not_with[][2] = {
		{"-o f", "-o"},	       {"-f json", "-f"},      {"-B none", "-B"},
		{"--test", "--test"},  {"--bench", "--bench"}, {"--dry-run", "--dry-run"},
		{"--check", "--check"}};
	char line[128], why[128];

	accepts("--top a.o");
	CHECK(options.top);
	drop();
	for (size_t i = 0; i < sizeof(not_with) / sizeof(*not_with); i++) {
		snprintf(line, sizeof(line), "--top %s a.o", not_with[i][0]);
		snprintf(why, sizeof(why), "--top does not go with %s", not_with[i][1]);
		refuses_use(line, why);
	}
	refuses_use("record --top -o r a.o", "--top does not go with record");
}

static void test_reports(void)
{
	accepts("report r -f json2 -o out -q --debuginfo d");
	CHECK(options.command == COMMAND_REPORT && options.object_count == 1 &&
	      strcmp(options.output, "out") == 0 && options.form == FORM_TYPED_JSON);
	drop();
	refuses_use("report", "no recording is given");
	refuses_use("report r s", "report takes one recording, and not s");
	refuses_use("report r -f prometheus", "report takes text, json, json2 or folded with -f");
	refuses_use("report r -f openmetrics", "report takes text, json, json2 or folded with -f");
	refuses_use("report r -p 1", "report does not take --pid");
	refuses_use("report r --exe x", "report does not take --exe");
	accepts("--dry-run --report - a.o");
	CHECK(strcmp(options.start_report, "-") == 0);
	drop();
	accepts("--report file a.o");
	drop();
	refuses_use("--report - a.o", "--report - goes with --dry-run: else name a file");
	refuses_use("--report f --test a.o", "--report is for what attaches, and not for --test");
	refuses_use("--report f --bench a.o", "--report is for what attaches, and not for --bench");
	accepts("--reopen -o f a.o");
	CHECK(options.reopen);
	drop();
	refuses_use("--reopen a.o", "--reopen is for a file that -o names");
}

static void test_symbolize_and_list(void)
{
	accepts("symbolize");
	CHECK(options.command == COMMAND_SYMBOLIZE && options.object_count == 1 &&
	      strcmp(options.objects[0], "-") == 0);
	drop();
	accepts("symbolize --exe one t");
	CHECK(strcmp(options.objects[0], "t") == 0);
	drop();
	refuses_use("symbolize t u", "symbolize takes one file, and not u");
	refuses_use("symbolize --exe one --exe two t",
		    "several files of --exe go with --maps, which says where they were");
	refuses_use("symbolize --kernel-base ffffffff81000000 t",
		    "--kernel-base goes with --kallsyms");
	refuses_use("symbolize -q t", "symbolize does not take --quiet");
	refuses_use("--exe x a.o", "only symbolize takes --exe");
	refuses_use("--maps x a.o", "only symbolize takes --maps");
	accepts("--debuginfo d a.o");
	drop();
	accepts("list");
	CHECK(options.command == COMMAND_LIST && options.object_count == 0);
	drop();
	accepts("list -v -p 1 one two");
	CHECK(options.object_count == 2 && options.pid == 1 && options.verbose);
	drop();
	refuses_use("list -B none", "list does not take -B");
	refuses_use("list --cost", "list does not take --cost");
}

/* Every line of the help stands behind its option, or below the one above it. */
static void test_help(void)
{
	char *text = NULL, *line;
	size_t size, options_seen = 0;
	FILE *terminal = stdout;

	stdout = open_memstream(&text, &size);
	options_print_help();
	fclose(stdout);
	stdout = terminal;
	CHECK(strstr(text, "\n  -q, --quiet     say nothing but what the script prints\n"));
	CHECK(strstr(text, "\n  -o, --output FILE\n                  write the script's output"));
	CHECK(strstr(text, "\n  -B WHEN         write it out at once (none)"));
	CHECK(strstr(text, "\n                  default), or when much has gathered"));
	line = strtok(strstr(text, "\nOptions:\n"), "\n");
	while ((line = strtok(NULL, "\n")) && line[0] == ' ') {
		CHECK(strlen(line) <= 104 && line[strlen(line) - 1] != ' ');
		options_seen += line[2] == '-';
	}
	CHECK(options_seen == option_flag_count);
	free(text);
}

int main(void)
{
	test_process_ids();
	test_times();
	test_counts();
	test_memory();
	test_overhead();
	test_words();
	test_lists();
	test_kernel_base();
	test_probe_filter();
	test_mode();
	test_paths();
	test_places();
	test_unknown();
	test_record();
	test_top();
	test_reports();
	test_symbolize_and_list();
	test_help();
	return check_result("options");
}
