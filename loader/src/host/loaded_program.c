#include "host/loaded_program.h"

#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What the kernel fills beside code, before it is put together. */
struct answers {
	uint64_t *symbols;
	uint32_t *lengths;
	struct bpf_func_info *functions;
	struct bpf_line_info *lines;
	uint64_t *line_addresses;
};

static uint64_t address_of(const void *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

/* What there is, and how much of it. */
static int ask_sizes(struct bpf_prog_info *sizes, int fd)
{
	uint32_t size = sizeof(*sizes);

	memset(sizes, 0, sizeof(*sizes));
	return bpf_obj_get_info_by_fd(fd, sizes, &size);
}

/* Where it is hidden, the kernel puts a 0 in place of our address (bpf_prog_get_info_by_fd,
 * kernel/bpf/syscall.c). */
static int ask(struct loaded_program *program, struct answers *answers,
	       const struct bpf_prog_info *sizes, int fd)
{
	struct bpf_prog_info *info = &program->info;
	uint32_t size = sizeof(*info);

	program->translated = memory_bytes(sizes->xlated_prog_len + 1);
	program->native = memory_bytes(sizes->jited_prog_len + 1);
	answers->symbols = memory_array(sizes->nr_jited_ksyms, sizeof(*answers->symbols));
	answers->lengths = memory_array(sizes->nr_jited_func_lens, sizeof(*answers->lengths));
	answers->functions = memory_array(sizes->nr_func_info, sizeof(*answers->functions));
	answers->lines = memory_array(sizes->nr_line_info, sizeof(*answers->lines));
	answers->line_addresses =
		memory_array(sizes->nr_jited_line_info, sizeof(*answers->line_addresses));
	*info = (struct bpf_prog_info){
		.xlated_prog_len = sizes->xlated_prog_len,
		.xlated_prog_insns = address_of(program->translated),
		.jited_prog_len = sizes->jited_prog_len,
		.jited_prog_insns = address_of(program->native),
		.nr_jited_ksyms = sizes->nr_jited_ksyms,
		.jited_ksyms = address_of(answers->symbols),
		.nr_jited_func_lens = sizes->nr_jited_func_lens,
		.jited_func_lens = address_of(answers->lengths),
		.nr_func_info = sizes->nr_func_info,
		.func_info_rec_size = sizeof(*answers->functions),
		.func_info = address_of(answers->functions),
		.nr_line_info = sizes->nr_line_info,
		.line_info_rec_size = sizeof(*answers->lines),
		.line_info = address_of(answers->lines),
		.nr_jited_line_info = sizes->nr_jited_line_info,
		.jited_line_info_rec_size = sizeof(*answers->line_addresses),
		.jited_line_info = address_of(answers->line_addresses),
	};
	return bpf_obj_get_info_by_fd(fd, info, &size);
}

static uint32_t at_most(uint32_t count, uint32_t room)
{
	return count < room ? count : room;
}

static void take_code(struct loaded_program *program, const struct bpf_prog_info *sizes)
{
	const struct bpf_prog_info *info = &program->info;
	uint32_t bytes = at_most(info->xlated_prog_len, sizes->xlated_prog_len);

	program->hides_translated = bytes && !info->xlated_prog_insns;
	if (info->xlated_prog_insns)
		program->translated_count = bytes / sizeof(*program->translated);
	bytes = at_most(info->jited_prog_len, sizes->jited_prog_len);
	program->hides_native = bytes && !info->jited_prog_insns;
	if (info->jited_prog_insns)
		program->native_size = bytes;
}

/* The kernel has the functions of BTF and those of native code in one order; either may be
 * missing. */
static void take_functions(struct loaded_program *program, const struct answers *answers,
			   const struct bpf_prog_info *sizes)
{
	const struct bpf_prog_info *info = &program->info;
	uint32_t named = at_most(info->nr_func_info, sizes->nr_func_info);
	uint32_t native = info->jited_func_lens
				  ? at_most(info->nr_jited_func_lens, sizes->nr_jited_func_lens)
				  : 0;
	uint32_t placed =
		info->jited_ksyms ? at_most(info->nr_jited_ksyms, sizes->nr_jited_ksyms) : 0;
	uint32_t count = named > native ? named : native;

	program->functions = memory_array(count, sizeof(*program->functions));
	program->function_count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct loaded_function *function = &program->functions[i];

		if (i < named) {
			function->instruction = answers->functions[i].insn_off;
			function->type = answers->functions[i].type_id;
		}
		if (i < native)
			function->size = answers->lengths[i];
		if (i < placed)
			function->address = answers->symbols[i];
	}
}

/* Where an address of native code is in all of it. */
static uint32_t native_offset(const struct loaded_program *program, uint64_t address)
{
	uint32_t before = 0;

	for (uint32_t i = 0; i < program->function_count; i++) {
		const struct loaded_function *function = &program->functions[i];

		if (function->address && address >= function->address &&
		    address - function->address < function->size)
			return before + (uint32_t)(address - function->address);
		before += function->size;
	}
	return UINT32_MAX;
}

static void take_lines(struct loaded_program *program, const struct answers *answers,
		       const struct bpf_prog_info *sizes)
{
	const struct bpf_prog_info *info = &program->info;
	uint32_t count = at_most(info->nr_line_info, sizes->nr_line_info);
	uint32_t native = info->jited_line_info
				  ? at_most(info->nr_jited_line_info, sizes->nr_jited_line_info)
				  : 0;

	program->lines = memory_array(count, sizeof(*program->lines));
	program->line_count = count;
	for (uint32_t i = 0; i < count; i++) {
		const struct bpf_line_info *line = &answers->lines[i];

		program->lines[i] = (struct loaded_line){
			.instruction = line->insn_off,
			.native = i < native ? native_offset(program, answers->line_addresses[i])
					     : UINT32_MAX,
			.file = line->file_name_off,
			.text = line->line_off,
			.line = BPF_LINE_INFO_LINE_NUM(line->line_col),
			.column = BPF_LINE_INFO_LINE_COL(line->line_col),
		};
	}
}

int loaded_program_read(struct loaded_program *program, int fd)
{
	struct answers answers = {0};
	struct bpf_prog_info sizes;
	int result;

	memset(program, 0, sizeof(*program));
	result = ask_sizes(&sizes, fd);
	if (result == 0)
		result = ask(program, &answers, &sizes, fd);
	if (result == 0) {
		take_code(program, &sizes);
		take_functions(program, &answers, &sizes);
		take_lines(program, &answers, &sizes);
	}
	free(answers.symbols);
	free(answers.lengths);
	free(answers.functions);
	free(answers.lines);
	free(answers.line_addresses);
	return result;
}

void loaded_program_free(struct loaded_program *program)
{
	free(program->translated);
	free(program->native);
	free(program->functions);
	free(program->lines);
	memset(program, 0, sizeof(*program));
}
