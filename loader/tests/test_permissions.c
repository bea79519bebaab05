/* --unsafe, --allow-run and --allow-write: what they let an object do, what is said of the rest,
 * and which files are opened. */
#include "session/permissions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "folder.h"

static struct failure failure;

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CHECK(file && fputs(text, file) >= 0);
	fclose(file);
}

static off_t size_of(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 ? info.st_size : -1;
}

static int open_with(const struct options *options, const char *path)
{
	failure_clear(&failure);
	return permission_open(options, path, &failure);
}

static int open_beside(const char *write, const char *path)
{
	return open_with(&(struct options){.write = &write, .write_count = 1}, path);
}

/* It is opened for writing at its begin, and no command inherits it. */
static void opens(int fd)
{
	if (!CHECK(fd >= 0))
		fprintf(stderr, "  %s\n", failure.text);
	CHECK(failure.status == STATUS_OK && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY && write(fd, "new", 3) == 3);
	close(fd);
}

/* `%s` of what is said is the path. */
static void refuses(int fd, const char *path, const char *format)
{
	char said[512];

	snprintf(said, sizeof(said), format, path);
	CHECK(fd == -1 && failure.status == STATUS_FAILED);
	if (!CHECK(strcmp(failure.text, said) == 0))
		fprintf(stderr, "  %s\n", failure.text);
}

static const char
	not_named
		[] = "%s may not be written: --allow-write does not name it",
       not_there[] = "cannot open %s for writing: No such file or directory",
       a_link[] = "cannot open %s for writing: it is, or leads through, a symbolic link",
       exists[] =
	       "cannot open %s for writing: it exists. Remove it, or name the file itself with --allow-write: below a folder only new files are made.";

/* Only new files, and those that are there stay as they are. */
static void below_a_folder(void)
{
	struct stat info;
	mode_t before = umask(022);

	opens(open_beside(folder, at("new")));
	CHECK(stat(at("new"), &info) == 0 && (info.st_mode & 0777) == 0644 && info.st_size == 3);
	umask(before);
	refuses(open_beside(folder, at("new")), at("new"), exists);
	CHECK(size_of(at("new")) == 3);
	opens(open_beside(folder, at("below/new")));
	opens(open_beside(at("below/../below/"), at("below/./second")));
	opens(open_beside(at("link"), at("below/third")));
	/* The root is a folder as others are. */
	opens(open_beside("/", at("below/fourth")));
	CHECK(size_of(at("below/fourth")) == 3);
	refuses(open_beside(at("below"), at("beside")), at("beside"), not_named);
	refuses(open_beside(at("bel"), at("below/fifth")), at("below/fifth"), not_named);
	CHECK(size_of(at("beside")) == -1 && size_of(at("below/fifth")) == -1);
	/* What leads out of it is not below it; a link that stands there is not followed. */
	refuses(open_beside(at("below"), at("below/out/x")), at("below/out/x"), not_named);
	refuses(open_beside(at("below"), at("below/../x")), at("below/../x"), not_named);
	refuses(open_beside(at("below"), at("below/dangling")), at("below/dangling"), exists);
	CHECK(size_of(at("x")) == -1 && size_of(at("nowhere")) == -1);
	refuses(open_beside(folder, at("none/x")), at("none/x"), not_there);
}

/* These name folders, whatever stands there. */
static void names_of_folders(void)
{
	const struct options all = {.unsafe = true};

	refuses(open_with(&all, at("below/.")), at("below/."), not_there);
	refuses(open_with(&all, at("below/..")), at("below/.."), not_there);
	refuses(open_with(&all, at("below/")), at("below/"), not_there);
	refuses(open_with(&all, at("below")), at("below"),
		"cannot open %s for writing: Is a directory");
	refuses(open_beside(at("below"), at("below")), at("below"), not_named);
}

/* It is emptied, and made where it is not there. */
static void named(void)
{
	const char *both[2];
	struct options options = {.write = both, .write_count = 2};

	write_text(at("old"), "something older");
	opens(open_beside(at("old"), at("below/../old")));
	CHECK(size_of(at("old")) == 3);
	opens(open_beside(at("made"), at("made")));
	CHECK(size_of(at("made")) == 3);
	refuses(open_beside(at("old"), at("older")), at("older"), not_named);
	/* The file counts where a folder above it is named, too, in either order. */
	both[0] = folder;
	both[1] = at("old");
	write_text(at("old"), "something older");
	opens(open_with(&options, both[1]));
	CHECK(size_of(at("old")) == 3);
	both[0] = at("old");
	both[1] = folder;
	write_text(at("old"), "something older");
	opens(open_with(&options, both[0]));
	CHECK(size_of(at("old")) == 3);
	/* Of two folders each covers what is below it. */
	both[0] = folder;
	both[1] = at("below");
	opens(open_with(&options, at("below/sixth")));
	opens(open_with(&options, at("seventh")));
	write_text(at("old"), "something older");
	opens(open_with(&(struct options){.unsafe = true}, at("old")));
	CHECK(size_of(at("old")) == 3);
}

static void in_this_folder(void)
{
	int before = open(".", O_PATH | O_CLOEXEC);

	CHECK(before >= 0 && chdir(folder) == 0);
	opens(open_beside("relative", "relative"));
	opens(open_beside(".", "other"));
	CHECK(size_of(at("relative")) == 3 && size_of(at("other")) == 3);
	CHECK(fchdir(before) == 0);
	close(before);
}

/* Neither links nor what is no file; devices can be written. */
static void no_files(void)
{
	int reader;

	refuses(open_beside(at("link_to_old"), at("link_to_old")), at("link_to_old"), a_link);
	CHECK(size_of(at("old")) == 3);
	CHECK(mkfifo(at("pipe"), 0600) == 0);
	refuses(open_beside(at("pipe"), at("pipe")), at("pipe"),
		"cannot open %s for writing: No such device or address");
	reader = open(at("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	refuses(open_beside(at("pipe"), at("pipe")), at("pipe"),
		"cannot open %s for writing: it is no regular file");
	close(reader);
	opens(open_beside("/dev/null", "/dev/null"));
}

/* What is said of an object with these effects. */
static void expect(struct effect *effects, uint32_t count, bool unsafe, struct options options,
		   const char *said)
{
	struct manifest manifest = {.unsafe = unsafe};
	struct object_file object = {.manifest = &manifest,
				     .effects = {.items = effects, .count = count}};

	failure_clear(&failure);
	CHECK(permissions_check(&object, &options, &failure) ==
	      (*said ? STATUS_FAILED : STATUS_OK));
	if (!CHECK(strcmp(failure.text, said) == 0))
		fprintf(stderr, "  %s\n", failure.text);
	CHECK(!*failure.hint);
	options.unsafe = true;
	failure_clear(&failure);
	CHECK(permissions_check(&object, &options, &failure) == STATUS_OK);
}

static void what_is_not_allowed(void)
{
	static const char *const x[] = {"/none/x"};
	const struct options none = {0}, run = {.allow_run = true},
			     file = {.write = (const char **)x, .write_count = 1};
	struct effect effects[] = {
		{MF_EFFECT_COMMAND, "ls", NULL},
		{MF_EFFECT_COMMAND, "df", NULL},
		{MF_EFFECT_FILE, "/none/x", NULL},
		{MF_EFFECT_MAP, "/none/y", NULL},
		{MF_EFFECT_READ, "/etc/passwd", NULL},
		{MF_EFFECT_SIGNAL, "send_signal", "kprobe:f"},
	};

	expect(NULL, 0, false, none, "");
	expect(effects + 4, 1, false, none, "");
	/* Each option once, in the order of what needs it. */
	expect(effects, 5, true, none,
	       "the script runs commands (ls), runs commands (df), writes files (/none/x), pins maps, or takes those that are pinned (/none/y): allow that with --allow-run --allow-write /none/x --allow-write /none/y (or all with --unsafe)");
	expect(effects, 4, true, run,
	       "the script writes files (/none/x), pins maps, or takes those that are pinned (/none/y): allow that with --allow-write /none/x --allow-write /none/y (or all with --unsafe)");
	expect(effects + 1, 2, true, file,
	       "the script runs commands (df): allow that with --allow-run (or all with --unsafe)");
	expect(effects, 2, true, run, "");
	expect(effects + 2, 1, false, file, "");
	/* What only --unsafe allows takes it for all. */
	expect(effects + 4, 2, true, run,
	       "the script sends signals (send_signal in kprobe:f): allow that with --unsafe");
	expect(effects + 3, 3, true, none,
	       "the script pins maps, or takes those that are pinned (/none/y), sends signals (send_signal in kprobe:f): allow that with --unsafe");
	/* The manifest knows of something that is not found in the object. */
	expect(NULL, 0, true, run,
	       "the script changes the system, as it says itself: allow that with --unsafe");
	expect(effects + 2, 1, true, none,
	       "the script writes files (/none/x), changes the system, as it says itself: allow that with --unsafe");
	expect(effects + 2, 1, true, file,
	       "the script changes the system, as it says itself: allow that with --unsafe");
}

static void a_manifest_that_denies(void)
{
	struct effect effects[] = {{MF_EFFECT_COMMAND, "ls", NULL}};
	struct manifest manifest = {0};
	struct object_file object = {.manifest = &manifest,
				     .effects = {.items = effects, .count = 1, .are_denied = true}};

	failure_clear(&failure);
	CHECK(permissions_check(&object, &(struct options){0}, &failure) == STATUS_FAILED);
	CHECK(strcmp(failure.hint, "Its manifest says that it changes nothing: no bpfscript built "
				   "this object.") == 0);
	failure_clear(&failure);
	CHECK(permissions_check(&object, &(struct options){.allow_run = true}, &failure) ==
	      STATUS_OK);
	CHECK(!*failure.hint);
}

int main(void)
{
	char command[64];

	CHECK(mkdtemp(folder) && mkdir(at("below"), 0700) == 0 && mkdir(at("bel"), 0700) == 0);
	CHECK(symlink(at("below"), at("link")) == 0 && symlink(folder, at("below/out")) == 0);
	CHECK(symlink(at("nowhere"), at("below/dangling")) == 0);
	CHECK(symlink(at("old"), at("link_to_old")) == 0);
	below_a_folder();
	names_of_folders();
	named();
	in_this_folder();
	no_files();
	what_is_not_allowed();
	a_manifest_that_denies();
	failure_clear(&failure);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0);
	return check_result("permissions");
}
