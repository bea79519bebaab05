#include "session/thread_values.h"

#include <bpf/libbpf.h>
#include <string.h>

#include "base/say.h"
#include "host/host.h"
#include "session/session.h"

/*
 * Elements are made in any context that a probe may be in. Before Linux 6.4 they came from kmalloc,
 * which NMIs and the allocator's own functions must not call (08a7ce384e33, "bpf: Use
 * bpf_mem_cache_alloc/free in bpf_local_storage_elem").
 */
static bool kernel_keeps_values(void)
{
	return host_kernel_is(6, 4) &&
	       libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 1;
}

void thread_values_choose(struct session *session)
{
	const struct manifest *manifest = session->manifest;
	struct bpf_map *map;

	if (manifest->globals.thread_values == MF_NONE)
		return;
	session->keeps_thread_values =
		!(session->options->without & FEATURE_TASK_STORAGE) && kernel_keeps_values();
	if (session->keeps_thread_values)
		return;
	bpf_object__for_each_map(map, session->object) if (bpf_map__type(map) ==
							   BPF_MAP_TYPE_TASK_STORAGE)
		bpf_map__set_autocreate(map, false);
}

void thread_values_begin(const struct session *session)
{
	const uint32_t word = session->manifest->globals.threads_alone;
	const uint64_t alone = 1;

	if (session->keeps_thread_values && word != MF_NONE)
		memcpy(session->bss + word, &alone, sizeof(alone));
}

bool thread_values_hide(const struct session *session, const struct mf_map *map)
{
	return session->keeps_thread_values && map->threads;
}

void thread_values_tell(const struct session *session)
{
	const struct manifest *manifest = session->manifest;

	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (thread_values_hide(session, &manifest->maps[i]))
			say("%s is not shown: its values stand with their threads, and the end clears them.",
			    manifest->maps[i].name);
}
