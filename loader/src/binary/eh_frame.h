/* How to find the caller of a function: .eh_frame of a program, as rows that programs of BPF
 * follow. x86-64. */
#ifndef BPFLOAD_EH_FRAME_H
#define BPFLOAD_EH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the canonical frame address is counted from. */
enum unwind_base {
	/* Not known here: no unwinding. */
	UNWIND_UNKNOWN,
	UNWIND_STACK_POINTER,
	UNWIND_FRAME_POINTER,
	/* The outermost function. */
	UNWIND_END,
};

/*
 * Holds from `address` (of the file's own space) up to that of the next row: an element of the map
 * `unwind_rows` (compiler/lowering/unwind.ts). The return address stands 8 bytes below the frame
 * address. Distances are in words of 8 bytes.
 */
struct unwind_row {
	uint32_t address;
	int16_t distance; /* of the frame address from its base */
	uint8_t base;
	int8_t frame_pointer; /* where rbp is saved, from the frame address; 0: it is as it was */
};

struct unwind_rows {
	/* By address. */
	struct unwind_row *rows;
	size_t count, room;
};

/*
 * Reads the section's bytes; `address` is where the section stands. Entries that are damaged are
 * left out. False without memory. Nothing in the bytes is trusted.
 */
bool eh_frame_read(struct unwind_rows *rows, const uint8_t *bytes, uint64_t size, uint64_t address);
void unwind_rows_free(struct unwind_rows *rows);

/* The row that holds at an address, or NULL. */
const struct unwind_row *unwind_rows_find(const struct unwind_rows *rows, uint64_t address);

#endif
