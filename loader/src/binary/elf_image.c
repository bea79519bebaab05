#include "binary/elf_image.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "object/elf_file.h"
#include "binary/zip_member.h"

/* Longest build id that is believed; SHA-1 has 20 bytes, UUIDs 16. */
#define BUILD_ID_MAX 64

const uint8_t *elf_image_section_header(const struct elf_image *image, uint32_t index)
{
	return image->bytes + image->sections + (uint64_t)index * sizeof(Elf64_Shdr);
}

static const uint8_t *segment_header(const struct elf_image *image, uint32_t index)
{
	return image->bytes + image->segments + (uint64_t)index * sizeof(Elf64_Phdr);
}

bool elf_image_read(struct elf_image *image, const void *bytes, size_t size)
{
	const uint8_t *header = bytes;

	*image = (struct elf_image){.bytes = bytes, .size = size};
	if (size < sizeof(Elf64_Ehdr) || memcmp(header, ELFMAG, SELFMAG) != 0 ||
	    header[EI_CLASS] != ELFCLASS64 || header[EI_DATA] != ELFDATA2LSB)
		return false;
	image->type = read_u16(header + offsetof(Elf64_Ehdr, e_type));
	image->machine = read_u16(header + offsetof(Elf64_Ehdr, e_machine));
	image->sections = read_u64(header + offsetof(Elf64_Ehdr, e_shoff));
	image->section_count = read_u16(header + offsetof(Elf64_Ehdr, e_shnum));
	image->segments = read_u64(header + offsetof(Elf64_Ehdr, e_phoff));
	image->segment_count = read_u16(header + offsetof(Elf64_Ehdr, e_phnum));
	image->names = read_u16(header + offsetof(Elf64_Ehdr, e_shstrndx));
	if (!within(image->sections, (uint64_t)image->section_count * sizeof(Elf64_Shdr), size))
		image->section_count = 0;
	if (!within(image->segments, (uint64_t)image->segment_count * sizeof(Elf64_Phdr), size))
		image->segment_count = 0;
	return true;
}

static enum elf_image_result map_file(struct elf_image *image, const char *path)
{
	/* A path of another mount namespace may be a pipe: do not wait for it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat info;
	void *bytes;

	if (fd < 0)
		return ELF_IMAGE_NO_FILE;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
		close(fd);
		return ELF_IMAGE_NOT_ELF;
	}
	bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return ELF_IMAGE_NO_FILE;
	image->mapping = bytes;
	image->mapping_size = (size_t)info.st_size;
	return ELF_IMAGE_OK;
}

enum elf_image_result elf_image_open(struct elf_image *image, const char *path)
{
	const char *member = strstr(path, ZIP_SEPARATOR);
	uint64_t base = 0, size;
	struct elf_image mapped = {0};
	enum elf_image_result result;
	char *archive;

	if (member) {
		archive = memory_text_of(path, (size_t)(member - path));
		result = map_file(&mapped, archive);
		free(archive);
	} else {
		result = map_file(&mapped, path);
	}
	if (result != ELF_IMAGE_OK)
		return result;
	size = mapped.mapping_size;
	if ((member && !zip_member_find(mapped.mapping, mapped.mapping_size,
					member + strlen(ZIP_SEPARATOR), &base, &size)) ||
	    !elf_image_read(image, (const uint8_t *)mapped.mapping + base, size)) {
		elf_image_close(&mapped);
		return ELF_IMAGE_NOT_ELF;
	}
	image->mapping = mapped.mapping;
	image->mapping_size = mapped.mapping_size;
	image->base = base;
	return ELF_IMAGE_OK;
}

void elf_image_close(struct elf_image *image)
{
	if (image->mapping)
		munmap(image->mapping, image->mapping_size);
	*image = (struct elf_image){0};
}

const uint8_t *elf_image_section(const struct elf_image *image, uint32_t index, uint64_t *size)
{
	const uint8_t *header;
	uint64_t offset;

	if (index >= image->section_count)
		return NULL;
	header = elf_image_section_header(image, index);
	if (read_u32(header + offsetof(Elf64_Shdr, sh_type)) == SHT_NOBITS)
		return NULL;
	offset = read_u64(header + offsetof(Elf64_Shdr, sh_offset));
	*size = read_u64(header + offsetof(Elf64_Shdr, sh_size));
	return within(offset, *size, image->size) ? image->bytes + offset : NULL;
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
		    address < start || address - start >= size || !within(at, size, image->size))
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
