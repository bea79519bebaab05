/* Notes of USDT points, their operands, and files that lie about both. */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "binary/elf_image.h"
#include "binary/file_view.h"
#include "binary/usdt_notes.h"
#include "binary/usdt_operand.h"
#include "check.h"

#define ADDRESS 0x401000
#define NAMES "\0.note.stapsdt\0.stapsdt.base\0.symtab\0.shstrtab\0table"

/* A file with one segment that maps all of it at 0x400000, and one note. */
struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Shdr sections[5];
	Elf64_Sym symbols[2];
	char names[64];
	struct {
		Elf64_Nhdr header;
		char owner[8];
		uint64_t address, base, semaphore;
		char texts[64];
	} __attribute__((packed)) note;
	uint8_t room[8192];
};

static void section(struct file *file, uint32_t index, const char *name, uint32_t type,
		    size_t offset, size_t size)
{
	Elf64_Shdr *header = &file->sections[index];

	for (uint32_t at = 0; at < sizeof(NAMES); at++)
		if (strcmp(NAMES + at, name) == 0)
			header->sh_name = at;
	header->sh_type = type;
	header->sh_offset = offset;
	header->sh_size = size;
	header->sh_link = 4;
}

static void make(struct file *file)
{
	static const char texts[] = "app\0point\0-4@%eax 8@-20(%rbp)";

	memset(file, 0, sizeof(*file));
	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = ELFDATA2LSB;
	file->header.e_type = ET_EXEC;
	file->header.e_machine = EM_X86_64;
	file->header.e_phoff = offsetof(struct file, segment);
	file->header.e_phnum = 1;
	file->header.e_shoff = offsetof(struct file, sections);
	file->header.e_shnum = 5;
	file->header.e_shstrndx = 4;
	file->segment =
		(Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = 0x400000, .p_filesz = sizeof(*file)};
	memcpy(file->names, NAMES, sizeof(NAMES));
	section(file, 1, ".note.stapsdt", SHT_NOTE, offsetof(struct file, note),
		sizeof(file->note));
	section(file, 2, ".stapsdt.base", SHT_PROGBITS, 0, 1);
	file->sections[2].sh_addr = 0x400010;
	section(file, 3, ".symtab", SHT_SYMTAB, offsetof(struct file, symbols),
		sizeof(file->symbols));
	section(file, 4, ".shstrtab", SHT_STRTAB, offsetof(struct file, names), sizeof(NAMES));
	for (uint32_t at = 0; at < sizeof(NAMES); at++)
		if (strcmp(NAMES + at, "table") == 0)
			file->symbols[1].st_name = at;
	file->symbols[1].st_shndx = 1;
	file->symbols[1].st_value = 0x402000;
	file->note.header = (Elf64_Nhdr){8, 3 * 8 + sizeof(file->note.texts), 3};
	memcpy(file->note.owner, "stapsdt", 8);
	file->note.address = ADDRESS;
	file->note.base = 0x400010;
	memcpy(file->note.texts, texts, sizeof(texts));
}

/* The file that is looked at, in memory. */
static struct elf_image image;

static bool start(struct usdt_notes *notes, const void *bytes, size_t size)
{
	elf_image_close(&image);
	if (!elf_image_read(&image, file_view_of_bytes(bytes, size)))
		return false;
	usdt_notes_start(notes, &image);
	return true;
}

static void test_notes(struct file *file)
{
	struct usdt_notes notes;
	struct usdt_note note;

	make(file);
	CHECK(start(&notes, file, sizeof(*file)));
	if (CHECK(usdt_notes_next(&notes, &note))) {
		CHECK(strcmp(note.provider, "app") == 0 && strcmp(note.name, "point") == 0);
		CHECK(strcmp(note.arguments, "-4@%eax 8@-20(%rbp)") == 0);
		CHECK(note.address == ADDRESS && note.offset == 0x1000 && note.semaphore == 0);
	}
	CHECK(!usdt_notes_next(&notes, &note) && !notes.damaged);

	/* Moved by prelink: by as much as the base. */
	file->sections[2].sh_addr += 0x100;
	file->note.semaphore = 0x400200;
	CHECK(start(&notes, file, sizeof(*file)));
	CHECK(usdt_notes_next(&notes, &note) && note.offset == 0x1100 && note.semaphore == 0x300);
}

/* Whether the file gives no note, and is said to be damaged. */
static bool is_damaged(const struct file *file)
{
	struct usdt_notes notes;
	struct usdt_note note;

	return start(&notes, file, sizeof(*file)) && !usdt_notes_next(&notes, &note) &&
	       notes.damaged;
}

static void test_damage(struct file *file)
{
	struct usdt_notes notes;
	struct usdt_note note;

	CHECK(!start(&notes, file, sizeof(Elf64_Ehdr) - 1));
	CHECK(!start(&notes, "not an ELF file", 15));
	make(file), file->note.header.n_descsz = 0xfffffffd;
	CHECK(is_damaged(file));
	make(file), file->note.header.n_descsz = 23;
	CHECK(is_damaged(file));
	make(file), file->note.header.n_namesz = 0xffffffff;
	CHECK(is_damaged(file));
	make(file), file->note.address = 0x900000;
	CHECK(is_damaged(file));
	make(file), file->note.semaphore = 0x900000;
	CHECK(is_damaged(file));
	make(file), memset(file->note.texts, 'x', sizeof(file->note.texts));
	CHECK(is_damaged(file));
	make(file), file->sections[1].sh_offset = UINT64_MAX - 4;
	CHECK(is_damaged(file));
	make(file), file->segment.p_offset = UINT64_MAX - 0x100;
	CHECK(is_damaged(file));

	/* Any byte of the structures can be anything: nothing is read beyond the file. */
	for (size_t at = 0; at < offsetof(struct file, room); at++) {
		struct usdt_operand operand;
		const char *text;
		int length;
		uint64_t address;

		make(file);
		((uint8_t *)file)[at] ^= 0xff;
		if (!start(&notes, file, sizeof(*file)))
			continue;
		while (usdt_notes_next(&notes, &note)) {
			uint32_t count = usdt_operand_count(note.arguments);

			for (uint32_t i = 0; i < count; i++)
				usdt_operand_read(&notes, &note, i, &operand, &text, &length);
		}
		usdt_notes_symbol(&notes, "table", 5, &address);
	}
	/* Nor when it is cut off anywhere. */
	make(file);
	for (size_t size = sizeof(Elf64_Ehdr); size < offsetof(struct file, room); size += 3) {
		uint8_t *copy = malloc(size);

		if (!CHECK(copy))
			return;
		memcpy(copy, file, size);
		if (start(&notes, copy, size))
			while (usdt_notes_next(&notes, &note))
				;
		free(copy);
	}
}

static bool read(const struct usdt_notes *notes, const char *text, struct usdt_operand *operand)
{
	struct usdt_note note = {.arguments = text, .address = ADDRESS};
	int length;

	return usdt_operand_read(notes, &note, 0, operand, &text, &length);
}

static bool is(const struct usdt_notes *notes, const char *text, struct usdt_operand wanted)
{
	struct usdt_operand operand;

	return read(notes, text, &operand) && memcmp(&operand, &wanted, sizeof(operand)) == 0;
}

#define NO USDT_NO_REGISTER

static void test_x86(const struct usdt_notes *notes)
{
	static const char *const wrong[] = {
		"8@%xmm0",
		"3@%eax",
		"4@",
		"8@%",
		"8@$",
		"8@$x",
		"8@(%rax",
		"8@(%rax,%rbx,3)",
		"8@%eaxx",
		"8@unknown(%rip)",
		"8@4(%rip)",
		"4@%r7d",
		"8@%r16",
		"8@%fs:8",
		"@%eax",
		"8@$99999999999999999999",
		"8@(%rax)x",
		"8@table(%rip,%rax)",
		"8@-table(%rip)",
		"8@table+table(%rip)",
	};
	struct usdt_operand operand;

	CHECK(is(notes, "-4@%eax", (struct usdt_operand){0, 80, NO, USDT_REGISTER, 0, 3, 1}));
	CHECK(is(notes, "1@%dh", (struct usdt_operand){0, 97, NO, USDT_REGISTER, 0, 0, 0}));
	CHECK(is(notes, "2@%r8w", (struct usdt_operand){0, 72, NO, USDT_REGISTER, 0, 1, 0}));
	CHECK(is(notes, "8@%r15", (struct usdt_operand){0, 0, NO, USDT_REGISTER, 0, 7, 0}));
	CHECK(is(notes, "%rdi", (struct usdt_operand){0, 112, NO, USDT_REGISTER, 0, 7, 0}));
	CHECK(is(notes, "4@$1", (struct usdt_operand){1, NO, NO, USDT_CONSTANT, 0, 3, 0}));
	CHECK(is(notes, "-4@$-0x10", (struct usdt_operand){-16, NO, NO, USDT_CONSTANT, 0, 3, 1}));
	CHECK(is(notes, "8@-20(%rbp)", (struct usdt_operand){-20, 32, NO, USDT_MEMORY, 0, 7, 0}));
	CHECK(is(notes, "8@(%rax,%rbx,8)", (struct usdt_operand){0, 80, 40, USDT_MEMORY, 3, 7, 0}));
	CHECK(is(notes, "8@4-8(%rax,%rbx)",
		 (struct usdt_operand){-4, 80, 40, USDT_MEMORY, 0, 7, 0}));
	CHECK(is(notes, "8@table(%rip)",
		 (struct usdt_operand){0x402000 - ADDRESS, 128, NO, USDT_MEMORY, 0, 7, 0}));
	CHECK(is(notes, "8@table+8(,%rcx,4)",
		 (struct usdt_operand){0x402008, NO, 88, USDT_MEMORY, 2, 7, 0}));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (!CHECK(!read(notes, wrong[i], &operand)))
			fprintf(stderr, "  %s\n", wrong[i]);
}

static void test_arm64(struct usdt_notes *notes)
{
	static const char *const wrong[] = {
		"8@d0", "8@x32", "8@[x0", "8@[x0, y]", "8@[x0, x1, lsl 9]", "8@[sp, 16]x", "8@[]"};
	struct usdt_operand operand;

	image.machine = EM_AARCH64;
	CHECK(is(notes, "-4@w3", (struct usdt_operand){0, 24, NO, USDT_REGISTER, 0, 3, 1}));
	CHECK(is(notes, "8@x30", (struct usdt_operand){0, 240, NO, USDT_REGISTER, 0, 7, 0}));
	CHECK(is(notes, "4@-5", (struct usdt_operand){-5, NO, NO, USDT_CONSTANT, 0, 3, 0}));
	CHECK(is(notes, "8@[sp]", (struct usdt_operand){0, 248, NO, USDT_MEMORY, 0, 7, 0}));
	CHECK(is(notes, "8@[sp, 16]", (struct usdt_operand){16, 248, NO, USDT_MEMORY, 0, 7, 0}));
	CHECK(is(notes, "8@[x29,#-8]", (struct usdt_operand){-8, 232, NO, USDT_MEMORY, 0, 7, 0}));
	CHECK(is(notes, "2@[x0, x1, lsl 3]", (struct usdt_operand){0, 0, 8, USDT_MEMORY, 3, 1, 0}));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (!CHECK(!read(notes, wrong[i], &operand)))
			fprintf(stderr, "  %s\n", wrong[i]);
	CHECK(usdt_operand_count("-4@w3 8@[sp, 16]  8@x1") == 3);
	CHECK(usdt_operand_count("") == 0 && usdt_operand_count(" ") == 0);
}

int main(void)
{
	struct file *file = malloc(sizeof(*file));
	struct usdt_notes notes;

	if (!CHECK(file))
		return check_result("usdt");
	test_notes(file);
	test_damage(file);
	make(file);
	CHECK(start(&notes, file, sizeof(*file)));
	test_x86(&notes);
	/* In memory a position-independent program is elsewhere. */
	image.type = ET_DYN;
	CHECK(!is(&notes, "8@table",
		  (struct usdt_operand){0x402000, NO, NO, USDT_MEMORY, 0, 7, 0}));
	test_arm64(&notes);
	free(file);
	elf_image_close(&image);
	return check_result("usdt");
}
