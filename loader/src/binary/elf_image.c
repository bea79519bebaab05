#include "binary/elf_image.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "binary/file_view.h"
#include "object/elf_file.h"
#include "binary/zip_member.h"

/* Longest build id that is believed; SHA-1 has 20 bytes, UUIDs 16. */
#define BUILD_ID_MAX 64

const uint8_t *elf_image_section_header(const struct elf_image *image, uint32_t index)
{
	return image->sections + (uint64_t)index * sizeof(Elf64_Shdr);
}

static const uint8_t *segment_header(const struct elf_image *image, uint32_t index)
{
	return image->segments + (uint64_t)index * sizeof(Elf64_Phdr);
}

/* A table of headers; without the file's bytes for it the table is empty. */
static const uint8_t *read_headers(struct file_view *view, uint64_t offset, uint32_t *count,
				   size_t size)
{
	const uint8_t *headers = file_view_range(view, offset, *count * size);

	if (!headers)
		*count = 0;
	return headers;
}

bool elf_image_read(struct elf_image *image, struct file_view *view)
{
	const uint8_t *header = view ? file_view_range(view, 0, sizeof(Elf64_Ehdr)) : NULL;

	*image = (struct elf_image){.view = view};
	if (!header || memcmp(header, ELFMAG, SELFMAG) != 0 || header[EI_CLASS] != ELFCLASS64 ||
	    header[EI_DATA] != ELFDATA2LSB) {
		elf_image_close(image);
		return false;
	}
	image->type = read_u16(header + offsetof(Elf64_Ehdr, e_type));
	image->machine = read_u16(header + offsetof(Elf64_Ehdr, e_machine));
	image->section_count = read_u16(header + offsetof(Elf64_Ehdr, e_shnum));
	image->segment_count = read_u16(header + offsetof(Elf64_Ehdr, e_phnum));
	image->names = read_u16(header + offsetof(Elf64_Ehdr, e_shstrndx));
	image->sections = read_headers(view, read_u64(header + offsetof(Elf64_Ehdr, e_shoff)),
				       &image->section_count, sizeof(Elf64_Shdr));
	image->is_cut = !image->section_count && read_u16(header + offsetof(Elf64_Ehdr, e_shnum));
	image->segments = read_headers(view, read_u64(header + offsetof(Elf64_Ehdr, e_phoff)),
				       &image->segment_count, sizeof(Elf64_Phdr));
	image->base = view->base;
	return true;
}

enum elf_image_result elf_image_open(struct elf_image *image, const char *path)
{
	const char *member = strstr(path, ZIP_SEPARATOR);
	char *archive = member ? memory_text_of(path, (size_t)(member - path)) : NULL;
	struct file_view *view = file_view_open(archive ? archive : path);
	uint64_t base, size;

	free(archive);
	if (!view)
		return errno == ENOEXEC ? ELF_IMAGE_NOT_ELF : ELF_IMAGE_NO_FILE;
	if (member && (!zip_member_find(view, member + strlen(ZIP_SEPARATOR), &base, &size) ||
		       !file_view_narrow(view, base, size))) {
		file_view_close(view);
		return ELF_IMAGE_NOT_ELF;
	}
	return elf_image_read(image, view) ? ELF_IMAGE_OK : ELF_IMAGE_NOT_ELF;
}

void elf_image_close(struct elf_image *image)
{
	file_view_close(image->view);
	*image = (struct elf_image){0};
}

const uint8_t *elf_image_bytes(const struct elf_image *image, uint64_t offset, uint64_t size)
{
	return file_view_range(image->view, offset, size);
}

bool elf_image_has_section(const struct elf_image *image, uint32_t index, uint64_t *size)
{
	const uint8_t *header;

	if (index >= image->section_count)
		return false;
	header = elf_image_section_header(image, index);
	*size = read_u64(header + offsetof(Elf64_Shdr, sh_size));
	return read_u32(header + offsetof(Elf64_Shdr, sh_type)) != SHT_NOBITS &&
	       within(read_u64(header + offsetof(Elf64_Shdr, sh_offset)), *size, image->view->size);
}

const uint8_t *elf_image_section(const struct elf_image *image, uint32_t index, uint64_t *size)
{
	if (!elf_image_has_section(image, index, size))
		return NULL;
	return elf_image_bytes(
		image,
		read_u64(elf_image_section_header(image, index) + offsetof(Elf64_Shdr, sh_offset)),
		*size);
}

void elf_image_forget(const struct elf_image *image, const uint8_t *section)
{
	file_view_forget(image->view, section);
}

uint32_t elf_image_find_name(const struct elf_image *image, const char *name)
{
	size_t length = strlen(name) + 1;
	uint64_t size = 0;
	const uint8_t *strings = elf_image_section(image, image->names, &size);

	for (uint32_t i = 1; strings && i < image->section_count; i++) {
		uint32_t at = read_u32(elf_image_section_header(image, i) +
				       offsetof(Elf64_Shdr, sh_name));

		if (within(at, length, size) && memcmp(strings + at, name, length) == 0)
			return i;
	}
	return 0;
}

uint32_t elf_image_find_type(const struct elf_image *image, uint32_t type)
{
	for (uint32_t i = 1; i < image->section_count; i++)
		if (read_u32(elf_image_section_header(image, i) + offsetof(Elf64_Shdr, sh_type)) ==
		    type)
			return i;
	return 0;
}

bool elf_image_is_code(const struct elf_image *image, uint64_t offset)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const uint8_t *segment = segment_header(image, i);
		uint64_t start = read_u64(segment + offsetof(Elf64_Phdr, p_offset));

		if (read_u32(segment + offsetof(Elf64_Phdr, p_type)) == PT_LOAD &&
		    read_u32(segment + offsetof(Elf64_Phdr, p_flags)) & PF_X && offset >= start &&
		    offset - start < read_u64(segment + offsetof(Elf64_Phdr, p_filesz)))
			return true;
	}
	return false;
}

bool elf_image_offset(const struct elf_image *image, uint64_t address, uint64_t *offset)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const uint8_t *segment = segment_header(image, i);
		uint64_t start = read_u64(segment + offsetof(Elf64_Phdr, p_vaddr));
		uint64_t size = read_u64(segment + offsetof(Elf64_Phdr, p_filesz));
		uint64_t at = read_u64(segment + offsetof(Elf64_Phdr, p_offset));

		if (read_u32(segment + offsetof(Elf64_Phdr, p_type)) != PT_LOAD ||
		    address < start || address - start >= size ||
		    !within(at, size, image->view->size))
			continue;
		*offset = at + (address - start);
		return true;
	}
	return false;
}

bool elf_image_address(const struct elf_image *image, uint64_t offset, uint64_t *address)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const uint8_t *segment = segment_header(image, i);
		uint64_t at = read_u64(segment + offsetof(Elf64_Phdr, p_offset));

		if (read_u32(segment + offsetof(Elf64_Phdr, p_type)) != PT_LOAD || offset < at ||
		    offset - at >= read_u64(segment + offsetof(Elf64_Phdr, p_filesz)))
			continue;
		*address = read_u64(segment + offsetof(Elf64_Phdr, p_vaddr)) + (offset - at);
		return true;
	}
	return false;
}

const uint8_t *elf_image_build_id(const struct elf_image *image, uint32_t *size)
{
	uint64_t length = 0;
	uint32_t index = elf_image_find_name(image, ".note.gnu.build-id");
	const uint8_t *note = index ? elf_image_section(image, index, &length) : NULL;

	if (!note || length < sizeof(Elf64_Nhdr) + 4 ||
	    read_u32(note + offsetof(Elf64_Nhdr, n_namesz)) != 4 ||
	    read_u32(note + offsetof(Elf64_Nhdr, n_type)) != NT_GNU_BUILD_ID ||
	    memcmp(note + sizeof(Elf64_Nhdr), "GNU", 4) != 0)
		return NULL;
	*size = read_u32(note + offsetof(Elf64_Nhdr, n_descsz));
	if (!*size || *size > BUILD_ID_MAX || *size > length - sizeof(Elf64_Nhdr) - 4)
		return NULL;
	return note + sizeof(Elf64_Nhdr) + 4;
}
