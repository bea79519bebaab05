// Memory of LLVM's objects. A module is some hundred thousand of them, most below a hundred bytes
// and soon gone, and all are made by one thread: glibc searches and joins free pieces for each,
// which took a quarter of LLVM's time for 100 functions. Here freed pieces of a size are a list,
// and are never joined.
//
// It is this addon's alone: its `new` and `delete` are local to it (exports.map), and what Node
// frees was made by Node.

#include "memory.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace {

// Addresses, not memory: pages count when they are written to. What goes beyond is glibc's.
constexpr size_t reserved = size_t{16} << 30;
// Pieces of a chunk have one size.
constexpr size_t chunkSize = 64 << 10;
// Sizes are multiples of 16 bytes, then four between one power of two and the next.
constexpr size_t alignment = 16;
constexpr size_t lastMultiple = 512;
constexpr size_t largest = 8192;
constexpr size_t multiples = lastMultiple / alignment;
constexpr size_t kinds = multiples + 4 * 4;

constexpr size_t kindOf(size_t size)
{
	if (size <= lastMultiple)
		return size == 0 ? 0 : (size - 1) / alignment;
	unsigned power = 63 - __builtin_clzll(size - 1);
	return multiples + (power - 9) * 4 + ((size - 1) >> (power - 2) & 3);
}

constexpr size_t sizeOf(size_t kind)
{
	if (kind < multiples)
		return (kind + 1) * alignment;
	size_t power = 9 + (kind - multiples) / 4;
	return (size_t{1} << power) + (((kind - multiples) % 4 + 1) << (power - 2));
}

static_assert(kindOf(largest) == kinds - 1 && sizeOf(kinds - 1) == largest);
static_assert(kindOf(lastMultiple + 1) == multiples && sizeOf(multiples) == 640);

struct Piece {
	Piece *next;
};

struct Pieces {
	Piece *freed;
	// What is left of the newest chunk.
	char *rest, *end;
};

std::array<Pieces, kinds> pieces;
std::array<uint8_t, reserved / chunkSize> kindOfChunk;
char *base, *unused, *limit;

// LLVM starts no threads here; were there another, it would get memory of glibc.
__attribute__((tls_model("initial-exec"))) thread_local bool isOwner;

__attribute__((noinline)) void *takeFromChunk(size_t kind)
{
	Pieces &of = pieces[kind];
	size_t size = sizeOf(kind);
	if (static_cast<size_t>(of.end - of.rest) < size) {
		if (unused == limit)
			return nullptr;
		of.rest = unused;
		of.end = unused += chunkSize;
		kindOfChunk[(of.rest - base) / chunkSize] = static_cast<uint8_t>(kind);
	}
	void *piece = of.rest;
	of.rest += size;
	return piece;
}

void *take(size_t size)
{
	if (size > largest || !isOwner)
		return malloc(size);
	size_t kind = kindOf(size);
	if (Piece *piece = pieces[kind].freed) {
		pieces[kind].freed = piece->next;
		return piece;
	}
	void *piece = takeFromChunk(kind);
	return piece ? piece : malloc(size);
}

void giveBack(void *memory)
{
	size_t offset = reinterpret_cast<uintptr_t>(memory) - reinterpret_cast<uintptr_t>(base);
	if (!base || offset >= reserved) {
		free(memory);
		return;
	}
	// Another thread's lists are not to be touched; it happens for the few things that threads
	// share, if at all.
	if (!isOwner)
		return;
	auto *piece = static_cast<Piece *>(memory);
	Piece *&freed = pieces[kindOfChunk[offset / chunkSize]].freed;
	piece->next = freed;
	freed = piece;
}

void *takeOrThrow(size_t size)
{
	if (void *memory = take(size))
		return memory;
	throw std::bad_alloc();
}

} // namespace

void ownMemory()
{
	if (base)
		return;
	// Refused where addresses are limited (ulimit -v) or all memory is promised: all is glibc's
	// then.
	void *addresses =
		mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (addresses == MAP_FAILED)
		return;
	base = unused = static_cast<char *>(addresses);
	limit = base + reserved;
	isOwner = true;
}

// All forms of the language but those with an alignment, which stay the library's (aligned_alloc
// and free of glibc).
void *operator new(size_t size) { return takeOrThrow(size); }
void *operator new[](size_t size) { return takeOrThrow(size); }
void *operator new(size_t size, const std::nothrow_t &) noexcept { return take(size); }
void *operator new[](size_t size, const std::nothrow_t &) noexcept { return take(size); }
void operator delete(void *memory) noexcept { giveBack(memory); }
void operator delete[](void *memory) noexcept { giveBack(memory); }
void operator delete(void *memory, size_t) noexcept { giveBack(memory); }
void operator delete[](void *memory, size_t) noexcept { giveBack(memory); }
void operator delete(void *memory, const std::nothrow_t &) noexcept { giveBack(memory); }
void operator delete[](void *memory, const std::nothrow_t &) noexcept { giveBack(memory); }
