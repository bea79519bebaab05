#include "binary/near_symbol.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/closest.h"
#include "binary/elf_image.h"
#include "binary/symbol.h"

static bool is_stripped(const char *path)
{
	struct elf_image image;
	bool stripped;

	if (elf_image_open(&image, path) != ELF_IMAGE_OK)
		return false;
	stripped = !elf_image_find_type(&image, SHT_SYMTAB);
	elf_image_close(&image);
	return stripped;
}

struct near_symbol near_symbol_find(struct arena *arena, const char *path, const char *wanted)
{
	const struct binary_query query = {.function = "*"};
	struct near_symbol near = {.stripped = is_stripped(path)};
	struct binary_function *functions;
	struct closest closest = closest_to(wanted);
	size_t count;

	if (binary_symbol_match(arena, path, &query, &functions, &count) != BINARY_SYMBOL_FOUND)
		return near;
	for (size_t i = 0; i < count; i++)
		closest_offer(&closest, functions[i].name);
	near.name = closest.name;
	free(functions);
	return near;
}
