/* Functions of the kernel that translated and native code calls. */
#include "host/called_symbols.h"

#include <stdlib.h>

#include "check.h"

/* Where things are: the table of helpers is counted from the base. */
#define BASE 0xffffffff81000000u
#define HELPER (BASE + 0x1230)
#define BEFORE (BASE - 0x500)
#define CODE 0xffffffffa0000000u

static char names[] = "\0__bpf_call_base\0helper\0before\0near\0far";

static struct kallsyms_entry entries[] = {
	{.address = BEFORE, .name = 24},       {.address = BASE, .name = 1},
	{.address = HELPER, .name = 17},       {.address = HELPER + 0x40, .name = 31},
	{.address = CODE - 0x100, .name = 36},
};

static const struct kallsyms table = {
	.entries = entries, .count = sizeof(entries) / sizeof(*entries), .names = names};

/* Names with a space behind each, in the order of their addresses. */
static void expect_names(struct called_symbols *called, const char *expected)
{
	struct strbuf text = {0};

	for (uint32_t i = 0; i < called->count; i++) {
		strbuf_text(&text, called->items[i].name);
		strbuf_char(&text, ' ');
	}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static struct bpf_insn call(uint64_t address)
{
	return (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = (int32_t)(address - BASE)};
}

static void translated_calls(void)
{
	struct bpf_insn own = call(HELPER), other = call(HELPER + 0x40);
	struct bpf_insn code[] = {
		call(HELPER),
		call(BEFORE),
		call(HELPER),
		/* Into the middle of one: no function that is called. */
		call(HELPER + 8),
		{.code = BPF_JMP | BPF_EXIT, .imm = 0x40},
		{.code = BPF_JMP | BPF_CALL},
		{0},
	};
	struct loaded_program program = {.translated = code, .translated_count = 6};
	struct called_symbols called;

	/* A call of a function of the program itself has no address. */
	own.src_reg = BPF_PSEUDO_CALL;
	own.imm = 0x1270;
	code[6] = own;
	program.translated_count = 7;
	called_symbols_begin(&called, &table);
	CHECK(called.base == BASE);
	called_symbols_add(&called, &table, &program);
	expect_names(&called, "before helper ");
	/* A second program's stand beside them, each once. */
	code[0] = other;
	called_symbols_add(&called, &table, &program);
	expect_names(&called, "before helper near ");
	CHECK(called.items[1].address == HELPER);
	called_symbols_free(&called);
	CHECK(called.count == 0 && !called.items);
	/* Without the base nothing is known of them. */
	called_symbols_begin(&called,
			     &(struct kallsyms){.entries = entries, .count = 1, .names = names});
	CHECK(called.base == 0);
	called_symbols_add(&called, &table, &program);
	expect_names(&called, "");
	called_symbols_free(&called);
}

#ifdef __x86_64__
static void put_distance(uint8_t *code, uint64_t end, uint64_t address)
{
	int32_t distance = (int32_t)(address - end);

	memcpy(code, &distance, sizeof(distance));
}

static struct called_symbols read_native(uint8_t *code, uint32_t size,
					 struct loaded_function *functions, uint32_t count)
{
	struct loaded_program program = {.native = code,
					 .native_size = size,
					 .functions = functions,
					 .function_count = count};
	struct called_symbols called;

	called_symbols_begin(&called, &table);
	called_symbols_add(&called, &table, &program);
	return called;
}

static void native_calls(void)
{
	uint8_t code[32];
	struct loaded_function functions[] = {{.address = CODE, .size = 16},
					      {.address = CODE + 0x1000, .size = 16}};
	struct called_symbols called;

	memset(code, 0x90, sizeof(code));
	/* call, and at the very end of its function a jcc. */
	code[0] = 0xe8;
	put_distance(code + 1, CODE + 5, HELPER);
	code[10] = 0x0f;
	code[11] = 0x85;
	put_distance(code + 12, CODE + 16, HELPER + 0x40);
	/* The second function is elsewhere in memory: jmp, as its last bytes. */
	code[27] = 0xe9;
	put_distance(code + 28, CODE + 0x1000 + 16, CODE - 0x100);
	called = read_native(code, sizeof(code), functions, 2);
	expect_names(&called, "helper near far ");
	called_symbols_free(&called);
	/* What is hidden has no address, and those behind it are where they are. */
	functions[0].address = 0;
	called = read_native(code, sizeof(code), functions, 2);
	expect_names(&called, "far ");
	called_symbols_free(&called);
	/* Functions that are longer than the code end the search. */
	functions[1].size = 17;
	called = read_native(code, sizeof(code), functions, 2);
	expect_names(&called, "");
	called_symbols_free(&called);
	/* Neither a jump on the spot nor other code with such a number is one. */
	functions[0] = (struct loaded_function){.address = CODE, .size = 16};
	code[0] = 0xea;
	code[11] = 0x75;
	called = read_native(code, sizeof(code), functions, 1);
	expect_names(&called, "");
	called_symbols_free(&called);
	/* A jcc whose distance is cut is not read behind the end. */
	functions[0].size = 15;
	code[11] = 0x85;
	called = read_native(code, 15, functions, 1);
	expect_names(&called, "");
	called_symbols_free(&called);
}
#endif

int main(void)
{
	translated_calls();
#ifdef __x86_64__
	native_calls();
#endif
	return check_result("called_symbols");
}
