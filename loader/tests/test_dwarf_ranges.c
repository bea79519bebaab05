/* Ranges of code in debug information: each kind of entry of both forms of lists, for addresses of
 * 8 and 4 bytes; lists that end too soon. */
#include <stdlib.h>

#include "binary/budget.h"
#include "binary/debug_file.h"
#include "binary/dwarf_die.h"
#include "check.h"

static struct strbuf seen;
/* So many are wanted. */
static uint32_t wanted;

static bool visit(void *context, uint64_t low, uint64_t high)
{
	char text[64];

	CHECK(context == &wanted);
	snprintf(text, sizeof(text), "%llx-%llx ", (unsigned long long)low,
		 (unsigned long long)high);
	strbuf_text(&seen, text);
	return --wanted > 0;
}

/* Bytes of a section, whose numbers are as wide as addresses are here. */
static uint8_t address_size;

static void put(struct strbuf *to, uint64_t number, size_t size)
{
	strbuf_put(to, &number, size);
}

static void put_address(struct strbuf *to, uint64_t address)
{
	put(to, address, address_size);
}

static void put_uleb(struct strbuf *to, uint64_t number)
{
	do {
		put(to, (number & 0x7f) | (number > 0x7f) << 7, 1);
		number >>= 7;
	} while (number);
}

static struct debug_section section_of(const struct strbuf *bytes)
{
	return (struct debug_section){.bytes = (const uint8_t *)bytes->data, .size = bytes->length};
}

struct parts {
	struct strbuf list, addresses;
	struct budget budget;
	struct debug_file file;
	struct dwarf_unit unit;
	struct dwarf_die die;
};

static void begin(struct parts *parts, uint16_t version)
{
	*parts = (struct parts){.unit = {.version = version,
					 .address_size = address_size,
					 .offset_size = 4,
					 .low = 0x1000},
				.die = {.has_ranges = true}};
	parts->file.budget = &parts->budget;
	parts->unit.file = &parts->file;
	wanted = 100;
}

static void expect(struct parts *parts, const char *expected)
{
	if (parts->unit.version < 5)
		parts->file.ranges = section_of(&parts->list);
	else
		parts->file.rnglists = section_of(&parts->list);
	parts->file.addr = section_of(&parts->addresses);
	budget_begin(&parts->budget, 1000);
	dwarf_die_ranges(&parts->die, &parts->unit, visit, &wanted);
	CHECK_TEXT(&seen, expected);
	wanted = 100;
}

static void end(struct parts *parts)
{
	strbuf_free(&parts->list);
	strbuf_free(&parts->addresses);
}

/* Up to DWARF 4. */
static void pairs(void)
{
	struct parts parts;

	begin(&parts, 4);
	/* Something of others before it. */
	put_address(&parts.list, 77);
	parts.die.ranges = address_size;
	put_address(&parts.list, 0x10);
	put_address(&parts.list, 0x20);
	put_address(&parts.list, UINT64_MAX);
	put_address(&parts.list, 0x5000);
	put_address(&parts.list, 0);
	put_address(&parts.list, 0x8);
	put_address(&parts.list, 0x30);
	put_address(&parts.list, 0x30);
	expect(&parts, "1010-1020 5000-5008 5030-5030 ");
	put_address(&parts.list, 0);
	put_address(&parts.list, 0);
	put_address(&parts.list, 1);
	put_address(&parts.list, 2);
	/* What stands behind the end is another's. */
	expect(&parts, "1010-1020 5000-5008 5030-5030 ");
	wanted = 2;
	expect(&parts, "1010-1020 5000-5008 ");
	parts.list.length = 4 * address_size;
	expect(&parts, "1010-1020 ");
	parts.die.ranges = 1000;
	expect(&parts, "");
	end(&parts);
}

/* Of DWARF 5. */
static void lists(void)
{
	struct parts parts;
	size_t whole;

	begin(&parts, 5);
	put(&parts.addresses, 0, 3);
	parts.unit.address_base = 3;
	put_address(&parts.addresses, 0x7000);
	put_address(&parts.addresses, 0x7100);
	put_address(&parts.addresses, 0x9000);
	put(&parts.list, 0xff, 1);
	parts.die.ranges = 1;
	/* From the unit's own place: offset_pair; of more than one byte. */
	put(&parts.list, 4, 1);
	put_uleb(&parts.list, 0x10);
	put_uleb(&parts.list, 0x1234);
	/* base_addressx */
	put(&parts.list, 1, 1);
	put_uleb(&parts.list, 2);
	put(&parts.list, 4, 1);
	put_uleb(&parts.list, 1);
	put_uleb(&parts.list, 3);
	/* startx_endx */
	put(&parts.list, 2, 1);
	put_uleb(&parts.list, 0);
	put_uleb(&parts.list, 1);
	/* startx_length */
	put(&parts.list, 3, 1);
	put_uleb(&parts.list, 1);
	put_uleb(&parts.list, 0x80);
	/* base_address */
	put(&parts.list, 5, 1);
	put_address(&parts.list, 0x20000);
	put(&parts.list, 4, 1);
	put_uleb(&parts.list, 5);
	put_uleb(&parts.list, 6);
	/* start_end */
	put(&parts.list, 6, 1);
	put_address(&parts.list, 0x400);
	put_address(&parts.list, 0x480);
	/* start_length */
	put(&parts.list, 7, 1);
	put_address(&parts.list, 0x500);
	put_uleb(&parts.list, 0x11);
	whole = parts.list.length;
	put(&parts.list, 0, 1);
	put(&parts.list, 4, 1);
	put_uleb(&parts.list, 1);
	put_uleb(&parts.list, 2);
	expect(&parts, "1010-2234 9001-9003 7000-7100 7100-7180 20005-20006 400-480 500-511 ");
	wanted = 3;
	expect(&parts, "1010-2234 9001-9003 7000-7100 ");
	/* One that is cut off is none, and ends the list; so does an entry that nobody knows. */
	parts.list.length = whole - 1;
	expect(&parts, "1010-2234 9001-9003 7000-7100 7100-7180 20005-20006 400-480 ");
	parts.list.length = whole;
	put(&parts.list, 8, 1);
	put(&parts.list, 4, 1);
	put_uleb(&parts.list, 1);
	put_uleb(&parts.list, 2);
	expect(&parts, "1010-2234 9001-9003 7000-7100 7100-7180 20005-20006 400-480 500-511 ");
	/* Addresses that are not there. */
	parts.addresses.length -= 1;
	expect(&parts, "1010-2234 ");
	parts.die.ranges = 10000;
	expect(&parts, "");
	end(&parts);
}

/* By the number of a list in the unit's table. */
static void indexes(void)
{
	struct parts parts;

	begin(&parts, 5);
	put(&parts.list, 0, 6);
	parts.unit.ranges_base = 6;
	parts.die.ranges_is_index = true;
	put(&parts.list, 8, 4);
	put(&parts.list, 12, 4);
	put(&parts.list, 4, 1);
	put_uleb(&parts.list, 1);
	put_uleb(&parts.list, 2);
	put(&parts.list, 0, 1);
	put(&parts.list, 4, 1);
	put_uleb(&parts.list, 3);
	put_uleb(&parts.list, 4);
	put(&parts.list, 0, 1);
	expect(&parts, "1001-1002 ");
	parts.die.ranges = 1;
	expect(&parts, "1003-1004 ");
	parts.die.ranges = 1000;
	expect(&parts, "");
	parts.die.ranges = UINT64_MAX / 4 + 1;
	expect(&parts, "");
	end(&parts);
}

int main(void)
{
	for (address_size = 4; address_size <= 8; address_size += 4) {
		pairs();
		lists();
		indexes();
	}
	strbuf_free(&seen);
	return check_result("dwarf_ranges");
}
