#include "binary/near_symbol.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "binary/elf_image.h"
#include "binary/symbol.h"

/* Names of functions of C; what is longer is not guessed at. */
#define LONGEST 64

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* How many letters have to be put in, left out, changed or swapped; `limit` for more. */
static size_t distance(const char *one, const char *other, size_t limit)
{
	size_t rows[3][LONGEST + 1], length = strlen(one), width = strlen(other);

	if (length > LONGEST || width > LONGEST || length > width + limit || width > length + limit)
		return limit;
	for (size_t column = 0; column <= width; column++)
		rows[0][column] = column;
	for (size_t i = 1; i <= length; i++) {
		const size_t *above = rows[(i - 1) % 3], *twice_above = rows[(i + 1) % 3];
		size_t *row = rows[i % 3], nearest = row[0] = i;

		for (size_t column = 1; column <= width; column++) {
			bool differ = one[i - 1] != other[column - 1];

			row[column] = least(least(above[column], row[column - 1]) + 1,
					    above[column - 1] + differ);
			if (i > 1 && column > 1 && one[i - 1] == other[column - 2] &&
			    one[i - 2] == other[column - 1])
				row[column] = least(row[column], twice_above[column - 2] + 1);
			nearest = least(nearest, row[column]);
		}
		/* A swap may still mend the row above. */
		if (nearest > limit)
			return limit;
	}
	return least(rows[length % 3][width], limit);
}

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
	/* A third of the letters may differ, as in the compiler (compiler/source/closest.ts). */
	size_t limit = strlen(wanted) / 3 + (strlen(wanted) < 3) + 1, count;

	if (binary_symbol_match(arena, path, &query, &functions, &count) != BINARY_SYMBOL_FOUND)
		return near;
	for (size_t i = 0; i < count; i++) {
		size_t found = distance(wanted, functions[i].name, limit);

		if (found >= limit)
			continue;
		limit = found;
		near.name = functions[i].name;
	}
	free(functions);
	return near;
}
