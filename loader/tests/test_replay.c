/* What recordings that the test makes part by part show, in each form. */
#include "known_answers.h"
#include "recorded.h"

#define PID 77

static void put_rows(void)
{
	const int64_t keys[] = {1, 2, 3}, values[] = {30, 10, 20};

	recording_begin(&recording);
	number(1);
	number(3);
	number(1);
	number(3);
	encode_memory(&recording.part, (const uint8_t *)keys, sizeof(keys));
	encode_memory(&recording.part, (const uint8_t *)values, sizeof(values));
	end(PART_ROWS);
}

static void put_zone(uint64_t quarter, int64_t offset, bool is_summer, const char *zone)
{
	encode_signed(&recording.answer, offset);
	encode_number(&recording.answer, is_summer);
	encode_text(&recording.answer, zone);
	known_answer(&recording, ANSWER_ZONE, quarter, 0);
}

static void put_cost(void)
{
	recording_moment(&recording, 12000000000);
	number(1000);
	number(20);
	text("begin");
	number(4);
	number(500);
	number(0);
	text("end");
	number(0);
	number(0);
	number(1);
	end(PART_COST);
}

/* One of each kind, ten seconds after the boot and later. */
static void put_all(void)
{
	const struct {
		int64_t number;
		char text[8];
	} seven = {-7, "word"};
	const uint64_t place[] = {0x1000, PID};
	const int64_t green = -2;

	put_beginning();
	PUT(PART_ATTACHED, 10000000000, 2);
	put_event(PRINTF, 10000000001, 3, &seven);
	known_user(&recording, KNOWN_NAME, PID, 0x1000,
		   &(struct symbol){.name = "main", .offset = 4, .module = "/bin/tool"});
	put_event(SYMBOL, 10000000002, 0, place);
	PUT(PART_FORGET, 0);
	/* Nobody has told it since. */
	put_event(SYMBOL, 10000000003, 0, place);
	put_event(NAME, 10000000004, 1, &green);
	put_zone(1700000010 / 900, 7200, true, "TEST");
	put_event(TIME, 10000000005, 0, NULL);
	PUT(PART_LOST_CONTROL, 11000000000, TIME);
	put_rows();
	put_event(MAP, 11000000001, 0, NULL);
	/* Its rows were taken, and there are no others. */
	put_event(MAP, 11000000002, 0, NULL);
	put_rows();
	PUT(PART_MAP, 11000000003, 1);
	put_bytes(PART_TEXT, "of a file\n", 10);
	put_event(CAT, 11000000004, 0, NULL);
	put_event(CAT, 11000000005, 0, NULL);
	put_bytes(PART_TEXT, "of a command\n", 13);
	put_event(SYSTEM, 11000000006, 0, NULL);
	put_event(WARNING, 11000000007, 0, NULL);
	put_event(ERRORF, 11000000008, 0, &seven);
	PUT(PART_LOST, 11000000009, PRINTF, 300, SYMBOL, 2);
	recording_moment(&recording, 11000000010);
	number(WARNING);
	encode_signed(&recording.part, -7);
	number(9);
	end(PART_REPEATED);
	put_cost();
	PUT(PART_END_OF_RUN, 12000000001);
	PUT(PART_LOST_TOTAL, 12000000002, PRINTF, 301);
	PUT(PART_MISSED, 12000000003, 1, 5, 0, 6);
	PUT(PART_END, 0, 12);
}

static void record(void (*parts)(void))
{
	begin();
	parts();
	CHECK(recording_close(&recording) == 0);
}

static void all_is_shown_as_text(void)
{
	struct shown shown;

	record(put_all);
	open_shown(&shown, FORM_TEXT);
	CHECK(strcmp(shown.replay.release, "6.1-test") == 0 &&
	      strcmp(shown.replay.machine, "riscv64") == 0 && shown.replay.stack_room == 64);
	CHECK(shown.replay.parameter_count == 1 &&
	      strcmp(shown.replay.parameters[0], "first") == 0);
	CHECK(strcmp(manifest.config.str_trunc_trailer, "~") == 0);
	run(&shown);
	CHECK(shown.status == STATUS_OK && shown.replay.events == 13);
	CHECK_TEXT(&shown.out, "-7 word\n"
			       "main\n"
			       "0x1000\n"
			       "GREEN\n"
			       "00:13:30 TEST\n"
			       "00:13:31 TEST\n"
			       "@k[2]: 10\n@k[3]: 20\n@k[1]: 30\n"
			       "@k[2]: 10\n@k[3]: 20\n@k[1]: 30\n"
			       "of a file\n"
			       "of a command\n"
			       "\n\n");
	CHECK_TEXT(
		&shown.said,
		"Attached 2 probes\n"
		"WARNING: watch out\n"
		"ERROR: wrong: word\n"
		"Lost 302 events\n"
		"WARNING: 9 times: watch out\n"
		"probe                  events    ns each  % of CPU\n"
		"begin                       4        125     50.00\n"
		"end (detached)              0          -      0.00\n"
		"bpfload itself              -          -      2.00\n"
		"all                                          52.00\n"
		"WARNING: Total lost event count: 301\n"
		"WARNING: 5 events of end were left out by the kernel: a BPF program was running "
		"on that CPU already.\n"
		"WARNING: 6 events of begin were left out by the kernel: a BPF program was "
		"running on that CPU already.\n");
	close_shown(&shown);
	/* How many probes there were may be left out. */
	open_shown(&shown, FORM_TEXT);
	shown.fixture.options.quiet = true;
	run(&shown);
	CHECK(shown.said.length && strncmp(shown.said.data, "WARNING: watch out", 18) == 0);
	close_shown(&shown);
}

/* With the clocks, the kernel and the values that were recorded. */
static void all_is_shown_as_typed_json(void)
{
	struct shown shown;

	record(put_all);
	open_shown(&shown, FORM_TYPED_JSON);
	run(&shown);
	CHECK(shown.status == STATUS_OK);
	CHECK_TEXT(
		&shown.out,
		"{\"type\": \"session\", \"boot\": 10000000000, \"wall\": \"2023-11-14T22:13:30.000000000Z\", \"schema\": 2, \"script\": \"test.bt\", \"producer\": \"bpfscript\", \"kernel\": \"6.1-test\", \"architecture\": \"riscv64\"}\n"
		"{\"type\": \"attached_probes\", \"boot\": 10000000000, \"wall\": \"2023-11-14T22:13:30.000000000Z\", \"count\": 2, \"data\": {\"probes\": 2}}\n"
		"{\"type\": \"printf\", \"boot\": 10000000001, \"wall\": \"2023-11-14T22:13:30.000000001Z\", \"cpu\": 3, \"data\": \"-7 word\\n\", \"values\": [-7, \"word\"]}\n"
		"{\"type\": \"value\", \"boot\": 10000000002, \"wall\": \"2023-11-14T22:13:30.000000002Z\", \"cpu\": 0, \"value_type\": {\"kind\": \"usym\"}, \"data\": {\"address\": \"0x1000\", \"name\": \"main\", \"offset\": 4, \"module\": \"/bin/tool\"}}\n"
		"{\"type\": \"value\", \"boot\": 10000000003, \"wall\": \"2023-11-14T22:13:30.000000003Z\", \"cpu\": 0, \"value_type\": {\"kind\": \"usym\"}, \"data\": {\"address\": \"0x1000\"}}\n"
		"{\"type\": \"value\", \"boot\": 10000000004, \"wall\": \"2023-11-14T22:13:30.000000004Z\", \"cpu\": 1, \"value_type\": {\"kind\": \"enum\", \"enum\": \"colour\"}, \"data\": {\"name\": \"GREEN\", \"number\": -2}}\n"
		"{\"type\": \"time\", \"boot\": 10000000005, \"wall\": \"2023-11-14T22:13:30.000000005Z\", \"cpu\": 0, \"data\": \"00:13:30 TEST\\n\"}\n"
		"{\"type\": \"time\", \"boot\": 11000000000, \"wall\": \"2023-11-14T22:13:31.000000000Z\", \"data\": \"00:13:31 TEST\\n\"}\n"
		"{\"type\": \"map\", \"boot\": 11000000001, \"wall\": \"2023-11-14T22:13:31.000000001Z\", \"cpu\": 0, \"name\": \"@k\", \"key_types\": [{\"kind\": \"int\", \"size\": 8, \"signed\": true}], \"value_type\": {\"kind\": \"int\", \"size\": 8, \"signed\": true}, \"data\": [{\"key\": [2], \"value\": 10}, {\"key\": [3], \"value\": 20}, {\"key\": [1], \"value\": 30}]}\n"
		"{\"type\": \"map\", \"boot\": 11000000003, \"wall\": \"2023-11-14T22:13:31.000000003Z\", \"name\": \"@k\", \"key_types\": [{\"kind\": \"int\", \"size\": 8, \"signed\": true}], \"value_type\": {\"kind\": \"int\", \"size\": 8, \"signed\": true}, \"data\": [{\"key\": [2], \"value\": 10}, {\"key\": [3], \"value\": 20}, {\"key\": [1], \"value\": 30}]}\n"
		"{\"type\": \"cat\", \"boot\": 11000000004, \"wall\": \"2023-11-14T22:13:31.000000004Z\", \"cpu\": 0, \"data\": \"of a file\\n\"}\n"
		"{\"type\": \"syscall\", \"boot\": 11000000006, \"wall\": \"2023-11-14T22:13:31.000000006Z\", \"cpu\": 0, \"data\": \"of a command\\n\"}\n"
		"{\"type\": \"runtime_error\", \"boot\": 11000000007, \"wall\": \"2023-11-14T22:13:31.000000007Z\", \"cpu\": 0, \"msg\": \"watch out\"}\n"
		"{\"type\": \"errorf\", \"boot\": 11000000008, \"wall\": \"2023-11-14T22:13:31.000000008Z\", \"cpu\": 0, \"msg\": \"wrong: word\"}\n"
		"{\"type\": \"lost_events\", \"boot\": 11000000009, \"wall\": \"2023-11-14T22:13:31.000000009Z\", \"count\": 300, \"data\": {\"events\": 300}}\n"
		"{\"type\": \"lost_events\", \"boot\": 11000000009, \"wall\": \"2023-11-14T22:13:31.000000009Z\", \"count\": 2, \"data\": {\"events\": 2}}\n"
		"{\"type\": \"runtime_error\", \"boot\": 11000000010, \"wall\": \"2023-11-14T22:13:31.000000010Z\", \"msg\": \"watch out\", \"count\": 9}\n"
		"{\"type\": \"cost\", \"boot\": 12000000000, \"wall\": \"2023-11-14T22:13:32.000000000Z\", \"data\": [{\"probe\": \"begin\", \"events\": 4, \"ns\": 500}, {\"probe\": \"end\", \"events\": 0, \"ns\": 0, \"detached\": true}], \"elapsed\": 1000, \"loader\": 20}\n"
		"{\"type\": \"missed_events\", \"boot\": 12000000003, \"wall\": \"2023-11-14T22:13:32.000000003Z\", \"count\": 5, \"data\": {\"events\": 5}, \"probe\": \"end\"}\n"
		"{\"type\": \"missed_events\", \"boot\": 12000000003, \"wall\": \"2023-11-14T22:13:32.000000003Z\", \"count\": 6, \"data\": {\"events\": 6}, \"probe\": \"begin\"}\n");
	CHECK_TEXT(&shown.said, "");
	close_shown(&shown);
}

static void all_is_shown_as_json(void)
{
	struct shown shown;

	record(put_all);
	open_shown(&shown, FORM_JSON);
	run(&shown);
	CHECK(shown.status == STATUS_OK);
	CHECK_TEXT(
		&shown.out,
		"{\"type\": \"attached_probes\", \"count\": 2, \"data\": {\"probes\": 2}}\n"
		"{\"type\": \"printf\", \"data\": \"-7 word\\n\"}\n"
		"{\"type\": \"value\", \"data\": \"main\"}\n"
		"{\"type\": \"value\", \"data\": \"0x1000\"}\n"
		"{\"type\": \"value\", \"data\": -2}\n"
		"{\"type\": \"time\", \"data\": \"00:13:30 TEST\\n\"}\n"
		"{\"type\": \"time\", \"data\": \"00:13:31 TEST\\n\"}\n"
		"{\"type\": \"map\", \"data\": {\"@k\": {\"2\": 10, \"3\": 20, \"1\": 30}}}\n"
		"{\"type\": \"map\", \"data\": {\"@k\": {\"2\": 10, \"3\": 20, \"1\": 30}}}\n"
		"{\"type\": \"cat\", \"data\": \"of a file\\n\"}\n"
		"{\"type\": \"syscall\", \"data\": \"of a command\\n\"}\n"
		"{\"type\": \"runtime_error\", \"msg\": \"watch out\"}\n"
		"{\"type\": \"errorf\", \"msg\": \"wrong: word\"}\n"
		"{\"type\": \"lost_events\", \"count\": 300, \"data\": {\"events\": 300}}\n"
		"{\"type\": \"lost_events\", \"count\": 2, \"data\": {\"events\": 2}}\n"
		"{\"type\": \"runtime_error\", \"msg\": \"watch out\", \"count\": 9}\n"
		"{\"type\": \"cost\", \"data\": [{\"probe\": \"begin\", \"events\": 4, \"ns\": 500}, {\"probe\": \"end\", \"events\": 0, \"ns\": 0, \"detached\": true}], \"elapsed\": 1000, \"loader\": 20}\n"
		"{\"type\": \"missed_events\", \"count\": 5, \"data\": {\"events\": 5}, \"probe\": \"end\"}\n"
		"{\"type\": \"missed_events\", \"count\": 6, \"data\": {\"events\": 6}, \"probe\": \"begin\"}\n");
	CHECK_TEXT(&shown.said, "");
	close_shown(&shown);
}

int main(void)
{
	CHECK(mkdtemp(folder));
	all_is_shown_as_text();
	all_is_shown_as_json();
	all_is_shown_as_typed_json();
	failure_clear(&failure);
	unlink(at("recording"));
	CHECK(rmdir(folder) == 0);
	return check_result("replay");
}
