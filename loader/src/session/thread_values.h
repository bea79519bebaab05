/* Maps by thread, whose values the kernel keeps with its threads (BPF_MAP_TYPE_TASK_STORAGE) where
 * it can. */
#ifndef BPFLOAD_THREAD_VALUES_H
#define BPFLOAD_THREAD_VALUES_H

#include <stdbool.h>

struct mf_map;
struct session;

/*
 * Decides whether this kernel does, before the object is loaded. Where it does not, these kernel
 * maps are not made, and programs use the hash maps beside them.
 */
void thread_values_choose(struct session *session);

/* Says so to the programs; .bss is mapped by then, and nothing runs yet. */
void thread_values_begin(const struct session *session);

/* Whether only its threads see what the map has. */
bool thread_values_hide(const struct session *session, const struct mf_map *map);

/* Says which maps are not shown, because only their threads see what they have. */
void thread_values_tell(const struct session *session);

#endif
