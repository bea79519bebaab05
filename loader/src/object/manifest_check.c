#include "object/manifest_check.h"

#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "object/effect_tables.h"
#include "object/targets.h"

#define INSN_SIZE sizeof(struct bpf_insn)

struct checker {
	const struct elf_file *elf;
	const struct manifest *manifest;
	uint64_t bss, rodata;
	struct failure *failure;
};

static void wrong(struct checker *checker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void wrong(struct checker *checker, const char *format, ...)
{
	char what[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	fail(checker->failure, STATUS_OBJECT, "the object's manifest is not valid: %s", what);
}

/* A 64-bit word that programs and loader share has to be one atomic unit. */
static bool word_within(uint32_t offset, uint64_t limit)
{
	return offset % 8 == 0 && within(offset, 8, limit);
}

static void check_params(struct checker *checker)
{
	for (uint32_t i = 0; i < checker->manifest->param_count && !checker->failure->status; i++) {
		const struct mf_param *param = &checker->manifest->params[i];

		if (param->index == 0 || param->size == 0 ||
		    (!param->is_text && param->size != 8) ||
		    !within(param->offset, param->size, checker->rodata))
			wrong(checker, "parameter $%u has no place", param->index);
	}
}

static void check_options(struct checker *checker)
{
	for (uint32_t i = 0; i < checker->manifest->option_count && !checker->failure->status;
	     i++) {
		const struct mf_option *option = &checker->manifest->options[i];

		if (!option->name[0] || option->size == 0 ||
		    (option->type != MF_OPTION_STRING && option->size != 8) ||
		    !within(option->offset, option->size, checker->rodata))
			wrong(checker, "parameter --%s has no place", option->name);
	}
}

static void check_lookups(struct checker *checker)
{
	for (uint32_t i = 0; i < checker->manifest->lookup_count && !checker->failure->status;
	     i++) {
		const struct mf_lookup *lookup = &checker->manifest->lookups[i];

		if (!within(lookup->offset, sizeof(uint64_t), checker->rodata))
			wrong(checker, "the answer to '%s' has no place", lookup->name);
	}
}

static void check_addresses(struct checker *checker, const struct mf_probe *probe,
			    const struct mf_addresses *addresses)
{
	for (uint32_t i = 0; i < addresses->count; i++)
		if (!within(addresses->items[i].offset, sizeof(int64_t), checker->rodata))
			wrong(checker, "probe %s has no place for the address of %s", probe->name,
			      addresses->items[i].symbol);
}

/* What the loader writes into .rodata for the probe. */
static void check_target(struct checker *checker, const struct mf_probe *probe)
{
	for (const struct mf_member *member = mf_first_member(probe->provider); member;
	     member = mf_next_member(member)) {
		const void *at = (const char *)probe->target + member->at;

		if (member->kind == MF_MEMBER_PLACE && *(const uint32_t *)at != MF_NONE &&
		    !within(*(const uint32_t *)at, member->most, checker->rodata))
			wrong(checker, "probe %s has no place for %s", probe->name, member->what);
		if (member->kind == MF_MEMBER_ADDRESSES)
			check_addresses(checker, probe, at);
	}
}

/* Functions of traced programs can: what the program has to know of its probe is in the cookie. */
static bool may_share(const struct mf_probe *one, const struct mf_probe *other)
{
	return one->provider == other->provider &&
	       (one->provider == MF_UPROBE || one->provider == MF_URETPROBE);
}

static void check_probes(struct checker *checker)
{
	if (checker->manifest->probe_count == 0)
		wrong(checker, "there are no probes");
	for (uint32_t i = 0; i < checker->manifest->probe_count && !checker->failure->status; i++) {
		const struct mf_probe *probe = &checker->manifest->probes[i];

		if (!elf_find_program(checker->elf, probe->program))
			wrong(checker, "probe %s has no program '%s'", probe->name, probe->program);
		check_target(checker, probe);
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(checker->manifest->probes[j].program, probe->program) == 0 &&
			    !may_share(&checker->manifest->probes[j], probe))
				wrong(checker, "two probes share the program '%s'", probe->program);
	}
}

static bool is_program_section(const char *name)
{
	size_t length = strcspn(name, "/");

	for (size_t i = 0; i < sizeof(mf_program_sections) / sizeof(*mf_program_sections); i++)
		if (strlen(mf_program_sections[i]) == length &&
		    strncmp(mf_program_sections[i], name, length) == 0)
			return true;
	return false;
}

/* What libbpf makes of a program goes by its section's name: one that decides for the kernel, of
 * another kind, could be loaded and attached in the place of one that looks. */
static void check_sections(struct checker *checker)
{
	for (uint32_t i = 1; i < checker->elf->section_count; i++) {
		const struct elf_section *section = &checker->elf->sections[i];

		if (elf_is_code(section) && strcmp(section->name, ".text") != 0 &&
		    !is_program_section(section->name))
			fail(checker->failure, STATUS_OBJECT,
			     "the object is not valid: section %s is for programs of a kind that bpfload does not run",
			     section->name);
	}
}

/* Slots of a series: those of all elements are one value. */
static void check_slots(struct checker *checker, const struct mf_map *map,
			const struct mf_store *store)
{
	uint32_t size = store->value_size;

	if (map->key || map->value->kind != MF_TSERIES || map->store_count != 1)
		wrong(checker, "%s: slots of no series", map->name);
	else if (size == 0 || size % mf_slot_size(map->value->aggregation) != 0 ||
		 (uint64_t)size * store->entries < map->value->size)
		wrong(checker, "%s: its slots are smaller than its value", map->name);
}

static void check_store(struct checker *checker, const struct mf_map *map,
			const struct mf_store *store)
{
	if (store->kind != MF_STORE_PERCPU_SLOTS && store->value_size < map->value->size)
		wrong(checker, "%s: a store is smaller than its value", map->name);
	if (store->map && !elf_has_map(checker->elf, store->map))
		wrong(checker, "%s: there is no map '%s'", map->name, store->map);
	switch (store->kind) {
	case MF_STORE_HASH:
	case MF_STORE_PERCPU_HASH:
		/* A scalar that a script deletes is kept under one key of 8 bytes. */
		if (store->key_size < (store->key ? store->key->size : 8))
			wrong(checker, "%s: a store is smaller than its key", map->name);
		break;
	case MF_STORE_PERCPU_SLOT:
		if (map->key)
			wrong(checker, "%s: a keyed map in a slot", map->name);
		break;
	case MF_STORE_PERCPU_SLOTS:
		check_slots(checker, map, store);
		break;
	case MF_STORE_GLOBAL:
		if (map->key)
			wrong(checker, "%s: a keyed map in a variable", map->name);
		if (!within(store->offset, store->value_size, checker->bss) ||
		    !word_within(store->present, checker->bss))
			wrong(checker, "%s lies outside .bss", map->name);
		break;
	}
}

/* Types that only a map's value may have, or that have no printed form. */
static bool is_aggregate(const struct mf_type *type)
{
	switch (type->kind) {
	case MF_COUNT:
	case MF_SUM:
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
	case MF_STATS:
	case MF_HIST:
	case MF_LHIST:
	case MF_TSERIES:
		return true;
	default:
		return false;
	}
}

static void check_plain(struct checker *checker, const struct mf_type *type, const char *where)
{
	if (is_aggregate(type) || type->kind == MF_VOID)
		wrong(checker, "%s: a type that values cannot have there", where);
	if (type->kind == MF_ARRAY)
		check_plain(checker, type->element, where);
	for (uint32_t i = 0; i < type->field_count; i++)
		check_plain(checker, type->fields[i].type, where);
}

/* Whether both are, or may be, one place. */
static bool overlap(const struct mf_store *one, const struct mf_store *other)
{
	uint64_t entries = one->kind == MF_STORE_PERCPU_SLOTS ? one->entries : 1;
	uint64_t others = one->kind == MF_STORE_PERCPU_SLOTS ? other->entries : 1;

	if (one->kind == MF_STORE_GLOBAL)
		return one->present == other->present ||
		       (one->offset < (uint64_t)other->offset + other->value_size &&
			other->offset < (uint64_t)one->offset + one->value_size);
	if (strcmp(one->map, other->map) != 0)
		return false;
	if (one->kind == MF_STORE_HASH || one->kind == MF_STORE_PERCPU_HASH)
		return true;
	return one->first < other->first + others && other->first < one->first + entries;
}

/* The second generation is as the first, and stands elsewhere. */
static void check_generations(struct checker *checker, const struct mf_map *map)
{
	if (!word_within(map->generation, checker->bss))
		wrong(checker, "%s: its generation lies outside .bss", map->name);
	for (uint32_t i = 0; i < map->store_count && !checker->failure->status; i++) {
		const struct mf_store *store = &map->stores[i], *next = &map->next[i];

		if (next->kind != store->kind || next->key_size != store->key_size ||
		    next->value_size != store->value_size || next->entries != store->entries)
			wrong(checker, "%s: its generations differ", map->name);
		else if (overlap(store, next))
			wrong(checker, "%s: its generations share a store", map->name);
		if (next->key && next->key != map->key)
			check_plain(checker, next->key, map->name);
		check_store(checker, map, next);
	}
}

static void check_maps(struct checker *checker)
{
	for (uint32_t i = 0; i < checker->manifest->map_count && !checker->failure->status; i++) {
		const struct mf_map *map = &checker->manifest->maps[i];

		if (map->buckets != MF_NONE && !word_within(map->buckets, checker->rodata))
			wrong(checker, "%s: its number of buckets has no place", map->name);
		if (map->store_count == 0)
			wrong(checker, "%s has no store", map->name);
		if (map->key)
			check_plain(checker, map->key, map->name);
		if (!is_aggregate(map->value))
			check_plain(checker, map->value, map->name);
		if (map->next)
			check_generations(checker, map);
		if (map->threads && !elf_has_map(checker->elf, map->threads))
			wrong(checker, "%s: there is no map '%s'", map->name, map->threads);
		for (uint32_t j = 0; j < map->store_count; j++) {
			if (map->stores[j].key && map->stores[j].key != map->key)
				check_plain(checker, map->stores[j].key, map->name);
			check_store(checker, map, &map->stores[j]);
		}
	}
}

static bool is_int(const struct mf_event *event, uint32_t field, uint32_t size)
{
	return field < event->field_count && event->fields[field].type->kind == MF_INT &&
	       event->fields[field].type->size == size;
}

/* What each kind of event must have for its handler to rely on. */
static bool event_is_complete(const struct mf_event *event)
{
	const struct mf_type *list;

	switch (event->kind) {
	case MF_EVENT_PRINTF:
	case MF_EVENT_SYSTEM:
	case MF_EVENT_CAT:
	case MF_EVENT_ERRORF:
	case MF_EVENT_WARNF:
		return event->format;
	case MF_EVENT_TIME:
		return event->format && event->field_count == 0;
	case MF_EVENT_PRINT_VALUE:
		return event->field_count == 1;
	case MF_EVENT_PRINT_MAP:
	case MF_EVENT_CLEAR:
	case MF_EVENT_ZERO:
		return event->map && event->field_count == 0;
	case MF_EVENT_UNWATCH:
		return event->field_count == 1 && is_int(event, 0, 8);
	case MF_EVENT_EXIT:
		return event->field_count == 1 && is_int(event, 0, 1);
	case MF_EVENT_JOIN:
		list = event->field_count == 2 ? event->fields[1].type : NULL;
		return event->format && list && is_int(event, 0, 4) && list->kind == MF_ARRAY &&
		       list->element->kind == MF_STRING;
	case MF_EVENT_WARNING:
		/* The return code of a helper is field 0. */
		if (event->helper &&
		    (event->field_count == 0 || event->fields[0].type->kind != MF_INT))
			return false;
		return event->message || event->helper;
	case MF_EVENT_PROCESS:
		return event->field_count == 1 && is_int(event, 0, 4);
	case MF_EVENT_PACKET:
		return event->format && *event->format && event->field_count == 4 &&
		       is_int(event, 0, 8) && is_int(event, 1, 4) && is_int(event, 2, 4) &&
		       is_int(event, 3, 4);
	}
	return false;
}

static void check_events(struct checker *checker)
{
	const struct manifest *manifest = checker->manifest;

	for (uint32_t i = 0; i < manifest->event_count && !checker->failure->status; i++) {
		const struct mf_event *event = &manifest->events[i];

		if (!event_is_complete(event))
			wrong(checker, "events[%u] lacks something", i);
		if (event->control != MF_NONE && !word_within(event->control, checker->bss))
			wrong(checker, "events[%u]: its control word lies outside .bss", i);
		for (uint32_t j = 0; j < event->field_count; j++) {
			char place[32];

			snprintf(place, sizeof(place), "events[%u]", i);
			check_plain(checker, event->fields[j].type, place);
		}
	}
	if (manifest->event_count > 0 && !elf_has_map(checker->elf, MF_MAP_EVENTS))
		wrong(checker, "there are events, but no map '" MF_MAP_EVENTS "'");
}

/* `r0 = 0` (include/uapi/linux/bpf.h): BPF_ALU64 | BPF_MOV | BPF_K. */
static const uint8_t clear_r0[INSN_SIZE] = {0xb7};

static bool is_pair_end(const struct manifest *manifest, uint32_t index, enum mf_provider provider)
{
	const struct mf_kprobe_target *target;

	if (index >= manifest->probe_count || manifest->probes[index].provider != provider)
		return false;
	target = manifest->probes[index].target;
	return target->function && !target->module && !target->offset;
}

static void check_kprobe_pairs(struct checker *checker)
{
	const struct manifest *manifest = checker->manifest;

	for (uint32_t i = 0; i < manifest->kprobe_pair_count && !checker->failure->status; i++) {
		const struct mf_kprobe_pair *pair = &manifest->kprobe_pairs[i];
		const struct elf_symbol *program = elf_find_program(checker->elf, pair->program);

		if (!is_pair_end(manifest, pair->entry, MF_KPROBE) ||
		    !is_pair_end(manifest, pair->exit, MF_KRETPROBE)) {
			wrong(checker, "sessions[%u] is not of a kprobe and a kretprobe", i);
			continue;
		}
		if (!program ||
		    !within((uint64_t)pair->insn * INSN_SIZE, INSN_SIZE, program->size) ||
		    memcmp(checker->elf->sections[program->section].data + program->value +
				   (size_t)pair->insn * INSN_SIZE,
			   clear_r0, INSN_SIZE) != 0)
			wrong(checker, "sessions[%u] is at another instruction", i);
		for (uint32_t j = 0; j < i; j++)
			if (manifest->kprobe_pairs[j].entry == pair->entry ||
			    manifest->kprobe_pairs[j].exit == pair->exit)
				wrong(checker, "sessions[%u] has a probe of another session", i);
	}
}

static bool is_shift(uint8_t code)
{
	return code == (BPF_ALU64 | BPF_LSH | BPF_K) || code == (BPF_ALU64 | BPF_RSH | BPF_K) ||
	       code == (BPF_ALU64 | BPF_ARSH | BPF_K);
}

/* Whether the instruction is one that the loader knows how to patch so. */
static bool is_at_site(const struct mf_fixup *fixup, uint8_t code)
{
	switch (fixup->site) {
	case MF_SITE_OFFSET:
		return BPF_CLASS(code) == BPF_LDX && BPF_MODE(code) == BPF_MEM;
	case MF_SITE_SHIFT:
		return is_shift(code);
	case MF_SITE_IMMEDIATE:
		break;
	}
	/* What a call calls is no number of the host. */
	return !is_shift(code) && code != (BPF_JMP | BPF_CALL);
}

static void check_fixups(struct checker *checker)
{
	for (uint32_t i = 0; i < checker->manifest->fixup_count && !checker->failure->status; i++) {
		const struct mf_fixup *fixup = &checker->manifest->fixups[i];
		const struct elf_symbol *program = elf_find_program(checker->elf, fixup->program);
		const uint8_t *insn;
		int32_t value;

		if (!program ||
		    !within((uint64_t)fixup->insn * INSN_SIZE, INSN_SIZE, program->size)) {
			wrong(checker, "fixups[%u] is at no instruction", i);
			continue;
		}
		insn = checker->elf->sections[program->section].data + program->value +
		       fixup->insn * INSN_SIZE;
		value = fixup->site == MF_SITE_OFFSET ? (int16_t)read_u16(insn + 2)
						      : (int32_t)read_u32(insn + 4);
		if (value != fixup->value || !is_at_site(fixup, *insn))
			wrong(checker, "fixups[%u] is at another instruction", i);
	}
}

static void check_globals(struct checker *checker)
{
	const char *globals = (const char *)&checker->manifest->globals;

	for (size_t i = 0; i < sizeof(mf_globals) / sizeof(*mf_globals); i++) {
		const struct elf_section *section =
			elf_find_section(checker->elf, mf_globals[i].section);
		uint32_t offset = *(const uint32_t *)(globals + mf_globals[i].member);
		uint32_t size = mf_globals[i].size;

		if (offset != MF_NONE && (offset % (size < 8 ? size : 8) ||
					  !within(offset, size, section ? section->size : 0)))
			wrong(checker, "global '%s' lies outside its section", mf_globals[i].name);
	}
}

int manifest_check(const struct elf_file *elf, const struct manifest *manifest,
		   struct failure *failure)
{
	const struct elf_section *bss = elf_find_section(elf, ".bss");
	const struct elf_section *rodata = elf_find_section(elf, ".rodata");
	struct checker checker = {
		.elf = elf,
		.manifest = manifest,
		.bss = bss ? bss->size : 0,
		.rodata = rodata ? rodata->size : 0,
		.failure = failure,
	};

	check_params(&checker);
	check_options(&checker);
	check_lookups(&checker);
	check_probes(&checker);
	check_sections(&checker);
	check_maps(&checker);
	check_events(&checker);
	check_kprobe_pairs(&checker);
	check_fixups(&checker);
	check_globals(&checker);
	return failure->status;
}
