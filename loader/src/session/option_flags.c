#include "session/option_flags.h"

#include <stdio.h>
#include <string.h>

#include "session/option_values.h"

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
/* For list, too; for report and list. */
#define TAKES_LISTED(take) take, 0, COMMAND_RUN, FOR_LIST
#define SETS_SAID(member) NULL, offsetof(struct options, member), COMMAND_RUN, FOR_REPORT_LIST

const struct option_flag option_flags[] = {
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
	{0, "top", NULL,
	 "show the script's maps on the terminal, drawn anew each second, the\n"
	 "greatest first; h lists the keys that sort, pause and quit",
	 SETS(top)},
	{'p', "pid", "PID", "trace this process only; end when it ends (list: search its files)",
	 TAKES_LISTED(take_pid)},
	{'c', "cmd", "COMMAND", "run COMMAND, trace from its start, end when it ends", SETS(child)},
	{'q', "quiet", NULL, "say nothing but what the script prints", SETS_SAID(quiet)},
	{'v', "verbose", NULL, "say more; print whole verifier logs (list: arguments of probes)",
	 SETS_SAID(verbose)},
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
	{0, "no-warnings", NULL,
	 "no warnings at run time; events that are lost or left out are told all the same",
	 SETS_SAID(no_warnings)},
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
	{0, "dump", "FILE",
	 "write what the kernel made of each program (translated and native code, the\n"
	 "verifier's log), as JSON for bpfscript explore; - as with --report",
	 SETS(dump)},
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
	 "do without kprobe_multi, kprobe_session, uprobe_multi or task_storage\n"
	 "(separated by commas) where the kernel has them",
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

const size_t option_flag_count = sizeof(option_flags) / sizeof(*option_flags);

_Static_assert(sizeof(option_flags) / sizeof(*option_flags) <= MOST_OPTION_FLAGS,
	       "there is no room for so many options");

/* Column of the help in --help. */
#define HELP_COLUMN 18

static void print_flag(const struct option_flag *flag)
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
	      "       bpfload list [PATTERN...] [-v] [-p PID] [--no-warnings]\n"
	      "       bpfload --check OBJECT...\n"
	      "\n"
	      "Loads an object that bpfscript built, attaches its probes, and prints what they "
	      "report until\n"
	      "the script ends or a signal (SIGINT, SIGTERM, SIGHUP) comes. SIGUSR1 prints all "
	      "maps.\n"
	      "record keeps what they report in a file, unformatted; report prints what such a "
	      "file (-: standard input)\n"
	      "holds, later and on any machine; symbolize puts names into a text with addresses; list\n"
	      "shows what can be traced here.\n"
	      "\n"
	      "Options:\n",
	      stdout);
	for (size_t i = 0; i < option_flag_count; i++)
		print_flag(&option_flags[i]);
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
	      "  bpfload --top tool.o            watch its maps\n"
	      "  bpfload record -o tool.rec --timeout 1m tool.o\n"
	      "  bpfload report tool.rec -f json2\n"
	      "  bpfload list -v 'tracepoint:sched:*'\n"
	      "  bpfload tool.o -- --min=5 nginx a named parameter, and $1 = \"nginx\"\n",
	      stdout);
}
