#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "report.h"

/* PID_MAX_LIMIT of include/linux/threads.h on 64-bit machines. */
#define MAX_PID 4194304

const char options_help[] =
	"Usage: bpfload [options] OBJECT [parameters]\n"
	"       bpfload [options] OBJECT -- parameters\n"
	"       bpfload --check OBJECT...\n"
	"\n"
	"Loads an object that bpfscript built, attaches its probes, and prints what they report "
	"until\n"
	"the script ends or a signal (SIGINT, SIGTERM) arrives. SIGUSR1 prints all maps.\n"
	"\n"
	"Options:\n"
	"  -o FILE         write the script's output to FILE\n"
	"  -f FORM         write it as text (default) or json: one object a line\n"
	"  -B WHEN         write it out at once (none), when nothing more is waiting (line, the\n"
	"                  default), or when much has gathered and at the end (full)\n"
	"  -p PID          trace this process only; end when it ends\n"
	"  -c COMMAND      run COMMAND, trace from its start, end when it ends\n"
	"  -q              say nothing but what the script prints\n"
	"  -v              say more; print whole verifier logs\n"
	"  --unsafe        allow scripts that change the system, such as by system()\n"
	"  --no-warnings   no warnings at run time\n"
	"  --check         check objects (structure, digest, manifest) without loading them\n"
	"  --version       print the version\n"
	"  -h, --help      print this text\n"
	"\n"
	"Parameters are the script's $1, $2 and so on.\n"
	"\n"
	"Exit status: 0 ok, 1 script or attach error, 2 usage, 3 the kernel lacks a feature, 4 no\n"
	"permission, 5 the object is not valid; exit(n) of the script passes through.\n"
	"\n"
	"Examples:\n"
	"  bpfload tool.o                  trace until Ctrl-C\n"
	"  bpfload tool.o 10 nginx         with $1 = 10 and $2 = \"nginx\"\n"
	"  bpfload -p 1234 -o out.txt tool.o\n"
	"  bpfload -c 'ls -l /tmp' tool.o\n"
	"  bpfload tool.o -- -5            a parameter that begins with a dash\n";

enum { OPTION_UNSAFE = 256, OPTION_NO_WARNINGS, OPTION_CHECK, OPTION_VERSION };

static const struct option long_options[] = {
	{"unsafe", no_argument, NULL, OPTION_UNSAFE},
	{"no-warnings", no_argument, NULL, OPTION_NO_WARNINGS},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int usage_error(const char *what, const char *which)
{
	say_error("%s%s%s", what, which ? " " : "", which ? which : "");
	say("HINT: bpfload --help lists the options.");
	return STATUS_USAGE;
}

static int parse_pid(struct options *options, const char *text)
{
	char *end;
	unsigned long pid;

	errno = 0;
	pid = strtoul(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || pid < 1 || pid > MAX_PID)
		return usage_error("-p takes a process id from 1 to 4194304, not", text);
	options->pid = (uint32_t)pid;
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

static int parse_form(struct options *options, const char *text)
{
	static const char *const words[] = {[FORM_TEXT] = "text", [FORM_JSON] = "json", NULL};
	int form = find_word(words, text);

	if (form < 0)
		return usage_error("-f takes text or json, not", text);
	options->form = (enum output_form)form;
	return STATUS_OK;
}

static int parse_buffering(struct options *options, const char *text)
{
	static const char *const words[] = {
		[BUFFER_LINE] = "line", [BUFFER_NONE] = "none", [BUFFER_FULL] = "full", NULL};
	int buffering = find_word(words, text);

	if (buffering < 0)
		return usage_error("-B takes none, line or full, not", text);
	options->buffering = (enum buffering)buffering;
	return STATUS_OK;
}

static int parse_option(struct options *options, int option, char **argv)
{
	switch (option) {
	case 'o':
		options->output = optarg;
		return STATUS_OK;
	case 'f':
		return parse_form(options, optarg);
	case 'B':
		return parse_buffering(options, optarg);
	case 'c':
		options->child = optarg;
		return STATUS_OK;
	case 'p':
		return parse_pid(options, optarg);
	case 'q':
		options->quiet = true;
		return STATUS_OK;
	case 'v':
		options->verbose = true;
		return STATUS_OK;
	case 'h':
		options->command = COMMAND_HELP;
		return STATUS_OK;
	case OPTION_UNSAFE:
		options->unsafe = true;
		return STATUS_OK;
	case OPTION_NO_WARNINGS:
		options->no_warnings = true;
		return STATUS_OK;
	case OPTION_CHECK:
		options->command = COMMAND_CHECK;
		return STATUS_OK;
	case OPTION_VERSION:
		options->command = COMMAND_VERSION;
		return STATUS_OK;
	case ':':
		return usage_error("an argument is missing for", argv[optind - 1]);
	default:
		return usage_error("unknown option", argv[optind - 1]);
	}
}

/* What stands behind the object: `--` right after it is only a separator. */
static int parse_parameters(struct options *options, int argc, char **argv, int first)
{
	if (first < argc && strcmp(argv[first], "--") == 0)
		first++;
	options->parameters = calloc((size_t)(argc - first) + 1, sizeof(*options->parameters));
	if (!options->parameters) {
		say_error("out of memory");
		return STATUS_FAILED;
	}
	for (int i = first; i < argc; i++)
		options->parameters[options->parameter_count++] = argv[i];
	return STATUS_OK;
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option, status;

	memset(options, 0, sizeof(*options));
	opterr = 0;
	/* "+": options end at the object; what follows belongs to the script. */
	while ((option = getopt_long(argc, argv, "+:o:f:B:p:c:qvh", long_options, NULL)) != -1) {
		status = parse_option(options, option, argv);
		if (status != STATUS_OK || options->command == COMMAND_HELP ||
		    options->command == COMMAND_VERSION)
			return status;
	}
	if (options->pid && options->child)
		return usage_error("-p and -c exclude each other", NULL);
	if (optind >= argc)
		return usage_error("no object is given", NULL);
	options->objects = (const char *const *)&argv[optind];
	if (options->command == COMMAND_CHECK) {
		options->object_count = (uint32_t)(argc - optind);
		return STATUS_OK;
	}
	options->object_count = 1;
	return parse_parameters(options, argc, argv, optind + 1);
}

void options_free(struct options *options)
{
	free(options->parameters);
	options->parameters = NULL;
}
