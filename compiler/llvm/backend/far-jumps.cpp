// A BPF jump counts instructions in 16 signed bits, and LLVM 14 cuts longer ones off without a word (BPFAsmBackend.cpp,
// applyFixup): such a program would do something else than it should. So the part of LLVM that writes distances into
// jumps is wrapped by one that looks at them first. What islands.cpp could not shorten is found here.

#include "far-jumps.h"

#include <llvm/MC/MCAsmBackend.h>
#include <llvm/MC/MCExpr.h>
#include <llvm/MC/MCFixup.h>
#include <llvm/MC/MCFixupKindInfo.h>
#include <llvm/MC/MCObjectWriter.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCSymbol.h>
#include <llvm/MC/MCValue.h>
#include <llvm/MC/TargetRegistry.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

namespace {

constexpr int64_t instructionSize = 8;

// Of the module that this thread emits.
thread_local std::set<unsigned> found;

// Labels of blocks are LBB<function>_<block> (MachineBasicBlock::getSymbol).
unsigned functionOf(llvm::StringRef label)
{
	unsigned number;
	if (!label.consume_front("LBB") || label.consumeInteger(10, number) || !label.startswith("_"))
		throw std::runtime_error("a jump passes too many instructions, to " + label.str());
	return number;
}

// All questions go on to LLVM's own.
class WatchingBackend : public llvm::MCAsmBackend
{
	std::unique_ptr<llvm::MCAsmBackend> inner;

public:
	explicit WatchingBackend(std::unique_ptr<llvm::MCAsmBackend> inner)
		: llvm::MCAsmBackend(inner->Endian), inner(std::move(inner))
	{
	}

	void applyFixup(const llvm::MCAssembler &assembler, const llvm::MCFixup &fixup, const llvm::MCValue &target,
			llvm::MutableArrayRef<char> data, uint64_t value, bool isResolved,
			const llvm::MCSubtargetInfo *subtarget) const override
	{
		if (fixup.getTargetKind() == llvm::FK_PCRel_2) {
			int64_t distance = (static_cast<int64_t>(value) - instructionSize) / instructionSize;
			if (distance < INT16_MIN || distance > INT16_MAX)
				found.insert(functionOf(target.getSymA()->getSymbol().getName()));
		}
		inner->applyFixup(assembler, fixup, target, data, value, isResolved, subtarget);
	}

	std::unique_ptr<llvm::MCObjectTargetWriter> createObjectTargetWriter() const override
	{
		return inner->createObjectTargetWriter();
	}
	unsigned getNumFixupKinds() const override { return inner->getNumFixupKinds(); }
	const llvm::MCFixupKindInfo &getFixupKindInfo(llvm::MCFixupKind kind) const override
	{
		return inner->getFixupKindInfo(kind);
	}
	bool fixupNeedsRelaxation(const llvm::MCFixup &fixup, uint64_t value,
				  const llvm::MCRelaxableFragment *fragment,
				  const llvm::MCAsmLayout &layout) const override
	{
		return inner->fixupNeedsRelaxation(fixup, value, fragment, layout);
	}
	bool writeNopData(llvm::raw_ostream &stream, uint64_t count,
			  const llvm::MCSubtargetInfo *subtarget) const override
	{
		return inner->writeNopData(stream, count, subtarget);
	}
};

// The target as LLVM registered it.
std::unique_ptr<llvm::Target> original;

llvm::MCAsmBackend *createWatching(const llvm::Target &, const llvm::MCSubtargetInfo &subtarget,
				   const llvm::MCRegisterInfo &registers, const llvm::MCTargetOptions &options)
{
	std::unique_ptr<llvm::MCAsmBackend> inner(original->createMCAsmBackend(subtarget, registers, options));
	return new WatchingBackend(std::move(inner));
}

} // namespace

void watchJumps()
{
	std::string error;
	const llvm::Target *target = llvm::TargetRegistry::lookupTarget("bpfel", error);
	if (!target)
		throw std::runtime_error(error);
	original = std::make_unique<llvm::Target>(*target);
	// What is registered is not constant; lookups only give it as such.
	llvm::TargetRegistry::RegisterMCAsmBackend(const_cast<llvm::Target &>(*target), createWatching);
}

std::set<unsigned> takeFarJumps()
{
	return std::exchange(found, {});
}
