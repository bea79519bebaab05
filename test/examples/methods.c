/* The points of two runtimes at calls and returns, with arguments as the runtimes give them:
 * Python's are strings, Java's pointers and lengths. */
#include "../kernel/usdt/note.h"

/* A runtime has read its names; those of a program that has just begun are still on the disk. */
static const char *present(const char *text)
{
	for (const volatile char *at = text; *at; at++)
		;
	return text;
}

static void python(const char *file, const char *function, int is_entry)
{
	if (is_entry)
		__asm__ volatile(NOTE("python", "function__entry", "0", "8@%%rax 8@%%rbx -4@$7")
				 :
				 : "a"(present(file)), "b"(present(function)));
	else
		__asm__ volatile(NOTE("python", "function__return", "0", "8@%%rax 8@%%rbx -4@$7")
				 :
				 : "a"(present(file)), "b"(present(function)));
}

static void java(const char *names, int is_entry)
{
	if (is_entry)
		__asm__ volatile(
			NOTE("hotspot", "method__entry", "0", "8@$1 8@%%rax -4@$3 8@%%rbx -4@$4")
			:
			: "a"(present(names)), "b"(names + 3));
	else
		__asm__ volatile(
			NOTE("hotspot", "method__return", "0", "8@$1 8@%%rax -4@$3 8@%%rbx -4@$4")
			:
			: "a"(present(names)), "b"(names + 3));
}

int main(void)
{
	python("a.py", "inner", 0);
	python("a.py", "outer", 1);
	python("a.py", "inner", 1);
	python("a.py", "inner", 0);
	python("a.py", "outer", 0);
	java("Mapmain", 1);
	java("Maprest", 1);
	java("Maprest", 0);
	java("Mapmain", 0);
	return 0;
}
