/* Names by files that were kept: programs, saved maps and tables of the kernel, folders of build
 * ids. */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/failure.h"
#include "binary/mapped_file.h"
#include "binary/proc_maps.h"
#include "check.h"
#include "symbols/named_files.h"
#include "symbols/saved_symbols.h"
#include "symbols/symbols.h"

__attribute__((noinline)) int bpfload_test_landmark(int value)
{
	return value * 7 + 3;
}

#define LANDMARK ((uint64_t)(uintptr_t)bpfload_test_landmark)

/* This program: where it is, its build id, and the landmark's place in the file and in its space.
 */
static char own_path[4096];
static uint8_t id[64];
static uint32_t id_size;
static uint64_t own_offset, own_address;
static char folder[] = "/tmp/bpfload-test-XXXXXX";

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (CHECK(file != NULL)) {
		fputs(text, file);
		fclose(file);
	}
}

static const char *in_folder(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void learn_of_ourselves(void)
{
	struct mapped_file file = {0};
	const struct proc_mapping *mapping;
	struct proc_maps maps;
	ssize_t length = readlink("/proc/self/exe", own_path, sizeof(own_path) - 1);
	const uint8_t *found;

	CHECK(length > 0 && proc_maps_read(&maps, "/proc/self/maps"));
	mapping = proc_maps_find(&maps, LANDMARK);
	own_offset = LANDMARK - mapping->start + mapping->offset;
	proc_maps_free(&maps);
	CHECK(mapped_file_open(&file, own_path));
	found = elf_image_build_id(&file.image, &id_size);
	if (CHECK(found && id_size > 2 && id_size <= sizeof(id)))
		memcpy(id, found, id_size);
	CHECK(elf_symbols_address(mapped_file_symbols(&file), own_offset, &own_address));
	mapped_file_close(&file);
}

static bool is_landmark(const struct symbol *symbol, uint64_t offset)
{
	return symbol->name && strcmp(symbol->name, "bpfload_test_landmark") == 0 &&
	       symbol->offset == offset;
}

static bool name_place(struct named_files *files, struct named_place place)
{
	struct symbol symbol = {.module = "kept"};
	bool found;

	if (!place.build_id) {
		place.build_id = id;
		place.build_id_size = id_size;
	}
	found = named_files_symbol(files, &place, &symbol);
	CHECK(symbol.module && strcmp(symbol.module, "kept") == 0);
	return found && is_landmark(&symbol, 2);
}

/* Each of the places in which a folder may have it. */
static void test_build_ids(void)
{
	static const char *const ends[] = {".debug", "/debuginfo", "", "/executable"};
	char digits[2 * sizeof(id) + 1], path[512], folders[1024];
	uint8_t other[sizeof(id)], most[65] = {0};

	for (uint32_t i = 0; i < id_size; i++)
		snprintf(digits + 2 * i, 3, "%02x", id[i]);
	snprintf(folders, sizeof(folders), "/none/there:%s", folder);
	memcpy(other, id, sizeof(id));
	other[id_size - 1] ^= 1;
	for (size_t i = 0; i < 4; i++) {
		struct named_files files = {.folders = folders, .readable = true};
		const struct named_place by_offset = {.offset = own_offset + 2};
		struct named_place unknown = by_offset;

		CHECK(!name_place(&files, by_offset));
		named_files_free(&files);
		if (i % 2 == 0) {
			mkdir(in_folder(".build-id"), 0755);
			snprintf(path, sizeof(path), "%s/.build-id/%.2s", folder, digits);
			mkdir(path, 0755);
			snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s%s", folder, digits,
				 digits + 2, ends[i]);
		} else {
			mkdir(in_folder(digits), 0755);
			snprintf(path, sizeof(path), "%s/%s%s", folder, digits, ends[i]);
		}
		CHECK(symlink(own_path, path) == 0);
		CHECK(name_place(&files, by_offset));
		/* It is kept. */
		unlink(path);
		CHECK(name_place(&files, by_offset));
		CHECK(name_place(&files, (struct named_place){.address = own_address + 2,
							      .has_address = true}));
		CHECK(!name_place(&files, (struct named_place){.offset = UINT64_MAX}));
		/* Ids that there are not, and such as nothing has. */
		unknown.build_id = other;
		unknown.build_id_size = id_size;
		CHECK(!name_place(&files, unknown));
		unknown.build_id = id;
		unknown.build_id_size = id_size - 1;
		CHECK(!name_place(&files, unknown));
		unknown.build_id_size = 0;
		CHECK(!name_place(&files, unknown));
		unknown.build_id = most;
		unknown.build_id_size = sizeof(most) - 1;
		CHECK(!name_place(&files, unknown));
		CHECK(files.by_id.count == 4);
		unknown.build_id_size = sizeof(most);
		CHECK(!name_place(&files, unknown));
		CHECK(files.by_id.count == 4);
		named_files_free(&files);
		if (i % 2) {
			rmdir(in_folder(digits));
		} else {
			snprintf(path, sizeof(path), "%s/.build-id/%.2s", folder, digits);
			rmdir(path);
			rmdir(in_folder(".build-id"));
		}
	}
}

/* A file under an id that it does not have names nothing, and is let go before the next is opened.
 */
static void test_a_file_of_another_id(void)
{
	char twice[2 * sizeof(folder) + 1];
	struct named_files files = {.folders = twice};
	uint8_t other[] = {0xab, 0xcd, 0xef};
	char path[512];

	snprintf(twice, sizeof(twice), "%s:%s", folder, folder);
	mkdir(in_folder("abcdef"), 0755);
	snprintf(path, sizeof(path), "%s/abcdef/executable", folder);
	CHECK(symlink(own_path, path) == 0);
	CHECK(!name_place(&files, (struct named_place){.build_id = other,
						       .build_id_size = sizeof(other),
						       .offset = own_offset + 2}));
	named_files_free(&files);
	unlink(path);
	rmdir(in_folder("abcdef"));
}

/* So many are known at once, and not more. */
static void test_many_ids(void)
{
	struct named_files files = {.folders = folder};

	for (uint32_t i = 0; i < 1000; i++) {
		CHECK(!name_place(&files, (struct named_place){.build_id = (const uint8_t *)&i,
							       .build_id_size = sizeof(i)}));
		CHECK(files.by_id.count == i % 512 + 1);
	}
	named_files_free(&files);
}

static struct failure failure;
static struct saved_symbols *symbols;

static int open_files(struct saved_files files)
{
	failure_clear(&failure);
	return saved_symbols_open(&symbols, &files, &failure);
}

static void refuses(struct saved_files files, const char *path, const char *why)
{
	if (!CHECK(open_files(files) == STATUS_FAILED) || !CHECK(strcmp(failure.text, why) == 0) ||
	    !CHECK(strcmp(failure.file, path) == 0))
		fprintf(stderr, "  %s: %s\n", failure.file, failure.text);
	saved_symbols_free(symbols);
}

static void test_a_program(void)
{
	const char *const programs[] = {own_path, own_path};
	struct symbol symbol;

	CHECK(open_files((struct saved_files){.programs = programs, .program_count = 1}) ==
	      STATUS_OK);
	CHECK(saved_symbols_address(symbols, own_address + 1, false, &symbol));
	CHECK(is_landmark(&symbol, 1) && strcmp(symbol.module, own_path) == 0);
	/* What is no code of it: its first bytes, and what lies behind its end. */
	CHECK(!saved_symbols_address(symbols, 0, false, &symbol));
	CHECK(!saved_symbols_address(symbols, 1ull << 62, false, &symbol) && !symbol.module);
	/* Of the kernel nothing is known. */
	CHECK(!saved_symbols_address(symbols, 1ull << 63, false, &symbol));
	CHECK(saved_symbols_place(symbols, id, id_size, own_offset + 3, true, &symbol));
	CHECK(is_landmark(&symbol, 3));
	id[0] ^= 1;
	CHECK(!saved_symbols_place(symbols, id, id_size, own_offset + 3, true, &symbol));
	id[0] ^= 1;
	CHECK(!saved_symbols_place(symbols, id, id_size - 1, own_offset + 3, true, &symbol));
	saved_symbols_free(symbols);
	/* Of two nobody knows which. */
	CHECK(open_files((struct saved_files){.programs = programs, .program_count = 2}) ==
	      STATUS_OK);
	CHECK(!saved_symbols_address(symbols, own_address, false, &symbol));
	saved_symbols_free(symbols);
	saved_symbols_free(NULL);
}

static void test_maps(void)
{
	const char *const programs[] = {own_path};
	char text[16384], path[512];
	struct symbol symbol;
	struct stat about;

	snprintf(path, sizeof(path), "%s", in_folder("maps"));
	CHECK(stat(own_path, &about) == 0);
	/* The file at its path here, with the number that it has; with another; given by its name.
	 */
	snprintf(text, sizeof(text),
		 "10000000-20000000 r-xp 00000000 %02x:%02x %lu   %s\n"
		 "20000000-30000000 r-xp 00000000 00:00 0 \n"
		 "30000000-40000000 r-xp 00001000 %02x:%02x %lu   %s (deleted)\n",
		 major(about.st_dev), minor(about.st_dev), (unsigned long)about.st_ino, own_path,
		 0u, 0u, 5ul, own_path);
	write_text(path, text);
	CHECK(open_files((struct saved_files){.maps = path}) == STATUS_OK);
	CHECK(saved_symbols_address(symbols, 0x10000000 + own_offset + 1, false, &symbol));
	CHECK(is_landmark(&symbol, 1) && strcmp(symbol.module, own_path) == 0);
	CHECK(!saved_symbols_address(symbols, 0x20000000 + own_offset, false, &symbol));
	CHECK(!symbol.module);
	/* One that was replaced there is not the one that stands there. */
	CHECK(!saved_symbols_address(symbols, 0x30000000 - 0x1000 + own_offset, false, &symbol));
	CHECK(!saved_symbols_address(symbols, 0x50000000, false, &symbol));
	CHECK(!saved_symbols_other_file(symbols));
	saved_symbols_free(symbols);

	snprintf(text, sizeof(text), "10000000-20000000 r-xp 00000000 %02x:%02x %lu   %s\n",
		 major(about.st_dev), minor(about.st_dev), (unsigned long)about.st_ino + 1,
		 own_path);
	write_text(path, text);
	CHECK(open_files((struct saved_files){.maps = path}) == STATUS_OK);
	CHECK(!saved_symbols_address(symbols, 0x10000000 + own_offset + 1, false, &symbol));
	CHECK(strcmp(saved_symbols_other_file(symbols), own_path) == 0);
	CHECK(!saved_symbols_other_file(symbols));
	saved_symbols_free(symbols);

	snprintf(text, sizeof(text), "10000000-20000000 r-xp 00001000 08:01 77   /elsewhere/%s\n",
		 strrchr(own_path, '/') + 1);
	write_text(path, text);
	CHECK(open_files((struct saved_files){
		      .maps = path, .programs = programs, .program_count = 1}) == STATUS_OK);
	CHECK(saved_symbols_address(symbols, 0x10000000 - 0x1000 + own_offset + 1, false, &symbol));
	CHECK(is_landmark(&symbol, 1) && strstr(symbol.module, "/elsewhere/"));
	/* The program's own addresses are none of the process's. */
	CHECK(!saved_symbols_address(symbols, own_address, false, &symbol));
	saved_symbols_free(symbols);

	write_text(path, "nothing\n");
	refuses((struct saved_files){.maps = path}, path,
		"it has no mapping of code, as a copy of /proc/PID/maps has");
	unlink(path);
	refuses((struct saved_files){.maps = path}, path,
		"cannot read it: No such file or directory");
}

static void test_kernels(void)
{
	char path[512];
	struct symbol symbol;

	snprintf(path, sizeof(path), "%s", in_folder("kallsyms"));
	write_text(path, "0000000000000100 A per_cpu\nffffffff81000000 T _text\n"
			 "ffffffff81000200 T start_kernel\nffffffffa0000000 t inner\t[mod]\n");
	CHECK(open_files((struct saved_files){.kallsyms = path}) == STATUS_OK);
	CHECK(saved_symbols_address(symbols, 0xffffffff81000210, false, &symbol));
	CHECK(strcmp(symbol.name, "start_kernel") == 0 && symbol.offset == 16 && !symbol.module);
	CHECK(saved_symbols_address(symbols, 0xffffffffa0000000, false, &symbol));
	CHECK(strcmp(symbol.name, "inner") == 0 && strcmp(symbol.module, "mod") == 0);
	CHECK(!saved_symbols_address(symbols, 0x101, false, &symbol));
	saved_symbols_free(symbols);
	/* A kernel that began elsewhere. */
	CHECK(open_files((struct saved_files){.kallsyms = path,
					      .kernel_base = 0xffffffff91000000}) == STATUS_OK);
	CHECK(saved_symbols_address(symbols, 0xffffffff91000210, false, &symbol));
	CHECK(strcmp(symbol.name, "start_kernel") == 0 && symbol.offset == 16);
	saved_symbols_free(symbols);
	/* As it is without root. */
	write_text(path, "0000000000000000 T _text\n0000000000000000 T start_kernel\n");
	refuses((struct saved_files){.kallsyms = path}, path, "it has no addresses of a kernel");
	CHECK(strcmp(failure.hint, "Save /proc/kallsyms as root, or take a System.map.") == 0);
	unlink(path);
	refuses((struct saved_files){.kallsyms = path}, path,
		"cannot read it: No such file or directory");
	CHECK(saved_symbols_is_kernel(1ull << 63) && !saved_symbols_is_kernel((1ull << 63) - 1));
}

static void test_programs_that_are_none(void)
{
	char path[512];
	const char *const programs[] = {own_path, path};
	const struct saved_files files = {.programs = programs, .program_count = 2};

	snprintf(path, sizeof(path), "%s", in_folder("text"));
	write_text(path, "no program\n");
	refuses(files, path, "it cannot be read as a program: it is no ELF file of 64 bits");
	unlink(path);
	refuses(files, path, "it cannot be read as a program: No such file or directory");
}

int main(void)
{
	CHECK(bpfload_test_landmark(1) == 10 && mkdtemp(folder));
	learn_of_ourselves();
	test_build_ids();
	test_a_file_of_another_id();
	test_many_ids();
	test_a_program();
	test_maps();
	test_kernels();
	test_programs_that_are_none();
	rmdir(folder);
	failure_clear(&failure);
	return check_result("saved_symbols");
}
