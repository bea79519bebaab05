/* Reads the probes of the manifest and what they attach to. */
#include "object/manifest_read.h"

/* How a field of a target is read. */
enum field_form { FIELD_TEXT, FIELD_NONEMPTY, FIELD_NUMBER, FIELD_WORD, FIELD_TEXTS };

/* The fields of the first form of a provider's targets, then those of the next; the first of each
 * tells which it is. */
static const struct target_field {
	enum mf_provider provider;
	unsigned form;
	const char *name;
	/* In struct mf_probe. */
	size_t member;
	enum field_form read;
	uint64_t most;
	const char *word;
	bool needed;
} target_fields[] = {
#define FIELD(provider, form, name, member, read, most, word, needed) \
	{provider, form, name, offsetof(struct mf_probe, member), FIELD_##read, most, word, needed},
	MF_TARGET_FIELDS(FIELD)
#undef FIELD
};

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

static void read_field(struct manifest_reader *reader, const struct json *target,
		       const struct target_field *field, struct mf_probe *probe)
{
	void *member = (char *)probe + field->member;
	const char *text;

	if (!field->needed && !json_member(target, field->name))
		return;
	switch (field->read) {
	case FIELD_TEXT:
	case FIELD_NONEMPTY:
		text = manifest_text(reader, target, field->name);
		if (field->read == FIELD_NONEMPTY && !*text)
			manifest_wrong(reader, "'%s' is empty", field->name);
		*(const char **)member = text;
		break;
	case FIELD_NUMBER:
		*(uint64_t *)member = manifest_number(reader, target, field->name, field->most);
		break;
	case FIELD_WORD:
		*(bool *)member =
			manifest_choice(reader, target, field->name, &field->word, 1) == 0;
		break;
	case FIELD_TEXTS:
		*(const char ***)member =
			manifest_list(reader, target, field->name, sizeof(char *),
				      manifest_text_item, &probe->parameter_count);
		break;
	}
}

static bool begins_form(const struct target_field *field)
{
	return field == target_fields || field[-1].provider != field->provider ||
	       field[-1].form != field->form;
}

/* The form that a target has. */
static unsigned find_form(struct manifest_reader *reader, const struct json *target,
			  enum mf_provider provider)
{
	unsigned forms = 0, form = 0, found = 0;

	for (uint32_t i = 0; i < COUNT_OF(target_fields); i++) {
		const struct target_field *field = &target_fields[i];

		if (field->provider != provider || !begins_form(field))
			continue;
		forms++;
		if (json_member(target, field->name)) {
			form = field->form;
			found++;
		}
	}
	if (forms > 1 && found != 1)
		manifest_wrong(reader, "a %s of %s form", mf_provider_name(provider),
			       found ? "more than one" : "no");
	return form;
}

static void read_target(struct manifest_reader *reader, const struct json *target,
			struct mf_probe *probe)
{
	unsigned form;

	probe->provider = (enum mf_provider)manifest_choice(
		reader, target, "provider", mf_provider_names, COUNT_OF(mf_provider_names));
	form = find_form(reader, target, probe->provider);
	for (uint32_t i = 0; i < COUNT_OF(target_fields); i++)
		if (target_fields[i].provider == probe->provider && target_fields[i].form == form)
			read_field(reader, target, &target_fields[i], probe);
}

static void read_probe(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
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
		probe->addresses =
			manifest_list(reader, json, "addresses", sizeof(*probe->addresses),
				      read_address, &probe->address_count);
	if (json_member(json, "contextFree"))
		probe->context_free = manifest_flag(reader, json, "contextFree");
	if (target)
		read_target(reader, target, probe);
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

void manifest_probes(struct manifest_reader *reader, const struct json *root)
{
	struct manifest *manifest = reader->manifest;

	manifest->probes = manifest_list(reader, root, "probes", sizeof(*manifest->probes),
					 read_probe, &manifest->probe_count);
	if (manifest_optional(reader, root, "sessions", JSON_ARRAY))
		manifest->sessions =
			manifest_list(reader, root, "sessions", sizeof(*manifest->sessions),
				      read_session, &manifest->session_count);
}
