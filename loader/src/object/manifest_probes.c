/* Reads the probes of the manifest and what they attach to. */
#include "object/manifest_read.h"

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

const char *mf_provider_name(enum mf_provider provider)
{
	return provider_names[provider];
}

static void read_address(struct manifest_reader *reader, const struct json *json, void *item,
			 uint32_t index)
{
	struct mf_address *address = item;

	(void)index;
	address->symbol = manifest_text(reader, json, "symbol");
	address->offset = (uint32_t)manifest_number(reader, json, "offset", UINT32_MAX - 1);
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
		probe->addresses =
			manifest_list(reader, json, "addresses", sizeof(*probe->addresses),
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
				manifest_list(reader, target, "parameters", sizeof(char *),
					      manifest_text_item, &probe->parameter_count);
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
		probe->pin = manifest_text_or_null(reader, target, "pin");
		if (probe->pin && !*probe->pin)
			manifest_wrong(reader, "a path to pin an iterator at");
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
