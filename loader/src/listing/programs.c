/* uprobe, uretprobe and usdt: what programs and libraries hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "binary/elf_image.h"
#include "binary/file_view.h"
#include "binary/files.h"
#include "binary/symbol.h"
#include "binary/usdt_notes.h"
#include "host/tracefs.h"
#include "listing/lister.h"

/* Adds what one file has; the result is as that of binary_symbol_match. */
typedef enum binary_symbol_result (*list_file)(struct listing *listing, const char *prefix,
					       const char *path, const struct list_fields *rest);

static bool is_everywhere(const char *path)
{
	return !*path || strcmp(path, "*") == 0;
}

/* man 5 proc: maps are for those who may trace the process. */
static int cannot_look(uint32_t pid, struct failure *failure)
{
	if (errno == EACCES)
		return fail(failure, STATUS_PERMISSION,
			    "cannot look at process %u: permission denied; it takes CAP_SYS_PTRACE",
			    pid);
	return fail(failure, STATUS_FAILED, "cannot look at process %u: %s", pid, strerror(errno));
}

/* Of the files that the process has mapped, those that the path means. */
static int find_mapped(struct listing *listing, const char *path, struct binary_files *files,
		       struct failure *failure)
{
	uint32_t pid = listing->request->pid;
	size_t kept = 0;

	if (!binary_files_mapped(files, pid))
		return cannot_look(pid, failure);
	for (size_t i = 0; i < files->count; i++)
		if (is_everywhere(path) || pattern_match(path, files->files[i].shown))
			files->files[kept++] = files->files[i];
	files->count = kept;
	return STATUS_OK;
}

static int find_files(struct listing *listing, const char *path, struct binary_files *files,
		      struct failure *failure)
{
	uint32_t pid = listing->request->pid;

	if (pid && find_mapped(listing, path, files, failure) != STATUS_OK)
		return failure->status;
	if (is_everywhere(path) && !pid)
		return fail(
			failure, STATUS_FAILED,
			"which file? Name its path, as in uprobe:/bin/bash:*, or a process with "
			"-p PID");
	if (files->count || is_everywhere(path))
		return STATUS_OK;
	if (is_pattern(path)) {
		binary_files_match(files, path, pid);
		return STATUS_OK;
	}
	files->files = arena_alloc(&listing->arena, sizeof(*files->files));
	if (binary_path_find(&listing->arena, path, pid, files->files))
		files->count = 1;
	else if (errno == EACCES || errno == EPERM)
		return fail(failure, STATUS_PERMISSION, "cannot read %s: %s", path,
			    strerror(errno));
	else
		return fail(failure, STATUS_FAILED, "there is no file %s", path);
	return STATUS_OK;
}

/* A name with line feeds would be several probes, and terminals obey others. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '\x7f')
			return false;
	return true;
}

static int list_files(struct listing *listing, const struct lister *lister,
		      const struct list_fields *fields, list_file list, struct failure *failure)
{
	const char *first = fields->count ? fields->texts[0] : "";
	/* With a process, a single field without a slash is a name in all of its files. */
	bool is_name = listing->request->pid && fields->count == 1 && !strchr(first, '/');
	const struct list_fields rest =
		is_name || !fields->count
			? *fields
			: (struct list_fields){fields->texts + 1, fields->count - 1};
	struct binary_files files = {.arena = &listing->arena};

	if (find_files(listing, is_name ? "" : first, &files, failure) != STATUS_OK)
		return failure->status;
	for (size_t i = 0; i < files.count; i++) {
		const char *shown = files.files[i].shown, *why;
		enum binary_symbol_result result;

		/* Who names such a file wants it. */
		if (!is_plain(shown) && strcmp(shown, first) != 0)
			continue;
		result = list(listing, list_prefix(listing, lister, shown), files.files[i].path,
			      &rest);
		switch (result) {
		case BINARY_SYMBOL_NO_FILE:
			why = strerror(errno);
			break;
		case BINARY_SYMBOL_NOT_ELF:
			why = "not an ELF file";
			break;
		case BINARY_SYMBOL_CUT:
			why = "it ends before its table of sections";
			break;
		default:
			continue;
		}
		if (files.count == 1)
			return fail(failure, STATUS_FAILED, "cannot read %s: %s", shown, why);
		/* A pattern of files meets scripts and data, which have no functions. */
		if (result != BINARY_SYMBOL_NOT_ELF)
			list_note(listing, "cannot read %s: %s", shown, why);
	}
	return STATUS_OK;
}

static enum binary_symbol_result list_functions(struct listing *listing, const char *prefix,
						const char *path, const struct list_fields *rest)
{
	const struct binary_query query = {.function = list_last_field(rest), .every_name = true};
	struct binary_function *functions;
	size_t count;
	enum binary_symbol_result result =
		binary_symbol_match(&listing->arena, path, &query, &functions, &count);

	for (size_t i = 0; i < count; i++)
		if (is_plain(functions[i].name))
			list_add(listing,
				 &(struct listed){.prefix = prefix, .name = functions[i].name});
	free(functions);
	return result;
}

static int list_uprobes(struct listing *listing, const struct lister *lister,
			const struct list_fields *fields, struct failure *failure)
{
	return list_files(listing, lister, fields, list_functions, failure);
}

/* A place of a USDT point: one point may have several. */
struct list_place {
	const struct list_place *next;
	uint64_t address, semaphore;
	const char *operands;
};

/* By name, and each point's places by address: they become one probe. */
static int by_point(const void *left, const void *right)
{
	const struct listed *one = left, *other = right;
	const struct list_place *its = one->own, *others = other->own;
	int order = strcmp(one->name, other->name);

	return order ? order : its->address < others->address ? -1 : its->address > others->address;
}

static void join_places(struct listed_probes *found, size_t first)
{
	size_t kept = first;

	if (found->count > first)
		qsort(found->items + first, found->count - first, sizeof(*found->items), by_point);
	for (size_t i = found->count; i-- > first + 1;)
		if (strcmp(found->items[i - 1].name, found->items[i].name) == 0)
			((struct list_place *)found->items[i - 1].own)->next = found->items[i].own;
	for (size_t i = first; i < found->count; i++)
		if (i == first || strcmp(found->items[kept - 1].name, found->items[i].name) != 0)
			found->items[kept++] = found->items[i];
	found->count = kept;
}

/* False where the file's budget has no room for it. */
static bool add_place(struct listing *listing, struct budget *budget, const char *prefix,
		      const struct usdt_note *note)
{
	struct arena *arena = &listing->arena;
	size_t provider = strlen(note->provider), name = strlen(note->name);
	size_t operands = strlen(note->arguments);
	struct list_place *place;
	char *text;

	if (!budget_take(budget, sizeof(*place) + provider + name + operands + 3))
		return false;
	place = arena_alloc(arena, sizeof(*place));
	text = arena_alloc(arena, provider + name + 2);
	memcpy(text, note->provider, provider);
	text[provider] = ':';
	memcpy(text + provider + 1, note->name, name + 1);
	*place = (struct list_place){
		.address = note->address,
		.semaphore = note->semaphore_address,
		.operands = arena_text(arena, note->arguments, operands),
	};
	list_add(listing, &(struct listed){.prefix = prefix, .name = text, .own = place});
	return true;
}

static enum binary_symbol_result list_points(struct listing *listing, const char *prefix,
					     const char *path, const struct list_fields *rest)
{
	const char *namespace = rest->count > 1 ? rest->texts[0] : "*";
	enum binary_symbol_result result = BINARY_SYMBOL_FOUND;
	size_t first = listing->found->count;
	struct usdt_notes notes;
	struct usdt_note note;
	struct elf_image image;

	switch (elf_image_open(&image, path)) {
	case ELF_IMAGE_OK:
		break;
	case ELF_IMAGE_NO_FILE:
		return BINARY_SYMBOL_NO_FILE;
	case ELF_IMAGE_NOT_ELF:
		return BINARY_SYMBOL_NOT_ELF;
	}
	usdt_notes_start(&notes, &image);
	while (result == BINARY_SYMBOL_FOUND && usdt_notes_next(&notes, &note))
		if (pattern_match(namespace, note.provider) &&
		    pattern_match(list_last_field(rest), note.name) && is_plain(note.provider) &&
		    is_plain(note.name) && is_plain(note.arguments) &&
		    !add_place(listing, &image.view->budget, prefix, &note)) {
			errno = ENOMEM;
			result = BINARY_SYMBOL_NO_FILE;
		}
	if (image.is_cut)
		result = BINARY_SYMBOL_CUT;
	elf_image_close(&image);
	join_places(listing->found, first);
	return result;
}

static int list_usdt_points(struct listing *listing, const struct lister *lister,
			    const struct list_fields *fields, struct failure *failure)
{
	return list_files(listing, lister, fields, list_points, failure);
}

/* `-4@%edi` is int32, `4f@%xmm0` float; an operand without a size is as wide as a register. */
static void put_type(struct strbuf *text, const char *operand)
{
	bool is_signed = *operand == '-';
	const char *size = operand + is_signed;
	bool is_float = *size && size[1] == 'f';

	if (!*size || !strchr("1248", *size) || size[1 + is_float] != '@') {
		strbuf_text(text, "int64");
		return;
	}
	if (is_float) {
		strbuf_text(text, *size == '4' ? "float" : "double");
		return;
	}
	strbuf_text(text, is_signed ? "int" : "uint");
	strbuf_u64(text, (uint64_t)(*size - '0') * 8);
}

static void put_operands(struct listing *listing, const char *operands)
{
	for (uint32_t i = 0; *operands; i++) {
		operands += strspn(operands, " ");
		if (!*operands)
			break;
		list_begin_argument(listing);
		put_type(&listing->text, operands);
		strbuf_text(&listing->text, " arg");
		strbuf_u64(&listing->text, i);
		list_end_argument(listing);
		operands += strcspn(operands, " ");
	}
}

/* How often the point is there and what switches it on, as comments, and then each place. */
static void put_places(struct listing *listing, const struct list_place *first)
{
	struct strbuf *text = &listing->text;
	uint64_t count = 0;

	for (const struct list_place *place = first; place; place = place->next)
		count++;
	if (count > 1 || first->semaphore) {
		list_begin_argument(listing);
		strbuf_text(text, "// ");
		if (count > 1) {
			strbuf_u64(text, count);
			strbuf_text(text, " places");
		}
		if (first->semaphore) {
			strbuf_text(text, count > 1 ? ", semaphore 0x" : "semaphore 0x");
			strbuf_hex(text, first->semaphore);
		}
		list_end_argument(listing);
	}
	for (const struct list_place *place = first; place; place = place->next) {
		list_begin_argument(listing);
		strbuf_text(text, "// at 0x");
		strbuf_hex(text, place->address);
		if (*place->operands)
			strbuf_text(text, ": ");
		strbuf_text(text, place->operands);
		list_end_argument(listing);
	}
}

static int put_point(struct listing *listing, const struct lister *lister,
		     const struct listed *probe, struct failure *failure)
{
	const struct list_place *first = probe->own;

	(void)lister;
	(void)failure;
	put_operands(listing, first->operands);
	put_places(listing, first);
	return STATUS_OK;
}

const struct lister list_uprobe = {MF_UPROBE, GROUP_PROGRAMS, false, list_uprobes, NULL};
const struct lister list_uretprobe = {MF_URETPROBE, GROUP_NAMED, false, list_uprobes, NULL};
const struct lister list_usdt = {MF_USDT, GROUP_PROGRAMS, false, list_usdt_points, put_point};
