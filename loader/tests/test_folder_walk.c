/* Folders below one, as far as somebody wants them. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "check.h"
#include "host/folder_walk.h"

struct seen {
	struct strbuf paths;
	size_t count, longest;
	/* Stops there. */
	const char *last;
	const char *root;
	bool are_inodes_right;
};

static bool note(const char *path, uint64_t inode, void *context)
{
	struct seen *seen = context;
	char *whole = memory_format("%s%s", seen->root, path);
	struct stat status;

	/* Of what is deeper than a path may be nobody asks. */
	if (strlen(whole) < 4000)
		seen->are_inodes_right &= stat(whole, &status) == 0 && status.st_ino == inode;
	free(whole);
	strbuf_text(&seen->paths, path);
	strbuf_char(&seen->paths, '\n');
	seen->count++;
	if (strlen(path) > seen->longest)
		seen->longest = strlen(path);
	return !seen->last || strcmp(path, seen->last) != 0;
}

static struct seen walk(const char *root, size_t most, const char *last)
{
	struct seen seen = {.root = root, .last = last, .are_inodes_right = true};

	folder_walk(root, most, note, &seen);
	CHECK(seen.are_inodes_right);
	return seen;
}

static void make(const char *root, const char *path)
{
	char *whole = memory_format("%s/%s", root, path);

	CHECK(mkdir(whole, 0700) == 0);
	free(whole);
}

static void outer_folders_come_before_those_in_them(const char *root)
{
	struct seen seen;
	char *link;

	make(root, "a");
	make(root, "a/b");
	make(root, "a/b/c");
	link = memory_format("%s/a/b/c/up", root);
	CHECK(symlink(root, link) == 0);
	free(link);
	link = memory_format("%s/a/file", root);
	CHECK(fclose(fopen(link, "w")) == 0);
	free(link);
	seen = walk(root, 100, NULL);
	CHECK_TEXT(&seen.paths, "\n/a\n/a/b\n/a/b/c\n");
	strbuf_free(&seen.paths);
	seen = walk(root, 100, "/a/b");
	CHECK_TEXT(&seen.paths, "\n/a\n/a/b\n");
	strbuf_free(&seen.paths);
	seen = walk(root, 100, "");
	CHECK_TEXT(&seen.paths, "\n");
	strbuf_free(&seen.paths);
}

static void no_more_come_than_are_wanted(const char *root)
{
	for (int i = 0; i < 50; i++) {
		char *name = memory_format("%d", i);

		make(root, name);
		free(name);
	}
	for (size_t most = 0; most <= 52; most += 13) {
		struct seen seen = walk(root, most, NULL);

		CHECK(seen.count == (most < 51 ? most : 51));
		strbuf_free(&seen.paths);
	}
}

/* Each is there, with the one behind it left out: 64 are open at a time. */
static void a_deep_tree_is_followed_so_far(const char *root)
{
	char path[4096] = "";
	struct seen seen;

	for (int i = 0; i < WALK_DEPTH_MOST + 5; i++) {
		strcat(path, i ? "/d" : "d");
		make(root, path);
	}
	seen = walk(root, 1000, NULL);
	CHECK(seen.count == WALK_DEPTH_MOST + 1);
	CHECK(seen.longest == 2 * WALK_DEPTH_MOST);
	strbuf_free(&seen.paths);
}

/* 16 names of 255 bytes and their slashes are as long as a path may be. */
static void a_long_path_ends_where_it_has_no_room(const char *root)
{
	char name[256];
	struct seen seen;
	int before = open(".", O_RDONLY | O_DIRECTORY);

	memset(name, 'n', 255);
	name[255] = 0;
	CHECK(chdir(root) == 0);
	for (int i = 0; i < 17; i++)
		CHECK(mkdir(name, 0700) == 0 && chdir(name) == 0);
	CHECK(fchdir(before) == 0);
	close(before);
	seen = walk(root, 1000, NULL);
	CHECK(seen.longest == WALK_PATH_MOST && seen.count == 17);
	strbuf_free(&seen.paths);
}

static void what_is_not_there_has_none(const char *root)
{
	char *link = memory_format("%s/link", root), *missing = memory_format("%s/none", root);
	struct seen seen = walk(missing, 10, NULL);

	CHECK(seen.count == 0);
	strbuf_free(&seen.paths);
	/* The first folder may be a link. */
	make(root, "a");
	CHECK(symlink(root, link) == 0);
	seen = walk(link, 10, NULL);
	CHECK_TEXT(&seen.paths, "\n/a\n");
	strbuf_free(&seen.paths);
	free(link);
	free(missing);
}

static void in_a_folder(void (*test)(const char *root))
{
	char root[] = "/tmp/folder-walk-XXXXXX";
	char *remove;

	CHECK(mkdtemp(root) != NULL);
	test(root);
	remove = memory_format("rm -rf %s", root);
	CHECK(system(remove) == 0);
	free(remove);
}

int main(void)
{
	in_a_folder(outer_folders_come_before_those_in_them);
	in_a_folder(no_more_come_than_are_wanted);
	in_a_folder(a_deep_tree_is_followed_so_far);
	in_a_folder(a_long_path_ends_where_it_has_no_room);
	in_a_folder(what_is_not_there_has_none);
	return check_result("folder walk");
}
