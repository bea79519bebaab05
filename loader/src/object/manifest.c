/* Reads the manifest: what of linker/manifest/manifest.ts no other manifest_*.c reads. */
#include "object/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"
#include "object/manifest_check.h"
#include "object/manifest_read.h"

#define MANIFEST_SECTION ".bpfscript"

/* struct bpf_stack_build_id (include/uapi/linux/bpf.h). */
#define MOST_FRAME_WORDS 4

bool mf_needs(const struct manifest *manifest, const char *feature)
{
	for (uint32_t i = 0; i < manifest->feature_count; i++)
		if (strcmp(manifest->features[i], feature) == 0)
			return true;
	return false;
}

static void read_bytes_item(struct manifest_reader *reader, const struct json *json, void *item,
			    uint32_t index)
{
	const char **text = item;

	(void)index;
	*text = json->kind == JSON_STRING ? json_bytes(&reader->manifest->arena, json) : NULL;
	if (!*text)
		manifest_wrong(reader, "not a text");
}

static void read_setting(struct manifest_reader *reader, const struct json *json,
			 const struct mf_setting *setting, void *member)
{
	uint32_t number = setting->number;
	const char *text;

	switch (setting->form) {
	case MF_SETTING_BOOL:
		*(bool *)member = json_member(json, setting->name)
					  ? manifest_flag(reader, json, setting->name)
					  : number;
		return;
	case MF_SETTING_STRING:
		text = manifest_bytes_or_null(reader, json, setting->name);
		*(const char **)member = text ? text : setting->text;
		return;
	case MF_SETTING_INT:
		number = (uint32_t)manifest_number_or(reader, json, setting->name, setting->most,
						      number);
		if (setting->power_of_two && (number & (number - 1)))
			manifest_wrong(reader, "%s is not a power of two", setting->name);
		break;
	case MF_SETTING_WORD:
		if (json_member(json, setting->name))
			number = manifest_choice(reader, json, setting->name, setting->words,
						 setting->word_count);
		break;
	}
	memcpy(member, &number, sizeof(number));
}

#define TOP_LEVEL "top level"

static void set_place(struct manifest_reader *reader, const char *place)
{
	snprintf(reader->place, sizeof(reader->place), "%s", place);
}

static void read_config(struct manifest_reader *reader, const struct json *root)
{
	const struct json *json = manifest_member(reader, root, "config", JSON_OBJECT);
	char *config = (char *)&reader->manifest->config;

	set_place(reader, "config");
	if (!json)
		return;
	for (uint32_t i = 0; i < COUNT_OF(mf_settings); i++)
		read_setting(reader, json, &mf_settings[i], config + mf_settings[i].member);
	set_place(reader, TOP_LEVEL);
}

static void read_param(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	static const char *const forms[] = {"int", "string"};
	struct mf_param *param = item;

	(void)index;
	param->index = (uint32_t)manifest_number(reader, json, "index", 100000);
	param->is_text = manifest_choice(reader, json, "as", forms, COUNT_OF(forms)) == 1;
	param->offset = (uint32_t)manifest_number(reader, json, "offset", UINT32_MAX - 1);
	param->size = (uint32_t)manifest_number(reader, json, "size", MAX_VALUE_SIZE);
}

static void read_option(struct manifest_reader *reader, const struct json *json, void *item,
			uint32_t index)
{
	static const char *const forms[] = {
		[MF_OPTION_BOOL] = "bool", [MF_OPTION_INT] = "int", [MF_OPTION_STRING] = "string"};
	struct mf_option *option = item;

	(void)index;
	option->name = manifest_text(reader, json, "name");
	option->type =
		(enum mf_option_type)manifest_choice(reader, json, "as", forms, COUNT_OF(forms));
	if (json_member(json, "signed"))
		option->is_signed = manifest_flag(reader, json, "signed");
	option->initial = manifest_bytes_or_null(reader, json, "default");
	if (!option->initial)
		manifest_wrong(reader, "'default' is missing");
	option->description = manifest_bytes_or_null(reader, json, "description");
	option->offset = (uint32_t)manifest_number(reader, json, "offset", UINT32_MAX - 1);
	option->size = (uint32_t)manifest_number(reader, json, "size", MAX_VALUE_SIZE);
}

static void read_lookup(struct manifest_reader *reader, const struct json *json, void *item,
			uint32_t index)
{
	struct mf_lookup *lookup = item;

	(void)index;
	lookup->kind = (enum mf_lookup_kind)manifest_choice(
		reader, json, "kind", mf_lookup_kind_names, COUNT_OF(mf_lookup_kind_names));
	lookup->name = manifest_text(reader, json, "name");
	lookup->parameter = (uint32_t)manifest_number_or(reader, json, "param", UINT32_MAX, 0);
	if (lookup->kind == MF_LOOKUP_KFUNC)
		lookup->program = manifest_text(reader, json, "program");
	lookup->enumeration = manifest_text_or_null(reader, json, "enum");
	lookup->line = (uint32_t)manifest_number_or(reader, json, "line", UINT32_MAX, 0);
	lookup->file = manifest_text_or_null(reader, json, "file");
	lookup->offset = (uint32_t)manifest_number(reader, json, "offset", UINT32_MAX - 1);
}

static void read_assumption(struct manifest_reader *reader, const struct json *json, void *item,
			    uint32_t index)
{
	struct mf_assumption *assumption = item;
	char *end = NULL;

	(void)index;
	assumption->enumerator = manifest_text_or_null(reader, json, "enumerator");
	assumption->enumeration = manifest_text_or_null(reader, json, "enum");
	assumption->type = manifest_text_or_null(reader, json, "type");
	assumption->path = manifest_text_or_null(reader, json, "path");
	assumption->is_size = json_member(json, "measured") != NULL;
	assumption->is_most = json_member(json, "most") != NULL;
	assumption->embedded = manifest_text_or_null(reader, json, "embedded");
	if (!assumption->enumerator == !assumption->type)
		manifest_wrong(reader, "an assumption is of an enumerator or of a type");
	assumption->text = manifest_text(reader, json, "value");
	errno = 0;
	assumption->value = assumption->text[0] == '-'
				    ? (uint64_t)strtoll(assumption->text, &end, 10)
				    : strtoull(assumption->text, &end, 10);
	if (errno || end == assumption->text || *end)
		manifest_wrong(reader, "the value of an assumption is no number");
	assumption->line = (uint32_t)manifest_number(reader, json, "line", UINT32_MAX);
	assumption->file = manifest_text_or_null(reader, json, "file");
}

static void read_tie(struct manifest_reader *reader, const struct json *json, void *item,
		     uint32_t index)
{
	struct mf_tie *tie = item;

	(void)index;
	tie->reason = manifest_text(reader, json, "reason");
	tie->line = (uint32_t)manifest_number_or(reader, json, "line", UINT32_MAX, 0);
	tie->file = manifest_text_or_null(reader, json, "file");
}

static void read_store(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	struct mf_store *store = item;
	const struct json *key;

	(void)index;
	store->kind = (enum mf_store_kind)manifest_choice(reader, json, "kind", mf_store_kind_names,
							  COUNT_OF(mf_store_kind_names));
	store->value_size = (uint32_t)manifest_number(reader, json, "valueSize", MAX_VALUE_SIZE);
	store->present = MF_NONE;
	store->offset = MF_NONE;
	store->first = (uint32_t)manifest_number_or(reader, json, "first", UINT32_MAX - 1, 0);
	if (store->kind != MF_STORE_GLOBAL)
		store->map = manifest_text(reader, json, "map");
	else
		store->offset = (uint32_t)manifest_number(reader, json, "offset", UINT32_MAX - 1);
	if (store->kind == MF_STORE_GLOBAL || store->kind == MF_STORE_PERCPU_SLOT) {
		store->present = (uint32_t)manifest_number(reader, json, "present", UINT32_MAX - 1);
		return;
	}
	if (store->kind == MF_STORE_PERCPU_SLOTS) {
		store->entries = (uint32_t)manifest_number(reader, json, "entries", UINT32_MAX - 1);
		return;
	}
	store->key_size = (uint32_t)manifest_number(reader, json, "keySize", MAX_VALUE_SIZE);
	key = json_member(json, "key");
	if (key)
		store->key = manifest_type(reader, key);
}

static const struct mf_store *read_stores(struct manifest_reader *reader, const struct json *json,
					  const char *name, const struct mf_map *map,
					  uint32_t *count)
{
	struct mf_store *stores =
		manifest_list(reader, json, name, sizeof(*stores), read_store, count);

	for (uint32_t i = 0; i < *count; i++) {
		bool keyed =
			stores[i].kind == MF_STORE_HASH || stores[i].kind == MF_STORE_PERCPU_HASH;

		if (keyed && !stores[i].key)
			stores[i].key = map->key;
	}
	return stores;
}

static void read_map(struct manifest_reader *reader, const struct json *json, void *item,
		     uint32_t index)
{
	struct mf_map *map = item;
	const struct json *key = json_member(json, "key");
	uint32_t next_count;

	(void)index;
	map->name = manifest_text(reader, json, "name");
	map->value = manifest_type(reader, json_member(json, "value"));
	if (key)
		map->key = manifest_type(reader, key);
	map->buckets =
		(uint32_t)manifest_number_or(reader, json, "buckets", UINT32_MAX - 1, MF_NONE);
	if (json_member(json, "sized"))
		map->is_sized = manifest_flag(reader, json, "sized");
	if (json_member(json, "metric"))
		map->metric = manifest_metric(reader, json_member(json, "metric"), map);
	map->stores = read_stores(reader, json, "stores", map, &map->store_count);
	if (json_member(json, "threads"))
		map->threads = manifest_text(reader, json, "threads");
	map->generation = MF_NONE;
	if (!json_member(json, "generation") && !json_member(json, "next"))
		return;
	map->generation = (uint32_t)manifest_number(reader, json, "generation", UINT32_MAX - 1);
	map->next = read_stores(reader, json, "next", map, &next_count);
	if (next_count != map->store_count && !reader->failure->status)
		manifest_wrong(reader, "the generations of a map have different stores");
}

static void read_enumerator(struct manifest_reader *reader, const struct json *json, void *item,
			    uint32_t index)
{
	struct mf_enum_value *value = item;
	const struct json *name = json->kind == JSON_ARRAY ? json->first : NULL;
	const struct json *number = name ? name->next : NULL;
	const char *text;
	char *end;

	(void)index;
	if (!number || json->count != 2 || name->kind != JSON_STRING ||
	    number->kind != JSON_STRING) {
		manifest_wrong(reader, "an enumerator that is not [name, value]");
		return;
	}
	value->name = json_text(&reader->manifest->arena, name);
	text = json_text(&reader->manifest->arena, number);
	if (!value->name || !text || !*text) {
		manifest_wrong(reader, "an enumerator without name or value");
		return;
	}
	value->value =
		*text == '-' ? (int64_t)strtoll(text, &end, 10) : (int64_t)strtoull(text, &end, 10);
	if (*end)
		manifest_wrong(reader, "an enumerator whose value is not a number");
}

static void read_enum(struct manifest_reader *reader, const struct json *json, void *item,
		      uint32_t index)
{
	struct mf_enum *enumeration = item;

	(void)index;
	enumeration->name = manifest_text(reader, json, "name");
	enumeration->values = manifest_list(reader, json, "values", sizeof(*enumeration->values),
					    read_enumerator, &enumeration->value_count);
	enumeration->is_kernels = json_member(json, "kernel") != NULL;
}

static void read_tracepoint_field(struct manifest_reader *reader, const struct json *json,
				  struct mf_fixup *fixup)
{
	static const char *const forms[] = {"unsigned", "signed", "array", "dynamic"};
	static const char *const texts[] = {"value", "form"};

	fixup->category = manifest_text(reader, json, "category");
	fixup->event = manifest_text(reader, json, "event");
	fixup->field = manifest_text(reader, json, "field");
	fixup->field_size = (uint32_t)manifest_number(reader, json, "size", MAX_VALUE_SIZE);
	fixup->form = manifest_choice(reader, json, "form", forms, COUNT_OF(forms));
	fixup->is_text = json_member(json, "text") != NULL;
	if (fixup->is_text)
		fixup->asks_form =
			manifest_choice(reader, json, "text", texts, COUNT_OF(texts)) == 1;
	fixup->asks_base = json_member(json, "base") != NULL;
	fixup->of = manifest_text_or_null(reader, json, "of");
}

static void read_fixup(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	static const char *const sites[] = {"offset", "immediate", "shift"};
	const struct json *field = manifest_optional(reader, json, "tracepoint", JSON_OBJECT);
	const struct json *argument;
	struct mf_fixup *fixup = item;
	int64_t value;

	(void)index;
	fixup->program = manifest_text(reader, json, "program");
	fixup->insn = (uint32_t)manifest_number(reader, json, "insn", UINT32_MAX);
	fixup->site = manifest_choice(reader, json, "site", sites, COUNT_OF(sites));
	value = manifest_signed(reader, json, "value");
	if (value < INT32_MIN || value > INT32_MAX)
		manifest_wrong(reader, "'value' is out of range");
	fixup->value = (int32_t)value;
	if (field) {
		read_tracepoint_field(reader, field, fixup);
		return;
	}
	argument = manifest_member(reader, json, "argument", JSON_OBJECT);
	fixup->parameter = manifest_text_or_null(reader, argument, "name");
	fixup->type = (uint32_t)manifest_number(reader, argument, "type", UINT32_MAX);
}

static void read_globals(struct manifest_reader *reader, const struct json *root)
{
	const struct json *json = manifest_member(reader, root, "globals", JSON_OBJECT);
	char *globals = (char *)&reader->manifest->globals;

	set_place(reader, "globals");
	for (uint32_t i = 0; i < COUNT_OF(mf_globals); i++)
		*(uint32_t *)(globals + mf_globals[i].member) = (uint32_t)manifest_number_or(
			reader, json, mf_globals[i].name, UINT32_MAX - 1, MF_NONE);
}

static void read_kernel(struct manifest_reader *reader, const struct json *root)
{
	const struct json *json = manifest_member(reader, root, "kernel", JSON_OBJECT);

	set_place(reader, "kernel");
	reader->manifest->kernel_release = manifest_text(reader, json, "release");
	reader->manifest->kernel_arch = manifest_text(reader, json, "arch");
	set_place(reader, TOP_LEVEL);
}

static void read_depth(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	struct mf_depth *depth = item;

	(void)index;
	depth->parameter = (uint32_t)manifest_number(reader, json, "param", UINT32_MAX);
	depth->words = (uint32_t)manifest_number(reader, json, "words", MOST_FRAME_WORDS);
}

static void read_stacks(struct manifest_reader *reader, const struct json *root)
{
	const struct json *json = manifest_optional(reader, root, "stacks", JSON_OBJECT);
	struct manifest *manifest = reader->manifest;

	if (!json)
		return;
	manifest->stack_words =
		(uint32_t)manifest_number(reader, json, "words", MF_MOST_FRAMES * MOST_FRAME_WORDS);
	manifest->depths = manifest_list(reader, json, "params", sizeof(*manifest->depths),
					 read_depth, &manifest->depth_count);
}

/* Types refer to enums, events to maps, and places to lines: those are read first. */
static void read_all(struct manifest_reader *reader, const struct json *root)
{
	struct manifest *manifest = reader->manifest;

	manifest->script = manifest_text(reader, root, "script");
	manifest->unsafe = manifest_flag(reader, root, "unsafe");
	read_kernel(reader, root);
	manifest->has_ties = json_member(root, "ties");
	if (manifest->has_ties)
		manifest->ties = manifest_list(reader, root, "ties", sizeof(*manifest->ties),
					       read_tie, &manifest->tie_count);
	read_config(reader, root);
	manifest->params = manifest_list(reader, root, "params", sizeof(*manifest->params),
					 read_param, &manifest->param_count);
	if (json_member(root, "options"))
		manifest->options =
			manifest_list(reader, root, "options", sizeof(*manifest->options),
				      read_option, &manifest->option_count);
	if (json_member(root, "lookups"))
		manifest->lookups =
			manifest_list(reader, root, "lookups", sizeof(*manifest->lookups),
				      read_lookup, &manifest->lookup_count);
	if (json_member(root, "assumptions"))
		manifest->assumptions =
			manifest_list(reader, root, "assumptions", sizeof(*manifest->assumptions),
				      read_assumption, &manifest->assumption_count);
	if (json_member(root, "lines"))
		manifest->lines = manifest_list(reader, root, "lines", sizeof(*manifest->lines),
						manifest_text_item, &manifest->line_count);
	manifest_probes(reader, root);
	manifest->enums = manifest_list(reader, root, "enums", sizeof(*manifest->enums), read_enum,
					&manifest->enum_count);
	manifest->maps = manifest_list(reader, root, "maps", sizeof(*manifest->maps), read_map,
				       &manifest->map_count);
	read_stacks(reader, root);
	manifest_events(reader, root);
	manifest->formats = manifest_list(reader, root, "formats", sizeof(*manifest->formats),
					  read_bytes_item, &manifest->format_count);
	manifest->fixups = manifest_list(reader, root, "fixups", sizeof(*manifest->fixups),
					 read_fixup, &manifest->fixup_count);
	manifest->features = manifest_list(reader, root, "features", sizeof(*manifest->features),
					   manifest_text_item, &manifest->feature_count);
	read_globals(reader, root);
}

static int read_version(struct manifest_reader *reader, const struct json *root)
{
	uint64_t version = manifest_number(reader, root, "version", UINT32_MAX);

	reader->manifest->producer = manifest_text(reader, root, "producer");
	if (reader->failure->status)
		return reader->failure->status;
	if (version != MANIFEST_VERSION)
		return fail(
			reader->failure, STATUS_OBJECT,
			"the object was made by %s and has manifest version %u; this bpfload reads version %u. Run it with the bpfload that came with %s, or build the script again.",
			reader->manifest->producer, (unsigned)version, MANIFEST_VERSION,
			reader->manifest->producer);
	return STATUS_OK;
}

int manifest_read(const struct elf_file *elf, struct manifest **out, struct failure *failure)
{
	const struct elf_section *section = elf_find_section(elf, MANIFEST_SECTION);
	struct manifest_reader reader = {.elf = elf, .place = TOP_LEVEL, .failure = failure};
	struct json_error error = {0};
	struct arena document = {0};
	const struct json *root;

	*out = NULL;
	if (!section)
		return fail(failure, STATUS_OBJECT,
			    "the object has no manifest (section " MANIFEST_SECTION
			    "): was it made by bpfscript?");
	reader.manifest = memory_zeroed(sizeof(*reader.manifest));
	root = json_parse(&document, (const char *)section->data, section->size, &error);
	if (!root)
		fail(failure, STATUS_OBJECT,
		     "the object's manifest is not valid JSON: %s at byte %zu", error.what,
		     error.at);
	else if (root->kind != JSON_OBJECT)
		manifest_wrong(&reader, "not an object");
	else if (read_version(&reader, root) == STATUS_OK)
		read_all(&reader, root);
	/* Decoded texts are copies in the manifest's own arena. */
	arena_free(&document);
	if (!failure->status && manifest_check(elf, reader.manifest, failure) == STATUS_OK) {
		*out = reader.manifest;
		return STATUS_OK;
	}
	manifest_free(reader.manifest);
	return failure->status;
}

void manifest_free(struct manifest *manifest)
{
	if (!manifest)
		return;
	arena_free(&manifest->arena);
	free(manifest);
}
