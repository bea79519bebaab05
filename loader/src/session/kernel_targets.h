/*
 * Programs that the kernel checks for one function or event of its own (attach_btf_id): tp_btf,
 * fentry, fexit and iter. libbpf would read all types of the kernel for its number, page by page;
 * here it is looked up in place, by a handler for their sections (libbpf_register_prog_handler).
 */
#ifndef BPFLOAD_KERNEL_TARGETS_H
#define BPFLOAD_KERNEL_TARGETS_H

#include <linux/bpf.h>
#include <stdint.h>

struct bpf_program;
struct session;

/* Before objects are opened. */
void kernel_targets_register(void);

/* What kind of program it is loaded as: libbpf has another for them until then, with which it does
 * not look itself. */
enum bpf_prog_type kernel_target_type(const struct bpf_program *program);

/* The type of that name in the kernel's BTF, without modules, for such a program; 0: none. */
uint32_t kernel_target_find(struct session *session, const struct bpf_program *program,
			    const char *name);

/* The function or event of the kernel that the program is loaded for, in place of what its section
 * names, and its type in the kernel's BTF; 0: to be looked up. */
void kernel_target_set(struct session *session, const struct bpf_program *program, const char *name,
		       uint32_t id);

/* Whose programs are loaded from here on; NULL: no one's any more. */
void kernel_targets_of(struct session *session);

#endif
