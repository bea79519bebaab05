#include "output/place_text.h"

#define DIGITS_MOST 16
/* Addresses of programs have more, numbers that are counted often fewer. */
#define BARE_LEAST 4
/* Of xxhash, the shortest that linkers make. */
#define ID_LEAST 8

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static size_t count_digits(const char *text, size_t length)
{
	size_t count = 0;

	while (count < length && digit_of(text[count]) >= 0)
		count++;
	return count;
}

static bool ends_here(const char *text, size_t length, size_t at)
{
	char c = at < length ? text[at] : ' ';

	return !(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		 (c >= 'A' && c <= 'Z') || (uint8_t)c >= 0x80);
}

static uint64_t number_of(const char *digits, size_t count)
{
	uint64_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = number << 4 | (uint64_t)digit_of(digits[i]);
	return number;
}

/* `0x` and digits, which end as a word does. */
static size_t read_prefixed(uint64_t *number, const char *text, size_t length)
{
	size_t count;

	if (length < 3 || text[0] != '0' || text[1] != 'x')
		return 0;
	count = count_digits(text + 2, length - 2);
	if (!count || count > DIGITS_MOST || !ends_here(text, length, 2 + count))
		return 0;
	*number = number_of(text + 2, count);
	return 2 + count;
}

size_t place_text_read(struct place_text *place, const char *text, size_t length, bool bare)
{
	size_t count = read_prefixed(&place->number, text, length), behind;

	place->id_size = 0;
	place->is_bare = place->is_decimal = false;
	if (count)
		return count;
	count = count_digits(text, length);
	if (count >= 2 * ID_LEAST && count <= 2 * PLACE_ID_MOST && count % 2 == 0 &&
	    count + 1 < length && (text[count] == ' ' || text[count] == '+')) {
		behind = read_prefixed(&place->number, text + count + 1, length - count - 1);
		if (behind) {
			place->id_size = (uint32_t)(count / 2);
			for (uint32_t i = 0; i < place->id_size; i++)
				place->id[i] = (uint8_t)number_of(text + 2 * i, 2);
			return count + 1 + behind;
		}
	}
	if (!bare || count < BARE_LEAST || count > DIGITS_MOST || !ends_here(text, length, count))
		return 0;
	place->number = number_of(text, count);
	place->is_bare = place->is_decimal = true;
	for (size_t i = 0; i < count; i++)
		place->is_decimal = place->is_decimal && text[i] <= '9';
	return count;
}
