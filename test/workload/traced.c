// A program whose functions the tests trace by its debug information; they compile it in several
// ways. `traced COUNT` calls each function so often.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define KEEP __attribute__((noinline, used))

enum colour { RED, GREEN = 5, BLUE = -7 };

typedef struct {
	int x, y;
} point_t;

struct hidden;

struct node {
	char name[8];
	struct node *next;
	unsigned int low : 3;
	int mid : 9;
	enum colour colour;
	point_t where;
	union {
		long wide;
		char bytes[8];
	};
	int grid[2][3];
	struct hidden *hidden;
};

struct pair {
	double real;
	long whole;
};

struct big {
	long a[3];
};

static volatile long sink;

KEEP long typed(struct node *n, const char *text, bool flag, signed char small, enum colour c,
		uint16_t u)
{
	sink += n->where.x + text[0] + flag + small + c + u;
	return sink;
}

KEEP long floats(double d, int a, float f, short b)
{
	sink += (long)d + a + (long)f + b;
	return sink;
}

KEEP long values(point_t point, struct big big, struct pair pair, int after)
{
	sink += point.x + big.a[1] + pair.whole + after;
	return sink;
}

KEEP struct big returns(int a, int b)
{
	struct big result = {{a, b, 3}};

	sink += a;
	return result;
}

KEEP long many(int a, int b, int c, int d, int e, int f, int g)
{
	sink += a + b + c + d + e + f + g;
	return sink;
}

KEEP long wide(int a, __int128 w, int b)
{
	sink += a + (long)w + b;
	return sink;
}

static __attribute__((noinline)) long local(int used, int constant)
{
	sink += used * constant;
	return sink;
}

KEEP void nothing(void)
{
	sink++;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	struct node tail = {.name = "tail", .low = 1};
	struct node head = {.name = "headhead",
			    .next = &tail,
			    .low = 5,
			    .mid = -3,
			    .colour = GREEN,
			    .where = {11, -22},
			    .wide = 77,
			    .grid = {{1, 2, 3}, {4, 5, 6}}};

	// All of it is read, as far as the compiler knows: it must store all of it.
	__asm__ volatile("" : : "r"(&head), "r"(&tail) : "memory");
	for (int i = 0; i < count; i++) {
		typed(&head, argv[0], i & 1, -5, BLUE, 65535);
		floats(1.5, 42, 2.5f, -9);
		values((point_t){1, 2}, (struct big){{1, 2, 3}}, (struct pair){1.5, 2}, 99);
		sink += returns(7, 8).a[0];
		many(1, 2, 3, 4, 5, 6, 7);
		wide(1, 2, 3);
		sink += local(i, 4);
		nothing();
	}
	return 0;
}
