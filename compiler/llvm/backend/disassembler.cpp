// LLVM's disassemblers of what kernels make of BPF: an addon of its own, which is opened by those alone who want to see
// native code. It has nothing of LLVM beside them, and shares nothing with the back end.

#include <node_api.h>

#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>

#include <cinttypes>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

struct Machine {
	// As `uname -m` calls it.
	const char *name;
	const char *triple;
	const char *features;
	// Of an instruction at least, by which it goes on behind bytes that are none.
	size_t unit;
};

// Kernels use what the processor has: atomics of v8.1, for one.
const Machine machines[] = {
	{"x86_64", "x86_64-linux-gnu", "", 1},
	{"aarch64", "aarch64-linux-gnu", "+v8.7a", 4},
};

// LLVM asks for names of what instructions refer to. Targets of branches get one that says their address: `at.ffff...`;
// without it they would be distances on one machine, and addresses on the other.
struct Names {
	char last[32];
};

const char *nameOf(void *context, uint64_t value, uint64_t *type, uint64_t, const char **reference)
{
	bool isBranch = *type == LLVMDisassembler_ReferenceType_In_Branch;
	auto &names = *static_cast<Names *>(context);
	*reference = nullptr;
	*type = LLVMDisassembler_ReferenceType_InOut_None;
	if (!isBranch)
		return nullptr;
	snprintf(names.last, sizeof(names.last), "at.%" PRIx64, value);
	return names.last;
}

// One line for each instruction: how many bytes it has, a blank, and its text; bytes that are no instruction have none.
std::string disassemble(const Machine &machine, uint8_t *code, size_t size, uint64_t address)
{
	Names names = {};
	LLVMDisasmContextRef context = LLVMCreateDisasmCPUFeatures(machine.triple, "", machine.features, &names, 0,
								   nullptr, nameOf);
	if (!context)
		throw std::runtime_error(std::string("LLVM has no disassembler for ") + machine.name);
	LLVMSetDisasmOptions(context, LLVMDisassembler_Option_PrintImmHex);
	std::string lines;
	for (size_t at = 0; at < size;) {
		char text[256] = "";
		size_t length = LLVMDisasmInstruction(context, code + at, size - at, address + at, text, sizeof(text));
		if (length == 0) {
			length = machine.unit < size - at ? machine.unit : size - at;
			text[0] = '\0';
		}
		lines += std::to_string(length) + " " + text + "\n";
		at += length;
	}
	LLVMDisasmDispose(context);
	return lines;
}

// disassemble(machine: 'x86_64' | 'aarch64', code: Buffer, address: bigint): string
napi_value disassembleForNode(napi_env env, napi_callback_info info)
{
	size_t count = 3, size, length;
	napi_value arguments[3], result;
	char name[16];
	void *code;
	uint64_t address;
	bool isWhole;
	if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 3 ||
	    napi_get_value_string_utf8(env, arguments[0], name, sizeof(name), &length) != napi_ok ||
	    napi_get_buffer_info(env, arguments[1], &code, &size) != napi_ok ||
	    napi_get_value_bigint_uint64(env, arguments[2], &address, &isWhole) != napi_ok) {
		napi_throw_type_error(env, nullptr, "disassemble takes a machine, code and an address");
		return nullptr;
	}
	try {
		for (const Machine &machine : machines) {
			if (std::string(name) != machine.name)
				continue;
			std::string lines = disassemble(machine, static_cast<uint8_t *>(code), size, address);
			if (napi_create_string_utf8(env, lines.data(), lines.size(), &result) != napi_ok)
				throw std::runtime_error("no memory for the result");
			return result;
		}
		throw std::runtime_error(std::string("no disassembler for ") + name);
	} catch (const std::exception &failure) {
		napi_throw_error(env, nullptr, failure.what());
		return nullptr;
	}
}

} // namespace

NAPI_MODULE_INIT()
{
	napi_value function;
	LLVMInitializeX86TargetInfo();
	LLVMInitializeX86TargetMC();
	LLVMInitializeX86Disassembler();
	LLVMInitializeAArch64TargetInfo();
	LLVMInitializeAArch64TargetMC();
	LLVMInitializeAArch64Disassembler();
	if (napi_create_function(env, "disassemble", NAPI_AUTO_LENGTH, disassembleForNode, nullptr, &function) !=
		    napi_ok ||
	    napi_set_named_property(env, exports, "disassemble", function) != napi_ok)
		return nullptr;
	return exports;
}
