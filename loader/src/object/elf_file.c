#include "object/elf_file.h"

#include <elf.h>
#include <string.h>

#include "base/failure.h"
#include "base/sha256.h"
#include "object/contract.h"

#ifndef EM_BPF
#define EM_BPF 247
#endif

#define DIGEST_SECTION ".bpfscript.sum"

/* No later product overflows. */
_Static_assert(MF_MAX_FILE_BYTES <= 1u << 30 && MF_MAX_ZERO_BYTES <= 1u << 30, "sizes are small");

static int damaged(struct failure *failure, const char *what)
{
	return fail(failure, STATUS_OBJECT, "the object is damaged: %s", what);
}

const struct elf_section *elf_find_section(const struct elf_file *elf, const char *name)
{
	uint32_t index = elf_find_section_index(elf, name);

	return index ? &elf->sections[index] : NULL;
}

uint32_t elf_find_section_index(const struct elf_file *elf, const char *name)
{
	for (uint32_t i = 1; i < elf->section_count; i++)
		if (strcmp(elf->sections[i].name, name) == 0)
			return i;
	return 0;
}

bool elf_is_code(const struct elf_section *section)
{
	return section->type == SHT_PROGBITS && section->flags & SHF_EXECINSTR;
}

const struct elf_symbol *elf_find_program(const struct elf_file *elf, const char *name)
{
	for (uint32_t i = 0; i < elf->symbol_count; i++) {
		const struct elf_symbol *symbol = &elf->symbols[i];

		if (symbol->type != STT_FUNC || symbol->binding == STB_LOCAL ||
		    symbol->section == 0 || symbol->section >= elf->section_count)
			continue;
		if (strcmp(elf->sections[symbol->section].name, ".text") == 0)
			continue;
		if (strcmp(symbol->name, name) == 0)
			return symbol;
	}
	return NULL;
}

bool elf_has_map(const struct elf_file *elf, const char *name)
{
	uint32_t section = elf_find_section_index(elf, ".maps");

	for (uint32_t i = 0; section && i < elf->symbol_count; i++)
		if (elf->symbols[i].section == section && elf->symbols[i].type == STT_OBJECT &&
		    strcmp(elf->symbols[i].name, name) == 0)
			return true;
	return false;
}

static int check_header(const uint8_t *bytes, size_t size, struct failure *failure)
{
	if (size < 4 || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return fail(failure, STATUS_OBJECT, "not an object file: no ELF magic");
	if (size < sizeof(Elf64_Ehdr))
		return damaged(failure, "the ELF header is cut off");
	if (size > MF_MAX_FILE_BYTES)
		return fail(failure, STATUS_OBJECT, "the object is larger than 64 MiB");
	if (bytes[EI_CLASS] != ELFCLASS64 || bytes[EI_DATA] != ELFDATA2LSB ||
	    bytes[EI_VERSION] != EV_CURRENT)
		return fail(failure, STATUS_OBJECT,
			    "not a BPF object: it is not 64-bit little-endian ELF");
	if (read_u16(bytes + offsetof(Elf64_Ehdr, e_type)) != ET_REL ||
	    read_u16(bytes + offsetof(Elf64_Ehdr, e_machine)) != EM_BPF ||
	    read_u32(bytes + offsetof(Elf64_Ehdr, e_version)) != EV_CURRENT)
		return fail(failure, STATUS_OBJECT,
			    "not a BPF object: another ELF type or machine");
	if (read_u16(bytes + offsetof(Elf64_Ehdr, e_ehsize)) != sizeof(Elf64_Ehdr) ||
	    read_u16(bytes + offsetof(Elf64_Ehdr, e_phnum)) != 0)
		return damaged(failure, "the ELF header contradicts itself");
	return STATUS_OK;
}

static int read_section(struct elf_section *section, const uint8_t *header,
			const struct elf_file *elf, struct failure *failure)
{
	uint64_t align = read_u64(header + offsetof(Elf64_Shdr, sh_addralign));
	uint64_t entry = read_u64(header + offsetof(Elf64_Shdr, sh_entsize));

	section->type = read_u32(header + offsetof(Elf64_Shdr, sh_type));
	section->flags = read_u64(header + offsetof(Elf64_Shdr, sh_flags));
	section->offset = read_u64(header + offsetof(Elf64_Shdr, sh_offset));
	section->size = read_u64(header + offsetof(Elf64_Shdr, sh_size));
	section->link = read_u32(header + offsetof(Elf64_Shdr, sh_link));
	section->info = read_u32(header + offsetof(Elf64_Shdr, sh_info));
	if (section->flags & SHF_COMPRESSED)
		return damaged(failure, "a section is compressed");
	if (align & (align - 1) || align > 4096)
		return damaged(failure, "a section has an impossible alignment");
	if (section->type == SHT_NULL) {
		section->size = 0;
		return STATUS_OK;
	}
	if (section->type == SHT_NOBITS) {
		if (section->size > MF_MAX_ZERO_BYTES)
			return damaged(failure, "a section without bytes is larger than 64 MiB");
		return STATUS_OK;
	}
	if (!within(section->offset, section->size, elf->size))
		return damaged(failure, "a section reaches beyond the end of the file");
	section->data = elf->bytes + section->offset;
	if (section->type == SHT_SYMTAB && entry != sizeof(Elf64_Sym))
		return damaged(failure, "the symbol table has entries of another size");
	if (section->type == SHT_REL && entry != sizeof(Elf64_Rel))
		return damaged(failure, "a relocation table has entries of another size");
	if (section->type == SHT_STRTAB &&
	    (section->size == 0 || section->data[section->size - 1] != 0))
		return damaged(failure, "a string table is not terminated");
	return STATUS_OK;
}

/* Sections that libbpf acts on and that no script's object has. */
static bool foreign_section(const char *name)
{
	return strncmp(name, ".struct_ops", 11) == 0 || strcmp(name, "maps") == 0 ||
	       strncmp(name, "maps/", 5) == 0 || strcmp(name, ".addr_space.1") == 0;
}

/* libbpf takes the bytes of these for granted. */
static int check_required_bytes(const struct elf_section *section, struct failure *failure)
{
	const char *name = section->name;

	if (strcmp(name, "license") != 0 && strcmp(name, "version") != 0 &&
	    strcmp(name, ".maps") != 0 && strncmp(name, ".BTF", 4) != 0 &&
	    strncmp(name, ".bpfscript", 10) != 0 && strncmp(name, ".rodata", 7) != 0 &&
	    strncmp(name, ".data", 5) != 0)
		return STATUS_OK;
	if (section->type != SHT_PROGBITS || section->size == 0)
		return fail(failure, STATUS_OBJECT, "the object is damaged: '%s' has no bytes",
			    name);
	if (strcmp(name, "license") == 0 && section->data[section->size - 1] != 0)
		return damaged(failure, "the license is not terminated");
	return STATUS_OK;
}

static int read_names(struct elf_file *elf, struct elf_section *sections, uint64_t headers,
		      uint32_t names_index, struct failure *failure)
{
	const struct elf_section *names;

	if (names_index == 0 || names_index >= elf->section_count)
		return damaged(failure, "the table of section names is missing");
	names = &sections[names_index];
	if (names->type != SHT_STRTAB)
		return damaged(failure, "the table of section names is no string table");
	for (uint32_t i = 0; i < elf->section_count; i++) {
		uint32_t offset = read_u32(elf->bytes + headers + i * sizeof(Elf64_Shdr));

		if (offset >= names->size)
			return damaged(failure, "a section's name lies outside the string table");
		sections[i].name = (const char *)names->data + offset;
		if (foreign_section(sections[i].name))
			return fail(failure, STATUS_OBJECT, "unexpected section '%s'",
				    sections[i].name);
		if (i == 0)
			continue;
		if (!sections[i].name[0])
			return damaged(failure, "a section has no name");
		if (check_required_bytes(&sections[i], failure))
			return failure->status;
		for (uint32_t j = 1; j < i; j++)
			if (strcmp(sections[i].name, sections[j].name) == 0)
				return fail(failure, STATUS_OBJECT,
					    "the object is damaged: two sections '%s'",
					    sections[i].name);
	}
	return STATUS_OK;
}

static int read_sections(struct elf_file *elf, struct failure *failure)
{
	uint64_t headers = read_u64(elf->bytes + offsetof(Elf64_Ehdr, e_shoff));
	uint32_t count = read_u16(elf->bytes + offsetof(Elf64_Ehdr, e_shnum));
	uint32_t names = read_u16(elf->bytes + offsetof(Elf64_Ehdr, e_shstrndx));
	struct elf_section *sections;

	if (read_u16(elf->bytes + offsetof(Elf64_Ehdr, e_shentsize)) != sizeof(Elf64_Shdr))
		return damaged(failure, "the section table has entries of another size");
	if (count == 0 || count > MF_MAX_SECTIONS)
		return damaged(failure, "the section table is empty or too long");
	if (headers % 8 != 0 || !within(headers, count * sizeof(Elf64_Shdr), elf->size))
		return damaged(failure, "the section table reaches beyond the end of the file");
	sections = arena_array(&elf->arena, count, sizeof(*sections));
	for (uint32_t i = 0; i < count; i++)
		if (read_section(&sections[i], elf->bytes + headers + i * sizeof(Elf64_Shdr), elf,
				 failure))
			return failure->status;
	if (sections[0].type != SHT_NULL)
		return damaged(failure, "the first section is not empty");
	elf->sections = sections;
	elf->section_count = count;
	return read_names(elf, sections, headers, names, failure);
}

int elf_check_digest(const struct elf_file *elf, struct failure *failure)
{
	static const uint8_t zeros[SHA256_SIZE];
	const struct elf_section *sum = elf_find_section(elf, DIGEST_SECTION);
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;

	if (!sum || !sum->data)
		return fail(failure, STATUS_OBJECT,
			    "the object has no digest (section " DIGEST_SECTION
			    "): was it made by bpfscript?");
	if (sum->size != SHA256_SIZE)
		return damaged(failure, "its digest has another length");
	sha256_start(&hash);
	sha256_add(&hash, elf->bytes, sum->offset);
	sha256_add(&hash, zeros, sizeof(zeros));
	sha256_add(&hash, sum->data + SHA256_SIZE, elf->size - sum->offset - SHA256_SIZE);
	sha256_finish(&hash, digest);
	if (memcmp(digest, sum->data, SHA256_SIZE) != 0)
		return damaged(failure, "its digest does not match its bytes");
	return STATUS_OK;
}

int elf_read(struct elf_file *elf, const uint8_t *bytes, size_t size, struct failure *failure)
{
	struct btf_summary btf;

	memset(elf, 0, sizeof(*elf));
	elf->bytes = bytes;
	elf->size = size;
	if (check_header(bytes, size, failure) || read_sections(elf, failure) ||
	    elf_check_symbols(elf, failure) || elf_check_code(elf, failure) ||
	    elf_check_relocations(elf, failure) || btf_check(elf, &btf, failure) ||
	    btf_ext_check(elf, &btf, failure))
		return failure->status;
	return elf_check_digest(elf, failure);
}

void elf_free(struct elf_file *elf)
{
	arena_free(&elf->arena);
}
