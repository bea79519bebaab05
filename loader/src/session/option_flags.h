/* The options that there are. */
#ifndef BPFLOAD_OPTION_FLAGS_H
#define BPFLOAD_OPTION_FLAGS_H

#include <stddef.h>

#include "session/options.h"

/* An option: how it is written, and what it does. */
struct option_flag {
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
	enum {
		FOR_NONE,
		FOR_REPORT = 1,
		FOR_SYMBOLIZE = 2,
		FOR_BOTH = FOR_REPORT | FOR_SYMBOLIZE,
		FOR_LIST = 4,
		FOR_REPORT_LIST = FOR_REPORT | FOR_LIST
	} is_for;
};

/* In the order of --help. */
extern const struct option_flag option_flags[];
extern const size_t option_flag_count;

/* There are no more than so many. */
#define MOST_OPTION_FLAGS 96

#endif
