/* Reads the manifest: everything of linker/manifest/manifest.ts but types. */
#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "manifest_check.h"
#include "manifest_read.h"

#define MANIFEST_SECTION ".bpfscript"
#define MAX_EVENT_SIZE (1u << 20)
#define EVENT_HEADER 8
/* Of objects that do not say. */
#define DEFAULT_LOG_SIZE 1000000

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof(*(array))))

static const char *const provider_names[] = {
	[MF_BEGIN] = "begin",
	[MF_END] = "end",
	[MF_TRACEPOINT] = "tracepoint",
	[MF_RAWTRACEPOINT] = "rawtracepoint",
	[MF_FENTRY] = "fentry",
	[MF_FEXIT] = "fexit",
	[MF_KPROBE] = "kprobe",
	[MF_KRETPROBE] = "kretprobe",
	[MF_UPROBE] = "uprobe",
	[MF_URETPROBE] = "uretprobe",
	[MF_USDT] = "usdt",
	[MF_INTERVAL] = "interval",
	[MF_PROFILE] = "profile",
	[MF_SOFTWARE] = "software",
	[MF_HARDWARE] = "hardware",
	[MF_ITER] = "iter",
	[MF_WATCHPOINT] = "watchpoint",
	[MF_SELF] = "self",
	[MF_TEST] = "test",
	[MF_BENCH] = "bench",
};

static const char *const event_names[] = {
	[MF_EVENT_PRINTF] = "printf",
	[MF_EVENT_PRINT_VALUE] = "print-value",
	[MF_EVENT_PRINT_MAP] = "print-map",
	[MF_EVENT_CLEAR] = "clear",
	[MF_EVENT_ZERO] = "zero",
	[MF_EVENT_UNWATCH] = "unwatch",
	[MF_EVENT_EXIT] = "exit",
	[MF_EVENT_TIME] = "time",
	[MF_EVENT_JOIN] = "join",
	[MF_EVENT_SYSTEM] = "system",
	[MF_EVENT_CAT] = "cat",
	[MF_EVENT_WARNING] = "warning",
	[MF_EVENT_PROCESS] = "process",
	[MF_EVENT_ERRORF] = "errorf",
	[MF_EVENT_WARNF] = "warnf",
	[MF_EVENT_PACKET] = "packet",
};

const char *mf_provider_name(enum mf_provider provider)
{
	return provider_names[provider];
}

bool mf_needs(const struct manifest *manifest, const char *feature)
{
	for (uint32_t i = 0; i < manifest->feature_count; i++)
		if (strcmp(manifest->features[i], feature) == 0)
			return true;
	return false;
}

/* Reads one element of a list into `item`. */
typedef void (*item_reader)(struct manifest_reader *reader, const struct json *json, void *item,
			    uint32_t index);

/* Reads the list `name` of `object` item by item, each of `size` bytes. */
static void *read_list(struct manifest_reader *reader, const struct json *object, const char *name,
		       size_t size, item_reader read, uint32_t *count)
{
	const struct json *list = manifest_member(reader, object, name, JSON_ARRAY);
	unsigned char *items;
	uint32_t index = 0;

	*count = 0;
	if (!list)
		return NULL;
	items = manifest_memory(reader, list->count, size);
	if (!items)
		return NULL;
	for (const struct json *json = list->first; json && !reader->report->status;
	     json = json->next) {
		snprintf(reader->place, sizeof(reader->place), "%s[%u]", name, index);
		read(reader, json, items + index * size, index);
		index++;
	}
	if (!reader->report->status)
		*count = index;
	return items;
}

static void read_string_item(struct manifest_reader *reader, const struct json *json, void *item,
			     uint32_t index)
{
	const char **text = item;

	(void)index;
	*text = json->kind == JSON_STRING ? json_text(&reader->manifest->arena, json) : NULL;
	if (!*text)
		manifest_wrong(reader, "not a text");
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

static void read_config(struct manifest_reader *reader, const struct json *root)
{
	static const char *const policies[] = {[MF_MISSING_ERROR] = "error",
					       [MF_MISSING_WARN] = "warn",
					       [MF_MISSING_IGNORE] = "ignore"};
	static const char *const caches[] = {[MF_CACHE_PER_PID] = "PER_PID",
					     [MF_CACHE_PER_PROGRAM] = "PER_PROGRAM",
					     [MF_CACHE_NONE] = "NONE"};
	const struct json *json = manifest_member(reader, root, "config", JSON_OBJECT);
	struct mf_config *config = &reader->manifest->config;

	snprintf(reader->place, sizeof(reader->place), "config");
	config->print_maps_on_exit = manifest_flag(reader, json, "printMapsOnExit");
	config->missing_probes = (enum mf_missing)manifest_choice(reader, json, "missingProbes",
								  policies, COUNT_OF(policies));
	config->str_trunc_trailer = manifest_bytes_or_null(reader, json, "strTruncTrailer");
	if (!config->str_trunc_trailer)
		config->str_trunc_trailer = "..";
	config->max_cat_bytes = manifest_number(reader, json, "maxCatBytes", UINT32_MAX);
	config->perf_rb_pages = (uint32_t)manifest_number(reader, json, "perfRbPages", 1u << 18);
	config->max_probes = (uint32_t)manifest_number(reader, json, "maxProbes", UINT32_MAX);
	config->log_size =
		manifest_number_or(reader, json, "logSize", UINT32_MAX, DEFAULT_LOG_SIZE);
	config->cpp_demangle = manifest_flag(reader, json, "cppDemangle");
	config->symbol_cache = (enum mf_symbol_cache)manifest_choice(
		reader, json, "cacheUserSymbols", caches, COUNT_OF(caches));
	config->lazy_symbols = manifest_flag(reader, json, "lazySymbolication");
	config->show_debug_info = manifest_flag(reader, json, "showDebugInfo");
	if (config->perf_rb_pages & (config->perf_rb_pages - 1))
		manifest_wrong(reader, "perfRbPages is not a power of two");
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

static void read_address(struct manifest_reader *reader, const struct json *json, void *item,
			 uint32_t index)
{
	struct mf_address *address = item;

	(void)index;
	address->symbol = manifest_text(reader, json, "symbol");
	address->offset = (uint32_t)manifest_number(reader, json, "offset", UINT32_MAX - 1);
}

static void read_lookup(struct manifest_reader *reader, const struct json *json, void *item,
			uint32_t index)
{
	static const char *const kinds[] = {[MF_LOOKUP_KERNEL_SYMBOL] = "kernel-symbol",
					    [MF_LOOKUP_CGROUP] = "cgroup",
					    [MF_LOOKUP_EXECUTABLE] = "executable",
					    [MF_LOOKUP_KERNEL_FUNCTION] = "kernel-function",
					    [MF_LOOKUP_KFUNC] = "kfunc"};
	struct mf_lookup *lookup = item;

	(void)index;
	lookup->kind =
		(enum mf_lookup_kind)manifest_choice(reader, json, "kind", kinds, COUNT_OF(kinds));
	lookup->name = manifest_text(reader, json, "name");
	if (lookup->kind == MF_LOOKUP_KFUNC)
		lookup->program = manifest_text(reader, json, "program");
	lookup->offset = (uint32_t)manifest_number(reader, json, "offset", UINT32_MAX - 1);
}

static void read_probe(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	static const char *const languages[] = {"cpp"};
	static const char *const signals[] = {"SIGUSR1"};
	const struct json *target = manifest_member(reader, json, "target", JSON_OBJECT);
	struct mf_probe *probe = item;

	probe->index = index;
	probe->program = manifest_text(reader, json, "program");
	probe->name = manifest_text(reader, json, "name");
	probe->parameters = manifest_flag(reader, json, "parameters");
	probe->line = (uint32_t)manifest_number(reader, json, "line", UINT32_MAX);
	probe->file = manifest_text_or_null(reader, json, "file");
	/* Without it each probe is a block of its own. */
	probe->block = (uint32_t)manifest_number_or(reader, json, "block", UINT32_MAX - 1, MF_NONE);
	probe->syscalls =
		(uint32_t)manifest_number_or(reader, json, "syscalls", UINT32_MAX - 1, MF_NONE);
	probe->arguments =
		(uint32_t)manifest_number_or(reader, json, "arguments", MF_USDT_ARGUMENTS, 0);
	if (manifest_optional(reader, json, "addresses", JSON_ARRAY))
		probe->addresses = read_list(reader, json, "addresses", sizeof(*probe->addresses),
					     read_address, &probe->address_count);
	if (json_member(json, "contextFree"))
		probe->context_free = manifest_flag(reader, json, "contextFree");
	if (!target)
		return;
	probe->provider = (enum mf_provider)manifest_choice(
		reader, target, "provider", provider_names, COUNT_OF(provider_names));
	switch (probe->provider) {
	case MF_BEGIN:
	case MF_END:
		break;
	case MF_TRACEPOINT:
		probe->category = manifest_text(reader, target, "category");
		probe->event = manifest_text(reader, target, "event");
		break;
	case MF_RAWTRACEPOINT:
		probe->module = manifest_text_or_null(reader, target, "module");
		probe->event = manifest_text(reader, target, "event");
		break;
	case MF_FENTRY:
	case MF_FEXIT:
		probe->module = manifest_text_or_null(reader, target, "module");
		probe->bpf = manifest_text_or_null(reader, target, "program");
		probe->function = manifest_text(reader, target, "function");
		if (json_member(target, "parameters"))
			probe->parameter_names =
				read_list(reader, target, "parameters", sizeof(char *),
					  read_string_item, &probe->parameter_count);
		break;
	case MF_UPROBE:
	case MF_URETPROBE:
		probe->path = manifest_text(reader, target, "path");
		probe->function = manifest_text(reader, target, "function");
		probe->offset = manifest_number(reader, target, "offset", UINT64_MAX);
		probe->source = manifest_text_or_null(reader, target, "source");
		probe->cpp = json_member(target, "language") &&
			     manifest_choice(reader, target, "language", languages,
					     COUNT_OF(languages)) == 0;
		break;
	case MF_USDT:
		probe->path = manifest_text(reader, target, "path");
		probe->category = manifest_text(reader, target, "namespace");
		probe->event = manifest_text(reader, target, "name");
		break;
	case MF_KPROBE:
	case MF_KRETPROBE:
		probe->address = manifest_text_or_null(reader, target, "address");
		if (probe->address)
			break;
		probe->module = manifest_text_or_null(reader, target, "module");
		probe->function = manifest_text(reader, target, "function");
		probe->offset = manifest_number(reader, target, "offset", UINT32_MAX);
		break;
	case MF_INTERVAL:
	case MF_PROFILE:
		probe->period = manifest_text_or_null(reader, target, "period");
		probe->frequency = manifest_text_or_null(reader, target, "frequency");
		if (!probe->period == !probe->frequency)
			manifest_wrong(reader, "neither or both of period and frequency");
		break;
	case MF_SELF:
		manifest_choice(reader, target, "signal", signals, COUNT_OF(signals));
		break;
	case MF_TEST:
	case MF_BENCH:
		probe->event = manifest_text(reader, target, "name");
		break;
	case MF_ITER:
		probe->event = manifest_text(reader, target, "object");
		break;
	case MF_WATCHPOINT:
		probe->address = manifest_text(reader, target, "address");
		probe->length = manifest_text(reader, target, "length");
		probe->mode = manifest_text(reader, target, "mode");
		break;
	case MF_SOFTWARE:
	case MF_HARDWARE:
		probe->event = manifest_text(reader, target, "event");
		probe->period = manifest_text_or_null(reader, target, "count");
		break;
	}
}

static void read_store(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	static const char *const kinds[] = {
		[MF_STORE_HASH] = "hash",
		[MF_STORE_PERCPU_HASH] = "percpu-hash",
		[MF_STORE_PERCPU_SLOT] = "percpu-slot",
		[MF_STORE_PERCPU_SLOTS] = "percpu-slots",
		[MF_STORE_GLOBAL] = "global",
	};
	struct mf_store *store = item;
	const struct json *key;

	(void)index;
	store->kind =
		(enum mf_store_kind)manifest_choice(reader, json, "kind", kinds, COUNT_OF(kinds));
	store->value_size = (uint32_t)manifest_number(reader, json, "valueSize", MAX_VALUE_SIZE);
	store->present = MF_NONE;
	store->offset = MF_NONE;
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

static void read_map(struct manifest_reader *reader, const struct json *json, void *item,
		     uint32_t index)
{
	struct mf_map *map = item;
	struct mf_store *stores;
	const struct json *key = json_member(json, "key");

	(void)index;
	map->name = manifest_text(reader, json, "name");
	map->value = manifest_type(reader, json_member(json, "value"));
	if (key)
		map->key = manifest_type(reader, key);
	if (json_member(json, "sized"))
		map->is_sized = manifest_flag(reader, json, "sized");
	stores = read_list(reader, json, "stores", sizeof(*stores), read_store, &map->store_count);
	for (uint32_t i = 0; i < map->store_count; i++) {
		bool keyed =
			stores[i].kind == MF_STORE_HASH || stores[i].kind == MF_STORE_PERCPU_HASH;

		if (keyed && !stores[i].key)
			stores[i].key = map->key;
	}
	map->stores = stores;
}

static void read_line(struct manifest_reader *reader, const struct json *json,
		      struct mf_place *place)
{
	place->line = (uint32_t)manifest_number(reader, json, "line", UINT32_MAX);
	place->column = (uint32_t)manifest_number(reader, json, "column", UINT32_MAX);
	place->end_column = (uint32_t)manifest_number(reader, json, "endColumn", UINT32_MAX);
	place->text = manifest_text(reader, json, "text");
	place->file = manifest_text_or_null(reader, json, "file");
}

static const struct mf_place *read_place(struct manifest_reader *reader, const struct json *event)
{
	const struct json *json = manifest_optional(reader, event, "place", JSON_OBJECT);
	const struct json *list;
	struct mf_place *place, *uses;

	if (!json)
		return NULL;
	place = manifest_memory(reader, 1, sizeof(*place));
	if (!place)
		return NULL;
	read_line(reader, json, place);
	list = manifest_optional(reader, json, "uses", JSON_ARRAY);
	if (!list)
		return place;
	uses = manifest_memory(reader, list->count, sizeof(*uses));
	if (!uses)
		return NULL;
	place->uses = uses;
	for (json = list->first; json && !reader->report->status; json = json->next)
		read_line(reader, json, &uses[place->use_count++]);
	return place;
}

static void read_event(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	static const char *const changes[] = {"clear", "zero"};
	const struct json *fields = manifest_member(reader, json, "fields", JSON_ARRAY);
	struct mf_event *event = item;
	uint32_t map;

	event->index = index;
	event->kind = (enum mf_event_kind)manifest_choice(reader, json, "kind", event_names,
							  COUNT_OF(event_names));
	event->size = (uint32_t)manifest_number(reader, json, "size", MAX_EVENT_SIZE);
	if (event->size < EVENT_HEADER)
		manifest_wrong(reader, "a record without a header");
	if (fields)
		event->fields = manifest_fields(reader, fields, EVENT_HEADER, event->size,
						&event->field_count);
	event->format = manifest_bytes_or_null(reader, json, "format");
	map = (uint32_t)manifest_number_or(reader, json, "map", UINT32_MAX - 1, MF_NONE);
	if (map != MF_NONE && map >= reader->manifest->map_count)
		manifest_wrong(reader, "a map that is not there");
	else if (map != MF_NONE)
		event->map = &reader->manifest->maps[map];
	event->top = (uint32_t)manifest_number_or(reader, json, "top", UINT32_MAX, 0);
	event->div = (uint32_t)manifest_number_or(reader, json, "div", UINT32_MAX, 0);
	if (json_member(json, "then"))
		event->then = manifest_choice(reader, json, "then", changes, 2) ? MF_THEN_ZERO
										: MF_THEN_CLEAR;
	event->message = manifest_text_or_null(reader, json, "message");
	event->helper = manifest_text_or_null(reader, json, "helper");
	event->place = read_place(reader, json);
	event->control =
		(uint32_t)manifest_number_or(reader, json, "control", UINT32_MAX - 1, MF_NONE);
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
	enumeration->values = read_list(reader, json, "values", sizeof(*enumeration->values),
					read_enumerator, &enumeration->value_count);
}

static void read_session(struct manifest_reader *reader, const struct json *json, void *item,
			 uint32_t index)
{
	struct mf_session *session = item;

	(void)index;
	session->program = manifest_text(reader, json, "program");
	session->entry = (uint32_t)manifest_number(reader, json, "entry", UINT32_MAX - 1);
	session->exit = (uint32_t)manifest_number(reader, json, "exit", UINT32_MAX - 1);
	session->insn = (uint32_t)manifest_number(reader, json, "insn", UINT32_MAX);
}

static void read_fixup(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	static const char *const sites[] = {"offset", "immediate"};
	const struct json *field = manifest_member(reader, json, "tracepoint", JSON_OBJECT);
	struct mf_fixup *fixup = item;
	int64_t value;

	(void)index;
	fixup->program = manifest_text(reader, json, "program");
	fixup->insn = (uint32_t)manifest_number(reader, json, "insn", UINT32_MAX);
	fixup->immediate = manifest_choice(reader, json, "site", sites, COUNT_OF(sites)) == 1;
	value = manifest_signed(reader, json, "value");
	if (value < INT32_MIN || value > INT32_MAX)
		manifest_wrong(reader, "'value' is out of range");
	fixup->value = (int32_t)value;
	fixup->category = manifest_text(reader, field, "category");
	fixup->event = manifest_text(reader, field, "event");
	fixup->field = manifest_text(reader, field, "field");
	fixup->field_size = (uint32_t)manifest_number(reader, field, "size", MAX_VALUE_SIZE);
}

static void read_globals(struct manifest_reader *reader, const struct json *root)
{
	const struct json *json = manifest_member(reader, root, "globals", JSON_OBJECT);
	struct mf_globals *globals = &reader->manifest->globals;
	const struct {
		const char *name;
		uint32_t *offset;
	} members[] = {
		{"filterPid", &globals->filter_pid},
		{"filterNamespace", &globals->filter_namespace},
		{"pidNamespace", &globals->pid_namespace},
		{"start", &globals->start},
		{"wallOffset", &globals->wall_offset},
		{"taiOffset", &globals->tai_offset},
		{"cpus", &globals->cpus},
		{"paramCount", &globals->param_count},
		{"childPid", &globals->child_pid},
		{"sleeping", &globals->sleeping},
	};

	snprintf(reader->place, sizeof(reader->place), "globals");
	for (uint32_t i = 0; i < COUNT_OF(members); i++)
		*members[i].offset = (uint32_t)manifest_number_or(reader, json, members[i].name,
								  UINT32_MAX - 1, MF_NONE);
}

static void read_kernel(struct manifest_reader *reader, const struct json *root)
{
	const struct json *json = manifest_member(reader, root, "kernel", JSON_OBJECT);

	snprintf(reader->place, sizeof(reader->place), "kernel");
	reader->manifest->kernel_release = manifest_text(reader, json, "release");
	reader->manifest->kernel_arch = manifest_text(reader, json, "arch");
}

/* Types refer to enums, and events to maps: those are read first. */
static void read_all(struct manifest_reader *reader, const struct json *root)
{
	struct manifest *manifest = reader->manifest;

	manifest->script = manifest_text(reader, root, "script");
	manifest->unsafe = manifest_flag(reader, root, "unsafe");
	read_kernel(reader, root);
	read_config(reader, root);
	manifest->params = read_list(reader, root, "params", sizeof(*manifest->params), read_param,
				     &manifest->param_count);
	if (json_member(root, "options"))
		manifest->options = read_list(reader, root, "options", sizeof(*manifest->options),
					      read_option, &manifest->option_count);
	if (json_member(root, "lookups"))
		manifest->lookups = read_list(reader, root, "lookups", sizeof(*manifest->lookups),
					      read_lookup, &manifest->lookup_count);
	manifest->probes = read_list(reader, root, "probes", sizeof(*manifest->probes), read_probe,
				     &manifest->probe_count);
	if (manifest_optional(reader, root, "sessions", JSON_ARRAY))
		manifest->sessions =
			read_list(reader, root, "sessions", sizeof(*manifest->sessions),
				  read_session, &manifest->session_count);
	manifest->enums = read_list(reader, root, "enums", sizeof(*manifest->enums), read_enum,
				    &manifest->enum_count);
	manifest->maps = read_list(reader, root, "maps", sizeof(*manifest->maps), read_map,
				   &manifest->map_count);
	manifest->events = read_list(reader, root, "events", sizeof(*manifest->events), read_event,
				     &manifest->event_count);
	manifest->formats = read_list(reader, root, "formats", sizeof(*manifest->formats),
				      read_bytes_item, &manifest->format_count);
	manifest->fixups = read_list(reader, root, "fixups", sizeof(*manifest->fixups), read_fixup,
				     &manifest->fixup_count);
	manifest->features = read_list(reader, root, "features", sizeof(*manifest->features),
				       read_string_item, &manifest->feature_count);
	manifest->capabilities =
		read_list(reader, root, "capabilities", sizeof(*manifest->capabilities),
			  read_string_item, &manifest->capability_count);
	read_globals(reader, root);
}

static int read_version(struct manifest_reader *reader, const struct json *root)
{
	uint64_t version = manifest_number(reader, root, "version", UINT32_MAX);

	reader->manifest->producer = manifest_text(reader, root, "producer");
	if (reader->report->status)
		return reader->report->status;
	if (version != MANIFEST_VERSION)
		return report_set(
			reader->report, STATUS_OBJECT,
			"the object was made by %s and has manifest version %u; this bpfload "
			"reads version %u. Run it with the bpfload that came with %s, or "
			"build the script again.",
			reader->manifest->producer, (unsigned)version, MANIFEST_VERSION,
			reader->manifest->producer);
	return STATUS_OK;
}

int manifest_read(const struct elf_file *elf, struct manifest **out, struct report *report)
{
	const struct elf_section *section = elf_find_section(elf, MANIFEST_SECTION);
	struct manifest_reader reader = {.elf = elf, .place = "top level", .report = report};
	struct json_error error = {0};
	struct arena document = {0};
	const struct json *root;

	*out = NULL;
	if (!section)
		return report_set(report, STATUS_OBJECT,
				  "the object has no manifest (section " MANIFEST_SECTION
				  "): was it made by bpfscript?");
	reader.manifest = calloc(1, sizeof(*reader.manifest));
	if (!reader.manifest)
		return report_set(report, STATUS_FAILED, "out of memory");
	root = json_parse(&document, (const char *)section->data, section->size, &error);
	if (!root)
		report_set(report, STATUS_OBJECT,
			   "the object's manifest is not valid JSON: %s at byte %zu", error.what,
			   error.at);
	else if (root->kind != JSON_OBJECT)
		manifest_wrong(&reader, "not an object");
	else if (read_version(&reader, root) == STATUS_OK)
		read_all(&reader, root);
	/* Decoded texts are copies in the manifest's own arena. */
	arena_free(&document);
	if (!report->status && manifest_check(elf, reader.manifest, report) == STATUS_OK) {
		*out = reader.manifest;
		return STATUS_OK;
	}
	manifest_free(reader.manifest);
	return report->status;
}

void manifest_free(struct manifest *manifest)
{
	if (!manifest)
		return;
	arena_free(&manifest->arena);
	free(manifest);
}
