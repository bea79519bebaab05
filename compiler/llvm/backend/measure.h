#pragma once
// How large the functions of a module become at most, known before they are written.

#include <cstdint>

namespace llvm
{
class MachineInstr;
class Pass;
} // namespace llvm

struct Measures {
	// Of the function with most: at least as many as it has, an instruction of 16 bytes as two.
	uint64_t instructions = 0;
	// Bytes of stack of the function with most.
	uint64_t frame = 0;
};

// Made for a pass manager, which owns it; `largest` outlives that.
llvm::Pass *createMeasuringPass(Measures &largest);

// The instructions that text in the assembler's language has at most, one of 16 bytes as two.
uint64_t roomOfText(const llvm::MachineInstr &instruction);
