/*
 * What can be traced on this host: probes of the kernel, of programs and of processes, and types of
 * the kernel, as `bpfscript list` shows them. What matches is found by the same functions as when
 * patterns are attached (host/, binary/).
 */
#ifndef BPFLOAD_LISTING_H
#define BPFLOAD_LISTING_H

#include <stdbool.h>
#include <stdint.h>

struct failure;
struct sink;

struct list_request {
	/* Patterns, each perhaps several with commas; none: all probes of the kernel, or of the
	 * files of the process. */
	const char *const *words;
	uint32_t word_count;
	/* The process whose files are searched where a pattern names none, by its number in /proc;
	 * 0: none. */
	uint32_t pid;
	/* With the arguments of each probe, and the members of types. */
	bool verbose;
	/* Names come from files, and terminals obey some of what they may hold. */
	bool is_terminal;
	/* Says what could not be listed; NULL: nobody wants to know. */
	void (*note)(const char *text);
};

/* The result is an exit status; that nothing matches is no failure. */
int list_probes(const struct list_request *request, struct sink *sink, struct failure *failure);

#endif
