/* Libraries by a bare name, as a process in a root of its own knows them: its cache of libraries is
 * written here, right and wrong. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "binary/path.h"
#include "check.h"
#include "folder.h"

#if defined(__aarch64__)
#define FLAGS_64 0x0a03
#else
#define FLAGS_64 0x0303
#endif

/* glibc's dl-cache.h: magic and version (20), entries, bytes of texts, and five words more. */
struct header {
	char magic[20];
	uint32_t count, texts;
	uint32_t others[5];
};

struct entry {
	int32_t flags;
	uint32_t key, value, unused;
	uint64_t hwcap;
};

static struct {
	struct header header;
	struct entry entries[2];
	char texts[64];
} cache;

static pid_t process;

#define TEXT(at) (uint32_t)(offsetof(__typeof__(cache), texts) + (at))

/* A library that is not there, then one that is. */
static void make_cache(void)
{
	static const char texts[] = "libours.so.2\0/opt/none.so\0/opt/ours.so";

	memset(&cache, 0, sizeof(cache));
	memcpy(cache.header.magic, "glibc-ld.so.cache1.1", 20);
	cache.header.count = 2;
	memcpy(cache.texts, texts, sizeof(texts));
	cache.entries[0] = (struct entry){.flags = FLAGS_64, .key = TEXT(0), .value = TEXT(13)};
	cache.entries[1] = (struct entry){.flags = FLAGS_64, .key = TEXT(0), .value = TEXT(26)};
}

/* Whether the name leads to the one file that there is, with the cache as it stands. */
static bool finds(const char *name)
{
	struct binary_file file = {0};
	FILE *to = fopen(at("etc/ld.so.cache"), "w");
	struct arena arena = {0};
	struct stat ours;
	bool found;

	if (!CHECK(to) || !CHECK(fwrite(&cache, sizeof(cache), 1, to) == 1))
		return false;
	fclose(to);
	found = binary_path_find(&arena, name, (uint32_t)process, &file);
	if (found)
		CHECK(stat(at("opt/ours.so"), &ours) == 0 && file.inode == ours.st_ino);
	arena_free(&arena);
	return found;
}

static void names(void)
{
	make_cache();
	CHECK(finds("libours") && finds("libours.so.2"));
	CHECK(!finds("libour") && !finds("libours.so") && !finds("ours") &&
	      !finds("libours.so.2.1"));
}

static void other_files(void)
{
	make_cache();
	cache.header.magic[0] = 'G';
	CHECK(!finds("libours"));
	make_cache();
	cache.header.magic[16] = 'f';
	CHECK(!finds("libours"));
	make_cache();
	/* As many entries as the file has room for, which are none of ours, and one more. */
	cache.header.count = (sizeof(cache) - sizeof(struct header)) / sizeof(struct entry);
	CHECK(finds("libours"));
	cache.header.count++;
	CHECK(!finds("libours"));
	make_cache();
	cache.header.count = 1;
	CHECK(!finds("libours"));
}

static void other_entries(void)
{
	make_cache();
	/* Of 32-bit programs. */
	cache.entries[1].flags = 3;
	CHECK(!finds("libours"));
	make_cache();
	cache.entries[1].key = sizeof(cache);
	CHECK(!finds("libours"));
	make_cache();
	cache.entries[1].value = UINT32_MAX;
	CHECK(!finds("libours"));
	/* A path that does not end in the file. */
	make_cache();
	memset(cache.texts + 26, '/', sizeof(cache.texts) - 26);
	CHECK(!finds("libours"));
}

int main(void)
{
	int ready[2];
	char byte;

	if (!CHECK(mkdtemp(folder)) || !CHECK(mkdir(at("etc"), 0700) == 0) ||
	    !CHECK(mkdir(at("opt"), 0700) == 0) || !CHECK(pipe(ready) == 0))
		return check_result("library_cache");
	put_file("opt/ours.so", "ours");
	process = fork();
	if (process == 0) {
		/* Not beyond a test that fails badly. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = chroot(folder) == 0;
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	/* Who may not have a root of his own has no such process to ask about. */
	if (CHECK(process > 0) && CHECK(read(ready[0], &byte, 1) == 1) && byte) {
		names();
		other_files();
		other_entries();
	}
	CHECK(byte || geteuid() != 0);
	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
	unlink(at("etc/ld.so.cache"));
	unlink(at("opt/ours.so"));
	rmdir(at("etc"));
	rmdir(at("opt"));
	rmdir(folder);
	return check_result("library_cache");
}
