/* Notes of USDT points, in a file that is right otherwise, and the operands of their arguments. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "binary/elf_image.h"
#include "binary/file_view.h"
#include "binary/usdt_notes.h"
#include "binary/usdt_operand.h"
#include "fuzz.h"

#define NAMES "\0.note.stapsdt\0.stapsdt.base\0.symtab\0.shstrtab\0table"
#define AT(what) offsetof(struct file, what)

/* The notes stand behind it. */
struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Shdr sections[5];
	Elf64_Sym symbols[2];
	char names[sizeof(NAMES)];
};

static void make(struct file *file, size_t size)
{
	*file = (struct file){
		.header = {.e_type = ET_EXEC,
			   .e_machine = EM_X86_64,
			   .e_phoff = AT(segment),
			   .e_phnum = 1,
			   .e_shoff = AT(sections),
			   .e_shnum = 5,
			   .e_shstrndx = 4},
		.segment = {.p_type = PT_LOAD, .p_vaddr = 0x400000, .p_filesz = 1 << 20},
		.sections = {[1] = {.sh_name = 1,
				    .sh_type = SHT_NOTE,
				    .sh_offset = sizeof(*file),
				    .sh_size = size},
			     [2] = {.sh_name = 15,
				    .sh_type = SHT_PROGBITS,
				    .sh_size = 1,
				    .sh_addr = 0x400010},
			     [3] = {.sh_name = 29,
				    .sh_type = SHT_SYMTAB,
				    .sh_offset = AT(symbols),
				    .sh_size = sizeof(file->symbols),
				    .sh_link = 4},
			     [4] = {.sh_name = 37,
				    .sh_type = SHT_STRTAB,
				    .sh_offset = AT(names),
				    .sh_size = sizeof(NAMES)}},
		.symbols = {[1] = {.st_name = 47, .st_shndx = 1, .st_value = 0x402000}},
		.names = NAMES,
	};
	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = ELFDATA2LSB;
}

static void read_arguments(const struct usdt_notes *notes, const struct usdt_note *note)
{
	uint32_t count = usdt_operand_count(note->arguments);
	struct usdt_operand operand;
	const char *text;
	int length;

	for (uint32_t i = 0; i < count && i < 16; i++)
		if (usdt_operand_read(notes, note, i, &operand, &text, &length) &&
		    operand.kind > USDT_MEMORY)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(sizeof(struct file) + size);
	char *text = fuzz_text(data, size);
	struct usdt_note note = {.provider = "p", .name = "n", .arguments = text};
	struct elf_image image;
	struct usdt_notes notes;

	if (!bytes)
		abort();
	make((struct file *)(void *)bytes, size);
	memcpy(bytes + sizeof(struct file), data, size);
	if (!elf_image_read(&image, file_view_of_bytes(bytes, sizeof(struct file) + size)))
		abort();
	usdt_notes_start(&notes, &image);
	/* The whole input is operands, too. */
	read_arguments(&notes, &note);
	for (int i = 0; i < 100 && usdt_notes_next(&notes, &note); i++)
		read_arguments(&notes, &note);
	elf_image_close(&image);
	free(bytes);
	free(text);
	return 0;
}
