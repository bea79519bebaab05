#include "recording/recording.h"

#include "base/failure.h"
#include "recording/encoding.h"

/* What waits beyond this is written at the end of a part. */
#define HIGH_WATER (128u << 10)

int recording_open(struct recording *recording, const char *path, struct failure *failure)
{
	const uint32_t start[] = {RECORDING_ORDER, RECORDING_VERSION};
	int status;

	*recording = (struct recording){0};
	answers_init(&recording->answers);
	status = sink_open(&recording->sink, path, "recording", failure);
	strbuf_put(&recording->text, RECORDING_MAGIC, RECORDING_MAGIC_SIZE);
	strbuf_put(&recording->text, start, sizeof(start));
	return status;
}

void recording_begin(struct recording *recording)
{
	strbuf_clear(&recording->part);
}

void recording_moment(struct recording *recording, uint64_t boot)
{
	recording_begin(recording);
	encode_number(&recording->part, boot - recording->moment);
	recording->moment = boot;
}

int recording_end(struct recording *recording, enum part_kind kind)
{
	strbuf_reserve(&recording->text, recording->part.length + 16);
	encode_number(&recording->text, recording->part.length);
	strbuf_char(&recording->text, (char)kind);
	strbuf_put(&recording->text, recording->part.data, recording->part.length);
	return recording->text.length < HIGH_WATER ? 0 : recording_flush(recording);
}

void recording_answer(struct recording *recording, const uint8_t *question, size_t size)
{
	struct strbuf *answer = &recording->answer;

	if (answers_put(&recording->answers, question, size, (const uint8_t *)answer->data,
			answer->length)) {
		recording_begin(recording);
		encode_number(&recording->part, size);
		strbuf_put(&recording->part, question, size);
		strbuf_put(&recording->part, answer->data, answer->length);
		(void)recording_end(recording, PART_ANSWER);
	}
	strbuf_clear(answer);
}

bool recording_forget(struct recording *recording)
{
	if (recording->answers.size < ANSWERS_MANY)
		return false;
	answers_forget(&recording->answers);
	recording_begin(recording);
	(void)recording_end(recording, PART_FORGET);
	return true;
}

int recording_flush(struct recording *recording)
{
	return sink_write(&recording->sink, &recording->text);
}

int recording_close(struct recording *recording)
{
	int result = recording->sink.failure ? recording_flush(recording) : 0;

	if (sink_close(&recording->sink) != 0)
		result = -1;
	strbuf_free(&recording->text);
	strbuf_free(&recording->part);
	strbuf_free(&recording->answer);
	answers_forget(&recording->answers);
	return result;
}
