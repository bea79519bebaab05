/* Parts of a recording that cannot be: each is refused with its place, and its neighbour that can
 * be is shown. */
#include <sys/stat.h>

#include "recorded.h"
#include "says.h"

/* Once the part is written behind a right beginning, how showing it ends. */
struct part {
	bool is_right;
	enum part_kind kind;
	size_t size;
	uint8_t bytes[32];
};

#define PART(is_right, kind, ...)                                              \
	{                                                                      \
		is_right, kind, sizeof((const uint8_t[]){0, __VA_ARGS__}) - 1, \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

static bool is_damaged(const struct shown *shown, uint64_t place)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "the recording is damaged at byte %llu",
		 (unsigned long long)place);
	return shown->status == STATUS_OBJECT && says(&failure, STATUS_OBJECT, expected);
}

/* Shows what was written so far, and an end behind it. The result is whether it went well; else it
 * is damaged at that byte. */
static bool goes_well(uint64_t place)
{
	struct shown shown;
	bool well;

	PUT(PART_END, 0, 0);
	CHECK(recording_close(&recording) == 0);
	open_shown(&shown, FORM_JSON);
	run(&shown);
	well = shown.status == STATUS_OK;
	CHECK(well || is_damaged(&shown, place));
	close_shown(&shown);
	return well;
}

static void check_parts(const struct part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t place;

		begin();
		put_beginning();
		place = recording.text.length;
		put_bytes(parts[i].kind, parts[i].bytes, parts[i].size);
		if (!CHECK(goes_well(place) == parts[i].is_right))
			fprintf(stderr, "  %c, the part %zu\n", parts[i].kind, i);
	}
}

#define CHECK_PARTS(...)                                \
	check_parts((const struct part[]){__VA_ARGS__}, \
		    sizeof((const struct part[]){__VA_ARGS__}) / sizeof(struct part))

/* The first number is the moment. */
static void events_are_those_of_the_object(void)
{
	CHECK_PARTS(PART(true, PART_EVENT, 0, WARNING, 3), PART(false, PART_EVENT, 0, WARNING),
		    PART(false, PART_EVENT, 0, WARNING, 3, 0), PART(false, PART_EVENT, 0, 11, 3),
		    PART(false, PART_EVENT, 0, CLEAR, 3), PART(false, PART_EVENT, 0, SHORT, 3),
		    PART(false, PART_EVENT, 0, PRINTF, 3), PART(true, PART_EVENT, 0, PRINTF, 3, 0),
		    PART(false, PART_EVENT, 0, PRINTF, 3, 0, 0), PART(false, PART_EVENT, 0));
	CHECK_PARTS(PART(true, PART_LOST_CONTROL, 0, WARNING),
		    PART(false, PART_LOST_CONTROL, 0, PRINTF),
		    PART(false, PART_LOST_CONTROL, 0, CLEAR), PART(false, PART_LOST_CONTROL, 0, 11),
		    PART(false, PART_LOST_CONTROL, 0, WARNING, 0),
		    PART(false, PART_LOST_CONTROL, 0));
	CHECK_PARTS(PART(true, PART_REPEATED, 0, WARNING, 14, 9),
		    PART(false, PART_REPEATED, 0, PRINTF, 14, 9),
		    PART(false, PART_REPEATED, 0, 11, 14, 9),
		    PART(false, PART_REPEATED, 0, WARNING, 14),
		    PART(false, PART_REPEATED, 0, WARNING, 14, 9, 0));
}

static void figures_are_whole(void)
{
	CHECK_PARTS(PART(true, PART_ATTACHED, 0, 2), PART(false, PART_ATTACHED, 0),
		    PART(false, PART_ATTACHED, 0, 2, 0));
	CHECK_PARTS(PART(true, PART_LOST, 0), PART(true, PART_LOST, 0, WARNING, 5),
		    PART(false, PART_LOST, 0, WARNING), PART(false, PART_LOST, 0, 11, 5),
		    PART(true, PART_LOST, 0, 0, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 7, 1, 8, 1,
			 9, 1, 10, 1),
		    PART(false, PART_LOST, 0, 0, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 7, 1, 8, 1,
			 9, 1, 10, 1, 0, 1),
		    PART(true, PART_LOST_TOTAL, 0, WARNING, 5),
		    PART(false, PART_LOST_TOTAL, 0, 11, 5));
	CHECK_PARTS(PART(true, PART_MISSED, 0), PART(true, PART_MISSED, 0, 1, 5, 0, 6),
		    PART(false, PART_MISSED, 0, 2, 5), PART(false, PART_MISSED, 0, 1),
		    PART(false, PART_MISSED, 0, 1, 5, 0, 6, 1, 7));
	CHECK_PARTS(PART(true, PART_COST, 0, 100, 20), PART(false, PART_COST, 0, 100),
		    PART(true, PART_COST, 0, 100, 20, 2, 'a', 0, 1, 2, 0),
		    PART(false, PART_COST, 0, 100, 20, 0, 1, 2, 0),
		    PART(false, PART_COST, 0, 100, 20, 2, 'a', 0, 1, 2));
	CHECK_PARTS(PART(true, PART_END_OF_RUN, 0), PART(false, PART_END_OF_RUN, 0, 0),
		    PART(false, PART_END_OF_RUN));
	CHECK_PARTS(PART(true, PART_CLOCK, 5), PART(false, PART_CLOCK, 5, 5),
		    PART(false, PART_CLOCK));
	/* Question and answer: the first number is how long the question is. */
	CHECK_PARTS(PART(true, PART_ANSWER, 1, 8, 9), PART(true, PART_ANSWER, 2, 8, 9),
		    PART(false, PART_ANSWER, 3, 8, 9), PART(false, PART_ANSWER));
	CHECK_PARTS(PART(false, 'q', 0), PART(false, PART_SESSION, 0), PART(false, PART_ENUM, 0),
		    PART(true, PART_FORGET));
}

/* Of which map, how many, where those of each store end; then memory of keys and of values, a byte
 * for each two words of zeros. */
static void rows_are_those_of_the_map(void)
{
	CHECK_PARTS(PART(true, PART_MAP, 0, 1), PART(false, PART_MAP, 0, 2),
		    PART(false, PART_MAP, 0, 1, 0), PART(false, PART_MAP, 0));
	CHECK_PARTS(
		PART(true, PART_ROWS, 0, 0, 0), PART(true, PART_ROWS, 0, 1, 0, 0, 0),
		PART(false, PART_ROWS, 0, 2, 0, 0, 0), PART(false, PART_ROWS, 2, 0, 0),
		PART(false, PART_ROWS, 0), PART(true, PART_ROWS, 1, 2, 1, 2, 0, 0),
		PART(true, PART_ROWS, 1, 2, 0, 2, 0, 0), PART(true, PART_ROWS, 1, 2, 2, 2, 0, 0),
		PART(false, PART_ROWS, 1, 2, 2, 1, 0, 0), PART(false, PART_ROWS, 1, 2, 1, 3, 0, 0),
		PART(false, PART_ROWS, 1, 2, 1, 1, 0, 0), PART(false, PART_ROWS, 1, 2, 1, 2, 0),
		PART(false, PART_ROWS, 1, 2, 1, 2, 0, 0, 0),
		PART(false, PART_ROWS, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0x7f, 0xff, 0xff, 0x7f, 0,
		     0));
}

/* Rows and texts are for the event that follows, and for no later one. */
static void what_nobody_took_is_forgotten(void)
{
	struct shown shown;

	begin();
	put_beginning();
	put_bytes(PART_ROWS, (const uint8_t[]){1, 1, 1, 1, 0, 0}, 6);
	put_bytes(PART_ROWS, (const uint8_t[]){1, 2, 1, 2, 0, 0}, 6);
	put_bytes(PART_TEXT, "nobody's", 8);
	PUT(PART_ATTACHED, 5, 1);
	PUT(PART_MAP, 6, 1);
	put_event(CAT, 7, 0, NULL);
	/* The last rows and texts count. */
	put_bytes(PART_ROWS, (const uint8_t[]){1, 2, 1, 2, 0, 0}, 6);
	put_bytes(PART_ROWS, (const uint8_t[]){0, 1, 0, 0, 1, 5}, 6);
	PUT(PART_MAP, 8, 0);
	put_bytes(PART_TEXT, "the first", 9);
	put_bytes(PART_TEXT, "second", 6);
	put_event(CAT, 9, 0, NULL);
	PUT(PART_END, 0, 0);
	/* Those of another map are none of this one. */
	CHECK(recording_close(&recording) == 0);
	open_shown(&shown, FORM_JSON);
	run(&shown);
	CHECK(shown.status == STATUS_OK);
	CHECK_TEXT(&shown.out,
		   "{\"type\": \"attached_probes\", \"count\": 1, \"data\": {\"probes\": 1}}\n"
		   "{\"type\": \"map\", \"data\": {\"@s\": 5}}\n"
		   "{\"type\": \"cat\", \"data\": \"second\"}\n");
	close_shown(&shown);
}

static void rows_of_another_map_are_none_of_this_one(void)
{
	struct shown shown;

	begin();
	put_beginning();
	put_bytes(PART_ROWS, (const uint8_t[]){0, 1, 0, 0, 1, 5}, 6);
	PUT(PART_MAP, 5, 1);
	PUT(PART_END, 0, 0);
	CHECK(recording_close(&recording) == 0);
	open_shown(&shown, FORM_JSON);
	run(&shown);
	CHECK(shown.status == STATUS_OK);
	CHECK_TEXT(&shown.out, "");
	CHECK_TEXT(&shown.said, "");
	close_shown(&shown);
}

/* A session of these texts, NULL: it is not there. */
static void put_host(const char *release, const char *machine, const char *trailer, uint64_t room,
		     bool goes_on)
{
	recording_begin(&recording);
	text("0.0.1");
	text(release);
	text(machine);
	text(trailer);
	number(room);
	if (goes_on)
		number(0);
	end(PART_SESSION);
}

static void sessions_are_whole(void)
{
	static const struct {
		const char *release, *machine, *trailer;
		uint64_t room;
		bool goes_on, is_right;
	} cases[] = {
		{"6.1", "x", "", 65536, false, true},  {NULL, "x", "", 0, false, false},
		{"6.1", NULL, "", 0, false, false},    {"6.1", "x", NULL, 0, false, false},
		{"6.1", "x", "", 65537, false, false}, {"6.1", "x", "", 0, true, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin();
		put_host(cases[i].release, cases[i].machine, cases[i].trailer, cases[i].room,
			 cases[i].goes_on);
		put_bytes(PART_OBJECT, "the object", 10);
		put_enum();
		if (!CHECK(goes_well(16) == cases[i].is_right))
			fprintf(stderr, "  session %zu\n", i);
	}
}

/* Names and values; the number says how many there are said to be. */
static void put_names(uint64_t count, const char *first, bool goes_on)
{
	recording_begin(&recording);
	text("colour");
	number(count);
	text(first);
	encode_signed(&recording.part, 1);
	if (goes_on)
		number(0);
	end(PART_ENUM);
}

static void enums_and_parameters_are_whole(void)
{
	enum { RIGHT, NONE, TWICE, NAMELESS, MORE, LONGER, NO_TEXT, LONG_TEXT, COUNT };

	for (int what = RIGHT; what < COUNT; what++) {
		uint64_t place;

		begin();
		put_session();
		put_bytes(PART_OBJECT, "the object", 10);
		if (what == TWICE || what == NO_TEXT || what == LONG_TEXT)
			put_names(1, "RED", false);
		place = recording.text.length;
		if (what == NO_TEXT || what == LONG_TEXT) {
			recording_begin(&recording);
			text(what == NO_TEXT ? NULL : "x");
			if (what == LONG_TEXT)
				number(0);
			end(PART_PARAMETER);
		} else if (what != NONE) {
			put_names(what == MORE ? 4 : 1, what == NAMELESS ? NULL : "RED",
				  what == LONGER);
		}
		if (!CHECK(goes_well(place) == (what == RIGHT)))
			fprintf(stderr, "  case %d\n", what);
	}
}

static void parts_come_in_their_order(void)
{
	uint64_t place;

	begin();
	put_bytes(PART_OBJECT, "the object", 10);
	CHECK(!goes_well(16));
	begin();
	put_session();
	place = recording.text.length;
	put_session();
	CHECK(!goes_well(place));
}

/* What is wrong with an object is said as of one. */
static void the_object_is_checked(void)
{
	struct shown shown;

	begin();
	put_session();
	put_bytes(PART_OBJECT, "an object!", 10);
	CHECK(recording_close(&recording) == 0);
	open_shown(&shown, FORM_JSON);
	CHECK(shown.status == STATUS_OBJECT && says(&failure, STATUS_OBJECT, "no object"));
	close_shown(&shown);
}

/* What is there is shown, and then it is said that it has no end. */
static void a_recording_may_be_cut(void)
{
	static const char *const said[] = {"after 2 events", "after 1 events", "after 0 events"};

	for (int cut = 0; cut < 3; cut++) {
		struct shown shown;
		struct stat status;

		begin();
		put_beginning();
		for (int i = 0; i + (cut == 2) < 2; i++)
			put_event(WARNING, 5, 0, NULL);
		CHECK(recording_close(&recording) == 0);
		/* Within the last event. */
		CHECK(stat(at("recording"), &status) == 0);
		CHECK(truncate(at("recording"), status.st_size - (cut > 0)) == 0);
		open_shown(&shown, FORM_TEXT);
		run(&shown);
		CHECK(shown.status == STATUS_FAILED && says(&failure, STATUS_FAILED, said[cut]));
		CHECK(says(&failure, STATUS_FAILED, "has no end: it was interrupted, or is cut"));
		CHECK(strcmp(failure.hint,
			     "What it holds is shown, without what came at the end.") == 0);
		CHECK_TEXT(&shown.said, cut == 0   ? "WARNING: watch out\nWARNING: watch out\n"
					: cut == 1 ? "WARNING: watch out\n"
						   : "");
		close_shown(&shown);
	}
}

static void nothing_stands_behind_the_end(void)
{
	struct shown shown;
	uint64_t place;

	begin();
	put_beginning();
	PUT(PART_END, 0, 0);
	place = recording.text.length;
	put_event(WARNING, 5, 0, NULL);
	CHECK(recording_close(&recording) == 0);
	open_shown(&shown, FORM_TEXT);
	run(&shown);
	CHECK(shown.status == STATUS_OBJECT);
	CHECK(says(&failure, STATUS_OBJECT, "the recording goes on behind its end, at byte "));
	CHECK(strtoull(strrchr(failure.text, ' '), NULL, 10) == place);
	CHECK(strcmp(failure.hint, "What came before is shown.") == 0);
	CHECK_TEXT(&shown.said, "");
	close_shown(&shown);
}

/* The file is one that cannot be read any more, before its end or there. */
static void a_recording_that_cannot_be_read(void)
{
	for (int behind_the_end = 0; behind_the_end < 2; behind_the_end++) {
		struct shown shown;
		int other = open("/tmp", O_RDONLY | O_CLOEXEC);

		begin();
		put_beginning();
		if (behind_the_end)
			PUT(PART_END, 0, 0);
		else
			put_event(WARNING, 5, 0, NULL);
		CHECK(recording_close(&recording) == 0);
		open_shown(&shown, FORM_TEXT);
		/* As if it had more than was read of it so far. */
		shown.replay.reader.at_end = false;
		CHECK(other >= 0 && dup2(other, shown.replay.reader.fd) >= 0);
		close(other);
		run(&shown);
		CHECK(shown.status == STATUS_FAILED &&
		      says(&failure, STATUS_FAILED, "cannot read it: Is a directory"));
		close_shown(&shown);
	}
}

int main(void)
{
	CHECK(mkdtemp(folder));
	events_are_those_of_the_object();
	figures_are_whole();
	rows_are_those_of_the_map();
	what_nobody_took_is_forgotten();
	rows_of_another_map_are_none_of_this_one();
	sessions_are_whole();
	enums_and_parameters_are_whole();
	parts_come_in_their_order();
	the_object_is_checked();
	a_recording_may_be_cut();
	nothing_stands_behind_the_end();
	a_recording_that_cannot_be_read();
	failure_clear(&failure);
	unlink(at("recording"));
	CHECK(rmdir(folder) == 0);
	return check_result("damaged replay");
}
