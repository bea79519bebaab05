#include "session/generations.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "session/session.h"

static bool has_generations(const struct manifest *manifest)
{
	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (manifest->maps[i].next)
			return true;
	return false;
}

/* A map of maps, with one of the same map in it all the time: see wait_for_programs. */
int generations_prepare(struct session *session, struct failure *failure)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	int inner, outer = -1;

	if (!has_generations(session->manifest))
		return STATUS_OK;
	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "inner", 4, 4, 1, NULL);
	if (inner >= 0) {
		options.inner_map_fd = (uint32_t)inner;
		outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "outer", 4, 4, 1, &options);
	}
	if (outer < 0) {
		fail(failure, STATUS_FAILED, "Cannot prepare to empty maps: %s.", strerror(errno));
		if (inner >= 0)
			close(inner);
		return failure->status;
	}
	session->inner_map = inner;
	session->outer_map = outer;
	return STATUS_OK;
}

void generations_free(struct session *session)
{
	if (session->inner_map)
		close(session->inner_map);
	if (session->outer_map)
		close(session->outer_map);
}

/*
 * An update of a map of maps returns when every program that ran at its beginning has ended
 * (kernel/bpf/syscall.c, maybe_wait_bpf_programs: synchronize_rcu, since Linux 5.0). It leaves out
 * sleepable programs, which objects do not have. membarrier(2) would not do: with CPUs in full
 * dynamic ticks it fails, and on one CPU it does not wait.
 */
static int wait_for_programs(const struct session *session)
{
	uint32_t zero = 0, inner = (uint32_t)session->inner_map;

	return bpf_map_update_elem(session->outer_map, &zero, &inner, BPF_ANY);
}

static uint64_t *word_of(const struct session *session, const struct mf_map *map)
{
	return (uint64_t *)(void *)(session->bss + map->generation);
}

static bool is_second(const struct session *session, const struct mf_map *map)
{
	return map->next && session->bss &&
	       __atomic_load_n(word_of(session, map), __ATOMIC_RELAXED) != 0;
}

const struct mf_store *generation_in_use(const struct session *session, const struct mf_map *map)
{
	return is_second(session, map) ? map->next : map->stores;
}

const struct mf_store *generation_at_rest(const struct session *session, const struct mf_map *map)
{
	return is_second(session, map) ? map->stores : map->next;
}

int generation_turn(const struct session *session, const struct mf_map *map)
{
	if (!session->bss)
		return -EINVAL;
	__atomic_store_n(word_of(session, map), is_second(session, map) ? 0 : 1, __ATOMIC_SEQ_CST);
	return wait_for_programs(session);
}
