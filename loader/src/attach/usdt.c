/*
 * usdt:PATH[:NAMESPACE]:NAME: points that the file's notes describe. Each is a uprobe; while it is
 * attached the kernel keeps the point's semaphore above 0 in all processes that map the file. Where
 * arguments are kept is told to the program by an element of the map `usdt_sites`, whose number
 * stands in the attach cookie.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "attach/attach.h"
#include "attach/files.h"
#include "attach/uprobe.h"
#include "binary/elf_image.h"
#include "base/exit_status.h"
#include "host/tracefs.h"
#include "binary/usdt_notes.h"
#include "binary/usdt_operand.h"

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
	struct bpf_map *map = bpf_object__find_map_by_name(session->object, MF_MAP_USDT_SITES);
	struct usdt_operand *operands = arena_alloc(&session->arena, SITE_SIZE);

	if (!map || bpf_map__type(map) != BPF_MAP_TYPE_ARRAY || bpf_map__key_size(map) != 4 ||
	    bpf_map__value_size(map) != SITE_SIZE)
		return attach_failed(
			failure, STATUS_OBJECT,
			"the object's manifest is not valid: it has no map '" MF_MAP_USDT_SITES
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
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot size the map " MF_MAP_USDT_SITES ": %s.",
				     strerror(errno));
	return ATTACH_OK;
}

static enum attach_result add_note(struct attachments *attachments, const struct usdt_notes *notes,
				   const struct usdt_note *note, struct attach_target target,
				   const char *shown, struct attach_failure *failure)
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
		   !*probe->path || is_pattern(probe->path) || probe->parameters);
	name = is_open ? arena_format(&session->arena, "usdt:%s:%s:%s", shown, note->provider,
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

/* The points of one file that are meant; how many there are is added to *found. */
static enum attach_result add_notes(struct attachments *attachments, const struct elf_image *image,
				    const struct binary_file *file, struct attach_target target,
				    uint32_t *found, struct attach_failure *failure)
{
	const struct mf_probe *probe = target.probe;
	enum attach_result result = ATTACH_OK;
	struct usdt_notes notes;
	struct usdt_note note;
	uint32_t before = *found, all = 0;

	target.path = file->path;
	usdt_notes_start(&notes, image->bytes, image->size);
	for (; result == ATTACH_OK && usdt_notes_next(&notes, &note); all++) {
		if (!is_meant(probe, &note))
			continue;
		++*found;
		note.offset += image->base;
		note.semaphore += note.semaphore ? image->base : 0;
		result = add_note(attachments, &notes, &note, target, file->shown, failure);
	}
	if (result != ATTACH_OK || *found > before)
		return result;
	return attach_missing(failure, "No matches for usdt %s:%s%s%s.%s", file->path,
			      probe->category, *probe->category ? ":" : "", probe->event,
			      notes.damaged ? " Some of the file's USDT notes are damaged."
			      : all	    ? ""
					    : " The file has no USDT probes.");
}

static enum attach_result find_in_file(struct attachments *attachments,
				       const struct mf_probe *probe, const struct binary_file *file,
				       uint32_t *found, struct attach_failure *failure)
{
	struct attach_target target = {.probe = probe};
	enum attach_result result = ATTACH_MISSING;
	struct elf_image image;

	switch (elf_image_open(&image, file->path)) {
	case ELF_IMAGE_OK:
		result = add_notes(attachments, &image, file, target, found, failure);
		elf_image_close(&image);
		break;
	case ELF_IMAGE_NO_FILE:
		return attach_refused(failure, probe, errno);
	case ELF_IMAGE_NOT_ELF:
		return attach_missing(failure, "usdt target '%s' is not a 64-bit ELF file.",
				      file->path);
	}
	return result;
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	struct binary_files files = {.arena = &attachments->session->arena};
	bool many = !*probe->path || is_pattern(probe->path);
	enum attach_result result = ATTACH_OK;
	uint32_t found = 0, with_points = 0;

	if (!attach_files_find(attachments, probe, &files, failure, &result))
		return result;
	/* A single file is shown as the script has it. */
	if (!many)
		files.files[0].shown = probe->path;
	for (size_t i = 0; i < files.count; i++) {
		uint32_t before = found;

		result = find_in_file(attachments, probe, &files.files[i], &found, failure);
		with_points += found > before;
		/* Of many files, those without such points do not count. */
		if (result != ATTACH_OK && (!many || result == ATTACH_FAILED || found > before))
			return result;
	}
	if (!found)
		return many ? attach_missing(failure, "No matches for %s.", probe->name) : result;
	attach_files_warn(attachments, probe, with_points);
	attach_uprobe_choose_single(attachments, probe);
	return ATTACH_OK;
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

	if (target->operands &&
	    bpf_map_update_elem(session_map_fd(attachments->session, MF_MAP_USDT_SITES),
				&target->site, target->operands, BPF_ANY) != 0)
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot describe the arguments of %s: %s.", probe->name,
				     strerror(errno));
	return attach_uprobe_place(attachments, target, &place, failure);
}

const struct attach_provider attach_usdt = {
	.is_newest_first = attach_always, .find = find, .attach = attach};
