/* Functions that a pattern of a kprobe means. */
#include "host/traceable.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static const char list[] = "vfs_write\n"
			   "vfs_read\n"
			   "vfs_read\n"
			   "vfs_read.part.0\n"
			   "vfs_open.constprop.0\n"
			   "__ftrace_invalid_address___64\n"
			   "vfs_sync [ext4]\n"
			   "vfs_read [ext4]\n"
			   "nat_init [nf_nat]\n"
			   "last";

/* Names with their modules, `name[module] `, or what was wrong. */
static void expect(const char *path, const char *module, const char *pattern, const char *expected)
{
	struct arena arena = {0};
	struct traceable *functions;
	int64_t count = traceable_match_file(&arena, path, module, pattern, &functions);
	char text[512] = "";

	for (int64_t i = 0; i < count; i++) {
		size_t length = strlen(text);

		snprintf(text + length, sizeof(text) - length, "%s%s%s%s ", functions[i].name,
			 functions[i].module ? "[" : "",
			 functions[i].module ? functions[i].module : "",
			 functions[i].module ? "]" : "");
	}
	CHECK(count >= 0);
	if (!CHECK(strcmp(text, expected) == 0))
		fprintf(stderr, "%s: %s\n", pattern, text);
	arena_free(&arena);
}

int main(void)
{
	char path[] = "/tmp/test_traceable.XXXXXX";
	int fd = mkstemp(path);
	struct traceable *functions;
	struct arena arena = {0};

	if (!CHECK(fd >= 0) || !CHECK(write(fd, list, strlen(list)) == (ssize_t)strlen(list)))
		return check_result("traceable");
	close(fd);
	expect(path, NULL, "vfs_*",
	       "vfs_open.constprop.0 vfs_read vfs_read[ext4] vfs_sync[ext4] vfs_write ");
	expect(path, "vmlinux", "vfs_*", "vfs_open.constprop.0 vfs_read vfs_write ");
	expect(path, "ext4", "vfs_*", "vfs_read[ext4] vfs_sync[ext4] ");
	expect(path, "n*", "*", "nat_init[nf_nat] ");
	expect(path, NULL, "last", "last ");
	expect(path, NULL, "*.part.*", "");
	expect(path, NULL, "vfs_read.part.0", "vfs_read.part.0 ");
	expect(path, NULL, "__ftrace*", "");
	expect(path, NULL, "none*", "");
	unlink(path);
	CHECK(traceable_match_file(&arena, path, NULL, "*", &functions) == -1);
	return check_result("traceable");
}
