/* The kernel's symbols, as /proc/kallsyms gives them. */
#ifndef BPFLOAD_KALLSYMS_H
#define BPFLOAD_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kallsyms_entry {
	uint64_t address;
	/* Offset of the name in `names`. */
	uint32_t name;
	/* Index into `modules`; 0 is the kernel itself. */
	uint16_t module;
	uint16_t rank;
};

/* Sorted by address, one symbol for each. */
struct kallsyms {
	struct kallsyms_entry *entries;
	size_t count;
	char *names;
	/* Offsets in `names`. */
	uint32_t *modules;
	uint32_t module_count;
};

struct kernel_symbol {
	const char *name;
	/* NULL for the kernel itself. */
	const char *module;
	uint64_t offset;
};

/* Opens the file: who does decides whether it shows addresses, not who reads it
 * (kernel/kallsyms.c, kallsyms_open). -1 with errno. */
int kallsyms_open(const char *path);

/*
 * Reads the table from a file in the format of /proc/kallsyms, which it closes; -1 has nothing.
 * False when it cannot be read or shows no addresses (kptr_restrict): the table is then empty, and
 * every look-up fails.
 */
bool kallsyms_read(struct kallsyms *table, int fd);
/* Whether such a file shows addresses, by its first symbol. */
bool kallsyms_are_shown(const char *path);
void kallsyms_free(struct kallsyms *table);

/* The symbol that an address is in, as far as the table tells: false in the gaps behind the kernel,
 * modules and BPF programs. The texts live as long as the table. */
bool kallsyms_find(const struct kallsyms *table, uint64_t address, struct kernel_symbol *symbol);

#endif
