#include "symbols/file_symbol.h"

#include "binary/mapped_file.h"
#include "symbols/symbols.h"

bool file_symbol(struct mapped_file *file, const struct code_source *source, uint64_t address,
		 enum file_lines lines, struct symbol *symbol)
{
	const struct elf_function *function;
	bool is_behind;

	symbol->name = mapped_file_function(file, address, source, &function);
	symbol->offset = symbol->name ? address - function->address : 0;
	/* What is returned to at a function's first byte was not called from it: a signal's end. */
	is_behind = lines == FILE_LINES_OF_CALL && symbol->offset;
	symbol->frame_count = lines == FILE_LINES_NONE || !file->image.view
				      ? 0
				      : code_lines_find(&file->lines, source, address - is_behind,
							&symbol->frames);
	return symbol->name != NULL;
}
