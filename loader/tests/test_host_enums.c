/* Enums of an object on a host that numbers and names them in its own way, in the kernel or in one
 * of its modules; hosts that do not say. */
#include "session/host_enums.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"
#include "session/kernel_types.h"
#include "session/session.h"
#include "stand_in.h"

static const struct mf_enum_value states[] = {{"RUNNING", 0}, {"SLEEPING", 1}};
static const struct mf_enum_value reasons[] = {{"REASON_A", 1}, {"REASON_B", 2}};
static const struct mf_enum enums[] = {
	/* The script's own: whatever the kernel has by that name. */
	{.name = "state", .values = states, .value_count = 2},
	{.name = "state", .values = states, .value_count = 2, .is_kernels = true},
	{.name = "reason", .values = reasons, .value_count = 2, .is_kernels = true},
	{.name = "gone", .values = reasons, .value_count = 2, .is_kernels = true},
};
#define ENUMS (sizeof(enums) / sizeof(*enums))

static void write_types(const char *name, const struct btf *btf)
{
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);
	FILE *file = fopen(at(name), "w");

	if (CHECK(file)) {
		CHECK(fwrite(bytes, 1, size, file) == size);
		fclose(file);
	}
}

static void write_kernel(void)
{
	struct btf *kernel = btf__new_empty(), *module;

	btf__add_enum(kernel, "state", 4);
	btf__add_enum_value(kernel, "SLEEPING", 0);
	btf__add_enum_value(kernel, "RUNNING", 5);
	btf__add_enum(kernel, NULL, 4);
	btf__add_enum_value(kernel, "NAMELESS", 77);
	module = btf__new_empty_split(kernel);
	btf__add_enum(module, "reason", 4);
	btf__add_enum_value(module, "REASON_B", 9);
	btf__add_enum_value(module, "REASON_C", 10);
	write_types("kernel/btf/vmlinux", kernel);
	write_types("kernel/btf/module", module);
	btf__free(module);
	btf__free(kernel);
}

static void begin(struct session *session, struct manifest *manifest)
{
	*manifest = (struct manifest){.enums = enums, .enum_count = ENUMS};
	*session = (struct session){.manifest = manifest};
	stand_in_reset();
	stand_in.sys = folder;
}

static void end(struct session *session)
{
	kernel_types_free(session);
	arena_free(&session->arena);
	stand_in_reset();
}

static bool is_value(const struct mf_enum *of, uint32_t index, const char *name, int64_t value)
{
	return index < of->value_count && strcmp(of->values[index].name, name) == 0 &&
	       of->values[index].value == value;
}

static void as_the_host_has_them(void)
{
	struct manifest manifest;
	struct session session;

	begin(&session, &manifest);
	host_enums_find(&session);
	CHECK(session.enums[0].values == states && session.enums[0].value_count == 2);
	CHECK(strcmp(session.enums[1].name, "state") == 0 && session.enums[1].value_count == 2);
	CHECK(is_value(&session.enums[1], 0, "SLEEPING", 0) &&
	      is_value(&session.enums[1], 1, "RUNNING", 5));
	/* Of a module. */
	CHECK(session.enums[2].value_count == 2 && is_value(&session.enums[2], 0, "REASON_B", 9) &&
	      is_value(&session.enums[2], 1, "REASON_C", 10));
	/* Its values are numbers here: those of another kernel would be wrong. */
	CHECK(strcmp(session.enums[3].name, "gone") == 0 && session.enums[3].value_count == 0);
	end(&session);
	/* An object without enums asks nothing. */
	begin(&session, &manifest);
	manifest.enum_count = 0;
	host_enums_find(&session);
	CHECK(session.enums == enums && !session.kernel_btfs);
	end(&session);
}

static void values(void)
{
	struct manifest manifest;
	struct session session;
	uint64_t value = 1;

	begin(&session, &manifest);
	CHECK(host_enumerator(&session, "state", "RUNNING", &value) && value == 5);
	CHECK(host_enumerator(&session, NULL, "NAMELESS", &value) && value == 77);
	CHECK(host_enumerator(&session, "reason", "REASON_B", &value) && value == 9);
	CHECK(!host_enumerator(&session, "state", "REASON_B", &value) &&
	      !host_enumerator(&session, "reason", "REASON_A", &value) &&
	      !host_enumerator(&session, "none", "RUNNING", &value));
	CHECK(host_has_enumerator(&session, "RUNNING") &&
	      host_has_enumerator(&session, "REASON_C") &&
	      host_has_enumerator(&session, "NAMELESS") &&
	      !host_has_enumerator(&session, "REASON_A"));
	end(&session);
}

/* A host that tells of no types has no names: least of all those of the other kernel. */
static void without_types(void)
{
	struct manifest manifest;
	struct session session;
	uint64_t value;

	unlink(at("kernel/btf/vmlinux"));
	begin(&session, &manifest);
	host_enums_find(&session);
	CHECK(session.enums[0].value_count == 2);
	for (uint32_t i = 1; i < ENUMS; i++)
		CHECK(session.enums[i].value_count == 0 &&
		      strcmp(session.enums[i].name, enums[i].name) == 0);
	CHECK(!host_enumerator(&session, "state", "RUNNING", &value) &&
	      !host_has_enumerator(&session, "RUNNING"));
	end(&session);
}

int main(void)
{
	CHECK(mkdtemp(folder) && mkdir(at("kernel"), 0700) == 0 &&
	      mkdir(at("kernel/btf"), 0700) == 0);
	write_kernel();
	as_the_host_has_them();
	values();
	without_types();
	unlink(at("kernel/btf/module"));
	CHECK(rmdir(at("kernel/btf")) == 0 && rmdir(at("kernel")) == 0 && rmdir(folder) == 0);
	return check_result("host_enums");
}
