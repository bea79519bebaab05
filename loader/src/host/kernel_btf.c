#include "host/kernel_btf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/tracefs.h"
#include "host/type_view.h"

/* MAX_BPF_FUNC_ARGS (include/linux/bpf.h). */
#define MOST_PARAMETERS 12

/* Before Linux 6.16 files of types cannot be mapped (kernel/bpf/sysfs_btf.c), and sysfs gives a
 * page a call. Reading goes on over signals. */
static struct btf_bytes read_bytes(int fd, size_t size)
{
	struct btf_bytes bytes = {.data = malloc(size)};
	ssize_t got = 1;

	while (bytes.data && bytes.size < size && got > 0) {
		got = read(fd, (char *)bytes.data + bytes.size, size - bytes.size);
		if (got > 0)
			bytes.size += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	return bytes;
}

struct btf_bytes btf_bytes_read(const char *path)
{
	struct btf_bytes bytes = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	void *mapped;

	if (fd < 0)
		return bytes;
	if (fstat(fd, &info) == 0 && info.st_size > 0) {
		mapped = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (mapped != MAP_FAILED)
			bytes = (struct btf_bytes){mapped, (size_t)info.st_size, true};
		else
			bytes = read_bytes(fd, (size_t)info.st_size);
	}
	close(fd);
	return bytes;
}

void btf_bytes_free(struct btf_bytes *bytes)
{
	if (bytes->is_mapped)
		munmap((void *)bytes->data, bytes->size);
	else
		free((void *)bytes->data);
	*bytes = (struct btf_bytes){0};
}

/* libbpf would read page by page, and hold what it reads twice for a while. */
struct btf *kernel_btf_load(void)
{
	struct btf_bytes bytes = btf_bytes_read(KERNEL_BTF_FOLDER "/vmlinux");
	struct btf *btf = NULL;

	if (bytes.data)
		btf = btf__new(bytes.data, (uint32_t)bytes.size);
	btf_bytes_free(&bytes);
	/* It looks in other places, too. */
	return btf ? btf : btf__load_vmlinux_btf();
}

/* Names of the base come first for libbpf (btf__find_by_name_kind), and functions of modules may be
 * called as those of the kernel. */
uint32_t kernel_btf_own(const struct btf *btf, const char *name, uint32_t kind)
{
	const struct btf *base = btf__base_btf(btf);

	for (uint32_t id = base ? btf__type_cnt(base) : 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *own =
			btf_kind(type) == kind ? btf__name_by_offset(btf, type->name_off) : NULL;

		if (own && strcmp(own, name) == 0)
			return id;
	}
	return 0;
}

static bool is_aggregate(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, (uint32_t)btf__resolve_type(btf, id));

	return type && btf_is_composite(type);
}

/* As btf_distill_func_proto decides (kernel/bpf/btf.c). */
static bool is_attachable(const struct btf *btf, const struct btf_type *prototype)
{
	if (!prototype || !btf_is_func_proto(prototype) || btf_vlen(prototype) > MOST_PARAMETERS)
		return false;
	if (prototype->type &&
	    (is_aggregate(btf, prototype->type) || btf__resolve_size(btf, prototype->type) > 8))
		return false;
	for (uint32_t i = 0; i < btf_vlen(prototype); i++) {
		uint32_t type = btf_params(prototype)[i].type;
		int64_t size = type ? btf__resolve_size(btf, type) : -1;

		/* Without a type it is `...`. */
		if (!type || size > 16 || (size > 8 && !is_aggregate(btf, type)))
			return false;
	}
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct kernel_function *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : a->id < b->id ? -1 : a->id > b->id;
}

/* Static functions of one name: the kernel finds the address by the name, so it is one place. */
static int64_t drop_repeated(struct kernel_function *functions, int64_t count)
{
	int64_t kept = 0;

	for (int64_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(functions[kept - 1].name, functions[i].name) != 0)
			functions[kept++] = functions[i];
	return kept;
}

/* Functions that are found, sorted at the end. */
struct matches {
	struct arena *arena;
	const char *pattern;
	struct kernel_function *found;
	int64_t count, room;
};

static void add_match(struct matches *matches, uint32_t id, const char *name)
{
	if (!name || !pattern_match(matches->pattern, name))
		return;
	if (matches->count == matches->room) {
		struct kernel_function *more;

		matches->room = matches->room ? 2 * matches->room : 256;
		more = arena_array(matches->arena, (size_t)matches->room, sizeof(*more));
		if (matches->count)
			memcpy(more, matches->found, (size_t)matches->count * sizeof(*more));
		matches->found = more;
	}
	matches->found[matches->count++] = (struct kernel_function){id, name};
}

static int64_t sorted(struct matches *matches, struct kernel_function **functions)
{
	if (matches->count)
		qsort(matches->found, (size_t)matches->count, sizeof(*matches->found), compare);
	*functions = matches->found;
	return drop_repeated(matches->found, matches->count);
}

/* Types that are looked for: of a kind, with names that begin so. */
struct wanted {
	uint32_t kind;
	const char *prefix;
	bool is_attachable;
};

static const struct wanted wanted_functions = {BTF_KIND_FUNC, "", true};
/* Raw tracepoints are typedefs of the functions that they call (include/trace/bpf_probe.h). */
static const struct wanted wanted_events = {BTF_KIND_TYPEDEF, "btf_trace_", false};

/* What follows the prefix in the name of a type that is wanted; NULL: it is not. */
static const char *rest_of(const struct wanted *wanted, const struct btf_type *type,
			   const char *name)
{
	size_t length = strlen(wanted->prefix);

	return name && *name && btf_kind(type) == wanted->kind &&
			       strncmp(name, wanted->prefix, length) == 0
		       ? name + length
		       : NULL;
}

static int64_t match(struct arena *arena, const struct btf *btf, const char *pattern,
		     const struct wanted *wanted, struct kernel_function **found)
{
	struct matches matches = {.arena = arena, .pattern = pattern};
	const struct btf *base = btf__base_btf(btf);

	for (uint32_t id = base ? btf__type_cnt(base) : 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name =
			type && btf_kind(type) == wanted->kind
				? rest_of(wanted, type, btf__name_by_offset(btf, type->name_off))
				: NULL;

		if (name && (!wanted->is_attachable ||
			     is_attachable(btf, btf__type_by_id(btf, type->type))))
			add_match(&matches, id, name);
	}
	return sorted(&matches, found);
}

int64_t kernel_btf_match(struct arena *arena, const struct btf *btf, const char *pattern,
			 struct kernel_function **functions)
{
	return match(arena, btf, pattern, &wanted_functions, functions);
}

int64_t kernel_btf_match_events(struct arena *arena, const struct btf *btf, const char *pattern,
				struct kernel_function **events)
{
	return match(arena, btf, pattern, &wanted_events, events);
}

int64_t kernel_btf_match_types(struct arena *arena, const struct btf *btf, uint32_t kind,
			       const char *prefix, const char *pattern,
			       struct kernel_function **types)
{
	const struct wanted wanted = {kind, prefix, false};

	return match(arena, btf, pattern, &wanted, types);
}

static bool add_event(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	add_match(context, id, rest_of(&wanted_events, type, name));
	return true;
}

int64_t type_view_match_events(struct arena *arena, const struct type_view *view,
			       const char *pattern, struct kernel_function **events)
{
	struct matches matches = {.arena = arena, .pattern = pattern};

	type_view_each(view, TYPE_KIND(wanted_events.kind), add_event, &matches);
	return sorted(&matches, events);
}

int64_t kernel_btf_modules(struct arena *arena, const char ***modules)
{
	DIR *folder = opendir(KERNEL_BTF_FOLDER);
	int64_t count = 0, room = 0;
	struct dirent *entry;

	*modules = NULL;
	while (folder && (entry = readdir(folder))) {
		const char *name = entry->d_name;

		if (name[0] == '.' || strcmp(name, "vmlinux") == 0)
			continue;
		if (count == room) {
			const char **more;

			room = room ? 2 * room : 64;
			more = arena_array(arena, (size_t)room, sizeof(*more));
			if (count)
				memcpy(more, *modules, (size_t)count * sizeof(*more));
			*modules = more;
		}
		(*modules)[count++] = arena_text(arena, name, strlen(name));
	}
	if (folder)
		closedir(folder);
	return count;
}

int kernel_btf_module_fd(const char *module)
{
	uint32_t id = 0;

	while (bpf_btf_get_next_id(id, &id) == 0) {
		struct bpf_btf_info info = {0};
		uint32_t size = sizeof(info);
		char name[64] = "";
		int fd = bpf_btf_get_fd_by_id(id);

		/* It may have gone since. */
		if (fd < 0)
			continue;
		info.name = (uint64_t)(uintptr_t)name;
		info.name_len = sizeof(name);
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.kernel_btf &&
		    strcmp(name, module) == 0)
			return fd;
		close(fd);
	}
	errno = ENOENT;
	return -1;
}
