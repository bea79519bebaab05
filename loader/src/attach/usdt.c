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

#include "attach/files.h"
#include "attach/uprobe.h"
#include "attach/user_addresses.h"
#include "base/closest.h"
#include "binary/elf_image.h"
#include "host/tracefs.h"
#include "binary/usdt_notes.h"
#include "binary/usdt_operand.h"

#define SITE_SIZE (MF_USDT_ARGUMENTS * sizeof(struct usdt_operand))

/* A target's own. */
struct point {
	/* Of the file, as the kernel has it. */
	const char *path;
	/* In the file. */
	uint64_t offset;
	/* Offset in the file of the word that counts who is traced; 0: none. */
	uint64_t semaphore;
	/* Where arguments are; NULL: not asked for. */
	const struct usdt_operand *operands;
	/* The element of the map of sites that has the operands. */
	uint32_t site;
};

static bool is_meant(const struct mf_usdt_target *wanted, const struct usdt_note *note)
{
	return (!*wanted->namespace || pattern_match(wanted->namespace, note->provider)) &&
	       pattern_match(wanted->name, note->name);
}

/* The first element of the map that no target has. */
static uint32_t next_site(const struct attachments *attachments)
{
	for (uint32_t i = attachments->target_count; i > 0; i--) {
		const struct attach_target *target = &attachments->targets[i - 1];
		const struct point *point = target->own;

		if (target->provider == &attach_usdt && point->operands)
			return point->site + 1;
	}
	return 0;
}

/* Gives the point an element in the map of sites, with the operands that its program reads. */
static enum attach_result add_operands(struct attachments *attachments,
				       const struct mf_probe *probe, const struct usdt_notes *notes,
				       const struct usdt_note *note, struct point *point,
				       struct failure *failure)
{
	const struct mf_usdt_target *wanted = probe->target;
	struct session *session = attachments->session;
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
	if (count < wanted->arguments)
		return attach_failed(failure, STATUS_FAILED,
				     "usdt %s:%s:%s has %u argument%s, but the script reads arg%u.",
				     point->path, note->provider, note->name, count,
				     count == 1 ? "" : "s", wanted->arguments - 1);
	for (uint32_t i = 0; i < wanted->arguments; i++) {
		const char *text;
		int length;

		/* What nobody asks for may be kept in ways that nobody can read: it is 0. */
		if (wanted->unread & 1u << i)
			continue;
		if (usdt_operand_read(notes, note, i, &operands[i], &text, &length))
			continue;
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot read arg%u of usdt %s:%s:%s: '%.*s' is not supported.",
				     i, point->path, note->provider, note->name,
				     length > 64 ? 64 : length, text);
	}
	point->site = next_site(attachments);
	point->operands = operands;
	if (bpf_map__set_max_entries(map, point->site + 1) != 0)
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot size the map " MF_MAP_USDT_SITES ": %s.",
				     strerror(errno));
	return ATTACH_OK;
}

/* Whether a name that is not an alias leaves open which points are meant. */
static bool is_many(const struct mf_probe *probe)
{
	const struct mf_usdt_target *wanted = probe->target;

	return !*wanted->namespace || is_pattern(wanted->namespace) || is_pattern(wanted->name) ||
	       !*wanted->path || is_pattern(wanted->path) || probe->parameters;
}

static enum attach_result add_note(struct attachments *attachments, const struct mf_probe *probe,
				   const struct usdt_notes *notes, const struct usdt_note *note,
				   const struct binary_file *file, struct failure *failure)
{
	const struct mf_usdt_target *wanted = probe->target;
	struct arena *arena = &attachments->session->arena;
	struct point point = {
		.path = file->shown, .offset = note->offset, .semaphore = note->semaphore};
	struct attach_target target = {.probe = probe};
	/* An alias is known to the program, and so is a name that is complete. */
	bool named_here = !attach_has_alias(probe) && is_many(probe);
	const char *name = named_here ? arena_format(arena, "usdt:%s:%s:%s", file->shown,
						     note->provider, note->name)
				      : probe->name;
	enum attach_result result;

	if (!attach_is_wanted(attachments, name))
		return ATTACH_OK;
	if (named_here)
		target.cookie = attach_name_cookie(attachments, name);
	if (wanted->arguments) {
		result = add_operands(attachments, probe, notes, note, &point, failure);
		if (result != ATTACH_OK)
			return result;
	}
	point.path = attach_uprobe_path(arena, file->path);
	return attach_add_target(attachments, &target, &point, sizeof(point), failure);
}

/* The point of the file that may be meant by a name that is none's. */
static void suggest(struct attachments *attachments, const struct mf_usdt_target *wanted,
		    const struct elf_image *image, struct failure *failure)
{
	struct arena *arena = &attachments->session->arena;
	bool whole = *wanted->namespace;
	struct closest closest =
		closest_to(whole ? arena_format(arena, "%s:%s", wanted->namespace, wanted->name)
				 : wanted->name);
	struct usdt_notes notes;
	struct usdt_note note;

	usdt_notes_start(&notes, image);
	while (usdt_notes_next(&notes, &note))
		closest_offer(&closest,
			      whole ? arena_format(arena, "%s:%s", note.provider, note.name)
				    : note.name);
	if (closest.name && !is_pattern(wanted->name) && !is_pattern(wanted->namespace))
		fail_hint(failure, "Did you mean '%s'?", closest.name);
}

/* The points of one file that are meant; how many there are is added to *found. */
static enum attach_result add_notes(struct attachments *attachments, const struct mf_probe *probe,
				    const struct elf_image *image, const struct binary_file *file,
				    uint32_t *found, struct failure *failure)
{
	const struct mf_usdt_target *wanted = probe->target;
	enum attach_result result = ATTACH_OK;
	struct usdt_notes notes;
	struct usdt_note note;
	uint32_t before = *found, all = 0;

	usdt_notes_start(&notes, image);
	for (; result == ATTACH_OK && usdt_notes_next(&notes, &note); all++) {
		if (!is_meant(wanted, &note))
			continue;
		++*found;
		note.offset += image->base;
		note.semaphore += note.semaphore ? image->base : 0;
		result = add_note(attachments, probe, &notes, &note, file, failure);
	}
	if (result != ATTACH_OK || *found > before)
		return result;
	result = attach_missing(
		failure, "No matches for usdt %s:%s%s%s.%s", file->shown, wanted->namespace,
		*wanted->namespace ? ":" : "", wanted->name,
		image->is_cut	? " The file is damaged: it ends before its table of sections."
		: notes.damaged ? " Some of the file's USDT notes are damaged."
		: all		? ""
				: " The file has no USDT probes.");
	suggest(attachments, wanted, image, failure);
	return result;
}

static enum attach_result find_in_file(struct attachments *attachments,
				       const struct mf_probe *probe, const struct binary_file *file,
				       uint32_t *found, struct failure *failure)
{
	enum attach_result result = ATTACH_MISSING;
	struct elf_image image;

	switch (elf_image_open(&image, file->path)) {
	case ELF_IMAGE_OK:
		result = add_notes(attachments, probe, &image, file, found, failure);
		elf_image_close(&image);
		break;
	case ELF_IMAGE_NO_FILE:
		return attach_refused(failure, probe, errno);
	case ELF_IMAGE_NOT_ELF:
		return attach_missing(failure, "usdt target '%s' is not a 64-bit ELF file.",
				      file->shown);
	}
	return result;
}

/* What uaddr() of the program asks for, once the targets from `first` on are found. */
static enum attach_result find_addresses(struct attachments *attachments,
					 const struct mf_probe *probe, uint32_t first,
					 struct failure *failure)
{
	const struct mf_usdt_target *wanted = probe->target;
	const struct point *point;
	struct uprobe_place place;

	/* The filter keeps it out. */
	if (!wanted->addresses.count || attachments->target_count == first)
		return ATTACH_OK;
	if (attachments->target_count > first + 1)
		return user_addresses_of_many(probe, failure);
	point = attachments->targets[first].own;
	place = (struct uprobe_place){.path = point->path, .offset = point->offset};
	return user_addresses_find(attachments, probe, &wanted->addresses, &place, failure);
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_usdt_target *wanted = probe->target;
	struct binary_files files = {.arena = &attachments->session->arena};
	bool many = !*wanted->path || is_pattern(wanted->path);
	uint32_t first = attachments->target_count, found = 0, with_points = 0;
	enum attach_result result = ATTACH_OK;

	if (!attach_files_find(attachments, probe, wanted->path, &files, failure, &result))
		return result;
	for (size_t i = 0; i < files.count; i++) {
		uint32_t before = found;

		result = find_in_file(attachments, probe, &files.files[i], &found, failure);
		with_points += found > before;
		/* Of many files, those without such points do not count. */
		if (result != ATTACH_OK && (!many || result == ATTACH_FAILED || found > before))
			return result;
	}
	if (!found)
		return many ? attach_unmatched(failure, probe) : result;
	attach_files_warn(attachments, wanted->path, with_points);
	attach_uprobe_choose_single(attachments, probe);
	return find_addresses(attachments, probe, first, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct mf_probe *probe = target->probe;
	const struct point *point = target->own;
	const struct uprobe_place place = {
		.path = point->path,
		.offset = point->offset,
		.cookie = (uint64_t)point->site << 32 | target->cookie,
		.semaphore = point->semaphore,
	};

	if (point->operands &&
	    bpf_map_update_elem(session_map_fd(attachments->session, MF_MAP_USDT_SITES),
				&point->site, point->operands, BPF_ANY) != 0)
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot describe the arguments of %s: %s.", probe->name,
				     strerror(errno));
	return attach_uprobe_place(attachments, target, &place, failure);
}

static bool is_open(const struct mf_probe *probe)
{
	const struct mf_usdt_target *wanted = probe->target;

	return !*wanted->path || !*wanted->namespace;
}

const struct attach_provider attach_usdt = {.fits = attach_fits_kprobe,
					    .is_open = is_open,
					    .has_own_cookies = true,
					    .has_slow_events = true,
					    .is_newest_first = attach_always,
					    .find = find,
					    .attach = attach};
