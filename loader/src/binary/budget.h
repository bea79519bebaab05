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
	/* Steps that are left of the work that was begun: until the next look at the clock, and
	 * behind it; and those of all work. */
	uint64_t steps, reserve, spent;
};

/* Asks for memory; false where that is too much for the file, or for all. */
bool budget_take(struct budget *budget, uint64_t bytes);
void budget_give(struct budget *budget, uint64_t bytes);

/* Makes room for one more item in an array, as memory_try_grow does; false without memory or beyond
 * the budget. What is freed is given back by budget_give_array. */
#define budget_grow(budget, items, count, room)                                                   \
	((count) < (room) || (budget_take((budget), ((room) ? (room) : 16) * sizeof(*(items))) && \
			      memory_try_grow((items), (count), (room))))
#define budget_give_array(budget, items, room) budget_give((budget), (room) * sizeof(*(items)))

/* Begins work on the file: what is read, or looked up, may take so many steps. */
void budget_begin(struct budget *budget, uint64_t steps);

/* Notes that something was left out. */
void budget_exceed(void);

/* The first of more steps; false when they are too many, or when it is too late for them. */
bool budget_step_on(struct budget *budget);

/* Counts a step: an entry that is read, or stepped over. False when they are too many. */
static inline bool budget_step(struct budget *budget)
{
	if (!budget->steps)
		return budget_step_on(budget);
	budget->steps--;
	return true;
}

/* A descriptor that is readable when tracing is to end (-1: none): work that goes on then has less
 * than a second of the CPU left. */
void budget_stop_by(int fd);

/* Tracing ends now: all that is still to be read has less than a second of the CPU. */
void budget_hurry(void);

/* Whether that time is over. */
bool budget_is_late(void);

/* Whether something was left out since the last call. */
bool budget_was_exceeded(void);

/* Bytes of one file, and of all. Without a call of this: half of, and an eighth of the machine's
 * memory, but 1 GiB at most. */
void budget_limit(uint64_t file, uint64_t all);

/* The limit of one file. */
uint64_t budget_of_file(void);

/* What all files hold. */
uint64_t budget_held(void);

/* Whether most of what all files may hold is held, so that something should be let go. */
bool budget_is_short(void);

#endif
