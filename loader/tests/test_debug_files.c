/* Separate debug files of programs that the test makes: where they are looked for, which of them
 * are right, and sections that are compressed. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "binary/debug_file.h"
#include "binary/file_view.h"
#include "check.h"
#include "folder.h"
#include "made_elf.h"

static const uint8_t id[] = {0xab, 0xcd, 0xef, 0x01};
static const uint8_t other_id[] = {0xab, 0xcd, 0xef, 0x02};

static void put_id(struct made_elf *made, const uint8_t *bytes)
{
	struct {
		Elf64_Nhdr header;
		char name[4];
		uint8_t id[4];
	} note = {{4, sizeof(note.id), NT_GNU_BUILD_ID}, "GNU", {0}};

	memcpy(note.id, bytes, sizeof(note.id));
	made_section(made, ".note.gnu.build-id", SHT_NOTE, SHF_ALLOC, &note, sizeof(note));
}

static void put_link(struct made_elf *made, const char *name, uint32_t crc)
{
	uint8_t bytes[64] = {0};
	size_t length = strlen(name) + 1;

	memcpy(bytes, name, length);
	length = (length + 3) & ~(size_t)3;
	memcpy(bytes + length, &crc, sizeof(crc));
	made_section(made, ".gnu_debuglink", SHT_PROGBITS, 0, bytes, length + sizeof(crc));
}

static uint32_t checksum(const char *name)
{
	struct file_view *view = file_view_open(at(name));
	uint32_t crc = 0;

	CHECK(view && file_view_checksum(view, &crc));
	file_view_close(view);
	return crc;
}

enum contents { LINES, NAMES, NEITHER };

static void put_debug_file(const char *name, enum contents contents, const uint8_t *bytes)
{
	struct made_elf made;

	made_begin(&made, EM_X86_64);
	if (bytes)
		put_id(&made, bytes);
	if (contents == LINES)
		made_section(&made, ".debug_line", SHT_PROGBITS, 0, name, strlen(name));
	else if (contents == NAMES)
		made_section(&made, ".symtab", SHT_SYMTAB, 0, name, 0);
	made_put(&made, name);
	made_free(&made);
}

/* Whether the program leads to a separate file, whose lines are that text; NULL: none. */
static bool leads_to(const char *program, const char *folders, const char *lines)
{
	struct debug_file file;
	struct elf_image image;
	bool found, same;

	if (!CHECK(elf_image_open(&image, at(program)) == ELF_IMAGE_OK))
		return false;
	found = debug_file_open(&file, &image, at(program), folders);
	same = found ? lines && file.image.view && file.line.size == strlen(lines) &&
			       memcmp(file.line.bytes, lines, file.line.size) == 0
		     : !lines;
	if (found)
		debug_file_close(&file);
	CHECK(!file.image.view && !file.line.bytes);
	elf_image_close(&image);
	return same;
}

static void put_program(const uint8_t *bytes, const char *link, uint32_t crc)
{
	struct made_elf made;

	made_begin(&made, EM_X86_64);
	if (bytes)
		put_id(&made, bytes);
	if (link)
		put_link(&made, link, crc);
	made_section(&made, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, "\xc3", 1);
	made_put(&made, "program");
	made_free(&made);
}

static void make_folders(void)
{
	static const char *const folders[] = {"one", "two", "two/.build-id", "two/.build-id/ab",
					      ".debug"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		CHECK(mkdir(at(folders[i]), 0700) == 0);
}

static void remove_all(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0);
}

/* By the id, in each of the folders that are named; empty ones are none. */
static void by_id(void)
{
	static const char name[] = "two/.build-id/ab/cdef01.debug";
	char folders[256];

	snprintf(folders, sizeof(folders), ":%s::%s", at("one"), at("two"));
	put_program(id, NULL, 0);
	CHECK(leads_to("program", folders, NULL));
	put_debug_file(name, LINES, id);
	CHECK(leads_to("program", folders, name));
	CHECK(leads_to("program", at("two"), name));
	CHECK(leads_to("program", at("one"), NULL) && leads_to("program", NULL, NULL) &&
	      leads_to("program", "", NULL));
	/* One of another program, or of none. */
	put_debug_file(name, LINES, other_id);
	CHECK(leads_to("program", folders, NULL));
	put_debug_file(name, LINES, NULL);
	CHECK(leads_to("program", folders, NULL));
	put_debug_file(name, NEITHER, id);
	CHECK(leads_to("program", folders, NULL));
	unlink(at(name));
	put_program(NULL, NULL, 0);
	CHECK(leads_to("program", folders, NULL));
}

/* Names of functions are worth a file, too; there are no lines to read in it then. */
static void names_alone(void)
{
	static const char name[] = "two/.build-id/ab/cdef01.debug";
	struct debug_file file;
	struct elf_image image;

	put_program(id, NULL, 0);
	put_debug_file(name, NAMES, id);
	CHECK(leads_to("program", at("two"), NULL));
	CHECK(elf_image_open(&image, at("program")) == ELF_IMAGE_OK);
	CHECK(debug_file_find(&file, &image, at("program"), at("two")) && file.image.view);
	CHECK(!debug_file_read_lines(&file, &image));
	debug_file_close(&file);
	elf_image_close(&image);
	unlink(at(name));
}

/* By the name that the program tells, with the checksum of the whole file: beside the program,
 * below its folder, and in the folders that are named. */
static void by_name(void)
{
	static const char *const places[] = {"told.debug", ".debug/told.debug", "one/told.debug"};
	char deep[128], name[128], one[64];

	snprintf(one, sizeof(one), "%s", at("one"));
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const char *folders = i == 2 ? one : NULL;

		put_debug_file(places[i], LINES, NULL);
		put_program(NULL, "told.debug", checksum(places[i]));
		CHECK(leads_to("program", folders, places[i]));
		CHECK(i != 2 || leads_to("program", NULL, NULL));
		put_program(NULL, "told.debug", checksum(places[i]) + 1);
		CHECK(leads_to("program", folders, NULL));
		put_program(NULL, "other.debug", checksum(places[i]));
		CHECK(leads_to("program", folders, NULL));
		unlink(at(places[i]));
	}
	/* Below the program's own folder in the one that is named. */
	snprintf(deep, sizeof(deep), "mkdir -p %s/one%s", folder, folder);
	CHECK(system(deep) == 0);
	snprintf(name, sizeof(name), "one%s/told.debug", folder);
	put_debug_file(name, LINES, NULL);
	put_program(NULL, "told.debug", checksum(name));
	CHECK(leads_to("program", at("one"), name));
}

static void names_that_are_none(void)
{
	struct made_elf made;

	put_debug_file("one/told.debug", LINES, NULL);
	/* Out of the folder. */
	put_program(NULL, "../one/told.debug", checksum("one/told.debug"));
	CHECK(leads_to("program", at("two"), NULL));
	put_program(NULL, "one/told.debug", checksum("one/told.debug"));
	CHECK(leads_to("program", NULL, NULL));
	put_program(NULL, "", checksum("one/told.debug"));
	CHECK(leads_to("program", at("one"), NULL));
	/* A name that does not end; no room for a checksum; one that is just there. */
	for (size_t size = 11; size <= 16; size++) {
		uint8_t bytes[16] = "told.debug";
		uint32_t crc = checksum("one/told.debug");

		memcpy(bytes + 12, &crc, 4);
		made_begin(&made, EM_X86_64);
		made_section(&made, ".gnu_debuglink", SHT_PROGBITS, 0, bytes, size);
		made_put(&made, "program");
		made_free(&made);
		CHECK(leads_to("program", at("one"), size == 16 ? "one/told.debug" : NULL));
	}
	made_begin(&made, EM_X86_64);
	made_section(&made, ".gnu_debuglink", SHT_PROGBITS, 0, "told.debugtold.debug", 20);
	made_put(&made, "program");
	made_free(&made);
	CHECK(leads_to("program", at("one"), NULL));
}

struct compressed {
	Elf64_Chdr header;
	uint8_t bytes[256];
};

/* A program whose lines are compressed, as that says; `cut`: bytes that are missing of them. */
static void put_compressed(uint32_t type, uint64_t size, size_t cut)
{
	static const char text[] = "lines, lines, lines, lines, lines, lines";
	struct compressed section = {.header = {.ch_type = type, .ch_size = size}};
	uLongf length = sizeof(section.bytes);
	struct made_elf made;

	CHECK(compress(section.bytes, &length, (const uint8_t *)text, sizeof(text)) == Z_OK);
	made_begin(&made, EM_X86_64);
	made_section(&made, ".debug_str", SHT_PROGBITS, 0, "plain", 5);
	made_section(&made, ".debug_line", SHT_PROGBITS, SHF_COMPRESSED, &section,
		     sizeof(section.header) + length - cut);
	made_put(&made, "program");
	made_free(&made);
}

static bool uncompresses(void)
{
	struct debug_file file;
	struct elf_image image;
	bool found;

	if (!CHECK(elf_image_open(&image, at("program")) == ELF_IMAGE_OK))
		return false;
	found = debug_file_open(&file, &image, at("program"), NULL);
	if (found) {
		/* The file's own. */
		CHECK(!file.image.view && file.line.own && file.line.bytes == file.line.own);
		CHECK(file.line.size == 41 &&
		      strcmp((const char *)file.line.bytes + 35, "lines") == 0);
		CHECK(!file.str.own && file.str.size == 5 &&
		      memcmp(file.str.bytes, "plain", 5) == 0);
		CHECK(image.view->budget.bytes > 41);
		debug_file_close(&file);
	}
	elf_image_close(&image);
	/* What was taken was given back. */
	CHECK(budget_held() == 0);
	return found;
}

static void compressed_sections(void)
{
	put_compressed(ELFCOMPRESS_ZLIB, 41, 0);
	CHECK(uncompresses());
	/* Another method, or another size than it is. */
	put_compressed(ELFCOMPRESS_ZLIB + 1, 41, 0);
	CHECK(!uncompresses());
	put_compressed(ELFCOMPRESS_ZLIB, 40, 0);
	CHECK(!uncompresses());
	put_compressed(ELFCOMPRESS_ZLIB, 42, 0);
	CHECK(!uncompresses());
	put_compressed(ELFCOMPRESS_ZLIB, 0, 0);
	CHECK(!uncompresses());
	put_compressed(ELFCOMPRESS_ZLIB, 41, 1);
	CHECK(!uncompresses());
}

int main(void)
{
	CHECK(mkdtemp(folder));
	make_folders();
	by_id();
	names_alone();
	by_name();
	names_that_are_none();
	compressed_sections();
	remove_all();
	return check_result("debug files");
}
