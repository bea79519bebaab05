#pragma once

// From now on this thread's objects are made in memory of this addon's own (memory.cpp). The first
// thread that asks has it.
void ownMemory();
