/* Numbers, texts and memory in recordings, answers of the host, and parts that are no parts. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "base/failure.h"
#include "recording/encoding.h"
#include "recording/reader.h"
#include "recording/recording.h"

static struct decoder decoder_of(const struct strbuf *text)
{
	return (struct decoder){.at = (const uint8_t *)text->data,
				.end = (const uint8_t *)text->data + text->length};
}

static void numbers_come_back(void)
{
	const uint64_t numbers[] = {0, 1, 127, 128, 300, UINT32_MAX, INT64_MAX, UINT64_MAX};
	struct strbuf text = {0};
	struct decoder from;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		encode_number(&text, numbers[i]);
		encode_signed(&text, (int64_t)numbers[i]);
		encode_signed(&text, -(int64_t)(numbers[i] >> 1));
	}
	from = decoder_of(&text);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		CHECK(decode_number(&from) == numbers[i]);
		CHECK(decode_signed(&from) == (int64_t)numbers[i]);
		CHECK(decode_signed(&from) == -(int64_t)(numbers[i] >> 1));
	}
	CHECK(decode_ends(&from));
	CHECK(decode_number(&from) == 0 && from.failed);
	strbuf_free(&text);
}

static void a_number_of_more_than_64_bits_is_none(void)
{
	struct strbuf text = {0};
	struct decoder from;

	strbuf_fill(&text, (char)0xff, 9);
	strbuf_char(&text, 2);
	from = decoder_of(&text);
	CHECK(decode_number(&from) == 0 && from.failed);
	strbuf_clear(&text);
	encode_number(&text, UINT32_MAX + 1ull);
	from = decoder_of(&text);
	CHECK(decode_u32(&from) == 0 && from.failed);
	strbuf_free(&text);
}

static void texts_end_where_they_say(void)
{
	static const char lies[] = {4, 'a', 0, 'b', 0};
	struct strbuf text = {0};
	struct decoder from;

	encode_text(&text, "name");
	encode_text(&text, NULL);
	encode_text(&text, "");
	from = decoder_of(&text);
	CHECK(strcmp(decode_text(&from), "name") == 0);
	CHECK(!decode_text(&from) && !from.failed);
	CHECK(decode_text(&from)[0] == 0 && decode_ends(&from));
	/* A NUL within; and none at the end. */
	strbuf_clear(&text);
	strbuf_put(&text, lies, sizeof(lies));
	from = decoder_of(&text);
	CHECK(!decode_text(&from) && from.failed);
	text.length = 4;
	from = decoder_of(&text);
	CHECK(!decode_text(&from) && from.failed);
	strbuf_free(&text);
}

static void memory_comes_back_at_every_length(void)
{
	uint8_t bytes[67], back[sizeof(bytes) + 1];
	struct strbuf text = {0};
	struct decoder from;
	bool are_same = true;

	for (size_t size = 0; size <= sizeof(bytes); size++) {
		for (size_t zeros = 1; zeros < 20; zeros++) {
			for (size_t i = 0; i < size; i++)
				bytes[i] = i % zeros ? 0 : (uint8_t)(i + 1);
			strbuf_clear(&text);
			encode_memory(&text, bytes, size);
			memset(back, 0xaa, sizeof(back));
			from = decoder_of(&text);
			decode_memory(&from, back, size);
			are_same = are_same && decode_ends(&from) && back[size] == 0xaa &&
				   memcmp(back, bytes, size) == 0 &&
				   size <= MEMORY_TIMES * text.length;
		}
	}
	CHECK(are_same);
	strbuf_free(&text);
}

static void memory_that_is_not_there_is_not_read(void)
{
	const uint8_t cut[] = {8, 1, 2, 3}, large[] = {9, 1, 2, 3, 4, 5, 6, 7, 8, 9};
	const uint8_t beyond[] = {0x11, 1, 2};
	uint8_t back[16];
	struct decoder from = {.at = cut, .end = cut + sizeof(cut)};

	decode_memory(&from, back, 8);
	CHECK(from.failed);
	from = (struct decoder){.at = large, .end = large + sizeof(large)};
	decode_memory(&from, back, 8);
	CHECK(from.failed);
	/* A second word, where there is only one. */
	from = (struct decoder){.at = beyond, .end = beyond + sizeof(beyond)};
	decode_memory(&from, back, 8);
	CHECK(from.failed);
}

static bool put(struct answers *answers, const char *question, const char *answer)
{
	return answers_put(answers, (const uint8_t *)question, strlen(question),
			   (const uint8_t *)answer, strlen(answer));
}

static bool has(const struct answers *answers, const char *question, const char *expected)
{
	const uint8_t *answer;
	size_t size;

	return answers_find(answers, (const uint8_t *)question, strlen(question), &answer, &size) &&
	       size == strlen(expected) && memcmp(answer, expected, size) == 0;
}

static void the_last_answer_counts(void)
{
	struct answers answers;
	size_t size;

	answers_init(&answers);
	CHECK(put(&answers, "who", "nobody"));
	CHECK(!put(&answers, "who", "nobody"));
	size = answers.size;
	/* What the table and the bytes take, at least. */
	CHECK(size > sizeof(struct id_slot) + 8 + 6);
	CHECK(put(&answers, "who", "someone"));
	CHECK(answers.size == size + 1);
	CHECK(put(&answers, "where", "here"));
	CHECK(has(&answers, "who", "someone") && has(&answers, "where", "here"));
	CHECK(!has(&answers, "why", ""));
	answers_forget(&answers);
	CHECK(!answers.size && !has(&answers, "who", "someone"));
	CHECK(put(&answers, "who", "someone"));
	answers_forget(&answers);
}

/* Reads bytes as a file. */
static void open_bytes(struct reader *reader, const void *bytes, size_t size)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	CHECK(write(fd, bytes, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	reader_open(reader, fd);
}

static void parts_are_read_to_the_end_and_no_further(void)
{
	const uint8_t bytes[] = {2, 'E', 1, 2, 0, 'X', 200, 1, 'E', 5};
	struct decoder payload;
	struct reader reader;
	enum part_kind kind;

	open_bytes(&reader, bytes, sizeof(bytes));
	CHECK(reader_next(&reader, &kind, &payload) == READER_PART && kind == PART_EVENT);
	CHECK(payload.end - payload.at == 2 && payload.at[1] == 2 && reader.place == 0);
	CHECK(reader_next(&reader, &kind, &payload) == READER_PART && kind == PART_END);
	CHECK(payload.end == payload.at && reader.place == 4);
	CHECK(reader_next(&reader, &kind, &payload) == READER_CUT);
	reader_close(&reader);
	open_bytes(&reader, bytes, 6);
	CHECK(reader_next(&reader, &kind, &payload) == READER_PART);
	CHECK(reader_next(&reader, &kind, &payload) == READER_PART);
	CHECK(reader_next(&reader, &kind, &payload) == READER_END);
	reader_close(&reader);
}

static void a_length_that_nothing_has_is_damage(void)
{
	const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 'E', 0, 0, 0, 0, 0};
	struct decoder payload;
	struct reader reader;
	enum part_kind kind;

	open_bytes(&reader, bytes, sizeof(bytes));
	CHECK(reader_next(&reader, &kind, &payload) == READER_DAMAGED);
	CHECK(reader.room < 1u << 20);
	reader_close(&reader);
}

/* What was recorded, and what a reader makes of a file that begins with these words. */
static int begin_with(const char *magic, uint32_t order, uint32_t version, size_t size,
		      struct failure *failure)
{
	uint8_t bytes[RECORDING_MAGIC_SIZE + 8];
	struct reader reader;
	int status;

	memcpy(bytes, magic, RECORDING_MAGIC_SIZE);
	memcpy(bytes + RECORDING_MAGIC_SIZE, &order, sizeof(order));
	memcpy(bytes + RECORDING_MAGIC_SIZE + 4, &version, sizeof(version));
	open_bytes(&reader, bytes, size);
	failure_clear(failure);
	status = reader_begin(&reader, failure);
	reader_close(&reader);
	return status;
}

static void a_file_says_what_it_is(void)
{
	struct failure failure = {0};
	const size_t whole = RECORDING_MAGIC_SIZE + 8;

	CHECK(begin_with("bpfrec\r\n", 0x01020304, 1, whole, &failure) == STATUS_OK);
	CHECK(begin_with("bpfrec\r\n", 0x01020304, 1, whole - 1, &failure) == STATUS_OBJECT);
	CHECK(strcmp(failure.text, "it is no recording of bpfload") == 0);
	CHECK(begin_with("bpfrec\n\n", 0x01020304, 1, whole, &failure) == STATUS_OBJECT);
	CHECK(strcmp(failure.text, "it is no recording of bpfload") == 0);
	CHECK(begin_with("bpfrec\r\n", 0x01020305, 1, whole, &failure) == STATUS_OBJECT);
	CHECK(strcmp(failure.text, "it is no recording of bpfload") == 0);
	CHECK(begin_with("bpfrec\r\n", 0x04030201, 1, whole, &failure) == STATUS_OBJECT);
	CHECK(strcmp(failure.text, "it was recorded on a machine of the other byte order") == 0);
	CHECK(begin_with("bpfrec\r\n", 0x01020304, 2, whole, &failure) == STATUS_OBJECT);
	CHECK(strcmp(failure.text, "it is of version 2, and this bpfload reads version 1") == 0);
	CHECK(strcmp(failure.hint, "Use the bpfload that recorded it.") == 0);
	failure_clear(&failure);
}

/* Expects a part that holds so many equal bytes. */
static void expect_bytes(struct reader *reader, uint8_t byte, size_t size, uint64_t place)
{
	struct decoder payload;
	enum part_kind kind;
	size_t same = 0;

	if (!CHECK(reader_next(reader, &kind, &payload) == READER_PART))
		return;
	CHECK(kind == PART_TEXT && (size_t)(payload.end - payload.at) == size);
	CHECK(reader->place == place);
	while (payload.at + same < payload.end && payload.at[same] == byte)
		same++;
	CHECK(same == size);
}

/* Parts that are longer than what is read at once, and many that are shorter. */
static void what_was_recorded_is_read_again(void)
{
	static const size_t sizes[] = {0, 1, 300000, 5, 1000000, 126, 127, 128, 700000};
	char path[] = "/tmp/bpfload-test-XXXXXX";
	int fd = mkstemp(path);
	struct recording recording;
	struct failure failure = {0};
	struct reader reader;
	struct decoder payload;
	enum part_kind kind;
	uint64_t place = RECORDING_MAGIC_SIZE + 8;

	CHECK(recording_open(&recording, path, &failure) == STATUS_OK);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		recording_begin(&recording);
		strbuf_fill(&recording.part, (char)('a' + i), sizes[i]);
		CHECK(recording_end(&recording, PART_TEXT) == 0);
		/* What is much does not wait. */
		CHECK(recording.text.length < 128u << 10);
	}
	CHECK(recording_close(&recording) == 0);
	reader_open(&reader, fd);
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		expect_bytes(&reader, (uint8_t)('a' + i), sizes[i], place);
		place += sizes[i] + 1 + (sizes[i] < 128 ? 1 : sizes[i] < 16384 ? 2 : 3);
	}
	CHECK(reader_next(&reader, &kind, &payload) == READER_END && reader.place == place);
	reader_close(&reader);
	unlink(path);
}

/* Moments are written as what has passed since the last one, answers once. */
static void moments_and_answers_are_written(void)
{
	static const uint8_t question[] = {ANSWER_PROBE, 7};
	char path[] = "/tmp/bpfload-test-XXXXXX";
	int fd = mkstemp(path);
	struct recording recording;
	struct failure failure = {0};
	struct reader reader;
	struct decoder payload;
	enum part_kind kind;

	CHECK(recording_open(&recording, path, &failure) == STATUS_OK);
	/* Those that make recordings do not know how it sorts answers. */
	CHECK(recording.answers.seed != 0);
	recording_moment(&recording, 1000);
	CHECK(recording_end(&recording, PART_MAP) == 0);
	recording_moment(&recording, 1300);
	CHECK(recording_end(&recording, PART_MAP) == 0);
	for (int i = 0; i < 2; i++) {
		strbuf_text(&recording.answer, "name");
		recording_answer(&recording, question, sizeof(question));
		CHECK(recording.answer.length == 0);
	}
	/* Little is kept. */
	CHECK(!recording_forget(&recording));
	recording.answers.size = ANSWERS_MANY - 1;
	CHECK(!recording_forget(&recording));
	recording.answers.size = ANSWERS_MANY;
	CHECK(recording_forget(&recording));
	CHECK(recording.answers.size == 0 && !recording_forget(&recording));
	strbuf_text(&recording.answer, "name");
	recording_answer(&recording, question, sizeof(question));
	CHECK(recording_close(&recording) == 0);

	reader_open(&reader, fd);
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	CHECK(reader_next(&reader, &kind, &payload) == READER_PART && kind == PART_MAP);
	CHECK(decode_number(&payload) == 1000 && decode_ends(&payload));
	CHECK(reader_next(&reader, &kind, &payload) == READER_PART && kind == PART_MAP);
	CHECK(decode_number(&payload) == 300 && decode_ends(&payload));
	for (int i = 0; i < 2; i++) {
		CHECK(reader_next(&reader, &kind, &payload) == READER_PART && kind == PART_ANSWER);
		CHECK(decode_number(&payload) == 2 && memcmp(payload.at, question, 2) == 0);
		CHECK(payload.end - payload.at == 6 && memcmp(payload.at + 2, "name", 4) == 0);
		if (i == 0)
			CHECK(reader_next(&reader, &kind, &payload) == READER_PART &&
			      kind == PART_FORGET && payload.at == payload.end);
	}
	CHECK(reader_next(&reader, &kind, &payload) == READER_END);
	reader_close(&reader);
	unlink(path);
}

static void what_cannot_be_written_or_read_is_told(void)
{
	struct recording recording;
	struct failure failure = {0};
	struct reader reader;
	struct decoder payload;
	enum part_kind kind;
	int ends[2];

	CHECK(recording_open(&recording, "/none/there", &failure) != STATUS_OK);
	CHECK(failure.text[0]);
	recording_close(&recording);
	failure_clear(&failure);
	/* What is written last tells that there is no room. */
	CHECK(recording_open(&recording, "/dev/full", &failure) == STATUS_OK);
	CHECK(recording_close(&recording) == -1 && strstr(failure.text, "No space left"));
	failure_clear(&failure);
	CHECK(recording_open(&recording, "/dev/full", &failure) == STATUS_OK);
	recording_begin(&recording);
	strbuf_fill(&recording.part, 'x', 200000);
	CHECK(recording_end(&recording, PART_TEXT) == -1);
	CHECK(recording_close(&recording) == -1);
	failure_clear(&failure);
	CHECK(pipe(ends) == 0);
	reader_open(&reader, ends[1]);
	CHECK(reader_begin(&reader, &failure) == STATUS_FAILED);
	CHECK(strcmp(failure.text, "cannot read it: Bad file descriptor") == 0);
	CHECK(reader_next(&reader, &kind, &payload) == READER_FAILED && reader.error == EBADF);
	reader_close(&reader);
	close(ends[0]);
}

/* Questions of every length, also where the bytes behind the last whole word differ. */
static void questions_are_told_apart_to_the_last_byte(void)
{
	struct answers answers;
	uint8_t question[20] = {0};
	const uint8_t *answer;
	size_t size, total = 0;

	answers_init(&answers);
	for (uint8_t length = 1; length <= sizeof(question); length++) {
		question[length - 1] = 1;
		CHECK(answers_put(&answers, question, length, &length, 1));
		question[length - 1] = 2;
		CHECK(!answers_find(&answers, question, length, &answer, &size));
		question[length - 1] = 0;
		CHECK(answers.size > total + length);
		total = answers.size;
	}
	for (uint8_t length = 1; length <= sizeof(question); length++) {
		question[length - 1] = 1;
		CHECK(answers_find(&answers, question, length, &answer, &size) && size == 1 &&
		      *answer == length);
		question[length - 1] = 0;
	}
	/* One that becomes shorter gives back what it took. */
	question[0] = 1;
	CHECK(answers_put(&answers, question, 1, question, 0) && answers.size == total - 1);
	CHECK(answers_find(&answers, question, 1, &answer, &size) && size == 0);
	answers_forget(&answers);
}

/* Questions of one hash, whatever the seed: their bytes and lengths make up for each other. */
static void questions_of_one_hash_are_told_apart(void)
{
	static const uint8_t questions[][3] = {{1}, {2, 0}, {3, 0, 0}};
	struct answers answers;
	const uint8_t *answer;
	size_t size, each;

	answers_init(&answers);
	for (uint8_t i = 0; i < 3; i++) {
		CHECK(!answers_find(&answers, questions[i], i + 1u, &answer, &size));
		CHECK(answers_put(&answers, questions[i], i + 1u, &i, 1));
	}
	CHECK(answers.by_hash.count == 1);
	each = answers.size / 3;
	/* The first, the one between and the last change. */
	for (uint8_t i = 0; i < 3; i++) {
		const uint8_t other = i + 10;

		CHECK(!answers_put(&answers, questions[i], i + 1u, &i, 1));
		CHECK(answers_put(&answers, questions[i], i + 1u, &other, 1));
		CHECK(answers.size == 3 * each);
	}
	for (uint8_t i = 0; i < 3; i++)
		CHECK(answers_find(&answers, questions[i], i + 1u, &answer, &size) && size == 1 &&
		      *answer == i + 10);
	answers_forget(&answers);
}

static enum reader_result first_of(const uint8_t *bytes, size_t size)
{
	struct decoder payload;
	struct reader reader;
	enum part_kind kind;
	enum reader_result result;

	open_bytes(&reader, bytes, size);
	result = reader_next(&reader, &kind, &payload);
	reader_close(&reader);
	return result;
}

static void a_length_may_be_cut_or_damaged(void)
{
	const uint8_t length[] = {200}, no_kind[] = {2};
	const uint8_t endless[] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0};

	CHECK(first_of(length, sizeof(length)) == READER_CUT);
	CHECK(first_of(no_kind, sizeof(no_kind)) == READER_CUT);
	CHECK(first_of(endless, sizeof(endless)) == READER_DAMAGED);
	CHECK(first_of(endless, 0) == READER_END);
}

int main(void)
{
	numbers_come_back();
	a_number_of_more_than_64_bits_is_none();
	texts_end_where_they_say();
	memory_comes_back_at_every_length();
	memory_that_is_not_there_is_not_read();
	the_last_answer_counts();
	parts_are_read_to_the_end_and_no_further();
	a_length_that_nothing_has_is_damage();
	questions_of_one_hash_are_told_apart();
	a_length_may_be_cut_or_damaged();
	a_file_says_what_it_is();
	what_was_recorded_is_read_again();
	moments_and_answers_are_written();
	what_cannot_be_written_or_read_is_told();
	questions_are_told_apart_to_the_last_byte();
	return check_result("recording");
}
