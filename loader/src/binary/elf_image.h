/* ELF files of the host as bytes: programs, libraries, their debug information. Nothing in them is
 * trusted. */
#ifndef BPFLOAD_ELF_IMAGE_H
#define BPFLOAD_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image {
	const uint8_t *bytes;
	size_t size;
	/* Where the headers stand; they lie within the image. */
	uint64_t sections, segments;
	uint32_t section_count, segment_count;
	/* Index of the table of section names. */
	uint32_t names;
	/* e_type, e_machine. */
	uint16_t type, machine;
	/* What elf_image_open mapped, and where in that file the image begins. */
	void *mapping;
	size_t mapping_size;
	uint64_t base;
};

/* False when the bytes are not a 64-bit little-endian ELF file. They must outlive the image. */
bool elf_image_read(struct elf_image *image, const void *bytes, size_t size);

enum elf_image_result {
	ELF_IMAGE_OK,
	/* The file cannot be read: errno. */
	ELF_IMAGE_NO_FILE,
	ELF_IMAGE_NOT_ELF,
};

/*
 * Maps a file, or a file in a zip archive (`app.apk!/lib/x.so`), and reads it as an image. Close it
 * if the result is ELF_IMAGE_OK.
 */
enum elf_image_result elf_image_open(struct elf_image *image, const char *path);
void elf_image_close(struct elf_image *image);

/* The header of a section, Elf64_Shdr at any alignment; `index` is less than section_count. */
const uint8_t *elf_image_section_header(const struct elf_image *image, uint32_t index);

/* The bytes of a section, or NULL where they are not in the file. */
const uint8_t *elf_image_section(const struct elf_image *image, uint32_t index, uint64_t *size);

/* The first section of that name, or of that type (SHT_*); 0: none. */
uint32_t elf_image_find_name(const struct elf_image *image, const char *name);
uint32_t elf_image_find_type(const struct elf_image *image, uint32_t type);

/* Whether an offset in the image is one of code. */
bool elf_image_is_code(const struct elf_image *image, uint64_t offset);

/* Offset in the image of the byte at an address of the file's own address space. */
bool elf_image_offset(const struct elf_image *image, uint64_t address, uint64_t *offset);

/* Address of a byte of the image in the file's own address space. */
bool elf_image_address(const struct elf_image *image, uint64_t offset, uint64_t *address);

/* The id that the linker gave the file (.note.gnu.build-id); NULL: none. */
const uint8_t *elf_image_build_id(const struct elf_image *image, uint32_t *size);

#endif
