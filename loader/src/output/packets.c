#include "output/packets.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/memory.h"
#include "session/permissions.h"

/* Of each CPU, in pages; a packet has up to 16 of them. */
#define BUFFER_PAGES 128

/* What stands before a packet's bytes: see 'packet' in linker/manifest/manifest.ts. */
enum { FIELD_CLOCK, FIELD_BYTES, FIELD_SKIP, FIELD_LENGTH, FIELD_COUNT };

/* https://www.ietf.org/archive/id/draft-gharris-opsawg-pcap-01.html */
#define PCAP_MAGIC_NANOSECONDS 0xa1b23c4du
#define PCAP_SNAP_LENGTH 65535
#define LINKTYPE_RAW 101

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t reserved[2];
	uint32_t snap_length, link_type;
};

struct pcap_packet {
	uint32_t seconds, nanoseconds;
	/* In the file, and of the whole packet. */
	uint32_t captured, length;
};

struct pcap {
	const char *path;
	FILE *file;
	struct pcap *next;
};

static void write_failed(struct packets *packets, const char *path)
{
	fail(packets->failure, STATUS_FAILED, "cannot write %s: %s", path, strerror(errno));
	packets->failed = true;
}

static uint64_t field(const struct mf_event *event, unsigned index, const uint8_t *record)
{
	uint64_t value = 0;

	/* Little-endian, as the object is (elf_check.c). */
	memcpy(&value, record + event->fields[index].offset, event->fields[index].type->size);
	return value;
}

static void write_packet(struct packets *packets, const struct mf_event *event,
			 const uint8_t *record, uint32_t size)
{
	struct pcap *to = packets->by_event[event->index];
	uint64_t bytes = field(event, FIELD_BYTES, record), skip = field(event, FIELD_SKIP, record);
	uint64_t length = field(event, FIELD_LENGTH, record);
	uint64_t time = wall_clock_of_boot(&packets->clock, field(event, FIELD_CLOCK, record));
	struct pcap_packet header;

	/* Programs of a checked object say how many there are; another writer is not believed. */
	if (bytes > size - event->size || skip >= bytes || length < bytes)
		return;
	header = (struct pcap_packet){(uint32_t)(time / 1000000000), (uint32_t)(time % 1000000000),
				      (uint32_t)(bytes - skip), (uint32_t)(length - skip)};
	if (fwrite(&header, sizeof(header), 1, to->file) != 1 ||
	    fwrite(record + event->size + skip, bytes - skip, 1, to->file) != 1)
		write_failed(packets, to->path);
}

static void handle_sample(void *context, int cpu, void *data, uint32_t size)
{
	struct packets *packets = context;
	const struct manifest *manifest = packets->session->manifest;
	uint32_t index;

	(void)cpu;
	packets->some = true;
	if (size < sizeof(index))
		return;
	memcpy(&index, data, sizeof(index));
	if (index >= manifest->event_count || !packets->by_event[index] ||
	    size < manifest->events[index].size || packets->failed)
		return;
	write_packet(packets, &manifest->events[index], data, size);
}

static struct pcap *find_file(struct packets *packets, const char *path)
{
	for (struct pcap *file = packets->files; file; file = file->next)
		if (strcmp(file->path, path) == 0)
			return file;
	return NULL;
}

static struct pcap *open_file(struct packets *packets, const char *path)
{
	const struct pcap_header header = {.magic = PCAP_MAGIC_NANOSECONDS,
					   .major = 2,
					   .minor = 4,
					   .snap_length = PCAP_SNAP_LENGTH,
					   .link_type = LINKTYPE_RAW};
	struct pcap *file = find_file(packets, path);
	int fd;

	if (file)
		return file;
	file = memory_zeroed(sizeof(*file));
	file->path = path;
	file->next = packets->files;
	packets->files = file;
	fd = permission_open(packets->session->options, path, packets->failure);
	if (fd < 0)
		return NULL;
	file->file = fdopen(fd, "w");
	if (!file->file) {
		close(fd);
		write_failed(packets, path);
		return NULL;
	}
	if (fwrite(&header, sizeof(header), 1, file->file) != 1 || fflush(file->file) != 0) {
		write_failed(packets, path);
		return NULL;
	}
	return file;
}

static int open_files(struct packets *packets)
{
	const struct manifest *manifest = packets->session->manifest;

	packets->by_event = memory_array(manifest->event_count, sizeof(struct pcap *));
	for (uint32_t i = 0; i < manifest->event_count; i++) {
		if (manifest->events[i].kind != MF_EVENT_PACKET)
			continue;
		packets->by_event[i] = open_file(packets, manifest->events[i].format);
		if (!packets->by_event[i])
			return STATUS_FAILED;
	}
	return STATUS_OK;
}

static bool has_packets(const struct manifest *manifest)
{
	for (uint32_t i = 0; i < manifest->event_count; i++)
		if (manifest->events[i].kind == MF_EVENT_PACKET)
			return true;
	return false;
}

int packets_open(struct packets *packets, const struct session *session, struct failure *failure)
{
	uint32_t pages = session->manifest->config.perf_rb_pages;
	int map = session_map_fd(session, MF_MAP_PACKETS);

	*packets = (struct packets){.session = session, .failure = failure};
	if (!has_packets(session->manifest) || session->options->dry_run)
		return STATUS_OK;
	wall_clock_init(&packets->clock);
	if (map < 0)
		return fail(
			failure, STATUS_OBJECT,
			"the object's manifest is not valid: there are packets, but no map 'packets'");
	/* Programs see when a packet finds no room, and count it. */
	packets->buffer = perf_buffer__new(map, pages ? pages : BUFFER_PAGES, handle_sample, NULL,
					   packets, NULL);
	if (!packets->buffer)
		return fail(failure, STATUS_FAILED, "Cannot open the buffers for packets: %s.",
			    strerror(errno));
	return open_files(packets);
}

int packets_fd(const struct packets *packets)
{
	return packets->buffer ? perf_buffer__epoll_fd(packets->buffer) : -1;
}

int packets_drain(struct packets *packets)
{
	int error;

	if (!packets->buffer)
		return 0;
	packets->some = false;
	error = perf_buffer__consume(packets->buffer);
	if (error < 0) {
		fail(packets->failure, STATUS_FAILED, "Cannot read packets: %s.", strerror(-error));
		packets->failed = true;
	}
	for (struct pcap *file = packets->files; packets->some && file; file = file->next)
		if (fflush(file->file) != 0)
			write_failed(packets, file->path);
	return packets->failed ? -1 : packets->some;
}

void packets_close(struct packets *packets)
{
	perf_buffer__free(packets->buffer);
	while (packets->files) {
		struct pcap *file = packets->files;

		packets->files = file->next;
		if (file->file && fclose(file->file) != 0)
			write_failed(packets, file->path);
		free(file);
	}
	free(packets->by_event);
	memset(packets, 0, sizeof(*packets));
}
