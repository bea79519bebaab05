// Memory of LLVM's objects. A module is some hundred thousand of them, most below a hundred bytes
// and soon gone, and each is one thread's: glibc searches and joins free pieces for each, which took
// a quarter of LLVM's time for 100 functions. Here freed pieces of a size are a list of the thread
// that frees them, and are never joined.
//
// It is this addon's alone: its `new` and `delete` are local to it (exports.map), and what Node
// frees was made by Node.

#include "memory.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
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

// What one thread has.
struct Store {
	std::array<Pieces, kinds> pieces;
	// Among those that no thread has.
	Store *next;
};

std::array<uint8_t, reserved / chunkSize> kindOfChunk;
char *base, *limit;
std::atomic<char *> unused;
std::mutex guard;
Store *left;

// Threads without one get memory of glibc.
__attribute__((tls_model("initial-exec"))) thread_local Store *own;

char *takeChunk()
{
	char *chunk = unused.load(std::memory_order_relaxed);
	while (chunk != limit && !unused.compare_exchange_weak(chunk, chunk + chunkSize, std::memory_order_relaxed)) {
	}
	return chunk == limit ? nullptr : chunk;
}

__attribute__((noinline)) void *takeFromChunk(size_t kind)
{
	Pieces &of = own->pieces[kind];
	size_t size = sizeOf(kind);
	if (static_cast<size_t>(of.end - of.rest) < size) {
		char *chunk = takeChunk();
		if (!chunk)
			return nullptr;
		of.rest = chunk;
		of.end = chunk + chunkSize;
		kindOfChunk[(chunk - base) / chunkSize] = static_cast<uint8_t>(kind);
	}
	void *piece = of.rest;
	of.rest += size;
	return piece;
}

void *take(size_t size)
{
	Store *store = own;
	if (size > largest || !store)
		return malloc(size);
	size_t kind = kindOf(size);
	Piece *&freed = store->pieces[kind].freed;
	if (Piece *piece = freed) {
		freed = piece->next;
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
	// It happens for the few things that threads share, if at all.
	if (!own)
		return;
	auto *piece = static_cast<Piece *>(memory);
	Piece *&freed = own->pieces[kindOfChunk[offset / chunkSize]].freed;
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
	if (own)
		return;
	std::lock_guard lock(guard);
	if (!base) {
		// Refused where addresses are limited (ulimit -v) or all memory is promised: all is glibc's
		// then.
		void *addresses = mmap(nullptr, reserved, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (addresses == MAP_FAILED)
			return;
		base = static_cast<char *>(addresses);
		unused = base;
		limit = base + reserved;
	}
	own = left;
	if (own)
		left = own->next;
	else
		own = static_cast<Store *>(calloc(1, sizeof(Store)));
}

void leaveMemory()
{
	if (!own)
		return;
	std::lock_guard lock(guard);
	own->next = left;
	left = own;
	own = nullptr;
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
