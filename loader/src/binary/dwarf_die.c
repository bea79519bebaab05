#include "binary/dwarf_die.h"

/* Attributes (7.5.4). */
enum {
	AT_SIBLING = 0x01,
	AT_NAME = 0x03,
	AT_STMT_LIST = 0x10,
	AT_LOW_PC = 0x11,
	AT_HIGH_PC = 0x12,
	AT_COMP_DIR = 0x1b,
	AT_ABSTRACT_ORIGIN = 0x31,
	AT_SPECIFICATION = 0x47,
	AT_RANGES = 0x55,
	AT_CALL_FILE = 0x58,
	AT_CALL_LINE = 0x59,
	AT_LINKAGE_NAME = 0x6e,
	AT_STR_OFFSETS_BASE = 0x72,
	AT_ADDR_BASE = 0x73,
	AT_RNGLISTS_BASE = 0x74,
	AT_MIPS_LINKAGE_NAME = 0x2007,
};

/* What the value of a form is. */
enum kind { NONE, NUMBER, ADDRESS, ADDRESS_INDEX, TEXT, REFERENCE, LIST_INDEX };

struct value {
	enum kind kind;
	uint64_t number;
	struct dwarf_text text;
};

/* Numbers of fixed size (7.5.6): size and what they are; 0 bytes: another rule. */
struct form {
	uint8_t size;
	uint8_t kind;
};

static const struct form forms[] = {
	[0x05] = {2, NUMBER},	     /* data2 */
	[0x06] = {4, NUMBER},	     /* data4 */
	[0x07] = {8, NUMBER},	     /* data8 */
	[0x0b] = {1, NUMBER},	     /* data1 */
	[0x0c] = {1, NUMBER},	     /* flag */
	[0x11] = {1, REFERENCE},     /* ref1 */
	[0x12] = {2, REFERENCE},     /* ref2 */
	[0x13] = {4, REFERENCE},     /* ref4 */
	[0x14] = {8, REFERENCE},     /* ref8 */
	[0x1c] = {4, NONE},	     /* ref_sup4 */
	[0x20] = {8, NONE},	     /* ref_sig8 */
	[0x24] = {8, NONE},	     /* ref_sup8 */
	[0x29] = {1, ADDRESS_INDEX}, /* addrx1 */
	[0x2a] = {2, ADDRESS_INDEX}, /* addrx2 */
	[0x2b] = {3, ADDRESS_INDEX}, /* addrx3 */
	[0x2c] = {4, ADDRESS_INDEX}, /* addrx4 */
};

static struct dwarf_text text_in(const struct debug_section *section, uint64_t offset)
{
	return (struct dwarf_text){
		.section = section->bytes, .size = section->size, .offset = offset};
}

static struct dwarf_text indexed_text(const struct dwarf_unit *unit, uint64_t index)
{
	const struct debug_section *offsets = &unit->file->str_offsets;
	struct dwarf_reader reader = dwarf_reader_of(offsets->bytes, offsets->size);
	uint64_t offset;

	if (index > offsets->size)
		return (struct dwarf_text){0};
	dwarf_skip(&reader, unit->texts_base);
	dwarf_skip(&reader, index * unit->offset_size);
	offset = dwarf_number(&reader, unit->offset_size);
	return reader.failed ? (struct dwarf_text){0} : text_in(&unit->file->str, offset);
}

static bool indexed_address(const struct dwarf_unit *unit, uint64_t index, uint64_t *address)
{
	const struct debug_section *section = &unit->file->addr;
	struct dwarf_reader reader = dwarf_reader_of(section->bytes, section->size);

	if (index > section->size)
		return false;
	dwarf_skip(&reader, unit->address_base);
	dwarf_skip(&reader, index * unit->address_size);
	*address = dwarf_number(&reader, unit->address_size);
	return !reader.failed;
}

static void read_text(struct value *value, const struct debug_section *section, uint64_t offset)
{
	value->kind = TEXT;
	value->text = text_in(section, offset);
}

static void read_form(struct value *value, const struct dwarf_unit *unit,
		      struct dwarf_reader *reader, uint64_t form, int64_t constant)
{
	const struct debug_file *file = unit->file;

	*value = (struct value){0};
	if (form < sizeof(forms) / sizeof(*forms) && forms[form].size) {
		value->kind = (enum kind)forms[form].kind;
		value->number = dwarf_number(reader, forms[form].size);
		return;
	}
	switch (form) {
	case 0x01: /* addr */
		value->kind = ADDRESS;
		value->number = dwarf_number(reader, unit->address_size);
		return;
	case 0x03: /* block2 */
		dwarf_skip(reader, dwarf_number(reader, 2));
		return;
	case 0x04: /* block4 */
		dwarf_skip(reader, dwarf_number(reader, 4));
		return;
	case 0x08: /* string */
		value->kind = TEXT;
		value->text.text = dwarf_text(reader);
		return;
	case 0x09: /* block */
	case 0x18: /* exprloc */
		dwarf_skip(reader, dwarf_uleb(reader));
		return;
	case 0x0a: /* block1 */
		dwarf_skip(reader, dwarf_number(reader, 1));
		return;
	case 0x0d: /* sdata */
		value->kind = NUMBER;
		value->number = (uint64_t)dwarf_sleb(reader);
		return;
	case 0x0e: /* strp */
		read_text(value, &file->str, dwarf_number(reader, unit->offset_size));
		return;
	case 0x0f: /* udata */
		value->kind = NUMBER;
		value->number = dwarf_uleb(reader);
		return;
	case 0x10: /* ref_addr: of the size of an address in DWARF 2 */
		value->kind = REFERENCE;
		/* From the section's start, where the others are from the unit's. */
		value->number = dwarf_number(reader, unit->version == 2 ? unit->address_size
									: unit->offset_size) -
				unit->offset;
		return;
	case 0x15: /* ref_udata */
		value->kind = REFERENCE;
		value->number = dwarf_uleb(reader);
		return;
	case 0x17: /* sec_offset */
		value->kind = NUMBER;
		value->number = dwarf_number(reader, unit->offset_size);
		return;
	case 0x19: /* flag_present */
		return;
	case 0x1a: /* strx */
		value->kind = TEXT;
		value->text = indexed_text(unit, dwarf_uleb(reader));
		return;
	case 0x1b: /* addrx */
		value->kind = ADDRESS_INDEX;
		value->number = dwarf_uleb(reader);
		return;
	case 0x1d:   /* strp_sup */
	case 0x1f20: /* GNU_ref_alt */
	case 0x1f21: /* GNU_strp_alt */
		dwarf_skip(reader, unit->offset_size);
		return;
	case 0x1e: /* data16 */
		dwarf_skip(reader, 16);
		return;
	case 0x1f: /* line_strp */
		read_text(value, &file->line_str, dwarf_number(reader, unit->offset_size));
		return;
	case 0x21: /* implicit_const */
		value->kind = NUMBER;
		value->number = (uint64_t)constant;
		return;
	case 0x22: /* loclistx */
		dwarf_uleb(reader);
		return;
	case 0x23: /* rnglistx */
		value->kind = LIST_INDEX;
		value->number = dwarf_uleb(reader);
		return;
	case 0x25: /* strx1 to strx4 */
	case 0x26:
	case 0x27:
	case 0x28:
		value->kind = TEXT;
		value->text = indexed_text(unit, dwarf_number(reader, (uint32_t)(form - 0x24)));
		return;
	default:
		/* Its size is not known; nor is that of indirect, which no compiler writes. */
		reader->failed = true;
	}
}

static void set_bases(struct dwarf_unit *unit, uint64_t attribute, const struct value *value)
{
	if (value->kind != NUMBER)
		return;
	switch (attribute) {
	case AT_STMT_LIST:
		unit->lines = value->number;
		unit->has_lines = true;
		break;
	case AT_ADDR_BASE:
		unit->address_base = value->number;
		break;
	case AT_RNGLISTS_BASE:
		unit->ranges_base = value->number;
		break;
	case AT_STR_OFFSETS_BASE:
		unit->texts_base = value->number;
		break;
	}
}

static void set_attribute(struct dwarf_die *die, const struct dwarf_unit *unit, uint64_t attribute,
			  struct value *value)
{
	bool is_address = value->kind == ADDRESS;

	if (value->kind == ADDRESS_INDEX)
		is_address = indexed_address(unit, value->number, &value->number);
	switch (attribute) {
	case AT_SIBLING:
		die->sibling = value->kind == REFERENCE ? unit->offset + value->number : 0;
		break;
	case AT_NAME:
		die->name = value->text;
		break;
	case AT_COMP_DIR:
		die->folder = value->text;
		break;
	case AT_LINKAGE_NAME:
	case AT_MIPS_LINKAGE_NAME:
		die->linkage_name = value->text;
		break;
	case AT_ABSTRACT_ORIGIN:
	case AT_SPECIFICATION:
		if (value->kind == REFERENCE)
			die->origin = unit->offset + value->number;
		break;
	case AT_LOW_PC:
		die->low = value->number;
		die->has_low = is_address;
		break;
	case AT_HIGH_PC:
		die->high = value->number;
		die->high_is_length = !is_address;
		die->has_high = is_address || value->kind == NUMBER;
		break;
	case AT_RANGES:
		die->ranges = value->number;
		die->ranges_is_index = value->kind == LIST_INDEX;
		die->has_ranges = value->kind == LIST_INDEX || value->kind == NUMBER;
		break;
	case AT_CALL_FILE:
		die->call_file = (uint32_t)value->number;
		break;
	case AT_CALL_LINE:
		die->call_line = (uint32_t)value->number;
		break;
	}
}

/* `own`: the unit whose bases the entry sets; NULL: it is any entry. */
static bool read_die(struct dwarf_die *die, const struct dwarf_unit *unit,
		     struct dwarf_reader *reader, struct dwarf_unit *own)
{
	const struct dwarf_abbreviation *abbreviation;
	struct dwarf_reader attributes;
	uint64_t code;

	*die = (struct dwarf_die){.offset = (uint64_t)(reader->at - unit->file->info.bytes)};
	if (reader->at == reader->end)
		return false;
	code = dwarf_uleb(reader);
	if (reader->failed || !code)
		return !reader->failed;
	abbreviation = dwarf_abbreviation_of(unit->abbreviations, code);
	if (!abbreviation)
		return false;
	die->tag = abbreviation->tag;
	die->has_children = abbreviation->has_children;
	attributes = abbreviation->attributes;
	for (;;) {
		uint64_t attribute = dwarf_uleb(&attributes), form = dwarf_uleb(&attributes);
		int64_t constant = form == 0x21 ? dwarf_sleb(&attributes) : 0;
		struct value value;

		if (attributes.failed)
			return false;
		if (!attribute && !form)
			return true;
		if (!budget_step(unit->file->budget))
			return false;
		read_form(&value, unit, reader, form, constant);
		if (reader->failed)
			return false;
		if (own)
			set_bases(own, attribute, &value);
		set_attribute(die, unit, attribute, &value);
	}
}

bool dwarf_die_next(struct dwarf_die *die, const struct dwarf_unit *unit,
		    struct dwarf_reader *reader)
{
	return read_die(die, unit, reader, NULL);
}

/* Kinds of units (7.5.1) that have code: compile, partial; skeletons have theirs elsewhere. */
static bool is_known_kind(uint64_t kind)
{
	return kind == 1 || kind == 3;
}

bool dwarf_unit_read(struct dwarf_unit *unit, const struct debug_file *file,
		     struct dwarf_tables *tables, uint64_t offset, uint64_t *next,
		     struct dwarf_die *own)
{
	static const struct dwarf_abbreviations none;
	struct dwarf_reader all, body;
	uint64_t abbreviations, length;
	bool known = true;

	*own = (struct dwarf_die){0};
	if (offset >= file->info.size)
		return false;
	all = dwarf_reader_of(file->info.bytes + offset, file->info.size - offset);
	*unit = (struct dwarf_unit){.file = file, .offset = offset, .abbreviations = &none};
	length = dwarf_unit_length(&all, &unit->offset_size);
	body = dwarf_part(&all, length);
	*next = unit->first = unit->end = (uint64_t)(body.end - file->info.bytes);
	if (body.failed)
		return false;
	unit->version = (uint16_t)dwarf_number(&body, 2);
	if (unit->version < 2 || unit->version > 5)
		return true;
	if (unit->version >= 5) {
		known = is_known_kind(dwarf_number(&body, 1));
		unit->address_size = (uint8_t)dwarf_number(&body, 1);
		abbreviations = dwarf_number(&body, unit->offset_size);
	} else {
		abbreviations = dwarf_number(&body, unit->offset_size);
		unit->address_size = (uint8_t)dwarf_number(&body, 1);
	}
	if (body.failed || !known || (unit->address_size != 4 && unit->address_size != 8))
		return true;
	unit->abbreviations = dwarf_abbreviations_at(tables, file, abbreviations);
	if (!unit->abbreviations) {
		unit->abbreviations = &none;
		return false;
	}
	unit->first = (uint64_t)(body.at - file->info.bytes);
	/* Twice, because bases may stand behind what they are the base of. */
	all = body;
	if (read_die(own, unit, &all, unit) && read_die(own, unit, &body, NULL))
		unit->low = own->low;
	else
		*own = (struct dwarf_die){0};
	return true;
}

struct dwarf_reader dwarf_unit_entries(const struct dwarf_unit *unit, uint64_t offset)
{
	if (offset < unit->first || offset > unit->end)
		offset = unit->end;
	return dwarf_reader_of(unit->file->info.bytes + offset, unit->end - offset);
}

/* .debug_ranges, up to DWARF 4 (its 2.17.3). */
static void visit_pairs(const struct dwarf_die *die, const struct dwarf_unit *unit,
			bool (*visit)(void *context, uint64_t low, uint64_t high), void *context)
{
	const struct debug_section *section = &unit->file->ranges;
	struct dwarf_reader reader = dwarf_reader_of(section->bytes, section->size);
	uint64_t base = unit->low, most = unit->address_size == 8 ? UINT64_MAX : UINT32_MAX;

	dwarf_skip(&reader, die->ranges);
	for (;;) {
		uint64_t low = dwarf_number(&reader, unit->address_size);
		uint64_t high = dwarf_number(&reader, unit->address_size);

		if (reader.failed || (!low && !high) || !budget_step(unit->file->budget))
			return;
		if (low == most)
			base = high;
		else if (!visit(context, base + low, base + high))
			return;
	}
}

static uint64_t list_address(struct dwarf_reader *reader, const struct dwarf_unit *unit)
{
	uint64_t address = 0;

	if (!indexed_address(unit, dwarf_uleb(reader), &address))
		reader->failed = true;
	return address;
}

/* .debug_rnglists (7.25). */
static void visit_list(const struct dwarf_die *die, const struct dwarf_unit *unit,
		       bool (*visit)(void *context, uint64_t low, uint64_t high), void *context)
{
	const struct debug_section *section = &unit->file->rnglists;
	struct dwarf_reader reader = dwarf_reader_of(section->bytes, section->size);
	uint64_t base = unit->low, offset = die->ranges;

	if (die->ranges_is_index) {
		struct dwarf_reader table = reader;

		if (offset > section->size)
			return;
		dwarf_skip(&table, unit->ranges_base);
		dwarf_skip(&table, offset * unit->offset_size);
		offset = unit->ranges_base + dwarf_number(&table, unit->offset_size);
		if (table.failed)
			return;
	}
	dwarf_skip(&reader, offset);
	while (!reader.failed && budget_step(unit->file->budget)) {
		uint64_t low = 0, high = 0;

		switch (dwarf_number(&reader, 1)) {
		case 1: /* base_addressx */
			base = list_address(&reader, unit);
			continue;
		case 2: /* startx_endx */
			low = list_address(&reader, unit);
			high = list_address(&reader, unit);
			break;
		case 3: /* startx_length */
			low = list_address(&reader, unit);
			high = low + dwarf_uleb(&reader);
			break;
		case 4: /* offset_pair */
			low = base + dwarf_uleb(&reader);
			high = base + dwarf_uleb(&reader);
			break;
		case 5: /* base_address */
			base = dwarf_number(&reader, unit->address_size);
			continue;
		case 6: /* start_end */
			low = dwarf_number(&reader, unit->address_size);
			high = dwarf_number(&reader, unit->address_size);
			break;
		case 7: /* start_length */
			low = dwarf_number(&reader, unit->address_size);
			high = low + dwarf_uleb(&reader);
			break;
		default:
			return;
		}
		if (reader.failed || !visit(context, low, high))
			return;
	}
}

void dwarf_die_ranges(const struct dwarf_die *die, const struct dwarf_unit *unit,
		      bool (*visit)(void *context, uint64_t low, uint64_t high), void *context)
{
	if (die->has_ranges && unit->version >= 5)
		visit_list(die, unit, visit, context);
	else if (die->has_ranges)
		visit_pairs(die, unit, visit, context);
	else if (die->has_low && die->has_high)
		visit(context, die->low, die->high_is_length ? die->low + die->high : die->high);
}
