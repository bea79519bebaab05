// The order of instructions within a block: LLVM's own way for BPF looks again at all that stands
// before an instruction whenever it has placed one (SUnit::ComputeHeight), so that a block of
// thousands takes the square of its length. Such blocks stay in the order of the script.

#include <llvm/CodeGen/SchedulerRegistry.h>
#include <llvm/CodeGen/SelectionDAG.h>
#include <llvm/CodeGen/SelectionDAGISel.h>

namespace
{

// Nodes of a block, of which a statement makes some ten: what people write has far fewer.
constexpr unsigned long longBlock = 4096;

llvm::ScheduleDAGSDNodes *createScheduler(llvm::SelectionDAGISel *selection,
					  llvm::CodeGenOpt::Level level)
{
	if (selection->CurDAG->allnodes_size() > longBlock)
		return llvm::createSourceListDAGScheduler(selection, level);
	return llvm::createDefaultScheduler(selection, level);
}

// Named by backend.cpp when it starts LLVM.
llvm::RegisterScheduler scheduler("bpfscript", "LLVM's own, long blocks as they are",
				  createScheduler);

} // namespace
