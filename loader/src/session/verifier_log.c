#include "session/verifier_log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGINNING "-- BEGIN PROG LOAD LOG --\n"
#define END "-- END PROG LOAD LOG --"

/* Of the line behind a log, `libbpf: prog 'NAME': failed to load: -22`: the one before it is not
 * there where a long log was cut. */
static void read_name(const char *end, char *name, size_t size)
{
	const char *start = strstr(end, "prog '");

	start = start ? start + strlen("prog '") : "";
	snprintf(name, size, "%.*s", (int)strcspn(start, "'\n"), start);
}

/* `12: (85) call ...`; what stands before the colon. */
static bool read_insn(const char *line, uint32_t *insn)
{
	char *end;
	unsigned long number = strtoul(line, &end, 10);

	if (end == line || strncmp(end, ": (", 3) != 0 || number >= UINT32_MAX)
		return false;
	*insn = (uint32_t)number;
	return true;
}

static bool starts_with(const char *line, const char *words)
{
	return strncmp(line, words, strlen(words)) == 0;
}

/* States of registers, notes of where the script is, how states were pruned, and statistics. */
static bool is_state(const char *line)
{
	static const char *const starts[] = {
		"libbpf: ",
		";",
		"from ",
		"caller",
		"callee",
		"returning from callee",
		"to caller at ",
		"last_idx ",
		"regs=",
		"parent ",
		"mark_precise",
		"processed ",
		"verification time",
		"stack depth",
		"frame",
		"propagating",
		"insns ",
		"max_states",
		"func#",
		"Live regs",
		"safe",
		"arg#",
	};

	while (*line == ' ')
		line++;
	if (!*line || isdigit((unsigned char)*line))
		return true;
	/* `R0_w=inv1 R10=fp0`, but not `R1 type=scalar expected=fp`. */
	if (*line == 'R' && isdigit((unsigned char)line[1])) {
		const char *at = line + 1;

		while (isalnum((unsigned char)*at) || *at == '_')
			at++;
		return *at == '=';
	}
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (starts_with(line, starts[i]))
			return true;
	return false;
}

static void add_words(struct verifier_refusal *refusal, const char *line, size_t length)
{
	size_t used = strlen(refusal->words);

	snprintf(refusal->words + used, sizeof(refusal->words) - used, "%s%.*s", used ? "; " : "",
		 (int)length, line);
}

/* `back-edge from insn 5 to 4`, `infinite loop detected at insn 7`: before or instead of walking
 * there. */
static void read_named_insn(struct verifier_refusal *refusal)
{
	const char *named = strstr(refusal->words, " insn ");
	char *end;
	unsigned long number = named ? strtoul(named + 6, &end, 10) : 0;

	if (named && end != named + 6 && number < UINT32_MAX)
		refusal->insn = (uint32_t)number;
}

bool verifier_log_read(const char *messages, struct verifier_refusal *refusal)
{
	const char *end = NULL, *line = messages;

	*refusal = (struct verifier_refusal){.insn = VERIFIER_NOWHERE, .call = VERIFIER_NOWHERE};
	for (const char *next = messages; next && (next = strstr(next, END)); next++)
		end = next;
	if (!end)
		return false;
	read_name(end, refusal->program, sizeof(refusal->program));
	for (const char *next = messages; (next = strstr(next, BEGINNING)) && next < end; next++)
		line = next + strlen(BEGINNING);
	while (line < end) {
		size_t length = strcspn(line, "\n");

		/* What was said before it was of another path. */
		if (read_insn(line, &refusal->insn))
			refusal->words[0] = '\0';
		else if (starts_with(line, "caller:"))
			refusal->call = refusal->insn;
		else if (!is_state(line))
			add_words(refusal, line, length);
		line += length + (line[length] == '\n');
	}
	read_named_insn(refusal);
	return refusal->words[0] != '\0';
}
