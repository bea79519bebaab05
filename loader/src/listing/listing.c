#include "listing/listing.h"

#include <bpf/btf.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sink.h"
#include "base/terminal_text.h"
#include "host/tracefs.h"
#include "listing/search.h"
#include "object/manifest.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

/* What is written at once. */
#define CHUNK (256u << 10)
/* So many are said. */
#define MOST_NOTES 100

/* In the order of lists. */
static const struct lister *const listers[] = {
	&list_fentry,	  &list_fexit,	   &list_hardware,  &list_interval,	 &list_iter,
	&list_kprobe,	  &list_kretprobe, &list_profile,   &list_rawtracepoint, &list_software,
	&list_tracepoint, &list_uprobe,	   &list_uretprobe, &list_usdt,
};

struct list_module {
	const char *name;
	struct btf *btf;
	struct list_module *next;
};

const char *list_last_field(const struct list_fields *fields)
{
	return fields->count ? fields->texts[fields->count - 1] : "*";
}

void list_add(struct listing *listing, const struct listed *probe)
{
	struct listed_probes *found = listing->found;

	memory_grow(found->items, found->count, found->room);
	found->items[found->count++] = *probe;
}

const char *list_prefix(struct listing *listing, const struct lister *lister, const char *place)
{
	const char *provider = mf_provider_name(lister->provider);

	return place ? arena_format(&listing->arena, "%s:%s:", provider, place)
		     : arena_format(&listing->arena, "%s:", provider);
}

void list_begin_argument(struct listing *listing)
{
	strbuf_text(&listing->text, "    ");
}

void list_end_argument(struct listing *listing)
{
	strbuf_char(&listing->text, '\n');
}

void list_note(struct listing *listing, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = memory_format_list(format, arguments);
	va_end(arguments);
	for (uint32_t i = 0; i < listing->note_count; i++)
		if (strcmp(listing->notes[i], text) == 0)
			goto out;
	if (listing->note_count < MOST_NOTES) {
		if (!listing->notes)
			listing->notes =
				arena_array(&listing->arena, MOST_NOTES, sizeof(*listing->notes));
		listing->notes[listing->note_count++] =
			arena_text(&listing->arena, text, strlen(text));
	}
out:
	free(text);
}

const struct btf *list_btf(struct listing *listing, const char *module, struct failure *failure)
{
	struct list_module *known = listing->modules;

	if (!listing->btf && !(listing->btf = kernel_btf_load())) {
		fail(failure, errno == EACCES || errno == EPERM ? STATUS_PERMISSION : STATUS_KERNEL,
		     "cannot read the kernel's BTF: %s (it wants CONFIG_DEBUG_INFO_BTF)",
		     strerror(errno));
		return NULL;
	}
	if (!module)
		return listing->btf;
	while (known && strcmp(known->name, module) != 0)
		known = known->next;
	if (!known) {
		known = arena_alloc(&listing->arena, sizeof(*known));
		*known = (struct list_module){module, btf__load_module_btf(module, listing->btf),
					      listing->modules};
		listing->modules = known;
	}
	return known->btf;
}

/* Of texts that stand in two parts. */
static int compare(const void *left, const void *right)
{
	const struct listed *one = left, *other = right;
	size_t length, own, its;
	int order;

	if (one->prefix == other->prefix)
		return strcmp(one->name, other->name);
	own = strlen(one->prefix);
	its = strlen(other->prefix);
	length = own < its ? own : its;
	order = memcmp(one->prefix, other->prefix, length);
	if (order)
		return order;
	if (own == its)
		return strcmp(one->name, other->name);
	/* A prefix that is longer goes on against the other's name. */
	if (own > its) {
		size_t rest = own - its;

		order = strncmp(one->prefix + its, other->name, rest);
		return order ? order : strcmp(one->name, other->name + rest);
	}
	return -compare(right, left);
}

/* Most lists are sorted as they are found, and have tens of thousands of probes. */
static void sort_once(struct listed_probes *found)
{
	bool is_sorted = true;
	size_t kept = 0;

	for (size_t i = 1; i < found->count && is_sorted; i++)
		is_sorted = compare(&found->items[i - 1], &found->items[i]) <= 0;
	if (!is_sorted)
		qsort(found->items, found->count, sizeof(*found->items), compare);
	for (size_t i = 0; i < found->count; i++)
		if (kept == 0 || compare(&found->items[kept - 1], &found->items[i]) != 0)
			found->items[kept++] = found->items[i];
	found->count = kept;
}

static int flush(struct listing *listing, struct sink *sink, size_t room)
{
	if (listing->text.length <= room)
		return STATUS_OK;
	if (listing->request->is_terminal)
		terminal_text(&listing->text, 0);
	return sink_write(sink, &listing->text) == 0 ? STATUS_OK : STATUS_FAILED;
}

static int put_probes(struct listing *listing, const struct lister *lister,
		      struct listed_probes *found, struct sink *sink, struct failure *failure)
{
	int status = STATUS_OK;

	sort_once(found);
	for (size_t i = 0; i < found->count && status == STATUS_OK; i++) {
		const struct listed *probe = &found->items[i];

		strbuf_text(&listing->text, probe->prefix);
		strbuf_text(&listing->text, probe->name);
		strbuf_char(&listing->text, '\n');
		if (listing->request->verbose && lister->arguments)
			status = lister->arguments(listing, lister, probe, failure);
		if (status == STATUS_OK)
			status = flush(listing, sink, CHUNK);
	}
	return status;
}

/* One provider that cannot be listed does not keep the others from it. */
static void list_tolerantly(struct listing *listing, const struct lister *lister,
			    const struct list_fields *fields)
{
	struct failure failure = {0};

	if (lister->list(listing, lister, fields, &failure) != STATUS_OK)
		list_note(listing, "no %s probes are listed: %s",
			  mf_provider_name(lister->provider), failure.text);
	failure_clear(&failure);
}

static void find_in_group(struct listing *listing, const char *pattern,
			  const struct list_fields *rest, struct listed_probes *found)
{
	enum list_group group =
		rest->count && strchr(rest->texts[0], '/') ? GROUP_PROGRAMS : GROUP_KERNEL;

	for (size_t i = 0; i < COUNT_OF(listers); i++) {
		const char *name = mf_provider_name(listers[i]->provider);

		listing->found = &found[i];
		if (listers[i]->group == group && pattern_match(pattern, name))
			list_tolerantly(listing, listers[i], rest);
	}
}

/* A word in all files of the process. */
static int find_in_process(struct listing *listing, const struct list_fields *fields,
			   struct listed_probes *found, struct failure *failure)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < COUNT_OF(listers) && status == STATUS_OK; i++) {
		listing->found = &found[i];
		if (listers[i]->group == GROUP_PROGRAMS)
			status = listers[i]->list(listing, listers[i], fields, failure);
	}
	return status;
}

static const char *lower_case(struct arena *arena, const char *text)
{
	char *lower = arena_text(arena, text, strlen(text));

	for (char *at = lower; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return lower;
}

static int find(struct listing *listing, const struct search *search, struct listed_probes *found,
		struct failure *failure)
{
	const char *name = search->fields.texts[0];
	const struct list_fields rest = {search->fields.texts + 1, search->fields.count - 1};
	enum mf_provider provider;
	int status = STATUS_OK;

	if (search->is_word && listing->request->pid)
		return find_in_process(listing, &search->fields, found, failure);
	if (is_pattern(name)) {
		find_in_group(listing, lower_case(&listing->arena, name), &rest, found);
		return STATUS_OK;
	}
	if (!search_provider(name, &provider))
		return fail(failure, STATUS_FAILED, "Invalid provider: '%s'", name);
	for (size_t i = 0; i < COUNT_OF(listers) && status == STATUS_OK; i++) {
		listing->found = &found[i];
		if (listers[i]->provider == provider)
			status = listers[i]->list(listing, listers[i], &rest, failure);
	}
	return status;
}

static int list_all(struct listing *listing, struct listed_probes *found, struct sink *sink,
		    struct failure *failure)
{
	const struct list_request *request = listing->request;
	struct search *searches;
	uint32_t count;
	int status = searches_read(&listing->arena, request->words, request->word_count, &searches,
				   &count, failure);

	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		if (!searches[i].types.keyword)
			status = find(listing, &searches[i], found, failure);
	for (size_t i = 0; i < COUNT_OF(listers) && status == STATUS_OK; i++)
		status = put_probes(listing, listers[i], &found[i], sink, failure);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		if (searches[i].types.keyword)
			status = list_put_types(listing, &searches[i].types, failure);
	return status == STATUS_OK ? flush(listing, sink, 0) : status;
}

static void say_notes(const struct listing *listing, bool has_text)
{
	/* Where nothing matches, nothing is said, unless somebody asks. */
	for (uint32_t i = 0; i < listing->note_count; i++)
		if (listing->request->note && (has_text || listing->request->verbose))
			listing->request->note(listing->notes[i]);
}

int list_probes(const struct list_request *request, struct sink *sink, struct failure *failure)
{
	struct listed_probes found[COUNT_OF(listers)] = {0};
	struct listing listing = {.request = request};
	int status = list_all(&listing, found, sink, failure);
	bool has_text = listing.has_types;

	for (size_t i = 0; i < COUNT_OF(listers); i++) {
		has_text |= found[i].count > 0;
		free(found[i].items);
	}
	if (status == STATUS_OK)
		say_notes(&listing, has_text);
	for (struct list_module *module = listing.modules; module; module = module->next)
		btf__free(module->btf);
	btf__free(listing.btf);
	strbuf_free(&listing.text);
	arena_free(&listing.arena);
	return status;
}
