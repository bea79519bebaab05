/* What the arguments of options mean: each puts one into the options. Results are exit statuses,
 * with the failure set. */
#ifndef BPFLOAD_OPTION_VALUES_H
#define BPFLOAD_OPTION_VALUES_H

#include "session/options.h"

/* Series of one map that metrics show: where nobody says how many, and at most. */
#define DEFAULT_MAX_SERIES 10000
#define MOST_SERIES 1000000

/* The command that was typed: `bpfscript` becomes us under its own name. */
const char *typed_command(void);

/* `what which`, and where the options are listed; `which` may be NULL. */
int usage_error(struct failure *failure, const char *what, const char *which);

int take_pid(struct options *options, const char *text, struct failure *failure);
int take_dwarf_pid(struct options *options, const char *text, struct failure *failure);
int take_timeout(struct options *options, const char *text, struct failure *failure);
int take_max_events(struct options *options, const char *text, struct failure *failure);
int take_write(struct options *options, const char *text, struct failure *failure);
int take_program(struct options *options, const char *text, struct failure *failure);
int take_kernel_base(struct options *options, const char *text, struct failure *failure);
int take_max_series(struct options *options, const char *text, struct failure *failure);
int take_form(struct options *options, const char *text, struct failure *failure);
int take_buffering(struct options *options, const char *text, struct failure *failure);
int take_no_feature(struct options *options, const char *text, struct failure *failure);
int take_probe_filter(struct options *options, const char *text, struct failure *failure);
int take_max_overhead(struct options *options, const char *text, struct failure *failure);
int take_on_overhead(struct options *options, const char *text, struct failure *failure);
int take_max_memory(struct options *options, const char *text, struct failure *failure);
int take_stages(struct options *options, const char *text, struct failure *failure);
int take_mode(struct options *options, const char *text, struct failure *failure);
int take_nothing(struct options *options, const char *text, struct failure *failure);

#endif
