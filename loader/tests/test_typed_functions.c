/* Functions that fentry can be attached to: by types, by what the verifier refuses, and by what is
 * traced. */
#include "host/typed_functions.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static void add_function(struct btf *btf, const char *name, int prototype)
{
	btf__add_func(btf, name, BTF_FUNC_STATIC, prototype);
}

/* Prototypes of all kinds, and types that are no functions. */
static struct btf *kernel(void)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "number", 8, 0), wide = btf__add_int(btf, "wide", 16, 0);
	int pair, large, plain, other;

	pair = btf__add_struct(btf, "pair", 16);
	large = btf__add_struct(btf, "vfs_large", 24);
	plain = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "first", number);
	add_function(btf, "vfs_write", plain);
	add_function(btf, "vfs_read", plain);
	add_function(btf, "vfs_read", plain);
	add_function(btf, "do_open", plain);
	add_function(btf, "migrate_disable", plain);
	add_function(btf, "migrate_enable", plain);
	add_function(btf, "__rcu_read_unlock", plain);
	/* Twelve arguments are as many as the kernel takes, one of 16 bytes is none. */
	other = btf__add_func_proto(btf, number);
	for (int i = 0; i < 12; i++)
		btf__add_func_param(btf, "each", i == 3 ? pair : number);
	add_function(btf, "takes_twelve", other);
	other = btf__add_func_proto(btf, number);
	for (int i = 0; i < 13; i++)
		btf__add_func_param(btf, "each", number);
	add_function(btf, "takes_13", other);
	other = btf__add_func_proto(btf, number);
	btf__add_func_param(btf, "each", wide);
	add_function(btf, "takes_wide", other);
	other = btf__add_func_proto(btf, number);
	btf__add_func_param(btf, "each", large);
	add_function(btf, "takes_large", other);
	other = btf__add_func_proto(btf, number);
	btf__add_func_param(btf, "each", number);
	btf__add_func_param(btf, NULL, 0);
	add_function(btf, "takes_more", other);
	add_function(btf, "gives_pair", btf__add_func_proto(btf, pair));
	add_function(btf, "gives_wide", btf__add_func_proto(btf, wide));
	add_function(btf, "gives_number", btf__add_func_proto(btf, number));
	add_function(btf, "no_prototype", number);
	btf__add_typedef(btf, "btf_trace_switch", plain);
	btf__add_typedef(btf, "btf_trace_exit", plain);
	btf__add_typedef(btf, "vfs_type", number);
	return btf;
}

/* Names with a space behind each. */
static void expect_found(const struct kernel_function *found, int64_t count, const char *expected)
{
	struct strbuf text = {0};

	for (int64_t i = 0; i < count; i++) {
		strbuf_text(&text, found[i].name);
		strbuf_char(&text, ' ');
	}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static void expect(const struct btf *btf, const char *module, const char *pattern, const char *list,
		   const char *expected)
{
	struct kernel_function *found = NULL;
	struct arena arena = {0};
	int64_t count = typed_functions_match(&arena, btf, module, pattern, list, &found);

	expect_found(found, count, expected);
	for (int64_t i = 0; i < count; i++)
		CHECK(strcmp(btf__name_by_offset(btf, btf__type_by_id(btf, found[i].id)->name_off),
			     found[i].name) == 0);
	arena_free(&arena);
}

static void by_what_is_traced(const struct btf *btf)
{
	static const char listed[] = "vfs_read\ndo_open\nmigrate_disable\ntakes_twelve\n"
				     "gives_number [some]\nvfs_write [some]\n";
	char path[] = "/tmp/bpfload-test-XXXXXX";
	int fd = mkstemp(path);

	CHECK(write(fd, listed, sizeof(listed) - 1) == (ssize_t)sizeof(listed) - 1);
	close(fd);
	expect(btf, NULL, "*", path, "do_open takes_twelve vfs_read ");
	expect(btf, "some", "*", path, "gives_number vfs_write ");
	expect(btf, NULL, "vfs_*", path, "vfs_read ");
	expect(btf, NULL, "vfs_write", path, "");
	expect(btf, NULL, "none", path, "");
	/* Where the list is hidden, all that have a type; not what the verifier refuses. */
	unlink(path);
	expect(btf, NULL, "*", path, "do_open gives_number takes_twelve vfs_read vfs_write ");
	expect(btf, NULL, "vfs_*", path, "vfs_read vfs_write ");
	expect(btf, NULL, "migrate_*", path, "");
	expect(btf, NULL, "__rcu_read_unlock", path, "");
}

static void by_type(struct btf *btf)
{
	struct btf *module = btf__new_empty_split(btf);
	struct kernel_function *found = NULL;
	struct arena arena = {0};
	int64_t count;

	/* Of functions of one name the first counts: the kernel finds their place by it. */
	count = kernel_btf_match(&arena, btf, "vfs_read", &found);
	CHECK(count == 1 &&
	      btf__find_by_name_kind(btf, "vfs_read", BTF_KIND_FUNC) == (int)found[0].id);
	count = kernel_btf_match_events(&arena, btf, "*", &found);
	expect_found(found, count, "exit switch ");
	count = kernel_btf_match_events(&arena, btf, "sw*", &found);
	expect_found(found, count, "switch ");
	count = kernel_btf_match_types(&arena, btf, BTF_KIND_STRUCT, "vfs_", "*", &found);
	expect_found(found, count, "large ");
	count = kernel_btf_match_types(&arena, btf, BTF_KIND_STRUCT, "", "*", &found);
	expect_found(found, count, "pair vfs_large ");
	count = kernel_btf_match_types(&arena, btf, BTF_KIND_FLOAT, "", "*", &found);
	expect_found(found, count, "");
	/* Of a module its own alone. */
	add_function(module, "own", btf__add_func_proto(module, 1));
	count = kernel_btf_match(&arena, module, "*", &found);
	expect_found(found, count, "own ");
	btf__free(module);
	arena_free(&arena);
}

/* More than a first piece of memory holds. */
static void many(void)
{
	struct btf *btf = btf__new_empty();
	int prototype = btf__add_func_proto(btf, 0);
	struct kernel_function *found = NULL;
	struct arena arena = {0};
	char name[16];

	for (int i = 599; i >= 0; i--) {
		snprintf(name, sizeof(name), "f%03d", i);
		add_function(btf, name, prototype);
	}
	CHECK(kernel_btf_match(&arena, btf, "f*", &found) == 600);
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "f%03d", i);
		CHECK(strcmp(found[i].name, name) == 0);
	}
	arena_free(&arena);
	btf__free(btf);
}

int main(void)
{
	struct btf *btf = kernel();

	by_what_is_traced(btf);
	by_type(btf);
	many();
	btf__free(btf);
	return check_result("typed_functions");
}
