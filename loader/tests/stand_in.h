/*
 * Programs and links in place of libbpf's and of the kernel behind them: a test says what attaching
 * gives, and sees what was asked for. Functions of libbpf that are not here are its own.
 */
#ifndef BPFLOAD_TESTS_STAND_IN_H
#define BPFLOAD_TESTS_STAND_IN_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct btf;

struct bpf_program {
	int fd, type, expected;
	const char *section, *name;
	bool is_loaded;
	/* NULL: those of the stand-in. */
	const struct bpf_insn *insns;
	size_t insn_count;
};

struct bpf_map {
	const char *name;
	int fd;
	uint32_t type, key_size, value_size, most;
	/* Of sections. */
	void *bytes;
	bool is_left_out;
};

/* Of a program or a link, by descriptor or (for programs) id. */
struct stand_in_object {
	int fd;
	uint32_t id;
	/* Of links: their program's id, and their type. */
	uint32_t program, type;
	/* Of programs: what tells whether fentry can be attached to them, too. */
	uint64_t missed;
	uint32_t kind, types;
	bool is_compiled;
	const struct bpf_func_info *functions;
	uint32_t function_count;
	/* Of types: whose they are; NULL: it is no such thing. */
	const char *module;
};

#define STAND_IN_ERRORS 8

struct stand_in {
	/* A line for each call. */
	struct strbuf log;
	/* What each of the next calls that attach fails with; 0: it gives a link. */
	int errors[STAND_IN_ERRORS];
	uint32_t error_count;
	const struct stand_in_object *objects;
	uint32_t object_count;
	/* What asking for the id behind the last fails with; 0: ENOENT. */
	int no_ids;
	/* Errno of a link to a name that cannot be read, by which kernels tell what they have; 0:
	 * none has such links. */
	int unreadable;
	/* The same of a link to places of a folder, and of one for the process -1. */
	int folder, no_process;
	/* No program can be loaded to try what the kernel has. */
	bool no_trial;
	/* Whether the kernel has kprobes by themselves. */
	bool has_kprobes;
	/* What the kernel can wait for, as membarrier(2) says it. */
	long barriers;
	/* Whether this process may do nothing. */
	bool is_nobody;
	/* What files below /refused/ cannot be opened for. */
	int refused_files;
	/* A folder in place of /sys; NULL: that of the host. */
	const char *sys;
	/* The same for /proc. */
	const char *proc;
	/* Types of BPF programs; of each that has a number in `types`. */
	const struct btf *types;
	/* A program by its name, and its instructions. */
	const char *name;
	struct bpf_program *named;
	struct bpf_insn insns[4];
	/* The object's maps, and the value that was written last. */
	struct bpf_map *maps;
	uint32_t map_count;
	uint8_t value[512] __attribute__((aligned(8)));
	/* The object's programs, beside `named`. */
	struct bpf_program *programs;
	uint32_t program_count;
	/* What opening and loading the object fail with; and what libbpf says of it. */
	int open_error, load_error;
	const char *words;
	/* Of uname(2); NULL: the host's. */
	const char *release;
	/* Types of maps that the kernel has not, as bits. */
	uint64_t lacks_maps;
	/* The object's types. */
	const struct btf *object_types;
	/* Links so far: their descriptors are FIRST_LINK and following, which nobody has open. */
	uint32_t links;
};

#define FIRST_LINK 100000

extern struct stand_in stand_in;

/* Forgets what was asked, and what is to be answered. */
void stand_in_reset(void);

/* For stand-ins: adds to the log; ends its line with what comes next, a new descriptor or -1. */
void stand_in_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
int stand_in_answer(void);

/* Says it as libbpf does, at one of its levels, to whoever listens. */
void stand_in_say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
