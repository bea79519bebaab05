#include "attach/user_addresses.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "object/elf_file.h"
#include "binary/elf_image.h"

/* The address of a symbol in one table: of a variable or a function, not one of each thread. */
static bool search_table(const struct elf_image *image, uint32_t table, const char *name,
			 uint64_t *address)
{
	uint32_t link =
		read_u32(elf_image_section_header(image, table) + offsetof(Elf64_Shdr, sh_link));
	uint64_t size, strings_size;
	const uint8_t *symbols = elf_image_section(image, table, &size);
	const uint8_t *strings = elf_image_section(image, link, &strings_size);
	size_t length = strlen(name);

	if (!symbols || !strings)
		return false;
	for (uint64_t i = 0; i < size / sizeof(Elf64_Sym); i++) {
		const uint8_t *symbol = symbols + i * sizeof(Elf64_Sym);
		uint8_t type = ELF64_ST_TYPE(symbol[offsetof(Elf64_Sym, st_info)]);
		uint32_t at = read_u32(symbol + offsetof(Elf64_Sym, st_name));

		if (type > STT_FUNC || at >= strings_size || strings_size - at <= length ||
		    read_u16(symbol + offsetof(Elf64_Sym, st_shndx)) == SHN_UNDEF ||
		    memcmp(strings + at, name, length) != 0 ||
		    (strings[at + length] && strings[at + length] != '@'))
			continue;
		*address = read_u64(symbol + offsetof(Elf64_Sym, st_value));
		return true;
	}
	return false;
}

static bool search(const struct elf_image *image, const char *name, uint64_t *address)
{
	static const uint32_t tables[] = {SHT_SYMTAB, SHT_DYNSYM};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		uint32_t table = elf_image_find_type(image, tables[i]);

		if (table && search_table(image, table, name, address))
			return true;
	}
	return false;
}

enum attach_result user_addresses_of_many(const struct mf_probe *probe, struct failure *failure)
{
	return attach_failed(
		failure, STATUS_FAILED,
		"%s is attached to several places, so uaddr() does not know which one was hit. Give each a block of its own.",
		probe->name);
}

enum attach_result user_addresses_find(struct attachments *attachments,
				       const struct mf_probe *probe,
				       const struct mf_addresses *addresses,
				       const struct uprobe_place *place, struct failure *failure)
{
	struct session *session = attachments->session;
	enum attach_result result = ATTACH_OK;
	struct elf_image image;
	uint64_t at;

	if (elf_image_open(&image, place->path) != ELF_IMAGE_OK)
		return attach_refused(failure, probe, errno);
	/* The file may be one inside of an archive. */
	if (!elf_image_address(&image, place->offset - image.base, &at))
		result = attach_missing(failure, "%s stands in no segment of %s.", probe->name,
					place->path);
	for (uint32_t i = 0; i < addresses->count && result == ATTACH_OK; i++) {
		const struct mf_address *wanted = &addresses->items[i];
		int64_t *distance = arena_alloc(&session->arena, sizeof(*distance));
		uint64_t address;

		if (!search(&image, wanted->symbol, &address)) {
			result = attach_missing(failure,
						"%s has no symbol '%s', which uaddr() asks for.",
						place->path, wanted->symbol);
			break;
		}
		*distance = (int64_t)(address - at);
		session_add_table(session, wanted->offset, distance, sizeof(*distance));
	}
	elf_image_close(&image);
	return result;
}
