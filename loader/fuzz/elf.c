/* ELF files of traced programs: symbols, sections, notes of USDT points, build ids, unwind tables.
 */
#include <stdlib.h>
#include <string.h>

#include "binary/debug_file.h"
#include "binary/eh_frame.h"
#include "binary/elf_image.h"
#include "binary/elf_symbols.h"
#include "binary/file_view.h"
#include "binary/usdt_notes.h"
#include "binary/usdt_operand.h"
#include "fuzz.h"
#include "object/elf_file.h"

static void read_symbols(const struct elf_image *image)
{
	struct elf_symbols symbols;
	uint64_t address;

	elf_symbols_read(&symbols, image);
	for (size_t i = 0; i < symbols.count && i < 100; i++) {
		const struct elf_function *function =
			elf_symbols_find(&symbols, symbols.functions[i].address);

		if (function && strlen(symbols.strings + function->name) > 1u << 20)
			abort();
	}
	(void)elf_symbols_address(&symbols, 0x1000, &address);
	elf_symbols_free(&symbols);
}

static void read_points(const struct elf_image *image)
{
	struct usdt_notes notes;
	struct usdt_note note;
	uint64_t address;

	usdt_notes_start(&notes, image);
	for (int i = 0; i < 100 && usdt_notes_next(&notes, &note); i++) {
		uint32_t count = usdt_operand_count(note.arguments);
		struct usdt_operand operand;
		const char *text;
		int length;

		for (uint32_t number = 0; number < count && number < 12; number++)
			(void)usdt_operand_read(&notes, &note, number, &operand, &text, &length);
		(void)usdt_notes_symbol(&notes, note.name, strlen(note.name), &address);
	}
}

static void read_frames(const struct elf_image *image)
{
	uint32_t index = elf_image_find_name(image, ".eh_frame");
	const uint8_t *bytes;
	struct unwind_rows rows;
	uint64_t size;

	bytes = index ? elf_image_section(image, index, &size) : NULL;
	if (bytes && eh_frame_read(&rows, bytes, size, 0x1000))
		unwind_rows_free(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct debug_file debug;
	struct elf_image image;
	uint64_t place;
	uint32_t length;

	budget_limit(64u << 20, 64u << 20);
	if (!elf_image_read(&image, file_view_of_bytes(data, size)))
		return 0;
	read_symbols(&image);
	read_points(&image);
	read_frames(&image);
	(void)elf_image_build_id(&image, &length);
	(void)elf_image_is_code(&image, 0x1000);
	if (elf_image_offset(&image, 0x401000, &place))
		(void)elf_image_address(&image, place, &place);
	/* Without a path, no other file is looked for. */
	if (debug_file_open(&debug, &image, NULL, NULL)) {
		debug_file_read_info(&debug, &image);
		debug_file_close(&debug);
	}
	elf_image_close(&image);
	if (budget_held())
		abort();
	return 0;
}
