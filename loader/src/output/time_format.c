#include "output/time_format.h"

#include "host/host.h"
#include "base/clock.h"

#define SECOND 1000000000u

/* A wall clock that is slewed drifts from the boot clock by less than this between two looks; a set
 * one jumps. */
#define JUMP_NS 1000000

void wall_clock_init(struct wall_clock *clock)
{
	*clock = (struct wall_clock){.boot_offset = host_clock_offset(CLOCK_REALTIME)};
}

uint64_t wall_clock_of_boot(struct wall_clock *clock, uint64_t boot_ns)
{
	uint64_t offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	int64_t drift = (int64_t)(offset - clock->boot_offset);

	if (drift > JUMP_NS || drift < -JUMP_NS)
		clock->boot_offset = host_clock_offset(CLOCK_REALTIME);
	return boot_ns + clock->boot_offset;
}

uint64_t wall_clock_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static void put_padded(struct strbuf *to, uint64_t value, size_t width)
{
	char room[STRBUF_NUMBER_MAX];
	char *end = room + sizeof(room);
	char *start = digits_decimal(end, value);

	while ((size_t)(end - start) < width)
		*--start = '0';
	strbuf_put(to, start, width);
}

void wall_clock_text(struct strbuf *to, uint64_t wall_ns)
{
	time_t second = (time_t)(wall_ns / SECOND);
	struct tm parts;
	char room[32];

	gmtime_r(&second, &parts);
	strbuf_put(to, room, strftime(room, sizeof(room), "%Y-%m-%dT%H:%M:%S.", &parts));
	put_padded(to, wall_ns % SECOND, 9);
	strbuf_char(to, 'Z');
}

/* Replaces the conversions for fractions by their digits. */
static void expand_fractions(struct strbuf *to, const char *format, uint64_t nanoseconds)
{
	for (const char *at = format; *at; at++) {
		if (at[0] != '%' || !at[1]) {
			strbuf_char(to, *at);
			continue;
		}
		at++;
		switch (*at) {
		case 'f':
			put_padded(to, nanoseconds / 1000, 6);
			break;
		case 'k':
			put_padded(to, nanoseconds, 9);
			break;
		case 'l':
			put_padded(to, nanoseconds / 1000000, 3);
			break;
		default:
			strbuf_char(to, '%');
			strbuf_char(to, *at);
			break;
		}
	}
}

bool time_text(struct strbuf *to, struct wall_clock *clock, const char *format, uint64_t wall_ns,
	       bool fractions, size_t limit)
{
	struct strbuf expanded = {0};
	int64_t second = (int64_t)(wall_ns / SECOND);
	size_t length;

	if (!clock->second_known || clock->second != second) {
		time_t time = (time_t)second;

		clock->second_known = localtime_r(&time, &clock->local) != NULL;
		clock->second = second;
		if (!clock->second_known)
			return false;
	}
	if (fractions) {
		expand_fractions(&expanded, format, wall_ns % SECOND);
		format = strbuf_c_text(&expanded);
	}
	strbuf_reserve(to, limit);
	length = strftime(to->data + to->length, limit, format, &clock->local);
	to->length += length;
	strbuf_free(&expanded);
	return length != 0;
}
