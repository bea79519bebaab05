/* Entries of debug information: a value of each form is read as what it is, and as long as it is.
 */
#include <stdlib.h>

#include "binary/budget.h"
#include "binary/debug_file.h"
#include "binary/dwarf_die.h"
#include "check.h"

enum { SIBLING = 0x01, NAME = 0x03, LOW = 0x11, HIGH = 0x12, FOLDER = 0x1b, ORIGIN = 0x31 };
enum { SPECIFICATION = 0x47, RANGES = 0x55, CALL_FILE = 0x58, CALL_LINE = 0x59, LINKAGE = 0x6e };
enum { ADDR = 0x01, DATA1 = 0x0b, DATA4 = 0x06, SEC_OFFSET = 0x17, UNKNOWN = 0x77 };

static const uint8_t texts[] = "zero\0one\0two";
static const uint8_t line_texts[] = "\0folder";
/* Behind 4 bytes of a header: of "one" and of "two". */
static const uint8_t offsets[] = {0, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0};
/* Behind 8 bytes of one: two addresses. */
static const uint8_t addresses[24] = {[8] = 0x34, 0x12, [16] = 0x78, 0x56};

struct parts {
	struct strbuf info, abbrev;
	struct budget budget;
	struct debug_file file;
	struct dwarf_tables tables;
	struct dwarf_unit unit;
	struct dwarf_die own, die;
	uint64_t next;
};

static void put(struct strbuf *to, uint64_t number, size_t size)
{
	strbuf_put(to, &number, size);
}

/* Header and own entry, which says where the tables are; abbreviations of code 2 follow. */
static void begin(struct parts *parts, uint16_t version)
{
	static const uint8_t own[] = {/* code, tag, has children */ 1, 0x11, 1,
				      /* texts, addresses and lists of ranges: sec_offset */
				      0x72, SEC_OFFSET, 0x73, SEC_OFFSET, 0x74, SEC_OFFSET,
				      /* lines, and its place: by number */
				      0x10, SEC_OFFSET, LOW, 0x1b, 0, 0};

	*parts = (struct parts){0};
	/* Something of another unit before it. */
	put(&parts->info, 0xaaaaaaaa, 4);
	put(&parts->info, 0, 4);
	put(&parts->info, version, 2);
	if (version >= 5) {
		put(&parts->info, 1, 1);
		put(&parts->info, 8, 1);
		put(&parts->info, 0, 4);
	} else {
		put(&parts->info, 0, 4);
		put(&parts->info, 8, 1);
	}
	put(&parts->info, 1, 1);
	put(&parts->info, 4, 4);
	put(&parts->info, 8, 4);
	put(&parts->info, 0x40, 4);
	put(&parts->info, 0x50, 4);
	put(&parts->info, 1, 1);
	strbuf_put(&parts->abbrev, own, sizeof(own));
}

/* The entries are as they were put; false: the unit cannot be read. */
static bool read_unit(struct parts *parts)
{
	uint32_t length = (uint32_t)parts->info.length - 8;

	memcpy(parts->info.data + 4, &length, sizeof(length));
	put(&parts->abbrev, 0, 1);
	parts->file.info = (struct debug_section){.bytes = (const uint8_t *)parts->info.data,
						  .size = parts->info.length};
	parts->file.abbrev = (struct debug_section){.bytes = (const uint8_t *)parts->abbrev.data,
						    .size = parts->abbrev.length};
	parts->file.str = (struct debug_section){.bytes = texts, .size = sizeof(texts)};
	parts->file.line_str =
		(struct debug_section){.bytes = line_texts, .size = sizeof(line_texts)};
	parts->file.str_offsets = (struct debug_section){.bytes = offsets, .size = sizeof(offsets)};
	parts->file.addr = (struct debug_section){.bytes = addresses, .size = sizeof(addresses)};
	parts->file.budget = &parts->budget;
	parts->tables.budget = &parts->budget;
	budget_begin(&parts->budget, 1000);
	return dwarf_unit_read(&parts->unit, &parts->file, &parts->tables, 4, &parts->next,
			       &parts->own);
}

static void end(struct parts *parts)
{
	dwarf_tables_free(&parts->tables);
	strbuf_free(&parts->info);
	strbuf_free(&parts->abbrev);
}

/* A function of one attribute, and behind it the line 7: that is read only where the value before
 * it is as long as it was taken for. */
static bool read_value(struct parts *parts, uint16_t version, uint16_t attribute, uint16_t form,
		       const void *bytes, size_t size)
{
	struct dwarf_reader reader;

	begin(parts, version);
	put(&parts->abbrev, 2, 1);
	put(&parts->abbrev, 0x2e, 1);
	put(&parts->abbrev, 0, 1);
	put(&parts->abbrev, attribute, 1);
	if (form < 0x80)
		put(&parts->abbrev, form, 1);
	else
		put(&parts->abbrev, (form & 0x7f) | 0x80 | (uint32_t)form >> 7 << 8, 2);
	if (form == 0x21)
		put(&parts->abbrev, 0x42, 1);
	put(&parts->abbrev, CALL_LINE, 1);
	put(&parts->abbrev, DATA1, 1);
	put(&parts->abbrev, 0, 2);
	put(&parts->info, 2, 1);
	strbuf_put(&parts->info, bytes, size);
	put(&parts->info, 7, 1);
	if (!CHECK(read_unit(parts)))
		return false;
	/* Behind the code and the values of the unit's own entry. */
	reader = dwarf_unit_entries(&parts->unit, parts->unit.first + 1 + 4 * 4 + 1);
	return dwarf_die_next(&parts->die, &parts->unit, &reader) && parts->die.call_line == 7 &&
	       parts->die.tag == DW_TAG_FUNCTION && reader.at == reader.end;
}

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

static void the_unit_says_where_its_tables_are(void)
{
	struct parts parts;

	CHECK(read_value(&parts, 5, UNKNOWN, DATA1, BYTES(1)));
	CHECK(parts.unit.texts_base == 4 && parts.unit.address_base == 8 &&
	      parts.unit.ranges_base == 0x40 && parts.unit.has_lines && parts.unit.lines == 0x50);
	CHECK(parts.unit.version == 5 && parts.unit.offset_size == 4 &&
	      parts.unit.address_size == 8 && parts.unit.offset == 4);
	/* The second address: its base stood before it, or behind. */
	CHECK(parts.own.has_low && parts.unit.low == 0x5678 && parts.own.tag == 0x11 &&
	      parts.own.has_children);
	CHECK(parts.next == parts.info.length && parts.unit.end == parts.next);
	/* Entries at places that are none of its own are none. */
	CHECK(dwarf_unit_entries(&parts.unit, parts.unit.first - 1).at ==
	      dwarf_unit_entries(&parts.unit, parts.unit.end).at);
	CHECK(dwarf_unit_entries(&parts.unit, parts.unit.end + 1).at ==
	      dwarf_unit_entries(&parts.unit, parts.unit.end).at);
	end(&parts);
}

/* Of whatever is not wanted, the length alone counts. */
static void each_form_is_as_long_as_it_is(void)
{
	static const struct {
		uint16_t form;
		uint8_t size;
		uint8_t bytes[20];
	} forms[] = {
		{0x01, 8, {0}},
		{0x03, 4, {2, 0, 9, 9}},
		{0x04, 7, {3, 0, 0, 0, 9, 9, 9}},
		{0x05, 2, {9, 9}},
		{0x06, 4, {9, 9, 9, 9}},
		{0x07, 8, {9, 9, 9, 9, 9, 9, 9, 9}},
		{0x08, 3, {'a', 'b', 0}},
		{0x09, 3, {2, 9, 9}},
		{0x0a, 3, {2, 9, 9}},
		{0x0b, 1, {9}},
		{0x0c, 1, {1}},
		{0x0d, 2, {0xff, 0x7f}},
		{0x0e, 4, {0}},
		{0x0f, 2, {0x80, 1}},
		{0x10, 4, {0}},
		{0x11, 1, {9}},
		{0x12, 2, {9}},
		{0x13, 4, {9}},
		{0x14, 8, {9}},
		{0x15, 2, {0x80, 1}},
		{0x17, 4, {0}},
		{0x18, 3, {2, 9, 9}},
		{0x19, 0, {0}},
		{0x1a, 2, {0x80, 1}},
		{0x1b, 2, {0x80, 1}},
		{0x1c, 4, {0}},
		{0x1d, 4, {0}},
		{0x1e, 16, {0}},
		{0x1f, 4, {0}},
		{0x20, 8, {0}},
		{0x21, 0, {0}},
		{0x22, 2, {0x80, 1}},
		{0x23, 2, {0x80, 1}},
		{0x24, 8, {0}},
		{0x25, 1, {0}},
		{0x26, 2, {0}},
		{0x27, 3, {0}},
		{0x28, 4, {0}},
		{0x29, 1, {0}},
		{0x2a, 2, {0}},
		{0x2b, 3, {0}},
		{0x2c, 4, {0}},
		{0x1f20, 4, {0}},
		{0x1f21, 4, {0}},
	};
	struct parts parts;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (!CHECK(read_value(&parts, 5, UNKNOWN, forms[i].form, forms[i].bytes,
				      forms[i].size)))
			fprintf(stderr, "  form %#x\n", forms[i].form);
		end(&parts);
	}
	/* What nobody knows has no length: nothing behind it can be read. */
	CHECK(!read_value(&parts, 5, UNKNOWN, 0x02, BYTES(1)));
	end(&parts);
	CHECK(!read_value(&parts, 5, UNKNOWN, 0x16, BYTES(DATA1, 1)));
	end(&parts);
	CHECK(!read_value(&parts, 5, UNKNOWN, 0x2d, BYTES(1)));
	end(&parts);
	/* In DWARF 2 it was as long as an address. */
	CHECK(read_value(&parts, 2, UNKNOWN, 0x10, BYTES(0, 0, 0, 0, 0, 0, 0, 0)));
	end(&parts);
}

static bool is_text(const struct dwarf_text *text, const char *expected)
{
	return strcmp(dwarf_text_of(text), expected) == 0;
}

static void texts_are_found(void)
{
	static const struct {
		uint16_t form;
		uint8_t size;
		uint8_t bytes[8];
		const char *expected;
	} cases[] = {
		{0x08, 3, {'h', 'i', 0}, "hi"},
		{0x0e, 4, {5}, "one"},
		{0x1f, 4, {1}, "folder"},
		{0x1a, 1, {1}, "two"},
		{0x25, 1, {0}, "one"},
		{0x26, 2, {1}, "two"},
		{0x27, 3, {0}, "one"},
		{0x28, 4, {1}, "two"},
		{0x25, 1, {2}, ""},
		{0x25, 1, {13}, ""},
		{0x0e, 4, {99}, ""},
	};
	struct parts parts;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(read_value(&parts, 5, NAME, cases[i].form, cases[i].bytes, cases[i].size));
		if (!CHECK(is_text(&parts.die.name, cases[i].expected)))
			fprintf(stderr, "  case %zu: %s\n", i, dwarf_text_of(&parts.die.name));
		CHECK(is_text(&parts.die.linkage_name, "") && is_text(&parts.die.folder, ""));
		end(&parts);
	}
	CHECK(read_value(&parts, 5, LINKAGE, 0x0e, BYTES(5, 0, 0, 0)));
	CHECK(is_text(&parts.die.linkage_name, "one") && is_text(&parts.die.name, ""));
	end(&parts);
	CHECK(read_value(&parts, 5, FOLDER, 0x0e, BYTES(5, 0, 0, 0)));
	CHECK(is_text(&parts.die.folder, "one"));
	end(&parts);
}

static void numbers_are_read(void)
{
	static const struct {
		uint16_t form;
		uint8_t size;
		uint8_t bytes[8];
		uint32_t expected;
	} cases[] = {
		{DATA1, 1, {200}, 200},		 {0x05, 2, {1, 2}, 0x201},
		{DATA4, 4, {1, 2, 3}, 0x30201},	 {0x07, 8, {1, 2, 3}, 0x30201},
		{0x0d, 2, {0x81, 1}, 129},	 {0x0f, 2, {0x81, 1}, 129},
		{0x21, 0, {0}, UINT32_MAX - 61},
	};
	struct parts parts;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(read_value(&parts, 5, CALL_FILE, cases[i].form, cases[i].bytes,
				 cases[i].size));
		if (!CHECK(parts.die.call_file == cases[i].expected))
			fprintf(stderr, "  case %zu: %u\n", i, parts.die.call_file);
		end(&parts);
	}
}

/* From the unit's place, but for those that are from the section's. */
static void references_lead_to_entries(void)
{
	static const struct {
		uint16_t form;
		uint8_t size;
		uint8_t bytes[8];
		uint64_t expected;
	} cases[] = {
		{0x11, 1, {0x20}, 0x24}, {0x12, 2, {0x20, 1}, 0x124}, {0x13, 4, {0x20}, 0x24},
		{0x14, 8, {0x20}, 0x24}, {0x15, 1, {0x20}, 0x24},     {0x10, 4, {0x20}, 0x20},
		{DATA4, 4, {0x20}, 0},
	};
	static const uint16_t attributes[] = {SIBLING, ORIGIN, SPECIFICATION};
	struct parts parts;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t k = 0; k < sizeof(attributes) / sizeof(*attributes); k++) {
			CHECK(read_value(&parts, 5, attributes[k], cases[i].form, cases[i].bytes,
					 cases[i].size));
			if (!CHECK(parts.die.sibling == (k ? 0 : cases[i].expected) &&
				   parts.die.origin == (k ? cases[i].expected : 0)))
				fprintf(stderr, "  case %zu, %zu\n", i, k);
			end(&parts);
		}
	}
}

static uint64_t ranges_seen[2];

static bool see(void *context, uint64_t low, uint64_t high)
{
	(void)context;
	ranges_seen[0] = low;
	ranges_seen[1] = high;
	return true;
}

static void places_are_addresses_or_numbers_of_them(void)
{
	struct parts parts;

	CHECK(read_value(&parts, 5, LOW, ADDR, BYTES(1, 2, 0, 0, 0, 0, 0, 0)));
	CHECK(parts.die.has_low && parts.die.low == 0x201);
	end(&parts);
	for (uint16_t form = 0x29; form <= 0x2d; form++) {
		CHECK(read_value(&parts, 5, LOW, form == 0x2d ? 0x1b : form,
				 (const uint8_t[]){1, 0, 0, 0}, form == 0x2d ? 1 : form - 0x28u));
		CHECK(parts.die.has_low && parts.die.low == 0x5678);
		end(&parts);
	}
	/* Behind the last of them, or a number that is none. */
	CHECK(read_value(&parts, 5, LOW, 0x29, BYTES(2)) && !parts.die.has_low);
	end(&parts);
	CHECK(read_value(&parts, 5, LOW, 0x29, BYTES(25)) && !parts.die.has_low);
	end(&parts);
	CHECK(read_value(&parts, 5, LOW, DATA1, BYTES(2)) && !parts.die.has_low);
	end(&parts);
	/* The end is a place, or how far it is from the beginning. */
	CHECK(read_value(&parts, 5, HIGH, 0x29, BYTES(0)));
	CHECK(parts.die.has_high && !parts.die.high_is_length && parts.die.high == 0x1234);
	dwarf_die_ranges(&parts.die, &parts.unit, see, NULL);
	CHECK(ranges_seen[1] == 0);
	parts.die.has_low = true;
	dwarf_die_ranges(&parts.die, &parts.unit, see, NULL);
	CHECK(ranges_seen[0] == 0 && ranges_seen[1] == 0x1234);
	end(&parts);
	CHECK(read_value(&parts, 5, HIGH, DATA1, BYTES(9)));
	CHECK(parts.die.has_high && parts.die.high_is_length && parts.die.high == 9);
	parts.die.low = 0x100;
	parts.die.has_low = true;
	dwarf_die_ranges(&parts.die, &parts.unit, see, NULL);
	CHECK(ranges_seen[0] == 0x100 && ranges_seen[1] == 0x109);
	end(&parts);
	CHECK(read_value(&parts, 5, HIGH, 0x0a, BYTES(0)) && !parts.die.has_high);
	end(&parts);
	CHECK(read_value(&parts, 5, RANGES, SEC_OFFSET, BYTES(9, 0, 0, 0)));
	CHECK(parts.die.has_ranges && !parts.die.ranges_is_index && parts.die.ranges == 9);
	end(&parts);
	CHECK(read_value(&parts, 5, RANGES, 0x23, BYTES(3)));
	CHECK(parts.die.has_ranges && parts.die.ranges_is_index && parts.die.ranges == 3);
	end(&parts);
	CHECK(read_value(&parts, 5, RANGES, 0x0a, BYTES(0)) && !parts.die.has_ranges);
	end(&parts);
}

/* Kinds and versions of units that nobody knows are passed over, and damaged ones end all. */
static void units_that_are_not_known(void)
{
	static const struct {
		size_t at;
		uint8_t byte;
		bool is_read, has_entries;
	} cases[] = {
		{8, 5, true, true},   {8, 6, true, false},  {8, 1, true, false},
		{10, 3, true, true},  {10, 2, true, false}, {10, 4, true, false},
		{11, 4, true, true},  {11, 2, true, false}, {12, 200, true, false},
		{16, 9, true, false},
	};
	struct parts parts;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(&parts, 5);
		parts.info.data[cases[i].at] = (char)cases[i].byte;
		if (!CHECK(read_unit(&parts) == cases[i].is_read &&
			   (parts.own.tag != 0) == cases[i].has_entries))
			fprintf(stderr, "  case %zu\n", i);
		CHECK(parts.next == parts.info.length);
		end(&parts);
	}
	begin(&parts, 5);
	CHECK(read_unit(&parts));
	CHECK(!dwarf_unit_read(&parts.unit, &parts.file, &parts.tables, parts.next, &parts.next,
			       &parts.own));
	/* One that says to be longer than there is. */
	parts.info.data[4]++;
	CHECK(!dwarf_unit_read(&parts.unit, &parts.file, &parts.tables, 4, &parts.next,
			       &parts.own));
	end(&parts);
}

int main(void)
{
	the_unit_says_where_its_tables_are();
	each_form_is_as_long_as_it_is();
	texts_are_found();
	numbers_are_read();
	references_lead_to_entries();
	places_are_addresses_or_numbers_of_them();
	units_that_are_not_known();
	return check_result("dwarf entries");
}
