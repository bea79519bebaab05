/* What objects ask of the host before they are loaded: addresses of the kernel, cgroups, programs.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "session/kernel_types.h"
#include "session/lookups.h"
#include "session/session.h"

/* What /proc/kallsyms holds here; NULL: it cannot be read. */
static const char *kallsyms;

FILE *fopen(const char *path, const char *mode)
{
	CHECK(strcmp(path, "/proc/kallsyms") == 0 && mode[0] == 'r');
	errno = EACCES;
	return kallsyms ? fmemopen((void *)kallsyms, strlen(kallsyms), "r") : NULL;
}

static struct failure failure;

/* Asks for two things; they are written behind each other, with 8 bytes around them. */
static int ask(struct mf_lookup first, struct mf_lookup second, const char **values,
	       uint64_t got[2])
{
	struct options options = {.parameters = values, .parameter_count = values ? 1 : 0};
	struct mf_lookup lookups[] = {first, second};
	struct manifest manifest = {.script = "script.bt",
				    .kernel_release = "6.12",
				    .lookups = lookups,
				    .lookup_count = 2};
	struct session session = {.options = &options, .manifest = &manifest};
	uint64_t rodata[4];
	int status;

	lookups[0].offset = 8;
	lookups[1].offset = 16;
	memset(rodata, 0xff, sizeof(rodata));
	failure_clear(&failure);
	status = lookups_store(&session, (uint8_t *)rodata, sizeof(rodata), &failure);
	CHECK(rodata[0] == UINT64_MAX && rodata[3] == UINT64_MAX);
	memcpy(got, rodata + 1, 2 * sizeof(*got));
	kernel_types_free(&session);
	arena_free(&session.arena);
	return status;
}

static struct mf_lookup symbol(const char *name)
{
	return (struct mf_lookup){.kind = MF_LOOKUP_KERNEL_SYMBOL, .name = name};
}

/* A place is told where the object has one: in the script, or in a file that it imports. */
static void test_places(void)
{
	struct mf_lookup none = symbol("none");
	uint64_t got[2];

	kallsyms = "ffffffff81000000 T _text\n";
	CHECK(ask(none, symbol("_text"), NULL, got) != STATUS_OK);
	CHECK(*failure.file == '\0' && failure.line == 0);
	none.line = 7;
	CHECK(ask(none, symbol("_text"), NULL, got) != STATUS_OK);
	CHECK(strcmp(failure.file, "script.bt") == 0 && failure.line == 7);
	none.file = "other.bt";
	CHECK(ask(symbol("_text"), none, NULL, got) != STATUS_OK);
	CHECK(strcmp(failure.file, "other.bt") == 0 && failure.line == 7);
}

static void test_addresses(void)
{
	struct mf_lookup third = {.kind = MF_LOOKUP_KERNEL_SYMBOL, .parameter = 1};
	uint64_t got[2];

	kallsyms =
		"ffffffff81000000 T _text\nffffffff81000100 T twice\nno line\n"
		"ffffffff81000101 t\nffffffffa0000000 t twice\t[mod]\nffffffffa0000010 t own\t[mod]\n";
	CHECK(ask(symbol("twice"), symbol("own"), NULL, got) == STATUS_OK);
	CHECK(got[0] == 0xffffffff81000100 && got[1] == 0xffffffffa0000010);
	CHECK(ask(third, symbol("_text"), (const char *[]){"own"}, got) == STATUS_OK);
	CHECK(got[0] == 0xffffffffa0000010 && got[1] == 0xffffffff81000000);
}

static void refuses(struct mf_lookup lookup, const char **values, int status, const char *why,
		    uint32_t line)
{
	uint64_t got[2];

	if (!CHECK(ask(symbol("_text"), lookup, values, got) == status) ||
	    !CHECK(strcmp(failure.text, why) == 0 && failure.line == line))
		fprintf(stderr, "  %s:%u\n", failure.text, failure.line);
	CHECK(!line || strcmp(failure.file, lookup.file ? lookup.file : "script.bt") == 0);
}

static void test_addresses_that_are_not_there(void)
{
	struct mf_lookup lookup = symbol("nothing");

	kallsyms = "ffffffff81000000 T _text\n";
	refuses(lookup, NULL, STATUS_FAILED, "Failed to resolve kernel symbol: nothing", 0);
	lookup.line = 7;
	refuses(lookup, NULL, STATUS_FAILED, "Failed to resolve kernel symbol: nothing", 7);
	lookup.file = "lib.bt";
	lookup.parameter = 1;
	refuses(lookup, (const char *[]){"given"}, STATUS_FAILED,
		"Failed to resolve kernel symbol: given", 7);
	refuses(lookup, NULL, STATUS_USAGE,
		"kaddr() expects a symbol of the kernel ($1 is not given)", 7);
	/* To those who may not know, the kernel shows all of them as 0. */
	kallsyms = "0000000000000000 T _text\n0000000000000000 T known\n";
	refuses(symbol("known"), NULL, STATUS_PERMISSION,
		"The kernel hides its addresses (kernel.kptr_restrict): kaddr() needs CAP_SYSLOG.",
		0);
	kallsyms = "0000000000000000 A per_cpu\nffffffff81000000 T _text\n";
	CHECK(ask(symbol("per_cpu"), symbol("_text"), NULL, (uint64_t[2]){0}) == STATUS_OK);
	kallsyms = NULL;
	refuses(symbol("_text"), NULL, STATUS_FAILED,
		"Cannot read /proc/kallsyms: Permission denied.", 0);
}

static void test_cgroups(void)
{
	struct mf_lookup cgroup = {.kind = MF_LOOKUP_CGROUP, .name = "/tmp"};

	kallsyms = "ffffffff81000000 T _text\n";
	refuses(cgroup, NULL, STATUS_FAILED,
		"Cannot get the id of the cgroup /tmp: it is no folder of a cgroup file system (version 2).",
		0);
	cgroup.name = "/none/there";
	refuses(cgroup, NULL, STATUS_FAILED,
		"Cannot get the id of the cgroup /none/there: No such file or directory.", 0);
}

static void test_programs(void)
{
	char path[] = "/tmp/bpfload-test-XXXXXX", why[128];
	int fd = mkstemp(path);
	struct mf_lookup program = {.kind = MF_LOOKUP_EXECUTABLE, .name = path};
	Elf64_Ehdr head = {.e_ident = ELFMAG, .e_type = ET_EXEC};
	uint64_t got[2];

	kallsyms = "ffffffff81000000 T _text\n";
	CHECK(write(fd, &head, sizeof(head)) == sizeof(head));
	CHECK(ask(symbol("_text"), program, NULL, got) == STATUS_OK && got[1] == 1);
	head.e_type = ET_DYN;
	CHECK(pwrite(fd, &head, sizeof(head), 0) == sizeof(head));
	CHECK(ask(symbol("_text"), program, NULL, got) == STATUS_OK && got[1] == 0);
	snprintf(why, sizeof(why), "Cannot read %s: it is no ELF file.", path);
	CHECK(ftruncate(fd, sizeof(head) - 1) == 0);
	refuses(program, NULL, STATUS_FAILED, why, 0);
	head.e_ident[0] = 'x';
	CHECK(pwrite(fd, &head, sizeof(head), 0) == sizeof(head));
	refuses(program, NULL, STATUS_FAILED, why, 0);
	close(fd);
	unlink(path);
	snprintf(why, sizeof(why), "Cannot read %s: No such file or directory.", path);
	refuses(program, NULL, STATUS_FAILED, why, 0);
}

/* Those that no kernel has, unless the script asks before. */
static void test_enumerators(void)
{
	struct mf_lookup wanted = {.kind = MF_LOOKUP_ENUMERATOR,
				   .name = "BPFLOAD_NOWHERE",
				   .line = 3},
			 asked = {.kind = MF_LOOKUP_ENUMERATOR_FOUND, .name = "BPFLOAD_NOWHERE"},
			 other = {.kind = MF_LOOKUP_ENUMERATOR_FOUND, .name = "BPFLOAD_NEVER"};
	uint64_t got[2];

	kallsyms = "ffffffff81000000 T _text\n";
	refuses(wanted, NULL, STATUS_KERNEL,
		"This kernel has no enumerator BPFLOAD_NOWHERE, which the script uses. It was built "
		"for Linux 6.12.",
		3);
	CHECK(ask(wanted, asked, NULL, got) == STATUS_OK && got[0] == 0 && got[1] == 0);
	CHECK(ask(wanted, other, NULL, got) == STATUS_KERNEL);
	other.name = asked.name;
	other.enumeration = "of_another";
	CHECK(ask(wanted, other, NULL, got) == STATUS_KERNEL);
}

int main(void)
{
	test_addresses();
	test_places();
	test_addresses_that_are_not_there();
	test_cgroups();
	test_programs();
	test_enumerators();
	failure_clear(&failure);
	return check_result("lookups");
}
