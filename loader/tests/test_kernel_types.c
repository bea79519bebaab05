/* The kernel's types by both ways to them: in place, and as libbpf reads them. What one finds the
 * other finds. The kernel's files are the test's. */
#include "session/kernel_types.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"
#include "host/kernel_btf.h"
#include "session/session.h"
#include "stand_in.h"

static const char *const names[] = {"task", "list", "int", "color", "word", "none", ""};

/* An event of the kernel: a prototype that has a place for the program's own value before it. */
static void add_event(struct btf *btf, const char *name, int number)
{
	char whole[64];
	int context = btf__add_ptr(btf, 0), prototype = btf__add_func_proto(btf, 0);

	btf__add_func_param(btf, "__data", context);
	btf__add_func_param(btf, "n", number);
	snprintf(whole, sizeof(whole), "btf_trace_%s", name);
	btf__add_typedef(btf, whole, btf__add_ptr(btf, prototype));
}

static struct btf *make_kernel(void)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);

	btf__add_struct(btf, "task", 4);
	btf__add_field(btf, "pid", number, 0, 0);
	btf__add_union(btf, "task", 4);
	btf__add_field(btf, "pid", number, 0, 0);
	btf__add_struct(btf, "list", 0);
	btf__add_enum(btf, "color", 4);
	btf__add_enum_value(btf, "RED", 1);
	btf__add_typedef(btf, "word", number);
	add_event(btf, "sched_wakeup", number);
	add_event(btf, "sched_switch", number);
	add_event(btf, "timer_start", number);
	return btf;
}

static void write_types(const struct btf *btf)
{
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);
	FILE *file = fopen(at("kernel/btf/vmlinux"), "w");

	if (CHECK(file)) {
		CHECK(fwrite(bytes, 1, size, file) == size);
		fclose(file);
	}
}

static void begin(struct session *session)
{
	*session = (struct session){0};
	stand_in_reset();
	stand_in.sys = folder;
}

static void end(struct session *session)
{
	kernel_types_free(session);
	arena_free(&session->arena);
	stand_in_reset();
}

static bool is_same_events(struct session *one, struct session *other, const char *pattern,
			   int64_t expected)
{
	struct kernel_function *ones = NULL, *others = NULL;
	int64_t count = session_kernel_events(one, NULL, pattern, &ones);

	if (session_kernel_events(other, NULL, pattern, &others) != count || count != expected)
		return false;
	for (int64_t i = 0; i < count; i++)
		if (ones[i].id != others[i].id || strcmp(ones[i].name, others[i].name) != 0)
			return false;
	return true;
}

static void both_ways(const struct btf *kernel)
{
	static const uint32_t kinds[] = {BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_INT,
					 BTF_KIND_ENUM, BTF_KIND_TYPEDEF};
	struct session in_place, read;

	begin(&in_place);
	read = (struct session){.type_view_asked = true};
	CHECK(session_type_view(&in_place) && !session_type_view(&read));
	/* It is opened once. */
	CHECK(session_type_view(&in_place) == session_type_view(&in_place));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		for (size_t j = 0; j < sizeof(names) / sizeof(*names); j++) {
			int id = btf__find_by_name_kind(kernel, names[j], kinds[i]);
			uint32_t expected = id > 0 && *names[j] ? (uint32_t)id : 0;

			if (!*names[j])
				continue;
			CHECK(session_kernel_type(&in_place, kinds[i], names[j]) == expected);
			CHECK(session_kernel_type(&read, kinds[i], names[j]) == expected);
		}
	CHECK(is_same_events(&in_place, &read, "sched_switch", 1));
	CHECK(is_same_events(&in_place, &read, "sched_*", 2));
	CHECK(is_same_events(&in_place, &read, "*", 3));
	CHECK(is_same_events(&in_place, &read, "none", 0));
	/* In place, nothing was read. */
	CHECK(!in_place.kernel_btfs && read.kernel_btfs && !read.kernel_btfs->next);
	kernel_types_free(&read);
	arena_free(&read.arena);
	end(&in_place);
}

static bool count_looks(const struct btf *btf, void *context)
{
	uint32_t *left = context;

	CHECK(btf__type_cnt(btf) > 1);
	return --*left == 0;
}

/* What is not there is not kept as if it were. */
static void modules_without_types(void)
{
	struct kernel_function *events;
	struct session session;
	const struct btf *kernel;
	uint32_t looks = 9;

	begin(&session);
	kernel = session_kernel_btf(&session, NULL);
	CHECK(kernel && session_kernel_btf(&session, NULL) == kernel &&
	      session_kernel_btf(&session, "") == kernel);
	for (int i = 0; i < 2; i++)
		CHECK(!session_kernel_btf(&session, "no_such_module") && session.kernel_btfs &&
		      session.kernel_btfs->btf == kernel && !session.kernel_btfs->next);
	CHECK(session_kernel_events(&session, "no_such_module", "*", &events) == -1);
	/* Those that have some are looked at behind the kernel's, until it is found; one whose file
	 * holds none is passed over. */
	CHECK(symlink("vmlinux", at("kernel/btf/module")) == 0 &&
	      symlink("/dev/null", at("kernel/btf/empty")) == 0);
	CHECK(!session_look_in_btf(&session, count_looks, &looks) && looks == 7);
	for (uint32_t wanted = 1; wanted <= 2; wanted++) {
		looks = wanted;
		CHECK(session_look_in_btf(&session, count_looks, &looks) && looks == 0);
	}
	unlink(at("kernel/btf/module"));
	unlink(at("kernel/btf/empty"));
	end(&session);
}

int main(void)
{
	struct btf *kernel = make_kernel();

	CHECK(mkdtemp(folder) && mkdir(at("kernel"), 0700) == 0 &&
	      mkdir(at("kernel/btf"), 0700) == 0);
	write_types(kernel);
	both_ways(kernel);
	modules_without_types();
	btf__free(kernel);
	unlink(at("kernel/btf/vmlinux"));
	CHECK(rmdir(at("kernel/btf")) == 0 && rmdir(at("kernel")) == 0 && rmdir(folder) == 0);
	return check_result("kernel_types");
}
