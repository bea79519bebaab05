/*
 * A loaded object: its programs, maps and memory, and what it was told. Results of functions that
 * can fail are exit statuses, with the failure set.
 */
#ifndef BPFLOAD_SESSION_H
#define BPFLOAD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "base/strbuf.h"
#include "object/manifest.h"
#include "object/object_file.h"
#include "session/options.h"
#include "session/probe_names.h"
#include "session/process.h"

struct bpf_object;
struct bpf_program;
struct bpf_map;
struct btf;
struct unwind_tables;
struct session_watch;

/* Numbers that are known once probes have found their targets, for the program to read. */
struct session_table {
	uint32_t offset; /* in .rodata */
	const void *bytes;
	size_t size;
	struct session_table *next;
};

/* A program that is loaded though it is no probe's own. */
struct session_program {
	struct bpf_program *program;
	struct session_program *next;
};

/* A function or event that a program is loaded for. */
struct session_target {
	const struct bpf_program *program;
	const char *name;
	/* In the kernel's BTF; 0: not looked up yet. */
	uint32_t id;
	struct session_target *next;
};

/* BTF of the kernel or of a module. */
struct session_btf {
	const char *module; /* empty: vmlinux */
	struct btf *btf;
	struct session_btf *next;
};

struct kernel_function;
struct session_signature;
struct session_unfit;
struct policy;

struct session {
	const struct options *options;
	/* Of the host; NULL: none. */
	const struct policy *policy;
	struct manifest *manifest;
	/* The object's file, which outlives the session. */
	const struct elf_file *elf;
	/* Descriptor of what libbpf reads in place of the kernel's BTF (host_types.h); 0: nothing.
	 */
	int types_file;
	struct bpf_object *object;
	/* --dump: what the verifier said of each program. */
	struct strbuf verifier_log;
	/* For tables that live as long as the session. */
	struct arena arena;

	/* Number of possible CPUs: per-CPU values have that many parts, each rounded up to
	 * 8 bytes.
	 */
	uint32_t cpus;
	/* The mapped .bss; NULL and 0 when the object has none. */
	uint8_t *bss;
	size_t bss_size;
	/* Values of maps by thread stand with their threads: thread_values.h. */
	bool keeps_thread_values;
	/* Of generations.h; NULL: no map has two. */
	struct generations *generations;
	/* Values of $1 and following, as given. */
	const char *const *parameters;
	uint32_t parameter_count;
	/* What tracing is limited to. */
	struct process process;
	/* Pid of the -c child or of -p; 0: none. */
	uint32_t child_pid;
	/* Boot clock in ns when tracing began. */
	uint64_t start;

	/* What attach cookies stand for: first the names of all probes, by their index. */
	struct probe_names names;

	/* Of kernel_target_set. */
	struct session_target *targets;

	/* Those that session_kernel_btf has read. */
	struct session_btf *kernel_btfs;
	/* Of session_type_view. */
	struct type_view *type_view;
	bool type_view_asked;
	/* Of kernel_signatures.h. */
	struct session_signature *signatures;

	/* Those of dw_ustack (unwind.h); NULL: none. */
	struct unwind_tables *unwind;

	/* As many as the manifest has: host_enums.h. */
	const struct mf_enum *enums;

	/* Members that must not be read here (host_types.c). */
	struct session_unfit *unfit;

	/* What set_rodata copies to .rodata beside the parameters. */
	struct session_table *tables;

	/* Of watchpoints: see watches.h. */
	struct session_watch *watches;

	/* Every bpf_program, by index of manifest.probes; NULL for those that are not
	 * loaded. */
	struct bpf_program **programs;
	/* Those that session_load_also adds. */
	struct session_program *more_programs;
	/* Numbers of the CPUs that are online. */
	uint32_t *online_cpus;
	uint32_t online_cpu_count;
};

/*
 * Opens the object with libbpf, checks its maps against the manifest and finds its programs.
 * Nothing is loaded yet. Free in either case.
 */
int session_open(struct session *session, const struct options *options,
		 const struct object_file *object, struct failure *failure);

/*
 * Sets parameters and globals, patches and loads the programs that session->programs still
 * names. Call after attach_find.
 */
int session_load(struct session *session, uint32_t child_pid, struct failure *failure);

/* Runs all programs of a provider that the loader runs itself, in the order of the script. `after`
 * is called after each one. */
int session_run(const struct session *session, enum mf_provider provider,
		void (*after)(void *context), void *context, struct failure *failure);

/* Runs one of them; *result is what it returned. */
int session_run_probe(const struct session *session, const struct mf_probe *probe, uint32_t *result,
		      struct failure *failure);

/* How many there are. */
uint32_t session_count(const struct session *session, enum mf_provider provider);

void session_free(struct session *session);

/* File descriptor of a kernel map by its ELF name, or -1. */
int session_map_fd(const struct session *session, const char *name);

/* Keys that the map can hold, or 0 when there is no such map. */
uint32_t session_map_max_entries(const struct session *session, const char *name);

/* Bytes of one CPU's value in the kernel map (a slot's value may be followed by its flag);
 * 0: no such map. */
uint32_t session_map_value_size(const struct session *session, const char *name);

/* Text of a probe name value (an attach cookie), or NULL when it is out of range. */
const char *session_probe_name(const struct session *session, uint64_t index);

/* Has a table (of the session's arena) copied to .rodata when programs are loaded. */
void session_add_table(struct session *session, uint32_t offset, const void *bytes, size_t size);

/* Has a program of the object loaded that no probe names. */
void session_load_also(struct session *session, struct bpf_program *program);

#endif
