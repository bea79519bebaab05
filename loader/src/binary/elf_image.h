/* ELF files of the host: programs, libraries, their debug information. Nothing in them is trusted.
 */
#ifndef BPFLOAD_ELF_IMAGE_H
#define BPFLOAD_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_view;

struct elf_image {
	/* What is read of it, when it is asked for. */
	struct file_view *view;
	/* The headers. */
	const uint8_t *sections, *segments;
	uint32_t section_count, segment_count;
	/* Index of the table of section names. */
	uint32_t names;
	/* e_type, e_machine. */
	uint16_t type, machine;
	/* Where in its file the image begins. */
	uint64_t base;
	/* It names sections, and their table is not in the file, which ends before it. */
	bool is_cut;
};

/*
 * Takes a view over, which may be NULL. False, and the view is closed, when it is not a 64-bit
 * little-endian ELF file.
 */
bool elf_image_read(struct elf_image *image, struct file_view *view);

enum elf_image_result {
	ELF_IMAGE_OK,
	/* The file cannot be read: errno. */
	ELF_IMAGE_NO_FILE,
	ELF_IMAGE_NOT_ELF,
};

/*
 * Opens a file, or a file in a zip archive (`app.apk!/lib/x.so`), as an image. Close it if the
 * result is ELF_IMAGE_OK.
 */
enum elf_image_result elf_image_open(struct elf_image *image, const char *path);
void elf_image_close(struct elf_image *image);

/* The header of a section, Elf64_Shdr at any alignment; `index` is less than section_count. */
const uint8_t *elf_image_section_header(const struct elf_image *image, uint32_t index);

/* The bytes of a section, which live as long as the image; NULL where they are not in the file, or
 * too many. */
const uint8_t *elf_image_section(const struct elf_image *image, uint32_t index, uint64_t *size);

/* Whether a section has bytes in the file: how many. They are not read. */
bool elf_image_has_section(const struct elf_image *image, uint32_t index, uint64_t *size);

/* Gives back the memory of a section that elf_image_section gave. */
void elf_image_forget(const struct elf_image *image, const uint8_t *section);

/* Bytes at an offset in the image, such as its code; NULL where they are not there. */
const uint8_t *elf_image_bytes(const struct elf_image *image, uint64_t offset, uint64_t size);

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
