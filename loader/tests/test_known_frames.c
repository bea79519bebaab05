/* Stacks, symbols and types in each form of output, of a host whose answers the test made itself.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "base/failure.h"
#include "check.h"
#include "fixture.h"
#include "known_answers.h"
#include "output/facts.h"
#include "output/line_value.h"
#include "output/stacks.h"
#include "output/value.h"
#include "output/value_json.h"
#include "output/value_typed.h"

#define PID 77
/* Places of that process: in a function with another in it, in one that is called there, in a file
 * without symbols, and where nothing is known. */
#define INNER 0x1000
#define OUTER 0x2000
#define NAMELESS 0x3000
#define UNKNOWN 0x4000
#define KERNEL 0xffffffff81000010

static struct failure failure;
static struct fixture fixture;
static struct recording recording;
static struct wall_clock wall;
static struct value_context values;

static const uint8_t file_id[] = {0xab, 0xcd, 0xef, 0x01, 0x23};
static const struct code_frame inner_frames[] = {{"inlined", "a.c:3"}, {NULL, "a.c:14"}};
static const struct code_frame call_frames[] = {{NULL, "b.c:20"}};

static const struct mf_type int32 = {.kind = MF_INT, .size = 4, .is_signed = true};
static const struct mf_type uint8 = {.kind = MF_INT, .size = 1};
static const struct mf_type string4 = {.kind = MF_STRING, .size = 4, .capacity = 4};
static const struct mf_type ksym = {.kind = MF_KSYM, .size = 8};
static const struct mf_type usym = {.kind = MF_USYM, .size = 16};

struct token {
	uint64_t id;
	uint32_t pid, count;
};

static struct mf_type stack_of(bool user, enum mf_stack_mode mode)
{
	return (struct mf_type){.kind = MF_STACK,
				.size = 16,
				.user_stack = user,
				.stack_mode = mode,
				.stack_limit = 127};
}

static void put_stacks(void)
{
	const uint64_t user[] = {INNER, OUTER, STACK_UNWIND_FAILURE, NAMELESS, UNKNOWN};
	const uint64_t kernel[] = {KERNEL, 0x10};
	uint64_t many[17];
	const struct bpf_stack_build_id ids[] = {
		{.status = BPF_STACK_BUILD_ID_VALID,
		 .build_id = {0x12, 0x34, 0x56, 0x78, 0x9a, [19] = 0xff},
		 .offset = 0x4f0},
		{.status = BPF_STACK_BUILD_ID_IP, .ip = INNER},
		{.status = BPF_STACK_BUILD_ID_IP, .ip = UNKNOWN},
	};

	for (uint32_t i = 0; i < 17; i++)
		many[i] = i + 1;
	known_stack(&recording, 1, user, sizeof(user));
	known_stack(&recording, 2, kernel, sizeof(kernel));
	known_stack(&recording, 3, ids, sizeof(ids));
	known_stack(&recording, 4, many, sizeof(many));
}

static void setup(void)
{
	const struct symbol inner = {.name = "f",
				     .offset = 4,
				     .module = "/bin/tool",
				     .frames = inner_frames,
				     .frame_count = 2};
	const struct symbol outer = {.name = "main",
				     .offset = 9,
				     .module = "/bin/tool",
				     .frames = call_frames,
				     .frame_count = 1};
	const struct symbol nameless = {.module = "/lib/a.so"};

	fixture_init(&fixture);
	CHECK(recording_open(&recording, "/dev/null", &failure) == STATUS_OK);
	value_context_init(&values, &fixture.session, NULL, &wall);
	stacks_make_room(&values, 1024);
	facts_found_in(values.facts, &recording.answers);
	put_stacks();
	known_kernel(&recording, KERNEL, &(struct symbol){.name = "vfs_read", .offset = 16});
	/* The innermost frame is where it is, each other is at a call. */
	known_user(&recording, KNOWN_SOURCE, PID, INNER, &inner);
	known_user(&recording, KNOWN_CALL, PID, OUTER, &outer);
	known_user(&recording, KNOWN_CALL, PID, NAMELESS, &nameless);
	known_user(&recording, KNOWN_NAME, PID, INNER,
		   &(struct symbol){.name = "f", .offset = 4, .module = "/bin/tool"});
	known_user(&recording, KNOWN_NAME, PID, OUTER,
		   &(struct symbol){.name = "main", .offset = 9});
	known_place(&recording, PID, INNER,
		    &(struct symbol_place){.module = "/bin/tool",
					   .offset = 0x100,
					   .build_id = file_id,
					   .build_id_size = sizeof(file_id)});
	known_place(&recording, PID, UNKNOWN,
		    &(struct symbol_place){.module = "/tmp/gone", .offset = 0x400});
}

static void teardown(void)
{
	value_context_free(&values);
	CHECK(recording_close(&recording) == 0);
	fixture_free(&fixture);
}

static const struct token user_token = {1, PID, 5}, kernel_token = {2, 0, 2},
			  id_token = {3, PID, 3};

static void check_stack(void (*write)(struct strbuf *, const struct value_context *,
				      const struct mf_type *, const uint8_t *),
			bool user, enum mf_stack_mode mode, const struct token *token,
			const char *expected)
{
	const struct mf_type type = stack_of(user, mode);
	struct strbuf text = {0};

	write(&text, &values, &type, (const uint8_t *)token);
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static void stacks_as_text(void)
{
	check_stack(value_text, true, MF_STACK_BPFTRACE, &user_token,
		    "\n"
		    "        inlined [inlined] @a.c:3\n"
		    "        f+4 @a.c:14\n"
		    "        main+9 @b.c:20\n"
		    "<unwind failure>\n"
		    "        0x3000\n"
		    "        0x4000\n");
	check_stack(value_text, true, MF_STACK_PERF, &user_token,
		    "\n"
		    "\t1000 f+4 (/bin/tool)\n"
		    "\t2000 main+9 ([unknown])\n"
		    "<unwind failure>\n"
		    "\t3000 [unknown] ([unknown])\n"
		    "\t4000 [unknown] ([unknown])\n");
	check_stack(value_text, true, MF_STACK_RAW, &user_token,
		    "\n1000\n2000\n<unwind failure>\n3000\n4000\n");
	check_stack(value_text, false, MF_STACK_BPFTRACE, &kernel_token,
		    "\n        vfs_read+16\n        0x10\n");
	check_stack(value_text, false, MF_STACK_PERF, &kernel_token,
		    "\n"
		    "\tffffffff81000010 vfs_read+16 ([kernel.kallsyms])\n"
		    "\t10 [unknown] ([unknown])\n");
	check_stack(value_text, false, MF_STACK_RAW, &kernel_token, "\nffffffff81000010\n10\n");
	/* The kernel has the id of a file, or its place is known, or neither. */
	check_stack(value_text, true, MF_STACK_BUILD_ID, &id_token,
		    "\n"
		    "123456789a0000000000000000000000000000ff 0x4f0\n"
		    "abcdef0123 0x100\n"
		    "4000\n");
}

/* A key has the text without the blanks that it is indented by. */
static void stacks_as_keys_of_json(void)
{
	check_stack(json_value, true, MF_STACK_BPFTRACE, &user_token,
		    "\"\\n        inlined [inlined] @a.c:3\\n        f+4 @a.c:14\\n        main+9 "
		    "@b.c:20\\n<unwind failure>\\n        0x3000\\n        0x4000\\n\"");
	check_stack(json_key, true, MF_STACK_BPFTRACE, &user_token,
		    "\"\\ninlined [inlined] @a.c:3\\nf+4 @a.c:14\\nmain+9 @b.c:20\\n"
		    "<unwind failure>\\n0x3000\\n0x4000\\n\"");
}

/* As few frames as the type has, or the token, or the room; none where nothing was captured. */
static void no_more_frames_than_there_are(void)
{
	struct mf_type two = stack_of(true, MF_STACK_RAW);
	struct strbuf text = {0};

	check_stack(value_text, true, MF_STACK_RAW, &(struct token){1, PID, 2}, "\n1000\n2000\n");
	check_stack(value_text, true, MF_STACK_RAW, &(struct token){0, PID, 2}, "\n");
	check_stack(value_text, true, MF_STACK_RAW, &(struct token){9, PID, 2}, "\n");
	two.stack_limit = 1;
	value_text(&text, &values, &two, (const uint8_t *)&user_token);
	CHECK_TEXT(&text, "\n1000\n");
	stacks_make_room(&values, 24);
	check_stack(value_text, true, MF_STACK_RAW, &user_token,
		    "\n1000\n2000\n<unwind failure>\n");
	stacks_make_room(&values, 2 * sizeof(struct bpf_stack_build_id));
	check_stack(value_text, true, MF_STACK_BUILD_ID, &id_token,
		    "\n123456789a0000000000000000000000000000ff 0x4f0\nabcdef0123 0x100\n");
	stacks_make_room(&values, 1024);
	strbuf_free(&text);
}

/* On one line: without lines of the source, with as much of an id as git shows. */
static void stacks_on_a_line(void)
{
	check_stack(line_value, true, MF_STACK_BPFTRACE, &user_token,
		    "f < main < <unwind failure> < 0x3000 < 0x4000");
	check_stack(line_value, true, MF_STACK_RAW, &user_token,
		    "0x1000 < 0x2000 < <unwind failure> < 0x3000 < 0x4000");
	check_stack(line_value, false, MF_STACK_PERF, &kernel_token, "vfs_read < 0x10");
	check_stack(line_value, true, MF_STACK_BUILD_ID, &id_token,
		    "12345678+0x4f0 < abcdef01+0x100 < 0x4000");
	check_stack(line_value, true, MF_STACK_RAW, &(struct token){0, PID, 2}, "[no stack]");
	check_stack(line_value, true, MF_STACK_RAW, &(struct token){4, PID, 16},
		    "0x1 < 0x2 < 0x3 < 0x4 < 0x5 < 0x6 < 0x7 < 0x8 < 0x9 < 0xa < 0xb < 0xc < 0xd < "
		    "0xe < 0xf < 0x10");
	check_stack(line_value, true, MF_STACK_RAW, &(struct token){4, PID, 17},
		    "0x1 < 0x2 < 0x3 < 0x4 < 0x5 < 0x6 < 0x7 < 0x8 < 0x9 < 0xa < 0xb < 0xc < 0xd < "
		    "0xe < 0xf < 0x10 < ...");
}

static void elements_on_a_line(void)
{
	const struct mf_type stack = stack_of(true, MF_STACK_RAW);
	const struct mf_type numbers = {.kind = MF_ARRAY, .size = 2, .element = &uint8, .count = 2};
	const struct mf_field fields[] = {{.offset = 0, .type = &stack, .name = "s"},
					  {.offset = 16, .type = &numbers, .name = "n"}};
	struct mf_type pair = {.kind = MF_TUPLE, .size = 24, .fields = fields, .field_count = 2};
	const struct {
		struct token token;
		uint8_t numbers[8];
	} row = {{1, PID, 2}, {3, 4}};
	struct strbuf text = {0};

	line_value(&text, &values, &pair, (const uint8_t *)&row);
	CHECK_TEXT(&text, "(0x1000 < 0x2000, [3,4])");
	line_key(&text, &values, &pair, (const uint8_t *)&row);
	CHECK_TEXT(&text, "0x1000 < 0x2000, [3,4]");
	pair.kind = MF_RECORD;
	line_key(&text, &values, &pair, (const uint8_t *)&row);
	CHECK_TEXT(&text, "{ .s = 0x1000 < 0x2000, .n = [3,4] }");
	strbuf_free(&text);
}

static void frames_of_typed_json(void)
{
	check_stack(typed_value, true, MF_STACK_BPFTRACE, &user_token,
		    "[{\"address\": \"0x1000\", \"name\": \"inlined\", \"module\": \"/bin/tool\", "
		    "\"file\": \"a.c\", \"line\": 3, \"inlined\": true}, "
		    "{\"address\": \"0x1000\", \"name\": \"f\", \"offset\": 4, "
		    "\"module\": \"/bin/tool\", \"file\": \"a.c\", \"line\": 14, "
		    "\"build_id\": \"abcdef0123\", \"file_offset\": \"0x100\"}, "
		    "{\"address\": \"0x2000\", \"name\": \"main\", \"offset\": 9, "
		    "\"module\": \"/bin/tool\", \"file\": \"b.c\", \"line\": 20}, "
		    "{\"name\": \"[unwind failure]\"}, "
		    "{\"address\": \"0x3000\", \"module\": \"/lib/a.so\"}, "
		    "{\"address\": \"0x4000\", \"module\": \"/tmp/gone\", "
		    "\"file_offset\": \"0x400\"}]");
	check_stack(
		typed_value, false, MF_STACK_PERF, &kernel_token,
		"[{\"address\": \"0xffffffff81000010\", \"name\": \"vfs_read\", \"offset\": 16}, "
		"{\"address\": \"0x10\"}]");
	check_stack(typed_value, true, MF_STACK_BUILD_ID, &id_token,
		    "[{\"build_id\": \"123456789a0000000000000000000000000000ff\", "
		    "\"file_offset\": \"0x4f0\"}, "
		    "{\"build_id\": \"abcdef0123\", \"file_offset\": \"0x100\"}, "
		    "{\"address\": \"0x4000\"}]");
	check_stack(typed_value, true, MF_STACK_RAW, &(struct token){0, PID, 2}, "[]");
}

static void check_typed(const struct mf_type *type, const void *data, const char *expected)
{
	struct strbuf text = {0};

	typed_value(&text, &values, type, data);
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static void addresses(void)
{
	const uint64_t outer[] = {OUTER, PID}, other[] = {OUTER, PID + 1};
	struct strbuf text = {0};
	uint64_t address = KERNEL;

	check_typed(
		&ksym, &address,
		"{\"address\": \"0xffffffff81000010\", \"name\": \"vfs_read\", \"offset\": 16}");
	value_text(&text, &values, &ksym, (const uint8_t *)&address);
	CHECK_TEXT(&text, "vfs_read");
	address++;
	check_typed(&ksym, &address, "{\"address\": \"0xffffffff81000011\"}");
	value_text(&text, &values, &ksym, (const uint8_t *)&address);
	CHECK_TEXT(&text, "0xffffffff81000011");
	check_typed(&usym, outer, "{\"address\": \"0x2000\", \"name\": \"main\", \"offset\": 9}");
	value_text(&text, &values, &usym, (const uint8_t *)outer);
	CHECK_TEXT(&text, "main");
	check_typed(&usym, other, "{\"address\": \"0x2000\"}");
	strbuf_free(&text);
}

static const struct mf_field point_fields[] = {{.offset = 0, .type = &int32, .name = "a\"b"},
					       {.offset = 4, .type = &string4, .name = "c"}};
static const struct mf_type point = {
	.kind = MF_RECORD, .size = 8, .fields = point_fields, .field_count = 2};
static const struct mf_type pair = {
	.kind = MF_TUPLE, .size = 8, .fields = point_fields, .field_count = 2};

static void check_type(const struct mf_type *type, const char *expected)
{
	struct strbuf text = {0};

	typed_type(&text, &values, type);
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static void types_say_what_they_are(void)
{
	const struct mf_enum enums[] = {{.name = "state"}, {0}};
	const struct mf_type named = {.kind = MF_ENUM, .size = 4};
	const struct mf_type nameless = {.kind = MF_ENUM, .size = 4, .enumeration = 1};
	const struct mf_type user = {.kind = MF_NAME, .size = 8, .name_space = MF_NAME_USER};
	const struct mf_type array = {.kind = MF_ARRAY, .size = 12, .element = &int32, .count = 3};
	const struct mf_type lhist = {
		.kind = MF_LHIST, .size = 32, .buckets = 4, .min = -10, .max = 10, .step = 5};
	const struct mf_type series = {.kind = MF_TSERIES, .interval = 5000000000};
	const struct mf_type ustack = stack_of(true, MF_STACK_PERF);
	const struct mf_type kstack = stack_of(false, MF_STACK_BUILD_ID);

	fixture.session.enums = enums;
	check_type(&int32, "{\"kind\": \"int\", \"size\": 4, \"signed\": true}");
	check_type(&uint8, "{\"kind\": \"int\", \"size\": 1, \"signed\": false}");
	check_type(&named, "{\"kind\": \"enum\", \"enum\": \"state\"}");
	check_type(&nameless, "{\"kind\": \"enum\"}");
	check_type(&user, "{\"kind\": \"name\", \"of\": \"user\"}");
	check_type(&ustack, "{\"kind\": \"stack\", \"of\": \"user\", \"mode\": \"perf\"}");
	check_type(&kstack, "{\"kind\": \"stack\", \"of\": \"kernel\", \"mode\": \"build_id\"}");
	check_type(&array, "{\"kind\": \"array\", \"element\": {\"kind\": \"int\", \"size\": 4, "
			   "\"signed\": true}, \"count\": 3}");
	check_type(&pair, "{\"kind\": \"tuple\", \"fields\": [{\"kind\": \"int\", \"size\": 4, "
			  "\"signed\": true}, {\"kind\": \"string\"}]}");
	check_type(&point, "{\"kind\": \"record\", \"fields\": [{\"name\": \"a\\\"b\", \"type\": "
			   "{\"kind\": \"int\", \"size\": 4, \"signed\": true}}, "
			   "{\"name\": \"c\", \"type\": {\"kind\": \"string\"}}]}");
	check_type(&lhist, "{\"kind\": \"lhist\", \"min\": -10, \"max\": 10, \"step\": 5}");
	check_type(&series, "{\"kind\": \"tseries\", \"interval\": 5000000000}");
	fixture.session.enums = NULL;
}

static void keys_say_what_their_parts_are(void)
{
	struct strbuf text = {0};

	typed_key_type(&text, &values, &pair);
	CHECK_TEXT(&text, "[{\"kind\": \"int\", \"size\": 4, \"signed\": true}, "
			  "{\"kind\": \"string\"}]");
	typed_key_type(&text, &values, &uint8);
	CHECK_TEXT(&text, "[{\"kind\": \"int\", \"size\": 1, \"signed\": false}]");
	check_typed(&point, &(struct {
		int32_t a;
		char c[4];
	}){-7, "x"},
		    "{\"a\\\"b\": -7, \"c\": \"x\"}");
	strbuf_free(&text);
}

int main(void)
{
	setup();
	stacks_as_text();
	stacks_as_keys_of_json();
	no_more_frames_than_there_are();
	stacks_on_a_line();
	elements_on_a_line();
	frames_of_typed_json();
	addresses();
	types_say_what_they_are();
	keys_say_what_their_parts_are();
	teardown();
	failure_clear(&failure);
	return check_result("known frames");
}
