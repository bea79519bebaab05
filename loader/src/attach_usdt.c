/*
 * usdt:PATH[:NAMESPACE]:NAME: points that the file's notes describe. Each is a uprobe; while it is
 * attached the kernel keeps the point's semaphore above 0 in all processes that map the file. Where
 * arguments are kept is told to the program by an element of the map `usdt_sites`, whose number
 * stands in the attach cookie.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "attach_uprobe.h"
#include "binary_path.h"
#include "exit_status.h"
#include "tracefs.h"
#include "usdt_notes.h"
#include "usdt_operand.h"

#define SITES "usdt_sites"
#define SITE_SIZE (MF_USDT_ARGUMENTS * sizeof(struct usdt_operand))

static bool is_meant(const struct mf_probe *probe, const struct usdt_note *note)
{
	return (!*probe->category || pattern_match(probe->category, note->provider)) &&
	       pattern_match(probe->event, note->name);
}

/* Gives the target an element in the map of sites, with the operands that its program reads. */
static enum attach_result add_operands(struct attachments *attachments,
				       const struct usdt_notes *notes, const struct usdt_note *note,
				       struct attach_target *target, struct attach_failure *failure)
{
	struct session *session = attachments->session;
	const struct mf_probe *probe = target->probe;
	uint32_t count = usdt_operand_count(note->arguments);
	struct bpf_map *map = bpf_object__find_map_by_name(session->object, SITES);
	struct usdt_operand *operands = arena_alloc(&session->arena, SITE_SIZE);

	if (!map || bpf_map__type(map) != BPF_MAP_TYPE_ARRAY || bpf_map__key_size(map) != 4 ||
	    bpf_map__value_size(map) != SITE_SIZE)
		return attach_failed(failure, STATUS_OBJECT,
				     "the object's manifest is not valid: it has no map '" SITES
				     "' for the arguments of %s",
				     probe->name);
	if (!operands)
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	if (count < probe->arguments)
		return attach_failed(failure, STATUS_FAILED,
				     "usdt %s:%s:%s has %u argument%s, but the script reads arg%u.",
				     target->path, note->provider, note->name, count,
				     count == 1 ? "" : "s", probe->arguments - 1);
	for (uint32_t i = 0; i < probe->arguments; i++) {
		const char *text;
		int length;

		if (usdt_operand_read(notes, note, i, &operands[i], &text, &length))
			continue;
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot read arg%u of usdt %s:%s:%s: '%.*s' is not supported.",
				     i, target->path, note->provider, note->name,
				     length > 64 ? 64 : length, text);
	}
	for (uint32_t i = attachments->target_count; i > 0 && !target->site; i--)
		if (attachments->targets[i - 1].operands)
			target->site = attachments->targets[i - 1].site + 1;
	target->operands = operands;
	if (bpf_map__set_max_entries(map, target->site + 1) != 0)
		return attach_failed(failure, STATUS_FAILED, "Cannot size the map " SITES ": %s.",
				     strerror(errno));
	return ATTACH_OK;
}

static enum attach_result add_note(struct attachments *attachments, const struct usdt_notes *notes,
				   const struct usdt_note *note, struct attach_target target,
				   struct attach_failure *failure)
{
	struct session *session = attachments->session;
	const struct mf_probe *probe = target.probe;
	enum attach_result result;
	const char *name;
	bool is_open;

	target.offset = note->offset;
	target.semaphore = note->semaphore;
	/* An alias is known to the program, and so is a name that is complete. */
	is_open = strncmp(probe->name, "usdt:", strlen("usdt:")) == 0 &&
		  (!*probe->category || is_pattern(probe->category) || is_pattern(probe->event) ||
		   probe->parameters);
	name = is_open ? arena_format(&session->arena, "usdt:%s:%s:%s", probe->path, note->provider,
				      note->name)
		       : probe->name;
	if (name && !attach_is_wanted(attachments, name))
		return ATTACH_OK;
	if (is_open) {
		uint32_t index = name ? probe_names_index(&session->names, name) : UINT32_MAX;

		if (index == UINT32_MAX)
			return attach_failed(failure, STATUS_FAILED, "out of memory");
		target.cookie = index;
	}
	if (probe->arguments) {
		result = add_operands(attachments, notes, note, &target, failure);
		if (result != ATTACH_OK)
			return result;
	}
	return attach_add_target(attachments, &target, failure);
}

static enum attach_result add_notes(struct attachments *attachments, const void *bytes, size_t size,
				    const struct attach_target *target,
				    struct attach_failure *failure)
{
	const struct mf_probe *probe = target->probe;
	enum attach_result result = ATTACH_OK;
	struct usdt_notes notes;
	struct usdt_note note;
	uint32_t found = 0, all = 0;

	if (!usdt_notes_start(&notes, bytes, size))
		return attach_missing(failure, "usdt target '%s' is not a 64-bit ELF file.",
				      target->path);
	for (; result == ATTACH_OK && usdt_notes_next(&notes, &note); all++) {
		if (!is_meant(probe, &note))
			continue;
		found++;
		result = add_note(attachments, &notes, &note, *target, failure);
	}
	if (result != ATTACH_OK || found)
		return result;
	return attach_missing(failure, "No matches for usdt %s:%s%s%s.%s", target->path,
			      probe->category, *probe->category ? ":" : "", probe->event,
			      notes.damaged ? " Some of the file's USDT notes are damaged."
			      : all	    ? ""
					    : " The file has no USDT probes.");
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	struct session *session = attachments->session;
	struct attach_target target = {.probe = probe};
	enum attach_result result;
	struct stat info;
	void *bytes;
	int fd;

	if (is_pattern(probe->path))
		return attach_failed(
			failure, STATUS_FAILED,
			"Wildcards in the path of a usdt probe are not supported yet.");
	target.path = binary_path_find(&session->arena, probe->path, session->process.in_proc);
	if (!target.path)
		return attach_missing(failure,
				      "usdt target file '%s' does not exist or is not executable.",
				      probe->path);
	fd = open(target.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return attach_refused(failure, probe, errno);
	if (fstat(fd, &info) != 0 || info.st_size == 0) {
		close(fd);
		return attach_missing(failure, "usdt target '%s' is not a 64-bit ELF file.",
				      target.path);
	}
	bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return attach_refused(failure, probe, errno);
	result = add_notes(attachments, bytes, (size_t)info.st_size, &target, failure);
	if (result == ATTACH_OK)
		attach_uprobe_choose_single(attachments, probe);
	munmap(bytes, (size_t)info.st_size);
	return result;
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	const struct mf_probe *probe = target->probe;
	const struct uprobe_place place = {
		.offset = target->offset,
		.cookie = (uint64_t)target->site << 32 | target->cookie,
		.semaphore = target->semaphore,
	};

	if (target->operands && bpf_map_update_elem(session_map_fd(attachments->session, SITES),
						    &target->site, target->operands, BPF_ANY) != 0)
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot describe the arguments of %s: %s.", probe->name,
				     strerror(errno));
	return attach_uprobe_place(attachments, target, &place, failure);
}

const struct attach_provider attach_usdt = {.newest_first = true, .find = find, .attach = attach};
