/* Points and functions of runtimes as the runtimes have them: a collection of Julia, allocations of
 * its library, and requests of Node, whose texts have ends. */
#include <unistd.h>

#include "../kernel/usdt/note.h"

#define POINT(provider, name) __asm__ volatile(NOTE(provider, name, "0", ""))

/* A runtime has read its texts; those of a program that has just begun are still on the disk. */
static const char *present(const char *text)
{
	for (const volatile char *at = text; *at; at++)
		;
	return text;
}

static void collect(void)
{
	__asm__ volatile(NOTE("julia", "gc__begin", "0", "-4@$1"));
	usleep(2000);
	POINT("julia", "gc__stop_the_world");
	POINT("julia", "gc__mark__begin");
	usleep(2000);
	__asm__ volatile(NOTE("julia", "gc__mark__end", "0", "-8@$4096 -8@$64"));
	__asm__ volatile(NOTE("julia", "gc__sweep__begin", "0", "-4@$0"));
	POINT("julia", "gc__sweep__end");
	POINT("julia", "gc__end");
	POINT("julia", "gc__finalizer");
}

__attribute__((noinline, noclone, used)) void *jl_gc_alloc(void *ptls, unsigned long size,
							   void *type)
{
	__asm__ volatile("" : "+r"(ptls), "+r"(size), "+r"(type));
	return type;
}

static void server(const char *method, const char *path)
{
	__asm__ volatile(NOTE("node", "http__server__request", "0",
			      "8@$1 8@$2 8@$0 -4@$8080 8@%%rax 8@%%rbx -4@$21")
			 :
			 : "a"(present(method)), "b"(present(path)));
}

static void client(const char *method, const char *path)
{
	__asm__ volatile(NOTE("node", "http__client__request", "0",
			      "8@$1 8@$2 8@$0 -4@$80 8@%%rax 8@%%rbx -4@$22")
			 :
			 : "a"(present(method)), "b"(present(path)));
}

int main(void)
{
	for (int i = 0; i < 3; i++)
		collect();
	for (unsigned long size = 64; size < 128; size += 16)
		jl_gc_alloc(0, size, 0);
	jl_gc_alloc(0, 5000, 0);
	server("GET", "/users");
	client("POST", "/login");
	usleep(1500);
	__asm__ volatile(NOTE("node", "http__client__response", "0", "8@$2 8@$0 -4@$80 -4@$22"));
	__asm__ volatile(NOTE("node", "http__server__response", "0", "8@$2 8@$0 -4@$8080 -4@$21"));
	/* Of a request that came before tracing began. */
	__asm__ volatile(NOTE("node", "http__server__response", "0", "8@$2 8@$0 -4@$8080 -4@$23"));
	return 0;
}
