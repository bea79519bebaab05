#include "host/called_symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Code that calls more functions than that, or one program that calls them so often, is none of
 * ours. */
#define MOST_SYMBOLS 65536

void called_symbols_begin(struct called_symbols *called, const struct kallsyms *table)
{
	memset(called, 0, sizeof(*called));
	for (size_t i = 0; i < table->count && !called->base; i++)
		if (strcmp(table->names + table->entries[i].name, "__bpf_call_base") == 0)
			called->base = table->entries[i].address;
}

static void add(struct called_symbols *called, const struct kallsyms *table, uint64_t address)
{
	struct kernel_symbol symbol;

	if (called->count >= MOST_SYMBOLS || !kallsyms_find(table, address, &symbol) ||
	    symbol.offset != 0)
		return;
	memory_grow(called->items, called->count, called->room);
	called->items[called->count++] = (struct called_symbol){address, symbol.name};
}

static void add_translated(struct called_symbols *called, const struct kallsyms *table,
			   const struct loaded_program *program)
{
	for (uint32_t i = 0; called->base && i < program->translated_count; i++) {
		const struct bpf_insn *instruction = &program->translated[i];

		/* Others call functions of the program, and have no address. */
		if (instruction->code == (BPF_JMP | BPF_CALL) && instruction->imm &&
		    instruction->src_reg != BPF_PSEUDO_CALL)
			add(called, table, called->base + (uint64_t)(int64_t)instruction->imm);
	}
}

#ifdef __x86_64__
/* call, jmp and jcc with four bytes of distance from their end. */
static void add_native(struct called_symbols *called, const struct kallsyms *table,
		       const uint8_t *code, uint32_t size, uint64_t address)
{
	for (uint32_t i = 0; i + 5 <= size; i++) {
		bool is_conditional = code[i] == 0x0f && (code[i + 1] & 0xf0) == 0x80;
		uint32_t at = i + (is_conditional ? 2 : 1);
		int32_t distance;

		if ((code[i] & 0xfe) != 0xe8 && !is_conditional)
			continue;
		if (at + 4 > size)
			continue;
		memcpy(&distance, code + at, sizeof(distance));
		add(called, table, address + at + 4 + (uint64_t)(int64_t)distance);
	}
}
#elif defined(__aarch64__)
/* b and bl, with 26 bits of distance in words. */
static void add_native(struct called_symbols *called, const struct kallsyms *table,
		       const uint8_t *code, uint32_t size, uint64_t address)
{
	for (uint32_t i = 0; i + 4 <= size; i += 4) {
		uint32_t word;

		memcpy(&word, code + i, sizeof(word));
		if ((word & 0x7c000000) == 0x14000000)
			add(called, table,
			    address + i + (uint64_t)((int64_t)(int32_t)(word << 6) >> 4));
	}
}
#else
#error "calls of this architecture are not known"
#endif

static int by_address(const void *left, const void *right)
{
	uint64_t a = ((const struct called_symbol *)left)->address;
	uint64_t b = ((const struct called_symbol *)right)->address;

	return a < b ? -1 : a > b;
}

static void sort_once(struct called_symbols *called)
{
	uint32_t kept = 0;

	if (called->count)
		qsort(called->items, called->count, sizeof(*called->items), by_address);
	for (uint32_t i = 0; i < called->count; i++)
		if (!kept || called->items[kept - 1].address != called->items[i].address)
			called->items[kept++] = called->items[i];
	called->count = kept;
}

void called_symbols_add(struct called_symbols *called, const struct kallsyms *table,
			const struct loaded_program *program)
{
	uint32_t before = 0;

	add_translated(called, table, program);
	for (uint32_t i = 0; i < program->function_count; i++) {
		const struct loaded_function *function = &program->functions[i];

		if (function->size > program->native_size - before)
			break;
		if (function->address)
			add_native(called, table, program->native + before, function->size,
				   function->address);
		before += function->size;
	}
	sort_once(called);
}

void called_symbols_free(struct called_symbols *called)
{
	free(called->items);
	memset(called, 0, sizeof(*called));
}
