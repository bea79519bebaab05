/*
 * Recordings, as anybody could make them, in all forms of output: what follows on the beginning of
 * one of records.bt, or all of a file.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "output/output.h"
#include "output/replay.h"
#include "recording/encoding.h"
#include "session/session.h"
#include "session/sizes.h"

/* The compiled script: see the Makefile. */
extern const uint8_t recorded_object[], recorded_object_end[];
__asm__(".section .rodata\n"
	".globl recorded_object, recorded_object_end\n"
	"recorded_object: .incbin \"" RECORDS_OBJECT "\"\n"
	"recorded_object_end: .byte 0\n"
	".previous\n");

/* Bits of the first byte: a form, and what the rest is. */
#define FORM_BITS 3
#define IS_WHOLE 4

static struct recording head;

/* Up to where events begin. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct failure failure = {0};

	(void)argc;
	(void)argv;
	if (recording_open(&head, "/dev/null", &failure) != STATUS_OK)
		abort();
	recording_begin(&head);
	encode_text(&head.part, "1");
	encode_text(&head.part, "6.12");
	encode_text(&head.part, "x86_64");
	encode_text(&head.part, "..");
	encode_number(&head.part, 1024);
	strbuf_reserve(&head.text, (size_t)(recorded_object_end - recorded_object) + 4096);
	recording_end(&head, PART_SESSION);
	recording_begin(&head);
	encode_number(&head.text, (uint64_t)(recorded_object_end - recorded_object));
	strbuf_char(&head.text, PART_OBJECT);
	strbuf_put(&head.text, recorded_object, (size_t)(recorded_object_end - recorded_object));
	return 0;
}

static void show(int fd, enum output_form form)
{
	struct options options = {.output = "/dev/null", .form = form};
	struct failure failure = {0};
	struct output *output;
	struct replay replay;

	if (replay_open(&replay, fd, &failure) == STATUS_OK) {
		struct session session = {.options = &options,
					  .manifest = replay.object.manifest,
					  .elf = &replay.object.elf,
					  .cpus = 1,
					  .enums = replay.enums};

		if (sizes_settle(&session, &failure) == STATUS_OK &&
		    output_open_replay(&output, &session, &replay, &failure) == STATUS_OK) {
			(void)replay_run(output, &failure);
			(void)output_close(output);
		}
	}
	replay_free(&replay);
	failure_clear(&failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	uint32_t way = (uint32_t)fuzz_number(&input, 1);
	int fd = memfd_create("recording", MFD_CLOEXEC);

	if (fd < 0)
		return 0;
	if (!(way & IS_WHOLE) && write(fd, head.text.data, head.text.length) < 0)
		abort();
	if (input.size && write(fd, input.bytes, input.size) < 0)
		abort();
	lseek(fd, 0, SEEK_SET);
	show(fd, (enum output_form)(way & FORM_BITS));
	return 0;
}
