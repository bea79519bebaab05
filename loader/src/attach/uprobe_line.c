/* uprobe:PATH@FILE:LINE[:COLUMN]: the code of a line of the program's source, by its debug
 * information. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/files.h"
#include "attach/uprobe.h"
#include "binary/debug_file.h"
#include "binary/elf_image.h"
#include "binary/elf_symbols.h"
#include "base/memory.h"
#include "binary/source_line.h"

/* The function that a place is in. */
static const char *function_at(struct arena *arena, const struct elf_symbols *symbols,
			       uint64_t address)
{
	const struct elf_function *function = elf_symbols_find(symbols, address);
	const char *name = function ? symbols->strings + function->name : "";

	return arena_text(arena, name, strlen(name));
}

static enum attach_result no_code(const struct mf_probe *probe, const char *path,
				  const struct source_place *place,
				  const struct source_addresses *found, struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	char nearest[64] = "";

	if (!found->file_found)
		return attach_missing(
			failure,
			"No matches for uprobe %s@%s: the debug information of the program has no source file '%s'.",
			path, wanted->source, place->file);
	if (found->before && found->behind)
		snprintf(nearest, sizeof(nearest), " The nearest lines with code: %u, %u.",
			 found->before, found->behind);
	else if (found->before || found->behind)
		snprintf(nearest, sizeof(nearest), " The nearest line with code: %u.",
			 found->before ? found->before : found->behind);
	if (place->column)
		return attach_missing(
			failure,
			"No matches for uprobe %s@%s: no statement begins at that column of the line.%s",
			path, wanted->source, nearest);
	return attach_missing(failure, "No matches for uprobe %s@%s: the line has no code.%s", path,
			      wanted->source, nearest);
}

/* Its sections say how much they need. */
static enum attach_result no_memory(const char *path, struct failure *failure)
{
	return attach_failed(failure, STATUS_FAILED,
			     "There is no memory for the debug information of %s.", path);
}

/* What the addresses are in the file: those in code, with the names of their functions. */
static bool places_of(struct arena *arena, const struct elf_image *image,
		      const struct source_addresses *found, struct binary_function *places,
		      size_t *count)
{
	struct elf_symbols symbols;
	bool enough = true;

	elf_symbols_read(&symbols, image);
	*count = 0;
	for (size_t i = 0; i < found->count && enough; i++) {
		struct binary_function *place = &places[*count];

		/* Functions that the linker dropped keep lines at addresses without code. */
		if (!elf_image_offset(image, found->addresses[i], &place->offset) ||
		    !elf_image_is_code(image, place->offset))
			continue;
		place->offset += image->base;
		place->name = function_at(arena, &symbols, found->addresses[i]);
		++*count;
	}
	elf_symbols_free(&symbols);
	return enough;
}

static enum attach_result add_lines(struct attachments *attachments, const struct mf_probe *probe,
				    const struct binary_file *file, const struct elf_image *image,
				    const struct debug_file *debug, struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	struct session *session = attachments->session;
	const char *path = file->shown;
	struct binary_function *places = NULL;
	struct source_addresses found;
	struct source_place place;
	enum attach_result result;
	char *text = arena_text(&session->arena, wanted->source, strlen(wanted->source));
	size_t count = 0;

	if (!source_place_read(&place, text))
		return attach_failed(failure, STATUS_FAILED,
				     "'%s' is no source line: write FILE:LINE or FILE:LINE:COLUMN.",
				     wanted->source);
	if (!source_line_addresses(debug, &place, &found))
		return no_memory(path, failure);
	places = memory_array(found.count, sizeof(*places));
	if (!places_of(&session->arena, image, &found, places, &count))
		result = no_memory(path, failure);
	else if (!count)
		result = no_code(probe, path, &place, &found, failure);
	else
		result = attach_uprobe_add_file(attachments, probe, file, places, count, failure);
	free(places);
	free(found.addresses);
	return result;
}

enum attach_result attach_uprobe_find_lines(struct attachments *attachments,
					    const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	struct session *session = attachments->session;
	const struct options *options = session->options;
	enum attach_result result;
	struct debug_file debug;
	struct elf_image image;
	struct binary_file file;

	if (!attach_file_find(attachments, probe, wanted->path, &file, failure, &result))
		return result;
	switch (elf_image_open(&image, file.path)) {
	case ELF_IMAGE_OK:
		break;
	case ELF_IMAGE_NO_FILE:
		return attach_uprobe_explain(probe, file.shown, BINARY_SYMBOL_NO_FILE, failure);
	case ELF_IMAGE_NOT_ELF:
		return attach_uprobe_explain(probe, file.shown, BINARY_SYMBOL_NOT_ELF, failure);
	}
	if (debug_file_open(&debug, &image, file.path, options->debug_folders)) {
		result = add_lines(attachments, probe, &file, &image, &debug, failure);
		debug_file_close(&debug);
	} else {
		result = attach_missing(
			failure,
			"No debug information for '%s', so its source lines are not known. Build it with -g, install its debug package, or name the folder of its debug file with --debuginfo.",
			file.shown);
	}
	elf_image_close(&image);
	if (result == ATTACH_OK)
		attach_uprobe_choose_link(attachments, probe);
	return result;
}
