#include "binary/eh_frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/id_table.h"
#include "base/memory.h"
#include "binary/budget.h"
#include "binary/dwarf_reader.h"

/* DW_EH_PE_* (Linux Standard Base, 10.5): how pointers are written. */
#define POINTER_FORM 0x0f
#define POINTER_BASE 0x70
#define POINTER_PC_RELATIVE 0x10
#define POINTER_INDIRECT 0x80
#define POINTER_OMITTED 0xff

/* Registers by their numbers in DWARF (System V ABI, AMD64 supplement, 3.6.2). */
#define REGISTER_RBP 6
#define REGISTER_RSP 7
#define REGISTER_RETURN 16

#define WORD 8
/* DW_CFA_remember_state nests this deep at most in what compilers write. */
#define SAVED_STATES 8
/* Longest entry of what functions share; compilers write some 20 bytes. */
#define CIE_MAX 1024
/* Of one file; the largest programs have some million. */
#define ROWS_MAX (8u << 20)

enum rule { RULE_SAME, RULE_SAVED, RULE_UNDEFINED, RULE_OTHER };

/* What is known at one instruction. */
struct state {
	uint64_t base; /* register */
	int64_t distance;
	bool has_base;
	enum rule frame_pointer, return_address;
	int64_t frame_pointer_at, return_address_at; /* RULE_SAVED: from the frame address */
};

/* A common information entry: what several functions share. */
struct cie {
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding;
	bool has_augmentation;
	struct state initial;
};

struct known_cie {
	struct cie cie;
	bool is_valid;
};

struct run {
	struct unwind_rows *rows;
	const struct cie *cie;
	struct state state, saved[SAVED_STATES];
	unsigned int depth;
	uint64_t at;
	bool enough; /* memory */
};

static bool add_row(struct unwind_rows *rows, const struct unwind_row *row)
{
	if (rows->count == ROWS_MAX) {
		budget_exceed();
		return false;
	}
	if (!memory_try_grow(rows->rows, rows->count, rows->room))
		return false;
	rows->rows[rows->count++] = *row;
	return true;
}

static bool is_word(int64_t distance, int64_t least, int64_t most)
{
	return distance % WORD == 0 && distance / WORD >= least && distance / WORD <= most;
}

/* The row of a state; UNWIND_UNKNOWN where programs could not follow it. */
static struct unwind_row row_of(const struct state *state, uint64_t address)
{
	struct unwind_row row = {.address = (uint32_t)address};

	if (state->return_address == RULE_UNDEFINED) {
		row.base = UNWIND_END;
		return row;
	}
	if (!state->has_base || (state->base != REGISTER_RSP && state->base != REGISTER_RBP) ||
	    !is_word(state->distance, INT16_MIN, INT16_MAX) ||
	    state->return_address != RULE_SAVED || state->return_address_at != -WORD ||
	    state->frame_pointer == RULE_OTHER)
		return row;
	if (state->frame_pointer == RULE_SAVED) {
		if (!is_word(state->frame_pointer_at, INT8_MIN, -1))
			return row;
		row.frame_pointer = (int8_t)(state->frame_pointer_at / WORD);
	}
	row.base = state->base == REGISTER_RSP ? UNWIND_STACK_POINTER : UNWIND_FRAME_POINTER;
	row.distance = (int16_t)(state->distance / WORD);
	return row;
}

/* Ends the piece of code that the state holds for. */
static void advance(struct run *run, uint64_t by)
{
	struct unwind_row row = row_of(&run->state, run->at);

	if (!by)
		return;
	if (run->at <= UINT32_MAX && !add_row(run->rows, &row))
		run->enough = false;
	run->at += by;
}

static void set_rule(struct run *run, uint64_t reg, enum rule rule, int64_t at)
{
	if (reg == REGISTER_RBP) {
		run->state.frame_pointer = rule;
		run->state.frame_pointer_at = at;
	} else if (reg == REGISTER_RETURN) {
		run->state.return_address = rule;
		run->state.return_address_at = at;
	}
}

static void restore_rule(struct run *run, uint64_t reg)
{
	const struct state *initial = &run->cie->initial;

	if (reg == REGISTER_RBP)
		set_rule(run, reg, initial->frame_pointer, initial->frame_pointer_at);
	else if (reg == REGISTER_RETURN)
		set_rule(run, reg, initial->return_address, initial->return_address_at);
}

static void set_base(struct run *run, uint64_t reg, int64_t distance)
{
	run->state.base = reg;
	run->state.distance = distance;
	run->state.has_base = true;
}

static int64_t scaled(const struct run *run, int64_t factor)
{
	/* Without the undefined overflow of signed numbers. */
	return (int64_t)((uint64_t)factor * (uint64_t)run->cie->data_align);
}

/* DW_CFA_* (DWARF 5, 6.4.2 and 7.24). False: an instruction that is not known. */
static bool step(struct run *run, struct dwarf_reader *reader)
{
	uint8_t op = (uint8_t)dwarf_number(reader, 1);
	uint64_t low = op & 0x3f, reg;

	switch (op & 0xc0) {
	case 0x40: /* advance_loc */
		advance(run, low * run->cie->code_align);
		return true;
	case 0x80: /* offset */
		set_rule(run, low, RULE_SAVED, scaled(run, (int64_t)dwarf_uleb(reader)));
		return true;
	case 0xc0: /* restore */
		restore_rule(run, low);
		return true;
	default:
		break;
	}
	switch (op) {
	case 0x00: /* nop */
		return true;
	case 0x02: /* advance_loc1, 2, 4 */
	case 0x03:
	case 0x04:
		advance(run, dwarf_number(reader, 1u << (op - 2)) * run->cie->code_align);
		return true;
	case 0x05: /* offset_extended */
		reg = dwarf_uleb(reader);
		set_rule(run, reg, RULE_SAVED, scaled(run, (int64_t)dwarf_uleb(reader)));
		return true;
	case 0x06: /* restore_extended */
		restore_rule(run, dwarf_uleb(reader));
		return true;
	case 0x07: /* undefined */
		set_rule(run, dwarf_uleb(reader), RULE_UNDEFINED, 0);
		return true;
	case 0x08: /* same_value */
		set_rule(run, dwarf_uleb(reader), RULE_SAME, 0);
		return true;
	case 0x09: /* register */
		set_rule(run, dwarf_uleb(reader), RULE_OTHER, 0);
		dwarf_uleb(reader);
		return true;
	case 0x0a: /* remember_state */
		if (run->depth == SAVED_STATES)
			return false;
		run->saved[run->depth++] = run->state;
		return true;
	case 0x0b: /* restore_state */
		if (!run->depth)
			return false;
		run->state = run->saved[--run->depth];
		return true;
	case 0x0c: /* def_cfa */
		reg = dwarf_uleb(reader);
		set_base(run, reg, (int64_t)dwarf_uleb(reader));
		return true;
	case 0x0d: /* def_cfa_register */
		set_base(run, dwarf_uleb(reader), run->state.distance);
		return true;
	case 0x0e: /* def_cfa_offset */
		run->state.distance = (int64_t)dwarf_uleb(reader);
		return true;
	case 0x0f: /* def_cfa_expression: .plt has one */
		run->state.has_base = false;
		dwarf_skip(reader, dwarf_uleb(reader));
		return true;
	case 0x10: /* expression, val_expression */
	case 0x16:
		set_rule(run, dwarf_uleb(reader), RULE_OTHER, 0);
		dwarf_skip(reader, dwarf_uleb(reader));
		return true;
	case 0x11: /* offset_extended_sf */
		reg = dwarf_uleb(reader);
		set_rule(run, reg, RULE_SAVED, scaled(run, dwarf_sleb(reader)));
		return true;
	case 0x12: /* def_cfa_sf */
		reg = dwarf_uleb(reader);
		set_base(run, reg, scaled(run, dwarf_sleb(reader)));
		return true;
	case 0x13: /* def_cfa_offset_sf */
		run->state.distance = scaled(run, dwarf_sleb(reader));
		return true;
	case 0x14: /* val_offset, val_offset_sf */
	case 0x15:
		set_rule(run, dwarf_uleb(reader), RULE_OTHER, 0);
		dwarf_uleb(reader);
		return true;
	case 0x2e: /* GNU_args_size */
		dwarf_uleb(reader);
		return true;
	default:
		return false;
	}
}

static void follow(struct run *run, struct dwarf_reader program, uint64_t end)
{
	while (program.at < program.end && !program.failed && run->enough && run->at < end)
		if (!step(run, &program)) {
			/* What follows is not known. */
			run->state.has_base = false;
			run->state.return_address = RULE_OTHER;
			return;
		}
}

/* A pointer that is written as `encoding` says; `place` is the address of its bytes. */
static uint64_t pointer(struct dwarf_reader *reader, uint8_t encoding, uint64_t place)
{
	uint64_t value = 0;

	switch (encoding & POINTER_FORM) {
	case 0x00:
	case 0x04:
	case 0x0c:
		value = dwarf_number(reader, 8);
		break;
	case 0x01:
		value = dwarf_uleb(reader);
		break;
	case 0x02:
		value = dwarf_number(reader, 2);
		break;
	case 0x03:
		value = dwarf_number(reader, 4);
		break;
	case 0x09:
		value = (uint64_t)dwarf_sleb(reader);
		break;
	case 0x0a:
		value = (uint64_t)(int64_t)(int16_t)dwarf_number(reader, 2);
		break;
	case 0x0b:
		value = (uint64_t)(int64_t)(int32_t)dwarf_number(reader, 4);
		break;
	default:
		reader->failed = true;
		break;
	}
	switch (encoding & (POINTER_BASE | POINTER_INDIRECT)) {
	case 0:
		return value;
	case POINTER_PC_RELATIVE:
		return value + place;
	default:
		/* Relative to something that only the process knows. */
		reader->failed = true;
		return 0;
	}
}

/* What the letters of an augmentation say (Linux Standard Base, 10.6.1.1.1). */
static void read_augmentation(struct cie *cie, struct dwarf_reader *reader, const char *letters)
{
	struct dwarf_reader data;

	if (*letters != 'z') {
		reader->failed = reader->failed || *letters;
		return;
	}
	cie->has_augmentation = true;
	data = dwarf_part(reader, dwarf_uleb(reader));
	while (*++letters && !data.failed) {
		uint8_t encoding;

		switch (*letters) {
		case 'R':
			cie->encoding = (uint8_t)dwarf_number(&data, 1);
			break;
		case 'L':
			dwarf_number(&data, 1);
			break;
		case 'P':
			encoding = (uint8_t)dwarf_number(&data, 1);
			/* Only its size matters. */
			pointer(&data, encoding & POINTER_FORM, 0);
			break;
		case 'S':
		case 'B':
			break;
		default:
			reader->failed = true;
			return;
		}
	}
	reader->failed = reader->failed || data.failed;
}

static bool read_cie(struct cie *cie, struct dwarf_reader reader)
{
	struct run run = {.cie = cie, .enough = true};
	struct unwind_rows none = {0};
	uint8_t version = (uint8_t)dwarf_number(&reader, 1);
	const char *letters = dwarf_text(&reader);
	uint64_t return_register;

	*cie = (struct cie){0};
	if (version != 1 && version != 3)
		return false;
	cie->code_align = dwarf_uleb(&reader);
	cie->data_align = dwarf_sleb(&reader);
	return_register = version == 1 ? dwarf_number(&reader, 1) : dwarf_uleb(&reader);
	read_augmentation(cie, &reader, letters);
	if (reader.failed || return_register != REGISTER_RETURN || cie->code_align > UINT16_MAX)
		return false;
	run.rows = &none;
	/* It moves nowhere: an entry that does is not one of a compiler. */
	follow(&run, reader, 1);
	unwind_rows_free(&none);
	cie->initial = run.state;
	return true;
}

static bool read_fde(struct unwind_rows *rows, const struct cie *cie, struct dwarf_reader reader,
		     uint64_t place)
{
	struct run run = {.rows = rows, .cie = cie, .state = cie->initial, .enough = true};
	struct unwind_row behind = {0};
	uint64_t start = pointer(&reader, cie->encoding, place);
	uint64_t size = pointer(&reader, cie->encoding & POINTER_FORM, 0);

	if (cie->has_augmentation)
		dwarf_skip(&reader, dwarf_uleb(&reader));
	if (reader.failed || !size || start > UINT32_MAX || size > UINT32_MAX - start)
		return true;
	run.at = start;
	follow(&run, reader, start + size);
	if (run.at < start + size)
		advance(&run, start + size - run.at);
	behind.address = (uint32_t)(start + size);
	return run.enough && add_row(rows, &behind);
}

static int by_address(const void *left, const void *right)
{
	const struct unwind_row *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	/* What is known goes before the end of the function before. */
	return (a->base == UNWIND_UNKNOWN) - (b->base == UNWIND_UNKNOWN);
}

static bool same_rule(const struct unwind_row *a, const struct unwind_row *b)
{
	return a->base == b->base && a->distance == b->distance &&
	       a->frame_pointer == b->frame_pointer;
}

/* Sorts, and leaves out what says nothing new. */
static void arrange(struct unwind_rows *rows)
{
	size_t count = 0;

	if (rows->count)
		qsort(rows->rows, rows->count, sizeof(*rows->rows), by_address);
	for (size_t i = 0; i < rows->count; i++) {
		const struct unwind_row *row = &rows->rows[i];
		const struct unwind_row *last = count ? &rows->rows[count - 1] : NULL;

		if (!last || (last->address != row->address && !same_rule(last, row)))
			rows->rows[count++] = *row;
	}
	rows->count = count;
}

/* The entry of what functions share at an offset; NULL: it makes no sense, or there is no memory.
 */
static const struct cie *cie_at(struct id_table *known, const uint8_t *bytes, uint64_t size,
				uint64_t offset)
{
	struct known_cie *cie = id_table_find(known, offset + 1);
	struct dwarf_reader shared, body;
	uint8_t offset_size;
	uint64_t length;

	if (!cie) {
		cie = memory_zeroed(sizeof(*cie));
		shared = dwarf_reader_of(bytes + offset, size - offset);
		length = dwarf_unit_length(&shared, &offset_size);
		body = dwarf_part(&shared, length);
		cie->is_valid = length <= CIE_MAX && dwarf_number(&body, 4) == 0 && !body.failed &&
				read_cie(&cie->cie, body);
		id_table_add(known, offset + 1, cie);
	}
	return cie->is_valid ? &cie->cie : NULL;
}

bool eh_frame_read(struct unwind_rows *rows, const uint8_t *bytes, uint64_t size, uint64_t address)
{
	struct dwarf_reader reader = dwarf_reader_of(bytes, size);
	struct id_table known = {0};
	bool enough = true;

	*rows = (struct unwind_rows){0};
	while (reader.at < reader.end && !reader.failed && enough) {
		uint8_t offset_size;
		uint64_t length = dwarf_unit_length(&reader, &offset_size);
		struct dwarf_reader entry;
		const uint8_t *start = reader.at;
		const struct cie *cie;
		uint64_t back;

		if (!length)
			break;
		entry = dwarf_part(&reader, length);
		/* From here back to the entry that it shares; 0: it is one of those. */
		back = dwarf_number(&entry, 4);
		if (entry.failed || !back || back > (uint64_t)(start - bytes))
			continue;
		cie = cie_at(&known, bytes, size, (uint64_t)(start - bytes) - back);
		if (cie)
			enough = read_fde(rows, cie, entry, address + (uint64_t)(entry.at - bytes));
	}
	id_table_free(&known, free);
	if (!enough) {
		unwind_rows_free(rows);
		return false;
	}
	arrange(rows);
	return true;
}

void unwind_rows_free(struct unwind_rows *rows)
{
	free(rows->rows);
	*rows = (struct unwind_rows){0};
}

const struct unwind_row *unwind_rows_find(const struct unwind_rows *rows, uint64_t address)
{
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows->rows[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &rows->rows[low - 1] : NULL;
}
