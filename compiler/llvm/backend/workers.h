// Texts that other threads make, for one that wants them later: see workers.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>

struct Work;

// Threads take what was begun in its order.
std::shared_ptr<Work> begin(std::function<std::string()> make);

// Waits for it, and does meanwhile what no thread has taken yet. Throws what `make` threw. Once.
std::string finish(const std::shared_ptr<Work> &work);

// Nobody wants it any more: it is not begun, or its end is not waited for.
void drop(const std::shared_ptr<Work> &work);
