/*
 * A program with USDT points, whose notes are written by hand as sys/sdt.h writes them: one for
 * each form of operand that a compiler makes on x86-64. Each point is reached once, those of `loop`
 * once in each of two places.
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <string.h>
#include <unistd.h>

#include "note.h"

uint16_t guarded_semaphore __attribute__((section(".probes"), visibility("hidden")));
int64_t counters[4] __attribute__((visibility("hidden"))) = {100, 200, -300, 400};

static void registers(void)
{
	register uint64_t high __asm__("r12") = 0x1fffe;

	__asm__ volatile(
		NOTE("app", "registers", "0", "-4@%%eax 4@%%eax 8@%%rbx 1@%%ch -1@%%cl -2@%%r12w")
		:
		: "a"((uint64_t)-5), "b"(0x123456789abcdefUL), "c"(0x41f0UL), "r"(high)
		: "memory");
}

static void constants(void)
{
	__asm__ volatile(NOTE("app", "constants", "0", "4@$17 -8@$-3 -1@$255 8@$0x10"));
}

static void memory(void)
{
	struct {
		int64_t before;
		int32_t value;
		uint8_t byte;
	} local = {-7, -20, 200};
	const char *text = "hello";

	/* Programs cannot read pages that have not been touched yet. */
	(void)*(const volatile char *)text;

	__asm__ volatile(
		NOTE("app", "memory", "0",
		     "-8@(%%rax) -4@8(%%rax) 1@12(%%rax) 8@-8(%%rbx,%%rcx,8) -8@counters+16(%%rip) "
		     "8@%%rdx")
		:
		: "a"(&local), "b"(counters), "c"(2UL), "d"(text)
		: "memory");
}

#ifndef __PIC__
static void absolute(void)
{
	__asm__ volatile(NOTE("app", "absolute", "0", "-8@counters+8 8@counters(,%%rcx,8) 8@$7")
			 :
			 : "c"(3UL)
			 : "memory");
}
#endif

static void loop(int value)
{
	__asm__ volatile(NOTE("other", "step", "0", "-4@%%edi") : : "D"(value));
	__asm__ volatile(NOTE("other", "step", "0", "-4@%%esi") : : "S"(value + 1));
}

static void guarded(void)
{
	if (*(volatile uint16_t *)&guarded_semaphore)
		__asm__ volatile(NOTE("app", "guarded", "guarded_semaphore", "2@%%ax")
				 :
				 : "a"(*(volatile uint16_t *)&guarded_semaphore));
}

static void odd(void)
{
	__asm__ volatile(
		NOTE("app", "odd", "0",
		     "4@$1 8@%%xmm0 4@$3 4@$4 4@$5 4@$6 4@$7 4@$8 4@$9 8f@%%xmm1 -4@$-11 4@$12")
		:
		:);
}

/* With an argument it says that it is there, and waits for the end of its input. */
int main(int argc, char **argv)
{
	char byte;

	(void)argv;
	if (argc > 1 && (write(1, "r", 1) != 1 || read(0, &byte, 1) != 0))
		return 1;
	registers();
	constants();
	memory();
#ifndef __PIC__
	absolute();
#endif
	loop(10);
	guarded();
	odd();
	printf("%u\n", *(volatile uint16_t *)&guarded_semaphore);
	return 0;
}
