/*
 * What reading the files of traced programs may cost, for one file and for all of them: a program
 * that is traced chooses what stands in its files, and must not have our memory or time for it.
 * What exceeds the budget is not read, and what would be named by it has no name.
 */
#ifndef BPFLOAD_BUDGET_H
#define BPFLOAD_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	/* Memory that is held for the file. */
	uint64_t bytes;
	bool exceeded;
};

/* Asks for memory; false where that is too much for the file, or for all. */
bool budget_take(struct budget *budget, uint64_t bytes);
void budget_give(struct budget *budget, uint64_t bytes);

/* Bytes of one file, and of all. Without a call of this: half of, and an eighth of the machine's
 * memory, but 1 GiB at most. */
void budget_limit(uint64_t file, uint64_t all);

/* The limit of one file. */
uint64_t budget_of_file(void);

/* Whether most of what all files may hold is held, so that something should be let go. */
bool budget_is_short(void);

#endif
