/* [FUN-057] Unwind tables, of this very program and of entries written by hand. */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>

#include "binary/eh_frame.h"
#include "object/elf_file.h"
#include "binary/elf_image.h"
#include "check.h"

int eh_frame_target(int x);
int eh_frame_target(int x)
{
	volatile int sum = x;

	return sum + 1;
}

/* This program is position-independent: addresses of its file begin at 0. */
extern const char __ehdr_start[];

static bool own_section(const struct elf_image *image, const uint8_t **bytes, uint64_t *size,
			uint64_t *address)
{
	uint32_t index = elf_image_find_name(image, ".eh_frame");

	*bytes = index ? elf_image_section(image, index, size) : NULL;
	if (!*bytes)
		return false;
	*address = read_u64(elf_image_section_header(image, index) + offsetof(Elf64_Shdr, sh_addr));
	return true;
}

static void own_rows(const uint8_t *bytes, uint64_t size, uint64_t address)
{
	uint64_t target = (uint64_t)((uintptr_t)eh_frame_target - (uintptr_t)__ehdr_start);
	const struct unwind_row *row;
	struct unwind_rows rows;

	if (!CHECK(eh_frame_read(&rows, bytes, size, address) && rows.count > 100))
		return;
	/* Where a function begins, only the return address is on the stack. */
	row = unwind_rows_find(&rows, target);
	CHECK(row && row->address == target && row->base == UNWIND_STACK_POINTER &&
	      row->distance == 1 && row->frame_pointer == 0);
	CHECK(!unwind_rows_find(&rows, 0));
	for (size_t i = 1; i < rows.count; i++)
		if (rows.rows[i - 1].address >= rows.rows[i].address)
			CHECK(!"sorted");
	row = unwind_rows_find(&rows, UINT64_MAX);
	CHECK(row && row->base == UNWIND_UNKNOWN);
	unwind_rows_free(&rows);
}

/* A CIE as gcc writes it, bytes that are zero, then an FDE of 0x40 bytes of code at 0x1000 with the
 * given program. */
static void with_program_behind(uint8_t zeros, const uint8_t *program, uint8_t size,
				struct unwind_rows *rows)
{
	static const uint8_t cie[] = {20, 0,	0,  0, 0,    0,	   0, 0, 1,    'z', 'R', 0,
				      1,  0x78, 16, 1, 0x03, 0x0c, 7, 8, 0x90, 1,   0,	 0};
	uint8_t bytes[128] = {0};
	uint8_t *fde = bytes + sizeof(cie) + zeros;

	memcpy(bytes, cie, sizeof(cie));
	fde[0] = (uint8_t)(4 + 8 + 1 + size);
	fde[4] = (uint8_t)(sizeof(cie) + zeros + 4);
	fde[9] = 0x10;
	fde[12] = 0x40;
	memcpy(fde + 17, program, size);
	CHECK(eh_frame_read(rows, bytes, sizeof(cie) + zeros + 17u + size + 4u, 0));
}

static void with_program(const uint8_t *program, uint8_t size, struct unwind_rows *rows)
{
	with_program_behind(0, program, size, rows);
}

static bool is_row(const struct unwind_rows *rows, uint64_t address, enum unwind_base base,
		   int distance, int frame_pointer)
{
	const struct unwind_row *row = unwind_rows_find(rows, address);

	return row && row->base == base && row->distance == distance &&
	       row->frame_pointer == frame_pointer;
}

static void written_rows(void)
{
	/* push rbp; mov rbp, rsp; remember; pop; restore. */
	static const uint8_t pushes[] = {0x41, 0x0e, 16,   0x86, 2, 0x43, 0x0d, 6,
					 0x48, 0x0a, 0xc6, 0x0c, 7, 8,	  0x44, 0x0b};
	/* The frame address is an expression, as in .plt; rip is undefined, as in _start. */
	static const uint8_t expression[] = {0x0f, 2, 0x77, 8, 0x44, 0x0c, 7, 8, 0x07, 16};
	/* An instruction that no version has. */
	static const uint8_t unknown[] = {0x44, 0x3f};
	static const uint8_t too_deep[] = {0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a,
					   0x0a, 0x0a, 0x0a, 0x0a, 0x44};
	/* GNU_args_size, which says nothing of rows; def_cfa_sf, def_cfa_offset_sf and
	 * offset_extended_sf, in units of -8 bytes; def_cfa_offset. */
	static const uint8_t scaled[] = {0x41, 0x2e, 16,   0x41, 0x12, 7,    0x7e, 0x41, 0x13,
					 0x7d, 0x41, 0x11, 6,	 2,    0x41, 0x0e, 32};
	/* What registers that nobody asks for are: val_offset, val_offset_sf and val_expression. */
	static const uint8_t others[] = {0x41, 0x14, 12, 1,    0x41, 0x15, 12,	 1, 0x41,
					 0x16, 12,   2,	 0x77, 8,    0x41, 0x0e, 16};
	struct unwind_rows rows;

	with_program(others, sizeof(others), &rows);
	CHECK(is_row(&rows, 0x1003, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1004, UNWIND_STACK_POINTER, 2, 0));
	unwind_rows_free(&rows);

	with_program(scaled, sizeof(scaled), &rows);
	CHECK(is_row(&rows, 0x1001, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1002, UNWIND_STACK_POINTER, 2, 0));
	CHECK(is_row(&rows, 0x1003, UNWIND_STACK_POINTER, 3, 0));
	CHECK(is_row(&rows, 0x1004, UNWIND_STACK_POINTER, 3, -2));
	CHECK(is_row(&rows, 0x1005, UNWIND_STACK_POINTER, 4, -2));
	unwind_rows_free(&rows);

	with_program(pushes, sizeof(pushes), &rows);
	CHECK(!unwind_rows_find(&rows, 0xfff));
	CHECK(is_row(&rows, 0x1000, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1001, UNWIND_STACK_POINTER, 2, -2));
	CHECK(is_row(&rows, 0x1004, UNWIND_FRAME_POINTER, 2, -2));
	CHECK(is_row(&rows, 0x100c, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1010, UNWIND_FRAME_POINTER, 2, -2));
	CHECK(is_row(&rows, 0x103f, UNWIND_FRAME_POINTER, 2, -2));
	CHECK(is_row(&rows, 0x1040, UNWIND_UNKNOWN, 0, 0));
	unwind_rows_free(&rows);

	with_program(expression, sizeof(expression), &rows);
	CHECK(is_row(&rows, 0x1000, UNWIND_UNKNOWN, 0, 0));
	CHECK(is_row(&rows, 0x1004, UNWIND_END, 0, 0));
	unwind_rows_free(&rows);

	with_program(unknown, sizeof(unknown), &rows);
	CHECK(is_row(&rows, 0x1000, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1005, UNWIND_UNKNOWN, 0, 0));
	unwind_rows_free(&rows);

	with_program(too_deep, sizeof(too_deep), &rows);
	CHECK(is_row(&rows, 0x1000, UNWIND_UNKNOWN, 0, 0));
	unwind_rows_free(&rows);
}

/* Each instruction that says where a register is: those of rbp (6) and of the return address (16)
 * count, those of rbx (3) do not. */
static void rules(void)
{
	static const uint8_t frame_pointer[] = {
		0x86, 2,					/* at 1000: offset */
		0x41, 0x83, 9,	  0x06, 6,			/* 1001: restore_extended */
		0x02, 2,    0x05, 6,	3,    0x05, 3,	  9,	/* 1003: offset_extended */
		0x41, 0x08, 6,	  0x08, 3,			/* 1004: same_value */
		0x03, 2,    0,	  0x09, 6,    3,    0x09, 3, 6, /* 1006: register */
		0x04, 1,    0,	  0,	0,    0xc6,		/* 1007: restore */
		0x41, 0x86, 4,	  0xc3, 0x06, 3,		/* 1008: offset; rbx restored */
		0x41, 0x07, 6,	  0x07, 3,			/* 1009: undefined */
		0x41, 0x86, 0,					/* 100a: where no frame has it */
	};
	static const uint8_t return_address[] = {
		0x07, 16,	      /* at 1000: undefined: the outermost frame */
		0x41, 0x06, 16,	      /* 1001: restore_extended */
		0x41, 0x09, 16,	  3,  /* 1002: register */
		0x41, 0xd0,	      /* 1003: restore */
		0x41, 0x90, 2,	      /* 1004: elsewhere on the stack */
		0x41, 0xd0, 0x08, 16, /* 1005: same_value */
	};
	static const uint8_t frame[] = {
		0x0e, 12,			    /* at 1000: no whole words */
		0x41, 0x0c, 6,	  16,		    /* 1001: rbp + 16 */
		0x41, 0x0d, 7,			    /* 1002: rsp + 16 */
		0x41, 0x0d, 3,			    /* 1003: rbx + 16 */
		0x41, 0x0c, 7,	  0xf8, 0xff, 0x0f, /* 1004: the largest distance */
		0x41, 0x0e, 0x80, 0x80, 0x10,	    /* 1005: a word more */
	};
	struct unwind_rows rows;

	with_program(frame_pointer, sizeof(frame_pointer), &rows);
	CHECK(is_row(&rows, 0x1000, UNWIND_STACK_POINTER, 1, -2));
	CHECK(is_row(&rows, 0x1001, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1002, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1003, UNWIND_STACK_POINTER, 1, -3));
	CHECK(is_row(&rows, 0x1004, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1006, UNWIND_UNKNOWN, 0, 0));
	CHECK(is_row(&rows, 0x1007, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1008, UNWIND_STACK_POINTER, 1, -4));
	CHECK(is_row(&rows, 0x1009, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x100a, UNWIND_UNKNOWN, 0, 0));
	unwind_rows_free(&rows);

	with_program(return_address, sizeof(return_address), &rows);
	CHECK(is_row(&rows, 0x1000, UNWIND_END, 0, 0));
	CHECK(is_row(&rows, 0x1001, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1002, UNWIND_UNKNOWN, 0, 0));
	CHECK(is_row(&rows, 0x1003, UNWIND_STACK_POINTER, 1, 0));
	CHECK(is_row(&rows, 0x1004, UNWIND_UNKNOWN, 0, 0));
	CHECK(is_row(&rows, 0x1005, UNWIND_UNKNOWN, 0, 0));
	unwind_rows_free(&rows);

	with_program(frame, sizeof(frame), &rows);
	CHECK(is_row(&rows, 0x1000, UNWIND_UNKNOWN, 0, 0));
	CHECK(is_row(&rows, 0x1001, UNWIND_FRAME_POINTER, 2, 0));
	CHECK(is_row(&rows, 0x1002, UNWIND_STACK_POINTER, 2, 0));
	CHECK(is_row(&rows, 0x1003, UNWIND_UNKNOWN, 0, 0));
	CHECK(is_row(&rows, 0x1004, UNWIND_STACK_POINTER, INT16_MAX, 0));
	CHECK(is_row(&rows, 0x1005, UNWIND_UNKNOWN, 0, 0));
	unwind_rows_free(&rows);
}

/* An entry of no length ends the table, as the one that the linker puts last. */
static void end_of_table(void)
{
	static const uint8_t nothing[] = {0};
	struct unwind_rows rows;

	with_program_behind(0, nothing, sizeof(nothing), &rows);
	CHECK(rows.count > 0);
	unwind_rows_free(&rows);
	with_program_behind(4, nothing, sizeof(nothing), &rows);
	CHECK(rows.count == 0);
	unwind_rows_free(&rows);
}

/* Bytes of its own, so that the sanitizer sees what is read beyond them. */
static void read_copy(const uint8_t *bytes, size_t size, uint64_t address)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct unwind_rows rows;

	memcpy(copy, bytes, size);
	if (CHECK(eh_frame_read(&rows, copy, size, address)))
		unwind_rows_free(&rows);
	free(copy);
}

static void damaged(const uint8_t *bytes, uint64_t size, uint64_t address)
{
	uint64_t some = size < 4096 ? size : 4096;
	uint8_t *copy = malloc(some);
	uint32_t state = 7;

	for (uint64_t cut = 0; cut < some; cut += 3)
		read_copy(bytes, cut, address);
	for (int round = 0; round < 3000; round++) {
		memcpy(copy, bytes, some);
		for (int flip = 0; flip <= round % 5; flip++) {
			state = state * 1664525 + 1013904223;
			copy[(state >> 8) % some] = (uint8_t)(state >> 24);
		}
		read_copy(copy, some, address);
	}
	free(copy);
}

int main(void)
{
	struct elf_image image;
	const uint8_t *bytes;
	uint64_t size, address;

	if (CHECK(elf_image_open(&image, "/proc/self/exe") == ELF_IMAGE_OK)) {
		if (CHECK(own_section(&image, &bytes, &size, &address))) {
			own_rows(bytes, size, address);
			damaged(bytes, size, address);
		}
		elf_image_close(&image);
	}
	written_rows();
	rules();
	end_of_table();
	return check_result("eh_frame");
}
