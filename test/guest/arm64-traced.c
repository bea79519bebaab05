/*
 * A program of arm64 that guests trace: USDT points whose notes are written by hand as sys/sdt.h
 * writes them, one for each form of operand; functions with all the arguments that come in
 * registers; a chain of calls whose return addresses are signed where the processor does that.
 */
#include <stdint.h>
#include <unistd.h>

#include "../kernel/usdt/note.h"

#define POINT(name, arguments) NOTE("app", name, "0", arguments)

static int64_t counters[4] = {100, 200, -300, 400};

static __attribute__((noinline)) void registers(void)
{
	register int64_t negative __asm__("x1") = -5;
	register uint64_t large __asm__("x9") = 0x123456789abcdef;
	register uint64_t high __asm__("x28") = 0x1fffe;

	__asm__ volatile(POINT("registers", "-4@w1 4@w1 8@x9 1@w9 -2@w28 8@x28")
			 :
			 : "r"(negative), "r"(large), "r"(high)
			 : "memory");
}

static __attribute__((noinline)) void constants(void)
{
	__asm__ volatile(POINT("constants", "4@17 -8@-3 -1@255 8@16"));
}

static __attribute__((noinline)) void memory(void)
{
	struct {
		int64_t before;
		int32_t value;
		uint8_t byte;
	} local = {-7, -20, 200};
	register void *here __asm__("x3") = &local;
	register int64_t *table __asm__("x4") = counters;
	register uint64_t third __asm__("x5") = 2;

	__asm__ volatile(
		"sub sp, sp, 16\n"
		"str x5, [sp, 8]\n" POINT(
			"memory",
			"-8@[x3] -4@[x3, 8] 1@[x3,#12] -8@[x4, x5, lsl 3] -8@[x4, 24] 8@[sp, 8]") "add sp, sp, 16\n"
		:
		: "r"(here), "r"(table), "r"(third)
		: "memory");
}

__attribute__((noinline)) long eight(long a, int b, long c, long d, long e, long f, long g, char h)
{
	__asm__ volatile("" ::: "memory");
	return a + b - c - d - e - f - g - h;
}

__attribute__((noinline)) int innermost(int depth)
{
	__asm__ volatile("" ::: "memory");
	return getppid() > 0 ? depth : 0;
}

__attribute__((noinline)) int middle(int depth)
{
	int result = innermost(depth + 1);

	__asm__ volatile("" ::: "memory");
	return result + 1;
}

__attribute__((noinline)) int outermost(int depth)
{
	int result = middle(depth + 1);

	__asm__ volatile("" ::: "memory");
	return result + 1;
}

/* Each return address is signed by where its frame is. */
__attribute__((noinline)) int deep(int depth)
{
	int result = depth > 0 ? deep(depth - 1) : getppid() > 0;

	__asm__ volatile("" ::: "memory");
	return result + 1;
}

int main(void)
{
	int result;

	registers();
	constants();
	memory();
	eight(1, -2, 3, 4, 5, 6, 7, (char)200);
	result = outermost(0) == 4 && deep(30) == 32 ? 0 : 1;
	/* The tracer looks names up while the process is there. */
	usleep(500000);
	return result;
}
