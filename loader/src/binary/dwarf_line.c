#include "binary/dwarf_line.h"

#include <string.h>

/* Content types of entries (7.22, table 7.27), forms (7.5.6), opcodes (7.22). */
enum { LNCT_PATH = 1, LNCT_FOLDER = 2 };
enum {
	FORM_BLOCK2 = 0x03,
	FORM_BLOCK4 = 0x04,
	FORM_DATA2 = 0x05,
	FORM_DATA4 = 0x06,
	FORM_DATA8 = 0x07,
	FORM_STRING = 0x08,
	FORM_BLOCK = 0x09,
	FORM_BLOCK1 = 0x0a,
	FORM_DATA1 = 0x0b,
	FORM_STRP = 0x0e,
	FORM_UDATA = 0x0f,
	FORM_DATA16 = 0x1e,
	FORM_LINE_STRP = 0x1f,
};
enum {
	LNS_COPY = 1,
	LNS_ADVANCE_PC,
	LNS_ADVANCE_LINE,
	LNS_SET_FILE,
	LNS_SET_COLUMN,
	LNS_NEGATE_STMT,
	LNS_SET_BASIC_BLOCK,
	LNS_CONST_ADD_PC,
	LNS_FIXED_ADVANCE_PC,
};
enum { LNE_END_SEQUENCE = 1, LNE_SET_ADDRESS = 2 };

/* One entry of a table of folders or files. */
struct entry {
	struct dwarf_text path;
	uint64_t folder;
};

static struct dwarf_text text_in(const struct debug_section *section, uint64_t offset)
{
	return (struct dwarf_text){
		.section = section->bytes, .size = section->size, .offset = offset};
}

static void read_form(struct dwarf_reader *reader, const struct dwarf_line_unit *unit,
		      uint64_t type, uint64_t form, struct entry *entry)
{
	const struct debug_file *file = unit->file;
	struct dwarf_text text = {.text = ""};
	uint64_t number = 0;

	switch (form) {
	case FORM_STRING:
		text.text = dwarf_text(reader);
		break;
	case FORM_LINE_STRP:
		text = text_in(&file->line_str, dwarf_number(reader, unit->offset_size));
		break;
	case FORM_STRP:
		text = text_in(&file->str, dwarf_number(reader, unit->offset_size));
		break;
	case FORM_UDATA:
		number = dwarf_uleb(reader);
		break;
	case FORM_DATA1:
		number = dwarf_number(reader, 1);
		break;
	case FORM_DATA2:
		number = dwarf_number(reader, 2);
		break;
	case FORM_DATA4:
		number = dwarf_number(reader, 4);
		break;
	case FORM_DATA8:
		number = dwarf_number(reader, 8);
		break;
	case FORM_DATA16:
		dwarf_skip(reader, 16);
		break;
	case FORM_BLOCK:
		dwarf_skip(reader, dwarf_uleb(reader));
		break;
	case FORM_BLOCK1:
		dwarf_skip(reader, dwarf_number(reader, 1));
		break;
	case FORM_BLOCK2:
		dwarf_skip(reader, dwarf_number(reader, 2));
		break;
	case FORM_BLOCK4:
		dwarf_skip(reader, dwarf_number(reader, 4));
		break;
	default:
		/* Its size is not known. */
		reader->failed = true;
		return;
	}
	if (type == LNCT_PATH)
		entry->path = text;
	else if (type == LNCT_FOLDER)
		entry->folder = number;
}

static bool read_entry(struct dwarf_reader *reader, const struct dwarf_line_unit *unit,
		       bool is_folder, struct entry *entry)
{
	struct dwarf_reader format = is_folder ? unit->folder_format : unit->file_format;
	uint8_t forms = is_folder ? unit->folder_forms : unit->file_forms;

	*entry = (struct entry){.path = {.text = ""}};
	if (unit->version < 5) {
		entry->path.text = dwarf_text(reader);
		/* An empty one ends the table. */
		if (!*entry->path.text)
			return false;
		if (!is_folder) {
			entry->folder = dwarf_uleb(reader);
			dwarf_uleb(reader);
			dwarf_uleb(reader);
		}
		return !reader->failed;
	}
	for (uint8_t i = 0; i < forms; i++) {
		uint64_t type = dwarf_uleb(&format), form = dwarf_uleb(&format);

		read_form(reader, unit, type, form, entry);
	}
	return !reader->failed;
}

/* Steps over a table and counts its entries. */
static uint32_t read_table(struct dwarf_reader *reader, struct dwarf_line_unit *unit,
			   bool is_folder)
{
	struct dwarf_reader *table = is_folder ? &unit->folders : &unit->files;
	uint64_t wanted = UINT32_MAX;
	uint32_t count = 0;
	struct entry entry;

	if (unit->version >= 5) {
		struct dwarf_reader *format = is_folder ? &unit->folder_format : &unit->file_format;
		uint8_t forms = (uint8_t)dwarf_number(reader, 1);

		*format = *reader;
		for (uint32_t i = 0; i < 2u * forms; i++)
			dwarf_uleb(reader);
		if (is_folder)
			unit->folder_forms = forms;
		else
			unit->file_forms = forms;
		wanted = dwarf_uleb(reader);
		/* Entries without content would not end. */
		if (!forms && wanted)
			reader->failed = true;
	}
	*table = *reader;
	while (count < wanted && read_entry(reader, unit, is_folder, &entry)) {
		count++;
		/* It gives no more entries then. */
		if (!budget_step(unit->file->budget))
			reader->failed = true;
	}
	return count;
}

bool dwarf_line_unit_at(struct dwarf_line_unit *unit, const struct debug_file *file,
			uint64_t offset, uint64_t *next)
{
	struct dwarf_reader all, body, header;
	uint64_t length;

	if (offset >= file->line.size)
		return false;
	all = dwarf_reader_of(file->line.bytes + offset, file->line.size - offset);
	*unit = (struct dwarf_line_unit){.file = file, .offset = offset, .address_size = 8};
	length = dwarf_unit_length(&all, &unit->offset_size);
	body = dwarf_part(&all, length);
	*next = (uint64_t)(body.end - file->line.bytes);
	if (body.failed)
		return false;
	unit->version = (uint16_t)dwarf_number(&body, 2);
	unit->program = dwarf_reader_of(NULL, 0);
	if (unit->version < 2 || unit->version > 5)
		return true;
	if (unit->version >= 5) {
		unit->address_size = (uint8_t)dwarf_number(&body, 1);
		/* Segments are not in use. */
		dwarf_number(&body, 1);
	}
	header = dwarf_part(&body, dwarf_number(&body, unit->offset_size));
	unit->min_instruction = (uint8_t)dwarf_number(&header, 1);
	unit->max_operations = unit->version >= 4 ? (uint8_t)dwarf_number(&header, 1) : 1;
	unit->default_is_stmt = dwarf_number(&header, 1) != 0;
	unit->line_base = (int8_t)dwarf_number(&header, 1);
	unit->line_range = (uint8_t)dwarf_number(&header, 1);
	unit->opcode_base = (uint8_t)dwarf_number(&header, 1);
	unit->operands = header.at;
	dwarf_skip(&header, unit->opcode_base ? unit->opcode_base - 1u : 0);
	unit->folder_count = read_table(&header, unit, true);
	unit->file_count = read_table(&header, unit, false);
	unit->first_file = unit->version >= 5 ? 0 : 1;
	if (header.failed || !unit->line_range || !unit->opcode_base || !unit->max_operations ||
	    body.failed || (unit->address_size != 8 && unit->address_size != 4))
		return true;
	unit->program = body;
	return true;
}

/* The entry of a number, from 0. */
static bool entry_at(const struct dwarf_line_unit *unit, bool is_folder, uint64_t number,
		     struct entry *entry)
{
	struct dwarf_reader table = is_folder ? unit->folders : unit->files;

	if (number >= (is_folder ? unit->folder_count : unit->file_count))
		return false;
	for (uint64_t i = 0; i <= number; i++)
		if (!read_entry(&table, unit, is_folder, entry) || !budget_step(unit->file->budget))
			return false;
	return true;
}

bool dwarf_line_file_next(const struct dwarf_line_unit *unit, struct dwarf_reader *files,
			  const char **name)
{
	struct entry entry;

	if (!read_entry(files, unit, false, &entry))
		return false;
	*name = dwarf_text_of(&entry.path);
	return budget_step(unit->file->budget);
}

static void put_part(struct strbuf *to, const char *path)
{
	strbuf_text(to, path);
	if (*path && path[strlen(path) - 1] != '/')
		strbuf_char(to, '/');
}

void dwarf_line_path(struct strbuf *to, const struct dwarf_line_unit *unit, uint32_t number)
{
	struct entry file, folder = {.path = {.text = ""}}, base = {.path = {.text = ""}};
	/* Up to DWARF 4, folder 0 is the one of the compilation, which is not in the table. */
	bool numbered = unit->version >= 5;

	if (number < unit->first_file || !entry_at(unit, false, number - unit->first_file, &file)) {
		strbuf_char(to, '?');
		return;
	}
	if (*dwarf_text_of(&file.path) != '/') {
		if (numbered || file.folder)
			entry_at(unit, true, numbered ? file.folder : file.folder - 1, &folder);
		if (numbered && *dwarf_text_of(&folder.path) != '/' && file.folder)
			entry_at(unit, true, 0, &base);
		put_part(to, dwarf_text_of(&base.path));
		put_part(to, dwarf_text_of(&folder.path));
	}
	strbuf_text(to, dwarf_text_of(&file.path));
}

static void reset(struct dwarf_line_machine *machine)
{
	machine->row = (struct dwarf_line_row){
		.file = 1, .line = 1, .is_stmt = machine->unit->default_is_stmt};
	machine->operation = 0;
}

void dwarf_line_start(struct dwarf_line_machine *machine, const struct dwarf_line_unit *unit,
		      struct dwarf_reader program)
{
	machine->unit = unit;
	machine->program = program;
	reset(machine);
}

static void advance(struct dwarf_line_machine *machine, uint64_t operations)
{
	const struct dwarf_line_unit *unit = machine->unit;
	uint64_t sum = machine->operation + operations;

	machine->row.address += unit->min_instruction * (sum / unit->max_operations);
	machine->operation = (uint32_t)(sum % unit->max_operations);
}

/* True when it makes a row. */
static bool run_extended(struct dwarf_line_machine *machine)
{
	struct dwarf_reader body = dwarf_part(&machine->program, dwarf_uleb(&machine->program));

	switch (dwarf_number(&body, 1)) {
	case LNE_END_SEQUENCE:
		if (body.failed)
			return false;
		machine->row.end_sequence = true;
		return true;
	case LNE_SET_ADDRESS:
		machine->row.address = dwarf_number(&body, (uint32_t)(body.end - body.at));
		machine->operation = 0;
		return false;
	default:
		return false;
	}
}

static bool run_standard(struct dwarf_line_machine *machine, uint8_t opcode)
{
	const struct dwarf_line_unit *unit = machine->unit;
	struct dwarf_reader *program = &machine->program;
	struct dwarf_line_row *row = &machine->row;

	switch (opcode) {
	case LNS_COPY:
		return true;
	case LNS_ADVANCE_PC:
		advance(machine, dwarf_uleb(program));
		return false;
	case LNS_ADVANCE_LINE:
		row->line += (uint32_t)dwarf_sleb(program);
		return false;
	case LNS_SET_FILE:
		row->file = (uint32_t)dwarf_uleb(program);
		return false;
	case LNS_SET_COLUMN:
		row->column = (uint32_t)dwarf_uleb(program);
		return false;
	case LNS_NEGATE_STMT:
		row->is_stmt = !row->is_stmt;
		return false;
	case LNS_CONST_ADD_PC:
		advance(machine, (255u - unit->opcode_base) / unit->line_range);
		return false;
	case LNS_FIXED_ADVANCE_PC:
		row->address += dwarf_number(program, 2);
		machine->operation = 0;
		return false;
	default:
		for (uint8_t i = 0; i < unit->operands[opcode - 1]; i++)
			dwarf_uleb(program);
		return false;
	}
}

bool dwarf_line_next(struct dwarf_line_machine *machine, struct dwarf_line_row *row)
{
	const struct dwarf_line_unit *unit = machine->unit;

	if (machine->row.end_sequence)
		reset(machine);
	while (!machine->program.failed && machine->program.at < machine->program.end) {
		uint8_t opcode = *machine->program.at++;
		bool made;

		if (opcode >= unit->opcode_base) {
			uint8_t special = (uint8_t)(opcode - unit->opcode_base);

			advance(machine, special / unit->line_range);
			machine->row.line +=
				(uint32_t)(unit->line_base + special % unit->line_range);
			made = true;
		} else {
			made = opcode ? run_standard(machine, opcode) : run_extended(machine);
		}
		if (!made)
			continue;
		*row = machine->row;
		return !machine->program.failed;
	}
	return false;
}
