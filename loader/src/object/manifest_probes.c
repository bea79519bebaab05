/* Reads the probes of the manifest and what they attach to. */
#include "object/manifest_read.h"
#include "object/targets.h"

const char *mf_provider_name(enum mf_provider provider)
{
	return mf_provider_names[provider];
}

static void read_address(struct manifest_reader *reader, const struct json *json, void *item,
			 uint32_t index)
{
	struct mf_address *address = item;

	(void)index;
	address->symbol = manifest_text(reader, json, "symbol");
	address->offset = (uint32_t)manifest_number(reader, json, "offset", UINT32_MAX - 1);
}

static struct mf_addresses read_addresses(struct manifest_reader *reader, const struct json *json,
					  const char *name)
{
	struct mf_addresses addresses = {0};

	if (manifest_optional(reader, json, name, JSON_ARRAY))
		addresses.items = manifest_list(reader, json, name, sizeof(*addresses.items),
						read_address, &addresses.count);
	return addresses;
}

static void read_member(struct manifest_reader *reader, const struct json *json,
			const struct mf_member *member, void *into)
{
	const char *name = member->name, *text;
	bool is_there = json_member(json, name) != NULL;

	if (member->kind == MF_MEMBER_PLACE)
		*(uint32_t *)into = MF_NONE;
	if (!is_there && !member->is_needed)
		return;
	switch (member->kind) {
	case MF_MEMBER_TEXT:
	case MF_MEMBER_NONEMPTY:
		text = manifest_text(reader, json, name);
		if (member->kind == MF_MEMBER_NONEMPTY && !*text)
			manifest_wrong(reader, "'%s' is empty", name);
		*(const char **)into = text;
		break;
	case MF_MEMBER_NUMBER:
		*(uint64_t *)into = manifest_number(reader, json, name, member->most);
		break;
	case MF_MEMBER_COUNT:
		*(uint32_t *)into = (uint32_t)manifest_number(reader, json, name, member->most);
		break;
	case MF_MEMBER_FLAG:
		*(bool *)into = manifest_flag(reader, json, name);
		break;
	case MF_MEMBER_WORD:
		*(bool *)into = manifest_choice(reader, json, name, &member->what, 1) == 0;
		break;
	case MF_MEMBER_PLACE:
		*(uint32_t *)into = (uint32_t)manifest_number(reader, json, name, UINT32_MAX - 1);
		break;
	case MF_MEMBER_ADDRESSES:
		*(struct mf_addresses *)into = read_addresses(reader, json, name);
		break;
	}
}

/* The form that a target has: the first member of each tells which it is. */
static unsigned find_form(struct manifest_reader *reader, const struct json *target,
			  enum mf_provider provider)
{
	unsigned forms = 0, form = 0, found = 0;

	for (const struct mf_member *member = mf_first_member(provider); member;
	     member = mf_next_member(member)) {
		if (member->of_probe || member->form != forms)
			continue;
		forms++;
		if (json_member(target, member->name)) {
			form = member->form;
			found++;
		}
	}
	if (forms > 1 && found != 1)
		manifest_wrong(reader, "a %s of %s form", mf_provider_name(provider),
			       found ? "more than one" : "no");
	return form;
}

/* What a probe of the provider attaches to; NULL where there is nothing to know. */
static const void *read_target(struct manifest_reader *reader, const struct json *probe,
			       const struct json *json, enum mf_provider provider)
{
	const struct mf_member *member = mf_first_member(provider);
	unsigned form = find_form(reader, json, provider);
	char *target = member ? manifest_memory(reader, 1, member->size) : NULL;

	for (; member; member = mf_next_member(member)) {
		if (member->of_probe)
			read_member(reader, probe, member, target + member->at);
		else if (member->form == form)
			read_member(reader, json, member, target + member->at);
	}
	return target;
}

static void read_probe(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	const struct json *target = manifest_member(reader, json, "target", JSON_OBJECT);
	struct mf_probe *probe = item;
	struct mf_place *place;

	probe->index = index;
	probe->program = manifest_text(reader, json, "program");
	probe->name = manifest_text(reader, json, "name");
	probe->parameters = manifest_flag(reader, json, "parameters");
	probe->line = (uint32_t)manifest_number(reader, json, "line", UINT32_MAX);
	probe->file = manifest_text_or_null(reader, json, "file");
	if (json_member(json, "column")) {
		place = manifest_memory(reader, 1, sizeof(*place));
		manifest_place(reader, json, place);
		probe->place = place;
	}
	/* Without it each probe is a block of its own. */
	probe->block = (uint32_t)manifest_number_or(reader, json, "block", UINT32_MAX - 1, MF_NONE);
	if (!target)
		return;
	probe->provider = (enum mf_provider)manifest_choice(
		reader, target, "provider", mf_provider_names, COUNT_OF(mf_provider_names));
	probe->target = read_target(reader, json, target, probe->provider);
}

static void read_kprobe_pair(struct manifest_reader *reader, const struct json *json, void *item,
			     uint32_t index)
{
	struct mf_kprobe_pair *pair = item;

	(void)index;
	pair->program = manifest_text(reader, json, "program");
	pair->entry = (uint32_t)manifest_number(reader, json, "entry", UINT32_MAX - 1);
	pair->exit = (uint32_t)manifest_number(reader, json, "exit", UINT32_MAX - 1);
	pair->insn = (uint32_t)manifest_number(reader, json, "insn", UINT32_MAX);
}

void manifest_probes(struct manifest_reader *reader, const struct json *root)
{
	struct manifest *manifest = reader->manifest;

	manifest->probes = manifest_list(reader, root, "probes", sizeof(*manifest->probes),
					 read_probe, &manifest->probe_count);
	if (manifest_optional(reader, root, "sessions", JSON_ARRAY))
		manifest->kprobe_pairs =
			manifest_list(reader, root, "sessions", sizeof(*manifest->kprobe_pairs),
				      read_kprobe_pair, &manifest->kprobe_pair_count);
}
