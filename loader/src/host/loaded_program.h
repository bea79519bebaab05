/* What the kernel made of a program: its instructions as they were translated, and native code. */
#ifndef BPFLOAD_LOADED_PROGRAM_H
#define BPFLOAD_LOADED_PROGRAM_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

/* A line of the script begins at an instruction. */
struct loaded_line {
	/* In translated instructions of 8 bytes. */
	uint32_t instruction;
	/* In native bytes; UINT32_MAX: that is not told. */
	uint32_t native;
	/* Offsets of texts in the BTF that the program was loaded with. */
	uint32_t file, text;
	uint32_t line, column;
};

/* A function: the program itself is the first. */
struct loaded_function {
	uint32_t instruction;
	/* In that BTF; 0: not told. */
	uint32_t type;
	/* Of its native code: where that is in memory (0: hidden), and how long it is. */
	uint64_t address;
	uint32_t size;
};

struct loaded_program {
	struct bpf_prog_info info;
	/* As the kernel gives them to who may see addresses; NULL where it tells of none. */
	struct bpf_insn *translated;
	uint32_t translated_count;
	/* Of all functions, one behind the other. */
	uint8_t *native;
	uint32_t native_size;
	/* The kernel has them, and does not show them (bpf_dump_raw_ok, include/linux/filter.h). */
	bool hides_translated, hides_native;
	struct loaded_function *functions;
	uint32_t function_count;
	struct loaded_line *lines;
	uint32_t line_count;
};

/* Of a program's descriptor: 0, or -1 with errno. Free in either case. */
int loaded_program_read(struct loaded_program *program, int fd);
void loaded_program_free(struct loaded_program *program);

#endif
