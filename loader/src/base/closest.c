#include "base/closest.h"

#include <stdbool.h>
#include <string.h>

/* What is longer is not guessed at. */
#define LONGEST 128

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

struct closest closest_to(const char *wanted)
{
	size_t length = strlen(wanted);

	return (struct closest){.wanted = wanted, .limit = length / 3 + (length < 3) + 1};
}

void closest_offer(struct closest *closest, const char *name)
{
	size_t found = distance(closest->wanted, name, closest->limit);

	if (found >= closest->limit)
		return;
	closest->limit = found;
	closest->name = name;
}
