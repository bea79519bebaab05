/* An ELF file that a test makes: sections of these bytes, all of it in one segment of code. */
#ifndef BPFLOAD_TESTS_MADE_ELF_H
#define BPFLOAD_TESTS_MADE_ELF_H

#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "check.h"
#include "folder.h"

#define MADE_SECTIONS 16
/* The address of the file's first byte. */
#define MADE_BASE 0x400000

struct made_elf {
	struct strbuf bytes, names;
	Elf64_Ehdr header;
	Elf64_Shdr sections[MADE_SECTIONS];
};

static inline void made_begin(struct made_elf *made, uint16_t machine)
{
	*made = (struct made_elf){0};
	memcpy(made->header.e_ident, ELFMAG, SELFMAG);
	made->header.e_ident[EI_CLASS] = ELFCLASS64;
	made->header.e_ident[EI_DATA] = ELFDATA2LSB;
	made->header.e_ident[EI_VERSION] = EV_CURRENT;
	made->header.e_type = ET_EXEC;
	made->header.e_machine = machine;
	made->header.e_version = EV_CURRENT;
	made->header.e_ehsize = sizeof(Elf64_Ehdr);
	made->header.e_phentsize = sizeof(Elf64_Phdr);
	made->header.e_shentsize = sizeof(Elf64_Shdr);
	made->header.e_phoff = sizeof(Elf64_Ehdr);
	made->header.e_phnum = 1;
	made->header.e_shnum = 1;
	strbuf_fill(&made->bytes, 0, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr));
	strbuf_char(&made->names, 0);
}

/* The index of a new section, whose address is that of its place in the file. */
static inline uint16_t made_section(struct made_elf *made, const char *name, uint32_t type,
				    uint64_t flags, const void *bytes, size_t size)
{
	Elf64_Shdr *section = &made->sections[made->header.e_shnum];

	strbuf_fill(&made->bytes, 0, -made->bytes.length & 7);
	*section = (Elf64_Shdr){.sh_name = (uint32_t)made->names.length,
				.sh_type = type,
				.sh_flags = flags,
				.sh_addr = MADE_BASE + made->bytes.length,
				.sh_offset = made->bytes.length,
				.sh_size = size};
	strbuf_put(&made->names, name, strlen(name) + 1);
	strbuf_put(&made->bytes, bytes, size);
	return made->header.e_shnum++;
}

/* Ends it: nothing can be added any more. */
static inline void made_end(struct made_elf *made)
{
	Elf64_Phdr segment = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = MADE_BASE};

	made->header.e_shstrndx = made_section(made, ".shstrtab", SHT_STRTAB, 0, "", 0);
	made->sections[made->header.e_shstrndx].sh_size = made->names.length;
	strbuf_put(&made->bytes, made->names.data, made->names.length);
	strbuf_fill(&made->bytes, 0, -made->bytes.length & 7);
	made->header.e_shoff = made->bytes.length;
	strbuf_put(&made->bytes, made->sections, made->header.e_shnum * sizeof(Elf64_Shdr));
	segment.p_filesz = segment.p_memsz = made->bytes.length;
	memcpy(made->bytes.data, &made->header, sizeof(made->header));
	memcpy(made->bytes.data + sizeof(made->header), &segment, sizeof(segment));
}

/* Ends it, and puts it into the test's folder. */
static inline void made_put(struct made_elf *made, const char *name)
{
	FILE *file;

	made_end(made);
	file = fopen(at(name), "w");
	if (CHECK(file)) {
		CHECK(fwrite(made->bytes.data, made->bytes.length, 1, file) == 1);
		fclose(file);
	}
}

static inline void made_free(struct made_elf *made)
{
	strbuf_free(&made->bytes);
	strbuf_free(&made->names);
}

#endif
