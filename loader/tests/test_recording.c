/* Numbers, texts and memory in recordings, answers of the host, and parts that are no parts. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "base/failure.h"
#include "recording/encoding.h"
#include "recording/reader.h"

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
	return check_result("recording");
}
