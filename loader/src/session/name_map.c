#include "session/name_map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "session/session.h"

int name_map_size(const struct session *session, struct failure *failure)
{
	struct bpf_map *map = bpf_object__find_map_by_name(session->object, MF_MAP_PROBE_NAMES);
	const struct probe_names *names = &session->names;
	uint32_t size;

	if (!map)
		return STATUS_OK;
	size = bpf_map__value_size(map);
	if (bpf_map__type(map) != BPF_MAP_TYPE_ARRAY || bpf_map__key_size(map) != 4 || size < 2)
		return fail(failure, STATUS_OBJECT,
			    "the object's manifest is not valid: '" MF_MAP_PROBE_NAMES
			    "' does not hold names");
	for (uint32_t i = 0; i < names->count; i++)
		if (strlen(names->names[i]) >= size)
			return fail(
				failure, STATUS_FAILED,
				"The script takes names of probes as text, of up to %u bytes. This one is longer: %s",
				size - 1, names->names[i]);
	if (bpf_map__set_max_entries(map, names->count ? names->count : 1) != 0)
		return fail(failure, STATUS_FAILED,
			    "Cannot size the map " MF_MAP_PROBE_NAMES ": %s.", strerror(errno));
	return STATUS_OK;
}

int name_map_fill(const struct session *session, struct failure *failure)
{
	const struct probe_names *names = &session->names;
	uint32_t size = session_map_value_size(session, MF_MAP_PROBE_NAMES);
	int map = session_map_fd(session, MF_MAP_PROBE_NAMES);
	char *text;

	if (map < 0)
		return STATUS_OK;
	text = memory_bytes(size);
	for (uint32_t i = 0; i < names->count && failure->status == STATUS_OK; i++) {
		memset(text, 0, size);
		memcpy(text, names->names[i], strlen(names->names[i]));
		if (bpf_map_update_elem(map, &i, text, BPF_ANY) != 0)
			fail(failure, STATUS_FAILED, "Cannot write the names of probes: %s.",
			     strerror(errno));
	}
	free(text);
	return failure->status;
}
