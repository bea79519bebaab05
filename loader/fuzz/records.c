/*
 * Records of the ring and rows of maps, as any writer to them could make them, in all forms of
 * output. Their types are those of records.bt.
 */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "fuzz.h"
#include "object/object_file.h"
#include "output/internal.h"

/* The compiled script: see the Makefile. */
extern const uint8_t records_object[], records_object_end[];
__asm__(".section .rodata\n"
	".globl records_object, records_object_end\n"
	"records_object: .incbin \"" RECORDS_OBJECT "\"\n"
	"records_object_end: .byte 0\n"
	".previous\n");

#define ROWS_MAX 6

static struct object_file object;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct failure failure = {0};
	size_t size = (size_t)(records_object_end - records_object);
	uint8_t *bytes = malloc(size);

	(void)argc;
	(void)argv;
	memcpy(bytes, records_object, size);
	if (object_file_check(&object, bytes, size, &failure) != STATUS_OK) {
		failure_tell(&failure);
		abort();
	}
	return 0;
}

/* Those of maps ask the kernel, and those of files the file system. */
static bool is_shown(const struct mf_event *event)
{
	return !event->map && event->kind != MF_EVENT_CAT && event->kind != MF_EVENT_SYSTEM &&
	       event->kind != MF_EVENT_EXIT && event->kind != MF_EVENT_PACKET;
}

static void send(struct output *output, struct fuzz_input *input, const struct mf_event *event)
{
	uint8_t *record = malloc(event->size);
	size_t got = event->size;
	uint8_t *bytes = fuzz_bytes(input, &got);

	memset(record, 0xff, event->size);
	memcpy(record, bytes, got);
	(void)output_event(output, event, record, event->size);
	free(bytes);
	free(record);
}

static uint8_t *take_items(struct fuzz_input *input, size_t size, size_t stride, size_t count)
{
	uint8_t *items = calloc(count, stride ? stride : 1);

	for (size_t i = 0; i < count; i++) {
		size_t got = size;
		uint8_t *bytes = fuzz_bytes(input, &got);

		memcpy(items + i * stride, bytes, got);
		free(bytes);
	}
	return items;
}

/* Rows are all of the first store. */
static void show(struct output *output, struct fuzz_input *input, const struct mf_map *map)
{
	size_t count = map->key ? 1 + fuzz_number(input, 1) % ROWS_MAX : 1, ends[16];
	size_t key = map->key ? map->stores[0].key_size : 0, value = map->value->size;
	uint32_t order[ROWS_MAX];
	struct map_rows rows = {.map = map,
				.count = count,
				.room = count,
				.key_stride = (key + 7) & ~(size_t)7,
				.store_ends = ends};
	struct map_view view = {.rows = &rows,
				.order = order,
				.count = count,
				.div = 1 + (uint32_t)fuzz_number(input, 2)};

	if (map->store_count > 16)
		return;
	for (uint32_t i = 0; i < map->store_count; i++)
		ends[i] = count;
	rows.keys = take_items(input, key, rows.key_stride, count);
	row_values_init(&rows.values, map->value);
	row_values_take(&rows.values, take_items(input, value, rows.values.size, count), count);
	map_rows_sort(&rows, order);
	(void)output->renderer->map(output, &view);
	free(rows.keys);
	row_values_free(&rows.values);
}

/* Opened once for each form: what names are read from takes long. */
static struct output *output_of(enum output_form form)
{
	static struct fixture fixtures[4];
	static struct output *outputs[4];
	static struct failure failure;
	struct fixture *fixture = &fixtures[form];

	if (outputs[form])
		return outputs[form];
	fixture_init(fixture);
	fixture->manifest = *object.manifest;
	fixture->manifest.map_count = 0;
	fixture->options.output = "/dev/null";
	fixture->options.form = form;
	if (output_open(&outputs[form], &fixture->session, &failure) != STATUS_OK) {
		failure_tell(&failure);
		abort();
	}
	return outputs[form];
}

/* What comes: a form and whether it goes to a terminal, then for each item an event or a map, and
 * its bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	const struct manifest *manifest = object.manifest;
	uint32_t form = (uint32_t)fuzz_number(&input, 1), which;
	struct output *output = output_of((enum output_form)(form & 3));

	output->values.to_terminal = form & 4;
	for (int items = 0; items < 16 && input.size; items++) {
		which = (uint32_t)fuzz_number(&input, 1) %
			(manifest->event_count + manifest->map_count);
		if (which >= manifest->event_count)
			show(output, &input, &manifest->maps[which - manifest->event_count]);
		else if (is_shown(&manifest->events[which]))
			send(output, &input, &manifest->events[which]);
		(void)output_flush(output);
	}
	return 0;
}
