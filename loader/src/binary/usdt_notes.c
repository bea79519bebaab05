#include "binary/usdt_notes.h"

#include <elf.h>
#include <string.h>

#include "object/elf_file.h"
#include "binary/elf_image.h"

#define NOTES ".note.stapsdt"
/* Its address when the program was linked stands in each note, so that moving the file by prelink
 * can be made up for. */
#define BASE ".stapsdt.base"
#define OWNER "stapsdt"
#define NOTE_TYPE 3
#define ADDRESSES (3 * sizeof(uint64_t))

/* Whether a text of `length` bytes and a NUL stands at an offset of a string table. */
static bool has_text(const uint8_t *strings, uint64_t size, uint32_t offset, const char *text,
		     size_t length)
{
	return within(offset, length + 1, size) && memcmp(strings + offset, text, length) == 0 &&
	       strings[offset + length] == 0;
}

void usdt_notes_start(struct usdt_notes *notes, const struct elf_image *image)
{
	uint32_t base = elf_image_find_name(image, BASE);
	uint32_t found = elf_image_find_name(image, NOTES);
	uint64_t size;

	*notes = (struct usdt_notes){.image = image};
	if (base)
		notes->base = read_u64(elf_image_section_header(image, base) +
				       offsetof(Elf64_Shdr, sh_addr));
	if (!found)
		return;
	notes->bytes = elf_image_section(image, found, &size);
	notes->damaged |= !notes->bytes;
	notes->end = notes->bytes ? size : 0;
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
	uint64_t moved;

	*note = (struct usdt_note){0};
	if (size < ADDRESSES)
		return false;
	moved = notes->base ? notes->base - read_u64(bytes + 8) : 0;
	note->address = read_u64(bytes) + moved;
	note->semaphore_address = read_u64(bytes + 16);
	if (note->semaphore_address)
		note->semaphore_address += moved;
	bytes += ADDRESSES;
	size -= ADDRESSES;
	note->provider = take_text(&bytes, &size);
	note->name = note->provider ? take_text(&bytes, &size) : NULL;
	note->arguments = note->name ? take_text(&bytes, &size) : NULL;
	if (!note->arguments || !*note->provider || !*note->name)
		return false;
	return elf_image_offset(notes->image, note->address, &note->offset) &&
	       (!note->semaphore_address ||
		elf_image_offset(notes->image, note->semaphore_address, &note->semaphore));
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
	static const uint32_t tables[] = {SHT_SYMTAB, SHT_DYNSYM};
	const struct elf_image *image = notes->image;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		uint32_t table = elf_image_find_type(image, tables[i]);
		uint64_t size, strings_size;
		const uint8_t *symbols, *strings;

		if (!table)
			continue;
		symbols = elf_image_section(image, table, &size);
		strings = elf_image_section(image,
					    read_u32(elf_image_section_header(image, table) +
						     offsetof(Elf64_Shdr, sh_link)),
					    &strings_size);
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
