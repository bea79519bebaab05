#include "session/named_params.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "session/params.h"
#include "base/say.h"
#include "base/terminal_text.h"

/* Column of the descriptions in --help. */
#define HELP_COLUMN 26

bool named_want_help(const struct options *options)
{
	for (uint32_t i = 0; i < options->named_count; i++)
		if (strcmp(options->named[i], "--help") == 0)
			return true;
	return false;
}

/* What --help shows behind the name. */
static const char *value_form(const struct mf_option *option)
{
	switch (option->type) {
	case MF_OPTION_BOOL:
		return "[=BOOL]";
	case MF_OPTION_INT:
		return "=INT";
	case MF_OPTION_STRING:
		break;
	}
	return "=TEXT";
}

static void put_default(struct strbuf *text, const struct mf_option *option)
{
	strbuf_text(text, "(default: ");
	if (option->type == MF_OPTION_STRING)
		strbuf_char(text, '"');
	strbuf_text(text, option->type != MF_OPTION_BOOL      ? option->initial
			  : strcmp(option->initial, "0") == 0 ? "false"
							      : "true");
	strbuf_text(text, option->type == MF_OPTION_STRING ? "\")\n" : ")\n");
}

void named_print_help(const struct manifest *manifest)
{
	struct strbuf text = {0};

	strbuf_text(&text, manifest->option_count ? "Named parameters of " : "");
	strbuf_text(&text, manifest->script);
	strbuf_text(&text, manifest->option_count ? ":\n" : " has no named parameters.\n");
	for (uint32_t i = 0; i < manifest->option_count; i++) {
		const struct mf_option *option = &manifest->options[i];
		size_t start = text.length, width;

		strbuf_text(&text, "  --");
		strbuf_text(&text, option->name);
		strbuf_text(&text, value_form(option));
		width = text.length - start;
		if (width > HELP_COLUMN - 2) {
			strbuf_char(&text, '\n');
			width = 0;
		}
		strbuf_fill(&text, ' ', HELP_COLUMN - width);
		if (option->description && *option->description) {
			strbuf_text(&text, option->description);
			strbuf_char(&text, ' ');
		}
		put_default(&text, option);
	}
	terminal_write(stdout, &text);
}

/* The option that `--name` or `--name=value` sets; *value is NULL without one. */
static const struct mf_option *find_option(const struct manifest *manifest, const char *word,
					   const char **value)
{
	const char *name = word + 2;
	size_t length = strcspn(name, "=");

	*value = name[length] ? name + length + 1 : NULL;
	for (uint32_t i = 0; i < manifest->option_count; i++) {
		const struct mf_option *option = &manifest->options[i];

		if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
			return option;
	}
	return NULL;
}

static int unknown(const struct manifest *manifest, const char *word, struct failure *failure)
{
	char names[512] = "";
	size_t length = 0;

	fail(failure, STATUS_USAGE, "Unknown parameter: %.*s", (int)strcspn(word, "="), word);
	if (options_is_of_compiler(word))
		return fail_hint(failure,
				 "%.*s is an option of bpfscript, for when a script is compiled.",
				 (int)strcspn(word, "="), word);
	for (uint32_t i = 0; i < manifest->option_count && length < sizeof(names); i++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s--%s",
					   i ? ", " : "", manifest->options[i].name);
	if (!length)
		return fail_hint(failure, "%s has no named parameters.", manifest->script);
	return fail_hint(failure, "%s has these named parameters: %s%s", manifest->script, names,
			 length < sizeof(names) ? "" : "...");
}

int named_check(const struct options *options, const struct manifest *manifest,
		struct failure *failure)
{
	for (uint32_t i = 0; i < options->named_count; i++) {
		const char *value;

		if (strcmp(options->named[i], "--help") != 0 &&
		    !find_option(manifest, options->named[i], &value))
			return unknown(manifest, options->named[i], failure);
	}
	return STATUS_OK;
}

bool parse_truth(const char *text, bool *value)
{
	static const char *const words[2][4] = {{"0", "false", "off", "no"},
						{"1", "true", "on", "yes"}};

	for (int truth = 0; truth < 2; truth++) {
		for (int i = 0; i < 4; i++) {
			if (strcasecmp(text, words[truth][i]) != 0)
				continue;
			*value = truth;
			return true;
		}
	}
	return false;
}

static int wrong_value(const struct mf_option *option, const char *expected, const char *value,
		       struct failure *failure)
{
	if (value)
		return fail(failure, STATUS_USAGE, "Parameter --%s expects %s, but \"%s\" is none.",
			    option->name, expected, value);
	return fail(failure, STATUS_USAGE, "Parameter --%s expects %s: --%s=VALUE", option->name,
		    expected, option->name);
}

static int store_number(const struct mf_option *option, const char *value, uint8_t *to,
			struct failure *failure)
{
	uint64_t number;
	int64_t with_sign;
	bool truth = true;

	if (option->type == MF_OPTION_BOOL) {
		if (value && !parse_truth(value, &truth))
			return wrong_value(option, "true, yes, on or 1, or false, no, off or 0",
					   value, failure);
		number = truth;
	} else if (option->is_signed) {
		/* What parse_integer takes above INT64_MAX would be negative here. */
		if (!value || !parse_integer(value, &with_sign) ||
		    (with_sign < 0) != (value[0] == '-' && with_sign != 0))
			return wrong_value(option, "an integer", value, failure);
		number = (uint64_t)with_sign;
	} else if (!value || !parse_unsigned(value, &number)) {
		return wrong_value(option, "an integer that is not negative", value, failure);
	}
	memcpy(to, &number, sizeof(number));
	return STATUS_OK;
}

static int store_text(const struct options *options, const struct mf_option *option,
		      const char *value, uint8_t *to, struct failure *failure)
{
	size_t length;

	if (!value)
		return wrong_value(option, "a string", value, failure);
	length = strlen(value);
	if (length >= option->size) {
		length = option->size - 1;
		if (!options->no_warnings)
			say_warning(
				"Parameter --%s is longer than %zu bytes and will be shortened.",
				option->name, length);
	}
	memset(to, 0, option->size);
	memcpy(to, value, length);
	return STATUS_OK;
}

int named_store(const struct options *options, const struct manifest *manifest, uint8_t *rodata,
		size_t size, struct failure *failure)
{
	int status = STATUS_OK;

	for (uint32_t i = 0; i < options->named_count && status == STATUS_OK; i++) {
		const char *value;
		const struct mf_option *option = find_option(manifest, options->named[i], &value);

		if (!option)
			continue;
		if (option->offset > size || option->size > size - option->offset)
			return fail(failure, STATUS_OBJECT,
				    "parameter --%s has no place in .rodata", option->name);
		status = option->type == MF_OPTION_STRING
				 ? store_text(options, option, value, rodata + option->offset,
					      failure)
				 : store_number(option, value, rodata + option->offset, failure);
	}
	return status;
}
