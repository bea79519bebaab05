/*
 * Functions of a just-in-time compiler that writes what perf calls jitdump
 * (tools/perf/Documentation/ jitdump-specification.txt): libperf-jvmti of Java, Node with
 * --perf-prof, .NET, Julia, LLVM. The process marks the file by mapping a page of it as code.
 */
#ifndef BPFLOAD_JIT_DUMP_H
#define BPFLOAD_JIT_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "binary/budget.h"

struct proc_mapping;

struct jit_function {
	uint64_t address, size;
	/* The farthest end of it and all before it. */
	uint64_t reach;
	/* What moves call it by. */
	uint64_t index;
	/* Offset in the text, and what was written before it. */
	uint32_t name, order;
	uint32_t first_line, line_count;
};

struct jit_line {
	uint64_t address;
	/* Offset in the text. */
	uint32_t file, number;
};

struct jit_dump {
	/* By address; several may have been at one, at different times. */
	struct jit_function *functions;
	size_t count, room;
	/* Of each function, by address. */
	struct jit_line *lines;
	size_t line_count, line_room;
	/* Names and files, each with a NUL. */
	char *text;
	size_t text_length, text_room;
	struct budget budget;
	/* The file, and how far it was read. */
	uint64_t device, inode, offset;
	/* Addresses of lines are those of the code; or, as V8 has it, behind an ELF header that
	 * perf puts before the code. What is neither for sure, or both, has no lines. */
	bool has_plain_lines, has_shifted_lines;
	/* Nothing more is read. */
	bool is_broken;
	/* FILE:LINE of the last answer. */
	struct strbuf line;
};

/* Whether a mapping is the mark of such a file, by its name: jit-PID.dump. */
bool jit_dump_is_marked(const struct proc_mapping *mapping);

/*
 * Reads what a process (its id here) has written since the last time into the file that it has
 * mapped, if that is of its user or of root. True: there is something new.
 */
bool jit_dump_refresh(struct jit_dump *dump, uint32_t pid, uint32_t uid,
		      const struct proc_mapping *mapping);
/* The same from one file. */
bool jit_dump_read(struct jit_dump *dump, const char *path);
void jit_dump_free(struct jit_dump *dump);

enum jit_dump_result {
	JIT_DUMP_NONE,
	JIT_DUMP_FOUND,
	/* Different functions were there at different times. */
	JIT_DUMP_SEVERAL,
};

struct jit_symbol {
	const char *name;
	uint64_t offset;
	/* FILE:LINE; NULL: not known. */
	const char *line;
};

/* The function at an address, and with `line_address`, the line of that address. The texts live
 * until the next call. */
enum jit_dump_result jit_dump_find(struct jit_dump *dump, uint64_t address, uint64_t line_address,
				   struct jit_symbol *symbol);

#endif
