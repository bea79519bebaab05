/* Files that this process has mapped, made by the test: which of them are one, which are let go
 * when there is no room, and how their functions are called. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "binary/budget.h"
#include "binary/file_view.h"
#include "binary/files.h"
#include "binary/mapped_file.h"
#include "check.h"
#include "folder.h"
#include "made_elf.h"

#define FILES 4
#define MANGLED "_ZN5space8functionEi"
/* Addresses of its functions. */
#define PLAIN (MADE_BASE + 0x10)
#define OTHER (MADE_BASE + 0x20)

static struct proc_maps maps;
static const struct proc_mapping *mappings[FILES];
static void *memory[FILES];

/* A file with two functions, mapped as code. */
static void map_file(int index)
{
	static const char strings[] = "\0plain\0" MANGLED;
	const Elf64_Sym symbols[] = {
		{0},
		{.st_name = 1,
		 .st_info = STT_FUNC,
		 .st_shndx = 1,
		 .st_value = PLAIN,
		 .st_size = 16},
		{.st_name = 7,
		 .st_info = STT_FUNC,
		 .st_shndx = 1,
		 .st_value = OTHER,
		 .st_size = 16},
	};
	char name[16];
	struct made_elf made;
	int fd;

	snprintf(name, sizeof(name), "file%d", index);
	made_begin(&made, EM_X86_64);
	made_section(&made, ".strtab", SHT_STRTAB, 0, strings, sizeof(strings));
	made_section(&made, ".symtab", SHT_SYMTAB, 0, symbols, sizeof(symbols));
	made.sections[2].sh_link = 1;
	made_put(&made, name);
	made_free(&made);
	fd = open(at(name), O_RDONLY | O_CLOEXEC);
	memory[index] = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	CHECK(fd >= 0 && memory[index] != MAP_FAILED);
	close(fd);
}

static void map_files(void)
{
	for (int i = 0; i < FILES; i++)
		map_file(i);
	CHECK(proc_maps_read(&maps, "/proc/self/maps"));
	for (int i = 0; i < FILES; i++) {
		mappings[i] = proc_maps_find(&maps, (uint64_t)(uintptr_t)memory[i]);
		CHECK(mappings[i] && mappings[i]->inode);
	}
}

static uint32_t pid(void)
{
	return (uint32_t)getpid();
}

static struct mapped_file *get(struct mapped_files *files, int index)
{
	return mapped_files_get(files, pid(), mappings[index]);
}

static void use(struct mapped_files *files, struct mapped_file *file, int index)
{
	mapped_files_use(files, file, pid(), mappings[index]);
}

static bool is_named(struct mapped_file *file, uint64_t address, bool readable,
		     const char *expected)
{
	const struct code_source source = {
		.image = &file->image, .path = "/none", .readable = readable};
	const struct elf_function *function;
	const char *name = mapped_file_function(file, address, &source, &function);

	return expected ? name && function && strcmp(name, expected) == 0 : !name && !function;
}

static void functions_are_called_as_people_read_them(void)
{
	struct mapped_files files = {0};
	struct mapped_file *file = get(&files, 0);

	CHECK(is_named(file, PLAIN, true, "plain") && is_named(file, PLAIN + 15, false, "plain"));
	CHECK(is_named(file, OTHER, false, MANGLED) &&
	      is_named(file, OTHER + 1, true, "space::function(int)"));
	/* Each time that it is asked for. */
	CHECK(is_named(file, OTHER, true, "space::function(int)") &&
	      is_named(file, OTHER, false, MANGLED) && is_named(file, PLAIN, true, "plain"));
	CHECK(is_named(file, PLAIN - 1, true, NULL) && is_named(file, OTHER + 16, true, NULL));
	mapped_files_free(&files);
	CHECK(!files.oldest && !files.newest && budget_held() == 0);
}

/* A file is one by its device and inode, wherever it is mapped; other devices have the same
 * numbers, too. */
static void files_are_told_apart(void)
{
	struct proc_mapping moved = *mappings[0], minor = *mappings[0], major = *mappings[0];
	struct mapped_files files = {0};
	struct mapped_file *file = get(&files, 0), *others[2];

	moved.start += 1 << 20;
	moved.end += 2 << 20;
	minor.device_minor++;
	major.device_major++;
	CHECK(file && mapped_files_get(&files, pid(), &moved) == file && get(&files, 0) == file);
	others[0] = mapped_files_get(&files, pid(), &minor);
	others[1] = mapped_files_get(&files, pid(), &major);
	CHECK(others[0] != file && others[1] != file && others[0] != others[1]);
	CHECK(mapped_files_get(&files, pid(), &minor) == others[0] &&
	      mapped_files_get(&files, pid(), &major) == others[1] && get(&files, 0) == file);
	CHECK(get(&files, 1) != file);
	moved.inode = 0;
	CHECK(!mapped_files_get(&files, pid(), &moved));
	mapped_files_free(&files);
}

/* The kernel's own code is one for all that have as much of it. */
static void the_code_of_the_kernel(void)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);
	const struct proc_mapping *own = proc_maps_find(&maps, start);
	struct proc_mapping other, longer;
	struct mapped_files files = {0};
	struct mapped_file *file;

	if (!CHECK(start && own && strcmp(own->path, "[vdso]") == 0))
		return;
	other = longer = *own;
	other.start += 4096;
	other.end += 4096;
	longer.end += 4096;
	file = mapped_files_get(&files, pid(), own);
	CHECK(file && file->vdso && file->image.view && files.newest == file);
	CHECK(mapped_files_get(&files, pid(), &other) == file);
	CHECK(mapped_files_get(&files, pid(), &longer) != file);
	mapped_files_free(&files);
	/* As much as nobody's is not read, nor is what is no image. */
	longer.end = longer.start + (1 << 20) + 4096;
	file = mapped_files_get(&files, pid(), &longer);
	CHECK(file && !file->vdso && !file->image.view);
	other = *own;
	other.start = (uint64_t)(uintptr_t) "no image at all";
	other.end = other.start + 8;
	file = mapped_files_get(&files, pid(), &other);
	CHECK(file && !file->vdso && !file->image.view && !files.newest);
	mapped_files_free(&files);
	/* Of a process that has gone, ours is the same: where the kernel told of it, and it had 64
	 * bits. */
	for (int is_told = 0; is_told < 2; is_told++) {
		for (int is_wide = 0; is_wide < 2; is_wide++) {
			other = *own;
			other.told_at = (uint64_t)is_told;
			other.start = is_wide ? own->start : 0xf7fc0000;
			other.end = other.start + (own->end - own->start);
			file = mapped_files_get(&files, 0x7ffffff0, &other);
			CHECK(file && !file->image.view == !(is_told && is_wide));
			mapped_files_free(&files);
		}
	}
}

/* Those that were used longest ago go first, and come back when they are used. */
static void without_memory_the_oldest_go(void)
{
	struct mapped_files files = {0};
	struct mapped_file *all[FILES];
	uint64_t one;

	for (int i = 0; i < 3; i++) {
		all[i] = get(&files, i);
		CHECK(is_named(all[i], PLAIN, false, "plain"));
	}
	CHECK(files.descriptors == 3 && files.oldest == all[0] && files.newest == all[2]);
	use(&files, all[1], 1);
	use(&files, all[1], 1);
	use(&files, all[0], 0);
	CHECK(files.oldest == all[2] && files.oldest->newer == all[1] && all[1]->older == all[2] &&
	      files.newest == all[0] && !files.newest->newer);
	one = budget_held() / 3;
	/* Of three of a size, one has to go. */
	budget_limit(1 << 20, 3 * one);
	all[3] = get(&files, 3);
	CHECK(!all[2]->image.view && all[1]->image.view && all[0]->image.view &&
	      all[3]->image.view);
	CHECK(files.descriptors == 3 && files.oldest == all[1] && !all[1]->older);
	CHECK(is_named(all[2], PLAIN, false, NULL) && is_named(all[1], PLAIN, false, "plain"));
	/* Back again, in place of the one that is the oldest now, but not for ever. */
	budget_limit(1 << 20, 1 << 20);
	use(&files, all[2], 2);
	CHECK(all[2]->openings == 2 && files.newest == all[2] &&
	      is_named(all[2], PLAIN, false, "plain"));
	for (uint32_t openings = 3; openings < 6; openings++) {
		const struct proc_mapping nowhere = {.path = "/none", .inode = openings};

		/* All go, but who asks for room has none. */
		budget_limit(1 << 20, 1);
		mapped_files_get(&files, pid(), &nowhere);
		CHECK(!all[2]->image.view && !files.oldest && !files.newest && !files.descriptors);
		budget_limit(1 << 20, 1 << 20);
		use(&files, all[2], 2);
		CHECK(openings == 5 ? !all[2]->image.view && all[2]->openings == 4
				    : all[2]->image.view && all[2]->openings == openings);
	}
	mapped_files_free(&files);
	budget_limit(256 << 20, 512 << 20);
	CHECK(budget_held() == 0);
}

/* The older half closes its descriptors, and stays as it was read. */
static void without_descriptors_the_older_half_closes(void)
{
	const struct rlimit few = {.rlim_cur = 64, .rlim_max = 0};
	struct rlimit before, limit = few;
	struct mapped_files files = {0};
	struct mapped_file *all[2];

	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	limit.rlim_max = before.rlim_max;
	all[0] = get(&files, 0);
	all[1] = get(&files, 1);
	CHECK(is_named(all[0], PLAIN, false, "plain"));
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	files.descriptors = 15;
	(void)get(&files, 2);
	CHECK(files.descriptors == 16 && all[0]->image.view->fd >= 0);
	(void)get(&files, 3);
	/* All three that there are, for eight that are said to be too many. */
	CHECK(all[0]->image.view->fd < 0 && all[1]->image.view->fd < 0);
	CHECK(files.descriptors == 16 - 3 + 1);
	CHECK(is_named(all[0], OTHER, false, MANGLED));
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	files.descriptors = 1;
	mapped_files_free(&files);
	CHECK(files.descriptors == 0);
}

/* The number of a file that was deleted may be another's by the time that it is opened. */
static void a_file_of_later_is_another(void)
{
	struct proc_mapping told = *mappings[0];
	struct mapped_files files = {0};
	struct mapped_file *file = get(&files, 0);

	CHECK(file->changed_at > 0 && mapped_file_is_of(file, &told));
	told.told_at = file->changed_at;
	CHECK(!mapped_file_is_of(file, &told));
	/* By more than a tick of the clock that files are marked with. */
	told.told_at = file->changed_at + 1000000000;
	CHECK(mapped_file_is_of(file, &told));
	told.told_at = file->changed_at - 1000000000;
	CHECK(!mapped_file_is_of(file, &told));
	file->changed_at = 0;
	CHECK(mapped_file_is_of(file, &told));
	mapped_files_free(&files);
}

/* Who may not look into a process is told that; who finds nothing there is not. */
static void processes_of_others(void)
{
	const struct proc_mapping nowhere = {.path = "/none", .inode = 5};
	struct mapped_files files = {0};
	int status = 0;
	pid_t child;

	CHECK(mapped_files_get(&files, pid(), &nowhere) && !files.were_denied);
	mapped_files_free(&files);
	if (geteuid() != 0)
		return;
	child = fork();
	if (child == 0) {
		if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
			_exit(1);
		(void)mapped_files_get(&files, (uint32_t)getppid(), &nowhere);
		_exit(files.were_denied ? 0 : 2);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool opens(uint32_t process, const struct proc_mapping *mapping)
{
	int fd = proc_mapping_open(process, mapping);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Of a process that has gone, if the kernel told of its mapping, the file that stands here now is
 * the one, as far as its numbers say. */
static void files_of_processes_that_have_gone(void)
{
	const uint32_t gone = 0x7ffffff0;
	struct proc_mapping told = *mappings[0], other;
	char path[128];

	snprintf(path, sizeof(path), "%s", at("file0"));
	CHECK(!opens(gone, &told));
	told.told_at = 1;
	told.path = path;
	CHECK(opens(gone, &told));
	other = told;
	other.inode++;
	CHECK(!opens(gone, &other));
	other = told;
	other.deleted = true;
	CHECK(!opens(gone, &other));
	other = told;
	other.path = "/none";
	CHECK(!opens(gone, &other));
	/* One that lives is asked itself, by its mapping or by its own root. */
	CHECK(opens(pid(), mappings[0]));
	other = *mappings[0];
	other.start += 1;
	CHECK(opens(pid(), &other));
	other.inode++;
	CHECK(!opens(pid(), &other));
	other.told_at = 1;
	CHECK(!opens(pid(), &other));
	other = *mappings[0];
	other.start += 1;
	other.path = "file0";
	CHECK(!opens(pid(), &other));
}

/* What a process runs code of: each file once, behind memory of no file, too; one that has lost its
 * name by way of its mapping. */
static void files_that_are_mapped(void)
{
	void *low = mmap((void *)0x200000, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct arena arena = {0};
	struct binary_files found = {.arena = &arena};
	struct mapped_file opened;
	uint32_t seen = 0;

	CHECK(low != MAP_FAILED);
	CHECK(unlink(at("file3")) == 0);
	put_file("file3", "another");
	CHECK(binary_files_mapped(&found, pid()));
	for (size_t i = 0; i < found.count; i++) {
		const struct binary_file *file = &found.files[i];

		CHECK(file->shown[0] == '/');
		if (strcmp(file->shown, at("file3")) == 0) {
			CHECK(mapped_file_open(&opened, file->path));
			mapped_file_close(&opened);
			seen += 10;
		} else if (strncmp(file->shown, folder, strlen(folder)) == 0) {
			seen++;
		}
	}
	/* Who may not follow it has the others. */
	CHECK(seen == (geteuid() == 0 ? 13 : 3));
	CHECK(!binary_files_mapped(&found, 0x7ffffff0));
	arena_free(&arena);
	munmap(low, 4096);
}

static void remove_files(void)
{
	for (int i = 0; i < FILES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "file%d", i);
		munmap(memory[i], 4096);
		unlink(at(name));
	}
	proc_maps_free(&maps);
	CHECK(rmdir(folder) == 0);
}

int main(void)
{
	CHECK(mkdtemp(folder));
	map_files();
	functions_are_called_as_people_read_them();
	files_are_told_apart();
	the_code_of_the_kernel();
	without_memory_the_oldest_go();
	without_descriptors_the_older_half_closes();
	a_file_of_later_is_another();
	processes_of_others();
	files_of_processes_that_have_gone();
	files_that_are_mapped();
	remove_files();
	return check_result("mapped files");
}
