/* What libbpf and the kernel's verifier say while an object is loaded. */
#ifndef BPFLOAD_LIBBPF_LOG_H
#define BPFLOAD_LIBBPF_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "base/strbuf.h"
#include "session/options.h"

struct libbpf_log {
	char *text;
	size_t length, room;
	/* Show it at once (-v). */
	bool verbose;
	/* Show the verifier's logs at once, also of programs that it takes (-d verifier). */
	bool verifier;
	/* Where they are kept, too, as far as there is room; NULL: nowhere. */
	struct strbuf *kept;
	/* Bytes that are kept, and shown, of a program's log: the last ones. */
	size_t limit;
};

/* From now on libbpf's messages go to `log`, until libbpf_log_stop. */
void libbpf_log_start(struct libbpf_log *log, const struct options *options, size_t limit);
void libbpf_log_stop(struct libbpf_log *log);

/* Adds the last meaningful lines of what was collected, and how many were left out, to a failure's
 * details. Nothing with -v. */
void libbpf_log_explain(const struct libbpf_log *log, struct failure *failure);

/* Whether the collected text holds `words`. */
bool libbpf_log_has(const struct libbpf_log *log, const char *words);

/* The name in quotes behind `words`; false where the text does not hold them. */
bool libbpf_log_name(const struct libbpf_log *log, const char *words, char *name, size_t size);

#endif
