#pragma once
// Jumps that are too long, by way of shorter ones: see islands.cpp.

namespace llvm
{
class Pass;
}

// Made for a pass manager, which owns it: the last that changes code.
llvm::Pass *createIslandsPass();
