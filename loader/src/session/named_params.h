/* Named parameters: `--name=value` behind the object, for `getopt("name")` of the script. */
#ifndef BPFLOAD_NAMED_PARAMS_H
#define BPFLOAD_NAMED_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "object/manifest.h"
#include "session/options.h"

/* `--help` is among them: the script's parameters are to be listed, and nothing is to be run. */
bool named_want_help(const struct options *options);

/* Lists the script's named parameters on standard output. */
void named_print_help(const struct manifest *manifest);

/* Whether the script has all parameters that are given. The result is an exit status. */
int named_check(const struct options *options, const struct manifest *manifest,
		struct failure *failure);

/*
 * Writes the values that are given to `rodata` (`size` bytes), where the defaults stand; of several
 * for one name the last counts. The result is an exit status.
 */
int named_store(const struct options *options, const struct manifest *manifest, uint8_t *rodata,
		size_t size, struct failure *failure);

/*
 * A truth value: 1, true, on, yes and 0, false, off, no, in either case. False for anything else.
 */
bool parse_truth(const char *text, bool *value);

#endif
