// Measures code behind the last pass that changes it, where frames are laid out: what is left to do
// is to write it, in a quarter of the back end's time.

#include "measure.h"

#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/TargetOpcodes.h>

#include <algorithm>

namespace
{

// Of BPF only the load of 64 bits takes the room of two, but nobody asks which this is.
constexpr uint64_t mostPerInstruction = 2;

uint64_t instructionsOf(const llvm::MachineInstr &instruction)
{
	if (instruction.isMetaInstruction())
		return 0;
	return instruction.isInlineAsm() ? roomOfText(instruction) : mostPerInstruction;
}

class Measuring : public llvm::MachineFunctionPass
{
	Measures &largest;

      public:
	static char ID;
	explicit Measuring(Measures &largest) : llvm::MachineFunctionPass(ID), largest(largest)
	{
	}

	bool runOnMachineFunction(llvm::MachineFunction &function) override
	{
		uint64_t instructions = 0;
		for (const llvm::MachineBasicBlock &block : function)
			for (const llvm::MachineInstr &instruction : block)
				instructions += instructionsOf(instruction);
		largest.instructions = std::max(largest.instructions, instructions);
		largest.frame = std::max(largest.frame, function.getFrameInfo().getStackSize());
		return false;
	}
};

char Measuring::ID = 0;

} // namespace

llvm::Pass *createMeasuringPass(Measures &largest)
{
	return new Measuring(largest);
}

uint64_t roomOfText(const llvm::MachineInstr &instruction)
{
	// One a line at most; labels and directives count, too.
	llvm::StringRef text =
		instruction.getOperand(llvm::InlineAsm::MIOp_AsmString).getSymbolName();
	return mostPerInstruction * (1 + text.count('\n') + text.count(';'));
}
