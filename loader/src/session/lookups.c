#include "session/lookups.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/memory.h"
#include "host/kernel_functions.h"
#include "session/host_enums.h"
#include "session/kernel_targets.h"
#include "session/params.h"
#include "session/session.h"

#define KALLSYMS "/proc/kallsyms"

/* One line of /proc/kallsyms: address, type, name, and behind a tab the module. */
static bool split_line(char *line, uint64_t *address, const char **name)
{
	char *end;

	*address = strtoull(line, &end, 16);
	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	*name = end + 3;
	end[3 + strcspn(end + 3, "\t\n")] = '\0';
	return true;
}

static void add_place(const struct manifest *manifest, const struct mf_lookup *lookup,
		      struct failure *failure)
{
	if (lookup->line)
		fail_at(failure, lookup->file ? lookup->file : manifest->script, lookup->line);
}

static const char *symbol_of(const struct session *session, const struct mf_lookup *lookup)
{
	return lookup->parameter ? params_text(session->options, lookup->parameter) : lookup->name;
}

/* Reads the addresses of all kernel symbols that are asked for in one go; the first of a name
 * counts, which is the kernel's own before any module's. */
static void find_symbols(const struct session *session, uint64_t *values, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	FILE *file = fopen(KALLSYMS, "re");
	bool shown = false, *found = memory_array(manifest->lookup_count, sizeof(*found));
	char *line = NULL;
	size_t room = 0;

	if (!file)
		fail(failure, STATUS_FAILED, "Cannot read " KALLSYMS ": %s.", strerror(errno));
	while (file && getline(&line, &room, file) > 0) {
		const char *name;
		uint64_t address;

		if (!split_line(line, &address, &name))
			continue;
		shown = shown || address;
		for (uint32_t i = 0; i < manifest->lookup_count; i++) {
			const struct mf_lookup *lookup = &manifest->lookups[i];

			if (lookup->kind != MF_LOOKUP_KERNEL_SYMBOL || found[i] ||
			    strcmp(symbol_of(session, lookup), name) != 0)
				continue;
			found[i] = true;
			values[i] = address;
		}
	}
	for (uint32_t i = 0; i < manifest->lookup_count && !failure->status; i++) {
		const struct mf_lookup *lookup = &manifest->lookups[i];

		if (lookup->kind != MF_LOOKUP_KERNEL_SYMBOL || found[i])
			continue;
		if (*symbol_of(session, lookup))
			fail(failure, STATUS_FAILED, "Failed to resolve kernel symbol: %s",
			     symbol_of(session, lookup));
		else
			fail(failure, STATUS_USAGE,
			     "kaddr() expects a symbol of the kernel ($%u is not given)",
			     lookup->parameter);
		add_place(manifest, lookup, failure);
	}
	if (!shown)
		fail(failure, STATUS_PERMISSION,
		     "The kernel hides its addresses (kernel.kptr_restrict): kaddr() needs CAP_SYSLOG.");
	free(line);
	free(found);
	if (file)
		fclose(file);
}

/* The id of a control group of version 2 is the handle of its folder (fs/kernfs/mount.c). */
static int find_cgroup(const char *path, uint64_t *id, struct failure *failure)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = {.head = {.handle_bytes = sizeof(uint64_t)}};
	struct statfs system;
	int mount;

	if (statfs(path, &system) == 0 && system.f_type != CGROUP2_SUPER_MAGIC)
		return fail(
			failure, STATUS_FAILED,
			"Cannot get the id of the cgroup %s: it is no folder of a cgroup file system (version 2).",
			path);
	if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount, 0) != 0)
		return fail(failure, STATUS_FAILED, "Cannot get the id of the cgroup %s: %s.", path,
			    strerror(errno));
	memcpy(id, handle.head.f_handle, sizeof(*id));
	return STATUS_OK;
}

/* Whether a program stands at fixed addresses (ET_EXEC), rather than where the kernel puts it. */
static int find_executable(const char *path, uint64_t *value, struct failure *failure)
{
	unsigned char head[sizeof(Elf64_Ehdr)] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, head, sizeof(head));
	uint16_t type;

	if (fd >= 0)
		close(fd);
	if (length < (ssize_t)sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0)
		return fail(failure, STATUS_FAILED, "Cannot read %s: %s.", path,
			    length < 0 ? strerror(errno) : "it is no ELF file");
	memcpy(&type, head + offsetof(Elf64_Ehdr, e_type), sizeof(type));
	*value = type == ET_EXEC;
	return STATUS_OK;
}

static bool same_text(const char *left, const char *right)
{
	return left && right ? strcmp(left, right) == 0 : left == right;
}

/* Whether the code asks before it takes the value, and does without where there is none. */
static bool is_asked_for(const struct manifest *manifest, const struct mf_lookup *lookup)
{
	for (uint32_t i = 0; i < manifest->lookup_count; i++) {
		const struct mf_lookup *other = &manifest->lookups[i];

		if (other->kind == MF_LOOKUP_ENUMERATOR_FOUND &&
		    strcmp(other->name, lookup->name) == 0 &&
		    same_text(other->enumeration, lookup->enumeration))
			return true;
	}
	return false;
}

static int find_enumerator(struct session *session, const struct mf_lookup *lookup, uint64_t *value,
			   struct failure *failure)
{
	if (host_enumerator(session, lookup->enumeration, lookup->name, value) ||
	    is_asked_for(session->manifest, lookup))
		return STATUS_OK;
	return lookup_refuse(session, lookup, failure);
}

int lookup_refuse(const struct session *session, const struct mf_lookup *lookup,
		  struct failure *failure)
{
	const struct manifest *manifest = session->manifest;

	fail(failure, STATUS_KERNEL,
	     "This kernel has no enumerator %s, which the script uses. It was built for Linux %s.",
	     lookup->name, manifest->kernel_release);
	add_place(manifest, lookup, failure);
	return failure->status;
}

static int find(struct session *session, struct kernel_functions *functions,
		const struct mf_lookup *lookup, uint64_t *value, struct failure *failure)
{
	const struct bpf_program *program;
	uint64_t number;

	switch (lookup->kind) {
	case MF_LOOKUP_KERNEL_SYMBOL:
		/* All of them have been found at once. */
		break;
	case MF_LOOKUP_ENUMERATOR:
		return find_enumerator(session, lookup, value, failure);
	case MF_LOOKUP_ENUMERATOR_FOUND:
		*value = host_enumerator(session, lookup->enumeration, lookup->name, &number);
		break;
	case MF_LOOKUP_ENUMERATOR_EXISTS:
		*value = host_has_enumerator(session, lookup->name);
		break;
	case MF_LOOKUP_CGROUP:
		return find_cgroup(lookup->name, value, failure);
	case MF_LOOKUP_EXECUTABLE:
		return find_executable(lookup->name, value, failure);
	case MF_LOOKUP_KERNEL_FUNCTION:
		*value = kernel_function_exists(functions, lookup->name);
		break;
	case MF_LOOKUP_KFUNC:
		program = bpf_object__find_program_by_name(session->object, lookup->program);
		*value = program && kernel_function_callable(functions, lookup->name,
							     kernel_target_type(program));
		break;
	}
	return STATUS_OK;
}

int lookups_store(struct session *session, uint8_t *rodata, size_t size, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	struct kernel_functions functions = {0};
	uint64_t *values = memory_array(manifest->lookup_count, sizeof(*values));
	bool symbols = false;

	for (uint32_t i = 0; i < manifest->lookup_count; i++)
		symbols = symbols || manifest->lookups[i].kind == MF_LOOKUP_KERNEL_SYMBOL;
	if (symbols)
		find_symbols(session, values, failure);
	for (uint32_t i = 0; i < manifest->lookup_count && failure->status == STATUS_OK; i++) {
		const struct mf_lookup *lookup = &manifest->lookups[i];

		if (find(session, &functions, lookup, &values[i], failure) == STATUS_OK &&
		    lookup->offset <= size && sizeof(*values) <= size - lookup->offset)
			memcpy(rodata + lookup->offset, &values[i], sizeof(*values));
	}
	kernel_functions_free(&functions);
	free(values);
	return failure->status;
}
