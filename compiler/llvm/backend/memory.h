#pragma once

// From now on this thread's objects are made in memory of this addon's own (memory.cpp).
void ownMemory();

// For a thread that ends: another may have what it had.
void leaveMemory();
