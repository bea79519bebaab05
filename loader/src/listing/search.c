#include "listing/search.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

bool search_provider(const char *text, enum mf_provider *provider)
{
	/* The one-letter `U` is not `u`. */
	static const struct {
		const char *name;
		enum mf_provider provider;
	} names[] = {
		{"t", MF_TRACEPOINT}, {"rt", MF_RAWTRACEPOINT}, {"k", MF_KPROBE},
		{"kr", MF_KRETPROBE}, {"f", MF_FENTRY},		{"fr", MF_FEXIT},
		{"kfunc", MF_FENTRY}, {"kretfunc", MF_FEXIT},	{"u", MF_UPROBE},
		{"ur", MF_URETPROBE}, {"U", MF_USDT},		{"i", MF_INTERVAL},
		{"p", MF_PROFILE},    {"s", MF_SOFTWARE},	{"h", MF_HARDWARE},
		{"it", MF_ITER},      {"w", MF_WATCHPOINT},
	};
	bool is_letter = strlen(text) == 1;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if ((is_letter ? strcmp : strcasecmp)(names[i].name, text) == 0) {
			*provider = names[i].provider;
			return true;
		}
	for (size_t i = 0; i < COUNT_OF(mf_provider_names); i++)
		if (strcasecmp(mf_provider_names[i], text) == 0) {
			*provider = (enum mf_provider)i;
			return true;
		}
	return false;
}

static bool is_keyword(const char *text, size_t length)
{
	static const char *const keywords[] = {"struct", "union", "enum"};

	for (size_t i = 0; i < COUNT_OF(keywords); i++)
		if (strlen(keywords[i]) == length && memcmp(keywords[i], text, length) == 0)
			return true;
	return false;
}

/* Several words are several searches, but `struct NAME` without quotes is one. */
static const char *join(struct arena *arena, const char *const *words, uint32_t count)
{
	struct strbuf text = {0};
	const char *joined;

	for (uint32_t i = 0; i < count; i++) {
		const char *before = i ? words[i - 1] : "", *comma = strrchr(before, ',');
		const char *last = comma ? comma + 1 : before;

		if (i)
			strbuf_char(&text, is_keyword(last, strlen(last)) ? ' ' : ',');
		strbuf_text(&text, words[i]);
	}
	joined = arena_text(arena, text.length ? text.data : "", text.length);
	strbuf_free(&text);
	return joined;
}

/* Behind the quoted text that begins here; NULL: it does not end. */
static const char *behind_quotes(const char *text)
{
	for (text++; *text && *text != '"'; text++)
		if (*text == '\\' && text[1])
			text++;
	return *text ? text + 1 : NULL;
}

/* The end of the search that begins here: a comma outside of quotes and parentheses, which names of
 * C++ hold. */
static const char *end_of(const char *text)
{
	while (*text && *text != ',') {
		const char *close = *text == '"'   ? behind_quotes(text)
				    : *text == '(' ? strchr(text, ')')
						   : NULL;

		text = close ? close + (*text == '(') : text + 1;
	}
	return text;
}

static bool read_types(struct arena *arena, const char *text, struct list_types *types)
{
	size_t length = strcspn(text, " \t\n");
	const char *name = text + length + strspn(text + length, " \t\n");

	if (!is_keyword(text, length) || !*name)
		return false;
	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '_' && *at != '*')
			return false;
	*types = (struct list_types){arena_text(arena, text, length), name};
	return true;
}

/* Cuts at colons; quotes are dropped, and what stands behind a backslash stays. */
static int read_fields(struct arena *arena, const char *search, struct list_fields *fields,
		       struct failure *failure)
{
	struct strbuf text = {0};
	bool is_quoted = false;

	fields->texts = arena_array(arena, strlen(search) + 3, sizeof(*fields->texts));
	for (const char *at = search;; at++) {
		if (!*at || (*at == ':' && !is_quoted)) {
			fields->texts[fields->count++] =
				arena_text(arena, text.length ? text.data : "", text.length);
			strbuf_clear(&text);
			if (!*at)
				break;
		} else if (*at == '"') {
			is_quoted = !is_quoted;
		} else {
			at += *at == '\\' && at[1];
			strbuf_char(&text, *at);
		}
	}
	strbuf_free(&text);
	return is_quoted ? fail(failure, STATUS_FAILED, "%s: unterminated string", search)
			 : STATUS_OK;
}

/* A pattern without a colon is one of any provider, or the name of one. */
static void complete(struct search *search)
{
	struct list_fields *fields = &search->fields;
	const char *only = fields->texts[0];
	enum mf_provider provider;

	if (fields->count > 1)
		return;
	fields->count = 2;
	if (strlen(only) > 2 && search_provider(only, &provider)) {
		fields->texts[1] = "*";
		return;
	}
	search->is_word = true;
	fields->texts[0] = "*";
	fields->texts[1] = only;
}

static bool is_blank(char byte)
{
	return isspace((unsigned char)byte);
}

int searches_read(struct arena *arena, const char *const *words, uint32_t word_count,
		  struct search **searches, uint32_t *count, struct failure *failure)
{
	const char *text = word_count ? join(arena, words, word_count) : "*";
	uint32_t room = 1;
	int status = STATUS_OK;

	for (const char *at = text; *at; at++)
		room += *at == ',';
	*searches = arena_array(arena, room, sizeof(**searches));
	*count = 0;
	while (*text && status == STATUS_OK) {
		const char *end = end_of(text), *stop = end;
		struct search search = {0};

		while (text < stop && is_blank(*text))
			text++;
		while (stop > text && is_blank(stop[-1]))
			stop--;
		if (text < stop) {
			const char *own = arena_text(arena, text, (size_t)(stop - text));

			if (!read_types(arena, own, &search.types)) {
				status = read_fields(arena, own, &search.fields, failure);
				complete(&search);
			}
			(*searches)[(*count)++] = search;
		}
		text = end + (*end == ',');
	}
	return status;
}
