// Jumps that are too long: see far-jumps.cpp.
#pragma once

#include <set>
#include <string>

// From now on LLVM's assembler notes jumps that are too long. Once, after its targets are
// initialised.
void watchJumps();

// The functions with such a jump since the last call, by LLVM's number: their place among those
// that have a body.
std::set<unsigned> takeFarJumps();
