/* Manifests, changed as JSON. What is accepted prints a record of each of its events. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "fuzz.h"
#include "json_spans.h"
#include "object_bytes.h"
#include "output/output.h"

#define MANIFEST ".bpfscript"
#define RECORD_MAX (1u << 20)

static void print_events(const struct object_file *object)
{
	struct failure failure = {0};
	struct fixture fixture;
	struct output *output;

	fixture_init(&fixture);
	fixture.manifest = *object->manifest;
	/* Theirs are kernel maps. */
	fixture.manifest.map_count = 0;
	fixture.options.output = "/dev/null";
	if (output_open(&output, &fixture.session, &failure) == STATUS_OK) {
		for (uint32_t i = 0; i < fixture.manifest.event_count; i++) {
			const struct mf_event *event = &fixture.manifest.events[i];
			uint8_t *record;

			if (event->map || event->size > RECORD_MAX || event->kind == MF_EVENT_CAT ||
			    event->kind == MF_EVENT_EXIT || event->kind == MF_EVENT_PACKET)
				continue;
			record = calloc(1, event->size + 1u);
			memset(record + event->size / 2, 0xff, event->size / 2);
			(void)output_event(output, event, record, event->size);
			free(record);
		}
		(void)output_close(output);
	}
	fixture_free(&fixture);
	failure_clear(&failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct failure failure = {0};
	struct object_file object;

	if (fuzz_read_object(&object, data, size, &failure) == STATUS_OK)
		print_events(&object);
	object_file_free(&object);
	failure_clear(&failure);
	return 0;
}

static void put(uint8_t *to, uint64_t number)
{
	memcpy(to, &number, sizeof(number));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	struct fuzz_section section;
	uint32_t state = seed | 1;
	size_t at, length, changed;
	char *text;

	if (!fuzz_find_section(data, size, MANIFEST, 0, &section))
		return LLVMFuzzerMutate(data, size, most);
	/* It stands last from the first change on, so that it can grow. */
	at = section.offset + section.size == size ? section.offset : size;
	if (at + section.size > most)
		return size;
	length = section.size;
	text = malloc(most - at + 1);
	if (!text)
		return size;
	memcpy(text, data + section.offset, length);
	text[length] = '\0';
	for (uint32_t i = 1 + fuzz_random(&state, 3); i; i--) {
		changed = json_change(text, length, most - at, &state);
		length = changed ? changed : length;
		text[length] = '\0';
	}
	memcpy(data + at, text, length);
	free(text);
	put(data + section.header + offsetof(Elf64_Shdr, sh_offset), at);
	put(data + section.header + offsetof(Elf64_Shdr, sh_size), length);
	return at + length;
}
