#include "session/generations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/memory.h"
#include "session/session.h"

struct generations {
	/* A map of maps, with one of the same map in it all the time: see wait_for_programs. */
	int outer, inner;
	/* How often programs were waited for. */
	uint64_t waits;
	/* By map. */
	struct {
		/* `waits` at its last turn. */
		uint64_t turned;
		bool left;
	} maps[];
};

static bool has_generations(const struct manifest *manifest)
{
	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (manifest->maps[i].next)
			return true;
	return false;
}

int generations_prepare(struct session *session, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	LIBBPF_OPTS(bpf_map_create_opts, options);
	struct generations *generations;

	if (!has_generations(manifest))
		return STATUS_OK;
	generations = memory_zeroed(sizeof(*generations) +
				    manifest->map_count * sizeof(generations->maps[0]));
	session->generations = generations;
	generations->outer = -1;
	generations->inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "inner", 4, 4, 1, NULL);
	if (generations->inner >= 0) {
		options.inner_map_fd = (uint32_t)generations->inner;
		generations->outer =
			bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "outer", 4, 4, 1, &options);
	}
	if (generations->outer < 0)
		return fail(failure, STATUS_FAILED, "Cannot prepare to empty maps: %s.",
			    strerror(errno));
	return STATUS_OK;
}

void generations_free(struct session *session)
{
	struct generations *generations = session->generations;

	if (!generations)
		return;
	if (generations->inner >= 0)
		close(generations->inner);
	if (generations->outer >= 0)
		close(generations->outer);
	free(generations);
	session->generations = NULL;
}

/*
 * An update of a map of maps returns when every program that ran at its beginning has ended
 * (kernel/bpf/syscall.c, maybe_wait_bpf_programs: synchronize_rcu, since Linux 5.0). It leaves out
 * sleepable programs, which objects do not have. membarrier(2) would not do: with CPUs in full
 * dynamic ticks it fails, and on one CPU it does not wait.
 */
static int wait_for_programs(struct generations *generations)
{
	uint32_t zero = 0, inner = (uint32_t)generations->inner;
	int error = bpf_map_update_elem(generations->outer, &zero, &inner, BPF_ANY);

	if (!error)
		generations->waits++;
	return error;
}

static size_t index_of(const struct session *session, const struct mf_map *map)
{
	return (size_t)(map - session->manifest->maps);
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
	struct generations *generations = session->generations;

	if (!session->bss || !generations)
		return -EINVAL;
	generations->maps[index_of(session, map)].turned = generations->waits;
	__atomic_store_n(word_of(session, map), is_second(session, map) ? 0 : 1, __ATOMIC_SEQ_CST);
	return 0;
}

int generation_settle(const struct session *session, const struct mf_map *map)
{
	struct generations *generations = session->generations;

	if (!generations)
		return -EINVAL;
	if (generations->waits > generations->maps[index_of(session, map)].turned)
		return 0;
	return wait_for_programs(generations);
}

bool generation_is_left(const struct session *session, const struct mf_map *map)
{
	return session->generations && session->generations->maps[index_of(session, map)].left;
}

void generation_leave(const struct session *session, const struct mf_map *map, bool left)
{
	if (session->generations)
		session->generations->maps[index_of(session, map)].left = left;
}
