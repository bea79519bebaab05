#include "binary/x86_length.h"

#include <stdbool.h>

/*
 * What follows an opcode (Intel SDM volume 2, appendix A), a letter each:
 *   .  nothing                       m  ModRM
 *   b  8-bit number                  M  ModRM and an 8-bit number
 *   z  32-bit number, 16 after 66    Z  ModRM and such a number
 *   j  32-bit distance               v  as z, 64 with REX.W
 *   w  16-bit number                 e  16 and 8 bits (enter)
 *   o  address of 64 bits, or 32     3  ModRM, and a number where it is `test`
 *   p  prefix                        r  REX prefix
 *   0  the map of 0F                 8 A  the maps of 0F 38 and 0F 3A
 *   5 4 6  VEX of 2 and 3 bytes, EVEX
 *   x  no instruction
 */
static const char one_byte[256 + 1] = "mmmmbzxxmmmmbzx0mmmmbzxxmmmmbzxx"  /* 00 */
				      "mmmmbzpxmmmmbzpxmmmmbzpxmmmmbzpx"  /* 20 */
				      "rrrrrrrrrrrrrrrr................"  /* 40 */
				      "xx6mppppzZbM....bbbbbbbbbbbbbbbb"  /* 60 */
				      "MZxMmmmmmmmmmmmm..........x....."  /* 80 */
				      "oooo....bz......bbbbbbbbvvvvvvvv"  /* a0 */
				      "MMw.45MZe.w..bx.mmmmxxx.mmmmmmmm"  /* c0 */
				      "bbbbbbbbjjxb....p.pp..33......mm"; /* e0 */

static const char after_0f[256 + 1] = "mmmmx.....x.xm.Mmmmmmmmmmmmmmmmm"  /* 00 */
				      "mmmmxxxxmmmmmmmm......x.8xAxxxxx"  /* 20 */
				      "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"  /* 40 */
				      "mmmmmmmmmmmmmmmmMMMMmmm.mmxxmmmm"  /* 60 */
				      "jjjjjjjjjjjjjjjjmmmmmmmmmmmmmmmm"  /* 80 */
				      "...mMmxx...mMmmmmmmmmmmmmmMmmmmm"  /* a0 */
				      "mmMmMMMm........mmmmmmmmmmmmmmmm"  /* c0 */
				      "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"; /* e0 */

struct instruction {
	const uint8_t *bytes;
	size_t size, at;
	/* Prefixes: 66, 67, REX.W. */
	bool short_operand, short_address, wide;
};

/* The next byte; 0 behind the end, which the caller sees by the length. */
static uint8_t take(struct instruction *instruction)
{
	size_t at = instruction->at++;

	return at < instruction->size ? instruction->bytes[at] : 0;
}

/* ModRM, SIB and displacement (2.1.5); gives the ModRM. */
static uint8_t take_modrm(struct instruction *instruction)
{
	uint8_t modrm = take(instruction), mode = modrm >> 6, base = modrm & 7;

	if (mode == 3)
		return modrm;
	if (base == 4) {
		base = take(instruction) & 7;
		if (mode == 0 && base == 5)
			instruction->at += 4;
	} else if (mode == 0 && base == 5) {
		instruction->at += 4;
	}
	instruction->at += mode == 1 ? 1 : mode == 2 ? 4 : 0;
	return modrm;
}

static size_t operand_size(const struct instruction *instruction)
{
	return instruction->short_operand && !instruction->wide ? 2 : 4;
}

/* False: no instruction. */
static bool take_operands(struct instruction *instruction, char kind, bool is_byte)
{
	switch (kind) {
	case '.':
		return true;
	case 'm':
		take_modrm(instruction);
		return true;
	case 'M':
		take_modrm(instruction);
		instruction->at += 1;
		return true;
	case 'Z':
		take_modrm(instruction);
		instruction->at += operand_size(instruction);
		return true;
	case 'b':
		instruction->at += 1;
		return true;
	case 'z':
		instruction->at += operand_size(instruction);
		return true;
	case 'v':
		instruction->at += instruction->wide ? 8 : operand_size(instruction);
		return true;
	case 'j':
		instruction->at += 4;
		return true;
	case 'w':
		instruction->at += 2;
		return true;
	case 'e':
		instruction->at += 3;
		return true;
	case 'o':
		instruction->at += instruction->short_address ? 4 : 8;
		return true;
	case '3':
		if ((take_modrm(instruction) >> 3 & 7) < 2)
			instruction->at += is_byte ? 1 : operand_size(instruction);
		return true;
	default:
		return false;
	}
}

/* An opcode behind VEX or EVEX: those of map 1 have the operands of 0F, save that all take ModRM.
 */
static bool take_vector(struct instruction *instruction, uint8_t map)
{
	uint8_t opcode = take(instruction);
	char kind = map == 3 ? 'M' : map == 1 ? after_0f[opcode] : 'm';

	if (!map || map > 6 || map == 4)
		return false;
	return take_operands(instruction, kind == 'x' ? 'm' : kind, false);
}

static bool take_opcode(struct instruction *instruction)
{
	for (;;) {
		uint8_t opcode = take(instruction), map;
		char kind = one_byte[opcode];

		switch (kind) {
		case 'p':
			instruction->short_operand |= opcode == 0x66;
			instruction->short_address |= opcode == 0x67;
			/* REX counts only right before the opcode. */
			instruction->wide = false;
			continue;
		case 'r':
			instruction->wide = opcode & 8;
			continue;
		case '0':
			opcode = take(instruction);
			kind = after_0f[opcode];
			if (kind == '8' || kind == 'A') {
				take(instruction);
				kind = kind == 'A' ? 'M' : 'm';
			}
			return take_operands(instruction, kind, false);
		case '5':
			take(instruction);
			return take_vector(instruction, 1);
		case '4':
			map = take(instruction) & 0x1f;
			take(instruction);
			return take_vector(instruction, map);
		case '6':
			map = take(instruction) & 7;
			take(instruction);
			take(instruction);
			return take_vector(instruction, map);
		default:
			return take_operands(instruction, kind, opcode == 0xf6);
		}
	}
}

size_t x86_length(const uint8_t *bytes, size_t size)
{
	struct instruction instruction = {.bytes = bytes,
					  .size = size < X86_LENGTH_MAX ? size : X86_LENGTH_MAX};

	if (!take_opcode(&instruction) || instruction.at > instruction.size)
		return 0;
	return instruction.at;
}
