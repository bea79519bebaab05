// A jump of BPF reaches 32,767 instructions, in either direction, and only kernels since 6.6 know
// one that reaches further. Where a function has a longer one, jumps to the same place stand
// between its blocks, and it goes there first. What runs into such a place passes over it.
// Functions without are left as they are.

#include "islands.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/CodeGen/MachineBasicBlock.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetOpcodes.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "measure.h"

namespace
{

using Block = llvm::MachineBasicBlock;

// In instructions of 8 bytes; of text at most.
int64_t roomOf(const llvm::MachineInstr &instruction, const llvm::TargetInstrInfo &target)
{
	if (instruction.isMetaInstruction())
		return 0;
	if (instruction.isInlineAsm())
		return static_cast<int64_t>(roomOfText(instruction));
	// As BPFMCCodeEmitter.cpp writes them.
	llvm::StringRef name = target.getName(instruction.getOpcode());
	return name == "LD_imm64" || name == "LD_pseudo" ? 2 : 1;
}

constexpr int64_t reach = INT16_MAX;
// Where a function has islands at all, jumps are that much shorter, since each island moves what is
// behind it.
constexpr int64_t spare = 1024;
// In one round, before places are counted anew; each is two instructions at most.
constexpr unsigned mostAtOnce = spare / 8;
// Blocks are that long at most where a function has islands: each end of one is a place for them.
constexpr unsigned longestBlock = spare;
// More than a program of a million instructions can need.
constexpr unsigned mostRounds = 1000;

struct Jump {
	llvm::MachineInstr *instruction;
	unsigned operand;
	// The place of the instruction behind it.
	int64_t from;
};

// An island's place in front of a block.
struct Island {
	Block *block;
	int64_t at;
};

class Islands : public llvm::MachineFunctionPass
{
	llvm::MachineFunction *function;
	const llvm::TargetInstrInfo *target;
	// By the numbers of blocks; the islands of this round stand nowhere yet.
	std::vector<int64_t> starts;
	std::vector<Jump> jumps;
	llvm::DenseMap<Block *, std::vector<Island>> islands;

	void count()
	{
		starts.assign(function->getNumBlockIDs(), 0);
		jumps.clear();
		int64_t at = 0;
		for (Block &block : *function) {
			starts[block.getNumber()] = at;
			for (llvm::MachineInstr &instruction : block) {
				at += roomOf(instruction, *target);
				if (!instruction.isBranch())
					continue;
				for (unsigned i = 0; i < instruction.getNumOperands(); i++)
					if (instruction.getOperand(i).isMBB())
						jumps.push_back({&instruction, i, at});
			}
		}
	}

	void divideBlocks()
	{
		for (Block &block : *function) {
			unsigned length = 0;
			for (llvm::MachineInstr &instruction : block)
				if (++length == longestBlock && !instruction.isTerminator()) {
					// The rest is the next block.
					block.splitAt(instruction, false);
					break;
				}
		}
	}

	int64_t distance(const Jump &jump) const
	{
		Block *to = jump.instruction->getOperand(jump.operand).getMBB();
		return starts[to->getNumber()] - jump.from;
	}

	// The block in front of which an island stands as far on the way as a jump may go; null
	// where there is none.
	Block *placeFor(const Jump &jump)
	{
		bool isForward = distance(jump) > 0;
		Block *best = nullptr;
		for (Block &block : llvm::drop_begin(*function)) {
			int64_t length = starts[block.getNumber()] - jump.from;
			bool isOnTheWay = isForward ? length > 0 && length <= reach - 2 * spare
						    : length < 0 && length >= -(reach - 2 * spare);
			if (!isOnTheWay)
				continue;
			if (!best || isForward)
				best = &block;
			if (!isForward)
				break;
		}
		return best;
	}

	// One that is there, and on the way.
	Block *known(const Jump &jump, Block *to)
	{
		int64_t whole = distance(jump);
		Block *best = nullptr;
		int64_t rest = std::abs(whole);
		for (const Island &island : islands[to]) {
			int64_t length = island.at - jump.from;
			int64_t left = std::abs(whole - length);
			if (std::abs(length) > reach - 2 * spare || left >= rest)
				continue;
			best = island.block;
			rest = left;
		}
		return best;
	}

	Block *build(Block *before, Block *to)
	{
		Block &above = *std::prev(before->getIterator());
		if (above.canFallThrough())
			target->insertBranch(above, before, nullptr, {}, llvm::DebugLoc());
		Block *island = function->CreateMachineBasicBlock();
		function->insert(before->getIterator(), island);
		target->insertBranch(*island, to, nullptr, {}, llvm::DebugLoc());
		island->addSuccessor(to);
		islands[to].push_back({island, starts[before->getNumber()]});
		return island;
	}

	void redirect(const Jump &jump, Block *to, Block *island)
	{
		Block &block = *jump.instruction->getParent();
		jump.instruction->getOperand(jump.operand).setMBB(island);
		bool isLeft = false;
		for (llvm::MachineInstr &each : block.terminators())
			for (llvm::MachineOperand &operand : each.operands())
				isLeft |= operand.isMBB() && operand.getMBB() == to;
		if (!isLeft && !(block.isLayoutSuccessor(to) && block.canFallThrough()))
			block.removeSuccessor(to);
		if (!block.isSuccessor(island))
			block.addSuccessorWithoutProb(island);
	}

	// Whether there was something to do, and could be done.
	bool shorten()
	{
		unsigned built = 0;
		bool changes = false;
		islands.clear();
		count();
		for (const Jump &jump : jumps) {
			int64_t length = distance(jump);
			if (std::abs(length) <= reach - spare || built >= mostAtOnce)
				continue;
			Block *to = jump.instruction->getOperand(jump.operand).getMBB();
			Block *island = known(jump, to);
			if (!island) {
				Block *place = placeFor(jump);
				// One block is longer than a jump: it stays too long
				// (far-jumps.cpp).
				if (!place)
					continue;
				island = build(place, to);
				built++;
			}
			redirect(jump, to, island);
			changes = true;
		}
		return changes;
	}

      public:
	static char ID;
	Islands() : llvm::MachineFunctionPass(ID)
	{
	}

	bool runOnMachineFunction(llvm::MachineFunction &given) override
	{
		function = &given;
		target = given.getSubtarget().getInstrInfo();
		count();
		if (llvm::none_of(jumps, [&](const Jump &jump) {
			    return std::abs(distance(jump)) > reach;
		    }))
			return false;
		divideBlocks();
		for (unsigned round = 0; round < mostRounds && shorten(); round++)
			;
		return true;
	}
};

char Islands::ID = 0;

} // namespace

llvm::Pass *createIslandsPass()
{
	return new Islands();
}
