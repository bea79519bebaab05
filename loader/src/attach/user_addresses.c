#include "attach/user_addresses.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "object/elf_file.h"
#include "binary/elf_image.h"
#include "base/exit_status.h"

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

/* The one place of all targets of the probe; NULL where there are several, or none. */
static const struct attach_target *only_place(const struct attachments *attachments, uint32_t first)
{
	const struct attach_target *target = &attachments->targets[first];

	if (attachments->target_count != first + 1 || !target->path)
		return NULL;
	return target->offsets && target->events > 1 ? NULL : target;
}

enum attach_result user_addresses_find(struct attachments *attachments,
				       const struct mf_probe *probe, uint32_t first,
				       struct attach_failure *failure)
{
	struct session *session = attachments->session;
	const struct attach_target *target = only_place(attachments, first);
	enum attach_result result = ATTACH_OK;
	struct elf_image image;
	uint64_t offset, place;

	/* The filter keeps it out. */
	if (attachments->target_count == first)
		return ATTACH_OK;
	if (!target)
		return attach_failed(failure, STATUS_FAILED,
				     "%s is attached to several places, so uaddr() does not know "
				     "which one was hit. Give each a block of its own.",
				     probe->name);
	if (elf_image_open(&image, target->path) != ELF_IMAGE_OK)
		return attach_refused(failure, probe, errno);
	offset = target->offsets ? *target->offsets : target->offset;
	/* The file may be one inside of an archive. */
	if (!elf_image_address(&image, offset - image.base, &place))
		result = attach_missing(failure, "%s stands in no segment of %s.", probe->name,
					target->path);
	for (uint32_t i = 0; i < probe->address_count && result == ATTACH_OK; i++) {
		const struct mf_address *wanted = &probe->addresses[i];
		int64_t *distance = arena_alloc(&session->arena, sizeof(*distance));
		uint64_t address;

		if (!search(&image, wanted->symbol, &address)) {
			result = attach_missing(failure,
						"%s has no symbol '%s', which uaddr() asks for.",
						target->path, wanted->symbol);
			break;
		}
		if (distance)
			*distance = (int64_t)(address - place);
		if (!distance ||
		    !session_add_table(session, wanted->offset, distance, sizeof(*distance)))
			result = attach_failed(failure, STATUS_FAILED, "out of memory");
	}
	elf_image_close(&image);
	return result;
}
