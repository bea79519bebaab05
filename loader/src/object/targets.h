/*
 * What probes attach to, as the script has it: one struct a provider, whose members the contract
 * lists (contract.h). `target` of struct mf_probe is the struct of its provider. Texts are NULL
 * where a target may lack them and does.
 */
#ifndef BPFLOAD_TARGETS_H
#define BPFLOAD_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"

/* Entries of a table of system calls. */
#define MF_SYSCALLS 1024

/* Arguments of a USDT point that programs can read. */
#define MF_USDT_ARGUMENTS 12

/* A symbol of the file that a probe is in. */
struct mf_address {
	const char *symbol;
	/* In .rodata: an i64, by how many bytes it lies behind the probe's place. */
	uint32_t offset;
};

/* Symbols whose distance the program reads. */
struct mf_addresses {
	const struct mf_address *items;
	uint32_t count;
};

struct mf_tracepoint_target {
	const char *category, *event;
	/* Offset in .rodata of a table of uint16_t[MF_SYSCALLS], by system call number: 1 + the
	 * index of the event's name; MF_NONE: the probe has none. */
	uint32_t syscalls;
	/* The program reads nothing of the event that it stands on. */
	bool context_free;
};

struct mf_rawtracepoint_target {
	const char *module, *event;
};

/* kprobe and kretprobe. */
struct mf_kprobe_target {
	/* Decimal, in place of all else; NULL: a function. */
	const char *address;
	const char *module, *function;
	uint64_t offset;
};

/* fentry and fexit. */
struct mf_fentry_target {
	const char *module;
	/* Number of the BPF program that the function is of, or `*`. */
	const char *program;
	const char *function;
};

/* uprobe and uretprobe. */
struct mf_uprobe_target {
	const char *path, *function;
	uint64_t offset;
	/* FILE:LINE[:COLUMN] in place of a function. */
	const char *source;
	/* The function's name is a readable one of C++. */
	bool cpp;
	struct mf_addresses addresses;
};

struct mf_usdt_target {
	const char *path, *namespace, *name;
	/* How many arguments the program reads, and a bit for each of them that it passes over. */
	uint32_t arguments, unread;
	struct mf_addresses addresses;
};

/* interval and profile: decimal, one of them. */
struct mf_timer_target {
	const char *period;    /* ns */
	const char *frequency; /* Hz */
};

/* software and hardware. */
struct mf_counter_target {
	const char *event;
	/* After how many events the program runs, decimal. */
	const char *count;
};

struct mf_iter_target {
	const char *object;
	/* Path, perhaps relative to /sys/fs/bpf; NULL: not pinned. */
	const char *pin;
};

struct mf_watchpoint_target {
	/* Numbers. */
	const char *address, *length;
	/* Letters: r, w, x. */
	const char *mode;
};

struct mf_self_target {
	/* Run by a signal: SIGUSR1 is the only one. */
	bool is_signal;
};

/* test and bench. */
struct mf_named_target {
	const char *name;
};

enum mf_member_kind {
	/* const char *, */
	MF_MEMBER_TEXT,
	/* and not empty. */
	MF_MEMBER_NONEMPTY,
	/* uint64_t, at most `most`. */
	MF_MEMBER_NUMBER,
	/* uint32_t, 0 where absent, at most `most`. */
	MF_MEMBER_COUNT,
	/* bool, false where absent. */
	MF_MEMBER_FLAG,
	/* bool: whether it is there, and it is the text `what` then. */
	MF_MEMBER_WORD,
	/* uint32_t: offset in .rodata of `most` bytes, MF_NONE where absent. */
	MF_MEMBER_PLACE,
	/* struct mf_addresses */
	MF_MEMBER_ADDRESSES,
};

/* A member of a provider's targets. */
struct mf_member {
	enum mf_provider provider;
	/* Targets of one provider can have one of several forms; the first member of each tells. */
	unsigned form;
	/* In the manifest. */
	const char *name;
	/* Bytes of the provider's struct, and where the member is in it. */
	size_t size, at;
	enum mf_member_kind kind;
	uint64_t most;
	/* WORD: the text. PLACE: what it is a place for. */
	const char *what;
	bool is_needed;
	/* The text may be a pattern; parameters (`$1`) in the text are replaced. */
	bool may_match, may_expand;
	/* The manifest has it beside the target, not in it. */
	bool of_probe;
};

/* The first member of a provider's targets, and the one behind another; NULL: there is none. */
const struct mf_member *mf_first_member(enum mf_provider provider);
const struct mf_member *mf_next_member(const struct mf_member *member);

#endif
