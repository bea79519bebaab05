#include "output/map_stores.h"

#include <bpf/bpf.h>

#include "session/session.h"

static bool is_type(enum mf_store_kind kind, __u32 type)
{
	switch (kind) {
	case MF_STORE_HASH:
		return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH;
	case MF_STORE_PERCPU_HASH:
		return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	case MF_STORE_PERCPU_SLOT:
	case MF_STORE_PERCPU_SLOTS:
		return type == BPF_MAP_TYPE_PERCPU_ARRAY;
	case MF_STORE_GLOBAL:
		return false;
	}
	return false;
}

const char *map_store_check(const struct session *session, const struct mf_store *store)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int fd;

	if (store->kind == MF_STORE_GLOBAL)
		return NULL;
	fd = session_map_fd(session, store->map);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return "its kernel map is not there";
	if (!is_type(store->kind, info.type))
		return "its kernel map has another type";
	if (info.value_size != store->value_size)
		return "values of its kernel map have another size";
	if (store->kind == MF_STORE_PERCPU_SLOTS)
		return info.max_entries < (uint64_t)store->first + store->entries
			       ? "its kernel map is too small"
			       : NULL;
	if (store->kind != MF_STORE_PERCPU_SLOT && info.key_size != store->key_size)
		return "keys of its kernel map have another size";
	if (store->kind == MF_STORE_PERCPU_SLOT &&
	    (info.key_size != sizeof(uint32_t) || store->value_size < sizeof(uint64_t) ||
	     store->present > store->value_size - sizeof(uint64_t) ||
	     info.max_entries <= store->first))
		return "its flag lies outside of its value";
	return NULL;
}
