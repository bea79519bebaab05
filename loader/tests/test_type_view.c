/* The kernel's types in place, beside libbpf's reading of the same file. */
#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "host/kernel_btf.h"
#include "host/type_view.h"

struct comparison {
	const struct btf *btf;
	struct type_source source;
	uint32_t next;
};

static bool compare(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	struct comparison *comparison = context;
	const struct btf_type *expected = btf__type_by_id(comparison->btf, id);
	size_t size = sizeof(*type) + (size_t)type_tail_size(type);

	CHECK(id == comparison->next++);
	CHECK(memcmp(type, expected, size) == 0);
	CHECK(strcmp(name, btf__name_by_offset(comparison->btf, expected->name_off)) == 0);
	CHECK(comparison->source.type(comparison->source.types, id) == type);
	return true;
}

static bool stop_at_three(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	(void)type;
	(void)name;
	*(uint32_t *)context = id;
	return id < 3;
}

static bool count_unions(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	(void)id;
	(void)name;
	CHECK(btf_is_union(type));
	++*(uint32_t *)context;
	return true;
}

/* Whether this process has the file of the kernel's types in its memory. */
static bool has_mapping(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bool found = false;
	char line[512];

	if (!CHECK(maps != NULL))
		return false;
	while (fgets(line, sizeof(line), maps))
		found = found || strstr(line, KERNEL_BTF_FOLDER);
	fclose(maps);
	return found;
}

int main(void)
{
	struct btf *btf = kernel_btf_load();
	struct type_view *view = type_view_open();
	struct comparison comparison = {.btf = btf, .next = 1};
	uint32_t last = 0, unions = 0;

	/* A kernel without BTF has no view of it. */
	CHECK(!btf == !view);
	if (btf) {
		comparison.source = type_view_source(view);
		type_view_each(view, UINT32_MAX, compare, &comparison);
		CHECK(comparison.next == btf__type_cnt(btf));
		CHECK(!comparison.source.type(view, comparison.next));
		CHECK(btf_is_void(comparison.source.type(view, 0)));
		CHECK(*comparison.source.name(view, 0xffffffff) == '\0');
		type_view_each(view, UINT32_MAX, stop_at_three, &last);
		CHECK(last == 3);
		type_view_each(view, TYPE_KIND(BTF_KIND_UNION), count_unions, &unions);
		for (uint32_t id = 1; id < btf__type_cnt(btf); id++)
			unions -= btf_is_union(btf__type_by_id(btf, id));
		CHECK(unions == 0);
		CHECK(type_view_find(view, BTF_KIND_STRUCT, "task_struct") ==
		      (uint32_t)btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT));
		CHECK(type_view_find(view, BTF_KIND_UNION, "task_struct") == 0);
	}
	type_view_free(view);
	CHECK(!has_mapping());
	btf__free(btf);
	return check_result("type view");
}
