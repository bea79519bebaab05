#include "usdt_notes.h"

#include <elf.h>
#include <string.h>

#include "elf_file.h"

#define NOTES ".note.stapsdt"
/* Its address when the program was linked stands in each note, so that moving the file by prelink
 * can be made up for. */
#define BASE ".stapsdt.base"
#define OWNER "stapsdt"
#define NOTE_TYPE 3
#define ADDRESSES (3 * sizeof(uint64_t))

static const uint8_t *section(const struct usdt_notes *notes, uint32_t index)
{
	return notes->bytes + notes->sections + (uint64_t)index * sizeof(Elf64_Shdr);
}

static uint64_t section_number(const struct usdt_notes *notes, uint32_t index, size_t member)
{
	return read_u64(section(notes, index) + member);
}

/* The bytes of a section, or NULL where they are not in the file. */
static const uint8_t *section_bytes(const struct usdt_notes *notes, uint32_t index, uint64_t *size)
{
	uint64_t offset;

	if (index >= notes->section_count ||
	    read_u32(section(notes, index) + offsetof(Elf64_Shdr, sh_type)) == SHT_NOBITS)
		return NULL;
	offset = section_number(notes, index, offsetof(Elf64_Shdr, sh_offset));
	*size = section_number(notes, index, offsetof(Elf64_Shdr, sh_size));
	return within(offset, *size, notes->size) ? notes->bytes + offset : NULL;
}

/* Whether a text of `length` bytes and a NUL stands at an offset of a string table. */
static bool has_text(const uint8_t *strings, uint64_t size, uint32_t offset, const char *text,
		     size_t length)
{
	return within(offset, length + 1, size) && memcmp(strings + offset, text, length) == 0 &&
	       strings[offset + length] == 0;
}

static void find_sections(struct usdt_notes *notes, uint32_t names)
{
	uint64_t strings_size = 0;
	const uint8_t *strings = section_bytes(notes, names, &strings_size);

	for (uint32_t i = 0; strings && i < notes->section_count; i++) {
		uint32_t name = read_u32(section(notes, i) + offsetof(Elf64_Shdr, sh_name));
		uint64_t size;

		if (has_text(strings, strings_size, name, BASE, strlen(BASE))) {
			notes->base = section_number(notes, i, offsetof(Elf64_Shdr, sh_addr));
		} else if (has_text(strings, strings_size, name, NOTES, strlen(NOTES))) {
			const uint8_t *bytes = section_bytes(notes, i, &size);

			notes->damaged |= !bytes;
			notes->offset = bytes ? (uint64_t)(bytes - notes->bytes) : 0;
			notes->end = bytes ? notes->offset + size : 0;
		}
	}
}

bool usdt_notes_start(struct usdt_notes *notes, const void *bytes, size_t size)
{
	const uint8_t *header = bytes;

	*notes = (struct usdt_notes){.bytes = bytes, .size = size};
	if (size < sizeof(Elf64_Ehdr) || memcmp(header, ELFMAG, SELFMAG) != 0 ||
	    header[EI_CLASS] != ELFCLASS64 || header[EI_DATA] != ELFDATA2LSB)
		return false;
	notes->machine = read_u16(header + offsetof(Elf64_Ehdr, e_machine));
	notes->fixed = read_u16(header + offsetof(Elf64_Ehdr, e_type)) == ET_EXEC;
	notes->sections = read_u64(header + offsetof(Elf64_Ehdr, e_shoff));
	notes->section_count = read_u16(header + offsetof(Elf64_Ehdr, e_shnum));
	notes->segments = read_u64(header + offsetof(Elf64_Ehdr, e_phoff));
	notes->segment_count = read_u16(header + offsetof(Elf64_Ehdr, e_phnum));
	if (!within(notes->sections, notes->section_count * sizeof(Elf64_Shdr), size))
		notes->section_count = 0;
	if (!within(notes->segments, notes->segment_count * sizeof(Elf64_Phdr), size))
		notes->segment_count = 0;
	find_sections(notes, read_u16(header + offsetof(Elf64_Ehdr, e_shstrndx)));
	return true;
}

static bool file_offset(const struct usdt_notes *notes, uint64_t address, uint64_t *offset)
{
	for (uint32_t i = 0; i < notes->segment_count; i++) {
		const uint8_t *segment =
			notes->bytes + notes->segments + (uint64_t)i * sizeof(Elf64_Phdr);
		uint64_t start = read_u64(segment + offsetof(Elf64_Phdr, p_vaddr));
		uint64_t size = read_u64(segment + offsetof(Elf64_Phdr, p_filesz));
		uint64_t at = read_u64(segment + offsetof(Elf64_Phdr, p_offset));

		if (read_u32(segment + offsetof(Elf64_Phdr, p_type)) != PT_LOAD ||
		    address < start || address - start >= size || !within(at, size, notes->size))
			continue;
		*offset = at + (address - start);
		return true;
	}
	return false;
}

/* Takes a text with its NUL from the front of the bytes; NULL where it does not end. */
static const char *take_text(const uint8_t **bytes, uint64_t *size)
{
	const char *text = (const char *)*bytes;
	const uint8_t *end = *size ? memchr(*bytes, 0, *size) : NULL;

	if (!end)
		return NULL;
	*size -= (uint64_t)(end + 1 - *bytes);
	*bytes = end + 1;
	return text;
}

static bool read_note(const struct usdt_notes *notes, const uint8_t *bytes, uint64_t size,
		      struct usdt_note *note)
{
	uint64_t moved, semaphore;

	*note = (struct usdt_note){0};
	if (size < ADDRESSES)
		return false;
	moved = notes->base ? notes->base - read_u64(bytes + 8) : 0;
	note->address = read_u64(bytes) + moved;
	semaphore = read_u64(bytes + 16);
	bytes += ADDRESSES;
	size -= ADDRESSES;
	note->provider = take_text(&bytes, &size);
	note->name = note->provider ? take_text(&bytes, &size) : NULL;
	note->arguments = note->name ? take_text(&bytes, &size) : NULL;
	if (!note->arguments || !*note->provider || !*note->name)
		return false;
	return file_offset(notes, note->address, &note->offset) &&
	       (!semaphore || file_offset(notes, semaphore + moved, &note->semaphore));
}

/* Sizes in notes are rounded up to 4. */
static uint64_t padded(uint32_t size)
{
	return ((uint64_t)size + 3) & ~(uint64_t)3;
}

bool usdt_notes_next(struct usdt_notes *notes, struct usdt_note *note)
{
	while (notes->end - notes->offset >= sizeof(Elf64_Nhdr)) {
		const uint8_t *header = notes->bytes + notes->offset;
		uint32_t owner_size = read_u32(header + offsetof(Elf64_Nhdr, n_namesz));
		uint32_t size = read_u32(header + offsetof(Elf64_Nhdr, n_descsz));
		uint64_t body = notes->offset + sizeof(Elf64_Nhdr) + padded(owner_size);

		/* The last note need not be padded. */
		if (body > notes->end || size > notes->end - body) {
			notes->damaged = true;
			notes->offset = notes->end;
			return false;
		}
		notes->offset = padded(size) < notes->end - body ? body + padded(size) : notes->end;
		if (read_u32(header + offsetof(Elf64_Nhdr, n_type)) != NOTE_TYPE ||
		    owner_size != sizeof(OWNER) ||
		    memcmp(header + sizeof(Elf64_Nhdr), OWNER, sizeof(OWNER)) != 0)
			continue;
		if (read_note(notes, notes->bytes + body, size, note))
			return true;
		notes->damaged = true;
	}
	return false;
}

bool usdt_notes_symbol(const struct usdt_notes *notes, const char *name, size_t length,
		       uint64_t *address)
{
	for (uint32_t i = 0; i < notes->section_count; i++) {
		uint32_t type = read_u32(section(notes, i) + offsetof(Elf64_Shdr, sh_type));
		uint32_t link = read_u32(section(notes, i) + offsetof(Elf64_Shdr, sh_link));
		uint64_t size, strings_size;
		const uint8_t *symbols, *strings;

		if (type != SHT_SYMTAB && type != SHT_DYNSYM)
			continue;
		symbols = section_bytes(notes, i, &size);
		strings = section_bytes(notes, link, &strings_size);
		for (uint64_t at = 0; symbols && strings && within(at, sizeof(Elf64_Sym), size);
		     at += sizeof(Elf64_Sym)) {
			const uint8_t *symbol = symbols + at;

			if (read_u16(symbol + offsetof(Elf64_Sym, st_shndx)) == SHN_UNDEF ||
			    !has_text(strings, strings_size,
				      read_u32(symbol + offsetof(Elf64_Sym, st_name)), name,
				      length))
				continue;
			*address = read_u64(symbol + offsetof(Elf64_Sym, st_value));
			return true;
		}
	}
	return false;
}
