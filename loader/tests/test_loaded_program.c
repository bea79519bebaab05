/* What the kernel tells of a program that it has loaded. */
#include "host/loaded_program.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "check.h"

/* The program that these tests' kernel has. */
static const struct bpf_insn translated[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 7},
	{.code = BPF_JMP | BPF_EXIT},
};
static const uint8_t native[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static const uint64_t symbols[] = {0xffffffffa0001000u, 0xffffffffa0000000u};
static const uint32_t lengths[] = {6, 4};
static const struct bpf_func_info functions[] = {{.insn_off = 0, .type_id = 3},
						 {.insn_off = 1, .type_id = 4}};
static const struct bpf_line_info lines[] = {
	{.insn_off = 0, .file_name_off = 11, .line_off = 12, .line_col = 5 << 10 | 9},
	{.insn_off = 1, .file_name_off = 13, .line_off = 14, .line_col = 6 << 10 | 1},
	{.insn_off = 1, .file_name_off = 13, .line_off = 15, .line_col = 7 << 10 | 2},
};
static const uint64_t line_addresses[] = {0xffffffffa0001000u, 0xffffffffa0000003u,
					  0xffffffffa0001006u};

/* What it hides, and the call at which it refuses, from 1 on. */
static bool hides;
/* It was loaded without types and lines. */
static bool is_plain;
static int calls, refused_call;

static void give(uint64_t address, const void *data, uint32_t size)
{
	if (address)
		memcpy((void *)(uintptr_t)address, data, size);
}

/* As bpf_prog_get_info_by_fd (kernel/bpf/syscall.c): room that is given is filled, and what is not
 * shown has a 0 in place of its address. */
int bpf_obj_get_info_by_fd(int fd, void *asked, uint32_t *size)
{
	struct bpf_prog_info *info = asked;

	CHECK(fd == 5 && *size == sizeof(*info));
	if (++calls == refused_call) {
		errno = EPERM;
		return -1;
	}
	info->id = 77;
	info->xlated_prog_len = sizeof(translated);
	info->jited_prog_len = sizeof(native);
	info->nr_jited_ksyms = info->nr_jited_func_lens = info->nr_func_info = 2;
	info->nr_line_info = info->nr_jited_line_info = 3;
	if (is_plain)
		info->nr_func_info = info->nr_line_info = info->nr_jited_line_info = 0;
	if (calls == 1)
		return 0;
	CHECK(info->func_info_rec_size == sizeof(*functions));
	CHECK(info->line_info_rec_size == sizeof(*lines));
	CHECK(info->jited_line_info_rec_size == sizeof(*line_addresses));
	if (hides)
		info->xlated_prog_insns = info->jited_prog_insns = info->jited_ksyms =
			info->jited_func_lens = info->jited_line_info = 0;
	give(info->xlated_prog_insns, translated, sizeof(translated));
	give(info->jited_prog_insns, native, sizeof(native));
	give(info->jited_ksyms, symbols, sizeof(symbols));
	give(info->jited_func_lens, lengths, sizeof(lengths));
	if (is_plain)
		return 0;
	give(info->func_info, functions, sizeof(functions));
	give(info->line_info, lines, sizeof(lines));
	give(info->jited_line_info, line_addresses, sizeof(line_addresses));
	return 0;
}

static int read_program(struct loaded_program *program, bool hidden, int refused)
{
	calls = 0;
	hides = hidden;
	refused_call = refused;
	return loaded_program_read(program, 5);
}

static void check_line(const struct loaded_line *line, uint32_t instruction, uint32_t at,
		       uint32_t number)
{
	CHECK(line->instruction == instruction);
	CHECK(line->native == at);
	CHECK(line->line == number);
}

static void all_is_shown(void)
{
	struct loaded_program program;

	CHECK(read_program(&program, false, 0) == 0 && calls == 2);
	CHECK(program.info.id == 77 && !program.hides_translated && !program.hides_native);
	CHECK(program.translated_count == 2 && program.translated[0].imm == 7);
	CHECK(program.native_size == sizeof(native) &&
	      memcmp(program.native, native, sizeof(native)) == 0);
	CHECK(program.function_count == 2);
	CHECK(program.functions[0].type == 3 && program.functions[0].size == 6);
	CHECK(program.functions[1].type == 4 && program.functions[1].size == 4);
	CHECK(program.functions[0].address == symbols[0]);
	CHECK(program.functions[1].instruction == 1 && program.functions[1].address == symbols[1]);
	CHECK(program.line_count == 3);
	check_line(&program.lines[0], 0, 0, 5);
	/* The second function stands behind the six bytes of the first, wherever it is in memory.
	 */
	check_line(&program.lines[1], 1, 9, 6);
	/* Behind the last byte of a function there is nothing of it. */
	check_line(&program.lines[2], 1, UINT32_MAX, 7);
	CHECK(program.lines[0].file == 11 && program.lines[0].text == 12);
	CHECK(program.lines[0].column == 9 && program.lines[2].column == 2);
	loaded_program_free(&program);
	CHECK(!program.translated && program.line_count == 0);
}

static void addresses_are_hidden(void)
{
	struct loaded_program program;

	CHECK(read_program(&program, true, 0) == 0);
	CHECK(program.hides_translated && program.translated_count == 0);
	CHECK(program.hides_native && program.native_size == 0);
	/* Their types and lines are told all the same. */
	CHECK(program.function_count == 2 && program.functions[1].type == 4);
	CHECK(program.functions[0].size == 0 && program.functions[0].address == 0);
	CHECK(program.line_count == 3);
	check_line(&program.lines[1], 1, UINT32_MAX, 6);
	loaded_program_free(&program);
}

static void programs_without_types(void)
{
	struct loaded_program program;

	is_plain = true;
	CHECK(read_program(&program, false, 0) == 0);
	CHECK(program.function_count == 2 && program.line_count == 0);
	CHECK(program.functions[1].type == 0 && program.functions[1].instruction == 0);
	CHECK(program.functions[1].size == 4 && program.functions[1].address == symbols[1]);
	loaded_program_free(&program);
	is_plain = false;
}

static void the_kernel_refuses(void)
{
	struct loaded_program program;

	for (int call = 1; call <= 2; call++) {
		CHECK(read_program(&program, false, call) == -1 && errno == EPERM);
		CHECK(calls == call && program.function_count == 0 && program.line_count == 0);
		loaded_program_free(&program);
	}
}

int main(void)
{
	all_is_shown();
	addresses_are_hidden();
	programs_without_types();
	the_kernel_refuses();
	return check_result("loaded_program");
}
