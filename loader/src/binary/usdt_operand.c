#include "binary/usdt_operand.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Registers by number in struct pt_regs, whose members have 8 bytes each. */
struct register_name {
	const char *name;
	uint8_t number;
	/* Of ah, bh, ch and dh, which are the second byte. */
	uint8_t byte;
};

/* arch/x86/include/asm/ptrace.h; r8 to r15 have names of a rule. */
static const struct register_name x86_registers[] = {
	{"rax", 10, 0}, {"eax", 10, 0}, {"ax", 10, 0},	{"al", 10, 0},	{"ah", 10, 1},
	{"rbx", 5, 0},	{"ebx", 5, 0},	{"bx", 5, 0},	{"bl", 5, 0},	{"bh", 5, 1},
	{"rcx", 11, 0}, {"ecx", 11, 0}, {"cx", 11, 0},	{"cl", 11, 0},	{"ch", 11, 1},
	{"rdx", 12, 0}, {"edx", 12, 0}, {"dx", 12, 0},	{"dl", 12, 0},	{"dh", 12, 1},
	{"rsi", 13, 0}, {"esi", 13, 0}, {"si", 13, 0},	{"sil", 13, 0}, {"rdi", 14, 0},
	{"edi", 14, 0}, {"di", 14, 0},	{"dil", 14, 0}, {"rbp", 4, 0},	{"ebp", 4, 0},
	{"bp", 4, 0},	{"bpl", 4, 0},	{"rsp", 19, 0}, {"esp", 19, 0}, {"sp", 19, 0},
	{"spl", 19, 0}, {"rip", 16, 0}, {"eip", 16, 0},
};
#define X86_RIP (16 * 8)
/* r15 is the first member, r12 the fourth, then rbp and rbx, then r11 to r8. */
static const uint8_t x86_numbered[] = {9, 8, 7, 6, 3, 2, 1, 0};

/* struct user_pt_regs, arch/arm64/include/uapi/asm/ptrace.h. */
#define ARM64_SP 31
#define ARM64_LR 30

struct parser {
	const struct usdt_notes *notes;
	const char *at, *end;
};

static bool take(struct parser *parser, char wanted)
{
	if (parser->at == parser->end || *parser->at != wanted)
		return false;
	parser->at++;
	return true;
}

static void skip_spaces(struct parser *parser)
{
	while (take(parser, ' '))
		;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

/* Takes a word: of letters, digits and what symbols may hold. */
static size_t take_word(struct parser *parser, const char **word)
{
	*word = parser->at;
	while (parser->at < parser->end && is_word(*parser->at))
		parser->at++;
	return (size_t)(parser->at - *word);
}

/* A number without sign; the text ends at a NUL or at something that is no digit. */
static bool take_number(struct parser *parser, uint64_t *number)
{
	char *end;

	if (parser->at == parser->end || !isdigit((unsigned char)*parser->at))
		return false;
	errno = 0;
	*number = strtoull(parser->at, &end, 0);
	if (errno || end > parser->end || (end < parser->end && is_word(*end)))
		return false;
	parser->at = end;
	return true;
}

static bool take_signed(struct parser *parser, int64_t *number)
{
	bool minus = take(parser, '-');
	uint64_t magnitude;

	if (!take_number(parser, &magnitude))
		return false;
	*number = (int64_t)(minus ? 0 - magnitude : magnitude);
	return true;
}

static bool equals(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && memcmp(word, name, length) == 0;
}

/* A number below `limit` after a letter, with one of the endings behind it: r12d, w3. */
static bool numbered(const char *word, size_t length, uint32_t limit, const char *endings,
		     uint32_t *number)
{
	size_t at = 1;

	*number = 0;
	for (; at < length && at < 3 && isdigit((unsigned char)word[at]); at++)
		*number = 10 * *number + (uint32_t)(word[at] - '0');
	if (at == 1 || *number >= limit)
		return false;
	return at == length || (at + 1 == length && strchr(endings, word[at]));
}

static bool x86_register(const char *word, size_t length, uint16_t *offset)
{
	uint32_t number;

	if (length > 1 && word[0] == 'r' && numbered(word, length, 16, "dwb", &number) &&
	    number >= 8) {
		*offset = (uint16_t)(8 * x86_numbered[number - 8]);
		return true;
	}
	for (size_t i = 0; i < sizeof(x86_registers) / sizeof(*x86_registers); i++) {
		if (!equals(word, length, x86_registers[i].name))
			continue;
		*offset = (uint16_t)(8 * x86_registers[i].number + x86_registers[i].byte);
		return true;
	}
	return false;
}

static bool take_x86_register(struct parser *parser, uint16_t *offset)
{
	const char *word;
	size_t length;

	if (!take(parser, '%'))
		return false;
	length = take_word(parser, &word);
	return x86_register(word, length, offset);
}

/* `-8`, `0x10`, `table`, `table+8`: what stands before the parenthesis. */
static bool take_displacement(struct parser *parser, int64_t *value, bool *symbolic)
{
	uint64_t sum = 0;
	bool minus = take(parser, '-');

	*symbolic = false;
	for (;;) {
		uint64_t term;

		if (parser->at < parser->end && isdigit((unsigned char)*parser->at)) {
			if (!take_number(parser, &term))
				return false;
		} else {
			const char *word;
			size_t length = take_word(parser, &word);

			if (!length || *symbolic || minus ||
			    !usdt_notes_symbol(parser->notes, word, length, &term))
				return false;
			*symbolic = true;
		}
		sum = minus ? sum - term : sum + term;
		if (take(parser, '+'))
			minus = false;
		else if (take(parser, '-'))
			minus = true;
		else
			break;
	}
	*value = (int64_t)sum;
	return true;
}

/* `(%rbp)`, `(%rax,%rbx,8)`, `(,%rbx,8)`. */
static bool take_x86_address(struct parser *parser, struct usdt_operand *operand)
{
	uint64_t scale = 1;

	if (parser->at < parser->end && *parser->at != ',' &&
	    !take_x86_register(parser, &operand->base))
		return false;
	if (take(parser, ',')) {
		if (!take_x86_register(parser, &operand->index))
			return false;
		if (take(parser, ',') && !take_number(parser, &scale))
			return false;
	}
	if (scale != 1 && scale != 2 && scale != 4 && scale != 8)
		return false;
	while (scale >>= 1)
		operand->scale++;
	return take(parser, ')');
}

static bool take_x86(struct parser *parser, const struct usdt_note *note,
		     struct usdt_operand *operand)
{
	bool symbolic = false;

	if (take(parser, '$')) {
		operand->kind = USDT_CONSTANT;
		return take_signed(parser, &operand->value);
	}
	if (parser->at < parser->end && *parser->at == '%') {
		operand->kind = USDT_REGISTER;
		return take_x86_register(parser, &operand->base);
	}
	operand->kind = USDT_MEMORY;
	if (parser->at == parser->end)
		return false;
	if (*parser->at != '(' && !take_displacement(parser, &operand->value, &symbolic))
		return false;
	if (take(parser, '(') && !take_x86_address(parser, operand))
		return false;
	if (operand->base == X86_RIP) {
		/* The symbol is as far from the instruction in memory as in the file. */
		operand->value = (int64_t)((uint64_t)operand->value - note->address);
		return symbolic && operand->index == USDT_NO_REGISTER;
	}
	return !symbolic || parser->notes->image->type == ET_EXEC;
}

static bool take_arm64_register(struct parser *parser, uint16_t *offset)
{
	const char *word;
	size_t length = take_word(parser, &word);
	uint32_t number;

	if (equals(word, length, "sp"))
		number = ARM64_SP;
	else if (equals(word, length, "lr"))
		number = ARM64_LR;
	else if (length < 2 || (word[0] != 'x' && word[0] != 'w') ||
		 !numbered(word, length, ARM64_SP, "", &number))
		return false;
	*offset = (uint16_t)(8 * number);
	return true;
}

/* `[sp]`, `[x29, -8]`, `[x0, x1]`, `[x0, x1, lsl 3]`; a number may have a # before it. */
static bool take_arm64_address(struct parser *parser, struct usdt_operand *operand)
{
	uint64_t scale;
	const char *word;
	size_t size;

	if (!take_arm64_register(parser, &operand->base))
		return false;
	if (take(parser, ',')) {
		skip_spaces(parser);
		take(parser, '#');
		if (parser->at < parser->end &&
		    (*parser->at == '-' || isdigit((unsigned char)*parser->at))) {
			if (!take_signed(parser, &operand->value))
				return false;
		} else if (!take_arm64_register(parser, &operand->index)) {
			return false;
		}
	}
	if (operand->index != USDT_NO_REGISTER && take(parser, ',')) {
		skip_spaces(parser);
		size = take_word(parser, &word);
		if (!equals(word, size, "lsl"))
			return false;
		skip_spaces(parser);
		take(parser, '#');
		if (!take_number(parser, &scale) || scale > 3)
			return false;
		operand->scale = (uint8_t)scale;
	}
	return take(parser, ']');
}

static bool take_arm64(struct parser *parser, struct usdt_operand *operand)
{
	if (take(parser, '[')) {
		operand->kind = USDT_MEMORY;
		return take_arm64_address(parser, operand);
	}
	take(parser, '#');
	if (parser->at < parser->end &&
	    (*parser->at == '-' || isdigit((unsigned char)*parser->at))) {
		operand->kind = USDT_CONSTANT;
		return take_signed(parser, &operand->value);
	}
	operand->kind = USDT_REGISTER;
	return take_arm64_register(parser, &operand->base);
}

/* `-4@`; without it the argument is an unsigned 64-bit number, as in old notes. */
static bool take_size(struct parser *parser, struct usdt_operand *operand)
{
	const char *start = parser->at;
	bool minus = take(parser, '-');
	uint64_t size;

	operand->last = 7;
	if (!take_number(parser, &size) || !take(parser, '@')) {
		parser->at = start;
		return !memchr(start, '@', (size_t)(parser->end - start));
	}
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return false;
	operand->last = (uint8_t)(size - 1);
	operand->is_signed = minus;
	return true;
}

/* The next argument's text; spaces separate them, but not inside of brackets. */
static const char *next_argument(const char **text, size_t *length)
{
	const char *start = *text + strspn(*text, " "), *at = start;
	bool inside = false;

	for (; *at && (*at != ' ' || inside); at++)
		inside = *at == '[' || (inside && *at != ']');
	*text = at;
	*length = (size_t)(at - start);
	return *length ? start : NULL;
}

uint32_t usdt_operand_count(const char *arguments)
{
	uint32_t count = 0;
	size_t length;

	while (next_argument(&arguments, &length))
		count++;
	return count;
}

bool usdt_operand_read(const struct usdt_notes *notes, const struct usdt_note *note,
		       uint32_t number, struct usdt_operand *operand, const char **text,
		       int *length)
{
	const char *arguments = note->arguments;
	struct parser parser = {.notes = notes};
	size_t size = 0;

	*operand = (struct usdt_operand){.base = USDT_NO_REGISTER, .index = USDT_NO_REGISTER};
	for (uint32_t i = 0; i <= number; i++)
		parser.at = next_argument(&arguments, &size);
	*text = parser.at;
	*length = (int)size;
	if (!parser.at)
		return false;
	parser.end = parser.at + size;
	if (!take_size(&parser, operand))
		return false;
	switch (notes->image->machine) {
	case EM_X86_64:
		return take_x86(&parser, note, operand) && parser.at == parser.end;
	case EM_AARCH64:
		return take_arm64(&parser, operand) && parser.at == parser.end;
	default:
		return false;
	}
}
