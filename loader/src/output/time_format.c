#include "output/time_format.h"

#include "host/host.h"
#include "base/clock.h"
#include "output/facts.h"

#define SECOND 1000000000u

/* A wall clock that is slewed drifts from the boot clock by less than this between two looks; a set
 * one jumps. */
#define JUMP_NS 1000000
/* How often it is looked at where many events come. */
#define FOLLOW_NS 1000000u

void wall_clock_init(struct wall_clock *clock)
{
	*clock = (struct wall_clock){.boot_offset = host_clock_offset(CLOCK_REALTIME)};
}

/* Follows the wall clock. True: it was set. */
static bool follow(struct wall_clock *clock)
{
	uint64_t offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	int64_t drift = (int64_t)(offset - clock->boot_offset);

	if (drift <= JUMP_NS && drift >= -JUMP_NS)
		return false;
	clock->boot_offset = host_clock_offset(CLOCK_REALTIME);
	return true;
}

uint64_t wall_clock_of_boot(struct wall_clock *clock, uint64_t boot_ns)
{
	if (!clock->stands)
		follow(clock);
	return boot_ns + clock->boot_offset;
}

uint64_t wall_clock_boot(const struct wall_clock *clock)
{
	return clock->stands ? clock->boot : host_boot_clock();
}

uint64_t wall_clock_now(const struct wall_clock *clock)
{
	return clock->stands ? clock->boot + clock->boot_offset : clock_ns(CLOCK_REALTIME);
}

bool wall_clock_move(struct wall_clock *clock)
{
	uint64_t now = host_boot_clock();

	/* It does not go back. */
	if (now > clock->boot)
		clock->boot = now;
	if (now - clock->followed < FOLLOW_NS)
		return false;
	clock->followed = now;
	return follow(clock);
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

/* Replaces %s, for which libc would ask for this host's time zone, and with `fractions` what is
 * ours, by the digits. */
static void expand(struct strbuf *to, const char *format, uint64_t wall_ns, bool fractions)
{
	uint64_t nanoseconds = wall_ns % SECOND;

	for (const char *at = format; *at; at++) {
		if (at[0] != '%' || !at[1]) {
			strbuf_char(to, *at);
			continue;
		}
		at++;
		switch (fractions || *at == 's' ? *at : '%') {
		case 's':
			strbuf_u64(to, wall_ns / SECOND);
			break;
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

bool wall_clock_local(struct wall_clock *clock, int64_t second)
{
	if (clock->second_known && clock->second == second)
		return true;
	clock->second_known = facts_local_time(clock->facts, second, &clock->local);
	clock->second = second;
	return clock->second_known;
}

bool time_text(struct strbuf *to, struct wall_clock *clock, const char *format, uint64_t wall_ns,
	       bool fractions, size_t limit)
{
	struct strbuf expanded = {0};
	int64_t second = (int64_t)(wall_ns / SECOND);
	size_t length;

	if (!wall_clock_local(clock, second))
		return false;
	expand(&expanded, format, wall_ns, fractions);
	format = strbuf_c_text(&expanded);
	strbuf_reserve(to, limit);
	length = strftime(to->data + to->length, limit, format, &clock->local);
	to->length += length;
	strbuf_free(&expanded);
	return length != 0;
}
